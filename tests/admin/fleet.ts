// What the tests of the operator's port share: a fleet that is made up.

import { NOTHING_SHED, sumShed } from "../../src/ipc/shed_reason.ts";
import { NO_WEB_SOCKETS, sumWebSockets } from "../../src/ipc/web_socket_counters.ts";
import type { FleetStats, WorkerStats } from "../../src/supervisor/running_server.ts";

/** A worker that accepts, but for what is said of it. */
export function worker(number: number, but: Partial<WorkerStats> = {}): WorkerStats {
  return {
    worker: number,
    status: "accepting",
    ageMs: 60_000,
    heartbeatAgeMs: 100,
    eventLoopLagMs: 1,
    requests: 0,
    panics: 0,
    connectionsAccepted: 0,
    connectionsUnused: 0,
    connectionsOpen: 0,
    requestsInFlight: 0,
    heapBytes: 1_000,
    shed: NOTHING_SHED,
    webSockets: NO_WEB_SOCKETS,
    ...but,
  };
}

/** A fleet of these workers; those that are gone have answered so many requests. */
export function stats(workers: readonly WorkerStats[], requestsOfTheGone = 0): FleetStats {
  const sum = (valueOf: (worker: WorkerStats) => number) =>
    workers.reduce((total, worker) => total + valueOf(worker), 0);
  return {
    desired: workers.length,
    standby: 0,
    workers,
    total: {
      requests: requestsOfTheGone + sum(({ requests }) => requests),
      panics: sum(({ panics }) => panics),
      connectionsAccepted: sum(({ connectionsAccepted }) => connectionsAccepted),
      connectionsUnused: sum(({ connectionsUnused }) => connectionsUnused),
      connectionsOpen: sum(({ connectionsOpen }) => connectionsOpen),
      requestsInFlight: sum(({ requestsInFlight }) => requestsInFlight),
      heapBytes: sum(({ heapBytes }) => heapBytes),
      shed: sumShed(workers.map(({ shed }) => shed)),
      webSockets: sumWebSockets(workers.map(({ webSockets }) => webSockets)),
    },
    replacements: {},
    delayMs: 0,
  };
}
