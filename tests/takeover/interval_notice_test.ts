import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { watchForIntervals } from "../../src/takeover/interval_notice.ts";

describe("watchForIntervals()", () => {
  it("calls onCall once for several timers, which run as usual, and none after its end", async () => {
    const own = globalThis.setInterval;
    let calls = 0;
    const end = watchForIntervals(() => calls++);
    const ticked = Promise.withResolvers<string>();
    const timers = [setInterval(ticked.resolve, 1, "its argument"), setInterval(() => {}, 60_000)];
    assertEquals(await ticked.promise, "its argument");
    end();
    assertEquals(globalThis.setInterval, own);
    timers.push(setInterval(() => {}, 60_000));
    for (const timer of timers) clearInterval(timer);
    assertEquals(calls, 1);
  });

  it("leaves a function that the program has put in its place", () => {
    const own = globalThis.setInterval;
    const end = watchForIntervals(() => {});
    const other = (() => 0) as unknown as typeof setInterval;
    globalThis.setInterval = other;
    end();
    assertEquals(globalThis.setInterval, other);
    globalThis.setInterval = own;
  });
});
