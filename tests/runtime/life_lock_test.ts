// The lock that a worker holds for life.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { locks, onLifeLockFree } from "../../src/runtime/life_lock.ts";
import { within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";
import { startWebWorker } from "../support/workers/web_worker.ts";

/** Starts a worker, and resolves once it holds the lock. */
async function startHolder(lock: string): Promise<Worker> {
  const worker = startWebWorker("holds_life_lock.ts", lock);
  const held = Promise.withResolvers<void>();
  worker.onmessage = () => held.resolve();
  await within(held.promise, "the lock to be held");
  return worker;
}

describe("onLifeLockFree()", { ignore: !canReadTests }, () => {
  const ends: [what: string, end: (worker: Worker) => void][] = [
    ["closes itself", (worker) => worker.postMessage("close")],
    ["is terminated", (worker) => worker.terminate()],
  ];
  for (const [what, end] of ends) {
    it(`calls back when the holder ${what}, and not before`, async () => {
      const lock = `test-${crypto.randomUUID()}`;
      const worker = await startHolder(lock);
      const free = Promise.withResolvers<void>();
      let hasEnded = false;
      let wasFreeEarly = false;
      onLifeLockFree(lock, new AbortController().signal, () => {
        wasFreeEarly = !hasEnded;
        free.resolve();
      });
      // A lock that is free is granted before this one is: requests are served in order.
      const other = Promise.withResolvers<void>();
      onLifeLockFree(`${lock}-other`, new AbortController().signal, other.resolve);
      await within(other.promise, "a lock that is free");
      hasEnded = true;
      end(worker);
      await within(free.promise, "the lock to be free");
      assertEquals(wasFreeEarly, false);
      worker.terminate();
    });
  }

  it("does not call back after its signal, nor reject", async () => {
    const lock = `test-${crypto.randomUUID()}`;
    const worker = await startHolder(lock);
    const controller = new AbortController();
    let calls = 0;
    onLifeLockFree(lock, controller.signal, () => calls++);
    controller.abort();
    const free = Promise.withResolvers<void>();
    onLifeLockFree(lock, new AbortController().signal, free.resolve);
    worker.terminate();
    await within(free.promise, "the lock to be free");
    assertEquals(calls, 0);
  });
});

describe("onLifeLockFree()", () => {
  it("does not call back after its signal, also if the lock is granted already", async () => {
    const controller = new AbortController();
    let calls = 0;
    using granting = takeRequests();
    onLifeLockFree("any", controller.signal, () => calls++);
    controller.abort();
    await granting.grant();
    assertEquals(calls, 0);
    onLifeLockFree("any", new AbortController().signal, () => calls++);
    await granting.grant();
    assertEquals(calls, 1);
  });
});

/** Holds requests for locks back, until they are granted. */
function takeRequests(): Disposable & { grant(): Promise<void> } {
  const { request } = locks;
  const waiting: (() => Promise<void>)[] = [];
  locks.request = (_name, _options, callback) =>
    new Promise((resolve) => {
      waiting.push(async () => resolve(await callback({})));
    });
  return {
    async grant() {
      for (const grant of waiting.splice(0)) await grant();
    },
    [Symbol.dispose]() {
      locks.request = request;
    },
  };
}
