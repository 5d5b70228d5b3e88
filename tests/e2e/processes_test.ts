// A server as a process of its own: signals, exit codes, and what stands on its standard output and standard error.

import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { AppOptions } from "../support/servers/app.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

function appPath(name: string): string {
  return new URL(`../support/apps/${name}`, import.meta.url).pathname;
}

/** Starts an app as a program, by default with one worker on a free port. */
function startProgram(
  name: string,
  { run, ...options }: AppOptions = {},
  env?: Record<string, string>,
): Program {
  const app = { ...options, run: { port: 0, workers: 1, ...run } };
  return Program.deno(["run", "-A", appPath(name), JSON.stringify(app)], { env });
}

/** A connection to a worker for which `isWanted` holds: the kernel chooses, so as many are made as it takes. */
async function connectWhere(
  port: number,
  isWanted: (worker: string) => boolean,
): Promise<RawClient> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const client = await RawClient.connect(port);
    if (isWanted((await client.ask(get("/worker"))).text)) return client;
    client[Symbol.dispose]();
  }
  throw new Error(`${MAX_TRIES} connections went to the same worker`);
}

const MAX_TRIES = 2_000;

function connectTo(port: number, worker: string): Promise<RawClient> {
  return connectWhere(port, (name) => name === worker);
}

function connectToOther(port: number, worker: string): Promise<RawClient> {
  return connectWhere(port, (name) => name !== worker);
}

async function ask(port: number, target: string): Promise<string> {
  using client = await RawClient.connect(port);
  return (await client.ask(get(target, "Connection: close"))).text;
}

/** A program in a folder of its own, whose answer can be changed while it runs. */
class ChangingProgram implements Disposable {
  readonly folder = Deno.makeTempDirSync();

  write(line: string): void {
    const mod = import.meta.resolve("../../mod.ts");
    Deno.writeTextFileSync(
      `${this.folder}/app.ts`,
      `import { WebResponse, WebServer } from ${JSON.stringify(mod)};
       const server = new WebServer({ accessLog: "off" });
       ${line}
       if (import.meta.main) await server.run({ port: 0, workers: 2 });`,
    );
  }

  start(): Program {
    return Program.deno(["run", "-A", "--no-config", "--unstable-net", "app.ts"], {
      cwd: this.folder,
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

describe("a program that serves", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`ends with exit code 0 on ${signal}`, async () => {
      await using program = startProgram("well_behaved.ts", { run: { workers: 2 } });
      const { port } = await program.listening();
      assertEquals(await ask(port, "/async"), "async");
      program.signal(signal);
      assertEquals((await program.ended()).code, 0);
      const lines = program.stderr.all.map((line) => line.replace(/^\S+Z mudpie: /, ""));
      assertEquals(lines.slice(1), [
        `stopping (${signal}); send it again to cut short`,
        "stopped",
      ]);
      assertEquals(program.stdout.all, []);
    });
  }

  for (const listen of ["reuseport", "shared"] as const) {
    it(`answers what was accepted before it ends (listen ${listen})`, async () => {
      await using program = startProgram("well_behaved.ts", { run: { listen } });
      const { port } = await program.listening();
      using gate = new Gate();
      using client = await RawClient.connect(port);
      await client.send(get(`/gate/${gate.port}`));
      const visitor = await gate.reached();
      program.signal("SIGTERM");
      await program.stderr.find(/stopping/);
      await visitor.open("the last answer");
      const response = await client.readResponse();
      assertEquals([response.status, response.text], [200, "the last answer"]);
      await client.assertEnded();
      client[Symbol.dispose]();
      assertEquals((await program.ended()).code, 0);
    });
  }

  it("ends with exit code 0 when it is told to stop while it starts", async () => {
    await using program = startProgram("stops_while_starting.ts", { run: { workers: 4 } });
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stdout.all, ["behind run()"]);
    await program.stderr.find(/ mudpie: stopped$/);
  });

  it("leaves signals alone with signals: false", async () => {
    await using program = startProgram("well_behaved.ts", { run: { signals: false } });
    await program.listening();
    program.signal("SIGTERM");
    assertEquals((await program.ended()).signal, "SIGTERM");
  });

  it("reloads on SIGHUP: the code that is on disk now is the one that answers", async () => {
    using changing = new ChangingProgram();
    changing.write(`server.addPath("/", () => WebResponse.text("old"));`);
    await using program = changing.start();
    const { port } = await program.listening();
    assertEquals(await ask(port, "/"), "old");

    changing.write(`server.addPath("/", () => WebResponse.text("new"));`);
    program.signal("SIGHUP");
    await program.stderr.find(/ mudpie: reloaded$/);
    for (let i = 0; i < 10; i++) assertEquals(await ask(port, "/"), "new");

    changing.write(`const mistake: = 1;`);
    program.signal("SIGHUP");
    const [line] = await program.stderr.find(/ mudpie: reload failed.*/);
    assertStringIncludes(line, "the old workers go on serving");
    assertEquals(await ask(port, "/"), "new");
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  it("adds and removes a worker on SIGTTIN and SIGTTOU, and prints the fleet on SIGUSR1 and SIGUSR2", async () => {
    await using program = startProgram("well_behaved.ts");
    const { port } = await program.listening();
    program.signal("SIGTTIN");
    await program.stderr.find(/the fleet is to have 2 workers/);
    await program.stderr.find(/worker 2: accepting/);
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      const seen = program.stderr.all.length;
      program.signal(signal);
      await program.stderr.find(/ mudpie: worker 2: accepting, spawned .*$/, seen);
      const lines = program.stderr.all.slice(seen).map((line) => line.replace(/^.* mudpie: /, ""));
      const [fleet, ...workers] = lines.slice(
        lines.findIndex((line) => line.startsWith("fleet: ")),
      );
      assertEquals(fleet, "fleet: 2 of 2 workers accept", signal);
      assertEquals(workers.map((line) => line.slice(0, 20)), [
        "worker 1: accepting,",
        "worker 2: accepting,",
      ]);
    }
    program.signal("SIGTTOU");
    await program.stderr.find(/worker 2: ended \(resize\)/);
    assertEquals(await ask(port, "/async"), "async");
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  it("takes no line on standard error from a client whom an error quotes", async () => {
    await using program = startProgram("panics.ts");
    const { port } = await program.listening();
    const forged = "2026-11-29T20:00:00.000Z mudpie: stopped";
    const user = encodeURIComponent(`\x1b[2J\n${forged}`);
    assertEquals(await ask(port, `/quote?user=${user}`), "Internal Server Error");
    // The runtime, too, prints what the worker dies of.
    await program.stderr.find(/Uncaught \(in worker/);
    await program.stderr.find(/ mudpie: worker 1: ended \(panic\)/);
    assertEquals(program.stderr.all.filter((line) => line.startsWith(forged)), []);
    assertFalse(program.stderr.text.includes("\x1b"));
  });

  for (const isolation of ["web", "thread"] as const) {
    it(`runs the code after run() when it has drained (isolation ${isolation})`, async () => {
      await using program = startProgram("works_after_run.ts", { run: { workers: 2, isolation } });
      await program.listening();
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assertEquals(program.stdout.all, [
        "final message of a worker",
        "final message of a worker",
        "final message of the main thread",
      ]);
    });

    it(`runs the code after run() in a worker that is replaced (isolation ${isolation})`, async () => {
      await using program = startProgram("works_after_run.ts", { run: { isolation } });
      await program.listening();
      program.signal("SIGHUP");
      await program.stdout.find(/final message of a worker/);
      await program.stderr.find(/worker 1: ended \(reload\)/);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assertEquals(program.stdout.all.length, 3);
    });

    it(`logs the whole of a panic, once for each (isolation ${isolation})`, async () => {
      await using program = startProgram("panics.ts", { run: { isolation } });
      const { port } = await program.listening();
      assertEquals(await ask(port, "/throw"), "Internal Server Error");
      const [line] = await program.stderr.find(/ mudpie: worker 1: panic .*/);
      assertMatch(line, /panic in GET \/throw: Error: a secret of the handler$/);
      await program.stderr.find(/ {4}at .*panics\.ts/);
      await program.stderr.find(/ mudpie: worker 2: accepting/);
      await program.stderr.find(/ mudpie: worker 1: ended \(panic\)/);
      assertMatch(await ask(port, "/worker"), /^mudpie:2$/);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      const panics = program.stderr.all.filter((line) => line.includes(" panic in "));
      assertEquals(panics.length, 1);
    });
  }

  for (const run of [{ listen: "shared" }, { listen: "reuseport", onHang: "continue" }] as const) {
    it(`goes on when a Web Worker hangs (${Object.values(run).join(", ")}), and still ends on SIGTERM`, async () => {
      await using program = startProgram("hangs.ts", {
        run: { workers: 2, hangTimeout: 1_000, ...run },
      });
      const { port } = await program.listening();
      using others = await connectToOther(port, "mudpie:1");
      using client = await connectTo(port, "mudpie:1");
      await client.send(get("/spin?secret"));
      const [line] = await program.stderr.find(/worker 1: hung.*/);
      assertMatch(line, /hung while handling GET \/spin \([\d.]+ s\); .*isolation "thread"/);
      await program.stderr.find(/ended \(hang\)/);
      await program.stderr.find(/worker 3: accepting/);
      for (let i = 0; i < 10; i++) {
        assertEquals((await others.ask(get("/worker"))).text, "mudpie:2");
      }
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    });
  }

  for (const run of [{ listen: "reuseport" }, { listen: "shared", onHang: "exit" }] as const) {
    it(
      `drains the others and ends with exit code 75 when a Web Worker hangs (${
        Object.values(run).join(", ")
      })`,
      async () => {
        await using program = startProgram("hangs.ts", {
          run: { workers: 2, hangTimeout: 1_000, ...run },
        });
        const { port } = await program.listening();
        using gate = new Gate();
        using other = await connectToOther(port, "mudpie:1");
        using client = await connectTo(port, "mudpie:1");
        await other.send(get(`/gate/${gate.port}`));
        const visitor = await gate.reached();
        await client.send(get("/spin"));
        await program.stderr.find(/stopping \(worker 1 hangs and cannot be stopped\)/);
        await visitor.open("the last answer");
        assertEquals((await other.readResponse()).text, "the last answer");
        await other.assertEnded();
        other[Symbol.dispose]();
        assertEquals((await program.ended()).code, 75);
        assertMatch(program.stderr.text, /worker 1: hung while handling GET \/spin .*onHang/);
      },
    );
  }

  it("ends on SIGTERM when all of its workers hang", async () => {
    await using program = startProgram("hangs.ts", {
      run: { workers: 1, hangTimeout: 0, drainTimeout: 500 },
    });
    const { port } = await program.listening();
    using client = await RawClient.connect(port);
    await client.send(get("/spin"));
    // The request has been read when its worker shows no more sign of life; nobody else can tell.
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  it("logs the variables of the environment that have no effect", async () => {
    const env = { MUDPIE_PORT: "81", MUDPIE_DRAIN_TIME: "5" };
    await using program = startProgram("well_behaved.ts", { run: { workers: 1 } }, env);
    await program.listening();
    const { text } = program.stderr;
    assertStringIncludes(text, "environment variable MUDPIE_PORT has no effect");
    assertStringIncludes(text, "unknown environment variable MUDPIE_DRAIN_TIME: did you mean");
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  const environments: { env: Record<string, string>; workers: number; source: string }[] = [
    {
      env: { MUDPIE_THREADS: "2", WEB_CONCURRENCY: "3" },
      workers: 2,
      source: "as MUDPIE_THREADS says",
    },
    {
      env: { MUDPIE_WORKERS: "2", WEB_CONCURRENCY: "3" },
      workers: 2,
      source: "as MUDPIE_WORKERS says",
    },
    {
      env: { MUDPIE_THREADS: "", WEB_CONCURRENCY: "3" },
      workers: 3,
      source: "as WEB_CONCURRENCY says",
    },
    {
      env: { MUDPIE_THREADS: "", WEB_CONCURRENCY: "" },
      workers: navigator.hardwareConcurrency,
      source: "one for each core",
    },
  ];
  for (const { env, workers, source } of environments) {
    it(`has as many workers as it is told: ${source}`, async () => {
      await using program = startProgram("well_behaved.ts", { run: { workers: undefined } }, env);
      const listening = await program.listening();
      assertEquals(listening.workers, workers);
      assertStringIncludes(listening.line, `(${source})`);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    });
  }

  it("logs requests on standard output, unless MUDPIE_LOGGING is 0", async () => {
    for (const [MUDPIE_LOGGING, lines] of [["1", 2], ["0", 0]] as const) {
      await using program = startProgram("well_behaved.ts", { server: { accessLog: "text" } }, {
        MUDPIE_LOGGING,
      });
      const { port } = await program.listening();
      await ask(port, "/async");
      await ask(port, "/nowhere");
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assertEquals(program.stdout.all.length, lines);
      for (const line of program.stdout.all) {
        assertMatch(
          line,
          /^127\.0\.0\.1 - - \[.*\] "GET \/\w+ HTTP\/1\.1" \d+ \d+ "-" "-" [\d.]+ \S+ \d+$/,
        );
      }
    }
  });
});
