// How long to wait before the next replacement, and when to give up. Deaths are counted in rounds,
// not one by one: the workers that were spawned together and die of the same cause are one round,
// their replacements the next. So ten workers that fail at once are not ten failures in a row, and
// a replacement that fails like its predecessor is. No clocks and no chance of its own: times and
// random numbers come in.

/** A worker that lives longer than this has shown that it can; its death begins a new count. */
export const YOUNG_MS = 60_000;

/** The wait after the second round of deaths that leave a gap; it doubles with each further one. */
export const FIRST_GAP_DELAY_MS = 100;

/**
 * The same for panics. A worker that has panicked serves until its replacement accepts, so no
 * client misses the replacement. A client that knows how to make workers panic must not keep the
 * server busy with spawning: new workers are cold.
 */
export const FIRST_PANIC_DELAY_MS = 1_000;

/**
 * Long enough for a machine to rest from a crash loop, short enough for people who wait for a cure.
 */
const MAX_DELAY_MS = 10_000;

/**
 * The share of a delay that is left to chance, so that several servers on one machine do not spawn
 * in step.
 */
const JITTER = 0.25;

/** Rounds in which no worker came up at all, after which trying on would come to the same. */
const ROUNDS_BEFORE_GIVING_UP = 3;

/** Judges deaths. */
export class RestartPolicy {
  #rounds = 0;
  /**
   * When the last round was counted; workers spawned before it belong to it, or to an earlier one.
   */
  #roundAt = -Infinity;
  #lastDeathAt = -Infinity;
  #notBefore = -Infinity;
  #hasEverAccepted = false;
  readonly #firstDelayMs: number;
  readonly #random: () => number;

  /** `random` gives numbers from 0 up to, but not including, 1. */
  constructor(firstDelayMs: number, random: () => number) {
    this.#firstDelayMs = firstDelayMs;
    this.#random = random;
  }

  /** How many rounds in a row have died young. */
  get consecutiveFailures(): number {
    return this.#rounds;
  }

  /** When the next worker may be spawned. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /**
   * Whether one death has followed on another: then all that is spawned at once may die at once.
   */
  get isRecurring(): boolean {
    return this.#rounds >= 2;
  }

  /**
   * Whether the fleet feels its way: after a round of failures one worker is tried, not all of
   * them.
   */
  get isProbing(): boolean {
    return this.#rounds > 0 && !this.#hasEverAccepted;
  }

  /** A worker has come up. */
  noteAccepting(): void {
    this.#hasEverAccepted = true;
  }

  /** Whether no worker ever came up, in as many rounds as are worth trying. */
  get isHopeless(): boolean {
    return !this.#hasEverAccepted && this.#rounds >= ROUNDS_BEFORE_GIVING_UP;
  }

  /**
   * A worker has failed that was spawned at that time. `livedMs` counts from when it accepted, and
   * is 0 when it never did.
   */
  noteDeath(spawnedAt: number, livedMs: number, now: number): void {
    if (now - this.#lastDeathAt > YOUNG_MS) this.#rounds = 0;
    if (livedMs >= YOUNG_MS) return;
    this.#lastDeathAt = now;
    if (spawnedAt < this.#roundAt) return;
    this.#rounds++;
    this.#roundAt = now;
    this.#notBefore = now + this.#delayAfter(this.#rounds);
  }

  /**
   * Begins a new count. New workers have other code, so earlier deaths do not count against them.
   */
  forgetDeaths(): void {
    this.#rounds = 0;
    this.#notBefore = -Infinity;
  }

  #delayAfter(rounds: number): number {
    if (rounds < 2) return 0;
    const delay = Math.min(this.#firstDelayMs * 2 ** (rounds - 2), MAX_DELAY_MS);
    return delay * (1 - JITTER * this.#random());
  }
}
