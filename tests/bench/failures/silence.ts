// The longest time in which nobody was answered. No clock: times come in.

/** Told of every answer. */
export class Silence {
  #last: number;
  #longestMs = 0;

  constructor(now: number) {
    this.#last = now;
  }

  /** Somebody was answered. */
  answered(now: number): void {
    this.#longestMs = this.longestMs(now);
    this.#last = now;
  }

  /** The longest until now, the one that goes on included. */
  longestMs(now: number): number {
    return Math.max(this.#longestMs, now - this.#last);
  }
}
