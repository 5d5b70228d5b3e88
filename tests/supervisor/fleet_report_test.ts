import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NO_WEB_SOCKETS } from "../../src/ipc/web_socket_counters.ts";
import { fleetReport } from "../../src/supervisor/fleet_report.ts";
import type { FleetStats, WorkerStats } from "../../src/supervisor/running_server.ts";

const worker: WorkerStats = {
  worker: 1,
  status: "accepting",
  ageMs: 1_234.567890123,
  heartbeatAgeMs: 412.3456789012345,
  requests: 1,
  panics: 0,
  connectionsAccepted: 3,
  connectionsUnused: 0,
  connectionsOpen: 1,
  requestsInFlight: 0,
  heapBytes: 21_345_678,
  eventLoopLagMs: 0.123456789012345,
  webSockets: NO_WEB_SOCKETS,
  shed: { max_requests_in_flight: 0, max_event_loop_lag: 0 },
};

const { worker: _worker, status: _status, ageMs: _age, heartbeatAgeMs: _heartbeat, ...total } =
  worker;

function report(workers: readonly WorkerStats[], fleet: Partial<FleetStats> = {}): string[] {
  return fleetReport({
    desired: 2,
    standby: 0,
    workers,
    total,
    replacements: {},
    delayMs: 0,
    ...fleet,
  });
}

describe("fleetReport()", () => {
  it("has a line for the fleet, and one for each worker", () => {
    assertEquals(report([worker, { ...worker, worker: 12, status: "draining" }]), [
      "fleet: 1 of 2 workers accept",
      "worker 1: accepting, spawned 1 s ago, 1 request (0 in flight), 1 connection, 21 MB, lag 0 ms, heartbeat 0.4 s ago",
      "worker 12: draining, spawned 1 s ago, 1 request (0 in flight), 1 connection, 21 MB, lag 0 ms, heartbeat 0.4 s ago",
    ]);
  });

  it("names what has gone wrong, and the WebSockets", () => {
    const [fleet, first] = report([{
      ...worker,
      requests: 1_234_567,
      requestsInFlight: 4,
      connectionsOpen: 1_000,
      panics: 2,
      shed: { max_requests_in_flight: 1, max_event_loop_lag: 2 },
      webSockets: { ...NO_WEB_SOCKETS, open: 3 },
    }], { replacements: { panic: 2, max_heap: 1 }, delayMs: 1_512.3 });
    assertEquals(
      fleet,
      "fleet: 1 of 2 workers accept; replaced: panic 2, max heap 1; the next replacement waits 1.5 s",
    );
    assertEquals(
      first,
      "worker 1: accepting, spawned 1 s ago, 1,234,567 requests (4 in flight), 1,000 connections, 3 WebSockets, 3 shed, 2 panics, " +
        "21 MB, lag 0 ms, heartbeat 0.4 s ago",
    );
    assertLess(first.length, 160);
  });

  const ages = [
    { ageMs: 59_999, age: "59 s" },
    { ageMs: 61_000, age: "1 min 1 s" },
    { ageMs: 2 * 3_600_000 + 5 * 60_000, age: "2 h 5 min" },
    { ageMs: 50 * 3_600_000, age: "2 d 2 h" },
  ];
  for (const { ageMs, age } of ages) {
    it(`writes an age of ${ageMs} ms as ${age}`, () => {
      const [, line] = report([{ ...worker, ageMs }]);
      assertEquals(line.split(", ")[1], `spawned ${age} ago`);
    });
  }
});
