// The sums of the request metrics of several workers.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { counts, HELLO, metricsOf, rowsIn, sum, USERS } from "./metrics.ts";

describe("RequestTotals", () => {
  it("adds a worker that has ended without its requests under way", () => {
    const { memory, metrics } = metricsOf();
    metrics.note("GET", HELLO, 200, 1);
    metrics.beginActive("GET", HELLO, "http");
    const totals = new RequestTotals();
    totals.addEnded(memory);
    assertEquals(counts(totals.rows()), [["GET", "/hello", { "2xx": 1 }]]);
    assertEquals(totals.rows()[0].active, [0, 0]);
  });

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

  it("RequestTotals.queueTimes are those of all workers, and of copies", () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.metrics.noteQueueTime(0);
    one.metrics.noteQueueTime(undefined);
    other.metrics.noteQueueTime(750);
    other.metrics.note("GET", HELLO, 200, 1);
    const gone = new RequestTotals();
    gone.addEnded(one.memory);
    const totals = gone.copy();
    totals.add(other.memory);
    const expected = totals.queueTimes.buckets.map((_, i) => Number(i === 0 || i === 10));
    assertEquals(totals.queueTimes, { buckets: expected, microseconds: 750_000 });
    assertEquals(sum(gone.queueTimes.buckets), 1);
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
