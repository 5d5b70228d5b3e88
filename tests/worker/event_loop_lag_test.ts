// The lag of a worker's event loop, with a clock that is a number.

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EventLoopLag } from "../../src/worker/event_loop_lag.ts";

/** Makes the lag of a loop whose timer ticks every 10 ms, and has just ticked in time. */
function punctual(): EventLoopLag {
  const lag = new EventLoopLag(80);
  lag.tick(0);
  return lag;
}

describe("EventLoopLag", () => {
  it("at() returns 0 before the first tick and until the next one is due", () => {
    assertEquals(new EventLoopLag(80).at(1_000), 0);
    assertEquals([0, 5, 10].map((now) => punctual().at(now)), [0, 0, 0]);
  });

  it("at() grows while the tick that is due does not come", () => {
    const lag = punctual();
    assertEquals([11, 60, 510].map((now) => lag.at(now)), [1, 50, 500]);
  });

  it("at() includes the lateness of the last tick, until one is punctual", () => {
    const lag = punctual();
    lag.tick(70);
    assertEquals([70, 80, 95].map((now) => lag.at(now)), [60, 60, 75]);
    lag.tick(80);
    assertEquals(lag.at(80), 0);
  });

  it("takeWorst() returns how late the latest tick was since the last call", () => {
    const lag = punctual();
    for (const now of [10, 90, 100]) lag.tick(now);
    assertEquals([lag.takeWorst(), lag.takeWorst()], [70, 0]);
  });

  it("ticks often enough for its limit, and at least every 100 ms", () => {
    const due = (limitMs: number) => {
      const lag = new EventLoopLag(limitMs);
      lag.tick(0);
      return 1_000 - lag.at(1_000);
    };
    assertEquals([1, 400, 60_000].map(due), [5, 50, 100]);
  });

  it("notices that the event loop is blocked, and that it is no more", async () => {
    const lag = new EventLoopLag(40);
    lag.start();
    try {
      const until = performance.now() + 100;
      while (performance.now() < until);
      assertGreater(lag.at(performance.now()), 50);
      const deadline = performance.now() + 10_000;
      while (lag.at(performance.now()) > 40) {
        assertLess(performance.now(), deadline);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assertGreater(lag.takeWorst(), 50);
    } finally {
      lag.stop();
    }
    assertEquals(lag.at(performance.now() + 1_000), 0);
  });
});
