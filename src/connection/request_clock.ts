// How long requests take, for the log and the counters by route, at one look at the clock for each.
// A look costs as much as parsing a small head does. Requests that come in one turn of the event loop are taken up one behind the other,
// so each is taken up when the one before it was finished; only the first one of a turn needs a look of its own, and whoever comes
// behind a handler that takes its time.

/** The clock of one worker. Times are numbers of milliseconds, as `performance.now()` gives them. */
export class RequestClock {
  /** The last look at the clock. */
  #seen = 0;
  /** Whether nothing has been done since that could have taken long. */
  #isFresh = false;
  /** Whether the end of this turn is noticed. */
  #isWatching = false;

  /** When a request is taken up: now, less what it takes to hand the answer before it to the kernel. */
  takeUp(): number {
    if (this.#isFresh) return this.#seen;
    this.#isFresh = true;
    if (!this.#isWatching) {
      this.#isWatching = true;
      // Behind all that this turn has brought: the runtime tells of its reads together.
      queueMicrotask(() => this.#endTurn());
    }
    return this.#seen = performance.now();
  }

  /** When a request is finished: now. */
  finish(): number {
    return this.#seen = performance.now();
  }

  /** Says that the last look at the clock is no good for the next request: time passes that is not its own. */
  forget(): void {
    this.#isFresh = false;
  }

  #endTurn(): void {
    this.#isWatching = false;
    this.#isFresh = false;
  }
}
