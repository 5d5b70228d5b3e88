// The heartbeat, as the supervisor sees it on the scoreboard.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { Heartbeat } from "../../src/worker/heartbeat.ts";

describe("Heartbeat", () => {
  it("beats at its first tick, and then once in its interval", () => {
    const scoreboard = new Scoreboard();
    const heartbeat = new Heartbeat(scoreboard, 1_000, 50);
    const beats = [50, 300, 1_049, 1_050, 1_500, 2_050, 9_000].map((now) => {
      heartbeat.tick(now, 0);
      return scoreboard.read().heartbeats;
    });
    assertEquals(beats, [1, 1, 1, 2, 2, 3, 4]);
  });

  it("tells the heap with each beat, and how late ticks come with each tick", () => {
    const scoreboard = new Scoreboard();
    const heartbeat = new Heartbeat(scoreboard, 1_000, 0);
    assertEquals(scoreboard.read().heapBytes, 0);
    heartbeat.tick(0, 3);
    assertGreater(scoreboard.read().heapBytes, 100_000);
    assertEquals(scoreboard.read().eventLoopLagMs, 3);
    heartbeat.tick(100, 7.5);
    assertEquals(scoreboard.read().eventLoopLagMs, 7.5);
  });

  it("is seen by whoever looks at the same memory", () => {
    const scoreboard = new Scoreboard();
    const supervisors = new Scoreboard(scoreboard.memory);
    new Heartbeat(scoreboard, 1_000, 0).tick(0, 0);
    assertEquals(supervisors.read().heartbeats, 1);
  });
});
