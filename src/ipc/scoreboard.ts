// The counters of one worker, in memory that both sides see. The supervisor can read them even
// while the worker is too busy to send anything. What happens once is a message; what merely counts
// on is a number here.

import type { ShedCounts } from "./shed_reason.ts";
import { CLOSE_LABELS, closeLabelIndex, type WebSocketCounters } from "./web_socket_counters.ts";

/** The counters of a worker, in the order of their places. The closes of WebSockets follow them. */
const COUNTERS = [
  "heartbeats",
  "requests",
  "panics",
  "connectionsAccepted",
  "connectionsUnused",
  "connectionsOpen",
  "requestsInFlight",
  "heapBytes",
  "eventLoopLagMs",
  "webSocketsOpen",
  "webSocketsOpened",
  "webSocketMessagesReceived",
  "webSocketMessagesSent",
  "webSocketBytesReceived",
  "webSocketBytesSent",
  "webSocketPanics",
  "shedByRequestsInFlight",
  "shedByEventLoopLag",
] as const;

/** Where the number of the closes with each label begins. */
const CLOSES_AT = COUNTERS.length;
const NUMBERS = CLOSES_AT + CLOSE_LABELS.length;

/** The name of a counter. */
export type Counter = typeof COUNTERS[number];

/**
 * The counters of one worker. Only the worker writes them, so no increment is ever lost; 64-bit
 * floats count exactly up to 2^53, and a reader of an aligned one sees a whole value.
 */
export class Scoreboard {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array<SharedArrayBuffer>;
  /**
   * The same numbers for the worker, which counts: shared memory is slower to read than to write.
   */
  readonly #own: number[] = new Array<number>(NUMBERS).fill(0);

  /** Makes a scoreboard, or looks at one that the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(NUMBERS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  /** Reads all counters but the closes of WebSockets. */
  read(): Record<Counter, number> {
    const values = {} as Record<Counter, number>;
    for (let i = 0; i < COUNTERS.length; i++) values[COUNTERS[i]] = this.#values[i];
    return values;
  }

  /** Returns what is counted of the worker's WebSockets. */
  readWebSockets(): WebSocketCounters {
    const counters = this.read();
    const closes: Partial<Record<typeof CLOSE_LABELS[number], number>> = {};
    for (let i = 0; i < CLOSE_LABELS.length; i++) {
      const count = this.#values[CLOSES_AT + i];
      if (count > 0) closes[CLOSE_LABELS[i]] = count;
    }
    return {
      open: counters.webSocketsOpen,
      opened: counters.webSocketsOpened,
      messagesReceived: counters.webSocketMessagesReceived,
      messagesSent: counters.webSocketMessagesSent,
      bytesReceived: counters.webSocketBytesReceived,
      bytesSent: counters.webSocketBytesSent,
      panics: counters.webSocketPanics,
      closes,
    };
  }

  /** Returns how many requests the worker has shed. */
  readShed(): ShedCounts {
    const { shedByRequestsInFlight, shedByEventLoopLag } = this.read();
    return {
      max_requests_in_flight: shedByRequestsInFlight,
      max_event_loop_lag: shedByEventLoopLag,
    };
  }

  /** Returns a counter that the worker itself has counted, by its place. */
  own(index: number): number {
    return this.#own[index];
  }

  /** Adds to a counter, by its place: see {@linkcode counterIndex}. */
  add(index: number, amount: number): void {
    this.#values[index] = this.#own[index] += amount;
  }

  /** Sets a counter, by its place. */
  set(index: number, value: number): void {
    this.#values[index] = this.#own[index] = value;
  }
}

/** The place of the counter of WebSockets that end with a close code. */
export function closesIndex(code: number): number {
  return CLOSES_AT + closeLabelIndex(code);
}

/** The place of a counter, looked up once: the hot path counts by number. */
export function counterIndex(counter: Counter): number {
  return COUNTERS.indexOf(counter);
}
