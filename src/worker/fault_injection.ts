// The ways of a worker to die that a test can ask for (testing.ts). Each is the real thing: nothing of the server is told beforehand.

import type { Fault } from "../ipc/messages.ts";

/** Does at once what was asked for. */
export function injectFault(fault: Fault): void {
  switch (fault) {
    case "hang":
      for (;;);
    case "crash":
      // From a timer, where nothing catches it.
      setTimeout(() => {
        throw new Error("This worker was told to crash, by a test");
      });
      return;
    case "exit":
      Deno.exit(1);
  }
}
