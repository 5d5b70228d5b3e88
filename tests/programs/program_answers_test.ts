// Programs as people write them, run by Deno alone and by the command line: what a client sees is the same. Each one is a file of
// tests/support/programs/, written as its framework's documentation starts it, or a folder, which is built first.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import {
  type Answer,
  type Asked,
  askFrom,
  get,
  getEndless,
  post,
} from "../support/servers/answers.ts";
import { copyFolder } from "../support/servers/copied_folder.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const REPOSITORY = new URL("../../", import.meta.url).pathname;
const CLI = `${REPOSITORY}src/cli.ts`;
const CONFIG = `${REPOSITORY}deno.json`;
const PROGRAMS = new URL("../support/programs/", import.meta.url);

/** A form with a file. */
function form(): FormData {
  const form = new FormData();
  form.set("name", "Zoë");
  form.set("file", new File(["a file's text"], "a.txt"));
  return form;
}

const JSON_TYPE = { "content-type": "application/json" };
const COOKIE = { cookie: "name=Zoe" };

const EVENTS = { accept: "text/event-stream" };

const programs: readonly { file: string; asked: readonly Asked[] }[] = [
  {
    file: "plain.ts",
    asked: [
      get("/"),
      { path: "/", init: () => ({ method: "HEAD" }) },
      { path: "/nowhere", init: () => ({ method: "OPTIONS" }) },
      get("/json?name=%C3%A9"),
      post("/echo", () => "büdget"),
      post("/echo", () => new Uint8Array([0, 255, 7])),
      post("/form", form),
      get("/cookies"),
      get("/stream"),
      getEndless("/endless"),
      get("/redirect"),
      get("/nowhere"),
      get("/fails"),
      get("/"),
    ],
  },
  { file: "options.ts", asked: [get("/"), get("/fails"), get("/")] },
  { file: "captured.ts", asked: [get("/")] },
  { file: "guarded.ts", asked: [get("/")] },
  { file: "disposed.ts", asked: [get("/")] },
  { file: "exports_and_serves.ts", asked: [get("/")] },
  { file: "compressed.ts", asked: [get("/"), get("/short"), get("/image")] },
  { file: "main.cjs", asked: [get("/")] },
  { file: "argv.ts", asked: [get("/")] },
  {
    file: "hono.ts",
    asked: [
      get("/"),
      get("/users/7?q=a%20b"),
      post("/echo", () => '{"a":[1,2]}', JSON_TYPE),
      post("/upload", form),
      get("/cookies", COOKIE),
      get("/stream"),
      getEndless("/events"),
      get("/fails"),
      get("/nowhere"),
    ],
  },
  {
    file: "h3.ts",
    asked: [
      get("/"),
      get("/users/7"),
      post("/echo", () => '{"a":[1,2]}', JSON_TYPE),
      get("/cookies", COOKIE),
      get("/missing"),
      get("/nowhere"),
    ],
  },
  { file: "srvx.ts", asked: [get("/a/b"), post("/", () => "text")] },
  {
    file: "elysia.ts",
    asked: [
      get("/"),
      get("/users/7?q=a%20b"),
      post("/echo", () => '{"a":[1,2]}', JSON_TYPE),
      post("/echo", () => '{"a":"no number"}', JSON_TYPE),
      post("/echo", () => '{"a":', JSON_TYPE),
      post("/upload", form),
      get("/cookies", COOKIE),
      get("/fails"),
      get("/nowhere"),
    ],
  },
  {
    file: "trpc.ts",
    asked: [
      get("/trpc/hello"),
      get("/trpc/hello,missing?batch=1"),
      post("/trpc/add", () => '{"a":[1,2]}', JSON_TYPE),
      post("/trpc/add", () => '{"a":', JSON_TYPE),
      get("/trpc/ticks", EVENTS),
      get("/trpc/missing"),
      get("/nowhere"),
    ],
  },
  {
    file: "yoga.js",
    asked: [
      get("/graphql?query={hello}"),
      post("/graphql", () => '{"query":"{hello(name:\\"Zoë\\")}"}', JSON_TYPE),
      post("/graphql", () => '{"query":"{fails}"}', JSON_TYPE),
      post("/graphql", () => '{"query":"{"}', JSON_TYPE),
      get("/graphql?query=subscription{ticks}", EVENTS),
      get("/nowhere"),
    ],
  },
];

/** A program that is built, in a folder of its own. */
interface Built {
  /** The folder, which has the task that builds. */
  readonly folder: string;
  /** The module that the build makes. */
  readonly entry: string;
  readonly asked: readonly Asked[];
}

const built: readonly Built[] = [
  {
    folder: "nitro",
    entry: ".output/server/index.mjs",
    asked: [
      get("/"),
      post("/echo", () => '{"a":[1,2]}', JSON_TYPE),
      get("/cookies", COOKIE),
      get("/stream"),
      get("/robots.txt"),
      get("/fails"),
      get("/nowhere"),
    ],
  },
  {
    folder: "sveltekit",
    entry: ".deno-deploy/server.ts",
    asked: [
      get("/"),
      get("/", COOKIE),
      get("/api?name=%C3%A9"),
      post("/api", () => '{"a":[1,2]}', JSON_TYPE),
      post("/upload", form),
      get("/robots.txt"),
      get("/api?missing"),
      get("/api?fails"),
      get("/nowhere"),
    ],
  },
];

describe("a program", { ignore: !CAN_START_PROGRAMS }, () => {
  let client: Deno.HttpClient;

  beforeAll(() => {
    // A connection for each request: a panic closes one.
    client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  });
  afterAll(() => client?.close());

  /** Asks all of a program alone, and then of the same program under the command line. */
  async function compare(
    asked: readonly Asked[],
    startAlone: () => Program,
    startServed: (args: readonly string[]) => Program,
  ): Promise<void> {
    const expected: Answer[] = [];
    {
      await using alone = startAlone();
      const port = await portOf(alone);
      for (const each of asked) expected.push(await askFrom(client, port, each));
    }
    const local = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "2"];
    for (const isolation of ["thread", "web"]) {
      await using served = startServed([...local, "--isolation", isolation]);
      const { port } = await served.listening();
      for (const [index, each] of asked.entries()) {
        const answer = await askFrom(client, port, each);
        assertEquals(answer, expected[index], `${isolation} ${each.path}`);
      }
      served.signal("SIGTERM");
      assertEquals((await served.ended()).code, 0, served.stderr.text);
    }
  }

  for (const { file, asked } of programs) {
    it(`answers as it does alone: ${file}`, async () => {
      const path = new URL(file, PROGRAMS).pathname;
      await compare(
        asked,
        () => Program.deno(["run", "-A", "--config", CONFIG, path], ALONE),
        (args) => Program.deno(["run", "-A", "--unstable-net", CLI, path, ...args]),
      );
    });
  }

  for (const { folder, entry, asked } of built) {
    it(`answers as it does alone: what ${folder} builds`, async () => {
      const cwd = await Deno.makeTempDir();
      try {
        await copyFolder(new URL(`${folder}/`, PROGRAMS), cwd);
        await using build = Program.deno(["task", "build"], { cwd });
        assertEquals((await build.ended()).code, 0, build.stdout.text + build.stderr.text);
        // The command line from JSR then is the one of this checkout.
        await changeJson(`${cwd}/deno.json`, (config) => ({ ...config, links: [REPOSITORY] }));
        await compare(
          asked,
          () => Program.deno(["run", "-A", entry], { cwd, ...ALONE }),
          (args) => Program.deno(["run", "-A", "jsr:@mudpie/server/cli", entry, ...args], { cwd }),
        );
      } finally {
        await Deno.remove(cwd, { recursive: true });
      }
    });
  }
});

const ALONE = { env: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" } };

/** Waits until a program that runs alone listens, and returns its port. */
async function portOf({ stdout, stderr }: Program): Promise<number> {
  // The runtime's own line goes to standard error, a framework's to standard output.
  const line = /Listening (?:on:? http:\/\/)?127\.0\.0\.1:(\d+)/;
  const [, port] = await Promise.any([stdout, stderr].map((lines) => lines.find(line)));
  return Number(port);
}

async function changeJson(path: string, change: (value: object) => object): Promise<void> {
  const value = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify(change(value)));
}
