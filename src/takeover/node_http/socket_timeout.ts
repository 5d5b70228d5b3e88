// The time limit that a program sets for a socket: an event when nothing has happened for so long. A
// server without one has no timer. The limits of the connection itself are this server's own.

import type { EventEmitter } from "node:events";
import { clearTimeout, setTimeout } from "node:timers";

type Timer = ReturnType<typeof setTimeout>;

/** The time limit of one socket. */
export class SocketTimeout {
  readonly #onTimeout: () => void;
  #timer: Timer | undefined;
  #lastActivity = 0;
  /** The limit in milliseconds; 0 for none. */
  limitMs = 0;

  constructor(onTimeout: () => void) {
    this.#onTimeout = onTimeout;
  }

  /** Sets the limit, which begins now. */
  set(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.limitMs = limitMs > 0 && limitMs !== Infinity ? limitMs : 0;
    this.refresh();
  }

  /** Does what `setTimeout` of a socket does: sets the limit, and adds or removes a listener. */
  setFor(socket: EventEmitter, limitMs: number, callback: (() => void) | undefined): void {
    if (callback !== undefined) {
      if (limitMs === 0) socket.removeListener("timeout", callback);
      else socket.once("timeout", callback);
    }
    this.set(limitMs);
  }

  /** Notes that something has happened: the limit begins anew. */
  refresh(): void {
    if (this.limitMs === 0) return;
    this.#lastActivity = performance.now();
    if (this.#timer === undefined) this.#wait(this.limitMs);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const left = this.limitMs - (performance.now() - this.#lastActivity);
      if (left > 0) this.#wait(left);
      else this.#onTimeout();
    }, ms);
  }
}
