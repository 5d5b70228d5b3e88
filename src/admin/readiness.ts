// Decides whether a load balancer or Kubernetes should send requests to this server. Pure: the
// state of the fleet comes in.

import type { FleetPhase } from "../telemetry/fleet_log.ts";
import type { WorkerStats } from "../supervisor/running_server.ts";

/** Whether the server should receive requests. If not, `reason` has the reason in words. */
export interface Readiness {
  readonly isReady: boolean;
  readonly reason: string;
}

/**
 * A worker whose last heartbeat is older than this answers no request at the moment, because it
 * hangs or is busy. So a balancer should use another server. The next heartbeat makes the worker
 * ready again; replacing it is the matter of `hangTimeout`.
 */
const MAX_HEARTBEAT_AGE_MS = 5_000;

const READY: Readiness = { isReady: true, reason: "" };

/** Returns whether a fleet should receive requests. A `hangTimeoutMs` of 0 sets no limit. */
export function readinessOf(
  phase: FleetPhase,
  ready: boolean,
  workers: readonly WorkerStats[],
  hangTimeoutMs: number,
): Readiness {
  if (phase === "stopping") return unready("the server is stopping");
  if (!ready) return unready("the workers are starting");
  const maxAgeMs = Math.min(MAX_HEARTBEAT_AGE_MS, hangTimeoutMs || Infinity);
  const accepting = workers.filter(isAccepting);
  if (accepting.length === 0) return unready("no worker accepts");
  if (accepting.some(({ heartbeatAgeMs }) => heartbeatAgeMs <= maxAgeMs)) return READY;
  return unready("no worker shows a sign of life");
}

/** A worker that is to be replaced accepts until its replacement does. */
function isAccepting({ status }: WorkerStats): boolean {
  return status === "accepting" || status === "retiring";
}

function unready(reason: string): Readiness {
  return { isReady: false, reason };
}
