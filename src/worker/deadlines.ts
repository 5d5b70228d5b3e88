// Time limits on one coarse clock.
// A timer for each request would cost a quarter of it. Here a deadline is a number in the connection, setting it costs
// nothing, and one sweep a tick looks at all of them. A limit passes a little late, never early.

/** Something with a time limit. */
export interface TimeLimited {
  /** When its time is over, on the clock of {@linkcode Deadlines.now}; `Infinity` for never. */
  readonly deadline: number;
  /** Called at each tick from then on, until the deadline is moved. */
  onDeadline(): void;
}

/** The longest time between two ticks: what is a second late does not matter to limits of many seconds. */
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

/** The deadlines of one worker. */
export class Deadlines {
  /** The time at the last tick, in milliseconds. */
  now: number;
  readonly #tickMs: number;
  readonly #members = new Set<TimeLimited>();

  /** `tickMs` is how far two ticks will be apart. */
  constructor(tickMs: number, now: number) {
    this.#tickMs = tickMs;
    this.now = now;
  }

  /** The deadline of a limit that begins now; a limit of 0 is none. The tick that is under way is added, so that none is cut short. */
  after(limitMs: number): number {
    return limitMs === 0 ? Infinity : this.now + limitMs + this.#tickMs;
  }

  add(member: TimeLimited): void {
    this.#members.add(member);
  }

  delete(member: TimeLimited): void {
    this.#members.delete(member);
  }

  /** Moves the clock on and calls those whose time is over. */
  tick(now: number): void {
    this.now = now;
    for (const member of this.#members) {
      if (member.deadline <= now) member.onDeadline();
    }
  }
}
