import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canReadSources } from "../support/permissions.ts";

describe("claimWorkerNumber()", () => {
  it("counts from 1, and gives no number twice", { ignore: !canReadSources }, async () => {
    // A copy of the module, from which no other test of this thread has claimed a number.
    const url = import.meta.resolve("../../src/supervisor/worker_numbers.ts?copy");
    const { claimWorkerNumber }: typeof import("../../src/supervisor/worker_numbers.ts") =
      await import(url);
    assertEquals([claimWorkerNumber(), claimWorkerNumber(), claimWorkerNumber()], [1, 2, 3]);
  });
});
