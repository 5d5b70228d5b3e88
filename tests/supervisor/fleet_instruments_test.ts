// The metrics of the fleet: what each instrument reports of the fleet as it is.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NOTHING_SHED } from "../../src/ipc/shed_reason.ts";
import { NO_WEB_SOCKETS } from "../../src/ipc/web_socket_counters.ts";
import { FleetInstruments } from "../../src/supervisor/fleet_instruments.ts";
import type { FleetStats, WorkerStats } from "../../src/supervisor/running_server.ts";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { FakeMeter } from "../support/telemetry/fake_platform.ts";
import { HELLO, metricsOf } from "../telemetry/metrics.ts";

const COUNTERS = {
  requests: 0,
  panics: 0,
  connectionsAccepted: 0,
  connectionsUnused: 0,
  connectionsOpen: 0,
  requestsInFlight: 0,
  heapBytes: 2_048,
  shed: NOTHING_SHED,
  webSockets: NO_WEB_SOCKETS,
};

function workerStats(worker: number, status: WorkerStats["status"]): WorkerStats {
  return { ...COUNTERS, worker, status, ageMs: 5, heartbeatAgeMs: 1_500, eventLoopLagMs: 250 };
}

const STATS: FleetStats = {
  standby: 0,
  desired: 3,
  workers: [workerStats(4, "accepting"), workerStats(5, "draining")],
  total: { ...COUNTERS, shed: { max_requests_in_flight: 3, max_event_loop_lag: 4 } },
  replacements: { panic: 2 },
  delayMs: 0,
};

function instruments(totals = () => new RequestTotals()) {
  const meter = new FakeMeter();
  const fleet = { stats: () => STATS, requestTotals: totals };
  const made = new FleetInstruments(meter, fleet);
  return { meter, made };
}

describe("FleetInstruments", () => {
  it("reports the workers by state, also the states without a worker", () => {
    const { meter } = instruments();
    assertEquals(meter.read("mudpie.worker.count"), [
      [0, { "mudpie.worker.state": "starting" }],
      [0, { "mudpie.worker.state": "standby" }],
      [1, { "mudpie.worker.state": "accepting" }],
      [0, { "mudpie.worker.state": "retiring" }],
      [1, { "mudpie.worker.state": "draining" }],
    ]);
    assertEquals(meter.read("mudpie.worker.desired"), [[3, {}]]);
  });

  it("reports the replacements by cause, also the causes without one", () => {
    const points = instruments().meter.read("mudpie.worker.replacements");
    assertEquals(points.length, 8);
    assertEquals(points.filter(([count]) => count > 0), [
      [2, { "mudpie.replacement.cause": "panic" }],
    ]);
  });

  it("reports the requests that were shed, by reason", () => {
    assertEquals(instruments().meter.read("mudpie.request.shed"), [
      [3, { "mudpie.shed.reason": "max_requests_in_flight" }],
      [4, { "mudpie.shed.reason": "max_event_loop_lag" }],
    ]);
  });

  const each: [name: string, value: number][] = [
    ["mudpie.worker.memory.used", 2_048],
    ["mudpie.worker.eventloop.delay", 0.25],
    ["mudpie.worker.heartbeat.age", 1.5],
  ];
  for (const [name, value] of each) {
    it(`reports ${name} of each worker`, () => {
      assertEquals(instruments().meter.read(name), [
        [value, { "mudpie.worker.id": 4n }],
        [value, { "mudpie.worker.id": 5n }],
      ]);
    });
  }

  it("reports the requests under way by method, route and scheme", () => {
    const { metrics, memory } = metricsOf();
    metrics.beginActive("GET", HELLO, "http");
    metrics.beginActive("GET", HELLO, "https");
    metrics.beginActive("BREW", undefined, "http");
    const { meter } = instruments(() => {
      const totals = new RequestTotals();
      totals.add(memory);
      return totals;
    });
    const hello = { "http.request.method": "GET", "http.route": "/hello" };
    assertEquals(meter.read("http.server.active_requests"), [
      [1, { ...hello, "url.scheme": "http" }],
      [1, { ...hello, "url.scheme": "https" }],
      [1, { "http.request.method": "_OTHER", "url.scheme": "http" }],
    ]);
  });

  it("reports a request under way as 0 when it has ended, and when its worker has", () => {
    for (const end of ["request", "worker"] as const) {
      const { metrics, memory } = metricsOf();
      let isEnded = false;
      const { meter } = instruments(() => {
        const totals = new RequestTotals();
        if (isEnded) totals.addEnded(memory);
        else totals.add(memory);
        return totals;
      });
      const at = metrics.beginActive("GET", HELLO, "http");
      const counts = () => meter.read("http.server.active_requests").map(([count]) => count);
      assertEquals(counts(), [1]);
      if (end === "request") metrics.endActive(at);
      else isEnded = true;
      assertEquals(counts(), [0]);
    }
  });

  it("reports nothing after close()", () => {
    const { meter, made } = instruments();
    made.close();
    assertEquals(meter.read("mudpie.worker.count"), []);
  });
});
