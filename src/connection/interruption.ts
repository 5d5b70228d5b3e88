// What interrupts a connection from outside of its loop, and what becomes of the connection then.
// Both interrupters, the time limit and the end of a drain, share one decision; they differ in what
// the client and the handler are told. The connection acts on it.

import type { ConnectionUpgrade } from "../handler/upgrade.ts";
import type { LogReason } from "../http1/log_reason.ts";
import { HANDLER_TOO_SLOW, type Refusal } from "../http1/refusal.ts";
import type { ConnectionState } from "./connection_state.ts";

/** What interrupts a connection from outside of its loop. */
export interface Interrupter {
  /** Makes the reason with which the signal of the handler is aborted. */
  readonly abortReason: () => DOMException;
  /** Why a request gets no response of its handler. */
  readonly refusal: Refusal;
  /** Why a request that has not come whole is refused; undefined if it is for being too slow. */
  readonly refusalOfPart: Refusal | undefined;
  /** Why a body that is being made is cut off. */
  readonly cutOffReason: LogReason;
  /** Why a connection is closed whose client does not take its response. */
  readonly closeReason: LogReason;
  /** Whether the source of a body that is cut off sees that reason, or that its client is gone. */
  readonly abortsBody: boolean;
  /** Whether a connection that has sent nothing counts as unused. */
  readonly countsUnused: boolean;
  /** Whether the program may answer in place of the server. */
  readonly asksProgram: boolean;
  /** Has the protocol that the connection was handed over to decide. */
  readonly interruptUpgrade: (upgrade: ConnectionUpgrade) => void;
}

/** The time for what the connection waits for is over. */
export const TIME_LIMIT: Interrupter = {
  abortReason: () =>
    new DOMException("The handler took longer than handlerTimeout", "TimeoutError"),
  refusal: HANDLER_TOO_SLOW,
  refusalOfPart: undefined,
  // Only a client that has ended its side of the connection has a limit for the next part.
  cutOffReason: "client_gone",
  closeReason: "write_timeout",
  asksProgram: true,
  abortsBody: false,
  countsUnused: true,
  interruptUpgrade: (upgrade) => upgrade.onDeadline(),
};

/** Why the signal of a handler is aborted whose client has left. */
export const CLIENT_GONE = "The client has ended the connection";

/** Why requests end at the end of a drain. */
export const SERVER_STOPPING = "The server is stopping";

const STOPPING: Refusal = {
  status: 503,
  reason: SERVER_STOPPING,
  logReason: "draining",
};

/** The drain is over, and the worker ends. */
export const DRAIN_END: Interrupter = {
  abortReason: () => new DOMException(SERVER_STOPPING, "AbortError"),
  refusal: STOPPING,
  refusalOfPart: STOPPING,
  cutOffReason: "draining",
  closeReason: "draining",
  // The worker ends: there is no time left.
  asksProgram: false,
  abortsBody: true,
  countsUnused: false,
  interruptUpgrade: (upgrade) => upgrade.abandon(),
};

/** What becomes of a connection that is interrupted, by its time limit or by the end of a drain. */
export type Interruption =
  /** It is closed without a word. */
  | "close"
  /** It is closed, and counted as one that never sent a request. */
  | "close unused"
  /** The request that has not come whole is refused. */
  | "refuse"
  /** The handler is told to stop, and the client receives a final response. */
  | "give up"
  /** The body that is being made is cut off. */
  | "cut off"
  /** The protocol that the connection was handed over to decides. */
  | "leave to upgrade"
  /** It is closed already. */
  | "nothing";

/** Decides what becomes of a connection that is interrupted. */
export function interruptionOf(state: ConnectionState): Interruption {
  switch (state.kind) {
    case "new":
      // A response would wait at the client, which would take it for the one to its first request.
      return "close unused";
    case "idle":
    case "writing":
    case "discarding":
    case "closing":
      return "close";
    case "reading":
      return "refuse";
    case "handling":
      return "give up";
    case "streaming":
      return state.waitsFor === "part" ? "cut off" : "close";
    case "upgraded":
      return "leave to upgrade";
    case "closed":
      return "nothing";
  }
}
