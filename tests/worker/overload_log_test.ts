// The log lines about requests that a worker sheds.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { OverloadLog } from "../../src/worker/overload_log.ts";

function openLog() {
  const lines: string[] = [];
  const limits = { maxRequestsInFlight: 20, maxEventLoopLag: 100 };
  return { lines, log: new OverloadLog((line) => lines.push(line), limits) };
}

describe("OverloadLog", () => {
  it("names the option and its value, for each reason", () => {
    const { lines, log } = openLog();
    log.note("max_requests_in_flight", 0);
    log.note("max_event_loop_lag", 0);
    assertEquals(lines, [
      "sheds requests with 503: maxRequestsInFlight (20) are in flight",
      "sheds requests with 503: its event loop is later than maxEventLoopLag (100 ms)",
    ]);
  });

  it("logs at most one line in ten seconds for each reason, with the count since the last", () => {
    const { lines, log } = openLog();
    for (const now of [0, 1, 9_999, 10_000, 19_999, 20_000]) log.note("max_event_loop_lag", now);
    assertEquals(lines.slice(1), [
      "has shed 3 more requests with 503: its event loop is later than maxEventLoopLag (100 ms)",
      "has shed 2 more requests with 503: its event loop is later than maxEventLoopLag (100 ms)",
    ]);
  });
});
