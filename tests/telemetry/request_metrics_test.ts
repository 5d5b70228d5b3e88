import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  createMetricsMemory,
  DURATION_BUCKETS,
  RequestMetrics,
  type RequestRow,
  RequestTotals,
} from "../../src/telemetry/request_metrics.ts";

const METHODS = ["GET", "POST"];
const ROUTES = ["/hello", "/users/:id"];
const [HELLO, USERS] = [0, 1];

function metricsOf(routes: readonly string[] = ROUTES) {
  const memory = createMetricsMemory();
  const metrics = new RequestMetrics(memory, routes, METHODS);
  const rows = () => rowsIn(memory);
  return { memory, metrics, rows };
}

function rowsIn(...memories: SharedArrayBuffer[]): readonly RequestRow[] {
  const totals = new RequestTotals();
  for (const memory of memories) totals.add(memory);
  return totals.rows();
}

/** Method, route and the classes of status that are not 0. */
function counts(rows: readonly RequestRow[]): [string, string, Record<string, number>][] {
  return rows.map(({ method, route, statuses }) => [
    method,
    route,
    Object.fromEntries(
      statuses.map((count, i) => [`${i + 1}xx`, count] as const).filter(([, count]) => count > 0),
    ),
  ]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

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

  it("can be handed to another thread, whose counting is seen while it goes on", () => {
    const memory = createMetricsMemory();
    assert(memory instanceof SharedArrayBuffer);
    const metrics = new RequestMetrics(structuredClone(memory), ROUTES, METHODS);
    metrics.note("GET", HELLO, 200, 1);
    assertEquals(rowsIn(memory)[0].statuses[1], 1);
  });
});

describe("RequestTotals", () => {
  it("adds workers up, whatever the order in which they have seen their routes", () => {
    const [first, second] = [metricsOf(), metricsOf()];
    first.metrics.note("GET", HELLO, 200, 1);
    second.metrics.note("GET", USERS, 200, 1);
    second.metrics.note("GET", HELLO, 200, 1);
    assertEquals(counts(rowsIn(first.memory, second.memory)), [
      ["GET", "/hello", { "2xx": 2 }],
      ["GET", "/users/:id", { "2xx": 1 }],
    ]);
  });

  it("comes to the same durations in whatever order workers are added, so that the sum gets no less when one ends", () => {
    // Added up as fractions of a second these differ in the last digit.
    const memories = [100, 200, 300].map((durationMs) => {
      const { memory, metrics } = metricsOf();
      metrics.note("GET", HELLO, 200, durationMs);
      return memory;
    });
    const [{ microseconds }] = rowsIn(...memories);
    assertEquals(rowsIn(...memories.toReversed())[0].microseconds, microseconds);
  });

  it("gives copies: what is added to one is not in the other", () => {
    const { memory, metrics } = metricsOf();
    metrics.note("GET", HELLO, 200, 1);
    const totals = new RequestTotals();
    totals.add(memory);
    totals.copy().add(memory);
    assertEquals(counts(totals.rows()), [["GET", "/hello", { "2xx": 1 }]]);
    assertEquals(sum(totals.buckets()), 1);
  });

  it("gives the buckets of all routes together", () => {
    const { memory, metrics } = metricsOf();
    metrics.note("GET", HELLO, 200, 0.1);
    metrics.note("GET", USERS, 200, 0.1);
    metrics.note("GET", USERS, 200, 1e6);
    const totals = new RequestTotals();
    totals.add(memory);
    assertEquals(totals.buckets(), [2, ...new Array(13).fill(0), 1]);
  });
});
