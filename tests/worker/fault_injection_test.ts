// The faults that a test can inject. That of "hang" is part of the tests of whole servers: a Web
// Worker that spins cannot be ended.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { onLifeLockFree } from "../../src/runtime/life_lock.ts";
import { eventually, within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";
import { endOfWorker } from "../support/workers/end_of_worker.ts";
import { startWebWorker } from "../support/workers/web_worker.ts";

describe("injectFault()", { ignore: !canReadTests }, () => {
  it("crashes the worker with an error that no code catches", async () => {
    assertEquals(await endOfWorker("crashes", 1), [
      "error: Uncaught Error: This worker was told to crash, by a test",
    ]);
  });

  it("exits without an event", async () => {
    const lock = `test-${crypto.randomUUID()}`;
    const worker = startWebWorker("ends.ts", `exits ${lock}`);
    const events: string[] = [];
    worker.onerror = ({ message }) => events.push(message);
    worker.onmessage = ({ data }) => events.push(data);
    await eventually(() => events.length > 0, "the worker to hold the lock");
    worker.postMessage("exit");
    const free = Promise.withResolvers<void>();
    onLifeLockFree(lock, new AbortController().signal, free.resolve);
    await within(free.promise, "the end of the worker");
    worker.terminate();
    assertEquals(events, ["held"]);
  });
});
