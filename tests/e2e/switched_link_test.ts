// Releases behind a symbolic link: the link is switched, the server reloads, and the new release has to answer.

import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const MOD = JSON.stringify(import.meta.resolve("../../mod.ts"));
const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const LIBRARY = new URL("../../", import.meta.url).pathname;

/** The modules of a release, each of which answers with the release's own name. */
function modulesOf(release: string): Readonly<Record<string, string>> {
  const server = `import { WebResponse, WebServer } from ${MOD};
    import { name } from "./lib/name.ts";
    const server = new WebServer({ accessLog: "off" });
    server.addPath("/panic", () => { throw new Error("on purpose"); });
    server.addPath("/", () => WebResponse.text(name));`;
  return {
    "lib/name.ts": `export const name = ${JSON.stringify(release)};`,
    "runs.ts": `${server}
      await server.run({ port: 0, workers: 1, isolation: Deno.args[0] === "thread" ? "thread" : "web" });`,
    "starts.ts": `import { WebServer } from ${MOD};
      await new WebServer().run({ port: 0, workers: 1, entry: import.meta.resolve("./runs.ts") });`,
    "exports.ts": `import { name } from "./lib/name.ts";
      export default { fetch: () => new Response(name) };`,
  };
}

/** Two releases, and a link that leads to the first one until it is switched. */
class Releases implements Disposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync());
  readonly link = `${this.folder}/current`;

  constructor() {
    for (const release of ["first", "second"]) {
      for (const [name, text] of Object.entries(modulesOf(release))) {
        this.write(release, name, text);
      }
    }
    this.switch("first");
  }

  write(release: string, name: string, text: string): void {
    const path = `${this.folder}/releases/${release}/app/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }

  /** As `ln -sfn` does it. */
  switch(release: string): void {
    try {
      Deno.removeSync(this.link);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    Deno.symlinkSync(`${this.folder}/releases/${release}`, this.link);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function ask(port: number, target = "/"): Promise<string> {
  using client = await RawClient.connect(port);
  return (await client.ask(get(target, "Connection: close"))).text;
}

/** Reloads by signal, and waits until that is done. */
async function reload(program: Program): Promise<string> {
  const seen = program.stderr.all.length;
  program.signal("SIGHUP");
  await program.stderr.find(/ mudpie: reloaded$/, seen);
  return program.stderr.all.slice(seen).join("\n");
}

async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 0);
}

describe("a server whose release is behind a link", { ignore: !CAN_START_PROGRAMS }, () => {
  const cli = [CLI, "--port", "0", "--workers", "1"];
  const followed = [
    { what: "run() by a relative path", args: ["app/runs.ts"] },
    { what: "run() by a relative path, in threads", args: ["./app/runs.ts", "thread"] },
    { what: "run() with an entry", args: ["app/starts.ts"] },
    { what: "the command line with a default export", args: [...cli, "app/exports.ts"] },
    { what: "the command line with run()", args: [...cli, "./app/runs.ts"] },
    { what: "run() in a folder below the link", args: ["runs.ts"], cwd: "/app" },
  ];
  for (const { what, args, cwd = "" } of followed) {
    it(`${what} loads the new release after a reload`, async () => {
      using releases = new Releases();
      // As a shell does it, which keeps the link in PWD.
      await using program = Program.start("sh", [
        ...["-c", `cd "$0" && export PWD && exec "$@"`, releases.link + cwd],
        ...[Deno.execPath(), "run", "-A", ...args],
      ]);
      const { port } = await program.listening();
      assertEquals(await ask(port), "first");
      assertFalse((await reload(program)).includes("modules "), program.stderr.text);
      releases.switch("second");
      const lines = await reload(program);
      assertEquals(await ask(port), "second");
      assertMatch(
        lines,
        /modules now come from \S+second, no longer from \S+first; what deno\.json/,
      );
      releases.switch("first");
      await reload(program);
      assertEquals(await ask(port), "first");
      await stop(program);
    });
  }

  it("run() by an absolute path through the link loads the new release after a reload", async () => {
    using releases = new Releases();
    await using program = Program.deno(["run", "-A", `${releases.link}/app/runs.ts`], {
      cwd: releases.link,
    });
    const { port } = await program.listening();
    releases.switch("second");
    assertFalse((await reload(program)).includes("modules "), program.stderr.text);
    assertEquals(await ask(port), "second");
    await stop(program);
  });

  const unfollowed: {
    what: string;
    flags: string[];
    env: Record<string, string>;
    setsPwd?: boolean;
    readsReleases?: boolean;
  }[] = [
    { what: "PWD does not lead to the folder", flags: ["-A"], env: { PWD: "/" } },
    { what: "a task runner has set PWD", flags: ["-A"], env: { INIT_CWD: "/" }, setsPwd: true },
    {
      what: "PWD must not be read",
      flags: ["--no-prompt", "--allow-net", "--allow-read", "--allow-env=MUDPIE_LOGGING"],
      env: {},
    },
    {
      what: "the link must not be read",
      flags: ["--no-prompt", "--allow-net", "--allow-env"],
      env: {},
      readsReleases: true,
    },
  ];
  for (const { what, flags, env, setsPwd, readsReleases } of unfollowed) {
    it(`a reload reports that the same folder was loaded again where ${what}`, async () => {
      using releases = new Releases();
      const folder = `${releases.folder}/releases/first`;
      const read = readsReleases ? [`--allow-read=${folder},${LIBRARY}`] : [];
      await using program = Program.deno(["run", ...flags, ...read, "app/runs.ts"], {
        cwd: releases.link,
        env: { PWD: setsPwd ? folder : releases.link, ...env },
      });
      const { port } = await program.listening();
      releases.switch("second");
      const lines = await reload(program);
      assertEquals(await ask(port), "first");
      const said = lines.split("\n").filter((line) => line.includes("modules come from"));
      assertEquals(said.length, 1, lines);
      assertMatch(said[0], /the same folder as before, \S+first: .*by an absolute path through/);
      await stop(program);
    });
  }

  it("a reload reports that the link leads nowhere, and loads the release of before", async () => {
    using releases = new Releases();
    await using program = Program.deno(["run", "-A", "--no-check", "app/runs.ts"], {
      cwd: releases.link,
      env: { PWD: releases.link },
    });
    const { port } = await program.listening();
    releases.switch("missing");
    assertMatch(
      await reload(program),
      /the link \S+\/current leads nowhere: modules come from the same folder as before, \S+\/first$/m,
    );
    assertEquals(await ask(port), "first");
    await stop(program);
  });

  it("a reload says nothing of folders where the whole path of the module was written", async () => {
    using releases = new Releases();
    const path = `${releases.folder}/releases/first/app/runs.ts`;
    for (const PWD of [releases.link, "/"]) {
      await using program = Program.deno(["run", "-A", path], { cwd: releases.link, env: { PWD } });
      const { port } = await program.listening();
      releases.switch("second");
      assertFalse((await reload(program)).includes("modules "), program.stderr.text);
      assertEquals(await ask(port), "first");
      await stop(program);
      releases.switch("first");
    }
  });

  it("a worker is replaced by one of the old release after a reload that has failed", async () => {
    using releases = new Releases();
    releases.write(
      "second",
      "lib/name.ts",
      `export const name = ""; throw new Error("not this one");`,
    );
    await using program = Program.deno(["run", "-A", "app/runs.ts"], {
      cwd: releases.link,
      env: { PWD: releases.link },
    });
    const { port } = await program.listening();
    releases.switch("second");
    program.signal("SIGHUP");
    await program.stderr.find(/reload failed, the old workers go on serving: .*not this one/);
    const seen = program.stderr.all.length;
    await ask(port, "/panic");
    await program.stderr.find(/worker \d+: accepting/, seen);
    await program.stderr.find(/worker \d+: ended \(panic\)/, seen);
    assertEquals(await ask(port), "first");
    releases.write("second", "lib/name.ts", `export const name = "mended";`);
    assertMatch(await reload(program), /modules now come from \S+second, no longer from \S+first;/);
    assertEquals(await ask(port), "mended");
    await stop(program);
  });
});
