// The log lines about requests that a worker sheds. There may be thousands a second, so each reason
// has at most one line in an interval. No clock: the time comes in.

import type { AdmissionSettings } from "../connection/admission.ts";
import type { ShedReason } from "../ipc/shed_reason.ts";
import type { LogSink } from "../telemetry/log.ts";

/** How often a worker logs that it sheds requests, at most, for each reason. */
const INTERVAL_MS = 10_000;

/** Logs why a worker sheds requests. */
export class OverloadLog {
  readonly #log: LogSink;
  readonly #limits: Pick<AdmissionSettings, "maxRequestsInFlight" | "maxEventLoopLag">;
  readonly #lines = new Map<ShedReason, { loggedAt: number; since: number }>();

  /** The lines name the options in `limits`, and their values. */
  constructor(
    log: LogSink,
    limits: Pick<AdmissionSettings, "maxRequestsInFlight" | "maxEventLoopLag">,
  ) {
    this.#log = log;
    this.#limits = limits;
  }

  /** Notes that a request was shed. `now` is in milliseconds, on any clock that only goes forward. */
  note(reason: ShedReason, now: number): void {
    const line = this.#lines.get(reason);
    if (line === undefined) {
      this.#lines.set(reason, { loggedAt: now, since: 0 });
      this.#log(`sheds requests with 503: ${this.#explain(reason)}`);
      return;
    }
    line.since++;
    if (now - line.loggedAt < INTERVAL_MS) return;
    const count = line.since === 1 ? "1 more request" : `${line.since} more requests`;
    line.loggedAt = now;
    line.since = 0;
    this.#log(`has shed ${count} with 503: ${this.#explain(reason)}`);
  }

  #explain(reason: ShedReason): string {
    switch (reason) {
      case "max_requests_in_flight":
        return `maxRequestsInFlight (${this.#limits.maxRequestsInFlight}) are in flight`;
      case "max_event_loop_lag":
        return `its event loop is later than maxEventLoopLag (${this.#limits.maxEventLoopLag} ms)`;
    }
  }
}
