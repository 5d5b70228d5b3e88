// What the last table says of Mudpie.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { summary, type Verdict } from "./comparison.ts";
import { WORKLOADS } from "./workloads.ts";

function verdict(index: number, ratio: number): Verdict {
  return {
    workload: WORKLOADS[index],
    base: 10,
    own: 10 * ratio,
    processor: { median: ratio, least: ratio - 0.1, most: ratio + 0.1 },
    throughput: { median: 1 / ratio, least: 1 / ratio, most: 1 / ratio },
  };
}

describe("summary()", () => {
  it("has a row for each workload, beside its target, and the mean of all", () => {
    assertEquals(
      summary([verdict(0, 2), verdict(2, 0.5)]).split("\n"),
      [
        "### Summary: Mudpie beside Deno.serve",
        "",
        "| workload      | Deno.serve us | Mudpie us | CPU ratio        | target | throughput ratio |",
        "| ------------- | ------------- | --------- | ---------------- | ------ | ---------------- |",
        "| hello-sync    | 10.0          | 20.0      | 2.00 (1.90-2.10) | 1.00   | 0.50 (0.50-0.50) |",
        "| browser-reads | 10.0          | 5.00      | 0.50 (0.40-0.60) | 0.80   | 2.00 (2.00-2.00) |",
        "",
        "Geometric mean of 2 CPU ratios: 1.000",
        "",
      ],
    );
  });
});
