// Describes what a start that takes long waits for, at intervals. A start that is over before the
// first interval has no line. No timer and no clock of its own.

import type { WorkerState } from "./fleet_protocol.ts";

/** After how long a start has its first line, and the time between two lines. */
const FIRST_LINE_MS = 2_000;
const INTERVAL_MS = 5_000;

/** What a start depends on. */
export interface StartConditions {
  /** The module that the workers load: the application, if the command line loads it. */
  readonly module: string;
  readonly workers: number;
  /** How long a worker may take until it accepts; 0 for no limit. */
  readonly startTimeoutMs: number;
}

/** The progress of one start. */
export class StartProgress {
  readonly #conditions: StartConditions;
  readonly #startedAt: number;
  #nextAt: number;

  constructor(conditions: StartConditions, startedAt: number) {
    this.#conditions = conditions;
    this.#startedAt = startedAt;
    this.#nextAt = startedAt + FIRST_LINE_MS;
  }

  /** Returns the line that is due while the fleet starts; undefined if none is. */
  after(now: number, states: () => Iterable<WorkerState>): string | undefined {
    if (now < this.#nextAt) return undefined;
    this.#nextAt = now + INTERVAL_MS;
    const { module, workers, startTimeoutMs } = this.#conditions;
    const all = [...states()];
    const accepting = all.filter(({ kind }) => kind === "accepting").length;
    const starting = all.filter((state) => state.kind === "starting");
    const inside = starting.filter(({ hasLoaded }) => hasLoaded).length;
    const loading = starting.length - inside;
    const waits = [
      ...loading > 0 ? [`${count(loading)} the imports of ${module}`] : [],
      ...inside > 0 ? [`${count(inside)} ${module} to serve (a top-level await?)`] : [],
      ...starting.length === 0 ? ["the next worker is not spawned yet"] : [],
    ];
    const limit = startTimeoutMs === 0 ? "" : `; startTimeout is ${startTimeoutMs} ms`;
    return `starting for ${Math.round((now - this.#startedAt) / 1_000)} s: ` +
      `${accepting} of ${workers} workers accept; ${waits.join(", ")}${limit}`;
  }
}

function count(workers: number): string {
  return workers === 1 ? "1 worker waits for" : `${workers} workers wait for`;
}
