// The limits on a worker's connections: its own, and the budget that all workers of the process
// share.

import type { ConnectionBudget } from "../ipc/connection_budget.ts";

/** How often to check whether other workers have made room: they send no message about it. */
const LOOK_FOR_ROOM_MS = 50;

/**
 * How many connections more than its share a worker accepts before it lets the others accept first:
 * a quarter, and a few.
 */
const FAIR_FACTOR = 1.25;
const FAIR_SURPLUS = 4;

/** Counts the connections of a worker. The accept loop waits here until one ends. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #budget: ConnectionBudget;
  #count = 0;
  #onRoom: (() => void) | undefined;

  /** `max` is the limit of this worker, `budget` that of all workers together. */
  constructor(max: number, budget: ConnectionBudget) {
    this.#max = max;
    this.#budget = budget;
  }

  /** Counts a connection that begins. */
  enter(): void {
    this.#count++;
    this.#budget.enter();
  }

  /** Counts a connection that has ended. */
  leave(): void {
    this.#count--;
    this.#budget.leave();
    this.wake();
  }

  /** Whether the worker may accept one more connection. */
  get hasRoom(): boolean {
    return this.#count < this.#max && this.#budget.hasRoom;
  }

  /** Whether the process has descriptors for one more connection. */
  get hasDescriptors(): boolean {
    return this.#budget.hasRoom;
  }

  /** Whether the worker has many more connections than its share of all open ones. */
  get hasMoreThanItsShare(): boolean {
    const share = this.#budget.open / this.#budget.workers;
    return this.#count > share * FAIR_FACTOR + FAIR_SURPLUS;
  }

  /** Resolves when there may be room for one more connection, or at `wake()`. */
  async room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    const timer = this.#budget.hasRoom ? undefined : setTimeout(resolve, LOOK_FOR_ROOM_MS);
    await promise;
    clearTimeout(timer);
  }

  /** Ends the wait for room. */
  wake(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }
}
