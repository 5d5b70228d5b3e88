// examples/rest_api.ts as a process: what it stores is there for every worker, and what a client gets wrong is a 4xx.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Program } from "../support/servers/program.ts";
import { RunningExample } from "../support/servers/example.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** Runs a test against the example with a database of its own. */
async function withNotes(test: (api: RunningExample) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using api = await RunningExample.start("rest_api.ts", {
      NOTES_PORT: "0",
      NOTES_DB: `${folder}/notes.sqlite`,
    });
    await test(api);
    assertEquals(api.program.stderr.all.filter((line) => line.includes("panic")), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function post(value: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body: JSON.stringify(value), headers };
}

describe("examples/rest_api.ts", { ignore: !CAN_START_PROGRAMS }, () => {
  it("keeps notes, the same for every worker", () =>
    withNotes(async (api) => {
      const created = await api.ask("/notes", post({ text: "buy flour" }));
      assertEquals([created.status, created.headers.get("location")], [201, "/notes/1"]);
      assertEquals(await created.json(), { id: 1, text: "buy flour", author: null });
      // Enough connections to come by each of the four workers.
      for (let i = 0; i < 20; i++) {
        const note = await api.text("/notes/1", { headers: { connection: "close" } });
        assertEquals(JSON.parse(note).text, "buy flour");
      }
      const changed = await api.text("/notes/1", {
        method: "PUT",
        body: JSON.stringify({ text: "buy sugar" }),
      });
      assertEquals(JSON.parse(changed).text, "buy sugar");
      assertEquals(JSON.parse(await api.text("/notes?limit=1")).length, 1);
      assertEquals((await api.ask("/notes/1", { method: "DELETE" })).status, 204);
      assertEquals(await api.text("/notes"), "[]");
    }));

  it("knows the author by a cookie", () =>
    withNotes(async (api) => {
      const response = await api.ask("/author", {
        method: "PUT",
        body: JSON.stringify({ name: "Ada é" }),
      });
      const cookie = response.headers.get("set-cookie") ?? "";
      assertMatch(cookie, /^author=Ada%20%C3%A9; HttpOnly; SameSite=Lax; Path=\/$/);
      const [pair] = cookie.split(";");
      const note = await api.ask("/notes", post({ text: "a" }, { cookie: pair }));
      assertEquals((await note.json()).author, "Ada é");
      const forgotten = await api.ask("/author", { method: "DELETE" });
      assertMatch(forgotten.headers.get("set-cookie") ?? "", /^author=; .*(?:Expires|Max-Age)=/);
    }));

  const faults: { what: string; path: string; init?: RequestInit; status: number; text: RegExp }[] =
    [
      {
        what: "a note without words",
        path: "/notes",
        init: post({ text: "" }),
        status: 422,
        text: /^Send \{"text": "\.\.\."\} with 1 to 1000 characters$/,
      },
      {
        what: "a body that is not JSON",
        path: "/notes",
        init: { method: "POST", body: "{" },
        status: 400,
        text: /not JSON/,
      },
      { what: "JSON null", path: "/notes", init: post(null), status: 422, text: /^Send / },
      {
        what: "a body over its limit",
        path: "/notes",
        init: post({ text: "a".repeat(10_000) }),
        status: 413,
        text: /larger than this server takes/,
      },
      {
        what: "a cookie that cannot be decoded",
        path: "/notes",
        init: post({ text: "a" }, { cookie: "author=%zz" }),
        status: 400,
        text: /author cookie/,
      },
      { what: "an id that is no number", path: "/notes/one", status: 400, text: /whole number/ },
      { what: "a note that is not there", path: "/notes/9", status: 404, text: /no note 9$/ },
      { what: "a limit that is none", path: "/notes?limit=0", status: 400, text: /1 to 100$/ },
      {
        what: "a method that is none of a note's",
        path: "/notes/1",
        init: { method: "PATCH" },
        status: 405,
        text: /^Method Not Allowed$/,
      },
    ];

  it("answers what a client gets wrong with 4xx", () =>
    withNotes(async (api) => {
      for (const { what, path, init, status, text } of faults) {
        const response = await api.ask(path, init);
        assertEquals([what, response.status], [what, status]);
        assertMatch(await response.text(), text);
      }
    }));
});

describe("a test of a program", { ignore: !CAN_START_PROGRAMS }, () => {
  /** Runs `deno test` over a test file that imports `main`. */
  async function testOf(main: string): Promise<{ folder: string; program: Program }> {
    const folder = await Deno.makeTempDir();
    const library = import.meta.resolve("../../mod.ts");
    const begun = `import { WebResponse, WebServer } from ${JSON.stringify(library)};
      export const server = new WebServer();
      server.addPath("/", () => WebResponse.text("tested"));`;
    await Deno.writeTextFile(`${folder}/main.ts`, `${begun}\n${main}`);
    await Deno.writeTextFile(
      `${folder}/main_test.ts`,
      `import { server } from "./main.ts";
       Deno.test("the front page", async () => {
         const response = await server.fetch(new Request("http://localhost/"));
         if (await response.text() !== "tested") throw new Error("not tested");
       });`,
    );
    const args = ["test", "-A", "--no-check", `${folder}/main_test.ts`];
    return { folder, program: Program.deno(args, { env: { NO_COLOR: "1" } }) };
  }

  it("gets a line when run() has no guard", async () => {
    const { folder, program } = await testOf("await server.run({ port: 0, workers: 1 });");
    await using started = program;
    // The runner prints on standard output what a module logs before its tests begin.
    await started.stdout.find(
      /run\(\) serves until it is stopped, so the tests .* never begin: guard it/,
    );
    await Deno.remove(folder, { recursive: true });
  });

  it("runs when run() has a guard", async () => {
    const guarded = "if (import.meta.main) await server.run({ port: 0, workers: 1 });";
    const { folder, program } = await testOf(guarded);
    await using started = program;
    const { code } = await started.ended();
    assertEquals([code, started.stdout.text.includes("guard it")], [0, false]);
    await Deno.remove(folder, { recursive: true });
  });
});
