// Decides for each request whether the worker has room for it. A request without room is shed: it
// gets 503 at once, and waits in no queue. The decision is made when the handler would be called,
// because the requests of one turn of the event loop are read before the first of them is handled.

import { counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";
import type { ShedReason } from "../ipc/shed_reason.ts";
import type { ServerSettings } from "../options/server_options.ts";

/** The options that limit the work of a worker. */
export type AdmissionSettings = Pick<
  ServerSettings,
  "maxRequestsInFlight" | "maxEventLoopLag" | "healthPaths"
>;

/** What an admission asks and reports. */
export interface AdmissionParts {
  readonly settings: AdmissionSettings;
  readonly scoreboard: Scoreboard;
  /** Returns for how many milliseconds a request may have waited for the event loop. */
  readonly lagMs: () => number;
  /** Called with each request that is shed. */
  readonly onShed: (reason: ShedReason) => void;
}

const REQUESTS_IN_FLIGHT = counterIndex("requestsInFlight");

const SHED_COUNTERS: Readonly<Record<ShedReason, number>> = {
  max_requests_in_flight: counterIndex("shedByRequestsInFlight"),
  max_event_loop_lag: counterIndex("shedByEventLoopLag"),
};

/** The admission of one worker. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #maxInFlight: number;
  readonly #maxLagMs: number;
  readonly #healthPaths: ReadonlySet<string>;
  /** How many requests have a final response, while their handlers go on. */
  #givenUp = 0;

  private constructor(parts: AdmissionParts) {
    const { maxRequestsInFlight, maxEventLoopLag, healthPaths } = parts.settings;
    this.#parts = parts;
    this.#maxInFlight = maxRequestsInFlight === 0 ? Infinity : maxRequestsInFlight;
    this.#maxLagMs = maxEventLoopLag;
    this.#healthPaths = new Set(healthPaths);
  }

  /** Makes an admission; undefined if no option limits the work. */
  static of(parts: AdmissionParts): Admission | undefined {
    const { maxRequestsInFlight, maxEventLoopLag } = parts.settings;
    if (maxRequestsInFlight === 0 && maxEventLoopLag === 0) return undefined;
    return new Admission(parts);
  }

  /**
   * Returns whether a request has to be shed, and counts it if so. The request is not in flight yet.
   */
  sheds(request: { readonly path: string }): boolean {
    const reason = this.#reason();
    if (reason === undefined || this.#healthPaths.has(request.path)) return false;
    this.#parts.scoreboard.add(SHED_COUNTERS[reason], 1);
    this.#parts.onShed(reason);
    return true;
  }

  #reason(): ShedReason | undefined {
    const { scoreboard, lagMs } = this.#parts;
    const inFlight = scoreboard.own(REQUESTS_IN_FLIGHT) - this.#givenUp;
    if (inFlight >= this.#maxInFlight) return "max_requests_in_flight";
    if (this.#maxLagMs > 0 && lagMs() > this.#maxLagMs) return "max_event_loop_lag";
    return undefined;
  }

  /**
   * Notes that a request has its final response, but not from its handler, which may go on for ever.
   * Without this, handlers that never end would use up the limit.
   */
  noteGivenUp(): void {
    this.#givenUp++;
  }

  /** Notes that the handler of a request that was given up has ended. */
  noteHandlerEnded(): void {
    this.#givenUp--;
  }
}
