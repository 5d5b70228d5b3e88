// How many workers may be spawned now. A death that leaves a gap and a panic have restart policies
// of their own: a gap is urgent, while a worker that has panicked serves until its replacement
// accepts. The standbys have a third one: a program that cannot be loaded any more must not delay
// what fills a gap.

import { FIRST_GAP_DELAY_MS, FIRST_PANIC_DELAY_MS, RestartPolicy } from "./restart_policy.ts";

/** The workers of a fleet, as far as the pace depends on them. */
export interface Demand {
  /** How many workers are to be spawned in all. */
  readonly missing: number;
  /** How many of these have a predecessor that still serves. */
  readonly serving: number;
  /** How many workers start at the moment. */
  readonly starting: number;
}

/** What may be done now. */
export interface Allowance {
  readonly count: number;
  /** The policy because of which the rest has to wait; undefined where none delays. */
  readonly delaying: RestartPolicy | undefined;
}

/** The pace of replacements. */
export class SpawnPace {
  readonly #gaps: RestartPolicy;
  readonly #panics: RestartPolicy;
  readonly #standbys: RestartPolicy;

  /** `random` returns numbers from 0 up to, but not including, 1. */
  constructor(random: () => number) {
    this.#gaps = new RestartPolicy(FIRST_GAP_DELAY_MS, random);
    this.#panics = new RestartPolicy(FIRST_PANIC_DELAY_MS, random);
    this.#standbys = new RestartPolicy(FIRST_GAP_DELAY_MS, random);
  }

  /** How many rounds of workers in a row have died young. */
  get consecutiveFailures(): number {
    return this.#gaps.consecutiveFailures + this.#panics.consecutiveFailures;
  }

  /** Whether no worker ever came up, in as many rounds as are worth trying. */
  get isHopeless(): boolean {
    return this.#gaps.isHopeless;
  }

  /** How long the next replacement has to wait. */
  delayMs(now: number): number {
    return Math.max(0, this.#gaps.notBefore - now, this.#panics.notBefore - now);
  }

  /** Notes that a worker has come up. */
  noteAccepting(): void {
    this.#gaps.noteAccepting();
    this.#panics.noteAccepting();
  }

  /**
   * Notes a death that leaves a gap: a crash, a hang, a start that failed. `livedMs` is 0 for a
   * start.
   */
  noteGap(spawnedAt: number, livedMs: number, now: number): void {
    this.#gaps.noteDeath(spawnedAt, livedMs, now);
  }

  /** Notes a panic, after which the worker serves on. */
  notePanic(spawnedAt: number, livedMs: number, now: number): void {
    this.#panics.noteDeath(spawnedAt, livedMs, now);
  }

  /** Notes the death of a standby. `livedMs` counts from when it had loaded; 0 if it could not. */
  noteStandbyDeath(spawnedAt: number, livedMs: number, now: number): void {
    this.#standbys.noteDeath(spawnedAt, livedMs, now);
  }

  /** Begins anew: other code has other failures. */
  forget(): void {
    this.#gaps.forgetDeaths();
    this.#panics.forgetDeaths();
    this.#standbys.forgetDeaths();
  }

  /** Returns how many workers may be spawned now: gaps first. */
  allow({ missing, serving, starting }: Demand, now: number): Allowance {
    const gaps = Math.max(0, missing - serving);
    const filled = this.#allowPart(gaps, {
      isOneAtATime: this.#gaps.isProbing,
      policies: [this.#gaps],
      starting,
    }, now);
    const replaced = this.#allowPart(missing - gaps, {
      isOneAtATime: this.#panics.isRecurring,
      policies: [this.#gaps, this.#panics],
      starting: starting + filled.count,
    }, now);
    return {
      count: filled.count + replaced.count,
      delaying: filled.delaying ?? replaced.delaying,
    };
  }

  /**
   * Returns whether a standby may be spawned now. It waits while anything else would have to, and
   * while earlier standbys have died young: `delaying` is the policy for that.
   */
  allowStandby(
    now: number,
  ): { readonly isAllowed: boolean; readonly delaying: RestartPolicy | undefined } {
    if (now < this.#standbys.notBefore) return { isAllowed: false, delaying: this.#standbys };
    return { isAllowed: this.delayMs(now) === 0, delaying: undefined };
  }

  #allowPart(
    count: number,
    { isOneAtATime, policies, starting }: {
      isOneAtATime: boolean;
      policies: readonly RestartPolicy[];
      starting: number;
    },
    now: number,
  ): Allowance {
    if (count === 0) return { count: 0, delaying: undefined };
    const delaying = policies.find(({ notBefore }) => now < notBefore);
    if (delaying !== undefined) return { count: 0, delaying };
    const most = isOneAtATime ? Math.max(0, 1 - starting) : count;
    return { count: Math.min(count, most), delaying: undefined };
  }
}
