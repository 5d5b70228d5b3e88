import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { UpgradeDrain } from "../../src/handler/upgrade.ts";
import { CLOSE_STEP_MS } from "../../src/worker/close_schedule.ts";
import { drainUpgrades } from "../../src/worker/upgrade_drain.ts";
import { within } from "../support/deadline.ts";

/** Connections that note why they were asked to end; `ended` resolves when all were. */
function connect(count: number) {
  const asked: UpgradeDrain[] = [];
  const ended = Promise.withResolvers<void>();
  const connection = {
    drainUpgrade(why: UpgradeDrain) {
      asked.push(why);
      if (asked.length === count) ended.resolve();
    },
  };
  return { connections: Array.from({ length: count }, () => connection), asked, ended };
}

describe("drainUpgrades()", () => {
  it("drainUpgrades() asks three connections to end at once", () => {
    const { connections, asked } = connect(3);
    drainUpgrades(connections, "shutdown", 15_000);
    assertEquals(asked, ["shutdown", "shutdown", "shutdown"]);
  });

  it("drainUpgrades() asks each of many connections to end, once, and not all at once", async () => {
    const { connections, asked, ended } = connect(1_000);
    drainUpgrades(connections, "replacement", 15_000);
    assertLess(asked.length, 1_000);
    await within(ended.promise, "the last connection");
    assertEquals(asked, Array.from({ length: 1_000 }, () => "replacement"));
  });

  it("drainUpgrades() asks no more connections to end when it is stopped", async () => {
    const { connections, asked } = connect(1_000);
    const stop = drainUpgrades(connections, "shutdown", 15_000);
    stop();
    const before = asked.length;
    // Other timers of the same time run after those that were set before them.
    await new Promise((resolve) => setTimeout(resolve, CLOSE_STEP_MS));
    assertEquals([asked.length === before, before < 1_000], [true, true]);
  });
});
