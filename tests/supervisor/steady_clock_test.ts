// The fleet's clock, and a process that is stopped and continued.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SteadyClock } from "../../src/supervisor/steady_clock.ts";

describe("SteadyClock", () => {
  it("goes on with the other clock", () => {
    const clock = new SteadyClock(500);
    assertEquals([500, 600, 600, 1_600].map((now) => clock.at(now)), [500, 600, 600, 1_600]);
  });

  it("stands still in a pause that is longer than the main thread ever makes", () => {
    const clock = new SteadyClock(0);
    assertEquals(clock.at(100), 100);
    assertEquals(clock.at(60_100), 100);
    assertEquals(clock.at(60_200), 200);
    assertEquals(clock.at(3_660_200), 200);
    assertEquals(clock.at(3_660_300), 300);
  });
});
