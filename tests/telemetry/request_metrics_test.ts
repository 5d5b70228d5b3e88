// The request metrics of one worker.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  createMetricsMemory,
  DURATION_BUCKETS,
  MAX_NAMED_ROUTES,
} from "../../src/telemetry/metrics_memory.ts";
import { RequestMetrics } from "../../src/telemetry/request_metrics.ts";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { counts, HELLO, METHODS, metricsOf, ROUTES, rowsIn, sum, USERS } from "./metrics.ts";

describe("RequestMetrics", () => {
  it("has no row before there was a request", () => {
    assertEquals(metricsOf().rows(), []);
  });

  it("counts by method, route and class of status", () => {
    const { metrics, rows } = metricsOf();
    metrics.note("GET", HELLO, 200, 1);
    metrics.note("GET", HELLO, 204, 1);
    metrics.note("GET", HELLO, 500, 1);
    metrics.note("POST", HELLO, 303, 1);
    metrics.note("GET", USERS, 404, 1);
    assertEquals(counts(rows()), [
      ["GET", "/hello", { "2xx": 2, "5xx": 1 }],
      ["POST", "/hello", { "3xx": 1 }],
      ["GET", "/users/:id", { "4xx": 1 }],
    ]);
  });

  it("has one row for all methods that it does not know, so that no client can make rows without end", () => {
    const { metrics, rows } = metricsOf();
    for (const method of ["FOO", "get", "", "constructor", "__proto__"]) {
      metrics.note(method, HELLO, 405, 1);
    }
    assertEquals(counts(rows()), [["other", "/hello", { "4xx": 5 }]]);
  });

  it("has rows of their own for requests without a route, and for those that were refused", () => {
    const { metrics, rows } = metricsOf();
    metrics.note("GET", undefined, 404, 1);
    metrics.noteRefusal(undefined, 400);
    metrics.noteRefusal("POST", 417);
    assertEquals(counts(rows()), [
      ["POST", "refused", { "4xx": 1 }],
      ["other", "refused", { "4xx": 1 }],
      ["GET", "unmatched", { "4xx": 1 }],
    ]);
  });

  it("counts a route by its name from the first request on", () => {
    const { metrics, rows } = metricsOf();
    metrics.note("GET", metrics.numberOf("/posts/:id"), 200, 1);
    metrics.note("GET", metrics.numberOf("/posts/:id"), 200, 1);
    metrics.note("POST", metrics.numberOf("/posts"), 201, 1);
    metrics.note("GET", undefined, 404, 1);
    metrics.noteRefusal("GET", 400);
    assertEquals(counts(rows()), [
      ["POST", "/posts", { "2xx": 1 }],
      ["GET", "/posts/:id", { "2xx": 2 }],
      ["GET", "refused", { "4xx": 1 }],
      ["GET", "unmatched", { "4xx": 1 }],
    ]);
  });

  it("has one row for all names beyond so many, and keeps those that it has", () => {
    const { metrics, rows } = metricsOf();
    for (let i = 0; i < 2 * MAX_NAMED_ROUTES; i++) {
      metrics.note("GET", metrics.numberOf(`/${i}`), 200, 1);
    }
    metrics.note("GET", metrics.numberOf("/0"), 200, 1);
    const counted = new Map(rows().map(({ route, statuses }) => [route, statuses[1]]));
    assertEquals(counted.size, MAX_NAMED_ROUTES + 1);
    assertEquals([counted.get("other"), counted.get("/0")], [MAX_NAMED_ROUTES, 2]);
  });

  const durations: [ms: number, bucket: number][] = [
    [0, 0],
    [0.5, 0],
    [0.500001, 1],
    [1, 1],
    [99, 7],
    [100, 7],
    [10_000, 13],
    [10_001, 14],
    [1e9, 14],
  ];
  for (const [ms, bucket] of durations) {
    const name = DURATION_BUCKETS[bucket] ?? "+Inf";
    it(`puts ${ms} ms into the bucket up to ${name} s`, () => {
      const { metrics, rows } = metricsOf();
      metrics.note("GET", HELLO, 200, ms);
      assertEquals(rows()[0].buckets.indexOf(1), bucket);
      assertEquals(sum(rows()[0].buckets), 1);
    });
  }

  it("sums durations up in whole microseconds", () => {
    const { metrics, rows } = metricsOf();
    metrics.note("GET", HELLO, 200, 250);
    metrics.note("GET", HELLO, 500, 1_500);
    metrics.note("GET", HELLO, 200, 0.0196);
    assertEquals(rows()[0].microseconds, 1_750_020);
  });

  it("has what was refused in no bucket: it has taken no time", () => {
    const { metrics, rows } = metricsOf();
    metrics.noteRefusal("GET", 414);
    assertEquals(sum(rows()[0].buckets), 0);
  });

  it("gives a row to each of the first thousand, and has all others share one", () => {
    const routes = Array.from({ length: 2_000 }, (_, i) => `/route/${i}`);
    const { metrics, rows } = metricsOf(routes);
    for (const [route] of routes.entries()) metrics.note("GET", route, 200, 1);
    for (const [route] of routes.entries()) metrics.note("GET", route, 200, 1);
    const own = rows().filter(({ route }) => route !== "other");
    assertEquals(own.length, 1_023);
    assertEquals(own.every(({ statuses }) => statuses[1] === 2), true);
    assertEquals(counts(rows().filter(({ route }) => route === "other")), [
      ["other", "other", { "2xx": 2 * (2_000 - 1_023) }],
    ]);
  });

  it("has routes whose names find no room share that row, too", () => {
    const routes = [`/${"a".repeat(200_000)}`, "/short"];
    const { metrics, rows } = metricsOf(routes);
    metrics.note("GET", 0, 200, 1);
    metrics.note("GET", 1, 200, 1);
    assertEquals(counts(rows()), [
      ["GET", "/short", { "2xx": 1 }],
      ["other", "other", { "2xx": 1 }],
    ]);
  });

  it("carries the names of its rows, whatever is in them", () => {
    const { metrics, rows } = metricsOf([`/crêpes/"/\\/🥧`]);
    metrics.note("GET", 0, 200, 1);
    assertEquals(rows()[0].route, `/crêpes/"/\\/🥧`);
  });

  it("counts a request that is under way until it ends, for the totals but not among the rows", () => {
    const { metrics, memory, rows } = metricsOf();
    const at = metrics.beginActive("GET", HELLO, "https");
    const totals = new RequestTotals();
    totals.add(memory);
    const active = () => totals.allRows().map((row) => [row.route, row.active]);
    assertEquals(active(), [["other", [0, 0]], ["/hello", [0, 1]]]);
    assertEquals(rows(), []);
    metrics.endActive(at);
    const after = new RequestTotals();
    after.add(memory);
    assertEquals(after.allRows().map((row) => row.active), [[0, 0], [0, 0]]);
  });

  it("can be handed to another thread, whose counting is seen while it goes on", () => {
    const memory = createMetricsMemory();
    assert(memory instanceof SharedArrayBuffer);
    const metrics = new RequestMetrics(structuredClone(memory), ROUTES, METHODS);
    metrics.note("GET", HELLO, 200, 1);
    assertEquals(rowsIn(memory)[0].statuses[1], 1);
  });
});
