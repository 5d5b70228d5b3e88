import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { describeLoadFailure, servable } from "../../src/cli/application.ts";
import { WebResponse, WebServer } from "../../mod.ts";

/** What a module with that default export answers to a request. */
async function answerOf(app: unknown): Promise<string> {
  const loaded = servable({ default: app });
  assert(loaded.kind === "servable", JSON.stringify(loaded));
  return await (await loaded.server.fetch(new Request("http://localhost/a/b"))).text();
}

describe("servable()", () => {
  it("takes a WebServer as it is", () => {
    const server = new WebServer();
    server.addPath("/", () => WebResponse.text("from a server"));
    assertEquals(servable({ default: server }), { kind: "servable", server });
  });

  it("calls fetch as a method of the default export, with every path, and with who asks", async () => {
    const app = {
      greeting: "hello",
      fetch(request: Request, info: { remoteAddr: Deno.NetAddr }) {
        const { pathname } = new URL(request.url);
        return new Response(`${this.greeting} ${pathname} ${info.remoteAddr.hostname}`);
      },
    };
    assertEquals(await answerOf(app), "hello /a/b 127.0.0.1");
  });

  it("looks fetch up for each request, as deno serve does", async () => {
    const app = { fetch: () => new Response("before") };
    const loaded = servable({ default: app });
    assert(loaded.kind === "servable");
    app.fetch = () => new Response("after");
    const response = await loaded.server.fetch(new Request("http://localhost/"));
    assertEquals(await response.text(), "after");
  });

  it("takes an object whose class has the fetch, and a function that has one", async () => {
    class Application {
      fetch() {
        return new Response("from a class");
      }
    }
    assertEquals(await answerOf(new Application()), "from a class");
    const withFetch = Object.assign(() => {}, { fetch: () => new Response("from a function") });
    assertEquals(await answerOf(withFetch), "from a function");
  });

  it("calls onListen as a method, with the address", () => {
    const heard: unknown[] = [];
    const app = {
      fetch: () => new Response(),
      onListen(address: Deno.NetAddr) {
        heard.push(this === app, address.port);
      },
    };
    const loaded = servable({ default: app });
    assert(loaded.kind === "servable");
    loaded.onListen?.({ transport: "tcp", hostname: "127.0.0.1", port: 7 });
    assertEquals(heard, [true, 7]);
  });

  it("servable() gives the third argument to fetch, which Hono has as c.executionCtx", async () => {
    const app = {
      fetch(_request: Request, _info: unknown, context: Record<string, unknown>) {
        const { waitUntil, passThroughOnException, props } = context;
        (passThroughOnException as () => void)();
        return Response.json([typeof waitUntil, props]);
      },
    };
    assertEquals(await answerOf(app), '["function",{}]');
  });

  const others: { what: string; module: { default?: unknown }; kind: string; says: string }[] = [
    { what: "no default export", module: {}, kind: "nothing_to_serve", says: "no default export" },
    { what: "a text", module: { default: "x" }, kind: "nothing_to_serve", says: "of type string" },
    { what: "null", module: { default: null }, kind: "nothing_to_serve", says: "of type null" },
    { what: "no fetch", module: { default: {} }, kind: "nothing_to_serve", says: "has no fetch" },
    {
      what: "an onShutdown that is none",
      module: { default: { fetch() {}, onShutdown: 7 } },
      kind: "failed",
      says: "onShutdown of its default export is of type number",
    },
    {
      what: "a fetch that is none",
      module: { default: { fetch: 7 } },
      kind: "failed",
      says: "number",
    },
    {
      what: "an onListen that is none",
      module: { default: { fetch: () => new Response(), onListen: "x" } },
      kind: "failed",
      says: "the onListen of its default export is of type string",
    },
  ];
  for (const { what, module, kind, says } of others) {
    it(`says what is there instead where it finds ${what}`, () => {
      const loaded = servable(module);
      assertEquals(loaded.kind, kind);
      assertStringIncludes(JSON.stringify(loaded), says);
    });
  }
});

describe("describeLoadFailure()", () => {
  it("shows the error of a module with its stack, but without the lines of this library's loader", () => {
    const error = new Error("no database");
    const own = new URL("../../src/", import.meta.url).href;
    error.stack = [
      "Error: no database",
      "    at connect (file:///srv/src/cli.ts:3:7)",
      `    at async importModule (${own}module_loading.ts:12:14)`,
      `    at async ${own}command_line/serve.ts:50:3`,
    ].join("\n");
    assertEquals(
      describeLoadFailure(error),
      "Error: no database\n    at connect (file:///srv/src/cli.ts:3:7)",
    );
  });

  it("lets the loader say what is wrong with a module, without the colours of a terminal", () => {
    const error = Object.assign(
      new TypeError('Module not found "file:///a.ts".\n    at \x1b[36mfile:///b.ts\x1b[0m:1:8'),
      { code: "ERR_MODULE_NOT_FOUND" },
    );
    assertEquals(
      describeLoadFailure(error),
      'Module not found "file:///a.ts".\n    at file:///b.ts:1:8',
    );
  });

  it("gives the words of an error that has no stack, and shows what is no error", () => {
    const error = new Error("the address is in use");
    error.stack = "Error: the address is in use";
    assertEquals(describeLoadFailure(error), "the address is in use");
    assertEquals(describeLoadFailure("just a text"), "just a text");
    const reason = "No worker could start: Error: no database\n    at file:///srv/app.ts:3:7";
    const other = new Error(reason);
    other.stack = `Error: ${reason}`;
    assertEquals(describeLoadFailure(other), reason);
  });
});
