// The time limits of one socket: pings to a client that is silent, the client that answers none, the
// client that takes nothing, and the one that does not answer a Close frame. They are numbers on the
// clock of the connection, and one deadline stands for all of them. No timers: it decides, and the
// session acts.

import type { UpgradeClock } from "../handler/upgrade.ts";

/** The limits of a socket, in milliseconds; 0 for none. */
export interface SocketLimits {
  /** How long a client may be silent before it gets a ping. */
  readonly pingInterval: number;
  /** How long a client may be silent after a ping. */
  readonly pongTimeout: number;
  /** How long it may take over each 64 KiB. */
  readonly writeTimeout: number;
}

/** What is due. */
export type SocketDue =
  | "nothing"
  | "ping"
  /** The client has not answered a ping. */
  | "silent"
  /** The client has not taken what was sent. */
  | "stuck"
  /** The client has not answered a Close frame. */
  | "unanswered";

/**
 * How long a client may take to answer a Close frame, and to end its side after the last frame. Then
 * the connection is closed.
 */
export const CLOSE_TIMEOUT_MS = 5_000;

/** The time limits of one socket. */
export class SocketClock {
  readonly #clock: UpgradeClock;
  readonly #limits: SocketLimits;
  /** When the client has been silent for too long. */
  #silentAt: number;
  #awaitsPong = false;
  #stuckAt = Infinity;
  #unansweredAt = Infinity;

  constructor(clock: UpgradeClock, limits: SocketLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#silentAt = clock.after(limits.pingInterval);
  }

  /** When to call {@linkcode due} next. It moves to a later time by itself, never to an earlier one. */
  get deadline(): number {
    return Math.min(this.#silentAt, this.#stuckAt, this.#unansweredAt);
  }

  /** Notes that the client has sent bytes: any of them show that it is there. */
  noteHeard(): void {
    if (this.#unansweredAt !== Infinity) return;
    this.#awaitsPong = false;
    this.#silentAt = this.#clock.after(this.#limits.pingInterval);
  }

  /** Notes that a write has begun, or that the client has taken a good part of a large one. */
  noteWriteBegun(): void {
    this.#stuckAt = this.#clock.after(this.#limits.writeTimeout);
  }

  /** Notes that all is written. */
  noteWritten(): void {
    this.#stuckAt = Infinity;
  }

  /** Notes that the client has to answer a Close frame, or to end its side. No more pings follow. */
  noteClosing(): void {
    this.#silentAt = Infinity;
    this.#unansweredAt = this.#clock.after(CLOSE_TIMEOUT_MS);
  }

  /** Returns what is due now. */
  due(): SocketDue {
    const { now } = this.#clock;
    if (this.#unansweredAt <= now) return "unanswered";
    if (this.#stuckAt <= now) return "stuck";
    if (this.#silentAt > now) return "nothing";
    if (this.#awaitsPong) return "silent";
    const { pingInterval, pongTimeout } = this.#limits;
    this.#awaitsPong = pongTimeout > 0;
    this.#silentAt = this.#clock.after(this.#awaitsPong ? pongTimeout : pingInterval);
    return "ping";
  }
}
