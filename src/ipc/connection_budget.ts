// How many connections all workers together may have, in memory that all of them see. Each
// connection takes one of the descriptors that the system lets the process have. A new worker takes
// some too, and where it cannot have them, Deno ends the whole process: clients that fill the
// process up, and one panic, would be the end of the service. So the workers stop accepting while
// there are still descriptors for another worker. How many there are is known at the start where it
// can be read; where it cannot, or where the application takes many itself, it is learnt at the
// first `accept` that fails for want of one.

/** Where the numbers are. */
const OPEN = 0;
const LIMIT = 1;
const WORKERS = 2;
const SHORTAGES = 3;
const NUMBERS = 4;

/** The highest number that can stand there. */
const NO_LIMIT = 2 ** 31 - 1;

/**
 * How many descriptors stay free for workers that start: each takes 7 before it accepts (seen on
 * Deno 2.9, in both kinds of worker), and two may start while others are accepting.
 */
export const RESERVED_DESCRIPTORS = 24;

/** The connections of all workers of a process. */
export class ConnectionBudget {
  /** The memory, to be sent to the workers. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  /**
   * A budget of so many connections for so many workers. Each of them may pass it by one
   * connection, for which it waits already when the last place is taken.
   */
  static of(limit: number | undefined, workers: number): ConnectionBudget {
    const bytes = NUMBERS * Int32Array.BYTES_PER_ELEMENT;
    const budget = new ConnectionBudget(new SharedArrayBuffer(bytes));
    budget.setLimit(limit);
    budget.setWorkers(workers);
    return budget;
  }

  /** Returns the budget in memory that the supervisor has made. */
  static in(memory: SharedArrayBuffer): ConnectionBudget {
    return new ConnectionBudget(memory);
  }

  /** How many connections are open. */
  get open(): number {
    return Atomics.load(this.#numbers, OPEN);
  }

  /** How many may be. */
  get limit(): number {
    return Atomics.load(this.#numbers, LIMIT);
  }

  /** How many workers share it. */
  get workers(): number {
    return Atomics.load(this.#numbers, WORKERS);
  }

  /** How many workers share it from now on. */
  setWorkers(workers: number): void {
    Atomics.store(this.#numbers, WORKERS, workers);
  }

  /** How often the process was out of descriptors. */
  get shortages(): number {
    return Atomics.load(this.#numbers, SHORTAGES);
  }

  /** Whether one more connection may be accepted. */
  get hasRoom(): boolean {
    return this.open < this.limit;
  }

  /** How many connections have to end before there are descriptors for another worker. */
  get excess(): number {
    return Math.max(0, this.open - this.limit - this.workers);
  }

  /** A connection was accepted. */
  enter(): void {
    Atomics.add(this.#numbers, OPEN, 1);
  }

  /** So many connections have ended. */
  leave(count = 1): void {
    Atomics.sub(this.#numbers, OPEN, count);
  }

  /** The process has no descriptors left, so as many connections as there are now are too many. */
  noteShortage(): void {
    Atomics.add(this.#numbers, SHORTAGES, 1);
    const limit = Math.max(1, this.open - RESERVED_DESCRIPTORS - this.workers);
    if (limit < this.limit) this.setLimit(limit);
  }

  /** How many connections there may be from now on; any number where it is undefined. */
  setLimit(limit = NO_LIMIT): void {
    Atomics.store(this.#numbers, LIMIT, Math.min(limit, NO_LIMIT));
  }
}
