import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { claimWorkerNumber } from "../../src/supervisor/worker_numbers.ts";

describe("claimWorkerNumber()", () => {
  it("counts from 1, and gives no number twice", () => {
    assertEquals([claimWorkerNumber(), claimWorkerNumber(), claimWorkerNumber()], [1, 2, 3]);
  });
});
