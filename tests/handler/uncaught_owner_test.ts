// Which owner an uncaught error concerns.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { offerUncaught, runOwned } from "../../src/handler/uncaught_owner.ts";

describe("offerUncaught()", () => {
  it("offers an error to the owner in whose context the code was started, also after an await", async () => {
    const taken: unknown[] = [];
    const owner = { takeUncaught: (error: unknown) => taken.push(error) > 0 };
    await runOwned(owner, async () => {
      await Promise.resolve();
      assertEquals(offerUncaught("its own"), true);
    });
    assertEquals([offerUncaught("of nothing"), taken], [false, ["its own"]]);
  });

  it("returns false if the owner does not take the error", () => {
    assertEquals(runOwned({ takeUncaught: () => false }, () => offerUncaught("late")), false);
  });
});
