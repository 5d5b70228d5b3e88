// A server whose workers have a Unix socket each, as a front end on the same machine sees it.

import { assertEquals, assertFalse, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WebServer } from "../../mod.ts";
import { eventually, within } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { get, post, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS, startApp, type StartedApp } from "../support/servers/started_app.ts";

/** A folder for sockets that is there for one test. */
function socketFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "mudpie-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** The names in a folder, in their order. */
function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function start(
  name: string,
  path: string,
  isolation: "web" | "thread",
  run = {},
): Promise<StartedApp> {
  return startApp(name, { run: { port: undefined, workers: 2, path, isolation, ...run } });
}

/** The same in a process of its own. */
function startProgram(path: string, workers: number): Program {
  const app = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
  return Program.deno(["run", "-A", app, JSON.stringify({ run: { path, workers } })]);
}

for (const isolation of ["web", "thread"] as const) {
  describe(`a server on Unix sockets (isolation ${isolation})`, {
    ignore: !CAN_START_PROGRAMS || Deno.build.os === "windows",
  }, () => {
    it("has one for each worker, which answers there and nobody else does", async () => {
      using folder = socketFolder();
      await using app = await start("well_behaved.ts", `${folder.path}/app.{n}.sock`, isolation, {
        pathMode: 0o600,
      });
      assertEquals(namesIn(folder.path), ["app.1.sock", "app.2.sock"]);
      assertEquals(app.running.listenMode, "unix");
      assertEquals(app.running.addr, { transport: "tcp", hostname: "127.0.0.1", port: 0 });
      assertStringIncludes(app.lines[0], `unix:${folder.path}/app.{n}.sock with 2 workers`);
      const names = new Set<string>();
      for (const name of namesIn(folder.path)) {
        const path = `${folder.path}/${name}`;
        assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o600);
        using client = await RawClient.connectToSocket(path);
        for (let i = 0; i < 3; i++) names.add((await client.ask(get("/worker"))).text);
        // Larger than a socket's buffer, both ways.
        const body = "x".repeat(900_000);
        assertEquals((await client.ask(post("/echo", body))).text, body);
      }
      assertEquals(names.size, 2);
    });

    it("loses nothing when its workers are replaced: by a reload, and by a panic", async () => {
      using folder = socketFolder();
      await using app = await start("panics.ts", `${folder.path}/app.sock`, isolation);
      let isOver = false;
      let answered = 0;
      const load = Array.from({ length: 6 }, async (_, i) => {
        while (!isOver) {
          using client = await RawClient.connectToSocket(`${folder.path}/app.${1 + i % 2}.sock`);
          const response = await client.ask(get("/worker", "Connection: close"));
          assertEquals(response.status, 200);
          answered++;
        }
      });
      const loaded = Promise.all(load);
      try {
        await within(app.running.reload(), "the reload");
        for (const slot of [1, 2]) {
          using client = await RawClient.connectToSocket(`${folder.path}/app.${slot}.sock`);
          const before = app.events.all.length;
          assertEquals((await client.ask(get("/throw"))).status, 500);
          client[Symbol.dispose]();
          await app.events.find("ended", ({ cause }) => cause === "panic", before);
        }
        const before = answered;
        await eventually(() => answered > before + 20, "answers behind the replacements");
      } finally {
        isOver = true;
        await loaded;
      }
      assertEquals(namesIn(folder.path), ["app.1.sock", "app.2.sock"]);
    });

    it("takes its sockets away when it stops, and answers what was accepted", async () => {
      using folder = socketFolder();
      await using app = await start("well_behaved.ts", `${folder.path}/app.sock`, isolation);
      using client = await RawClient.connectToSocket(`${folder.path}/app.1.sock`);
      const first = Number((await client.ask(get("/worker"))).text.replace("mudpie:", ""));
      const finished = app.running.shutdown();
      await eventually(() => namesIn(folder.path).length === 0, "an empty folder");
      await app.events.find("draining", ({ worker }) => worker === first);
      const last = await client.ask(get("/hello"));
      assertEquals([last.status, last.headers.get("connection")], [200, "close"]);
      client[Symbol.dispose]();
      await within(finished, "the end");
    });
  });
}

describe("a server on Unix sockets", {
  ignore: !CAN_START_PROGRAMS || Deno.build.os === "windows",
}, () => {
  it("tells handlers 127.0.0.1 and port 0 for the peer", async () => {
    using folder = socketFolder();
    await using _app = await start("well_behaved.ts", `${folder.path}/app.sock`, "web");
    using client = await RawClient.connectToSocket(`${folder.path}/app.1.sock`);
    const { text } = await client.ask(get("/peer"));
    assertEquals(text, "127.0.0.1 0");
  });

  it("does not start where something else is in the way, and leaves nothing behind", async () => {
    using folder = socketFolder();
    Deno.writeTextFileSync(`${folder.path}/app.2.sock`, "precious");
    const error = await assertRejects(
      () => start("well_behaved.ts", `${folder.path}/app.sock`, "web"),
      Error,
    );
    assertStringIncludes(error.message, "something else than a socket is there");
    assertEquals(namesIn(folder.path), ["app.2.sock"]);
    assertEquals(Deno.readTextFileSync(`${folder.path}/app.2.sock`), "precious");
  });

  it("has all slots, or none, where two start at once", async () => {
    using folder = socketFolder();
    await using one = startProgram(`${folder.path}/app.sock`, 2);
    await using other = startProgram(`${folder.path}/app.sock`, 2);
    const [winner, loser] = await Promise.race(
      [[one, other], [other, one]].map(async ([program, second]) => {
        await program.stderr.find(/: another process listens there; stop it/);
        return [second, program];
      }),
    );
    assertEquals((await loser.ended()).code, 1);
    await winner.stderr.find(/listening on .* with 2 workers/);
    assertEquals(namesIn(folder.path), ["app.1.sock", "app.2.sock"]);
    for (const name of namesIn(folder.path)) {
      using client = await RawClient.connectToSocket(`${folder.path}/${name}`);
      assertEquals((await client.ask(get("/hello"))).status, 200);
    }
  });

  it("leaves alone what another server has put in the place of its sockets", async () => {
    using folder = socketFolder();
    await using first = await start("well_behaved.ts", `${folder.path}/app.sock`, "web");
    for (const name of namesIn(folder.path)) Deno.removeSync(`${folder.path}/${name}`);
    await using _second = await start("well_behaved.ts", `${folder.path}/app.sock`, "web");
    const error = await assertRejects(() => within(first.running.reload(), "the reload"), Error);
    assertStringIncludes(error.message, "another process listens there");
    await within(first.running.shutdown(), "the end");
    assertEquals(namesIn(folder.path), ["app.1.sock", "app.2.sock"]);
    using client = await RawClient.connectToSocket(`${folder.path}/app.1.sock`);
    assertEquals((await client.ask(get("/hello"))).status, 200);
  });

  it("says in one line, and later and later, that a worker more has no slot", async () => {
    using folder = socketFolder();
    await using program = startProgram(`${folder.path}/app.sock`, 1);
    await program.stderr.find(/listening on/);
    Deno.writeTextFileSync(`${folder.path}/app.2.sock`, "precious");
    program.signal("SIGTTIN");
    await program.stderr.find(/waiting \d+ ms before the next worker: 3 in a row died young/);
    const failures = program.stderr.all.filter((line) => /start failed/.test(line));
    assertEquals(failures.length, 3);
    for (const line of failures) {
      assertStringIncludes(line, 'app.2.sock": something else than a socket is there; remove it');
    }
    assertFalse(/Uncaught|^ +at /m.test(program.stderr.text), program.stderr.text);
    Deno.removeSync(`${folder.path}/app.2.sock`);
    await program.stderr.find(/worker \d+: accepting/);
  });

  const wrong = [
    { options: { path: "/run/app.sock", port: 8000 }, says: '"path" and "port"' },
    { options: { path: "/run/app.sock", hostname: "127.0.0.1" }, says: '"path" and "hostname"' },
    { options: { path: "/run/app.sock", backlog: 64 }, says: '"path" and "backlog"' },
    { options: { path: "/run/app.sock", listen: "shared" }, says: '"path" and "listen"' },
    { options: { pathMode: 0o600 }, says: 'it goes with "path"' },
  ] as const;
  for (const { options, says } of wrong) {
    it(`refuses ${JSON.stringify(options)}`, async () => {
      const error = await assertRejects(() => new WebServer().start(options), TypeError);
      assertStringIncludes(error.message, says);
    });
  }
});
