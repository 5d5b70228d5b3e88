// Alive, and this much heap: what the supervisor reads to know that a worker is not hung and not
// too fat.

import { counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";

const HEARTBEATS = counterIndex("heartbeats");
const HEAP_BYTES = counterIndex("heapBytes");
const EVENT_LOOP_LAG_MS = counterIndex("eventLoopLagMs");

/** The heartbeat of one worker. */
export class Heartbeat {
  readonly #scoreboard: Scoreboard;
  readonly #intervalMs: number;
  #nextAt: number;

  constructor(scoreboard: Scoreboard, intervalMs: number, now: number) {
    this.#scoreboard = scoreboard;
    this.#intervalMs = intervalMs;
    this.#nextAt = now;
  }

  /** Beats when it is time; called at every tick. `lateMs` is how late the tick itself came. */
  tick(now: number, lateMs: number): void {
    this.#scoreboard.set(EVENT_LOOP_LAG_MS, lateMs);
    if (now < this.#nextAt) return;
    this.#nextAt = now + this.#intervalMs;
    const { heapUsed, external } = Deno.memoryUsage();
    this.#scoreboard.set(HEAP_BYTES, heapUsed + external);
    this.#scoreboard.add(HEARTBEATS, 1);
  }
}
