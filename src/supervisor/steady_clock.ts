// A clock for the fleet that stands still while the process does. A machine that sleeps, a process
// that is stopped and continued (SIGSTOP, a debugger, a frozen container): in that time no worker
// could show that it was alive, and none of them must be taken for hung afterwards.

/** The main thread has nothing to do that takes longer, so a longer pause was not its own. */
const LONGEST_PAUSE_MS = 1_000;

/** Time as the fleet sees it, in milliseconds. */
export class SteadyClock {
  #last: number;
  #stoodStillMs = 0;

  /** `now` is the time on a clock that goes on whatever happens. */
  constructor(now: number) {
    this.#last = now;
  }

  /**
   * The steady time, at that time of the other clock. It has to be asked for often, for it sees a
   * pause between two times.
   */
  at(now: number): number {
    const pause = now - this.#last;
    if (pause > LONGEST_PAUSE_MS) this.#stoodStillMs += pause;
    this.#last = now;
    return now - this.#stoodStillMs;
  }
}
