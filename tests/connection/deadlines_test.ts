// Time limits on a coarse clock, which is a number here.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Deadlines, tickFor, type TimeLimited } from "../../src/connection/deadlines.ts";

/** Counts the calls of its deadline. */
class Limited implements TimeLimited {
  deadline: number;
  calls = 0;

  constructor(deadline: number) {
    this.deadline = deadline;
  }

  onDeadline(): void {
    this.calls++;
  }
}

describe("tickFor()", () => {
  const cases = [
    { what: "an eighth of the shortest limit", limits: [10_000, 800, 75_000], tickMs: 100 },
    { what: "a second at the most", limits: [30_000, 75_000], tickMs: 1_000 },
    { what: "5 ms at the least", limits: [1, 10_000], tickMs: 5 },
    { what: "a second where there are no limits", limits: [0, 0], tickMs: 1_000 },
    { what: "an eighth of the shortest limit that is on", limits: [0, 400], tickMs: 50 },
  ];
  for (const { what, limits, tickMs } of cases) {
    it(`is ${what}`, () => assertEquals(tickFor(limits), tickMs));
  }
});

describe("Deadlines", () => {
  it("calls nobody before the time is over, and everybody from then on", () => {
    const deadlines = new Deadlines(100, 0);
    const short = new Limited(deadlines.after(200));
    const long = new Limited(deadlines.after(500));
    const members = [short, long];
    for (let now = 100; now < 300; now += 100) deadlines.tick(now, members);
    assertEquals([short.calls, long.calls], [0, 0]);
    deadlines.tick(300, members);
    assertEquals([short.calls, long.calls], [1, 0]);
    deadlines.tick(400, members);
    assertEquals([short.calls, long.calls], [2, 0]);
    deadlines.tick(600, members);
    assertEquals([short.calls, long.calls], [3, 1]);
  });

  it("takes a limit of 0 for none", () => {
    const deadlines = new Deadlines(100, 0);
    const unlimited = new Limited(deadlines.after(0));
    deadlines.tick(1e12, [unlimited]);
    assertEquals([unlimited.deadline, unlimited.calls], [Infinity, 0]);
  });

  it("leaves in peace who has moved the deadline", () => {
    const deadlines = new Deadlines(100, 0);
    const moved = new Limited(deadlines.after(100));
    deadlines.tick(100, [moved]);
    moved.deadline = deadlines.after(100);
    deadlines.tick(200, [moved]);
    assertEquals(moved.calls, 0);
    deadlines.tick(300, [moved]);
    assertEquals(moved.calls, 1);
  });

  it("leaves in peace whose limit another one has lifted whom it has called", () => {
    const deadlines = new Deadlines(100, 0);
    const lifted = new Limited(100);
    const lifting: TimeLimited = {
      deadline: 100,
      onDeadline() {
        lifted.deadline = Infinity;
      },
    };
    deadlines.tick(100, [lifting, lifted]);
    assertEquals(lifted.calls, 0);
  });

  it("lets no limit pass before its time, whenever between two ticks it begins", () => {
    const arbitraryCase = fc.record({
      tickMs: fc.integer({ min: 5, max: 1_000 }),
      limitMs: fc.integer({ min: 1, max: 10_000 }),
      beginShare: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(fc.property(arbitraryCase, ({ tickMs, limitMs, beginShare }) => {
      const deadlines = new Deadlines(tickMs, 0);
      deadlines.tick(tickMs, []);
      const beginsAt = tickMs + tickMs * beginShare;
      const limited = new Limited(deadlines.after(limitMs));
      let now = tickMs;
      while (limited.calls === 0) deadlines.tick(now += tickMs, [limited]);
      assert(now >= beginsAt + limitMs, `${now - beginsAt} ms is too early`);
      assert(now <= beginsAt + limitMs + 3 * tickMs, `${now - beginsAt} ms is too late`);
    }));
  });

  it("lets no limit pass before its time when a tick comes late, because a handler has blocked the thread", () => {
    const deadlines = new Deadlines(100, 0);
    // It begins at 4,900, when the thread has been blocked since the tick at 0.
    const limited = new Limited(deadlines.after(1_000));
    deadlines.tick(5_000, [limited]);
    assertEquals(limited.calls, 0);
    for (let now = 5_100; now <= 7_000; now += 100) deadlines.tick(now, [limited]);
    assert(limited.calls > 0);
  });
});
