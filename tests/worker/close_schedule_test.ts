import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { CLOSE_STEP_MS, CloseSchedule } from "../../src/worker/close_schedule.ts";
import { runs } from "../support/runs.ts";

interface Case {
  readonly what: string;
  readonly count: number;
  readonly withinMs: number;
  /** How many are closed by when. */
  readonly due: readonly (readonly [elapsedMs: number, count: number])[];
}

const cases: readonly Case[] = [
  { what: "nothing without WebSockets", count: 0, withinMs: 15_000, due: [[0, 0], [15_000, 0]] },
  { what: "three at once", count: 3, withinMs: 15_000, due: [[0, 3]] },
  { what: "ten at once", count: 10, withinMs: 15_000, due: [[0, 10]] },
  {
    what: "a thousand over a second",
    count: 1_000,
    withinMs: 15_000,
    due: [[0, 10], [10, 20], [500, 510], [989, 999], [990, 1_000], [15_000, 1_000]],
  },
  {
    what: "more than a thousand a second if the time is short",
    count: 10_000,
    withinMs: 2_010,
    due: [[0, 50], [1_000, 5_050], [1_990, 10_000]],
  },
  { what: "all at once if there is no time", count: 500, withinMs: 0, due: [[0, 500]] },
  { what: "all at once if the time has passed", count: 500, withinMs: -200, due: [[0, 500]] },
  { what: "all at once if the time is one step", count: 500, withinMs: 10, due: [[0, 500]] },
];

describe("CloseSchedule.dueAfter()", () => {
  for (const { what, count, withinMs, due } of cases) {
    it(`CloseSchedule.dueAfter() closes ${what}`, () => {
      const schedule = new CloseSchedule(count, withinMs);
      for (const [elapsedMs, closed] of due) {
        assertEquals(schedule.dueAfter(elapsedMs), closed, `after ${elapsedMs} ms`);
      }
    });
  }

  it("CloseSchedule.dueAfter() closes a thousand a second or more, evenly, all in time", () => {
    const counts = fc.integer({ min: 1, max: 50_000 });
    const times = fc.integer({ min: CLOSE_STEP_MS + 1, max: 60_000 });
    fc.assert(
      fc.property(counts, times, (count, withinMs) => {
        const schedule = new CloseSchedule(count, withinMs);
        const last = Math.floor(withinMs / CLOSE_STEP_MS) * CLOSE_STEP_MS;
        assertEquals(schedule.dueAfter(last), count, "not all in time");
        const most = schedule.dueAfter(0) + 1;
        let before = 0;
        for (let elapsed = 0; elapsed <= last && before < count; elapsed += CLOSE_STEP_MS) {
          const due = schedule.dueAfter(elapsed);
          assertGreaterOrEqual(due, Math.min(count, elapsed), "slower than a thousand a second");
          assertLessOrEqual(due - before, most, "a burst");
          before = due;
        }
      }),
      { numRuns: runs(500) },
    );
  });
});
