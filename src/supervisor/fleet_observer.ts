// Whoever looks at the fleet from beside it, as the operator's port does: what it may see, and what it is told. The supervisor
// knows nothing more of it.

import type { FleetPhase } from "../telemetry/fleet_log.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { RequestTotals } from "../telemetry/request_totals.ts";
import type { FleetStats } from "./running_server.ts";

/** The fleet, to be looked at. */
export interface ObservedFleet {
  readonly phase: FleetPhase;
  /** See {@linkcode RunningServer.ready}. */
  readonly ready: boolean;
  /** How long a worker may be without a sign of life; 0 for ever. */
  readonly hangTimeoutMs: number;
  stats(): FleetStats;
  /** How the requests of each route were answered, by all workers that are or ever were. */
  requestTotals(): RequestTotals;
}

/** Somebody who looks on. */
export interface FleetObserver {
  /** Where it can be asked itself. */
  readonly addr: Deno.NetAddr;
  /** Called before the first worker is spawned. It may take that many file descriptors beside those that it has. */
  watch(fleet: ObservedFleet, maxDescriptors: number): void;
  /** Called with each event of the fleet. */
  note(event: FleetEvent): void;
  /** Called when the last worker is gone. */
  close(): void;
}
