// Programs that call Deno.serve, run by the command line: where they listen, how they end, and what of them goes wrong.
// program_answers_test.ts has what their clients see.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { DEADLINE_MS, within } from "../support/deadline.ts";
import { type Answer, type Asked, askFrom, get } from "../support/servers/answers.ts";
import { freePort } from "../support/servers/free_port.ts";
import { Program, type ProgramOptions } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const PROGRAMS = new URL("../support/programs/", import.meta.url).pathname;

describe("a program", { ignore: !CAN_START_PROGRAMS }, () => {
  let client: Deno.HttpClient;
  let folder: string;

  beforeAll(async () => {
    // A connection for each request: a panic closes one.
    client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    folder = await Deno.makeTempDir();
  });
  afterAll(async () => {
    client?.close();
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  });

  const mudpie = (file: string, args: readonly string[], options?: ProgramOptions): Program =>
    Program.deno(["run", "-A", "--unstable-net", CLI, file, ...args], options);
  const local = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "2"];

  const ask = (port: number, asked: Asked): Promise<Answer> => askFrom(client, port, asked);

  /** Writes a program, and returns its path. */
  const write = async (name: string, text: string): Promise<string> => {
    const path = `${folder}/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  };

  const stop = async (program: Program): Promise<void> => {
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0, program.stderr.text);
  };

  it("serves its call rather than its default export, and one line says so", async () => {
    await using program = mudpie(`${PROGRAMS}exports_and_serves.ts`, local);
    await program.listening();
    await stop(program);
    const lines = program.stderr.all.filter((line) => line.includes("default export"));
    assertEquals(lines.length, 1, program.stderr.text);
    assertStringIncludes(lines[0], "so its default export is not served");
  });

  it("listens at the address that it names, or at one port in all workers for port 0", async () => {
    const app = await write(
      "port_0.ts",
      `const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1" }, () => new Response());
       console.log("port", addr.port);`,
    );
    await using program = mudpie(app, ["--workers", "3"]);
    const { port } = await program.listening();
    await stop(program);
    assertEquals(program.stdout.all, Array(3).fill(`port ${port}`));
  });

  it("gets the AddrInUse that it may catch, to try another port", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const app = await write(
      "hunts.ts",
      `const handler = () => new Response();
       try {
         Deno.serve({ port: ${taken.addr.port}, hostname: "127.0.0.1" }, handler);
       } catch (error) {
         if (!(error instanceof Deno.errors.AddrInUse)) throw error;
         Deno.serve({ port: 0, hostname: "127.0.0.1" }, handler);
       }`,
    );
    await using program = mudpie(app, ["--workers", "2"]);
    const { port } = await program.listening();
    assertEquals(port === taken.addr.port, false);
    await stop(program);
  });

  it("gets each error of its address that it may catch, and a wrong port before it listens", async () => {
    const app = await write(
      "catches.ts",
      `const handler = () => new Response();
       for (const options of [{ port: 45.1 }, { port: -1 }, { port: 0, hostname: "192.0.2.1" },
           { port: 0, hostname: "no.such.name.invalid" }]) {
         try {
           Deno.serve(options, handler);
         } catch (error) {
           console.log(error.name);
         }
       }
       const { addr } = Deno.serve({ port: 0, hostname: "localhost" }, handler);
       console.log(addr.hostname);`,
    );
    await using program = mudpie(app, ["--workers", "1"]);
    await program.stderr.find(/listening on http:\/\/(?:127\.0\.0\.1|\[::1\]):/);
    await stop(program);
    const names = ["TypeError", "RangeError", "AddrNotAvailable", "Error"];
    const [address] = program.stdout.all.splice(4);
    assertEquals(program.stdout.all, names);
    assertEquals(["127.0.0.1", "::1"].includes(address), true, address);
  });

  it("ends with one clear line where the port in use is the user's, and does not hunt", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const app = await write(
      "hunts_in_vain.ts",
      `for (let port = 9000;; port++) {
         try {
           Deno.serve({ port, hostname: "127.0.0.1" }, () => new Response());
           break;
         } catch (error) {
           console.log(port, error.name);
         }
       }`,
    );
    const { port } = taken.addr;
    for (
      const [args, says] of [
        [["--port", `${port}`], "the address is in use"],
        [["--admin-port", `${port}`], "in use"],
      ] as const
    ) {
      await using program = mudpie(app, ["--workers", "1", ...args]);
      assertEquals((await program.ended()).code, 1);
      assertEquals(program.stdout.all, []);
      assertEquals(program.stderr.all.length, 1, program.stderr.text);
      assertStringIncludes(program.stderr.text, says);
    }
  });

  const closings = [
    { call: "server.shutdown()", code: "server.shutdown()" },
    { call: "the abort of its signal", code: "controller.abort()" },
  ];
  for (const { call, code } of closings) {
    it(`costs only the worker in which it closes its server by ${call}`, async () => {
      const app = await write(
        `closes_by_${code.replace(/\W/g, "")}.ts`,
        `const controller = new AbortController();
         const { signal } = controller;
         const server = Deno.serve({ signal }, ({ url }) => {
           if (url.endsWith("/close")) ${code};
           return new Response("served");
         });
         server.finished.then(() => console.log("finished"));`,
      );
      await using program = mudpie(app, local);
      const { port } = await program.listening();
      const headers = [["content-type", "text/plain;charset=UTF-8"]] as const;
      const served = { status: 200, headers };
      assertEquals(await ask(port, get("/close")), { ...served, body: "served" });
      const [line] = await program.stderr.find(/worker \d: to be replaced \(closed by program\).*/);
      assertStringIncludes(line, `: the program closed its server by ${call}`);
      await program.stderr.find(/ended \(closed by program\)/);
      await program.stdout.find(/^finished$/);
      assertEquals(await ask(port, get("/")), { ...served, body: "served" });
      await stop(program);
    });
  }

  const refused = [
    {
      what: "a port in use",
      code: (port: number) =>
        `Deno.serve({ port: ${port}, hostname: "127.0.0.1" }, () => new Response());`,
      says: /: AddrInUse: Cannot listen on 127\.0\.0\.1:\d+: the address is in use/,
    },
    {
      what: "options for TLS",
      code: () => `Deno.serve({ cert: "a", key: "b" }, () => new Response());`,
      says:
        /: TypeError: Cannot use options "cert" and "key" of Deno\.serve\(\): Mudpie does no TLS/,
    },
    {
      what: "an error while it loads",
      code: () => `Deno.serve; throw new Error("no database");`,
      says: /: Error: no database/,
    },
  ];
  for (const { what, code, says } of refused) {
    it(`ends with one clear line and exit code 1 for ${what}`, async () => {
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const app = await write("refused.ts", code(taken.addr.port));
      await using program = mudpie(app, ["--workers", "2"]);
      assertEquals((await program.ended()).code, 1);
      // The lines of a stack are indented.
      const lines = program.stderr.all.filter((line) => !/^\s/.test(line));
      assertEquals(lines.length, 1, program.stderr.text);
      assertEquals(says.test(lines[0]), true, lines[0]);
      assertEquals(program.stdout.all, []);
    });
  }

  const places: readonly {
    what: string;
    options: string;
    env: Record<string, string>;
    args?: string[];
    line: RegExp;
  }[] = [
    {
      what: "PORT, on every interface, where it names no port",
      options: "{}",
      env: { PORT: "0", HOST: "not-an-address" },
      line: /listening on http:\/\/0\.0\.0\.0:[1-9]\d* .*, address as PORT says/,
    },
    {
      what: "its own port rather than PORT, and HOST",
      options: "{ port: 0 }",
      env: { PORT: "1", HOST: "127.0.0.1" },
      line: /listening on http:\/\/127\.0\.0\.1:[1-9]\d* .*, address as Deno\.serve\(\) says/,
    },
    {
      what: "DENO_SERVE_ADDRESS rather than its own port",
      options: '{ port: 1, hostname: "::1" }',
      env: { PORT: "1", DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" },
      line: /listening on http:\/\/127\.0\.0\.1:[1-9]\d* .*, address as DENO_SERVE_ADDRESS says/,
    },
    {
      what: "a flag rather than anything else",
      options: "{ port: 1 }",
      env: { PORT: "1", MUDPIE_PORT: "1", DENO_SERVE_ADDRESS: "tcp:127.0.0.1:1" },
      args: ["--port", "0"],
      line: /listening on http:\/\/127\.0\.0\.1:[1-9]\d* .*, address as --port says/,
    },
  ];
  for (const { what, options, env, args = [], line } of places) {
    it(`listens at ${what}`, async () => {
      const app = await write("placed.ts", `Deno.serve(${options}, () => new Response());`);
      await using program = mudpie(app, ["--workers", "1", ...args], { env });
      await program.stderr.find(line);
      const ignored = program.stderr.all.filter((each) => each.includes("HOST is"));
      assertEquals(ignored.length, env.HOST === "not-an-address" ? 1 : 0);
      await stop(program);
    });
  }

  const LISTENING = {
    "Deno.serve()": `Deno.serve({ port: 4321 }, () => new Response());`,
    "http.Server.listen()": `import http from "node:http"; http.createServer().listen(4321);`,
  };
  for (const [call, code] of Object.entries(LISTENING)) {
    it(`names with --check where it would listen by ${call}`, async () => {
      const app = await write("checked.ts", code);
      await using program = mudpie(app, ["--check", "--workers", "2"]);
      assertEquals((await program.ended()).code, 0, program.stderr.text);
      // Node listens for both families, where there are both.
      const host = call === "Deno.serve()" ? "0\\.0\\.0\\.0" : "(?:0\\.0\\.0\\.0|\\[::\\])";
      const place = `http://${host}:4321 \\(as ${call.replaceAll(/[().]/g, "\\$&")} says\\)`;
      assertMatch(
        program.stdout.text,
        new RegExp(`starts; it would listen on ${place} with 2 workers`),
      );
      assertStringIncludes(program.stdout.text, "every method  / and all under it");
    });
  }

  const checks = [
    {
      what: "a second server and an address that it reads",
      code: `const { addr } = Deno.serve({ port: 4321 }, () => new Response());
        const second = Deno.serve({ port: 4322 }, () => new Response());
        if (addr.port !== 4321 || second.addr.port !== 4322) throw new Error("no address");
        await second.finished;`,
      fault: undefined,
    },
    {
      what: "a promise that it leaves rejected in the turn of its call",
      code: `Deno.serve(() => new Response());
        Promise.reject(new Error("no database"));`,
      fault: "no database",
    },
    {
      what: "an error after its call",
      code: `Deno.serve({ path: "/run/a.sock" }, () => new Response());
        throw new Error("no database");`,
      fault: "no database",
    },
  ];
  for (const isolation of ["thread", "web"]) {
    it(`is checked beyond its call, and nothing listens (${isolation})`, async (t) => {
      for (const { what, code, fault } of checks) {
        await t.step(what, async () => {
          const app = await write("checked_on.ts", code);
          await using program = mudpie(app, ["--check", "--isolation", isolation]);
          const { code: exitCode } = await program.ended();
          assertEquals(exitCode, fault === undefined ? 0 : 1, program.stderr.text);
          const lines = program.stderr.all.filter((line) => line.startsWith("mudpie: "));
          assertEquals(lines.length, fault === undefined ? 0 : 1, program.stderr.text);
          assertStringIncludes(program.stderr.text, fault ?? "");
          assertEquals(program.stdout.text.includes("starts; it would"), fault === undefined);
        });
      }
    });
  }

  const ENDING_SERVERS = {
    "Deno.serve":
      `const server = Deno.serve(async ({ url }) => new Response(await answer(new URL(url).pathname)));
       const end = () => server.shutdown();`,
    "node:http": `import http from "node:http";
       const server = http.createServer(async (request, response) => {
         response.end(await answer(request.url));
       }).listen(0);
       const end = () => new Promise((resolve) => server.close(resolve));`,
  };
  const endings = Object.entries(ENDING_SERVERS).flatMap(([kind, server]) =>
    ["thread", "web"].map((isolation) => ({ kind, server, isolation }))
  );
  for (const { kind, server, isolation } of endings) {
    it(`has its listeners to signals called once, after its requests (${kind}, ${isolation})`, async () => {
      const app = await write(
        "listens_to_signals.ts",
        `import process from "node:process";
         const { promise, resolve } = Promise.withResolvers<void>();
         async function answer(path) {
           if (path === "/slow") {
             console.log("asked");
             await promise;
           }
           return "answered";
         }
         ${server}
         Deno.addSignalListener("SIGUSR1", () => resolve());
         process.on("SIGTERM", async () => {
           await end();
           console.log("the program ends");
           process.exit(1);
         });
         process.on("exit", () => console.log("exit"));`,
      );
      await using program = mudpie(app, [...local, "--isolation", isolation]);
      const { port } = await program.listening();
      const answer = ask(port, get("/slow"));
      await program.stdout.find(/^asked$/);
      program.signal("SIGTERM");
      await program.stderr.find(/stopping \(SIGTERM\)/);
      program.signal("SIGUSR1");
      assertEquals((await answer).body, "answered");
      assertEquals((await program.ended()).code, 0, program.stderr.text);
      const ends = program.stdout.all.filter((line) => line === "the program ends");
      assertEquals(ends.length, 2, program.stdout.text);
      // The runtime ends without a line for either worker.
      assertEquals(/ended \(/.test(program.stderr.text), false, program.stderr.text);
    });
  }

  for (const isolation of ["thread", "web"]) {
    it(`serves a second server in every worker, and through a panic (${isolation})`, async () => {
      const app = await write(
        "serves_twice.ts",
        `Deno.serve(() => new Response("first"));
         const second = Deno.serve({ port: 0, hostname: "127.0.0.1" }, async ({ url }) => {
           if (url.endsWith("/panic")) throw new Error("on purpose");
           if (url.endsWith("/slow")) {
             const { promise, resolve } = Promise.withResolvers();
             Deno.addSignalListener("SIGUSR1", () => resolve());
             console.log("asked");
             await promise;
           }
           return new Response("second");
         });
         console.log("second", second.addr.port);
         second.finished.then(() => console.log("finished"));`,
      );
      await using program = mudpie(app, [...local, "--isolation", isolation]);
      const { port } = await program.listening();
      const bodyOf = async (port: number, path: string) => (await ask(port, get(path))).body;
      const [, number] = await program.stderr.find(/a further server .* on http:.*:(\d+)$/);
      const side = Number(number);
      assertEquals([await bodyOf(port, "/"), await bodyOf(side, "/")], ["first", "second"]);
      assertEquals(await bodyOf(side, "/panic"), "Internal Server Error");
      await program.stderr.find(/ended \(panic\)/);
      assertEquals([await bodyOf(port, "/"), await bodyOf(side, "/")], ["first", "second"]);
      assertEquals(program.stdout.all.filter((line) => line === `second ${side}`).length, 3);
      // What is under way at the end is answered there as well.
      const answer = bodyOf(side, "/slow");
      await program.stdout.find(/^asked$/);
      program.signal("SIGTERM");
      await program.stderr.find(/stopping \(SIGTERM\)/);
      program.signal("SIGUSR1");
      assertEquals(await answer, "second");
      assertEquals((await program.ended()).code, 0, program.stderr.text);
    });
  }

  it("gets AddrInUse for a second server at the address of its first", async () => {
    const app = await write(
      "same_port.ts",
      `const port = ${JSON.stringify(freePort())};
       Deno.serve({ port, hostname: "127.0.0.1" }, () => new Response("first"));
       try {
         Deno.serve({ port, hostname: "127.0.0.1" }, () => new Response("second"));
       } catch (error) {
         console.log(error.name);
       }`,
    );
    await using program = mudpie(app, ["--workers", "2"]);
    const { port } = await program.listening();
    assertEquals((await ask(port, get("/"))).body, "first");
    await stop(program);
    assertEquals(program.stdout.all, ["AddrInUse", "AddrInUse"]);
  });

  it("has one place in each worker, which passes on, and one line about its timers", async () => {
    const app = await write(
      "places.ts",
      `import { WebServer } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
       setInterval(() => {}, 60_000);
       console.log("place", WebServer.workerPlace);
       Deno.serve(({ url }) => {
         if (url.endsWith("/panic")) throw new Error("on purpose");
         return new Response();
       });`,
    );
    await using program = mudpie(app, local);
    const { port } = await program.listening();
    assertEquals(program.stdout.all.toSorted(), ["place 1", "place 2"]);
    await ask(port, get("/panic"));
    await program.stderr.find(/ended \(panic\)/);
    const [, , third] = program.stdout.all;
    assertEquals(/^place [12]$/.test(third), true, third);
    await stop(program);
    const lines = program.stderr.all.filter((line) => line.includes("calls setInterval while"));
    assertEquals(lines.length, 1, program.stderr.text);
  });

  const REPOSITORY = new URL("../../", import.meta.url).pathname;
  /** Programs that need what their own deno.json and package.json say. */
  const configured: readonly { what: string; main: string; files: Record<string, string> }[] = [
    {
      what: "an import map",
      main: "main.ts",
      files: {
        "main.ts": `import { greeting } from "greeting"; Deno.serve(() => new Response(greeting));`,
        "greeting.ts": `export const greeting = "from the import map";`,
      },
    },
    {
      what: "a package of its package.json",
      main: "main.js",
      files: {
        "main.js": `import greeting from "hello"; Deno.serve(() => new Response(greeting));`,
        "package.json": `{ "type": "module", "dependencies": { "hello": "1.0.0" } }`,
        "node_modules/hello/package.json": `{ "name": "hello", "version": "1.0.0" }`,
        "node_modules/hello/index.js": `module.exports = "from a package";`,
      },
    },
    {
      what: "CommonJS modules",
      main: "main.js",
      files: {
        "main.js": `const greeting = require("hello"); Deno.serve(() => new Response(greeting));`,
        "package.json": `{ "type": "commonjs", "dependencies": { "hello": "1.0.0" } }`,
        "node_modules/hello/package.json": `{ "name": "hello", "version": "1.0.0" }`,
        "node_modules/hello/index.js": `module.exports = "from a package";`,
      },
    },
  ];
  const ways = [
    {
      what: "the command from JSR, which a link makes the one of a checkout",
      links: [REPOSITORY],
      command: (main: string) => ["jsr:@mudpie/server/cli", main],
    },
    {
      what: "a checkout with --config",
      links: undefined,
      command: (main: string) => ["--config", "deno.json", CLI, main],
    },
  ];
  for (const { what, main, files } of configured) {
    for (const { what: way, links, command } of ways) {
      it(`has ${what} under ${way}`, async () => {
        const cwd = await Deno.makeTempDir({ dir: folder });
        const imports = { greeting: "./greeting.ts" };
        const config = { imports, links, nodeModulesDir: "manual" };
        for (
          const [file, text] of Object.entries({ ...files, "deno.json": JSON.stringify(config) })
        ) {
          await Deno.mkdir(`${cwd}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
          await Deno.writeTextFile(`${cwd}/${file}`, text);
        }
        await using program = Program.deno(["run", "-A", ...command(main), ...local], { cwd });
        const { port } = await program.listening();
        assertEquals((await ask(port, get("/"))).body.startsWith("from "), true);
        await stop(program);
      });
    }
  }

  it("is mentioned in the log once where it cannot be the main module, and runs", async () => {
    await Deno.mkdir(`${folder}/ambiguous`);
    await write("ambiguous/package.json", "{}");
    const app = await write(
      "ambiguous/main.js",
      `const { main } = import.meta;
       Deno.serve(() => new Response("main: " + main));`,
    );
    const flags = ["--unstable-net", "--unstable-detect-cjs"];
    // One worker: Deno does call the hook in later ones, as it knows by then what the module is.
    await using program = Program.deno(
      ["run", "-A", ...flags, CLI, app, ...local, "--workers", "1"],
    );
    const { port } = await program.listening();
    assertEquals((await ask(port, get("/"))).body, "main: false");
    await stop(program);
    const lines = program.stderr.all.filter((line) => line.includes("import.meta.main"));
    assertEquals(lines.length, 1, program.stderr.text);
    assertStringIncludes(lines[0], "which is false: the runtime does not call hooks for it");
  });

  for (const isolation of ["thread", "web"]) {
    it(`registers its job where the runtime has Deno.cron (${isolation})`, async () => {
      const app = await write(
        "has_cron.ts",
        `Deno.cron("tidy up", "0 0 1 1 *", () => {});
         Deno.serve(() => new Response("served"));`,
      );
      const flags = ["--unstable-net", "--unstable-cron"];
      await using program = Program.deno(
        ["run", "-A", ...flags, CLI, app, ...local, "--isolation", isolation],
      );
      const { port } = await program.listening();
      assertEquals((await ask(port, get("/"))).body, "served");
      await stop(program);
    });
  }

  it("is mentioned in the log while it serves nothing yet, and served when it does", async () => {
    const app = await write(
      "late.ts",
      `addEventListener("go", () => {});
       const timer = setInterval(async () => {
         try {
           await Deno.stat(${JSON.stringify(`${folder}/go`)});
         } catch {
           return;
         }
         clearInterval(timer);
         Deno.serve(() => new Response("late"));
       }, 20);`,
    );
    await using program = mudpie(app, local);
    await program.stderr.find(/late\.ts is loaded and serves nothing yet; waiting until startTime/);
    await Deno.writeTextFile(`${folder}/go`, "");
    const { port } = await program.listening();
    const { body } = await ask(port, get("/"));
    assertEquals(body, "late");
    await stop(program);
  });

  /** Servers of both kinds, which call `answer` with a path. */
  const SERVERS = {
    "Deno.serve":
      `Deno.serve(async ({ url }) => new Response(await answer(new URL(url).pathname)));`,
    "node:http": `import http from "node:http";
      http.createServer(async (request, response) => {
        response.end(await answer(request.url));
      }).listen(0);`,
  };
  const FAILING = `async function answer(path) {
    switch (path) {
      case "/throw":
        throw new Error("on purpose");
      case "/float":
        Promise.reject(new Error("on purpose"));
        return "floating";
      case "/exit":
        return Deno.exit(3);
      case "/process_exit":
        return (await import("node:process")).default.exit(0);
      case "/hang":
        for (;;) {}
      case "/memory": {
        const all = [];
        for (;;) all.push(new Array(10_000).fill(all));
      }
    }
    return "served";
  }`;
  const serverWays = Object.entries(SERVERS).flatMap(([kind, server]) =>
    ["thread", "web"].map((isolation) => ({ kind, server, isolation }))
  );
  for (const { kind, server, isolation } of serverWays) {
    it(`costs one worker when it fails, and is reloaded and observed (${kind}, ${isolation})`, async () => {
      const app = await write("fails.ts", FAILING + server);
      const limits = isolation === "thread"
        ? ["--heap-limit-bytes-per-worker", "60_000_000"]
        : ["--on-hang", "exit"];
      await using program = mudpie(app, [
        ...local,
        // No connection waits at the socket of a worker that dies.
        ...["--isolation", isolation, "--listen", "shared", "--hang-timeout", "1_000"],
        ...["--admin-port", "0", ...limits],
      ]);
      const { port } = await program.listening();
      const [, admin] = await program.stderr.find(/operator's port (http:\S+)/);
      const failures: Record<string, RegExp> = {
        throw: /ended \(panic\)/,
        float: /ended \(panic\)/,
        exit: /ended \(crash\)/,
        process_exit: /ended \(crash\)/,
        // On a busy machine, memory that runs out looks like a hang at first.
        ...isolation === "thread" && {
          memory: /(?:ended \(crash\)|hung).*handling GET \/memory/,
          hang: /hung while handling GET \/hang/,
        },
      };
      for (const [path, line] of Object.entries(failures)) {
        const before = program.stderr.all.length;
        const asked = fetch(`http://127.0.0.1:${port}/${path}`, { client });
        await within(asked.then((response) => response.text(), () => ""), path, DEADLINE_MS);
        await program.stderr.find(line, before);
        const { body } = await ask(port, get("/")) as { body: string };
        assertEquals(body, "served", path);
      }
      program.signal("SIGHUP");
      await program.stderr.find(/: reloaded$/);
      assertEquals((await ask(port, get("/")) as { body: string }).body, "served");
      const metrics = await (await fetch(`${admin}/metrics`, { client })).text();
      assertMatch(metrics, /mudpie_requests_total\S* [1-9]/);
      if (isolation === "thread") return await stop(program);
      // A Web Worker that hangs cannot be stopped; the process ends to be started again.
      const hung = fetch(`http://127.0.0.1:${port}/hang`, { client });
      await within(hung.then((response) => response.text(), () => ""), "the end");
      assertEquals((await program.ended()).code, 75);
    });

    it(`is loaded anew by --watch (${kind}, ${isolation})`, async () => {
      const code = (text: string) => `const answer = async () => "${text}"; ${server}`;
      const app = await write(`watched_${isolation}.ts`, code("old"));
      await using program = mudpie(app, [...local, "--watch", "--isolation", isolation]);
      const { port } = await program.listening();
      assertEquals((await ask(port, get("/")) as { body: string }).body, "old");
      await Deno.writeTextFile(app, code("new"));
      await program.stderr.find(/: reloaded$/);
      assertEquals((await ask(port, get("/")) as { body: string }).body, "new");
      await stop(program);
    });
  }

  it("starts another worker where one of them throws while it loads", async () => {
    const app = await write(
      "throws_in_one.ts",
      `import { WebServer } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
       const mark = ${JSON.stringify(`${folder}/second place`)};
       if (WebServer.workerPlace === 2) {
         let isFirst = true;
         try {
           Deno.mkdirSync(mark);
         } catch {
           isFirst = false;
         }
         if (isFirst) throw new Error("in one worker");
         console.log("once more");
       }
       Deno.serve(() => new Response("served"));`,
    );
    await using program = mudpie(app, local);
    const { port, workers } = await program.listening();
    assertEquals(workers, 2);
    assertEquals(program.stdout.all, ["once more"]);
    assertEquals((await ask(port, get("/")) as { body: string }).body, "served");
    const mentions = program.stderr.all.filter((line) => / worker \d: ended .*in one w/.test(line));
    assertEquals(mentions.length, 1, program.stderr.text);
    await stop(program);
  });

  it("serves by the runtime itself in a test, which no command line runs", async () => {
    const module = JSON.stringify(new URL("../../mod.ts", import.meta.url).href);
    const app = await write(
      "tested_test.ts",
      `import { WebServer } from ${module};
       Deno.test("it is served", async () => {
         if (WebServer.isWorker) throw new Error("this is no worker");
         const { fetch: handler } = new WebServer();
         await using server = Deno.serve({ port: 0, onListen() {} }, (request) => handler(request));
         const response = await fetch("http://127.0.0.1:" + server.addr.port);
         await response.body.cancel();
         if (response.status !== 404) throw new Error("status " + response.status);
       });`,
    );
    const args = ["test", "-A", "--no-check", "--config", CONFIG, app];
    await using program = Program.deno(args);
    assertEquals((await program.ended()).code, 0, program.stdout.text);
    assertStringIncludes(program.stdout.text, "1 passed");
  });
});
