// The first worker over a worker that is no thread: what it reports, and what comes of it.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AddressAnswer } from "../../src/ipc/address_answer.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import type { Introduction, WorkerConfiguration, WorkerMessage } from "../../src/ipc/messages.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import {
  type FirstOutcome,
  FirstWorker,
  type FirstWorkerOptions,
} from "../../src/supervisor/first_worker.ts";
import type { SpawnOptions } from "../../src/supervisor/worker_handle.ts";
import { within } from "../support/deadline.ts";
import { type FakeWorker, FakeWorkers } from "../support/workers/fake_workers.ts";

const OPTIONS: FirstWorkerOptions = {
  entry: "file:///cli.ts",
  app: "file:///app.ts",
  isolation: "thread",
  fastResponse: true,
  heapLimitBytes: 0,
  timeoutMs: 0,
  onWaiting: () => {},
  waitingAfterMs: 1,
  loadingAfterMs: 1,
};

const INTRODUCTION: Introduction = {
  servedBy: "run()",
  routes: [],
  runOptions: {},
  hasOnEvent: false,
  answer: undefined,
};

const CONFIGURATION: WorkerConfiguration = {
  address: { listen: "shared", hostname: "127.0.0.1", port: 8_123, backlog: 511 },
  place: 1,
  scoreboard: new Scoreboard().memory,
  inFlightRequests: new InFlightRequests().memory,
  requestMetrics: undefined,
  connectionBudget: new SharedArrayBuffer(8),
  socketPanicHold: new SharedArrayBuffer(4),
  heartbeatMs: 1_000,
  mainStartupMs: 0,
  serverOptions: {},
  app: OPTIONS.app,
};

/** Starts a first worker on a fake, which has loaded the library. */
function start(options: Partial<FirstWorkerOptions> = {}): [FirstWorker, FakeWorker] {
  const workers = new FakeWorkers();
  const first = new FirstWorker({ ...OPTIONS, ...options }, workers.spawn);
  const [worker] = workers.all;
  worker.report({ kind: "loaded", lock: "a lock" });
  return [first, worker];
}

/** Adopts a first worker as a fleet does, and notes what the fleet hears. */
function adopt(first: FirstWorker) {
  const heard: string[] = [];
  const handle = first.adopt(
    {
      ...OPTIONS,
      worker: first.number,
      isStandby: false,
      countsByRoute: true,
      onMessage: (message: WorkerMessage) => heard.push(message.kind),
      onGone: ({ detail }) => heard.push(`gone: ${detail}`),
    } satisfies SpawnOptions,
  );
  return { heard, handle };
}

describe("FirstWorker", () => {
  it("has the worker load the application, and resolves to its introduction", async () => {
    const [first, worker] = start();
    assertEquals(worker.options.entry, OPTIONS.entry);
    assertEquals(worker.sent, [{ kind: "load", order: { app: OPTIONS.app } }]);
    worker.report({ kind: "introduced", introduction: INTRODUCTION });
    assertEquals(await within(first.outcome, "the outcome"), {
      kind: "introduced",
      introduction: INTRODUCTION,
    });
    first.terminate();
    assert(worker.isTerminated);
  });

  const cases: readonly {
    what: string;
    act: (worker: FakeWorker) => void;
    outcome: FirstOutcome;
  }[] = [
    {
      what: "a failure to load",
      act: (worker) => worker.report({ kind: "failed", message: "no database", isFinal: false }),
      outcome: { kind: "failed", reason: "no database" },
    },
    {
      what: "the end of its thread",
      act: (worker) => worker.end({ hasThrown: false, detail: "it exited with code 3" }),
      outcome: { kind: "failed", reason: "it exited with code 3" },
    },
    {
      what: "nothing to serve where the thread had nothing left to do",
      act: (worker) => {
        worker.report({ kind: "idle", found: "it has no default export" });
        worker.end({ hasThrown: false, detail: "" });
      },
      outcome: {
        kind: "nothing_to_serve",
        found: "it has no default export",
        limitMs: undefined,
      },
    },
    {
      what: "the error of a program that throws after it was loaded",
      act: (worker) => {
        worker.report({ kind: "idle", found: "it has no default export" });
        worker.end({ hasThrown: true, detail: "Uncaught Error: late" });
      },
      outcome: { kind: "failed", reason: "Uncaught Error: late" },
    },
  ];
  for (const { what, act, outcome } of cases) {
    it(`outcome is ${what}`, async () => {
      const [first, worker] = start();
      act(worker);
      assertEquals(await within(first.outcome, "the outcome"), outcome);
      first.terminate();
    });
  }

  it("calls onWaiting for a program that serves nothing yet", async () => {
    const called = Promise.withResolvers<boolean>();
    const [first, worker] = start({ onWaiting: called.resolve });
    worker.report({ kind: "idle", found: "it has no default export" });
    assertEquals(await within(called.promise, "a call"), true);
    first.terminate();
  });

  it("calls onWaiting for a program that is not loaded, as with an endless await", async () => {
    const called = Promise.withResolvers<boolean>();
    const [first, worker] = start({ onWaiting: called.resolve });
    worker.report({ kind: "loaded", lock: "lock" });
    assertEquals(await within(called.promise, "a call"), false);
    first.terminate();
  });

  it("does not call onWaiting for a program that serves before it is loaded", async () => {
    let calls = 0;
    const [first, worker] = start({ onWaiting: () => calls++ });
    worker.report({ kind: "loaded", lock: "lock" });
    worker.report({ kind: "introduced", introduction: INTRODUCTION });
    // Timers of one length fire in order.
    await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(calls, 0);
    first.terminate();
  });

  it("fails at the time limit", async () => {
    const [loading] = start({ timeoutMs: 1 });
    const [idle, worker] = start({ timeoutMs: 1 });
    worker.report({ kind: "idle", found: "it has no default export" });
    assertEquals(await within(loading.outcome, "the outcome"), {
      kind: "failed",
      reason: "it took longer than startTimeout (1 ms) to load",
    });
    assertEquals(await within(idle.outcome, "the outcome"), {
      kind: "nothing_to_serve",
      found: "it has no default export",
      limitMs: 1,
    });
    for (const first of [loading, idle]) first.terminate();
  });

  it("adopt() reports to the fleet that the worker has loaded, and passes on what follows", async () => {
    const [first, worker] = start();
    worker.report({ kind: "introduced", introduction: INTRODUCTION });
    const { heard, handle } = adopt(first);
    assertEquals(heard, []);
    await Promise.resolve();
    worker.report({ kind: "accepting" });
    worker.end({ hasThrown: false, detail: "bye" });
    assertEquals(heard, ["loaded", "accepting", "gone: bye"]);
    assert(handle.requestMetrics !== undefined);
    handle.terminate();
    assert(worker.isTerminated);
  });

  it("adopt() reports the end of a worker that ended before", async () => {
    const [first, worker] = start();
    worker.report({ kind: "introduced", introduction: INTRODUCTION });
    worker.end({ hasThrown: true, detail: "Uncaught Error" });
    const { heard } = adopt(first);
    await Promise.resolve();
    assertEquals(heard, ["loaded", "gone: Uncaught Error"]);
    first.terminate();
  });

  it("settles the answer for which the worker waits when the fleet configures it", () => {
    const [first, worker] = start();
    const answer = new AddressAnswer();
    const introduction = { ...INTRODUCTION, answer: answer.memory };
    worker.report({ kind: "introduced", introduction });
    const { handle } = adopt(first);
    handle.send({ kind: "configure", configuration: CONFIGURATION });
    const address = { transport: "tcp", hostname: "127.0.0.1", port: 8_123 } as const;
    assertEquals(answer.wait(), { kind: "reserved", address });
    first.terminate();
  });

  it("refuse() passes the error to a worker that waits, whose next introduction counts", async () => {
    const [first, worker] = start();
    assertEquals(first.refuse(new Error("not waiting")), false);
    const answer = new AddressAnswer();
    worker.report({
      kind: "introduced",
      introduction: { ...INTRODUCTION, answer: answer.memory },
    });
    assertEquals(first.refuse(new Deno.errors.AddrInUse("taken")), true);
    assertEquals(answer.wait(), { kind: "failed", name: "AddrInUse", message: "taken" });
    const next = first.outcome;
    const introduction = { ...INTRODUCTION, runOptions: { port: 8_001 } };
    worker.report({ kind: "introduced", introduction });
    assertEquals(await within(next, "the outcome"), { kind: "introduced", introduction });
    first.terminate();
  });

  it("pretend() answers the application and its further servers, until the next introduction", async () => {
    const [first, worker] = start();
    const address = { transport: "tcp", hostname: "::1", port: 81 } as const;
    assertEquals(first.pretend(address), false);
    const [answer, side] = [new AddressAnswer(), new AddressAnswer()];
    const introduction = { ...INTRODUCTION, answer: answer.memory };
    worker.report({ kind: "introduced", introduction });
    assertEquals(first.pretend(address), true);
    assertEquals(answer.wait(), { kind: "pretended", address });
    const place = { call: 1, hostname: "::1", port: 82 };
    worker.report({ kind: "reserve", place, answer: side.memory });
    assertEquals(side.wait(), { kind: "pretended", address: { ...address, port: 82 } });
    worker.report({ kind: "introduced", introduction: INTRODUCTION });
    const outcome = await within(first.outcome, "the outcome");
    assertEquals(outcome, { kind: "introduced", introduction: INTRODUCTION });
    first.terminate();
  });

  it("isOfKind() compares entry, isolation, global scope and heap limit", () => {
    const [first] = start();
    const { entry, isolation, fastResponse, heapLimitBytes } = OPTIONS;
    assert(first.isOfKind({ entry, isolation, fastResponse, heapLimitBytes }));
    assert(!first.isOfKind({ entry: "file:///other.ts", isolation, fastResponse, heapLimitBytes }));
    assert(!first.isOfKind({ entry, isolation: "web", fastResponse, heapLimitBytes }));
    assert(!first.isOfKind({ entry, isolation, fastResponse, heapLimitBytes: 1 }));
    assert(!first.isOfKind({ entry, isolation, fastResponse: false, heapLimitBytes }));
    first.terminate();
  });

  it("failureWithin() returns the end of a thread that has ended by then", async () => {
    const [first, worker] = start();
    assertEquals(await first.failureWithin(Promise.resolve()), undefined);
    worker.end({ hasThrown: true, detail: "Uncaught Error: floating" });
    assertEquals(await first.failureWithin(Promise.resolve()), "Uncaught Error: floating");
    first.terminate();
  });
});
