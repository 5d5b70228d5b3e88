// When requests begin and end: no request is charged with the time of another.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RequestClock } from "../../src/connection/request_clock.ts";

/** Keeps the thread busy until the clock has moved. */
function work(): void {
  const begun = performance.now();
  while (performance.now() - begun < 1);
}

describe("RequestClock", () => {
  it("begin() returns the end of the request before, in one turn", () => {
    const clock = new RequestClock();
    const first = clock.begin();
    work();
    const finished = clock.end();
    assert(finished - first >= 1);
    work();
    assertEquals(clock.begin(), finished);
    assert(clock.begin() - finished >= 1);
  });

  it("begin() looks anew after a request that has not ended", () => {
    const clock = new RequestClock();
    const first = clock.begin();
    work();
    assert(clock.begin() - first >= 1);
  });

  it("begin() looks anew in each turn, however often", async () => {
    const clock = new RequestClock();
    let last = clock.begin();
    for (let turn = 0; turn < 3; turn++) {
      const finished = clock.end();
      assertEquals(clock.begin(), finished);
      await undefined;
      work();
      const taken = clock.begin();
      assert(taken - finished >= 1 && taken > last);
      last = taken;
    }
  });
});
