// A probe over a worker that is no thread: what the worker reports, and what the probe makes of it.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ProbeReport } from "../../src/ipc/messages.ts";
import { probe, type ProbeOptions, type ProbeOutcome } from "../../src/supervisor/probe.ts";
import { within } from "../support/deadline.ts";
import { type FakeWorker, FakeWorkers } from "../support/workers/fake_workers.ts";

const OPTIONS: ProbeOptions = {
  entry: "file:///cli.ts",
  app: "file:///app.ts",
  isolation: "web",
  timeoutMs: 0,
};
const REPORT: ProbeReport = { routes: [], runOptions: {}, hasOnEvent: false };

function start(options: Partial<ProbeOptions> = {}): [FakeWorker, Promise<ProbeOutcome>] {
  const workers = new FakeWorkers();
  const outcome = within(probe({ ...OPTIONS, ...options }, workers.spawn), "the probe");
  return [workers.all[0], outcome];
}

describe("probe()", () => {
  it("asks a worker that has loaded what it would serve, and waits for its end", async () => {
    const [worker, outcome] = start();
    assertEquals(worker.options.entry, OPTIONS.entry);
    worker.report({ kind: "loaded", lock: "" });
    const [sent] = worker.sent;
    assert(sent.kind === "probe");
    assertEquals(sent.order.app, OPTIONS.app);
    worker.report({ kind: "probed", report: REPORT });
    await Promise.resolve();
    assert(!worker.isTerminated, "the code after run() still runs");
    worker.report({ kind: "ended" });
    assertEquals(await outcome, { kind: "probed", report: REPORT });
    assert(worker.isTerminated);
  });

  it("does not wait for ever for the code after run()", async () => {
    const [worker, outcome] = start();
    worker.report({ kind: "probed", report: REPORT });
    assertEquals(await outcome, { kind: "probed", report: REPORT });
    assert(worker.isTerminated);
  });

  const NOTHING: ProbeOutcome = { kind: "nothing_to_serve" };
  const cases: readonly {
    what: string;
    act: (worker: FakeWorker) => void;
    outcome: ProbeOutcome;
  }[] = [
    {
      what: "nothing to serve where the worker has found none",
      act: (worker) => worker.report({ kind: "nothing_to_serve" }),
      outcome: NOTHING,
    },
    {
      what: "nothing to serve where run() is never called",
      act: (worker) => worker.report({ kind: "failed", message: "no run()", isFinal: true }),
      outcome: NOTHING,
    },
    {
      what: "the failure of an application",
      act: (worker) => worker.report({ kind: "failed", message: "a mistake", isFinal: false }),
      outcome: { kind: "failed", reason: "a mistake" },
    },
    {
      what: "nothing to serve where the module ends without having loaded this library",
      act: (worker) => worker.end({ hasThrown: false, detail: "it is gone" }),
      outcome: NOTHING,
    },
    {
      what: "the failure of a module that throws",
      act: (worker) => worker.end({ hasThrown: true, detail: "Uncaught boom" }),
      outcome: { kind: "failed", reason: "Uncaught boom" },
    },
    {
      what: "the failure of a worker that ends after it has loaded this library",
      act: (worker) => {
        worker.report({ kind: "loaded", lock: "" });
        worker.end({ hasThrown: false, detail: "it exited with code 3" });
      },
      outcome: { kind: "failed", reason: "it exited with code 3" },
    },
  ];
  for (const { what, act, outcome: expected } of cases) {
    it(`finds ${what}`, async () => {
      const [worker, outcome] = start();
      act(worker);
      assertEquals(await outcome, expected);
      assert(worker.isTerminated);
    });
  }

  it("finds a failure where run() is not called within startTimeout", async () => {
    const [worker, outcome] = start({ timeoutMs: 1 });
    worker.report({ kind: "loaded", lock: "" });
    assertEquals(await outcome, {
      kind: "failed",
      reason: "it took longer than startTimeout (1 ms) to load, or to call run()",
    });
  });

  it("finds nothing to serve where this library is not loaded within startTimeout", async () => {
    const [, outcome] = start({ timeoutMs: 1 });
    assertEquals(await outcome, NOTHING);
  });
});
