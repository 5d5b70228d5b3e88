// Replacing workers before anything is wrong with them, and what the server tells of its workers.

import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  acceptingWorkers,
  describeEachWay,
  startApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

describeEachWay((way) => {
  const start = (name: string, run: RunOptions = {}) => startApp(name, { run: { ...way, ...run } });

  it("its maxRequestsPerWorker replaces a worker that has answered as many", async () => {
    // A short hangTimeout makes heartbeats frequent, and with them what the supervisor knows.
    await using app = await start("well_behaved.ts", {
      maxRequestsPerWorker: 10,
      hangTimeout: 2_000,
    });
    const [worker] = acceptingWorkers(app);
    for (let i = 0; i < 8; i++) assertEquals((await app.get("/hello")).status, 200);
    assertFalse(app.events.all.some(({ kind }) => kind === "replacing"));
    for (let i = 0; i < 2; i++) assertEquals((await app.get("/hello")).status, 200);
    const replacing = await app.events.find("replacing");
    assertEquals([replacing.worker, replacing.cause], [worker, "max_requests"]);
    const ended = await app.events.find("ended");
    assertEquals([ended.worker, ended.cause], [worker, "max_requests"]);
    assertEquals(acceptingWorkers(app), [worker + 1]);
    assertEquals(app.running.stats().total.requests, 10);
  });

  it("its maxAgePerWorker replaces a worker of that age", async () => {
    await using app = await start("well_behaved.ts", { maxAgePerWorker: 100, hangTimeout: 2_000 });
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "max_age");
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its maxHeapBytesPerWorker replaces a worker of that size", async () => {
    await using app = await start("well_behaved.ts", { maxHeapBytesPerWorker: 1 });
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "max_heap");
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
    const { desired, workers, total, replacements, delayMs } = app.running.stats();
    assertEquals({ desired, replacements, delayMs }, { desired: 2, replacements: {}, delayMs: 0 });
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

  it("tells its events to onEvent and the log", async () => {
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
      listenMode: way.listen,
      isolation: way.isolation,
    });
    assertEquals(app.lines.length, 1);
    assertMatch(
      app.lines[0],
      new RegExp(`listening on ${listening.url} with 2 workers .*listen mode ${way.listen}`),
    );
  });

  it("goes on when onEvent throws, or rejects", async () => {
    const mistake = new Error("a mistake in the listener");
    const listeners = [() => {
      throw mistake;
    }, () => Promise.reject(mistake)];
    for (const onEvent of listeners) {
      await using app = await start("well_behaved.ts", { onEvent });
      assertEquals((await app.get("/hello")).status, 200);
      assert(app.lines.some((line) => line.includes("a mistake in the listener")));
    }
  });
}, TWO_WAYS);
