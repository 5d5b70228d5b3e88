// How many workers may be spawned now, after deaths that leave a gap and after panics.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FIRST_GAP_DELAY_MS, FIRST_PANIC_DELAY_MS } from "../../src/supervisor/restart_policy.ts";
import { type Demand, SpawnPace } from "../../src/supervisor/spawn_pace.ts";

type Death = "gap" | "panic";

/** A pace without chance, after deaths at 0, 1, 2, ... of workers that were spawned just before. */
function paceAfter(...deaths: Death[]): SpawnPace {
  const pace = new SpawnPace(() => 0);
  pace.noteAccepting();
  deaths.forEach((death, at) =>
    death === "gap" ? pace.noteGap(at, 0, at) : pace.notePanic(at, 0, at)
  );
  return pace;
}

function countOf(pace: SpawnPace, demand: Partial<Demand>, now: number): number {
  return pace.allow({ missing: 4, serving: 0, starting: 0, ...demand }, now).count;
}

describe("SpawnPace.allowStandby()", () => {
  it("has a standby wait for the delays of gaps and of panics, without a report of its own", () => {
    assertEquals(paceAfter().allowStandby(0), { isAllowed: true, delaying: undefined });
    for (
      const [death, delayMs] of [["gap", FIRST_GAP_DELAY_MS], [
        "panic",
        FIRST_PANIC_DELAY_MS,
      ]] as const
    ) {
      const pace = paceAfter(death, death);
      assertEquals(pace.allowStandby(delayMs), { isAllowed: false, delaying: undefined });
      assertEquals(pace.allowStandby(1 + delayMs), { isAllowed: true, delaying: undefined });
    }
  });

  it("delays the next standby when standbys die young, and nothing else", () => {
    const pace = paceAfter();
    pace.noteStandbyDeath(0, 0, 0);
    assert(pace.allowStandby(0).isAllowed);
    pace.noteStandbyDeath(1, 0, 1);
    const { isAllowed, delaying } = pace.allowStandby(FIRST_GAP_DELAY_MS);
    assertEquals([isAllowed, delaying?.notBefore], [false, 1 + FIRST_GAP_DELAY_MS]);
    assertEquals([countOf(pace, {}, 1), pace.delayMs(1), pace.consecutiveFailures], [4, 0, 0]);
    pace.forget();
    assert(pace.allowStandby(1).isAllowed);
  });
});

describe("SpawnPace", () => {
  it("spawns all that are missing at once before anything has failed", () => {
    assertEquals(countOf(paceAfter(), {}, 0), 4);
    assertEquals(countOf(paceAfter(), { serving: 4 }, 0), 4);
  });

  it("tries one worker at a time after a start that failed, until one has come up", () => {
    const pace = new SpawnPace(() => 0);
    pace.noteGap(0, 0, 0);
    assertEquals([countOf(pace, {}, 0), countOf(pace, { starting: 1 }, 0)], [1, 0]);
    pace.noteAccepting();
    assertEquals(countOf(pace, {}, 0), 4);
  });

  it("replaces one worker at a time when panics recur, and fills gaps at once all the same", () => {
    const pace = paceAfter("panic", "panic");
    const now = 1 + FIRST_PANIC_DELAY_MS;
    assertEquals(countOf(pace, { serving: 4 }, now), 1);
    assertEquals(countOf(pace, { serving: 4, starting: 1 }, now), 0);
    assertEquals(countOf(pace, { serving: 2 }, now), 2);
  });

  it("delays replacements after panics, but no gap", () => {
    const pace = paceAfter("panic", "panic");
    assertEquals(pace.delayMs(1), FIRST_PANIC_DELAY_MS);
    const { count, delaying } = pace.allow({ missing: 3, serving: 1, starting: 0 }, 1);
    assertEquals([count, delaying?.notBefore], [2, 1 + FIRST_PANIC_DELAY_MS]);
  });

  it("delays gaps and replacements after deaths that left a gap", () => {
    const pace = paceAfter("gap", "gap");
    const { count, delaying } = pace.allow({ missing: 3, serving: 1, starting: 0 }, 1);
    assertEquals([count, delaying?.notBefore], [0, 1 + FIRST_GAP_DELAY_MS]);
    assertEquals(pace.allow({ missing: 3, serving: 1, starting: 0 }, 1 + FIRST_GAP_DELAY_MS), {
      count: 3,
      delaying: undefined,
    });
  });

  it("forgets what other code did", () => {
    const pace = paceAfter("gap", "gap", "panic", "panic");
    assertEquals(pace.consecutiveFailures, 4);
    pace.forget();
    assertEquals([pace.consecutiveFailures, pace.delayMs(3), countOf(pace, {}, 3)], [0, 0, 4]);
  });

  it("is hopeless when no worker ever came up in several rounds", () => {
    const pace = new SpawnPace(() => 0);
    for (const at of [0, 1_000, 2_000]) {
      assert(!pace.isHopeless);
      pace.noteGap(at, 0, at);
    }
    assert(pace.isHopeless);
  });
});
