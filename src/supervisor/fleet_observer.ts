// An observer of the fleet, such as the operator's port: what it can read, and what it receives.
// The supervisor knows no more of it.

import type { FleetPhase } from "../telemetry/fleet_log.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { RequestTotals } from "../telemetry/request_totals.ts";
import type { FleetStats } from "./running_server.ts";

/** The fleet as an observer sees it. */
export interface ObservedFleet {
  readonly phase: FleetPhase;
  /** See {@linkcode RunningServer.ready}. */
  readonly ready: boolean;
  /** How long a worker may send no heartbeat; 0 for any time. */
  readonly hangTimeoutMs: number;
  stats(): FleetStats;
  /** Returns the requests by route of all workers that ever were. */
  requestTotals(): RequestTotals;
}

/** Observes a fleet. */
export interface FleetObserver {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /**
   * Called before the first worker is spawned. It may take that many file descriptors beside those
   * that it has.
   */
  watch(fleet: ObservedFleet, maxDescriptors: number): void;
  /** Called with each event of the fleet. */
  note(event: FleetEvent): void;
  /** Called when the last worker is gone. */
  close(): void;
}
