import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Method, WebResponse, WebServer } from "../../mod.ts";
import { MethodTargets, parseTarget } from "../../src/routing/route_target.ts";
import { TestDispatcher } from "../support/requests/socketless_exchange.ts";

const hello = () => WebResponse.text("hello");

describe("parseTarget()", () => {
  it("returns a function as it is", () => {
    assertEquals(parseTarget("/", hello), hello);
  });

  it("returns the targets of a table by method, with what the server answers itself in Allow", () => {
    const targets = parseTarget("/", { POST: hello, GET: hello, PUT: undefined });
    assertInstanceOf(targets, MethodTargets);
    assertEquals(targets.allow, "GET, HEAD, POST, OPTIONS");
    assertEquals([targets.targetOf("HEAD"), targets.targetOf("PUT")], [hello, undefined]);
  });
});

describe("WebServer.addPath()", () => {
  const badTargets: { what: string; target: unknown; says: string }[] = [
    { what: "undefined", target: undefined, says: "undefined" },
    { what: "null", target: null, says: "null" },
    { what: "a text", target: "hello", says: "string" },
    { what: "a response", target: WebResponse.text("hello"), says: "no method" },
    { what: "an empty table", target: {}, says: "no method" },
    { what: "a table of nothing", target: { GET: undefined }, says: "no method" },
    { what: "a table of no handler", target: { GET: "hello" }, says: "GET" },
    { what: "an unknown method", target: { GETT: hello }, says: '"GETT"' },
    { what: "a method in lower case", target: { GET: hello, post: hello }, says: '"post"' },
    { what: "CONNECT, which is for proxies,", target: { CONNECT: hello }, says: '"CONNECT"' },
  ];
  for (const { what, target, says } of badTargets) {
    it(`refuses ${what} for a target`, () => {
      const server = new WebServer();
      const { message } = assertThrows(
        () => server.addPath("/things", target as typeof hello),
        TypeError,
      );
      assertStringIncludes(message, '"/things"');
      assertStringIncludes(message, says);
    });
  }

  it("leaves out the methods of a table that are undefined", async () => {
    const server = new WebServer();
    server.addPath("/", { GET: hello, POST: undefined });
    const { status } = await server.fetch(new Request("http://localhost/", { method: "POST" }));
    assertEquals(status, 405);
  });
});

function allowOf(response: Response): string[] {
  return (response.headers.get("allow") ?? "").split(", ").toSorted();
}

describe("A method table", () => {
  const server = new WebServer();
  server.addPath("/", { GET: (req) => WebResponse.text(`root ${req.method}`) });
  server.addPath("/things", {
    GET: (req) => WebResponse.text(`list ${req.method}`),
    POST: () => WebResponse.text("create", { status: 201 }),
  });
  server.addPath("/named", {
    GET: () => WebResponse.text("get"),
    HEAD: () => WebResponse.empty(204, { headers: { "x-by": "head" } }),
    OPTIONS: () => WebResponse.text("options"),
  });
  server.addPath("/write", { PUT: hello, PATCH: hello, DELETE: hello });
  server.addExactPath("/split", { GET: hello });
  server.addPath("/split", { POST: hello });
  server.addPath("/any", (req) => WebResponse.text(req.method));

  const send = (method: string, path: string) =>
    server.fetch(new Request(`http://localhost${path}`, { method }));

  it("leads each method to its handler", async () => {
    assertEquals(await (await send("GET", "/things")).text(), "list GET");
    const created = await send("POST", "/things");
    assertEquals([created.status, await created.text()], [201, "create"]);
  });

  it("answers a method that it does not name with 405 and Allow", async () => {
    const response = await send("DELETE", "/things");
    assertEquals(response.status, 405);
    assertEquals(allowOf(response), ["GET", "HEAD", "OPTIONS", "POST"]);
  });

  it("allows no HEAD where it names no GET", async () => {
    const response = await send("HEAD", "/write");
    assertEquals(response.status, 405);
    assertEquals(allowOf(response), ["DELETE", "OPTIONS", "PATCH", "PUT"]);
  });

  it("answers a method that nobody knows with 405", async () => {
    assertEquals((await send("BREW", "/things")).status, 405);
  });

  it("tells methods by their case", async () => {
    assertEquals((await send("patch", "/write")).status, 405);
    const dispatcher = new TestDispatcher({ "prefix /": { GET: hello } });
    assertEquals((await dispatcher.answer({ method: "get" })).status, 405);
  });

  it("serves HEAD by GET, whose handler sees the method", async () => {
    const response = await send("HEAD", "/things");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-length"), String("list HEAD".length));
    assertEquals(await response.text(), "");
  });

  it("serves HEAD itself where it names it", async () => {
    const response = await send("HEAD", "/named");
    assertEquals([response.status, response.headers.get("x-by")], [204, "head"]);
  });

  it("answers OPTIONS by itself, with Allow and without a body", async () => {
    const response = await send("OPTIONS", "/things");
    assert(response.ok);
    assertEquals(allowOf(response), ["GET", "HEAD", "OPTIONS", "POST"]);
    assertEquals(await response.text(), "");
  });

  it("serves OPTIONS by its handler where it names it", async () => {
    assertEquals(await (await send("OPTIONS", "/named")).text(), "options");
  });

  it("is the only one that is asked: no shorter path answers what it does not name", async () => {
    assertEquals((await send("PUT", "/things/7")).status, 405);
    assertEquals(allowOf(await send("POST", "/split")), ["GET", "HEAD", "OPTIONS"]);
    assertEquals((await send("POST", "/split/a")).status, 200);
  });

  it("can name every method but CONNECT", async () => {
    const methods: Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    for (const method of methods) {
      const dispatcher = new TestDispatcher({ "prefix /": { [method]: hello } });
      assertEquals((await dispatcher.answer({ method })).text, "hello");
    }
  });
});

describe("A handler without a table", () => {
  it("gets every method, those that nobody knows included", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": (req) => WebResponse.text(req.method),
    });
    for (const method of ["GET", "POST", "OPTIONS", "TRACE", "BREW", "get"]) {
      assertEquals((await dispatcher.answer({ method })).text, method);
    }
  });
});
