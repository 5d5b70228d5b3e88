// How long a worker may drain, and which reason it is given for its end.

import { type DrainOrder, MAX_OVERTIME_MS, type ShutdownReason } from "../ipc/drain_order.ts";
import type { WorkerEndCause } from "../telemetry/fleet_event.ts";

/**
 * This share of the drain time is kept for the final responses: what is not answered by then gets
 * 503.
 */
const FINAL_RESPONSE_SHARE = 0.1;
const MAX_FINAL_RESPONSE_MS = 1_000;

/** What a worker has to do, and when it is terminated because it has not done so. */
export interface DrainPlan {
  readonly order: DrainOrder;
  readonly deadline: number;
}

/** Plans the end of a worker that begins to drain now. */
export function planDrain(cause: WorkerEndCause, drainTimeoutMs: number, now: number): DrainPlan {
  const finalMs = Math.min(drainTimeoutMs * FINAL_RESPONSE_SHARE, MAX_FINAL_RESPONSE_MS);
  return {
    order: {
      reason: shutdownReason(cause),
      connectionsMs: drainTimeoutMs - finalMs,
      workMs: drainTimeoutMs,
    },
    deadline: now + drainTimeoutMs + MAX_OVERTIME_MS,
  };
}

/** Returns the reason that the worker's callbacks get. */
function shutdownReason(cause: WorkerEndCause): ShutdownReason {
  switch (cause) {
    case "shutdown":
    case "reload":
      return cause;
    case "max_requests":
    case "max_age":
    case "max_heap":
    case "resize":
    case "closed_by_program":
      return "recycling";
    case "panic":
    case "crash":
    case "hang":
    case "start_failed":
    case "start_timeout":
      return "panic";
  }
}
