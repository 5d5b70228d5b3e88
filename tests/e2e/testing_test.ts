// `@mudpie/server/testing`, as somebody uses it for an application of their own.

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startServer, type TestedServer } from "@mudpie/server/testing";
import { within } from "../support/deadline.ts";
import { entryFor } from "../support/servers/entry_url.ts";
import { appUrl, CAN_START_APPS } from "../support/servers/started_app.ts";

const ENTRY = entryFor(appUrl("well_behaved.ts"));

async function textOf(server: TestedServer, path: string): Promise<string> {
  const response = await within(server.fetch(path), `an answer to ${path}`);
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return text;
}

function workersOf(server: TestedServer): number[] {
  return server.stats().workers.map(({ worker }) => worker);
}

// Before all others, so that nothing of theirs is found in it.
for (const isolation of ["web", "thread"] as const) {
  Deno.test({
    name: `startServer() leaves nothing to Deno's sanitizers (isolation ${isolation})`,
    ignore: !CAN_START_APPS,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: async () => {
      await using server = await startServer(ENTRY, { workers: 1, isolation });
      await textOf(server, "/hello");
    },
  });
}

describe("startServer()", { ignore: !CAN_START_APPS }, () => {
  it("starts two workers on a free port, and answers", async () => {
    await using server = await startServer(ENTRY);
    assertEquals([workersOf(server).length, server.ready, server.listenMode], [2, true, "shared"]);
    assertEquals(server.origin, `http://127.0.0.1:${server.addr.port}`);
    assertEquals(await textOf(server, "/hello"), "<h1>Hello World!</h1>");
    const echo = await server.fetch("/echo", { method: "POST", body: "a" });
    assertEquals(await echo.text(), "a");
  });

  for (const isolation of ["web", "thread"] as const) {
    it(`gives an application its own environment (isolation ${isolation})`, async () => {
      const folder = await Deno.makeTempDir();
      const entry = import.meta.resolve("../../examples/rest_api.ts");
      const NOTES_DB = `${folder}/notes.sqlite`;
      try {
        {
          await using server = await startServer(entry, { isolation, env: { NOTES_DB } });
          const note = { method: "POST", body: JSON.stringify({ text: "of this test" }) };
          assertEquals((await (await server.fetch("/notes", note)).json()).id, 1);
          // The replacement of a worker reads the same environment.
          await server.crash();
          for (let i = 0; i < 4; i++) {
            const headers = { connection: "close" };
            const { text } = await (await server.fetch("/notes/1", { headers })).json();
            assertEquals(text, "of this test");
          }
          assertEquals(Deno.env.get("NOTES_DB"), NOTES_DB);
          await assertRejects(
            () => startServer(entry, { isolation, env: { NOTES_DB: "other" } }),
            TypeError,
            "NOTES_DB",
          );
        }
        assertEquals(Deno.env.get("NOTES_DB"), undefined);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }

  it("puts the environment back when no worker can start", async () => {
    const env = { MUDPIE_TEST_ENV: "a" };
    await assertRejects(() => startServer("file:///nowhere.ts", { workers: 1, env }));
    assertEquals(Deno.env.get("MUDPIE_TEST_ENV"), undefined);
  });

  it("takes the options of a run", async () => {
    await using server = await startServer(ENTRY, {
      workers: 1,
      hostname: "localhost",
      isolation: "web",
    });
    assertEquals(workersOf(server).length, 1);
    const { hostname, port } = server.addr;
    assert(["127.0.0.1", "::1"].includes(hostname), hostname);
    assertEquals(
      server.origin,
      hostname === "::1" ? `http://[::1]:${port}` : `http://127.0.0.1:${port}`,
    );
  });

  it("rejects when the application cannot start", async () => {
    await assertRejects(
      () => startServer(entryFor(appUrl("throws_at_load.ts")), { workers: 1 }),
      Error,
    );
  });
});

describe("A server under test", { ignore: !CAN_START_APPS }, () => {
  for (const isolation of ["web", "thread"] as const) {
    for (const how of ["crash", "exit"] as const) {
      it(`has a worker ${how}, and another one in its place (isolation ${isolation})`, async () => {
        await using server = await startServer(ENTRY, { isolation });
        const [first, second] = workersOf(server);
        await within(server[how](1), "a worker that is replaced");
        const after = workersOf(server);
        assertEquals([after.length, after.includes(first), after.includes(second)], [
          2,
          true,
          false,
        ]);
        assertEquals(await textOf(server, "/hello"), "<h1>Hello World!</h1>");
      });
    }
  }

  it("answers while a worker crashes", async () => {
    await using server = await startServer(ENTRY);
    let isReplaced = false;
    const crashed = server.crash().then(() => isReplaced = true);
    // Each on a connection of its own: one that is kept may end between two requests, with the worker at its other end.
    while (!isReplaced) {
      const response = await server.fetch("/hello", { headers: { connection: "close" } });
      assertEquals([response.status, await response.text()], [200, "<h1>Hello World!</h1>"]);
    }
    await crashed;
    assertEquals(server.stats().total.panics, 1);
  });

  it("has a worker hang until it is found and killed", async () => {
    await using server = await startServer(ENTRY, { workers: 1 });
    const [before] = workersOf(server);
    await within(server.hang(), "a worker that hangs, and is replaced");
    assertNotEquals(workersOf(server), [before]);
    assertEquals(await textOf(server, "/hello"), "<h1>Hello World!</h1>");
  });

  it("refuses to hang what could never be stopped", async () => {
    await using server = await startServer(ENTRY, { workers: 1, isolation: "web" });
    const { message } = await assertRejects(() => server.hang(), TypeError);
    assertStringIncludes(message, "thread");
  });

  it("refuses to hang what nobody would notice", async () => {
    await using server = await startServer(ENTRY, { workers: 1, hangTimeout: 0 });
    const { message } = await assertRejects(() => server.hang(), TypeError);
    assertStringIncludes(message, "hangTimeout 0");
  });

  it("waits for no replacement behind the end", async () => {
    const server = await startServer(ENTRY, { workers: 1 });
    const crashed = server.crash();
    await server.shutdown();
    await within(crashed, "the end of the waiting");
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await assertRejects(() => server.fetch("/hello"), TypeError, "has shut down");
  });

  it("refuses a worker that is not there", async () => {
    await using server = await startServer(ENTRY, { workers: 1 });
    const { message } = await assertRejects(() => server.crash(1), RangeError);
    assertEquals(message, "Cannot crash worker 1: 1 accept, and are counted from 0");
  });
});
