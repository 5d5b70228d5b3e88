// The command line as a program: what it serves, what wins over what, what it refuses, and with which exit code it ends.

import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { DEADLINE_MS, within } from "../support/deadline.ts";
import { Program, type ProgramOptions } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const FETCH_APP = new URL("../support/apps/fetch_style.ts", import.meta.url).pathname;

/** How often a file changes at once, as far as somebody who edits it is concerned. */
const CHANGES = 40;
/** Long enough for each of them to be noticed, and much shorter than what parts two changes. */
const CHANGE_INTERVAL_MS = 10;

/** What an application begins with that builds a server. */
const SERVER = `
  import { WebResponse, WebServer } from ${
  JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
};
  const server = new WebServer({ accessLog: "off", maxBodyBytes: 20 });
  server.addPath("/echo", { POST: (req) => WebResponse.text(req.text()) });
  server.addPath("/client", (req) => WebResponse.text(req.clientAddr.hostname));
  server.addExactPath("/users/:id", (req) => WebResponse.text(req.params.id));`;

/** The small applications of this test, by the names of their files. */
const APPS: Readonly<Record<string, string>> = {
  "runs.ts": `${SERVER}
    await server.run({ port: 1, workers: 3, isolation: "thread" });
    console.log("behind run()", WebServer.isWorker);`,
  "guarded.ts": `${SERVER}
    if (import.meta.main) await server.run({ port: 1, workers: 3 });`,
  "called.ts": `${SERVER}
    async function main() {
      await new Promise((resolve) => setTimeout(resolve));
      await server.run({ port: 1, workers: 3 });
    }
    main();`,
  "exported.ts": `${SERVER}
    export default server;`,
  "throws.ts": `throw new Error("no database today");`,
  "broken.ts": `export const x = ;`,
  "imports_nothing.ts": `import "./not_there.ts";`,
  "no_fetch.ts": `export default { port: 8000 };`,
  "empty.ts": `export const fetch = () => new Response("not a default export");`,
  "wrong_fetch.ts": `export default { fetch: "/" };`,
  "other_copy.ts": `import { WebServer } from ${
    JSON.stringify(new URL("../../mod.ts?copy", import.meta.url).href)
  };
    import ${JSON.stringify(new URL("../../src/server.ts?copy", import.meta.url).href)};
    export default new WebServer();`,
  "wrong_on_listen.ts": `export default {
    fetch: () => new Response(),
    onListen() { throw new Error("not on this machine"); },
  };`,
  "floats.ts": `Promise.reject(new Error("floating"));
    export default { fetch: () => new Response() };`,
  "waits.ts": `await new Promise(() => {});
    export default { fetch: () => new Response() };`,
  "exits.ts": `Deno.exit(3);`,
  "waits_idly.ts": `setInterval(() => {}, 60_000);`,
  "half.ts": `${SERVER}
    await server.run({ pathMode: 0o660 });`,
  "wrong_option.ts": `${SERVER}
    await server.run({ workers: 0 });`,
};

describe("the command line", { ignore: !CAN_START_PROGRAMS }, () => {
  let folder: string;
  let client: Deno.HttpClient;

  beforeAll(async () => {
    // A connection for each request: one that is kept would have its next answer from a worker that is on its way out.
    client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    folder = await Deno.makeTempDir();
    for (const [name, text] of Object.entries(APPS)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
  });
  afterAll(async () => {
    client?.close();
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  });

  /** Starts it in the folder of the small applications. */
  const start = (args: readonly string[], options: ProgramOptions = {}): Program =>
    Program.deno(["run", "-A", "--unstable-net", CLI, ...args], { cwd: folder, ...options });

  const ask = async (port: number, path: string, init: RequestInit = {}): Promise<Response> =>
    await within(
      fetch(`http://127.0.0.1:${port}${path}`, { ...init, client, redirect: "manual" }),
      `an answer to ${path}`,
    );
  const textOf = async (port: number, path: string, init?: RequestInit): Promise<string> =>
    await (await ask(port, path, init)).text();
  const statusOf = async (port: number, path: string, body: string): Promise<number> => {
    const response = await ask(port, path, { method: "POST", body });
    await response.body?.cancel();
    return response.status;
  };

  /** Ends a server as an operator does. */
  const stop = async (program: Program): Promise<void> => {
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0, program.stderr.text);
  };

  it("gives the answers of deno serve", async () => {
    const requests: { path: string; init?: RequestInit }[] = [
      { path: "/this" },
      { path: "/this", init: { method: "HEAD" } },
      { path: "/asked?a=b&c=%20", init: { headers: { "x-agent": "é" } } },
      { path: "/asked", init: { method: "OPTIONS" } },
      { path: "/asked", init: { method: "DELETE" } },
      { path: "/echo", init: { method: "POST", body: "büdget" } },
      { path: "/echo", init: { method: "PUT", body: new Uint8Array([0, 255, 7]) } },
      { path: "/peer" },
      { path: "/completed" },
      { path: "/cookies" },
      { path: "/elsewhere" },
      { path: "/parts" },
      { path: "/nowhere/%C3%A9" },
    ];
    await using program = start([FETCH_APP, "--port", "0", "--workers", "2"]);
    await using other = Program.deno([
      ...["serve", "-A", "--host", "127.0.0.1", "--port", "0", FETCH_APP],
    ]);
    const { port } = await program.listening();
    // Each worker tells the application where it listens; that of deno serve does so, too.
    await program.stdout.find(new RegExp(`the application listens on ${port}`));
    const said = await other.stdout.find(/the application listens on (\d+)/);
    for (const { path, init } of requests) {
      assertEquals(
        await contentOf(await ask(port, path, init)),
        await contentOf(await ask(Number(said[1]), path, init)),
        path,
      );
    }
    for (const { stdout } of [program, other]) await stdout.find(/the answer was sent/);
    // A client's bad body, which deno serve answers with 500, is no fault of the application: its worker stays.
    assertEquals(await statusOf(port, "/json", '{"a":'), 400);
    await program.stderr.find(/worker \d: POST \/json gets 400: .+ \(SyntaxError: /);
    assert(!program.stderr.text.includes("panic"), program.stderr.text);
    for (const each of [port, Number(said[1])]) {
      const response = await ask(each, "/fails");
      assertEquals(response.status, 500);
      await response.body?.cancel();
    }
    // Here it is a panic, whose worker is replaced; and there is a trace of it.
    await program.stderr.find(/panic in GET \/fails: Error: on purpose/);
    assertStringIncludes(program.stderr.text, "fetch_style.ts:");
    await program.stderr.find(/ended \(panic\)/);
    assertEquals(await textOf(port, "/this"), "hello");
    await stop(program);
  });

  const kinds = [
    { app: "runs.ts", isolation: "thread", what: "a module that calls run()" },
    { app: "guarded.ts", isolation: "web", what: "one that does so behind import.meta.main" },
    { app: "called.ts", isolation: "web", what: "one that does so in a function nobody awaits" },
    { app: "exported.ts", isolation: "thread", what: "a WebServer as default export" },
  ];
  for (const { app, isolation, what } of kinds) {
    it(`serves ${what}, and its flags win over the code and the environment`, async () => {
      const flags = [
        ...["--port", "0", "--isolation", isolation, "--max-body-bytes", "4"],
        ...["--trust-proxy", "192.0.2.0/24,loopback"],
      ];
      await using program = start([app, ...flags], {
        env: {
          MUDPIE_PORT: "1",
          MUDPIE_MAX_BODY_BYTES: "2",
          MUDPIE_MAX_TARGET_BYTES: "10",
          ...app === "exported.ts" ? { WEB_CONCURRENCY: "2" } : {},
        },
      });
      const { port, line } = await program.listening();
      assertStringIncludes(program.stderr.text, `isolation ${isolation}`);
      // What nobody says here is as the code has it, or the environment.
      assertStringIncludes(
        line,
        app === "exported.ts"
          ? "with 2 workers (as WEB_CONCURRENCY says)"
          : "with 3 workers (as run() was told)",
      );
      assertEquals(await statusOf(port, "/echo", "1234"), 200);
      assertEquals(await statusOf(port, "/echo", "12345"), 413);
      assertEquals(await textOf(port, "/users/7"), "7");
      assertEquals((await textOf(port, "/users/1234567")).slice(0, 3), "414");
      const headers = { "x-forwarded-for": "198.51.100.66, 203.0.113.5, 192.0.2.1" };
      const answer = await fetch(`http://127.0.0.1:${port}/client`, { headers });
      assertEquals(await answer.text(), "203.0.113.5");
      await stop(program);
      // The code after run() has run, in the workers alone.
      if (app === "runs.ts") {
        assertEquals(program.stdout.all, Array(3).fill("behind run() true"));
      }
    });
  }

  it("says who has said how many workers there are", async () => {
    const cases: { args: string[]; env: Record<string, string>; says: string }[] = [
      { args: ["--workers", "1"], env: {}, says: "with 1 worker (as --workers says)" },
      { args: [], env: { MUDPIE_WORKERS: "1" }, says: "with 1 worker (as MUDPIE_WORKERS says)" },
    ];
    for (const { args, env, says } of cases) {
      const all = { MUDPIE_THREADS: "3", WEB_CONCURRENCY: "2", ...env };
      await using program = start(["runs.ts", "--port", "0", ...args], { env: all });
      assertStringIncludes((await program.listening()).line, says);
      // The second one is no silent loser.
      assertEquals(
        program.stderr.text.includes("MUDPIE_THREADS has no effect beside MUDPIE_WORKERS"),
        env.MUDPIE_WORKERS !== undefined,
      );
      await stop(program);
    }
  });

  it("names within --check the application whose top-level await takes more than two seconds", async () => {
    await Deno.writeTextFile(
      `${folder}/waits.ts`,
      `await new Promise((resolve) => setTimeout(resolve, 2_600));
       export default { fetch: () => new Response("") };`,
    );
    await using program = start(["waits.ts", "--check"]);
    assertEquals((await program.ended()).code, 0);
    assertMatch(
      program.stderr.text,
      /waits\.ts is still loading \(an import, or a top-level await/,
    );
    assertMatch(program.stdout.text, /waits\.ts starts;/);
  });

  it("logs a variable that is no option's, with the nearest name", async () => {
    const env = { MUDPIE_DRAIN_TIME: "5" };
    await using program = start(["runs.ts", "--port", "0", "--workers", "1"], { env });
    await program.listening();
    assertMatch(
      program.stderr.text,
      /mudpie: unknown environment variable MUDPIE_DRAIN_TIME: did you mean MUDPIE_DRAIN_TIMEOUT\?\n/,
    );
    await stop(program);
  });

  it("reloads with --watch when a module changes, once for several, and keeps what works", async () => {
    const text = (value: string) => Deno.writeTextFile(`${folder}/text.ts`, value);
    await text(`export const text = "first";`);
    await Deno.writeTextFile(
      `${folder}/watched.ts`,
      `import { text } from "./text.ts";
       export default { fetch: () => new Response(text) };`,
    );
    const flags = ["--port", "0", "--workers", "1", "--watch", "--on-panic", "keep"];
    await using program = start(["watched.ts", ...flags]);
    const { port } = await program.listening();
    await program.stderr.find(/watching the 2 modules/);
    assertEquals(await textOf(port, "/"), "first");

    // As an editor does that puts a new file in the place of the old one; what is no module does not count.
    await Deno.writeTextFile(`${folder}/notes.txt`, "nothing");
    await Deno.writeTextFile(`${folder}/text.new`, `export * from "./more.ts";`);
    await Deno.writeTextFile(`${folder}/more.ts`, `export const text = "second";`);
    await Deno.rename(`${folder}/text.new`, `${folder}/text.ts`);
    await program.stderr.find(/ reloaded$/);
    assertEquals(await textOf(port, "/"), "second");
    assertMatch(program.stderr.text, /changed: text\.ts\n/);

    // A module that is imported before it is there, and the folder for it, too.
    let seen = program.stderr.all.length;
    await text(`export * from "./late/late.ts";`);
    await program.stderr.find(/reload failed/, seen);
    seen = program.stderr.all.length;
    await Deno.mkdir(`${folder}/late`);
    await Deno.writeTextFile(`${folder}/late/late.ts`, `export * from "../more.ts";`);
    await program.stderr.find(/ reloaded$/, seen);
    assertEquals(await textOf(port, "/"), "second");

    seen = program.stderr.all.length;
    await Deno.writeTextFile(
      `${folder}/more.ts`,
      `export const text = ""; throw new Error("not today");`,
    );
    const failed = await program.stderr.find(
      /reload failed, the old workers go on serving.*/,
      seen,
    );
    assertStringIncludes(failed[0], "Error: not today");
    assertEquals(await textOf(port, "/"), "second");

    seen = program.stderr.all.length;
    for (let i = 0; i < CHANGES; i++) {
      await Deno.writeTextFile(`${folder}/more.ts`, `export const text = "third"; // ${i}`);
      await new Promise((resolve) => setTimeout(resolve, CHANGE_INTERVAL_MS));
    }
    const started = performance.now();
    while (await textOf(port, "/") !== "third") {
      assertLess(performance.now() - started, DEADLINE_MS, program.stderr.text);
    }
    await stop(program);
    // Not exactly one: a machine that is busy may take its time between two of them.
    const reloads = program.stderr.all.slice(seen).filter((line) => / reloading/.test(line));
    assertLess(reloads.length, CHANGES / 4, program.stderr.text);
  });

  const broken = [
    {
      what: "has a syntax error",
      text: "export default { fetch",
      says: /Cannot load unready\.ts: /,
    },
    {
      what: "throws",
      text: `throw new Error("not yet");`,
      says: /Cannot load unready\.ts: .*not yet/,
    },
    { what: "is empty", text: "", says: /Nothing to serve in unready\.ts: / },
    {
      what: "imports what is not there",
      text: `export { default } from "./mended.ts";`,
      says: /Cannot load unready\.ts: .*mended\.ts/,
    },
  ];
  for (const { what, text, says } of broken) {
    it(`waits with --watch for an application that ${what} to be mended`, async () => {
      const app = `${folder}/unready.ts`;
      await Deno.writeTextFile(app, text);
      const flags = ["--port", "0", "--workers", "2", "--watch"];
      await using program = start(["unready.ts", ...flags]);
      await program.stderr.find(says);
      await program.stderr.find(/waiting for a change/);

      let seen = program.stderr.all.length;
      await Deno.writeTextFile(app, `throw new Error("still broken");`);
      await program.stderr.find(/Cannot load unready\.ts: .*still broken/, seen);
      await program.stderr.find(/waiting for a change/, seen);

      await Deno.writeTextFile(app, `export default { fetch: () => new Response("mended") };`);
      const { port } = await program.listening();
      assertEquals(await textOf(port, "/"), "mended");

      seen = program.stderr.all.length;
      await Deno.writeTextFile(app, `export default { fetch: () => new Response("changed") };`);
      await program.stderr.find(/ reloaded$/, seen);
      assertEquals(await textOf(port, "/"), "changed");
      await stop(program);
    });
  }

  it("waits with --watch for an application that calls run() by itself to be mended", async () => {
    const app = `${folder}/unready_run.ts`;
    await Deno.writeTextFile(app, `throw new Error("not yet");`);
    await using program = start(["unready_run.ts", "--port", "0", "--workers", "1", "--watch"]);
    await program.stderr.find(/waiting for a change/);
    await Deno.writeTextFile(
      app,
      `import { WebResponse, WebServer } from "${import.meta.resolve("../../mod.ts")}";
       const server = new WebServer();
       server.addPath("/", () => WebResponse.text("mended"));
       if (import.meta.main) await server.run({ onEvent: ({ kind }) => console.log(kind) });`,
    );
    const { port } = await program.listening();
    assertEquals(await textOf(port, "/"), "mended");
    // For its onEvent, and only for that, the main thread has loaded the application, too.
    await program.stdout.find(/^listening$/);
    await stop(program);
  });

  it("loads the application afresh on SIGHUP", async () => {
    const app = `${folder}/changes.ts`;
    const write = (text: string) =>
      Deno.writeTextFile(app, `export default { fetch: () => new Response("${text}") };`);
    await write("old");
    await using program = start(["changes.ts", "--port", "0", "--workers", "1"]);
    const { port } = await program.listening();
    assertEquals(await textOf(port, "/"), "old");
    await write("new");
    program.signal("SIGHUP");
    await program.stderr.find(/ reloaded$/);
    assertEquals(await textOf(port, "/"), "new");
    await stop(program);
  });

  it("tells with --check what would be served, although its address is in use", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const flags = ["--check", "--port", String(taken.addr.port), "--workers", "2"];
    const server = [
      "  POST, OPTIONS  /echo and all under it",
      "  every method   /client and all under it",
      "  every method   /users/:id",
    ];
    const cases = [
      { app: FETCH_APP, routes: ["  every method  / and all under it"] },
      { app: "runs.ts", routes: server },
      { app: "guarded.ts", routes: server },
      { app: "exported.ts", routes: server },
    ];
    for (const { app, routes } of cases) {
      await using program = start([app, ...flags]);
      assertEquals((await program.ended()).code, 0, program.stderr.text);
      const lines = program.stdout.all;
      assertEquals(lines.at(-1), "  OpenTelemetry is off (OTEL_DENO=true turns it on)");
      assertEquals(lines.slice(-routes.length - 1, -1).toSorted(), routes.toSorted());
      assertEquals(
        lines.at(-routes.length - 2),
        `${app} starts; it would listen on http://127.0.0.1:${taken.addr.port} (as --port says) with 2 workers (as --workers says)`,
      );
    }
  });

  it("ends with exit code 1 and one clear line where it cannot start", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String(taken.addr.port);
    const cases: { args: string[]; says: string; env?: Record<string, string> }[] = [
      { args: [], says: "Nothing to serve: name the module" },
      { args: ["--prot", "80"], says: "Unknown flag --prot: did you mean --port?" },
      { args: ["a.ts", "b.ts"], says: "Cannot serve more than one application" },
      { args: ["throws.ts", "--port"], says: "--port needs a value" },
      { args: ["not_there.ts"], says: "Cannot find not_there.ts: there is no such file in " },
      { args: ["."], says: "it is a folder" },
      {
        args: ["imports_nothing.ts"],
        says: 'Cannot load imports_nothing.ts: Module not found "file:',
      },
      { args: ["throws.ts"], says: "Cannot load throws.ts: Error: no database today" },
      { args: ["broken.ts"], says: "Cannot load broken.ts: SyntaxError: Expression expected" },
      {
        args: ["empty.ts"],
        says:
          "it has no default export, and no call of Deno.serve() or run() has succeeded; expected",
      },
      { args: ["no_fetch.ts"], says: "of type Object, has no fetch, and no call of" },
      {
        args: ["empty.ts", "--isolation", "web", "--start-timeout", "4_000"],
        says: "no default export, and within startTimeout (4000 ms) no call of",
      },
      {
        args: ["waits_idly.ts", "--check", "--start-timeout", "4_000"],
        says: "no default export, and within startTimeout (4000 ms) no call of",
      },
      { args: ["wrong_fetch.ts"], says: "the fetch of its default export is of type string" },
      { args: ["wrong_option.ts"], says: 'Cannot use 0 as option "workers"' },
      { args: ["other_copy.ts"], says: "The application has another copy of @mudpie/server" },
      ...["runs.ts", "guarded.ts", "exported.ts"].map((app) => ({
        args: [app, "--port", port],
        says: `mudpie: Cannot listen on 127.0.0.1:${port}: the address is in use`,
      })),
      {
        args: ["exported.ts", "--isolation", "web", "--heap-limit-bytes-per-worker", "1_000_000"],
        says: 'isolation: "thread"',
      },
      {
        args: ["exported.ts"],
        env: { MUDPIE_PORT: "http" },
        says: "variable MUDPIE_PORT: expected",
      },
      { args: ["throws.ts", "--check"], says: "Cannot load throws.ts: Error: no database today" },
      {
        args: ["waits.ts", "--check", "--start-timeout", "500"],
        says: "Cannot load waits.ts: it took longer than startTimeout (500 ms) to load",
      },
      { args: ["exits.ts", "--check"], says: "Cannot load exits.ts: it exited with code 3" },
      {
        args: ["exits.ts", "--check", "--isolation", "web"],
        says: "Cannot load exits.ts: it ended without a word",
      },
      { args: ["wrong_option.ts", "--check"], says: 'Cannot use 0 as option "workers"' },
      {
        args: ["empty.ts", "--check"],
        says: "Nothing to serve in empty.ts",
      },
    ];
    const fail = async ({ args, says, env }: typeof cases[number]) => {
      await using program = start(args, { env });
      assertEquals((await program.ended()).code, 1, args.join(" "));
      // The lines of a stack, and of a place in a file, are indented.
      const lines = program.stderr.all.filter((line) => !/^[\s\d]/.test(line));
      assertEquals(lines.length, 1, program.stderr.text);
      assertEquals(lines[0].slice(0, "mudpie: ".length), "mudpie: ");
      assertStringIncludes(lines[0], says);
      assertEquals(program.stdout.all, []);
    };
    // How long a program takes to find nothing to serve depends on how long it took to start, so not all start at once.
    const waiting = cases.values();
    const failInTurn = async () => {
      for (const each of waiting) await fail(each);
    };
    await Promise.all([failInTurn(), failInTurn(), failInTurn()]);
  });

  it("ends with exit code 1 and the cause where onListen throws", async () => {
    await using program = start(["wrong_on_listen.ts", "--port", "0", "--workers", "2"]);
    assertEquals((await program.ended()).code, 1);
    assertStringIncludes(program.stderr.text, "No worker could start: Error: not on this machine");
  });

  it("finds with --check what would kill each worker", async () => {
    await using program = start(["floats.ts", "--check"]);
    assertEquals((await program.ended()).code, 1);
    assertStringIncludes(program.stderr.text, "floating");
  });

  it("completes what the code says by half", async () => {
    await using program = start(["half.ts", "--path", `${folder}/half.sock`, "--workers", "1"]);
    await program.stderr.find(/listening on unix:.*half\.\{n\}\.sock/);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  it("says which permission is missing", async () => {
    const library = new URL("../../", import.meta.url).pathname;
    const cases = [
      {
        permissions: [],
        says: "Cannot load exported.ts: Deno was not given the permission to read it",
      },
      { permissions: [`--allow-read=${folder},${library}`], says: "--allow-net=127.0.0.1:8123" },
    ];
    for (const { permissions, says } of cases) {
      await using program = Program.deno(
        ["run", "--no-prompt", ...permissions, CLI, "exported.ts", "--port", "8123"],
        { cwd: folder },
      );
      assertEquals((await program.ended()).code, 1);
      assertEquals(program.stderr.all.length, 1, program.stderr.text);
      assertStringIncludes(program.stderr.text, says);
    }
  });

  it("shows its flags and its version, and leaves to the application what is behind --", async () => {
    const { version } = JSON.parse(
      await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
    );
    await using help = start(["--help"]);
    await using versioned = start(["--version"]);
    assertEquals((await help.ended()).code, 0);
    assertStringIncludes(help.stdout.text, "--max-body-bytes <bytes>");
    assertEquals((await versioned.ended()).code, 0);
    assertEquals(versioned.stdout.text, `mudpie ${version} (deno ${Deno.version.deno})`);
    await Deno.writeTextFile(
      `${folder}/words.ts`,
      `export default { fetch: () => Response.json(Deno.args.slice(Deno.args.indexOf("--") + 1)) };`,
    );
    await using program = start(["words.ts", "--port", "0", "--", "--port", "x"]);
    const { port } = await program.listening();
    assertEquals(await textOf(port, "/"), '["--port","x"]');
    await stop(program);
  });
});

/** What must be the same everywhere. The framing, and when it was, are the server's own. */
async function contentOf(response: Response): Promise<unknown> {
  const headers = [...response.headers].filter(([name]) =>
    !["date", "connection", "content-length", "transfer-encoding", "vary", "keep-alive"].includes(
      name,
    )
  );
  return { status: response.status, headers, body: await response.text() };
}
