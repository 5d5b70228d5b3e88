// A fleet with a standby: what promotes it, what the program sees of it, and how it ends.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { eventually } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import {
  acceptingWorkers,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";
import { entryFor } from "../support/servers/entry_url.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const MOD = JSON.stringify(import.meta.resolve("../../mod.ts"));

/** Sends a request that may never be answered. Its connection ends with the test. */
async function provoke(app: StartedApp, target: string): Promise<RawClient> {
  const client = await app.connect();
  await client.send(get(target));
  return client;
}

/** Waits until the standby is promoted that waits now, and until the next one waits. */
async function assertPromotion(app: StartedApp, target: string): Promise<void> {
  const standby = await app.events.find("standby");
  const from = app.events.all.length;
  const client = await provoke(app, target);
  const accepting = await app.events.find("accepting", () => true, from);
  client[Symbol.dispose]();
  assertEquals([accepting.worker, accepting.isPromoted], [standby.worker, true]);
  const next = await app.events.find("standby", ({ worker }) => worker !== standby.worker);
  assert(next.worker > standby.worker);
  await eventually(() => app.running.stats().workers.length === 2, "the end of the old worker");
  assertEquals(acceptingWorkers(app), [standby.worker]);
  assertEquals((await app.get("/worker")).text, `mudpie:${standby.worker} --standby`);
}

describeEachWay((way) => {
  const start = (name: string, run: RunOptions = {}) =>
    startApp(name, { run: { ...way, standby: 1, ...run } });

  it("its standby is promoted after a panic, and another one is loaded", async () => {
    await using app = await start("panics.ts");
    await assertPromotion(app, "/throw");
    const { standby, workers } = app.running.stats();
    assertEquals(standby, 1);
    assertEquals(workers.map(({ status }) => status), ["accepting", "standby"]);
  });

  it("its standby is promoted after a silent death", async () => {
    await using app = await start("dies_silently.ts");
    await assertPromotion(app, "/deno-exit");
  });
});

describeEachWay((way) => {
  it("its standby is promoted when a worker hangs", async () => {
    const run = { ...way, standby: 1, hangTimeout: 500 };
    await using app = await startApp("hangs.ts", { run });
    await assertPromotion(app, "/spin");
  });

  it("its standby is promoted when a worker runs out of memory", async () => {
    const run = { ...way, standby: 1, heapLimitBytesPerWorker: 64 * 1024 * 1024 };
    await using app = await startApp("allocates.ts", { run });
    await assertPromotion(app, "/allocate");
  });
}, TWO_WAYS.filter(({ isolation }) => isolation === "thread"));

describeEachWay((way) => {
  it("its standby gets no connection and shows no heartbeat before it is promoted", async () => {
    await using app = await startApp("panics.ts", {
      run: { ...way, standby: 1 },
    });
    const { worker } = await app.events.find("standby");
    const [serving] = acceptingWorkers(app);
    for (let i = 0; i < 30; i++) {
      assertEquals((await app.get("/worker")).text, `mudpie:${serving}`);
    }
    const waiting = app.running.stats().workers.find((one) => one.worker === worker);
    assertEquals([waiting?.connectionsAccepted, waiting?.status], [0, "standby"]);
  });

  it("its reload() ends the standby, and brings one with the new code", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    const folder = Deno.makeTempDirSync();
    const url = new URL(`file://${folder}/app.ts`);
    const write = (answer: string) =>
      Deno.writeTextFileSync(
        url,
        `import { WebResponse, WebServer } from ${MOD};
         if (WebServer.isWorker) console.error = () => {};
         const server = new WebServer({ accessLog: "off" });
         server.addPath("/code", () => WebResponse.text("${answer}"));
         server.addPath("/throw", () => { throw new Error("a panic on purpose"); });
         await server.run();`,
      );
    write("old");
    await using app = await startApp("panics.ts", {
      run: { ...way, standby: 1, entry: entryFor(url) },
    });
    const old = await app.events.find("standby");
    write("new");
    await app.running.reload();
    assertEquals((await app.get("/code")).text, "new");
    const end = await app.events.find("ended", ({ worker }) => worker === old.worker);
    assertEquals(end.cause, "reload");
    const standby = await app.events.find("standby", ({ worker }) => worker !== old.worker);
    const from = app.events.all.length;
    assertEquals((await app.get("/throw")).status, 500);
    const { worker } = await app.events.find("accepting", () => true, from);
    assertEquals(worker, standby.worker);
    await eventually(() => acceptingWorkers(app)[0] === worker, "the promoted worker alone");
    assertEquals((await app.get("/code")).text, "new");
    Deno.removeSync(folder, { recursive: true });
  });

  it("its standby is promoted into the place of the worker that ends", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    const path = Deno.makeTempDirSync();
    const run = { ...way, listen: undefined, port: undefined, path: `${path}/app.{n}.sock` };
    await using app = await startApp("panics.ts", { run: { ...run, workers: 2, standby: 1 } });
    const { worker } = await app.events.find("standby");
    for (const slot of [1, 2]) {
      using client = await RawClient.connectToSocket(`${path}/app.${slot}.sock`);
      assertMatch((await client.ask(get("/worker"))).text, /^mudpie:\d+$/);
    }
    assertEquals([...Deno.readDirSync(path)].length, 2);
    {
      using client = await RawClient.connectToSocket(`${path}/app.2.sock`);
      assertEquals((await client.ask(get("/throw"))).status, 500);
    }
    await app.events.find("accepting", (event) => event.worker === worker);
    {
      using client = await RawClient.connectToSocket(`${path}/app.2.sock`);
      assertEquals((await client.ask(get("/worker"))).text, `mudpie:${worker} --standby`);
    }
    await app.running.shutdown();
    assertEquals([...Deno.readDirSync(path)], []);
    Deno.removeSync(path);
  });
}, TWO_WAYS);

/** Programs of these tests by their names. Each writes a line for what happens in a worker. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "fake_cron.ts": `Object.defineProperty(Deno, "cron", {
      value: (name: string) => (console.log("registered", name), Promise.resolve()),
      configurable: true,
      writable: true,
    });`,
  "registers.ts": `import "./fake_cron.ts";
    import { WebResponse, WebServer } from ${MOD};
    const server = new WebServer({ accessLog: "off" });
    server.addPath("/throw", () => { throw new Error("a panic on purpose"); });
    server.onShutdown((reason) => console.log("onShutdown", reason));
    if (WebServer.isWorker) {
      console.log("loaded", WebServer.workerPlace);
      globalThis.addEventListener("unload", () => console.log("unload"));
      (Deno as any).cron("tidy", "* * * * *", () => {});
    }
    await server.run({ port: 0, workers: 1, standby: 1 });`,
  "serves.ts": `console.log("loaded");
    const handler = (request: Request) => {
      if (new URL(request.url).pathname === "/exit") Deno.exit();
      return new Response("served");
    };
    const onListen = ({ port }: { port: number }) => console.log("listens", port > 0);
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, handler);
    console.log("address", server.addr.port > 0);
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, () => new Response("aside"));`,
  "listens.mjs": `import { createServer } from "node:http";
    console.log("loaded");
    const server = createServer((request, response) => {
      if (request.url === "/exit") process.exit();
      response.end("served");
    });
    server.listen(0, "127.0.0.1", () => console.log("listens", server.address().port > 0));
    console.log("address", server.listening);`,
  "serves_late.ts": `console.log("loaded");
    setTimeout(() => {
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => console.log("listens") }, (request) => {
        if (new URL(request.url).pathname === "/exit") Deno.exit();
        return new Response("served");
      });
    }, 200);`,
  "unsound.ts": `const count = "count.txt";
    const loads = Number(await Deno.readTextFile(count).catch(() => "0")) + 1;
    await Deno.writeTextFile(count, String(loads));
    if (loads > 1) throw new Error("no database today");
    export default { fetch: () => new Response("served") };`,
};

describe("a program with a standby", { ignore: !CAN_START_PROGRAMS }, () => {
  /** A folder with the programs, for one test. */
  function programFolder(): Disposable & { start(...args: string[]): Program } {
    const cwd = Deno.makeTempDirSync();
    for (const [name, text] of Object.entries(PROGRAMS)) {
      Deno.writeTextFileSync(`${cwd}/${name}`, text);
    }
    return {
      start: (...args) =>
        Program.deno(["run", "-A", "--unstable-net", "--no-config", ...args], { cwd }),
      [Symbol.dispose]: () => Deno.removeSync(cwd, { recursive: true }),
    };
  }

  const ask = async (port: number, target: string) => {
    using client = await RawClient.connect(port);
    return (await client.ask(get(target, "Connection: close"))).text;
  };
  const provokeAt = async (port: number, target: string) => {
    const client = await RawClient.connect(port);
    await client.send(get(target));
    return client;
  };
  const countOf = (program: Program, line: string) =>
    program.stdout.all.filter((one) => one === line).length;
  const STANDBY = /worker (\d+): a standby after/;
  const PROMOTED = /worker (\d+): accepting after \d+ ms \(it was a standby\)/;

  it("registers no cron job in a standby before its promotion, and calls its onShutdown", async () => {
    using folder = programFolder();
    await using program = folder.start("registers.ts");
    const { port } = await program.listening();
    await program.stderr.find(STANDBY);
    assertEquals([countOf(program, "loaded undefined"), countOf(program, "registered tidy")], [
      2,
      1,
    ]);
    await ask(port, "/throw");
    await program.stderr.find(PROMOTED);
    await program.stderr.find(/worker 3: a standby after/);
    await eventually(() => countOf(program, "registered tidy") === 2, "the promoted worker's job");
    await program.stderr.find(/worker 1: ended \(panic\)/);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0, program.stderr.text);
    assertEquals(countOf(program, "loaded undefined"), 3);
    assertEquals(countOf(program, "registered tidy"), 2);
    assertEquals(countOf(program, "onShutdown panic"), 1);
    // The worker that served at the end, and the standby.
    assertEquals(countOf(program, "onShutdown shutdown"), 2);
    assertEquals(countOf(program, "unload"), 3);
  });

  for (const listen of ["reuseport", "shared"]) {
    it(`holds Deno.serve until the promotion, a second one as well (listen ${listen})`, async () => {
      using folder = programFolder();
      const args = [CLI, "--workers=1", "--standby=1", `--listen=${listen}`, "serves.ts"];
      await using program = folder.start(...args);
      const { port } = await program.listening();
      const [, side] = await program.stderr.find(/further server .*:(\d+)$/);
      await program.stderr.find(STANDBY);
      assertEquals(countOf(program, "address true"), 2);
      assertEquals(countOf(program, "listens true"), 2);
      for (let i = 0; i < 20; i++) {
        assertEquals(await ask(port, "/"), "served");
        assertEquals(await ask(Number(side), "/"), "aside");
      }
      using _client = await provokeAt(port, "/exit");
      await program.stderr.find(PROMOTED);
      assertEquals(await ask(port, "/"), "served");
      assertEquals(await ask(Number(side), "/"), "aside");
      assertEquals(countOf(program, "listens true"), 4);
    });
  }

  it("holds a server of node:http until the promotion", async () => {
    using folder = programFolder();
    await using program = folder.start(CLI, "--workers=1", "--standby=1", "listens.mjs");
    const { port } = await program.listening();
    await program.stderr.find(STANDBY);
    assertEquals([countOf(program, "address true"), countOf(program, "listens true")], [2, 1]);
    using _client = await provokeAt(port, "/exit");
    await program.stderr.find(PROMOTED);
    assertEquals(await ask(port, "/"), "served");
    await eventually(() => countOf(program, "listens true") === 2, "the event listening");
  });

  it("promotes a standby whose program does not serve yet, once it does", async () => {
    using folder = programFolder();
    await using program = folder.start(CLI, "--workers=1", "--standby=1", "serves_late.ts");
    const { port } = await program.listening();
    await eventually(() => countOf(program, "loaded") === 2, "a standby that loads");
    using _client = await provokeAt(port, "/exit");
    await program.stderr.find(PROMOTED);
    assertEquals(await ask(port, "/"), "served");
  });

  it("serves on while its standby cannot be loaded, and waits longer each time", async () => {
    using folder = programFolder();
    await using program = folder.start(CLI, "--workers=1", "--standby=1", "unsound.ts");
    const { port } = await program.listening();
    await program.stderr.find(/waiting \d+ ms before the next worker: 2 in a row died young/);
    await program.stderr.find(/waiting \d+ ms before the next worker: 3 in a row died young/);
    assertEquals(await ask(port, "/"), "served");
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0, program.stderr.text);
  });

  it("loads no standby for --check", async () => {
    using folder = programFolder();
    await using program = folder.start(CLI, "--check", "--standby=1", "serves.ts");
    assertEquals((await program.ended()).code, 0, program.stderr.text);
    assertEquals(countOf(program, "loaded"), 1);
  });
});
