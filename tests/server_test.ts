import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  fetchHandler,
  type Handler,
  HttpError,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../mod.ts";
import { within } from "./support/deadline.ts";
import { canUseNetwork } from "./support/permissions.ts";
import { standardErrorOf } from "./support/standard_error.ts";

function serverOf(handler: Handler, options?: WebServerOptions): WebServer {
  const server = new WebServer(options);
  server.addPath("/", handler);
  return server;
}

const request = (path = "/", init?: RequestInit) => new Request(`http://localhost${path}`, init);

describe("WebServer.isWorker", () => {
  it("is false outside of the server's own workers", () => {
    assertEquals(WebServer.isWorker, false);
  });
});

describe("WebServer.fetch()", () => {
  it("names a request as its X-Request-Id does, where that can stand in a log, and says so where it was asked for", async () => {
    const server = new WebServer();
    server.addPath("/id", (req) => WebResponse.text(req.id === req.id ? req.id : "another one"));
    server.addPath(
      "/own",
      (req) => WebResponse.text(req.id, { headers: { "x-request-id": "mine" } }),
    );
    server.addPath("/unasked", () => WebResponse.text(""));
    const ask = async (path: string, id: string) => {
      const headers = { "x-request-id": id };
      const response = await server.fetch(new Request(`http://localhost${path}`, { headers }));
      return [await response.text(), response.headers.get("x-request-id")];
    };
    assertEquals(await ask("/id", "a-1"), ["a-1", "a-1"]);
    assertEquals(await ask("/own", "a-1"), ["a-1", "mine"]);
    assertEquals(await ask("/unasked", "a-1"), ["", null]);
    const [made, said] = await ask("/id", 'a"1');
    assertMatch(String(made), /^[a-z0-9]{8}-[a-z0-9]+$/);
    assertEquals(said, made);
  });

  it("is bound to its server", async () => {
    const { fetch } = serverOf(() => WebResponse.text("a"));
    assertEquals(await (await fetch(request())).text(), "a");
  });

  it("gives a platform Response", async () => {
    const response = await serverOf(() => WebResponse.text("a")).fetch(request());
    assertInstanceOf(response, Response);
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/plain; charset=utf-8",
    ]);
  });

  it("answers 404 where no path was added", async () => {
    assertEquals((await new WebServer().fetch(request())).status, 404);
  });

  it("sees paths that are added between requests", async () => {
    const server = new WebServer();
    assertEquals((await server.fetch(request("/a"))).status, 404);
    server.addPath("/a", () => WebResponse.empty());
    assertEquals((await server.fetch(request("/a"))).status, 204);
  });

  it("keeps servers apart", async () => {
    const one = serverOf(() => WebResponse.text("one"));
    const other = serverOf(() => WebResponse.text("other"));
    assertEquals(await (await one.fetch(request())).text(), "one");
    assertEquals(await (await other.fetch(request())).text(), "other");
  });

  it("serves requests at the same time", async () => {
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    const server = serverOf(async (req) => {
      if (++waiting === 2) both.resolve();
      await both.promise;
      return WebResponse.text(req.path);
    });
    const responses = await Promise.all([server.fetch(request("/a")), server.fetch(request("/b"))]);
    assertEquals(await Promise.all(responses.map((response) => response.text())), ["/a", "/b"]);
  });

  it("can be mounted in another server, which then knows its paths", async () => {
    const inner = new WebServer();
    inner.addExactPath("/api/users/:id", (req) => WebResponse.text(`user ${req.params.id}`));
    const outer = new WebServer();
    outer.addPath("/api", fetchHandler(inner.fetch));
    assertEquals(await (await outer.fetch(request("/api/users/7"))).text(), "user 7");
    assertEquals((await outer.fetch(request("/api/none"))).status, 404);
  });
});

describe("waitUntil() in WebServer.fetch()", () => {
  it("waitUntil() is observed: a rejection is logged with its request and is no panic", async () => {
    const server = serverOf((req) => {
      req.waitUntil(Promise.reject(new Error("no mail server")));
      return WebResponse.text("accepted");
    });
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(request("/orders?a=b"));
      assertEquals(await response.text(), "accepted");
      await new Promise((resolve) => setTimeout(resolve));
    });
    const [line, ...others] = lines;
    assertMatch(
      line,
      /fetch\(\): waitUntil\(\) rejected in GET \/orders\?a=b: Error: no mail server/,
    );
    assertEquals(others, []);
  });

  it("waitUntil() does not hold the response back", async () => {
    const server = serverOf(fetchHandler((_request, info) => {
      info.waitUntil(new Promise(() => {}));
      return new Response("accepted");
    }));
    const response = await within(server.fetch(request()), "a response");
    assertEquals(await response.text(), "accepted");
  });
});

describe("WebServer.onShutdown()", () => {
  it("onShutdown() throws a TypeError for what is no function", () => {
    const server = new WebServer();
    assertThrows(
      () => server.onShutdown("close" as unknown as () => void),
      TypeError,
      "Cannot add an onShutdown callback of type string: it must be a function",
    );
  });

  it("onShutdown() accepts callbacks on the main thread, where nothing calls them", () => {
    const server = new WebServer();
    server.onShutdown(() => {
      throw new Error("A server that serves nothing does not end");
    });
  });
});

describe("A panic in WebServer.fetch()", () => {
  it("is a 500 with nothing of the error in it", async () => {
    const server = serverOf(() => {
      throw new Error("secret");
    });
    await standardErrorOf(async () => {
      const response = await server.fetch(request());
      assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
      assertFalse(JSON.stringify([...response.headers]).includes("secret"));
      assertEquals(response.statusText.includes("secret"), false);
    });
  });

  async function logOf(error: unknown, path = "/"): Promise<string> {
    const server = serverOf(() => {
      throw error;
    });
    const lines = await standardErrorOf(() => server.fetch(request(path)));
    assertEquals(lines.length, 1);
    return lines[0];
  }

  it("is logged once, with the time, the request and the whole of the error", async () => {
    class QueryError extends Error {
      override name = "QueryError";
      sql = "SELECT 1";
    }
    const cause = new TypeError("the first cause");
    const line = await logOf(new QueryError("it broke", { cause }), "/a%20b?c=d");
    assertMatch(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z mudpie: /);
    for (const part of ["GET /a%20b?c=d", "panic", "it broke", "the first cause", "SELECT 1"]) {
      assertStringIncludes(line, part);
    }
    // The stack says where.
    assertStringIncludes(line, "server_test.ts:");
  });

  it("is logged with all the causes behind it", async () => {
    let error = new Error("cause 0");
    for (let i = 1; i < 8; i++) error = new Error(`cause ${i}`, { cause: error });
    const line = await logOf(error);
    for (let i = 0; i < 8; i++) assertStringIncludes(line, `cause ${i}`);
  });

  it("is logged with all the errors of an AggregateError", async () => {
    const line = await logOf(new AggregateError([new Error("one"), new Error("two")], "both"));
    for (const part of ["both", "one", "two"]) assertStringIncludes(line, part);
  });

  it("is logged with control characters escaped", async () => {
    const line = await logOf(new Error("a\x1b[2Jb\rc\x07d\u202ee\u0085f\u2028g\x7fh"));
    for (
      const escape of ["\\u001b", "\\u000d", "\\u0007", "\\u202e", "\\u0085", "\\u2028", "\\u007f"]
    ) {
      assertStringIncludes(line, escape);
    }
    assertNotMatch(line, /[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  });

  it("is logged so that its text can look like no other line", async () => {
    const forged = "2026-01-01T00:00:00.000Z mudpie: worker 1: all is well";
    const [first, ...others] = (await logOf(new Error(`a\n${forged}\r\n${forged}`))).split("\n");
    assertMatch(first, /panic/);
    assert(others.length >= 2);
    for (const other of others) assertMatch(other, /^ {4}/);
  });

  const odd: { what: string; value: unknown; says: RegExp }[] = [
    { what: "a text", value: "only words", says: /only words/ },
    { what: "undefined", value: undefined, says: /undefined/ },
    { what: "an object", value: { code: 7 }, says: /code: 7/ },
    {
      what: "an error whose properties throw when they are read",
      value: hostileError(),
      says: /panic/,
    },
  ];
  for (const { what, value, says } of odd) {
    it(`is logged when ${what} is thrown`, async () => {
      assertMatch(await logOf(value), says);
    });
  }

  it("leaves the server as it was", async () => {
    const server = new WebServer();
    server.addPath("/panic", () => Promise.reject(new Error("a")));
    server.addPath("/", () => WebResponse.text("well"));
    await standardErrorOf(() => server.fetch(request("/panic")));
    assertEquals(await (await server.fetch(request())).text(), "well");
  });

  it("answers a HEAD without a body", async () => {
    const server = serverOf(() => Promise.reject(new Error("a")));
    await standardErrorOf(async () => {
      const response = await server.fetch(request("/", { method: "HEAD" }));
      assertEquals([response.status, await response.text()], [500, ""]);
    });
  });
});

function hostileError(): Error {
  const error = new Error("a");
  for (const name of ["message", "stack", "name", "cause", "detail"]) {
    Object.defineProperty(error, name, {
      enumerable: true,
      get: () => {
        throw new Error("not with me");
      },
    });
  }
  return error;
}

describe("WebServer.fetch in Deno.serve", { ignore: !canUseNetwork }, () => {
  /** Serves while `body` runs, and gives it the URL. */
  async function serving(server: WebServer, body: (url: string) => Promise<void>): Promise<void> {
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    const host = Deno.serve(options, server.fetch);
    try {
      await body(`http://127.0.0.1:${host.addr.port}`);
    } finally {
      await host.shutdown();
    }
  }

  it("serves as it does alone", async () => {
    const server = new WebServer();
    server.addPath("/users/:id", { POST: (req) => WebResponse.json([req.params.id, req.json()]) });
    await serving(server, async (url) => {
      const init = { method: "POST", body: '{"a":1}' };
      const response = await fetch(`${url}/users/a%2Fb`, init);
      assertEquals(await response.json(), ["a/b", { a: 1 }]);
      assertEquals(response.headers.get("content-type"), "application/json");
      const missing = await fetch(`${url}/users`, init);
      assertEquals([missing.status, await missing.text()], [404, "Not Found"]);
    });
  });

  it("knows the address of the peer", async () => {
    const server = serverOf(({ remoteAddr }) => WebResponse.json(remoteAddr));
    await serving(server, async (url) => {
      const address = await (await fetch(url)).json();
      assertEquals([address.transport, address.hostname], ["tcp", "127.0.0.1"]);
      assert(address.port > 0);
    });
  });

  it("answers a HEAD with the length, and no body", async () => {
    await serving(serverOf(() => WebResponse.text("12345")), async (url) => {
      const response = await fetch(url, { method: "HEAD" });
      assertEquals([response.headers.get("content-length"), await response.text()], ["5", ""]);
    });
  });

  it("answers a panic with a 500, and goes on", async () => {
    const server = new WebServer();
    server.addPath("/panic", () => Promise.reject(new Error("secret")));
    server.addPath("/", () => WebResponse.text("well"));
    await serving(server, async (url) => {
      const lines = await standardErrorOf(async () => {
        const response = await fetch(`${url}/panic`);
        assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
      });
      assertStringIncludes(lines.join(), "secret");
      assertEquals(await (await fetch(url)).text(), "well");
    });
  });

  it("answers an HttpError, and two cookies in two lines", async () => {
    const server = new WebServer();
    server.addPath("/error", () => {
      throw new HttpError(409, "twice");
    });
    server.addPath(
      "/cookies",
      () => WebResponse.text("", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
    );
    await serving(server, async (url) => {
      const response = await fetch(`${url}/error`);
      assertEquals([response.status, await response.text()], [409, "twice"]);
      const cookies = await fetch(`${url}/cookies`);
      await cookies.body?.cancel();
      assertEquals(cookies.headers.getSetCookie(), ["a=1", "b=2"]);
    });
  });

  it("answers 413 to a body that is too large", async () => {
    const server = serverOf(() => WebResponse.empty(), { maxBodyBytes: 10 });
    await serving(server, async (url) => {
      const response = await fetch(url, { method: "POST", body: "a".repeat(11) });
      await response.body?.cancel();
      assertEquals(response.status, 413);
    });
  });

  it("aborts a handler's signal when the client goes", async () => {
    const reached = Promise.withResolvers<AbortSignal>();
    const aborted = Promise.withResolvers<unknown>();
    const server = serverOf(async (req) => {
      reached.resolve(req.signal);
      await new Promise<void>((resolve) => {
        req.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      aborted.resolve(req.signal);
      return WebResponse.empty();
    });
    await serving(server, async (url) => {
      const client = new AbortController();
      const response = fetch(url, { signal: client.signal }).catch((error: unknown) => error);
      const signal = await within(reached.promise, "the request in its handler");
      client.abort();
      assertStrictEquals(await within(aborted.promise, "the handler's signal"), signal);
      await response;
    });
  });
});
