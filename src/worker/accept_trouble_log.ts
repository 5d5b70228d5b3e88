// The log lines about what stops a worker from accepting. The cause may come many times a second,
// so at most one line is written in an interval.

import type { ConnectionBudget } from "../ipc/connection_budget.ts";
import { describeError, type LogSink } from "../telemetry/log.ts";

/** How often a worker logs that it cannot accept, at most. */
const INTERVAL_MS = 10_000;

/** Logs why a worker does not accept. */
export class AcceptTroubleLog {
  readonly #log: LogSink;
  readonly #maxConnections: number;
  readonly #budget: Pick<ConnectionBudget, "limit" | "hasRoom">;
  #loggedAt = -Infinity;

  /** `maxConnections` is the worker's own limit, `budget` that of the whole process. */
  constructor(
    log: LogSink,
    maxConnections: number,
    budget: Pick<ConnectionBudget, "limit" | "hasRoom">,
  ) {
    this.#log = log;
    this.#maxConnections = maxConnections;
    this.#budget = budget;
  }

  /** Notes that the worker has no room for another connection. */
  noteFull(now: number): void {
    const { limit, hasRoom } = this.#budget;
    const what = hasRoom
      ? `maxConnections (${this.#maxConnections}) are open; the next ones wait until one ends`
      : `all ${limit} connections are open for which the process has file descriptors; ` +
        "the next ones wait until one ends (raise ulimit -n)";
    this.#note(what, now);
  }

  /** Notes an error after which the worker tries again. */
  noteFailure(error: unknown, now: number): void {
    const trouble = error instanceof Error ? error.message : describeError(error);
    this.#note(`cannot accept, going on trying: ${trouble}`, now);
  }

  #note(line: string, now: number): void {
    if (now - this.#loggedAt < INTERVAL_MS) return;
    this.#loggedAt = now;
    this.#log(line);
  }
}
