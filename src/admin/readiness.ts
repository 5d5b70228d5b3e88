// Whether the server should get requests, as a balancer or Kubernetes asks. Pure: the fleet as it is comes in.

import type { FleetPhase } from "../telemetry/fleet_log.ts";
import type { WorkerStats } from "../supervisor/running_server.ts";

/** Whether there should be requests, and in words why not; empty where there should. */
export interface Readiness {
  readonly isReady: boolean;
  readonly reason: string;
}

/**
 * A worker whose heartbeat is older than this answers nobody just now, whether it hangs or only works: whoever can choose should
 * ask somebody else. It comes back by itself with the next heartbeat; that it is replaced is for `hangTimeout` to say.
 */
const MAX_HEARTBEAT_AGE_MS = 5_000;

const READY: Readiness = { isReady: true, reason: "" };

/** Says whether a fleet should get requests. A `hangTimeoutMs` of 0 is none. */
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

/** One that is to be replaced serves until its replacement does. */
function isAccepting({ status }: WorkerStats): boolean {
  return status === "accepting" || status === "retiring";
}

function unready(reason: string): Readiness {
  return { isReady: false, reason };
}
