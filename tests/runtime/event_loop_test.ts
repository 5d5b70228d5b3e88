// Turns of the event loop, short ones and long ones.

import { setImmediate } from "node:timers";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  nextLook,
  nextTurn,
  settlesWithin,
  shortTurns,
  TurnQueue,
} from "../../src/runtime/event_loop.ts";
import { work } from "../support/busy_thread.ts";
import { socketPair } from "../support/connections/socket_pair.ts";
import { within } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";

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

describe("nextTurn()", () => {
  it("resolves for all callers in one later turn", async () => {
    const steps: string[] = [];
    const callers = ["a", "b"].map((name) => nextTurn().then(() => steps.push(name)));
    await settlesWithin(Promise.all(callers), 10);
    assertEquals(steps, []);
    await within(Promise.all(callers), "a turn");
    assertEquals(steps, ["a", "b"]);
  });

  for (const workers of [1, 3]) {
    it(
      `lets a thread look at its sockets soon when ${workers} work for long in each turn`,
      { ignore: !canUseNetwork },
      async () => {
        using pair = await socketPair();
        for (let round = 0; round < 5; round++) {
          let hasCome = false;
          const read = pair.served.read(new Uint8Array(1)).then(() => hasCome = true);
          await pair.client.write(Uint8Array.of(1));
          let turns = 0;
          const takeTurns = async () => {
            while (!hasCome) {
              work(2);
              turns++;
              await nextTurn();
            }
          };
          await Promise.all([read, ...Array.from({ length: workers }, takeTurns)]);
          // The runtime itself looks once in 61 turns.
          assertLessOrEqual(turns, 30);
        }
      },
    );
  }
});

describe("TurnQueue", () => {
  const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("next() lets one caller go on in each turn of the event loop, in their order", async () => {
    const queue = new TurnQueue();
    const steps: string[] = [];
    const takeTurns = async (name: string) => {
      for (let turn = 1; turn <= 3; turn++) {
        await queue.next();
        steps.push(`${name}${turn}`);
      }
    };
    const all = Promise.all(["a", "b", "c"].map(takeTurns));
    const counts: number[] = [];
    while (steps.length < 9) {
      await nextTurn();
      counts.push(steps.length);
    }
    await within(all, "callers that have had their turns");
    assertEquals(steps, ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]);
    for (let i = 1; i < counts.length; i++) assert(counts[i] - counts[i - 1] <= 1, `${counts}`);
  });

  it("begin() returns at once if none works, and else waits for those that came before", async () => {
    const queue = new TurnQueue();
    assertEquals(queue.begin(), undefined);
    const second = queue.next();
    const third = queue.begin();
    assert(third !== undefined);
    let hasThirdBegun = false;
    third.then(() => hasThirdBegun = true);
    await within(second, "a turn for the second");
    assertEquals(hasThirdBegun, false);
    await within(third, "a turn for the third");
  });

  it("isOver is true after some milliseconds of work", () => {
    const queue = new TurnQueue();
    queue.begin();
    work(5);
    assert(queue.isOver);
  });

  it(
    "next() lets the thread look at its sockets in each turn",
    { ignore: !canUseNetwork },
    async () => {
      using pair = await socketPair();
      const { client, served } = pair;
      const queue = new TurnQueue();
      for (let round = 0; round < 10; round++) {
        let hasCome = false;
        const read = served.read(new Uint8Array(1)).then(() => hasCome = true);
        await client.write(Uint8Array.of(1));
        let turns = 0;
        for (; !hasCome; turns++) {
          work(1);
          await queue.next();
        }
        // With immediates, it would be up to 61.
        assertLessOrEqual(turns, 16);
        await read;
      }
    },
  );

  it("next() resolves again for a caller that comes after all others are done", async () => {
    const queue = new TurnQueue();
    for (let turn = 0; turn < 3; turn++) await within(queue.next(), "a turn");
  });
});

describe("nextLook()", { ignore: !canUseNetwork }, () => {
  it("resolves after a read of what was there before the call, on a thread that always has work", async () => {
    using pair = await socketPair();
    const { client, served } = pair;
    let isBusy = true;
    const beBusy = () => void (isBusy && setImmediate(beBusy));
    beBusy();
    for (let round = 0; round < 20; round++) {
      await client.write(new Uint8Array(1));
      let hasRead = false;
      served.read(new Uint8Array(1)).then(() => hasRead = true);
      await nextLook();
      assert(hasRead, `the look of round ${round} came too early`);
    }
    isBusy = false;
  });
});
