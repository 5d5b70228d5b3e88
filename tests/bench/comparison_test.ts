// What the last tables say of a pair of servers.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Measured, summary, type Verdict, verdictsOf } from "./comparison.ts";
import type { Pair } from "./pairs.ts";
import type { Sample } from "./rounds.ts";
import { DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { WORKLOADS } from "./workloads.ts";

const [HELLO, , BROWSER, ORDERS] = WORKLOADS;

const PAIR: Pair = {
  name: "own",
  own: { peer: MUDPIE, name: "Mudpie" },
  base: { peer: DENO_SERVE, name: "Deno.serve" },
  rows: { "hello-sync": 1, "browser-reads": undefined, "json-post-1k": 0.8 },
  p99Target: 1.5,
  means: [
    { what: "rows", rows: ["hello-sync", "browser-reads"], target: 0.65 },
    { what: "more rows", rows: ["hello-sync", "json-post-1k"] },
    { what: "rows that were not measured", rows: ["json-post-1k"] },
  ],
};

function verdict(workload: string, ratio: number): Verdict {
  return {
    workload,
    base: { processorUs: 10, p50Us: 300, p99Us: 1_000 },
    own: { processorUs: 10 * ratio, p50Us: 300 * ratio, p99Us: 1_000 * ratio },
    processor: { median: ratio, least: ratio - 0.1, most: ratio + 0.1 },
    throughput: { median: 1 / ratio, least: 1 / ratio, most: 1 / ratio },
    p99: { median: ratio, least: ratio, most: ratio },
  };
}

describe("summary()", () => {
  it("has a row for each workload, beside its target, and the means of those that were measured", () => {
    assertEquals(
      summary(PAIR, [verdict("hello-sync", 2), verdict("browser-reads", 0.5)]).split("\n"),
      [
        "### Summary: Mudpie beside Deno.serve (own)",
        "",
        "| workload      | Deno.serve us | Mudpie us | CPU ratio        | target | throughput ratio | p50 us (base, own) | p99 us (base, own) | p99 ratio (target 1.50) |",
        "| ------------- | ------------- | --------- | ---------------- | ------ | ---------------- | ------------------ | ------------------ | ----------------------- |",
        "| hello-sync    | 10.0          | 20.0      | 2.00 (1.90-2.10) | 1.00   | 0.50 (0.50-0.50) | 300, 600           | 1,000, 2,000       | 2.00 (2.00-2.00)        |",
        "| browser-reads | 10.0          | 5.00      | 0.50 (0.40-0.60) | -      | 2.00 (2.00-2.00) | 300, 150           | 1,000, 500         | 0.50 (0.50-0.50)        |",
        "",
        "Geometric mean of the CPU ratios, rows (2): 1.000 (target 0.65)",
        "",
        "Geometric mean of the CPU ratios, more rows (1 of 2): 2.000",
        "",
      ],
    );
  });

  it("names no target of the p99 if the pair has none", () => {
    const { p99Target: _, ...pair } = PAIR;
    assertEquals(summary(pair, [verdict("hello-sync", 2)]).includes("| p99 ratio |"), false);
    assertEquals(summary(pair, [verdict("hello-sync", 2)]).includes("(target 1.50)"), false);
  });
});

/** Rounds in which requests took so many microseconds of a processor. */
function samples(...times: number[]): Sample[] {
  return times.map((processorUs) => ({
    processorUs,
    requestsPerSecond: 1e6 / processorUs,
    p50Us: processorUs * 10,
    p99Us: processorUs * 100,
    use: 1,
  }));
}

describe("verdictsOf()", () => {
  const measured = (workload: Measured["workload"], ...sides: [Peer, Sample[]][]): Measured => ({
    workload,
    samples: new Map(sides),
  });

  it("compares both sides by round, in the rows of the pair that have both", () => {
    const all = [
      measured(HELLO, [MUDPIE, samples(10, 20, 40)], [DENO_SERVE, samples(10, 10, 10)]),
      measured(BROWSER, [DENO_SERVE, samples(10)]),
      measured(WORKLOADS[1], [MUDPIE, samples(10)], [DENO_SERVE, samples(10)]),
    ];
    assertEquals(verdictsOf(PAIR, all), [{
      workload: "hello-sync",
      base: { processorUs: 10, p50Us: 100, p99Us: 1_000 },
      own: { processorUs: 20, p50Us: 200, p99Us: 2_000 },
      processor: { median: 2, least: 1, most: 4 },
      throughput: { median: 0.5, least: 0.25, most: 1 },
      p99: { median: 2, least: 1, most: 4 },
    }]);
  });

  it("has nothing to compare if neither side was measured", () => {
    assertEquals(verdictsOf(PAIR, [measured(ORDERS)]), []);
  });
});
