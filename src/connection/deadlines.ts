// Time limits on one coarse clock. A timer for each request would cost a quarter of it. Here a
// deadline is a number in the connection, setting it costs nothing, and one sweep a tick looks at
// all of them. A limit passes a little late, never early.

/** Something with a time limit. */
export interface TimeLimited {
  /** When its time is over, on the clock of {@linkcode Deadlines.now}; `Infinity` for never. */
  readonly deadline: number;
  /** Called at each tick from then on, until the deadline is moved. */
  onDeadline(): void;
}

/**
 * The longest time between two ticks: what is a second late does not matter to limits of many
 * seconds.
 */
const MAX_TICK_MS = 1_000;
/** The shortest: with tiny limits, as tests have them, the sweep must not become the work. */
const MIN_TICK_MS = 5;
/** A limit is kept to this share of itself. */
const TICK_SHARE = 1 / 8;

/** How often to tick, so that the shortest of the limits that are on (not 0) is kept well. */
export function tickFor(limitsMs: readonly number[]): number {
  const shortest = Math.min(...limitsMs.filter((limit) => limit > 0), MAX_TICK_MS / TICK_SHARE);
  return Math.max(MIN_TICK_MS, Math.floor(shortest * TICK_SHARE));
}

/**
 * A tick may come that many times later than it should before the thread counts as having been
 * blocked.
 */
const MAX_TICKS_LATE = 2;

/**
 * The deadlines of one worker. Their clock stands still while the thread is blocked, by a handler
 * that computes for long: what clients did meanwhile has not been looked at, so the time must not
 * be held against them.
 */
export class Deadlines {
  /** The time at the last tick, in milliseconds, on the clock of the deadlines. */
  now = 0;
  readonly #tickMs: number;
  #lastTickAt: number;

  /** `tickMs` is how far two ticks will be apart. */
  constructor(tickMs: number, now: number) {
    this.#tickMs = tickMs;
    this.#lastTickAt = now;
  }

  /**
   * The deadline of a limit that begins now; a limit of 0 is none. The tick that is under way is
   * added, so that none is cut short.
   */
  after(limitMs: number): number {
    return limitMs === 0 ? Infinity : this.now + limitMs + this.#tickMs;
  }

  /**
   * Moves the clock on and calls those among `members` whose time is over. `now` is the time on any
   * clock that only goes forward.
   */
  tick(now: number, members: Iterable<TimeLimited>): void {
    this.now += Math.min(now - this.#lastTickAt, this.#tickMs * MAX_TICKS_LATE);
    this.#lastTickAt = now;
    for (const member of members) {
      if (member.deadline <= this.now) member.onDeadline();
    }
  }
}
