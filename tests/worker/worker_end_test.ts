// The end of a worker: its last work, and the end of its thread.

import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { finishWork } from "../../src/worker/worker_end.ts";
import { canReadTests } from "../support/permissions.ts";
import { endOfWorker } from "../support/workers/end_of_worker.ts";

/** Notes what finishWork() calls, and how much time it allows. */
function lastWork() {
  const steps: string[] = [];
  const allowedMs: number[] = [];
  return {
    steps,
    allowedMs,
    background: {
      settleUntil: (time: number) => {
        steps.push("background");
        allowedMs.push(time - performance.now());
        return Promise.resolve();
      },
      logUnfinished: () => void steps.push("log"),
    },
    shutdownCallbacks: {
      call: (reason: string, time: number) => {
        steps.push(`callbacks: ${reason}`);
        allowedMs.push(time - performance.now());
        return Promise.resolve();
      },
    },
  };
}

describe("finishWork()", () => {
  it("waits for background work, calls the callbacks, and waits for the work that they add", async () => {
    const work = lastWork();
    await finishWork(work, "reload", performance.now() + 60_000, () => {});
    assertEquals(work.steps, ["background", "callbacks: reload", "background", "log"]);
    for (const ms of work.allowedMs) assertLess(ms, 60_001);
  });

  it("allows a second for the work and half a second for the callbacks, though no time is left", async () => {
    const work = lastWork();
    await finishWork(work, "shutdown", performance.now() - 60_000, () => {});
    const [background, callbacks] = work.allowedMs;
    // Less than a second, because time passes while the test looks.
    assertGreaterOrEqual(background, 500);
    assertLess(background, 1_001);
    assertGreaterOrEqual(callbacks, 400);
    assertLess(callbacks, 1_001);
  });
});

describe("endAfterModule()", { ignore: !canReadTests }, () => {
  it("dispatches the end events with code 0 and sends a message, without a panic", async () => {
    assertEquals(await endOfWorker("ends", 3), ["unload", "exit 0", "link ended"]);
  });

  it("dispatches the end events with code 1 and dies of the panic", async () => {
    const seen = await endOfWorker("ends_of_panic", 3);
    assertEquals(seen.slice(0, 2), ["unload", "exit 1"]);
    assertEquals(seen[2].includes("RangeError: the panic"), true, seen[2]);
  });
});

describe("dieOf()", { ignore: !canReadTests }, () => {
  it("ends the thread with the error", async () => {
    assertEquals(await endOfWorker("dies", 1), ["error: Uncaught Error: the end"]);
  });

  it("ends the thread with the error though the application handles all errors", async () => {
    const [event] = await endOfWorker("dies_though_errors_are_handled", 1);
    assertEquals(event, "error: Uncaught Error: the end");
  });

  it("ends the link if the application keeps errors from all other listeners", async () => {
    assertEquals(await endOfWorker("hides_errors", 1), ["link ended"]);
  });
});
