// What a connection is doing. Its state is one value, and what belongs to one state is in that
// state. Here is what depends on the state alone: what a connection waits for next, and which time
// limit that has. interruption.ts decides what becomes of it when it is interrupted. No sockets and
// no clocks: the connection acts.

import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import type { BodyStream } from "../handler/body_stream.ts";
import type { ConnectionUpgrade, UpgradeEnd } from "../handler/upgrade.ts";
import type { ServerSettings } from "../options/server_options.ts";
import type { StreamedBody } from "./streamed_body.ts";

/** What a connection is doing. */
export type ConnectionState =
  /** No byte of a first request has come. */
  | { readonly kind: "new" }
  /** No byte of the next request has come. */
  | { readonly kind: "idle" }
  | ReadingHead
  | ReadingBody
  | Handling
  | Streaming
  /** The response is written, and the rest of the body is read by the handler, or discarded. */
  | { readonly kind: "discarding" }
  | Upgraded
  /** The client has to take what is in the output. */
  | { readonly kind: "writing" }
  /**
   * The last response is written. A final response is still being written, until its promise
   * resolves.
   */
  | {
    readonly kind: "closing";
    readonly finalResponse: Promise<void> | undefined;
    /** The final response, as long as the program makes it. */
    readonly making?: ResponseInMaking;
  }
  /** The socket is closed. Nothing comes after this state. */
  | { readonly kind: "closed"; readonly finalResponse: Promise<void> | undefined };

/** A part of a head has come. */
export interface ReadingHead {
  readonly kind: "reading";
  readonly part: "head";
}

/** A head and a part of its body have come. */
export interface ReadingBody {
  readonly kind: "reading";
  readonly part: "body";
  /** How many bytes of the body had come when the present time limit began. */
  readonly bytesAtStart: number;
}

/**
 * A handler works on a request, or is about to be called. Each connection has one such value, which
 * changes in place: a request that is handled at once costs no object.
 */
export interface Handling {
  readonly kind: "handling";
  call: HandlerCall;
}

/** The call of a handler, from the request to what has come of it. */
export type HandlerCall =
  /** The next microtask calls the handler of the request that the exchange has received. */
  | { readonly kind: "next" }
  | PendingCall
  | StreamedAnswer
  | UpgradeAnswer
  /** No call is under way: the last one's response is in the output, or dropped. */
  | { readonly kind: "over" }
  /** The call has failed, by a fault in this library. */
  | { readonly kind: "fault"; readonly error: unknown };

/** The handler takes its time. */
export interface PendingCall {
  readonly kind: "pending";
  /** It does not reject: the dispatcher makes a response of what goes wrong in a handler. */
  readonly response: Promise<OutgoingResponse>;
  /** The last write while the handler works; undefined if there was none. */
  writing: Promise<void> | undefined;
  /** Why no response can be written any more, if that was seen while the handler worked. */
  failure: { readonly error: unknown } | undefined;
}

/** A final response that the program takes its time over. */
export interface ResponseInMaking {
  /** Resolves when the response is in the output. */
  readonly made: Promise<void>;
  /** Sends the server's own response in its place. */
  readonly cutShort: () => void;
  isCutShort: boolean;
}

/** A response whose body is made while it is sent. Nothing of it is in the output yet. */
export interface StreamedAnswer {
  readonly kind: "stream";
  readonly response: OutgoingResponse;
  readonly stream: BodyStream;
}

/** A response that hands the connection over to another protocol. It is not in the output yet. */
export interface UpgradeAnswer {
  readonly kind: "upgrade";
  readonly response: OutgoingResponse;
  readonly upgrade: ConnectionUpgrade;
}

/** A body is made and sent. */
export interface Streaming {
  readonly kind: "streaming";
  readonly body: StreamedBody;
  /** The next part of the body, or that the client takes the parts so far. */
  waitsFor: "part" | "client";
  /**
   * Whether the client reads the body. `"assumed"`: the response has only begun. A client that ends
   * its side then has most likely sent its request and no more, and still reads. `"seen"`: a client
   * that ends its side from now on leaves.
   */
  reader: "assumed" | "seen" | "gone";
}

/** The connection is handed over to another protocol. */
export interface Upgraded {
  readonly kind: "upgraded";
  readonly upgrade: ConnectionUpgrade;
  readonly ended: Promise<UpgradeEnd>;
}

export const NEW: ConnectionState = { kind: "new" };
const IDLE: ConnectionState = { kind: "idle" };
export const DISCARDING: ConnectionState = { kind: "discarding" };
export const WRITING: ConnectionState = { kind: "writing" };
export const LEAVING: ConnectionState = { kind: "closing", finalResponse: undefined };
const READING_HEAD: ConnectionState = { kind: "reading", part: "head" };
export const CALL_NEXT: HandlerCall = { kind: "next" };
export const CALL_OVER: HandlerCall = { kind: "over" };

/**
 * How much of a body a client has to send in each `bodyTimeout`: one that sends a byte at a time
 * must not stay for ever.
 */
export const BYTES_PER_BODY_TIMEOUT = 65_536;

/**
 * How long a draining worker leaves idle connections open: a client may have sent a request in the
 * moment in which the worker decided to drain, and would lose it.
 */
export const IDLE_GRACE_MS = 250;

/**
 * The same for a new connection: its client has not sent its first request yet, and is about to.
 */
export const NEW_GRACE_MS = 1_000;

/**
 * Whether the loop of the connection must end: the last response is written, or being written, or
 * the socket is closed.
 */
export function isEnding(
  state: ConnectionState,
): state is ConnectionState & { kind: "closing" | "closed" } {
  return state.kind === "closing" || state.kind === "closed";
}

/**
 * Returns the state of a connection that has to read on, for what the parser awaits. It is the
 * state that it was in if its time limit goes on: an empty line is no request, and a byte is no
 * progress.
 */
export function stateWhenReading(
  state: ConnectionState,
  awaiting: "request" | "head" | "body",
  bodyBytes: number,
): ConnectionState {
  switch (awaiting) {
    case "request":
      return state.kind === "new" ? state : IDLE;
    case "head":
      return READING_HEAD;
    case "body": {
      const hasBegun = state.kind === "reading" && state.part === "body";
      if (hasBegun && bodyBytes - state.bytesAtStart < BYTES_PER_BODY_TIMEOUT) return state;
      return { kind: "reading", part: "body", bytesAtStart: bodyBytes };
    }
  }
}

/**
 * Returns the time limit, in milliseconds, of a state for reading that follows another one;
 * undefined if the time limit of the other one goes on.
 */
export function readingLimit(
  from: ConnectionState,
  to: ConnectionState,
  settings: Pick<ServerSettings, "headTimeout" | "bodyTimeout" | "keepAliveTimeout">,
  isDraining: boolean,
): number | undefined {
  if (to === from) return undefined;
  if (to.kind !== "reading") return isDraining ? IDLE_GRACE_MS : settings.keepAliveTimeout;
  if (to.part === "body") return settings.bodyTimeout;
  // The time for the first head began with the connection.
  return from.kind === "new" ? undefined : settings.headTimeout;
}
