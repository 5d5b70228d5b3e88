// Jobs that several workers register: with a clock and locks of the test, and in real threads, whose ticks the test triggers.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Worker as NodeWorker } from "node:worker_threads";
import { within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";
import { entryFor } from "../support/servers/entry_url.ts";
import { startWebWorker } from "../support/workers/web_worker.ts";
import type { LockManager } from "../../src/runtime/life_lock.ts";
import { holdCron, oncePerTick, runCronOnce } from "../../src/takeover/cron.ts";

/** Locks that are held until the test frees them. */
function fakeLocks() {
  const held = new Set<string>();
  const manager: LockManager = {
    request: async (name, _options, callback) => {
      await Promise.resolve();
      if (held.has(name)) return void await callback(null);
      held.add(name);
      callback({});
    },
  };
  return { manager, free: () => held.clear() };
}

describe("oncePerTick()", () => {
  it("runs in one of four workers at each of two ticks, early or late", async () => {
    const { manager } = fakeLocks();
    const runs: number[] = [];
    // A timer fires a little before its time on one thread, and a little after it on another.
    const times = [119_999, 120_000, 120_003, 121_500];
    let tick = 0;
    const workers = times.map((time, worker) =>
      oncePerTick("job", () => runs.push(worker), () => time + tick * 60_000, manager)
    );
    await Promise.all(workers.map((run) => run()));
    assertEquals(runs.length, 1);
    tick++;
    await Promise.all(workers.toReversed().map((run) => run()));
    assertEquals(runs.length, 2);
  });

  it("runs jobs of different names in the same minute", async () => {
    const { manager } = fakeLocks();
    const runs: string[] = [];
    for (const name of ["a", "b"]) {
      await oncePerTick(name, () => runs.push(name), () => 60_000, manager)();
    }
    assertEquals(runs, ["a", "b"]);
  });

  it("rejects as the handler does, and lets the same worker try again", async () => {
    const { manager } = fakeLocks();
    let calls = 0;
    const run = oncePerTick(
      "job",
      () => {
        if (calls++ === 0) throw new Error("not now");
      },
      () => 60_000,
      manager,
    );
    await assertRejects(run, Error, "not now");
    await run();
    assertEquals(calls, 2);
  });
});

const REGISTERS_CRON = "registers_cron.ts";

/** A worker of either kind. */
interface CronWorker {
  post(time: number): void;
  /** Resolves to what the worker posts next. */
  next(): Promise<unknown>;
  end(): Promise<void>;
}

function startCronWorker(isolation: "web" | "thread"): CronWorker {
  let received = Promise.withResolvers<unknown>();
  const next = async () => {
    const post = await within(received.promise, "what a worker posts");
    received = Promise.withResolvers();
    return post;
  };
  if (isolation === "web") {
    const worker = startWebWorker(REGISTERS_CRON, "");
    worker.onmessage = ({ data }) => received.resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      received.reject(new Error(event.message));
    };
    const end = () => Promise.resolve(worker.terminate());
    return { post: (time) => worker.postMessage(time), next, end };
  }
  const worker = new NodeWorker(
    entryFor(new URL(`../support/workers/${REGISTERS_CRON}`, import.meta.url)),
  );
  worker.on("message", (post) => received.resolve(post));
  worker.on("error", (error) => received.reject(error));
  const end = async () => void await worker.terminate();
  return { post: (time) => worker.postMessage(time), next, end };
}

/** Has `use` run with a `Deno.cron` that notes its calls in place of the runtime's own. */
async function withFakeCron(use: (calls: unknown[][]) => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(Deno, "cron");
  const calls: unknown[][] = [];
  try {
    Object.defineProperty(Deno, "cron", {
      value: (...args: unknown[]) => void calls.push(args),
      configurable: true,
      writable: true,
    });
    await use(calls);
  } finally {
    if (own === undefined) delete (Deno as { cron?: unknown }).cron;
    else Object.defineProperty(Deno, "cron", own);
  }
}

describe("holdCron()", () => {
  it("registers no job before the time has come, and then each as it was given", async () => {
    await withFakeCron(async (calls) => {
      const time = Promise.withResolvers<void>();
      holdCron(time.promise);
      const { cron } = Deno as unknown as { cron: (...args: unknown[]) => Promise<void> };
      const handler = () => {};
      const registered = cron("job", "* * * * *", handler);
      await new Promise((resolve) => setTimeout(resolve));
      assertEquals(calls, []);
      time.resolve();
      await registered;
      assertEquals(calls, [["job", "* * * * *", handler]]);
    });
  });

  it("holds the jobs of runCronOnce() as well, whose handlers run once per tick", async () => {
    await withFakeCron(async (calls) => {
      const time = Promise.withResolvers<void>();
      holdCron(time.promise);
      runCronOnce();
      const { cron } = Deno as unknown as { cron: (...args: unknown[]) => Promise<void> };
      let runs = 0;
      const registered = cron(`job ${crypto.randomUUID()}`, "* * * * *", () => runs++);
      assertEquals(calls, []);
      time.resolve();
      await registered;
      await (calls[0][2] as () => Promise<void>)();
      assertEquals([calls.length, runs], [1, 1]);
    });
  });
});

describe("runCronOnce()", () => {
  it("passes name, schedule and options on to the runtime", async () => {
    await withFakeCron(async (seen) => {
      runCronOnce();
      let calls = 0;
      const { cron } = Deno as unknown as { cron: (...args: unknown[]) => void };
      const options = { backoffSchedule: [1] };
      cron(`job ${crypto.randomUUID()}`, "* * * * *", options, () => calls++);
      const [[, schedule, passed, handler]] = seen;
      assertEquals([schedule, passed], ["* * * * *", options]);
      await (handler as () => Promise<void>)();
      assertEquals(calls, 1);
    });
  });

  for (const isolation of ["thread", "web"] as const) {
    it(`has a job run in one of four workers at each of two ticks (${isolation})`, {
      ignore: !canReadTests,
    }, async () => {
      const workers = Array.from({ length: 4 }, () => startCronWorker(isolation));
      try {
        for (const worker of workers) assertEquals(await worker.next(), "registered");
        // A minute that no other run of this test has: the threads of a process share their locks.
        const minute = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
        for (const tick of [minute, minute + 1]) {
          // Their timers fire a little early or late.
          for (const [index, worker] of workers.entries()) worker.post(tick * 60_000 - 2 + index);
          const runs = await Promise.all(workers.map((worker) => worker.next()));
          assertEquals(runs.toSorted(), [false, false, false, true]);
        }
      } finally {
        for (const worker of workers) await worker.end();
      }
    });
  }
});
