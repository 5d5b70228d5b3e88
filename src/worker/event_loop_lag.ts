// Measures for how long a request may have waited for the event loop of its worker. A timer ticks;
// it is as late as the loop. In a long turn of the loop many requests are handled one after another,
// so the timer that is due also counts while it has not ticked.

/** The share of the limit between two ticks, and the bounds of that time. */
const TICK_SHARE = 1 / 8;
const MIN_TICK_MS = 5;
const MAX_TICK_MS = 100;

/** Measures the lag of one worker's event loop. Times are numbers of milliseconds. */
export class EventLoopLag {
  readonly #tickMs: number;
  #expectedAt = Infinity;
  /** How late the last tick was: what was read after it may have waited for as long. */
  #lastMs = 0;
  #worstMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `limitMs` is the lag that has to be noticed. */
  constructor(limitMs: number) {
    this.#tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, limitMs * TICK_SHARE));
  }

  /** Ticks from now on. */
  start(): void {
    this.#expectedAt = performance.now() + this.#tickMs;
    this.#timer = setInterval(() => this.tick(performance.now()), this.#tickMs);
  }

  /** Stops ticking. From then on there is no lag. */
  stop(): void {
    clearInterval(this.#timer);
    this.#expectedAt = Infinity;
    this.#lastMs = 0;
  }

  /** Notes a tick of the timer. */
  tick(now: number): void {
    this.#lastMs = Math.max(0, now - this.#expectedAt);
    this.#worstMs = Math.max(this.#worstMs, this.#lastMs);
    this.#expectedAt = now + this.#tickMs;
  }

  /**
   * Returns for how long a request may have waited that is taken up now: for the turn of the event
   * loop before this one, in which its bytes came, and in this turn for the requests before it.
   */
  at(now: number): number {
    return this.#lastMs + Math.max(0, now - this.#expectedAt);
  }

  /** Returns how late the latest tick was since the last call. */
  takeWorst(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }
}
