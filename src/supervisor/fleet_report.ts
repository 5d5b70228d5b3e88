// Describes the fleet for the log, in lines that a person reads: what SIGUSR2 prints. Programs read
// `stats()`, or `/stats` of the operator's port.

import type { FleetStats, WorkerStats } from "./running_server.ts";

/** Returns a line for the fleet, and a short one for each worker. */
export function fleetReport(stats: FleetStats): string[] {
  return [describeFleet(stats), ...stats.workers.map(describeWorker)];
}

function describeFleet({ desired, workers, replacements, delayMs }: FleetStats): string {
  const accepting = workers.filter(({ status }) => status === "accepting").length;
  const causes = Object.entries(replacements)
    .map(([cause, count]) => `${cause.replaceAll("_", " ")} ${count}`);
  return [
    `fleet: ${accepting} of ${desired} workers accept`,
    ...causes.length > 0 ? [`replaced: ${causes.join(", ")}`] : [],
    ...delayMs > 0 ? [`the next replacement waits ${inSeconds(delayMs)}`] : [],
  ].join("; ");
}

function describeWorker(worker: WorkerStats): string {
  const { webSockets: { open }, panics } = worker;
  const shed = Object.values(worker.shed).reduce((sum, count) => sum + count, 0);
  return [
    `worker ${worker.worker}: ${worker.status}, spawned ${describeAge(worker.ageMs)} ago`,
    `${count(worker.requests, "request")} (${worker.requestsInFlight} in flight)`,
    count(worker.connectionsOpen, "connection"),
    ...open > 0 ? [count(open, "WebSocket")] : [],
    ...shed > 0 ? [`${shed.toLocaleString("en-US")} shed`] : [],
    ...panics > 0 ? [count(panics, "panic")] : [],
    `${Math.round(worker.heapBytes / 1_000_000)} MB`,
    `lag ${Math.round(worker.eventLoopLagMs)} ms`,
    `heartbeat ${inSeconds(worker.heartbeatAgeMs)} ago`,
  ].join(", ");
}

/** Writes a number of things, with its digits in groups: `12,345 requests`. */
function count(number: number, what: string): string {
  return `${number.toLocaleString("en-US")} ${what}${number === 1 ? "" : "s"}`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Writes an age in its two largest units: `2 h 5 min`. */
function describeAge(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${seconds % 60} s`;
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
