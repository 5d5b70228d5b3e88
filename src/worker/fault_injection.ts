// The faults that a test can inject into a worker (testing.ts). Each is real: no part of the server
// learns of it beforehand.

import type { Fault } from "../ipc/messages.ts";

/** Makes this worker hang, crash or exit, at once. */
export function injectFault(fault: Fault): void {
  switch (fault) {
    case "hang":
      for (;;);
    case "crash":
      // In a timer, where no code catches it.
      setTimeout(() => {
        throw new Error("This worker was told to crash, by a test");
      });
      return;
    case "exit":
      Deno.exit(1);
  }
}
