// When a drain closes WebSockets: evenly over some time, so that their clients do not come back in
// one instant, and a few of them at once. No sockets, no timers, no clock.

/** The slowest that a drain closes: a thousand in a second. */
const MIN_CLOSES_PER_MS = 1;

/** How often the schedule is looked at. What is due until the next look is due now. */
export const CLOSE_STEP_MS = 10;

/** The schedule of one drain. */
export class CloseSchedule {
  readonly #count: number;
  readonly #closesPerMs: number;

  /** Closes `count` WebSockets; the last one at most `withinMs` after the first. */
  constructor(count: number, withinMs: number) {
    this.#count = count;
    // The last step begins before the time is over.
    const spreadMs = Math.max(1, withinMs - CLOSE_STEP_MS);
    this.#closesPerMs = withinMs <= CLOSE_STEP_MS
      ? Infinity
      : Math.max(MIN_CLOSES_PER_MS, count / spreadMs);
  }

  /** Returns how many are to be closed when this time has passed since the first one. */
  dueAfter(elapsedMs: number): number {
    return Math.min(this.#count, Math.ceil((elapsedMs + CLOSE_STEP_MS) * this.#closesPerMs));
  }
}
