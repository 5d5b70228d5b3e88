// Replacing workers that do nothing wrong, and those that hang: reload, recycling, hangs. And what the server tells of it.

import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/gate.ts";
import { get } from "../support/raw_client.ts";
import {
  CAN_START_PROGRAMS,
  describeEachWay,
  entryFor,
  startApp,
  type StartedApp,
} from "../support/started_app.ts";

/** The numbers of the workers that accept. */
function workersOf(app: StartedApp): number[] {
  return app.running.stats().workers
    .filter(({ status }) => status === "accepting")
    .map(({ worker }) => worker);
}

/** A module of an application that changes. */
class ChangingModule implements Disposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly url = new URL(`file://${this.#folder}/app.ts`);

  write(lines: string): void {
    const mod = import.meta.resolve("../../mod.ts");
    Deno.writeTextFileSync(
      this.url,
      `import { WebResponse, WebServer } from ${JSON.stringify(mod)};
       const server = new WebServer({ accessLog: "off" });
       ${lines}
       await server.run();`,
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

describeEachWay((way) => {
  const start = (name: string, run: RunOptions = {}) => startApp(name, { run: { ...way, ...run } });

  it("its reload() replaces every worker, one at a time, the new one first", async () => {
    await using app = await start("well_behaved.ts", { workers: 2 });
    const [first, second] = workersOf(app);
    const from = app.events.all.length;
    await app.running.reload();
    assertEquals(workersOf(app), [second + 1, second + 2]);
    for (const worker of [first, second]) {
      await app.events.find("ended", (event) => event.worker === worker);
    }
    const steps = app.events.all.slice(from)
      .filter(({ kind }) => kind !== "ended")
      .map((event) => "worker" in event ? `${event.kind} ${event.worker}` : event.kind);
    assertEquals(steps, [
      "reloading",
      `replacing ${first}`,
      `accepting ${second + 1}`,
      `replacing ${second}`,
      `accepting ${second + 2}`,
      "reloaded",
    ]);
    assertEquals(app.running.stats().replacements, { reload: 2 });
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its reload() lets requests finish that are under way", async () => {
    await using app = await start("well_behaved.ts");
    using gate = new Gate();
    using slow = await app.connect();
    await slow.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    await app.running.reload();
    assertEquals((await app.get("/hello")).status, 200);
    await visitor.open("still there");
    const response = await slow.readResponse();
    assertEquals([response.text, response.headers.get("connection")], ["still there", "close"]);
  });

  it("its reload() can be called while it reloads", async () => {
    await using app = await start("well_behaved.ts", { workers: 2 });
    const before = workersOf(app);
    const from = app.events.all.length;
    const first = app.running.reload();
    const { worker } = await app.events.find("accepting", () => true, from);
    // The code may have changed since this one was loaded.
    await Promise.all([first, app.running.reload()]);
    const after = workersOf(app);
    assertEquals(after.length, 2);
    for (const old of [...before, worker]) assertFalse(after.includes(old), `${after}`);
  });

  it("its reload() serves the code that is on disk now, and keeps the old one where it fails", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    using module = new ChangingModule();
    module.write(`server.addPath("/", () => WebResponse.text("old"));`);
    await using app = await start("", { workers: 2, entry: entryFor(module.url) });
    assertEquals((await app.get("/")).text, "old");

    module.write(`server.addPath("/", () => WebResponse.text("new"));`);
    await app.running.reload();
    assertEquals((await app.get("/")).text, "new");

    const workers = workersOf(app);
    module.write(`throw new Error("a mistake in the new version");`);
    const error = await assertRejects(() => app.running.reload(), Error);
    assertMatch(error.message, /^The reload failed: .*a mistake in the new version/);
    assertMatch((await app.events.find("reload failed")).reason, /a mistake in the new version/);
    assertEquals(workersOf(app), workers);
    assertEquals((await app.get("/")).text, "new");

    module.write(`server.addPath("/", () => WebResponse.text("mended"));`);
    await app.running.reload();
    assertEquals((await app.get("/")).text, "mended");
  });

  it("its reload() rejects when the server stops", async () => {
    await using app = await start("well_behaved.ts");
    const reloading = assertRejects(() => app.running.reload(), Error, "stopp");
    const finished = app.running.shutdown();
    await reloading;
    await finished;
    await assertRejects(() => app.running.reload(), Error, "Cannot reload");
  });

  it("its maxRequestsPerWorker replaces a worker that has answered as many", async () => {
    // A short hangTimeout makes heartbeats frequent, and with them what the supervisor knows.
    await using app = await start("well_behaved.ts", {
      maxRequestsPerWorker: 10,
      hangTimeout: 2_000,
    });
    const [worker] = workersOf(app);
    for (let i = 0; i < 8; i++) assertEquals((await app.get("/hello")).status, 200);
    assertFalse(app.events.all.some(({ kind }) => kind === "replacing"));
    for (let i = 0; i < 2; i++) assertEquals((await app.get("/hello")).status, 200);
    const replacing = await app.events.find("replacing");
    assertEquals([replacing.worker, replacing.cause], [worker, "max requests"]);
    const ended = await app.events.find("ended");
    assertEquals([ended.worker, ended.cause], [worker, "max requests"]);
    assertEquals(workersOf(app), [worker + 1]);
    assertEquals(app.running.stats().total.requests, 10);
  });

  it("its maxAgePerWorker replaces a worker of that age", async () => {
    await using app = await start("well_behaved.ts", { maxAgePerWorker: 100, hangTimeout: 2_000 });
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "max age");
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its maxHeapBytesPerWorker replaces a worker of that size", async () => {
    await using app = await start("well_behaved.ts", { maxHeapBytesPerWorker: 1 });
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "max heap");
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its stats() tell what the workers do and have done", async () => {
    await using app = await start("well_behaved.ts", { workers: 2, hangTimeout: 2_000 });
    using gate = new Gate();
    using kept = await app.connect();
    await kept.ask(get("/hello"));
    using slow = await app.connect();
    await slow.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    await app.get("/hello");
    await eventually(() => app.running.stats().total.connectionsOpen === 2, "2 open connections");
    await eventually(
      () => app.running.stats().workers.every(({ heapBytes }) => heapBytes > 100_000),
      "the heap of each worker",
    );
    const { wanted, workers, total, replacements, delayMs } = app.running.stats();
    assertEquals({ wanted, replacements, delayMs }, { wanted: 2, replacements: {}, delayMs: 0 });
    const { requests, panics, connectionsAccepted, connectionsOpen, requestsInFlight } = total;
    assertEquals(
      { requests, panics, connectionsAccepted, connectionsOpen, requestsInFlight },
      { requests: 2, panics: 0, connectionsAccepted: 3, connectionsOpen: 2, requestsInFlight: 1 },
    );
    assertEquals(workers.map(({ status }) => status), ["accepting", "accepting"]);
    for (const name of ["requests", "connectionsAccepted", "requestsInFlight"] as const) {
      assertEquals(workers[0][name] + workers[1][name], total[name]);
    }
    for (const { ageMs, heartbeatAgeMs, eventLoopLagMs } of workers) {
      assert(ageMs >= heartbeatAgeMs && heartbeatAgeMs >= 0 && eventLoopLagMs >= 0);
    }
    await visitor.open();
    await slow.readResponse();
    kept[Symbol.dispose]();
    slow[Symbol.dispose]();
    await app.running.reload();
    await eventually(() => app.running.stats().workers.length === 2, "the old workers' end");
    const after = app.running.stats().total;
    assertEquals([after.requests, after.connectionsAccepted, after.connectionsOpen], [3, 3, 0]);
  });

  it("it tells its events to onEvent and the log", async () => {
    await using app = await start("well_behaved.ts", { workers: 2 });
    const kinds = app.events.all.map(({ kind }) => kind);
    assertEquals(kinds, ["accepting", "accepting", "listening"]);
    const listening = await app.events.find("listening");
    assertEquals(listening, {
      kind: "listening",
      url: `http://127.0.0.1:${app.port}`,
      hostname: "127.0.0.1",
      port: app.port,
      workers: 2,
      workersSource: listening.workersSource,
      ...way,
    });
    assertEquals(app.lines.length, 1);
    assertMatch(
      app.lines[0],
      new RegExp(`listening on ${listening.url} with 2 workers .*listen mode ${way.listen}`),
    );
  });

  it("it goes on when onEvent throws", async () => {
    const onEvent = () => {
      throw new Error("a mistake in the listener");
    };
    await using app = await start("well_behaved.ts", { onEvent });
    assertEquals((await app.get("/hello")).status, 200);
    assert(app.lines.some((line) => line.includes("a mistake in the listener")));
  });

  it("its worker that hangs is replaced, and stopped", {
    // A Web Worker that spins cannot be stopped; see processes_test.ts.
    ignore: way.isolation === "web",
  }, async () => {
    await using app = await start("hangs.ts", { workers: 2, hangTimeout: 1_000 });
    using client = await app.connect();
    await client.send(get("/spin"));
    const replacing = await app.events.find("replacing");
    assertEquals(replacing.cause, "hang");
    const ended = await app.events.find("ended");
    assertEquals([ended.worker, ended.cause], [replacing.worker, "hang"]);
    // Its sockets are closed with it.
    await client.assertEnded();
    for (let i = 0; i < 20; i++) assertEquals((await app.get("/worker")).status, 200);
    assertEquals(workersOf(app).length, 2);
    assertEquals(app.running.stats().replacements, { hang: 1 });
  });

  it("its worker that runs out of memory dies alone", {
    ignore: way.isolation === "web",
  }, async () => {
    await using app = await start("allocates.ts", { workers: 2, heapLimitPerWorker: 50_000_000 });
    using client = await app.connect();
    await client.send(get("/allocate"));
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "crash");
    assertMatch(ended.detail, /memory/i);
    await client.assertEnded();
    for (let i = 0; i < 10; i++) assertEquals((await app.get("/worker")).status, 200);
  });
});
