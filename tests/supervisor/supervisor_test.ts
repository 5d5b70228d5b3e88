// The supervisor over workers that are no threads: events in, and what it does with workers, address and promises.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { counterIndex } from "../../src/ipc/scoreboard.ts";
import { resolveRunOptions, type RunOptions } from "../../src/options/run_options.ts";
import type { FleetEvent } from "../../src/telemetry/fleet_event.ts";
import { Supervisor, type SupervisorOptions } from "../../src/supervisor/supervisor.ts";
import { claimWorkerNumber } from "../../src/supervisor/worker_numbers.ts";
import { eventually, within } from "../support/deadline.ts";
import { fakeAddress, type FakeWorker, FakeWorkers } from "../support/workers/fake_workers.ts";

/** A supervisor of two fake workers, and all that it reports. */
class Supervised implements AsyncDisposable {
  readonly workers = new FakeWorkers();
  readonly address = fakeAddress();
  readonly events: FleetEvent[] = [];
  readonly lines: string[] = [];
  readonly supervisor: Supervisor;
  readonly started: Promise<unknown>;

  constructor(
    run: RunOptions = {},
    parts: Partial<SupervisorOptions> & { fallbackReason?: string } = {},
  ) {
    const { fallbackReason, ...options } = parts;
    const onEvent = (event: FleetEvent) => {
      this.events.push(event);
      return run.onEvent?.(event);
    };
    this.supervisor = new Supervisor({
      settings: resolveRunOptions({ workers: 2, ...run, onEvent }),
      workerCount: { workers: run.workers ?? 2, source: "as the test says" },
      entry: "file:///app.ts",
      isEntryKnown: true,
      serverOptions: { maxBodyBytes: 7 },
      app: "file:///served.ts",
      firstWorker: undefined,
      addressSource: undefined,
      isPathLinked: false,
      fixedModules: [],
      listensToSignals: false,
      wasMisused: () => false,
      startedBy: "start",
      isStartTimeoutGiven: false,
      log: (line) => void this.lines.push(line),
      observer: undefined,
      meter: undefined,
      ...options,
    }, {
      address: this.address,
      fallbackReason,
      spawn: this.workers.spawn,
      nextWorker: claimWorkerNumber,
    });
    this.started = this.supervisor.start();
    this.started.catch(() => {});
  }

  /** Waits until so many workers were spawned, and returns the last one. */
  async spawned(count: number): Promise<FakeWorker> {
    await eventually(() => this.workers.all.length >= count, `${count} workers`);
    assertEquals(this.workers.all.length, count);
    return this.workers.all[count - 1];
  }

  /** Waits for the first two workers, which come up. */
  async up(): Promise<FakeWorker[]> {
    await this.spawned(2);
    for (const worker of this.workers.all) worker.comeUp();
    await within(this.started, "the start");
    return this.workers.all.slice();
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  /** The workers end of whatever they were told, so that nothing is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor.shutdown().catch(() => {});
    for (const worker of this.workers.all) worker.isGone = true;
    this.supervisor.shutdown().catch(() => {});
    await this.supervisor.finished.catch(() => {});
  }
}

/** From now on the worker has a new heartbeat whenever the supervisor looks. */
function keepAlive({ scoreboard }: FakeWorker): void {
  const read = scoreboard.read.bind(scoreboard);
  scoreboard.read = () => {
    scoreboard.add(counterIndex("heartbeats"), 1);
    return read();
  };
}

describe("Supervisor", () => {
  it("spawns workers of the entry, tells each where to listen, and starts when all accept", async () => {
    await using supervised = new Supervised();
    const { supervisor, address } = supervised;
    const [first, second] = await supervised.up();
    assertEquals(first.options.entry, "file:///app.ts");
    assert(first.options.worker !== second.options.worker, "two workers share a number");
    const [sent] = first.sent;
    assert(sent.kind === "configure");
    const { app, serverOptions, scoreboard } = sent.configuration;
    assertEquals([app, serverOptions], ["file:///served.ts", { maxBodyBytes: 7 }]);
    assert(scoreboard === first.scoreboard.memory);
    assertEquals(address.log, ["slot 1", "slot 2", "workersAccept"]);
    assertEquals(supervised.kinds(), ["accepting", "accepting", "listening"]);
    assertEquals([supervisor.ready, supervisor.phase], [true, "serving"]);
    assertEquals(supervised.lines.length, 1);
    assertEquals(supervisor.addr, { transport: "tcp", hostname: "127.0.0.1", port: 8_000 });
  });

  it("loads a standby, promotes it into the place of a worker that dies, and shows both", async () => {
    await using supervised = new Supervised({ standby: 1 });
    const { supervisor } = supervised;
    const [first, second] = await supervised.up();
    const standby = await supervised.spawned(3);
    assertEquals([second, standby].map(({ options }) => options.isStandby), [false, true]);
    standby.report({ kind: "loaded", lock: "" });
    standby.report({ kind: "standby" });
    const statuses = () => supervisor.stats().workers.map(({ status }) => status);
    assertEquals(statuses(), ["accepting", "accepting", "standby"]);
    assertEquals(supervisor.stats().standby, 1);

    first.end({ hasThrown: true, detail: "boom" });
    const [configure, promote] = standby.sent;
    assert(configure.kind === "configure" && promote.kind === "promote");
    assertEquals([configure.configuration.place, promote.assignment.place], [undefined, 1]);
    standby.report({ kind: "accepting" });
    assertEquals(statuses(), ["accepting", "accepting", "starting"]);
    const events = supervised.events.slice(3).map(({ kind }) => kind);
    assertEquals(events, ["standby", "ended", "accepting"]);
    const last = supervised.events.at(-1);
    assert(last?.kind === "accepting" && last.isPromoted);
  });

  it("reports why the usual listen mode is not possible", async () => {
    await using supervised = new Supervised({}, { fallbackReason: "a flag is missing" });
    await supervised.up();
    assertEquals(supervised.events[0], {
      kind: "listen_fallback",
      listenMode: "shared",
      reason: "a flag is missing",
    });
  });

  it("replaces a worker that panics: the new one accepts before the old one drains", async () => {
    await using supervised = new Supervised();
    const [first] = await supervised.up();
    first.report({ kind: "panicked", error: "boom" });
    const replacement = await supervised.spawned(3);
    assertEquals(first.sentKinds, ["configure"]);
    replacement.comeUp();
    assertEquals(first.sentKinds, ["configure", "drain"]);
    // It has the slot of the one that it replaces.
    assertEquals(supervised.address.log.filter((line) => /slot|vacate/.test(line)), [
      "slot 1",
      "slot 2",
      "slot 1",
    ]);
    first.report({ kind: "ended" });
    assert(first.isTerminated);
    assertEquals(supervised.supervisor.stats().replacements, { panic: 1 });
  });

  it("reports what a worker was handling that has died", async () => {
    await using supervised = new Supervised();
    const [first] = await supervised.up();
    const line = new TextEncoder().encode("GET /slow");
    const source = {
      copyMethodAndPath: (_head: null, into: Uint8Array, at: number) => {
        into.set(line, at);
        return line.length;
      },
    };
    first.inFlightRequests.begin(source, null);
    first.end({ hasThrown: false, detail: "it ended without a word" });
    const ended = supervised.events.at(-1);
    assert(ended?.kind === "ended" && ended.cause === "crash");
    assertEquals(ended.handling?.map(({ method, path }) => [method, path]), [["GET", "/slow"]]);
    assertEquals(supervised.supervisor.stats().replacements, { crash: 1 });
    await supervised.spawned(3);
  });

  it("reports what a worker hangs in, and replaces it", async () => {
    await using supervised = new Supervised({ hangTimeout: 1_000, isolation: "thread" });
    const [first, second] = await supervised.up();
    keepAlive(second);
    await eventually(() => supervised.kinds().includes("hung"), "a worker that hangs");
    const hung = supervised.events.find((event) => event.kind === "hung");
    assertEquals([hung?.worker, hung?.outcome], [first.options.worker, "stopped"]);
    const replacement = await supervised.spawned(3);
    keepAlive(replacement);
    replacement.comeUp();
    assert(first.isTerminated);
  });

  it("rejects the start with the first cause when no worker can start", async () => {
    await using supervised = new Supervised();
    await supervised.spawned(2);
    supervised.workers.all[0].isGone = supervised.workers.all[1].isGone = true;
    supervised.workers.all[0].report({ kind: "failed", message: "no database", isFinal: true });
    const error = await assertRejects(() => within(supervised.started, "the start"), Error);
    assertEquals(error.message, "No worker could start: no database");
    await assertRejects(() => supervised.supervisor.finished, Error, "no database");
    // A line for each worker would hide the cause.
    assertEquals(supervised.lines, []);
    assert(supervised.workers.all[1].isTerminated);
    assertEquals(supervised.address.log, ["release"]);
  });

  it("leaves a worker that is idle to its time limit", async () => {
    await using supervised = new Supervised();
    const [first, second] = await supervised.spawned(2).then(() => supervised.workers.all);
    first.report({ kind: "idle", found: "it has no default export" });
    assert(!first.isTerminated);
    for (const worker of [first, second]) worker.comeUp();
    await within(supervised.started, "the start");
  });

  it("drains all workers at a shutdown, and has finished when the last one has ended", async () => {
    await using supervised = new Supervised();
    const workers = await supervised.up();
    const { supervisor, address } = supervised;
    const finished = supervisor.shutdown();
    assertEquals([supervisor.ready, supervisor.phase], [false, "stopping"]);
    assertEquals(address.log.slice(-3), ["release", "vacate 1", "vacate 2"]);
    for (const worker of workers) {
      assertEquals(worker.sentKinds, ["configure", "drain"]);
      worker.report({ kind: "ended" });
      worker.isGone = true;
    }
    await within(finished, "the end");
    assertEquals(supervised.kinds().slice(-4), ["stopping", "ended", "ended", "stopped"]);
    await assertRejects(() => supervisor.reload(), Error, "the server is stopping");
  });

  it("cuts the shutdown short at a second call", async () => {
    await using supervised = new Supervised();
    const workers = await supervised.up();
    supervised.supervisor.shutdown();
    assert(!workers[0].isTerminated);
    const finished = supervised.supervisor.shutdown();
    for (const worker of workers) {
      assert(worker.isTerminated);
      worker.isGone = true;
    }
    await within(finished, "the end");
  });

  it("does not cut short for a call in onEvent that comes while the stop begins", async () => {
    const calls: Promise<void>[] = [];
    await using supervised: Supervised = new Supervised({
      onEvent: (event) => {
        if (event.kind === "stopping") calls.push(supervised.supervisor.shutdown());
      },
    });
    const { supervisor } = supervised;
    const workers = await supervised.up();
    supervisor.shutdown();
    assertEquals(calls.length, 1);
    assert(workers.every(({ isTerminated }) => !isTerminated), "the shutdown was cut short");
  });

  it("performs what onEvent causes only after the actions that were decided without it", async () => {
    await using supervised: Supervised = new Supervised({
      onEvent: (event) => {
        if (event.kind === "panicked") supervised.supervisor.shutdown();
      },
    });
    const [first] = await supervised.up();
    first.report({ kind: "panicked", error: "boom" });
    assertEquals(supervised.kinds().slice(3, 6), ["panicked", "replacing", "stopping"]);
    assertEquals((await supervised.spawned(3)).isTerminated, true);
  });

  it("reloads once for all calls of a turn, and resolves when every worker is replaced", async () => {
    await using supervised = new Supervised();
    const [first, second] = await supervised.up();
    const { supervisor } = supervised;
    const reload = supervisor.reload();
    assert(reload === supervisor.reload(), "two calls have two promises");
    (await supervised.spawned(3)).comeUp();
    first.report({ kind: "draining" });
    (await supervised.spawned(4)).comeUp();
    second.report({ kind: "draining" });
    await within(reload, "the reload");
    assertEquals(supervised.kinds().filter((kind) => kind === "reloading").length, 1);
    assertEquals(supervisor.stats().replacements, { reload: 2 });
  });

  it("rejects a reload whose new worker cannot start, and keeps the old ones", async () => {
    await using supervised = new Supervised();
    const [first] = await supervised.up();
    const reload = supervised.supervisor.reload();
    reload.catch(() => {});
    (await supervised.spawned(3)).report({ kind: "failed", message: "a mistake", isFinal: false });
    await assertRejects(() => within(reload, "the reload"), Error, "The reload failed: a mistake");
    assertEquals(first.sentKinds, ["configure"]);
    assert(supervised.supervisor.ready);
  });

  it("never gives two fleets of one process a worker of one number", async () => {
    await using one = new Supervised();
    await using other = new Supervised();
    await Promise.all([one.up(), other.up()]);
    one.workers.all[0].report({ kind: "panicked", error: "boom" });
    other.workers.all[0].report({ kind: "panicked", error: "boom" });
    await Promise.all([one.spawned(3), other.spawned(3)]);
    const numbers = [...one.workers.all, ...other.workers.all].map(({ options }) => options.worker);
    assertEquals(new Set(numbers).size, 6);
  });
});
