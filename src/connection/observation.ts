// What the requests of one server have traces by, if OpenTelemetry is on.

import type { RequestTelemetry } from "../telemetry/request_telemetry.ts";

/** What requests have traces by. */
export interface Observation {
  readonly telemetry: RequestTelemetry;
  /** The names of the routes by their number; empty if the program has routes of its own. */
  readonly routes: readonly string[];
}
