// What one WebSocket does, entered where operators look: the counters of the worker, the requests
// in flight, and the numbers of its log line. It calls the callbacks of the program in a context
// that names their WebSocket, also after an `await`: so an uncaught error finds the one that it
// costs. No frames, and no states of the protocol.

import { AsyncLocalStorage } from "node:async_hooks";
import type { InFlightRequests, RequestLineSource } from "../ipc/in_flight_requests.ts";
import { closesIndex, counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";
import { CapturedContext } from "../runtime/async_context.ts";

/** The events of a WebSocket that call the program. */
export type SocketEvent = "open" | "message" | "error" | "close";

/** A WebSocket whose callbacks can fail. */
export interface SocketOwner {
  /** The request target of its handshake. */
  readonly target: string;
  /**
   * Called when a callback has thrown, or the promise of one was rejected. The error is reported
   * already. The WebSocket closes with 1011 if it is still open.
   */
  onCallbackFailed(): void;
}

/** What an activity needs of its worker. */
export interface ActivityParts {
  readonly scoreboard: Scoreboard;
  readonly inFlightRequests: InFlightRequests;
}

/** The WebSocket in whose callback the current code was started. */
const ownerInContext = new AsyncLocalStorage<SocketOwner>();

/** Returns the WebSocket whose callback has started the current code; undefined if none has. */
export function currentSocketOwner(): SocketOwner | undefined {
  return ownerInContext.getStore();
}

/** Calls a callback of a WebSocket that has never opened, and so has no activity. */
export function callForOwner(owner: SocketOwner, callback: () => void): void {
  ownerInContext.run(owner, callback);
}

const OPEN = counterIndex("webSocketsOpen");
const OPENED = counterIndex("webSocketsOpened");
const MESSAGES_RECEIVED = counterIndex("webSocketMessagesReceived");
const MESSAGES_SENT = counterIndex("webSocketMessagesSent");
const BYTES_RECEIVED = counterIndex("webSocketBytesReceived");
const BYTES_SENT = counterIndex("webSocketBytesSent");

const QUESTION_MARK = 0x3f;

/** Writes `websocket.message /chat` for the callback of a message at `/chat?room=1`. */
const CALLBACK_LINE: RequestLineSource<SocketActivity> = {
  copyMethodAndPath({ event, owner: { target } }, into, at, max) {
    const name = `websocket.${event} `;
    const end = Math.min(name.length + target.length, max);
    let length = 0;
    for (; length < name.length; length++) into[at + length] = name.charCodeAt(length);
    for (; length < end; length++) {
      const byte = target.charCodeAt(length - name.length);
      if (byte === QUESTION_MARK) break;
      into[at + length] = byte;
    }
    return length;
  },
};

/** The activity of one WebSocket, from its opening handshake to its end. */
export class SocketActivity {
  messagesReceived = 0;
  messagesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  /** The event whose callbacks were called last. */
  event: SocketEvent = "open";
  readonly owner: SocketOwner;
  readonly #parts: ActivityParts;
  /** The async context of the code that made the activity, with the owner in it. */
  readonly #context: CapturedContext;

  /** Opens the activity. The callbacks run in the async context of the caller. */
  constructor(parts: ActivityParts, owner: SocketOwner) {
    this.owner = owner;
    this.#parts = parts;
    this.#context = ownerInContext.run(owner, () => new CapturedContext());
    parts.scoreboard.add(OPEN, 1);
    parts.scoreboard.add(OPENED, 1);
  }

  /** Counts a whole message of the client. */
  noteReceived(bytes: number): void {
    const { scoreboard } = this.#parts;
    this.messagesReceived++;
    this.bytesReceived += bytes;
    scoreboard.add(MESSAGES_RECEIVED, 1);
    scoreboard.add(BYTES_RECEIVED, bytes);
  }

  /** Counts a message that was sent to the client. */
  noteSent(bytes: number): void {
    const { scoreboard } = this.#parts;
    this.messagesSent++;
    this.bytesSent += bytes;
    scoreboard.add(MESSAGES_SENT, 1);
    scoreboard.add(BYTES_SENT, bytes);
  }

  /**
   * Runs a function in the context of the callbacks. An async function continues in it after each
   * `await`, and so do microtasks that it queues: see `callInContext`.
   */
  run<Result>(call: () => Result): Result {
    return this.#context.run(call);
  }

  /**
   * Calls the callbacks of an event. While they run, the supervisor sees them among the requests in
   * flight.
   */
  call(event: SocketEvent, callbacks: () => void): void {
    this.#context.run(() => this.callInContext(event, callbacks));
  }

  /**
   * The same for code that is in the context already, and in a microtask of its own: what the
   * callbacks enter ends with that. It saves the change of context, which takes half a microsecond.
   */
  callInContext(event: SocketEvent, callbacks: () => void): void {
    const { inFlightRequests } = this.#parts;
    this.event = event;
    const entry = inFlightRequests.begin(CALLBACK_LINE, this);
    try {
      callbacks();
    } finally {
      inFlightRequests.end(entry);
    }
  }

  /**
   * Ends the activity. `code` is the close code with which the end began, sent or received; 1006 if
   * the connection has ended without one. Call it once.
   */
  end(code: number): void {
    const { scoreboard } = this.#parts;
    scoreboard.add(OPEN, -1);
    scoreboard.add(closesIndex(code), 1);
  }
}
