// The first thing that a stranger starts: examples/hello.ts, as it stands and as a copy in a folder of its own.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { HINDRANCE } from "../support/servers/example.ts";
import { hindranceTo } from "../support/tools/installed.ts";
import { Program } from "../support/servers/program.ts";

const EXAMPLE = new URL("../../examples/hello.ts", import.meta.url);
const PAGE = "<h1>Hello World!</h1>";

const HAS_CURL = hindranceTo("curl") === "";

async function assertServesFetch(): Promise<void> {
  using client = Deno.createHttpClient({});
  const url = "http://127.0.0.1:8000/hello";
  const response = await within(fetch(url, { client }), "an answer to fetch()");
  assertEquals([response.status, await response.text()], [200, PAGE]);
}

async function assertServesCurl(): Promise<void> {
  await using curl = Program.start("curl", ["-sSi", "http://127.0.0.1:8000/hello"]);
  assertEquals((await curl.ended()).code, 0);
  const [statusLine, ...rest] = curl.stdout.all;
  assertEquals(statusLine.trim(), "HTTP/1.1 200 OK");
  assertEquals(rest[rest.length - 1], PAGE);
}

async function assertEndsWell(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 0);
}

describe(`examples/hello.ts${HINDRANCE}`, { ignore: HINDRANCE !== "" }, () => {
  it("starts ten workers with one line, and serves its page", async () => {
    await using program = Program.deno(["run", "-A", EXAMPLE.pathname]);
    const { line } = await program.listening();
    assertMatch(
      line,
      /^listening on http:\/\/127\.0\.0\.1:8000 with 10 workers \(.*\), listen mode reuseport/,
    );
    assertEquals(program.stderr.all.length, 1);
    await assertServesFetch();
    if (HAS_CURL) await assertServesCurl();
    await assertEndsWell(program);
  });

  it("serves from a folder without configuration, in listen mode shared, and says so once", async () => {
    const folder = await Deno.makeTempDir();
    try {
      const source = await Deno.readTextFile(EXAMPLE);
      const copy = source.replace('"../mod.ts"', `"${import.meta.resolve("../../mod.ts")}"`);
      await Deno.writeTextFile(`${folder}/hello.ts`, copy);
      await using program = Program.deno(["run", "-A", "--no-config", "hello.ts"], { cwd: folder });
      const { workers, listen } = await program.listening();
      assertEquals([workers, listen], [10, "shared"]);
      const reasons = program.stderr.all.filter((line) => line.includes("--unstable-net"));
      assertEquals(reasons.length, 1);
      assertMatch(reasons[0], / mudpie: listen mode shared: run with --unstable-net/);
      await assertServesFetch();
      if (HAS_CURL) await assertServesCurl();
      await assertEndsWell(program);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});
