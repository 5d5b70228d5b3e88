// What is made of the numbers of the rounds.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { geometricMean, median, orderOfRound, quantile, ratioByRound } from "./statistics.ts";

describe("median()", () => {
  it("is the middle value, whatever the order", () => {
    assertEquals(median([9, 1, 5]), 5);
  });

  it("lies between the two middle values of an even number", () => {
    assertEquals(median([10, 1, 2, 4]), 3);
  });

  it("compares numbers, and not their texts", () => {
    assertEquals(median([10, 9, 100]), 10);
  });

  it("is not moved by one value that is far off", () => {
    assertEquals(median([5, 5, 1e9]), 5);
  });

  it("refuses no values", () => {
    assertThrows(() => median([]), RangeError);
  });
});

describe("quantile()", () => {
  it("is the value below which that share lies", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assertEquals([0, 0.5, 0.99, 1].map((share) => quantile(values, share)), [1, 51, 100, 100]);
  });

  it("refuses no values", () => {
    assertThrows(() => quantile([], 0.5), RangeError);
  });
});

describe("ratioByRound()", () => {
  it("compares the values of the same round", () => {
    assertEquals(ratioByRound([1, 20, 30], [2, 10, 10]), { median: 2, least: 0.5, most: 3 });
  });

  it("is steady where a busy machine slows whole rounds", () => {
    assertEquals(ratioByRound([1, 10, 100], [2, 20, 200]), { median: 0.5, least: 0.5, most: 0.5 });
  });

  it("refuses values of different rounds", () => {
    assertThrows(() => ratioByRound([1], [1, 2]), RangeError);
  });
});

describe("geometricMean()", () => {
  it("twice as good and twice as bad come to 1", () => {
    assertAlmostEquals(geometricMean([2, 0.5]), 1);
  });

  it("is the ratio itself where all are equal", () => {
    assertAlmostEquals(geometricMean([0.62, 0.62, 0.62]), 0.62);
  });

  it("refuses no values", () => {
    assertThrows(() => geometricMean([]), RangeError);
  });
});

describe("orderOfRound()", () => {
  const contestants = ["a", "b", "c", "d", "e"];

  it("everybody runs once in each round", () => {
    for (let round = 0; round < 10; round++) {
      assertEquals(orderOfRound(contestants, round).toSorted(), contestants);
    }
  });

  it("nobody runs behind the same one in all rounds", () => {
    const before = new Map(contestants.map((each) => [each, new Set<string | undefined>()]));
    for (let round = 0; round < 4; round++) {
      const order = orderOfRound(contestants, round);
      order.forEach((each, index) => before.get(each)?.add(order[index - 1]));
    }
    for (const [each, others] of before) assertEquals(others.size > 1, true, each);
  });

  it("another one begins in each of the first rounds", () => {
    const first = [0, 1, 2, 3].map((round) => orderOfRound(contestants, round)[0]);
    assertEquals(new Set(first).size, 4);
  });
});
