// What a program takes part in before and beside its handlers: requests that are refused, and
// expectations. Only programs that see connections have these, such as the listeners of `node:http`.
// The connection asks; the program decides, and never writes to the socket by itself.

import type { Refusal } from "../http1/refusal.ts";
import type { OutgoingResponse } from "./outgoing_response.ts";
import type { ClientConnection } from "./request.ts";

/** What becomes of a request that is refused. */
export type RefusalAnswer =
  /** The client receives this response. */
  | OutgoingResponse
  /** The client receives the response of this server. */
  | "refusal"
  /** The connection ends without a response. */
  | "nothing";

/** What a program takes part in. */
export interface ConnectionHooks {
  /**
   * Whether the handlers decide on requests with an expectation other than `100-continue`. This
   * server refuses them otherwise.
   */
  readonly takesExpectations: () => boolean;
  /**
   * Prepares that `route` of a companion is read at the end of each request. Called once, before the
   * first request, if anything counts or traces requests by route.
   */
  nameRoutes(): void;
  /**
   * Asks the program for its answer to a request that no handler is called with. Returns undefined
   * if the program has none. Otherwise the promise resolves, at the latest when the connection is
   * closed, and does not reject. No more is read as a request, whatever the answer.
   */
  answerRefusal(
    refusal: Refusal,
    connection: ClientConnection,
    remoteAddr: Deno.NetAddr,
  ): Promise<RefusalAnswer> | undefined;
}
