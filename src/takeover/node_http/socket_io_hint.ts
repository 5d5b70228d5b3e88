// A hint for programs with socket.io, whose clients begin with long polling. All requests of such a client
// have to reach one worker, and in a fleet they reach any.

import type { OutgoingResponse } from "../../handler/outgoing_response.ts";

/** What socket.io answers to a session that another worker has. */
const UNKNOWN_SESSION = '"Session ID unknown"';

export const SOCKET_IO_HINT =
  "socket.io does not know the session of a client, which another worker may have: have the clients use " +
  'transports: ["websocket"], or run one worker';

/** Calls `log` with the hint at the first response that shows the fault, and not again. */
export class SocketIoHint {
  readonly #log: (line: string) => void;
  #isGiven = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  look({ status, body }: Pick<OutgoingResponse, "status" | "body">): void {
    if (status !== 400 || this.#isGiven) return;
    if (typeof body !== "string" || !body.includes(UNKNOWN_SESSION)) return;
    this.#isGiven = true;
    this.#log(SOCKET_IO_HINT);
  }
}
