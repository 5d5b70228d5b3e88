import { assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { quantile } from "../../src/admin/quantile.ts";
import { DURATION_BUCKETS } from "../../src/telemetry/metrics_memory.ts";

/** Buckets with these counts, by their upper bounds. */
function buckets(counts: Record<string, number>): number[] {
  return [...DURATION_BUCKETS.map(String), "+Inf"].map((bound) => counts[bound] ?? 0);
}

describe("quantile()", () => {
  const cases: { what: string; counts: Record<string, number>; q: number; seconds: number }[] = [
    { what: "the middle of the first bucket", counts: { 0.0005: 2 }, q: 0.5, seconds: 0.00025 },
    { what: "the middle of a later bucket", counts: { 0.1: 10 }, q: 0.5, seconds: 0.075 },
    { what: "the end of a bucket", counts: { 0.1: 1, 10: 1 }, q: 0.5, seconds: 0.1 },
    { what: "99 of a hundred", counts: { 0.001: 98, 1: 2 }, q: 0.99, seconds: 0.75 },
    { what: "all", counts: { 0.001: 98, 1: 2 }, q: 1, seconds: 1 },
    { what: "no more than the highest bound", counts: { "+Inf": 3 }, q: 0.5, seconds: 10 },
  ];
  for (const { what, counts, q, seconds } of cases) {
    it(`gives ${what}`, () => assertAlmostEquals(quantile(buckets(counts), q) ?? NaN, seconds));
  }

  it("gives nothing where there was no request", () => {
    assertEquals(quantile(buckets({}), 0.5), null);
  });
});
