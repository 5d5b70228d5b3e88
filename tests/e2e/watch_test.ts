// --watch as a developer meets it: builds that wipe their folder, import maps elsewhere, templates, links.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { eventually } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;

/** How many builds are made, one after the other. */
const BUILDS = 4;

/** A folder with an application, and a server that watches it. */
class WatchedApp implements Disposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync());

  write(name: string, text: string): void {
    const path = `${this.folder}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }

  start(
    app: string,
    flags: readonly string[],
    denoFlags: readonly string[] = [],
    { cwd = "", env }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
  ): Program {
    return Program.deno(
      ["run", "-A", ...denoFlags, CLI, app, "--port", "0", "--workers", "1", ...flags],
      { cwd: this.folder + cwd, env },
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function ask(port: number): Promise<string> {
  using client = await RawClient.connect(port);
  return (await client.ask(get("/", "Connection: close"))).text;
}

/** Waits until the server gives that answer. */
async function answers(port: number, text: string): Promise<void> {
  let last = "";
  let isAsking = false;
  await eventually(() => {
    if (!isAsking) {
      isAsking = true;
      ask(port).then((answer) => last = answer, () => {}).finally(() => isAsking = false);
    }
    return last === text;
  }, `the answer ${text}`);
  await eventually(() => !isAsking, "the end of the last question");
}

async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 0, program.stderr.text);
}

const APP = `import { text } from "./dist/text.js";
  export default { fetch: () => new Response(text) };`;

describe("--watch", { ignore: !CAN_START_PROGRAMS }, () => {
  const builds: { what: string; build: (app: WatchedApp, text: string) => void }[] = [
    {
      what: "wipes its folder and writes it anew",
      build: (app, text) => {
        Deno.removeSync(`${app.folder}/dist`, { recursive: true });
        app.write("dist/parts/text.js", `export const text = ${JSON.stringify(text)};`);
        app.write("dist/text.js", `export * from "./parts/text.js";`);
      },
    },
    {
      what: "puts another folder in the place of the old one",
      build: (app, text) => {
        app.write("next/parts/text.js", `export const text = ${JSON.stringify(text)};`);
        app.write("next/text.js", `export * from "./parts/text.js";`);
        Deno.renameSync(`${app.folder}/dist`, `${app.folder}/${text}`);
        Deno.renameSync(`${app.folder}/next`, `${app.folder}/dist`);
      },
    },
  ];
  for (const { what, build } of builds) {
    it(`--watch reloads after each build that ${what}`, async () => {
      using app = new WatchedApp();
      app.write("app.ts", APP);
      app.write("dist/text.js", `export const text = "first";`);
      await using program = app.start("app.ts", ["--watch"]);
      const { port } = await program.listening();
      await program.stderr.find(/watching the 2 modules/);
      assertEquals(await ask(port), "first");
      for (let time = 0; time < BUILDS; time++) {
        build(app, `build ${time}`);
        await answers(port, `build ${time}`);
      }
      await stop(program);
    });
  }

  const configurations = [
    { what: "--config", denoFlags: ["--config", "elsewhere/deno.json"] },
    { what: "--config=", denoFlags: ["--config=./elsewhere/deno.json"] },
    { what: "--import-map", denoFlags: ["--no-config", "--import-map=elsewhere/deno.json"] },
  ];
  for (const { what, denoFlags } of configurations) {
    it(`--watch reloads when a module changes that ${what} leads to`, async () => {
      using app = new WatchedApp();
      app.write("elsewhere/deno.json", `{ "imports": { "@/": "./lib/" } }`);
      app.write("elsewhere/lib/text.ts", `export const text = "first";`);
      app.write(
        "app/app.ts",
        `import { text } from "@/text.ts"; export default { fetch: () => new Response(text) };`,
      );
      await using program = app.start("app/app.ts", ["--watch"], denoFlags);
      const { port } = await program.listening();
      await program.stderr.find(/watching the 2 modules/);
      assertEquals(await ask(port), "first");
      for (let time = 0; time < 2; time++) {
        app.write("elsewhere/lib/text.ts", `export const text = "changed ${time}";`);
        await answers(port, `changed ${time}`);
      }
      await stop(program);
    });
  }

  it("--watch=<path,...> reloads when a file, a file of a folder, or one that fits a pattern changes", async () => {
    using app = new WatchedApp();
    app.write(
      "app.ts",
      `const read = (name) => Deno.readTextFileSync(new URL(name, import.meta.url));
       const text = ["notes.md", "views/in/page.html", "data/1.sql"].map(read).join(" ");
       export default { fetch: () => new Response(text) };`,
    );
    app.write("notes.md", "a");
    app.write("views/in/page.html", "b");
    app.write("data/1.sql", "c");
    app.write("data/other.txt", "");
    const flags = ["--watch=notes.md,views", "--watch=data/*.sql"];
    await using program = app.start("app.ts", flags);
    const { port } = await program.listening();
    await program.stderr.find(/watching the one module .*, and the 3 paths that --watch names/);
    assertEquals(await ask(port), "a b c");
    app.write("data/other.txt", "does not count");
    app.write("notes.md", "A");
    await answers(port, "A b c");
    assertMatch(program.stderr.text, /changed: notes\.md\n/);
    app.write("views/in/page.html", "B");
    await answers(port, "A B c");
    app.write("data/1.sql", "C");
    await answers(port, "A B C");
    Deno.removeSync(`${app.folder}/views`, { recursive: true });
    app.write("views/in/page.html", "again");
    await answers(port, "A again C");
    await stop(program);
  });

  it("--watch=<path,...> ends with exit code 1 and one line where there is no such path", async () => {
    using app = new WatchedApp();
    app.write("app.ts", `export default { fetch: () => new Response() };`);
    for (const path of ["view", "view/*.html"]) {
      await using program = app.start("app.ts", [`--watch=app.ts,${path}`]);
      assertEquals((await program.ended()).code, 1);
      assertEquals(program.stderr.all, [
        `mudpie: Cannot watch app.ts: there is no "${path}" in ${app.folder}`,
      ]);
    }
  });

  it("--watch reloads when the link to the folder in which it was started is switched", async () => {
    using app = new WatchedApp();
    for (const release of ["first", "second"]) {
      app.write(`${release}/text.ts`, `export const text = "${release}";`);
      app.write(
        `${release}/app.ts`,
        `import { text } from "./text.ts"; export default { fetch: () => new Response(text) };`,
      );
    }
    const link = `${app.folder}/current`;
    Deno.symlinkSync("first", link);
    const options = { cwd: "/current", env: { PWD: link } };
    await using program = app.start("app.ts", ["--watch"], [], options);
    const { port } = await program.listening();
    await program.stderr.find(/watching the 2 modules/);
    assertEquals(await ask(port), "first");
    Deno.symlinkSync("second", `${link}.new`);
    Deno.renameSync(`${link}.new`, link);
    await answers(port, "second");
    app.write("second/text.ts", `export const text = "changed";`);
    await answers(port, "changed");
    await stop(program);
  });
});
