import { assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FleetHistory } from "../../src/admin/fleet_history.ts";
import type { FleetEvent } from "../../src/telemetry/fleet_event.ts";
import { DURATION_BUCKETS } from "../../src/telemetry/metrics_memory.ts";
import { stats, worker } from "./fleet.ts";

const NONE: readonly number[] = new Array(DURATION_BUCKETS.length + 1).fill(0);

/** So many requests of less than half a millisecond, and so many of half a second to one. */
function buckets(fast: number, slow = 0): number[] {
  return NONE.map((_, i) => i === 0 ? fast : i === DURATION_BUCKETS.indexOf(1) ? slow : 0);
}

describe("FleetHistory", () => {
  it("makes rates of counters and of the time that has really passed", () => {
    const history = new FleetHistory();
    const first = history.take(
      { stats: stats([worker(1, { requests: 40 })]), buckets: NONE, queueBuckets: NONE },
      0,
      7,
    );
    assertEquals(first.requestsPerSecond, 0);
    const now = stats([worker(1, { requests: 140 }), worker(2)]);
    const taken = history.take({ stats: now, buckets: NONE, queueBuckets: NONE }, 2_000, 2_007);
    assertEquals([taken.at, taken.requestsPerSecond], [2_007, 50]);
    const workers = [worker(1, { requests: 141 }), worker(3)];
    assertEquals(history.now(stats(workers)).workers, [
      { ...workers[0], requestsPerSecond: 50 },
      { ...workers[1], requestsPerSecond: 0 },
    ]);
  });

  it("makes latencies of the requests since the last sample alone", () => {
    const history = new FleetHistory();
    const take = (now: number, counts: number[]) =>
      history.take({ stats: stats([worker(1)]), buckets: counts, queueBuckets: NONE }, now, now);
    take(0, buckets(1_000_000));
    const { p50Ms, p99Ms } = take(1_000, buckets(1_000_096, 4));
    assertAlmostEquals(p50Ms ?? NaN, 0.5 * 50 / 96);
    assertAlmostEquals(p99Ms ?? NaN, 875);
    const idle = take(2_000, buckets(1_000_096, 4));
    assertEquals([idle.p50Ms, idle.p99Ms], [null, null]);
  });

  it("FleetHistory.take() returns the p99 of the queue times since the last sample", () => {
    const history = new FleetHistory();
    const take = (now: number, queueBuckets: readonly number[]) =>
      history.take({ stats: stats([worker(1)]), buckets: NONE, queueBuckets }, now, now).queueP99Ms;
    assertEquals(take(0, buckets(100)), null);
    assertEquals(take(1_000, buckets(100)), null);
    assertAlmostEquals(take(2_000, buckets(196, 4)) ?? NaN, 875);
  });

  it("counts on when a worker is gone and another is there", () => {
    const history = new FleetHistory();
    history.take(
      { stats: stats([worker(1, { requests: 100 })]), buckets: NONE, queueBuckets: NONE },
      0,
      0,
    );
    const now = stats([worker(2, { requests: 5 })], 110);
    const { requestsPerSecond } = history.take(
      { stats: now, buckets: NONE, queueBuckets: NONE },
      1_000,
      1_000,
    );
    assertEquals(requestsPerSecond, 15);
    assertEquals(history.now(now).workers.map((one) => [one.worker, one.requestsPerSecond]), [
      [2, 5],
    ]);
  });

  it("keeps the samples of five minutes", () => {
    const history = new FleetHistory();
    for (let second = 0; second < 400; second++) {
      history.take(
        { stats: stats([worker(1)]), buckets: NONE, queueBuckets: NONE },
        second * 1_000,
        second * 1_000,
      );
    }
    assertEquals(history.samples.length, 300);
    assertEquals(history.samples[0].at, 100_000);
  });

  it("has its samples in order when the wall clock is set back", () => {
    const history = new FleetHistory();
    for (const [now, at] of [[0, 9_000_000], [1_000, 5_000], [2_000, 6_000]]) {
      history.take({ stats: stats([worker(1)]), buckets: NONE, queueBuckets: NONE }, now, at);
    }
    assertEquals(history.samples.map(({ at }) => at), [9_000_000, 9_001_000, 9_002_000]);
  });

  const events: { event: FleetEvent; weight: string; text: string }[] = [
    {
      event: { kind: "panicked", worker: 3, error: "Error: no\n    at handler (file:///a.ts)" },
      weight: "bad",
      text: "worker 3: panicked: Error: no",
    },
    {
      event: { kind: "panicked", worker: 3, error: `Error: ${"a".repeat(5_000)}` },
      weight: "bad",
      text: `worker 3: panicked: Error: ${"a".repeat(293)}`,
    },
    {
      event: { kind: "panicked", worker: 3, error: "\u202eError: \u001b[2Jno" },
      weight: "bad",
      text: "worker 3: panicked: \\u202eError: \\u001b[2Jno",
    },
    {
      event: { kind: "accepting", worker: 4, startMs: 20.4 },
      weight: "good",
      text: "worker 4: accepting after 20 ms",
    },
    {
      event: { kind: "ended", worker: 3, cause: "panic", detail: "" },
      weight: "bad",
      text: "worker 3: ended (panic)",
    },
    {
      event: { kind: "ended", worker: 3, cause: "reload", detail: "" },
      weight: "plain",
      text: "worker 3: ended (reload)",
    },
    {
      event: { kind: "ended", worker: 3, cause: "panic", detail: "a".repeat(1_000_000) },
      weight: "bad",
      text: `worker 3: ended (panic): ${"a".repeat(2_000 - "worker 3: ended (panic): ".length)}`,
    },
  ];
  for (const { event, weight, text } of events) {
    it(`tells of ${JSON.stringify(event).slice(0, 60)} in a line`, () => {
      assertEquals(new FleetHistory().note(event, 5), { at: 5, weight, text } as never);
    });
  }

  it("keeps the latest 50 events", () => {
    const history = new FleetHistory();
    for (let at = 0; at < 60; at++) history.note({ kind: "reloading" }, at);
    assertEquals([history.events.length, history.events[0].at], [50, 10]);
  });
});
