// The memory of one worker's request metrics.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  createMetricsMemory,
  DURATION_BUCKETS,
  OTHER,
  REFUSED,
  UNMATCHED,
  viewMetrics,
} from "../../src/telemetry/metrics_memory.ts";

describe("viewMetrics()", () => {
  it("shows the same memory in each view, at first without a row", () => {
    const memory = createMetricsMemory();
    const [first, second] = [viewMetrics(memory), viewMetrics(memory)];
    assertEquals(Atomics.load(first.nameRanges, 0), 0);
    first.numbers[3] = 7;
    first.names[3] = 8;
    first.nameRanges[3] = 9;
    assertEquals([second.numbers[3], second.names[3], second.nameRanges[3]], [7, 8, 9]);
  });

  it("has parts that do not overlap, and fill the memory", () => {
    const memory = createMetricsMemory();
    const { nameRanges, numbers, names } = viewMetrics(memory);
    assertEquals(numbers.byteOffset, nameRanges.byteLength);
    assertEquals(names.byteOffset, numbers.byteOffset + numbers.byteLength);
    assertEquals(memory.byteLength, names.byteOffset + names.byteLength);
  });
});

describe("DURATION_BUCKETS", () => {
  it("has bounds that grow", () => {
    assertEquals([...DURATION_BUCKETS].sort((a, b) => a - b), DURATION_BUCKETS);
    assertEquals(new Set(DURATION_BUCKETS).size, DURATION_BUCKETS.length);
  });
});

describe("UNMATCHED, REFUSED and OTHER", () => {
  it("look like no pattern, since those begin with a slash", () => {
    for (const name of [UNMATCHED, REFUSED, OTHER]) assertEquals(name.startsWith("/"), false);
  });
});
