// What surrounds handlers: which requests a wrapper sees, in which order, and what it can do wrong.

import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  fetchHandler,
  HttpError,
  WebResponse,
  WebServer,
  type WebServerOptions,
  type Wrapper,
} from "../../mod.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { OutgoingResponse } from "../../src/handler/outgoing_response.ts";
import { coverageOf, Wrappers } from "../../src/routing/around.ts";
import { Dispatcher } from "../../src/routing/dispatcher.ts";
import { parsePattern } from "../../src/routing/route_pattern.ts";
import { Router } from "../../src/routing/router.ts";
import { parsedRequest } from "../support/requests/socketless_exchange.ts";
import { standardErrorOf } from "../support/standard_error.ts";

const same = (text: string) => text;
const segmentsOf = (pattern: string, isExact = false) => parsePattern(pattern, isExact, same);

/** A wrapper that notes its calls, and names itself in the response. */
function naming(name: string, calls: string[] = []): Wrapper {
  return async (_req, next) => {
    calls.push(`${name} before`);
    const response = await next();
    calls.push(`${name} after ${response.status}`);
    response.headers.append("x-by", name);
    return response;
  };
}

async function send(server: WebServer, path: string, init?: RequestInit): Promise<Response> {
  return await server.fetch(new Request(`http://localhost${path}`, init));
}

/** Sends a request whose panic is expected. Returns the status and the lines. */
async function panicOf(server: WebServer, path: string): Promise<[number, string]> {
  let status = 0;
  const lines = await standardErrorOf(async () => {
    status = (await send(server, path)).status;
  });
  return [status, lines.join("\n")];
}

describe("coverageOf()", () => {
  const cases: [prefix: string, pattern: string, isExact: boolean, coverage: string][] = [
    ["/", "/", false, "all"],
    ["/", "/a", true, "all"],
    ["/a", "/a", true, "all"],
    ["/a", "/a/", true, "all"],
    ["/a", "/a/b", false, "all"],
    ["/a", "/ab", false, "none"],
    ["/a/b", "/a", true, "none"],
    ["/a/b", "/a", false, "some"],
    ["/a", "/", false, "some"],
    ["/a", "/", true, "none"],
    ["/a", "/:id", true, "some"],
    ["/a/b", "/:id/c", false, "none"],
    ["/a/b", "/:id/b", false, "some"],
    ["/:id", "/a", false, "all"],
    ["/:id", "/:other", true, "all"],
    ["/:id/b", "/a", false, "some"],
    ["/a/:id", "/a/", true, "none"],
  ];
  for (const [prefix, pattern, isExact, coverage] of cases) {
    it(`coverageOf() gives ${coverage} for ${prefix} around ${isExact ? "the path" : "the prefix"} ${pattern}`, () => {
      const paths = { segments: segmentsOf(pattern, isExact), isExact };
      assertEquals(coverageOf(segmentsOf(prefix), paths), coverage);
    });
  }
});

describe("Wrappers.surround()", () => {
  it("surround() returns the handler itself if nothing surrounds it", () => {
    const wrappers = new Wrappers();
    wrappers.add(segmentsOf("/a"), naming("a"), () => "a test");
    const handler: Handler = () => WebResponse.empty();
    const paths = { segments: segmentsOf("/b"), isExact: false };
    assertEquals(wrappers.surround(handler, paths) === handler, true);
  });
});

/** The paths that are asked for, and the wrappers that have to see them, the outermost first. */
const SEEN: [path: string, by: string][] = [
  ["/", "all"],
  ["/api", "all,api"],
  ["/api/", "all,api"],
  ["/api/users", "all,api"],
  ["/api/nothing", "all,api"],
  ["/apis", "all"],
  ["/admin", "all,admin"],
  ["/admin/x", "all,admin"],
  ["/%61dmin/x", "all,admin"],
  ["/a/../admin/x", "all,admin"],
  ["/tenants/7/bills", "all,tenant"],
  ["/tenants/7", "all"],
  ["/elsewhere", "all"],
];

describe("WebServer.around()", () => {
  for (const isLast of [false, true]) {
    it(`around() added ${isLast ? "after" : "before"} the paths sees what is at or under its prefix`, async () => {
      const server = new WebServer();
      const surround = () => {
        server.around(naming("all"));
        server.around("/api", naming("api"));
        server.around("/admin", naming("admin"));
        server.around("/tenants/:id/bills", naming("tenant"));
      };
      if (!isLast) surround();
      server.addExactPath("/", () => WebResponse.text("front"));
      server.addPath("/api/users", { GET: () => WebResponse.text("users") });
      server.addPath("/:any", () => new Response("any"));
      server.addPath("/tenants/:id", fetchHandler(() => new Response("tenant")));
      if (isLast) surround();
      for (const [path, by] of SEEN) {
        const response = await send(server, path);
        assertEquals([path, response.headers.get("x-by")], [
          path,
          by.split(",").reverse().join(", "),
        ]);
      }
    });
  }

  it("around() nests wrappers in the order in which they were added", async () => {
    const calls: string[] = [];
    const server = new WebServer();
    server.around("/a", naming("first", calls));
    server.around(naming("second", calls));
    server.addPath("/a", () => {
      calls.push("handler");
      return WebResponse.text("a");
    });
    await send(server, "/a");
    assertEquals(calls, [
      "first before",
      "second before",
      "handler",
      "second after 200",
      "first after 200",
    ]);
  });

  it("around() sees 404, 405, OPTIONS and the response to an HttpError", async () => {
    const calls: string[] = [];
    const server = new WebServer({ errorFormat: "problem" });
    server.around("/api", naming("api", calls));
    server.addPath("/api/table", { POST: () => WebResponse.empty() });
    server.addPath("/api/error", () => {
      throw new HttpError(409, "a conflict");
    });
    server.addPath("/api/later", () => Promise.reject(new HttpError(410)));
    server.addPath("/api/json", (req) => WebResponse.json(req.json()));
    server.addPath("/api/fetch", fetchHandler(async (req) => Response.json(await req.json())));
    const bad = { method: "POST", body: "{" };
    const expected: [path: string, init: RequestInit, status: number][] = [
      ["/api/nowhere", {}, 404],
      ["/api/table", {}, 405],
      ["/api/table", { method: "OPTIONS" }, 204],
      ["/api/error", {}, 409],
      ["/api/later", {}, 410],
      ["/api/json", bad, 400],
      ["/api/fetch", bad, 400],
    ];
    await standardErrorOf(async () => {
      for (const [path, init, status] of expected) {
        const response = await send(server, path, init);
        assertEquals([response.status, response.headers.get("x-by")], [status, "api"]);
        assertEquals(calls.splice(0), ["api before", `api after ${status}`]);
        if (status === 405) assertEquals(response.headers.get("allow"), "POST, OPTIONS");
        if (status === 409) assertEquals((await response.json()).detail, "a conflict");
      }
    });
    assertEquals((await send(server, "/nowhere")).headers.get("x-by"), null);
  });

  it("around() that is added after the first 404 sees the next one", async () => {
    const server = new WebServer();
    assertEquals((await send(server, "/a")).headers.get("x-by"), null);
    server.around(naming("late"));
    assertEquals((await send(server, "/a")).headers.get("x-by"), "late");
    server.around(naming("later"));
    assertEquals((await send(server, "/a")).headers.get("x-by"), "later, late");
  });

  it("around() may answer without the handler, and throw an HttpError", async () => {
    let calls = 0;
    const server = new WebServer();
    server.around(naming("cors"));
    server.around((req, next) => {
      if (req.method === "DELETE") return WebResponse.text("no", { status: 403 });
      if (req.header("authorization") === null) throw new HttpError(401, "who are you");
      return next();
    });
    server.addPath("/", () => {
      calls++;
      return WebResponse.text("yes");
    });
    const denied = await send(server, "/");
    assertEquals([denied.status, denied.headers.get("x-by")], [401, "cors"]);
    assertEquals((await send(server, "/", { method: "DELETE" })).status, 403);
    assertEquals(calls, 0);
    const headers = { authorization: "x" };
    assertEquals(await (await send(server, "/", { headers })).text(), "yes");
    assertEquals(calls, 1);
  });

  it("around() sees the parameters of the route", async () => {
    const seen: unknown[] = [];
    const server = new WebServer();
    server.around("/users/:any", (req, next) => {
      seen.push(req.params.id);
      return next();
    });
    server.addPath("/users/:id", () => WebResponse.empty());
    await send(server, "/users/7");
    assertEquals(seen, ["7"]);
  });

  it("around() of plain functions returns the response without a promise", () => {
    const wrappers = new Wrappers();
    wrappers.add([], (_req, next) => next(), () => "a test");
    wrappers.add([], (_req, next) => next(), () => "a test");
    const router = new Router<Handler>(same);
    router.surround((target, paths) => wrappers.surround(target, paths));
    router.add("/", false, () => WebResponse.text("a"), () => "a test");
    const dispatcher = new Dispatcher(router, () => undefined);
    const response = dispatcher.dispatch(parsedRequest({}));
    assertInstanceOf(response, OutgoingResponse);
    assertEquals(response.body, "a");
  });

  it("around() has a fetch-style handler read its body as a stream all the same", async () => {
    const server = new WebServer({ maxBodyBytes: 10 });
    server.around((_req, next) => next());
    server.addPath(
      "/",
      fetchHandler(async (req) => {
        let length = 0;
        for await (const part of req.body ?? []) length += part.length;
        return new Response(`${length}`);
      }),
    );
    const response = await send(server, "/", { method: "POST", body: "x".repeat(100) });
    assertEquals(await response.text(), "100");
  });

  it("around() may catch a panic of the handler, which is none then", async () => {
    const server = new WebServer();
    server.around(async (_req, next) => {
      try {
        return await next();
      } catch (error) {
        return WebResponse.text(String(error), { status: 502 });
      }
    });
    server.addPath("/", () => {
      throw new Error("no database");
    });
    assertEquals(await panicOf(server, "/"), [502, ""]);
  });

  const panics: [what: string, wrap: Wrapper, message: RegExp][] = [
    ["throws", () => {
      throw new Error("broken");
    }, /Error: broken/],
    ["rejects", () => Promise.reject(new Error("broken")), /Error: broken/],
    [
      "forgets to return",
      ((_req: unknown, next: () => void) => void next()) as unknown as Wrapper,
      /wrapper that was added at .*around_test\.ts:\d+:\d+ returned a value of type undefined/,
    ],
    ["calls next() twice", async (_req, next) => {
      await next();
      return await next();
    }, /Cannot call next\(\) of the wrapper that was added at .*: it was called already/],
  ];
  for (const [what, wrap, message] of panics) {
    it(`around() that ${what} is a panic of that request`, async () => {
      const server = new WebServer();
      server.around("/a", wrap);
      server.addPath("/", () => WebResponse.text("hello"));
      const [status, lines] = await panicOf(server, "/a");
      assertEquals(status, 500);
      assertMatch(lines, /panic in GET \/a/);
      assertMatch(lines, message);
      assertEquals(await panicOf(server, "/b"), [200, ""]);
    });
  }

  it("around() sees a panic of a handler that returns no response", async () => {
    const server = new WebServer();
    server.around(naming("a"));
    server.addPath("/", (() => undefined) as unknown as Handler);
    const [status, lines] = await panicOf(server, "/");
    assertEquals(status, 500);
    assertMatch(lines, /The handler of GET "\/" returned a value of type undefined/);
  });

  it("around() that calls next() after its end gets a TypeError, and the handler is not called", async () => {
    let calls = 0;
    let late: (() => unknown) | undefined;
    const server = new WebServer();
    server.around((_req, next) => {
      late = next;
      return WebResponse.text("early");
    });
    server.addPath("/", () => {
      calls++;
      return WebResponse.empty();
    });
    assertEquals(await (await send(server, "/")).text(), "early");
    assert(late !== undefined);
    assertThrows(late, TypeError, "the wrapper has ended already");
    assertEquals(calls, 0);
  });

  it("around() that never answers is ended by handlerTimeout", async () => {
    const options: WebServerOptions = { handlerTimeout: 5 };
    const server = new WebServer(options);
    server.around(() => new Promise<never>(() => {}));
    assertEquals((await send(server, "/")).status, 503);
  });

  it("around() works with onErrorResponse, whose response the wrapper sees", async () => {
    const server = new WebServer({
      onErrorResponse: async (status) => await WebResponse.json({ status }, { status }),
    });
    server.around(naming("cors"));
    const response = await send(server, "/nowhere");
    assertEquals(response.headers.get("x-by"), "cors");
    assertEquals(await response.json(), { status: 404 });
  });

  it("around() refuses what is no function, and a malformed prefix", () => {
    const server = new WebServer();
    const around = server.around.bind(server) as (...values: unknown[]) => void;
    assertThrows(() => around("/a"), TypeError, "Cannot add a wrapper of type undefined");
    assertThrows(() => around({}), TypeError, "Cannot add a wrapper");
    assertThrows(() => around("a", () => {}), TypeError, 'it must start with "/"');
    assertThrows(() => around("/*", () => {}), TypeError, "no wildcard");
  });
});
