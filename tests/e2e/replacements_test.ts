// Replacing workers that do nothing wrong, and those that can do nothing any more: reload, hangs, memory.

import { assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { Gate } from "../support/servers/gate.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  acceptingWorkers,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
} from "../support/servers/started_app.ts";
import { entryFor } from "../support/servers/entry_url.ts";

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
    const [first, second] = acceptingWorkers(app);
    const from = app.events.all.length;
    await app.running.reload();
    assertEquals(acceptingWorkers(app), [second + 1, second + 2]);
    for (const worker of [first, second]) {
      await app.events.find("ended", (event) => event.worker === worker);
    }
    const steps = app.events.all.slice(from)
      .filter(({ kind }) => kind !== "draining" && kind !== "ended")
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
    const before = acceptingWorkers(app);
    const from = app.events.all.length;
    const first = app.running.reload();
    const { worker } = await app.events.find("accepting", () => true, from);
    // The code may have changed since this one was loaded.
    await Promise.all([first, app.running.reload()]);
    const after = acceptingWorkers(app);
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

    const workers = acceptingWorkers(app);
    module.write(`throw new Error("a mistake in the new version");`);
    const error = await assertRejects(() => app.running.reload(), Error);
    assertMatch(error.message, /^The reload failed: .*a mistake in the new version/);
    assertMatch((await app.events.find("reload_failed")).reason, /a mistake in the new version/);
    assertEquals(acceptingWorkers(app), workers);
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
    assertEquals(acceptingWorkers(app).length, 2);
    assertEquals(app.running.stats().replacements, { hang: 1 });
  });

  it("its worker that runs out of memory dies alone", {
    ignore: way.isolation === "web",
  }, async () => {
    await using app = await start("allocates.ts", {
      workers: 2,
      heapLimitBytesPerWorker: 50_000_000,
    });
    using client = await app.connect();
    await client.send(get("/allocate"));
    const ended = await app.events.find("ended");
    assertEquals(ended.cause, "crash");
    assertMatch(ended.detail, /memory/i);
    await client.assertEnded();
    for (let i = 0; i < 10; i++) assertEquals((await app.get("/worker")).status, 200);
  });
});
