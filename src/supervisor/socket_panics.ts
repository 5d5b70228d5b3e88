// How often a panic may cost the WebSockets of a worker. A worker is replaced because of a panic,
// and its WebSockets close with it: a client that can cause a panic could disconnect all others
// again and again. So of the workers with open WebSockets the fleet replaces one in each interval.
// The limit holds for all workers together: clients come back to another worker, whose panic must
// not disconnect them once more. No clock: the time comes in.

/** Limits the replacements of workers with open WebSockets. */
export class SocketPanicLimit {
  readonly #intervalMs: number;
  #lastAt = -Infinity;

  /** An interval of 0 sets no limit. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Notes that a worker with open WebSockets is replaced now because of a panic. */
  noteReplacement(now: number): void {
    this.#lastAt = now;
  }

  /** Returns how long the next such replacement has to wait; 0 if it may come now. */
  delayMs(now: number): number {
    return Math.max(0, this.#lastAt + this.#intervalMs - now);
  }
}
