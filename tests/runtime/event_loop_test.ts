// Turns of the event loop, short ones and long ones.

import { assert, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { shortTurns } from "../../src/runtime/event_loop.ts";
import { within } from "../support/deadline.ts";

/** Keeps the thread busy. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe("shortTurns()", () => {
  it("lets what waits for the event loop happen first", async () => {
    let hasHappened = false;
    const turns = shortTurns();
    // Due in a turn of its own, behind the long one that begins now.
    setTimeout(() => hasHappened = true);
    work(20);
    await turns;
    assert(hasHappened);
  });

  it("waits for as long as one long turn follows on another", async () => {
    let longTurns = 0;
    const timer = setInterval(() => {
      work(8);
      if (++longTurns === 5) clearInterval(timer);
    });
    await shortTurns();
    clearInterval(timer);
    // Five on a machine that has nothing else to do; the waiting has an end.
    assertGreater(longTurns, 1);
  });

  it("does not wait for ever", async () => {
    const timer = setInterval(() => work(8));
    await within(shortTurns(), "the end of the waiting");
    clearInterval(timer);
  });
});
