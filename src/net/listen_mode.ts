// Chooses how the workers share a port: a socket for each ("reuseport"), or one for all ("shared").
// Decides only: Deno ends the process on a wrong choice, so the choice comes before the first
// socket.

import type { ListenMode } from "./worker_address.ts";

/** A listen mode, and why it differs from the one that was asked for. */
export interface ListenChoice {
  readonly mode: ListenMode;
  /** Why the mode is not "reuseport"; undefined if it is, or if "shared" was asked for. */
  readonly fallbackReason: string | undefined;
}

/** Chooses `reuseport` if the runtime and the system support it, unless `shared` is asked for. */
export function chooseListenMode(wanted: ListenMode | undefined): ListenChoice {
  if (wanted === "shared") return { mode: "shared", fallbackReason: undefined };
  // Without the flag, Deno ends the process with exit code 70 on `reusePort`, and no `try` catches
  // that. The flag also unlocks `Deno.listenDatagram`, which shows that it is on.
  if (!("listenDatagram" in Deno)) {
    return {
      mode: "shared",
      fallbackReason:
        'run with --unstable-net, or with "unstable": ["net"] in deno.json, for reuseport',
    };
  }
  // Other systems have SO_REUSEPORT, too, but give all connections to one socket.
  if (Deno.build.os !== "linux") {
    return {
      mode: "shared",
      fallbackReason: "only Linux spreads connections over reuseport sockets",
    };
  }
  return { mode: "reuseport", fallbackReason: undefined };
}
