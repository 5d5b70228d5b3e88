// The heartbeat of a worker: a counter and the heap's size, which the supervisor reads to find
// workers that hang or use too much memory.

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

  /** Beats if the interval has passed. Called at every tick, which came `lateMs` too late. */
  tick(now: number, lateMs: number): void {
    this.#scoreboard.set(EVENT_LOOP_LAG_MS, lateMs);
    if (now < this.#nextAt) return;
    this.#nextAt = now + this.#intervalMs;
    const { heapUsed, external } = Deno.memoryUsage();
    this.#scoreboard.set(HEAP_BYTES, heapUsed + external);
    this.#scoreboard.add(HEARTBEATS, 1);
  }
}
