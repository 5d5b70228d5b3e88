// Turns of the event loop, short ones and long ones.

import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { settlesWithin, shortTurns } from "../../src/runtime/event_loop.ts";
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

describe("settlesWithin()", () => {
  it("is true for a settled promise, after one turn", async () => {
    assertEquals(await settlesWithin(Promise.resolve(), 1), true);
  });

  it("is true for a rejected promise, and leaves no rejection unhandled", async () => {
    assertEquals(await settlesWithin(Promise.reject(new Error("a")), 1), true);
  });

  it("is true for an async function that waits for nothing, given enough turns", async () => {
    const inner = async () => await undefined;
    const outer = async () => await inner();
    assertEquals(await settlesWithin(outer(), 1), false);
    assertEquals(await settlesWithin(outer(), 5), true);
  });

  it("is false for a promise that a timer settles", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve);
    assertEquals(await settlesWithin(promise, 100), false);
    clearTimeout(timer);
  });
});
