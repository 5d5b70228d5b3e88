// Programs that listen by node:http, as people write them, run by Deno alone and by the command line: what a client sees is the
// same. Each one is a file of tests/support/programs/node/, written as its framework's documentation starts it.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { beforeAll, describe, it } from "@std/testing/bdd";
import { type Asking, converse } from "../support/clients/conversation.ts";
import { copyFolder } from "../support/servers/copied_folder.ts";
import { freePort } from "../support/servers/free_port.ts";
import { Program, type ProgramOptions } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import { answersHere } from "./node_programs/differences.ts";
import { NEXT_ASKED, NODE_PROGRAMS } from "./node_programs/programs.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const FOLDER = new URL("../support/programs/node/", import.meta.url).pathname;
const CONFIG = `${FOLDER}deno.json`;
const LOCAL = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "2"];

/** In production: a framework shows its clients the stacks of errors otherwise. */
const ENV = { NODE_ENV: "production" };

describe("a program that listens by node:http", { ignore: !CAN_START_PROGRAMS }, () => {
  beforeAll(async () => {
    // Where the packages are not in the cache yet, they are loaded here: a program is not waited for as long.
    await run(["install", "--config", CONFIG]);
  });

  /** Asks all of a program alone, and then of the same program under the command line. */
  async function compare(
    file: string,
    asked: readonly Asking[],
    start: (args: readonly string[], options: ProgramOptions) => Program,
  ): Promise<void> {
    const port = freePort();
    await using alone = start([file], { env: { ...ENV, PORT: `${port}` } });
    const expected = await whenListening(alone, port, () => converse(port, asked));
    for (const isolation of ["thread", "web"]) {
      const args = ["--unstable-net", CLI, file, ...LOCAL, "--isolation", isolation];
      await using served = start(args, { env: ENV });
      const answers = await converse((await served.listening()).port, asked);
      for (const [index, { what }] of asked.entries()) {
        const wanted = answersHere(file.slice(file.lastIndexOf("/") + 1), what, expected[index]);
        assertEquals(answers[index], wanted, `${isolation}: ${what}`);
      }
      served.signal("SIGTERM");
      assertEquals((await served.ended()).code, 0, served.stderr.text);
    }
  }

  for (const { file, asked } of NODE_PROGRAMS) {
    it(`answers as it does alone: ${file}`, async () => {
      const start = (args: readonly string[], options: ProgramOptions) =>
        Program.deno(["run", "-A", "--config", CONFIG, ...args], options);
      await compare(FOLDER + file, asked, start);
    });
  }

  /** The routes that count a path which is none of the program's: that of the plugin for files has any. */
  const routed = { "express.js": "unmatched", "express4.js": "unmatched", "fastify.js": "/*" };
  for (const [file, other] of Object.entries(routed)) {
    it(`is counted by the routes of its framework: ${file}`, async () => {
      const args = ["--unstable-net", CLI, FOLDER + file, ...LOCAL, "--admin-port", "0"];
      await using served = Program.deno(["run", "-A", "--config", CONFIG, ...args], { env: ENV });
      const { port } = await served.listening();
      const [, admin] = await served.stderr.find(/operator's port (http:\S+)/);
      for (const path of ["users/7", "users/8", "nowhere"]) {
        await textOf(`http://127.0.0.1:${port}/${path}`);
      }
      const metrics = await textOf(`${admin}/metrics`);
      const requests = 'mudpie_requests_total{method="GET",route=';
      assertStringIncludes(metrics, `${requests}"/users/:id",status="2xx"} 2\n`);
      assertStringIncludes(metrics, `${requests}"${other}",status="4xx"} 1\n`);
    });
  }

  it("answers as it does alone: what next builds", async () => {
    const cwd = await Deno.makeTempDir();
    try {
      await copyFolder(new URL("../support/programs/next/", import.meta.url), cwd);
      await run(["install"], cwd);
      await run(["task", "build"], cwd);
      const start = (args: readonly string[], options: ProgramOptions) =>
        Program.deno(["run", "-A", "--config", `${cwd}/deno.json`, ...args], { ...options, cwd });
      await compare(`${cwd}/server.js`, NEXT_ASKED, start);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  });
});

async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return await response.text();
}

/** Runs Deno to its end. */
async function run(args: string[], cwd?: string): Promise<void> {
  const env = { NEXT_TELEMETRY_DISABLED: "1" };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd, env })
    .output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assertEquals(success, true, text);
}

/** Calls as soon as something listens on the port. */
async function whenListening<T>(
  program: Program,
  port: number,
  call: () => Promise<T>,
): Promise<T> {
  let hasEnded = false;
  program.end.then(() => hasEnded = true);
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return await call();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || hasEnded) {
        throw new Error(`The program alone: ${program.stderr.text}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
