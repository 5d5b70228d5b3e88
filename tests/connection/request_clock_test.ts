// How often the clock is looked at, and that no request is charged with the time of another.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RequestClock } from "../../src/connection/request_clock.ts";

/** Keeps the thread busy until the clock has moved. */
function work(): void {
  const begun = performance.now();
  while (performance.now() - begun < 1);
}

describe("RequestClock", () => {
  it("takes the requests of one turn up when the one before was finished", () => {
    const clock = new RequestClock();
    const first = clock.takeUp();
    work();
    const finished = clock.finish();
    assert(finished - first >= 1);
    work();
    assertEquals(clock.takeUp(), finished);
  });

  it("looks anew behind a request that takes its time", () => {
    const clock = new RequestClock();
    const first = clock.takeUp();
    clock.forget();
    work();
    assert(clock.takeUp() - first >= 1);
  });

  it("looks anew in each turn, however often", async () => {
    const clock = new RequestClock();
    let last = clock.takeUp();
    for (let turn = 0; turn < 3; turn++) {
      const finished = clock.finish();
      assertEquals(clock.takeUp(), finished);
      await undefined;
      work();
      const taken = clock.takeUp();
      assert(taken - finished >= 1 && taken > last);
      last = taken;
    }
  });
});
