// Measures how long requests take, for the log and the counters by route, with one look at the
// clock for each request. A look costs as much as parsing a small head. In one turn of the event
// loop a request is taken up when the one before it is finished, so it begins at that request's
// end. A request looks for itself if it is the first one of a turn, or if it comes after a request
// that is not finished: a handler that takes its time.

/**
 * The clock of one worker. Times are numbers of milliseconds, as `performance.now()` returns them.
 */
export class RequestClock {
  /**
   * When the last request of this turn was finished; undefined once the next one has begun, and in
   * a new turn.
   */
  #lastEnd: number | undefined;
  /** Whether a microtask waits for the end of this turn. */
  #isWatching = false;

  /**
   * Returns when a request that is taken up now begins. The time to hand over the response before
   * it counts as its own.
   */
  begin(): number {
    const lastEnd = this.#lastEnd;
    this.#lastEnd = undefined;
    return lastEnd ?? performance.now();
  }

  /** Returns when a request that is finished now ends. */
  end(): number {
    if (!this.#isWatching) {
      this.#isWatching = true;
      // The runtime settles the reads of one turn together; this microtask runs after the last of
      // them.
      queueMicrotask(() => this.#endTurn());
    }
    return this.#lastEnd = performance.now();
  }

  #endTurn(): void {
    this.#isWatching = false;
    this.#lastEnd = undefined;
  }
}
