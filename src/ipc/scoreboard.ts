// The counters of one worker, in memory that both sides see. The supervisor can read them even
// while the worker is too busy to send anything. What happens once is a message; what merely counts
// on is a number here.

/** The counters of a worker, in the order of their places. */
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
] as const;

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
  readonly #own: number[] = COUNTERS.map(() => 0);

  /** Makes a scoreboard, or looks at one that the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(COUNTERS.length * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  /** Reads all counters. */
  read(): Record<Counter, number> {
    const values = {} as Record<Counter, number>;
    for (let i = 0; i < COUNTERS.length; i++) values[COUNTERS[i]] = this.#values[i];
    return values;
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

/** The place of a counter, looked up once: the hot path counts by number. */
export function counterIndex(counter: Counter): number {
  return COUNTERS.indexOf(counter);
}
