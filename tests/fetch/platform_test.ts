import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  fetchHandler,
  type Handler,
  HttpError,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";
import { within } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { standardErrorOf } from "../support/standard_error.ts";

function serverOf(handler: Handler, options?: WebServerOptions): WebServer {
  const server = new WebServer(options);
  server.addPath("/", handler);
  return server;
}

const request = (path = "/", init?: RequestInit) => new Request(`http://localhost${path}`, init);

describe("WebServer.isWorker", () => {
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

  it("is false outside of the server's own workers", () => {
    assertEquals(WebServer.isWorker, false);
  });
});

describe("WebServer.fetch()", () => {
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

  it("takes every target that the URL standard lets out, but for a NUL in the path", () => {
    const server = serverOf((req) => WebResponse.text(req.target));
    const character = fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0xffff }),
      fc.constantFrom(0x2e, 0x2f, 0x25, 0x5c, 0x3f, 0x23, 0x1f967),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 12 }), async (characters) => {
        const text = String.fromCodePoint(...characters);
        const url = new URL("http://localhost/");
        url.pathname = text;
        url.search = text;
        const response = await server.fetch(new Request(url));
        const answer = [response.status, await response.text()];
        if (url.pathname.includes("%00")) assertEquals(answer[0], 400);
        else assertEquals(answer, [200, url.pathname + url.search]);
      }),
      { numRuns: 200 },
    );
  });

  it("does not ask for the signal of the request before a handler does", async () => {
    const given = request();
    let asked = 0;
    const { signal } = given;
    Object.defineProperty(given, "signal", { get: () => (asked++, signal) });
    await serverOf((req) => WebResponse.text(req.path)).fetch(given);
    assertEquals(asked, 0);
  });

  it("lets go of the signal of the request with the response", async () => {
    const controller = new AbortController();
    const kept = Promise.withResolvers<AbortSignal>();
    const server = serverOf((req) => {
      kept.resolve(req.signal);
      return WebResponse.empty();
    });
    await server.fetch(request("/", { signal: controller.signal }));
    controller.abort();
    assertFalse((await kept.promise).aborted);
  });

  it("answers 400 where the body of the request breaks off", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error("the client has gone")),
    });
    const server = serverOf(() => WebResponse.empty());
    assertEquals((await server.fetch(request("/", { method: "POST", body }))).status, 400);
  });

  it("reads a body that comes in pieces, to its end", async () => {
    const pieces = Array.from({ length: 50 }, (_, number) => new Uint8Array(1_000).fill(number));
    const server = serverOf((req) => WebResponse.bytes(req.body));
    const response = await server.fetch(
      request("/", { method: "POST", body: ReadableStream.from(pieces) }),
    );
    assertEquals((await response.bytes()).filter((_, at) => at % 1_000 === 999).length, 50);
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
    assertStringIncludes(line, "platform_test.ts:");
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

describe("A body that cannot be sent", () => {
  const bodies: { what: string; body: () => Uint8Array }[] = [
    { what: "is shared with another thread", body: () => new Uint8Array(new SharedArrayBuffer(4)) },
    { what: "has gone to another thread", body: () => new Uint8Array(4) },
  ];
  for (const { what, body } of bodies) {
    it(`is no cause for fetch() to reject when it ${what}`, async () => {
      const server = serverOf(() => {
        const bytes = body();
        const response = WebResponse.bytes(bytes);
        if (bytes.buffer instanceof ArrayBuffer) {
          structuredClone(bytes, { transfer: [bytes.buffer] });
        }
        return response;
      });
      const lines = await standardErrorOf(async () => {
        const { status } = await server.fetch(request());
        // Whoever makes a copy in time can send it; otherwise it is the handler's fault.
        assert(status === 200 || status === 500, String(status));
        await server.fetch(request("/", { method: "HEAD" }));
      });
      assert(lines.every((line) => line.includes("panic")), lines.join());
    });
  }
});

describe("A handler that stops because its signal has aborted", () => {
  it("is no panic when handlerTimeout has passed", async () => {
    const stopped = Promise.withResolvers<void>();
    const server = serverOf(async (req) => {
      try {
        return await new Promise((_, reject) => {
          req.signal.addEventListener("abort", () => reject(req.signal.reason));
        });
      } finally {
        stopped.resolve();
      }
    }, { handlerTimeout: 20 });
    const lines = await standardErrorOf(async () => {
      assertEquals((await server.fetch(request())).status, 503);
      await stopped.promise;
      await turnOfTheLoop();
    });
    assertEquals(lines, []);
  });

  it("is no panic when the client has gone", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      req.signal.throwIfAborted();
      return WebResponse.empty();
    });
    const lines = await standardErrorOf(() =>
      server.fetch(request("/", { signal: controller.signal }))
    );
    assertEquals(lines, []);
  });

  it("is a panic all the same when it throws something else", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      assert(req.signal.aborted);
      throw new TypeError("a fault of its own");
    });
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(request("/", { signal: controller.signal }));
      assertEquals(response.status, 500);
    });
    assertStringIncludes(lines.join(), "a fault of its own");
  });

  it("may throw what cannot be looked at, and is answered", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      assert(req.signal.aborted);
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    });
    await standardErrorOf(async () => {
      const response = await server.fetch(request("/", { signal: controller.signal }));
      assertEquals(response.status, 500);
    });
  });
});

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

describe("handlerTimeout in WebServer.fetch()", () => {
  it("answers 503 in the place of a handler that never does", async () => {
    const server = serverOf(() => new Promise(() => {}), { handlerTimeout: 10 });
    assertEquals((await server.fetch(request())).status, 503);
  });

  it("makes a panic of a late failure still, which is logged", async () => {
    const late = Promise.withResolvers<WebResponse>();
    const server = serverOf(() => late.promise, { handlerTimeout: 10 });
    const lines = await standardErrorOf(async () => {
      assertEquals((await server.fetch(request())).status, 503);
      late.reject(new Error("too late"));
      await turnOfTheLoop();
    });
    assertStringIncludes(lines.join(), "too late");
  });

  it("leaves the signal of a request alone that was answered in time", async () => {
    const kept = Promise.withResolvers<AbortSignal>();
    const server = serverOf(async (req) => {
      kept.resolve(req.signal);
      await undefined;
      return WebResponse.empty();
    }, { handlerTimeout: 10 });
    assertEquals((await server.fetch(request())).status, 204);
    // A timer that was set later, and for longer, fires later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertFalse((await kept.promise).aborted);
  });

  it("is off by default", async () => {
    const answer = Promise.withResolvers<WebResponse>();
    const server = serverOf(() => answer.promise);
    const response = server.fetch(request());
    setTimeout(() => answer.resolve(WebResponse.text("in the end")), 30);
    assertEquals(await (await response).text(), "in the end");
  });
});

describe("A streamed body in WebServer.fetch()", () => {
  /** A server that streams those parts, and what becomes of their source. */
  function streaming(parts: readonly (string | Error)[]) {
    const source = { asked: 0, isCancelled: false, isAborted: false };
    const server = new WebServer({ accessLog: "off", handlerTimeout: 0 });
    server.addPath("/", (req) => {
      const { signal } = req;
      const waiting = [...parts];
      const stream = new ReadableStream<string>({
        pull(controller) {
          source.asked++;
          const next = waiting.shift();
          if (next === undefined) return controller.close();
          if (next instanceof Error) throw next;
          controller.enqueue(next);
        },
        cancel() {
          source.isCancelled = true;
          source.isAborted = signal.aborted;
        },
      }, { highWaterMark: 0 });
      return new WebResponse(stream, { headers: { "content-type": "a/b" } });
    });
    return { server, source };
  }

  it("comes part by part, each when it is asked for", async () => {
    const { server, source } = streaming(["one", "two"]);
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals([response.headers.get("content-type"), source.asked], ["a/b", 0]);
    const reader = response.body!.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "one");
    assertEquals(source.asked, 1);
    assertEquals(new TextDecoder().decode((await reader.read()).value), "two");
    assertEquals((await reader.read()).done, true);
  });

  it("counts as sent when it is made", async () => {
    const server = new WebServer();
    const seen: string[] = [];
    const sent = Promise.withResolvers<void>();
    const handler = fetchHandler((_request, { completed }) => {
      completed.then(() => void seen.push("sent")).then(sent.resolve);
      return new Response(ReadableStream.from([new Uint8Array(1), new Uint8Array(1)]));
    });
    server.addPath("/", handler);
    const response = await server.fetch(new Request("http://localhost/"));
    for await (const _part of response.body!) seen.push("part");
    await sent.promise;
    assertEquals(seen, ["part", "part", "sent"]);
  });

  it("is cancelled when nobody wants it any more", async () => {
    const { server, source } = streaming(["one", "two"]);
    const response = await server.fetch(new Request("http://localhost/"));
    await response.body!.cancel();
    assertEquals([source.isCancelled, source.asked], [true, 0]);
  });

  it("is not asked for by a HEAD, which leaves its length open", async () => {
    const { server, source } = streaming(["one"]);
    const response = await server.fetch(new Request("http://localhost/", { method: "HEAD" }));
    assertEquals([await response.text(), response.headers.get("content-length")], ["", null]);
    assertEquals([source.isCancelled, source.asked], [true, 0]);
  });

  it("is a logged panic when it fails, which whoever reads it sees", async () => {
    const { server } = streaming(["one", new Error("half-way")]);
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(new Request("http://localhost/"));
      await assertRejects(() => response.text(), Error, "half-way");
    });
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0], "half-way");
  });

  it("follows the signal of the request to its end", async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const server = new WebServer();
    server.addPath("/", (req) => {
      signal = req.signal;
      return new WebResponse(new ReadableStream());
    });
    const request = new Request("http://localhost/", { signal: controller.signal });
    const response = await server.fetch(request);
    controller.abort();
    assertEquals(signal?.aborted, true);
    await response.body!.cancel();
  });

  it("is no panic when nobody wants the part that is awaited", async () => {
    const server = new WebServer();
    const open = Promise.withResolvers<void>();
    server.addPath("/", () =>
      new WebResponse((async function* () {
        yield "one";
        await open.promise;
        yield "two";
      })()));
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(new Request("http://localhost/"));
      const reader = response.body!.getReader();
      await reader.read();
      const second = reader.read();
      await reader.cancel();
      open.resolve();
      await second;
      await new Promise((resolve) => setTimeout(resolve));
    });
    assertEquals(lines, []);
  });

  it("is passed on from elsewhere, without the length that it had before it was decoded", async () => {
    const server = new WebServer({ accessLog: "off" });
    const parts = async function* () {
      yield new Uint8Array(10);
      await new Promise((resolve) => setTimeout(resolve));
      yield new Uint8Array(10);
    };
    const headers = { "content-encoding": "gzip", "content-length": "5" };
    server.addPath("/", () => new Response(ReadableStream.from(parts()), { headers }));
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals(response.headers.get("content-length"), null);
    assertEquals((await response.bytes()).length, 20);
  });

  it("is passed on as fetch() gives it, without the coding that is undone", {
    ignore: !canUseNetwork,
  }, async () => {
    const text = "the same again and again ".repeat(100);
    const coded = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(coded).bytes();
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        new Response(bytes, {
          headers: { "content-encoding": new URL(request.url).pathname.slice(1), "x-a": "b" },
        }),
    );
    const server = new WebServer();
    server.addPath("/", (req) => fetch(`http://127.0.0.1:${upstream.addr.port}${req.path}`));
    const decoded = await server.fetch(new Request("http://localhost/gzip"));
    assertEquals(decoded.headers.get("content-encoding"), null);
    assertEquals(decoded.headers.get("x-a"), "b");
    assertEquals(await decoded.text(), text);
    // What fetch() does not know goes on as it is.
    const other = await server.fetch(new Request("http://localhost/other"));
    assertEquals(other.headers.get("content-encoding"), "other");
    assertEquals(await other.bytes(), bytes);
  });

  for (const parts of [["abc"], ["abc", "def"]]) {
    for (const isLate of [false, true]) {
      for (const kind of ["WebResponse", "Response"]) {
        const when = isLate ? "late" : "at once";
        it(`fetch() gives a ${kind} of ${parts.length} part(s) ${when} that fails at another length than it declares`, async () => {
          let hasEnded = false;
          async function* source() {
            try {
              for (const part of parts) {
                if (isLate) await new Promise((resolve) => setTimeout(resolve));
                yield new TextEncoder().encode(part);
              }
            } finally {
              hasEnded = true;
            }
          }
          const init = { headers: { "content-length": "5" } };
          const server = new WebServer();
          server.addPath("/", () => {
            const stream = ReadableStream.from(source());
            return kind === "Response" ? new Response(stream, init) : new WebResponse(stream, init);
          });
          const lines = await standardErrorOf(async () => {
            const response = await server.fetch(new Request("http://localhost/"));
            assertEquals(response.headers.get("content-length"), "5");
            await assertRejects(() => response.text(), TypeError, "Content-Length says 5");
          });
          assertEquals(lines.length, 1);
          assertStringIncludes(lines[0], "Content-Length says 5");
          // To its end, or cancelled.
          assert(hasEnded);
        });
      }
    }
  }

  it("fetch() passes Upgrade, and leaves Connection to the server that sends the response", async () => {
    const headers = { upgrade: "example/1", connection: "upgrade" };
    for (const body of ["use it", ReadableStream.from(["use it"])]) {
      const server = serverOf(() => new WebResponse(body, { status: 426, headers }));
      const response = await server.fetch(new Request("http://localhost/"));
      assertEquals(await response.text(), "use it");
      assertEquals(response.headers.get("upgrade"), "example/1");
      assertEquals(response.headers.get("connection"), null);
    }
  });

  it("fetch() passes the Upgrade of another server on with its 426 alone", {
    ignore: !canUseNetwork,
  }, async () => {
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        new Response("there", {
          status: Number(new URL(request.url).pathname.slice(1)),
          headers: { "upgrade": "h2,h2c", "x-a": "b" },
        }),
    );
    const server = new WebServer();
    server.addPath("/", (req) => fetch(`http://127.0.0.1:${upstream.addr.port}${req.path}`));
    for (const [status, upgrade] of [[200, null], [426, "h2,h2c"]] as const) {
      const response = await server.fetch(new Request(`http://localhost/${status}`));
      assertEquals([response.status, await response.text()], [status, "there"]);
      assertEquals(response.headers.get("x-a"), "b");
      assertEquals(response.headers.get("upgrade"), upgrade);
    }
  });

  it("is cancelled when it comes too late", async () => {
    const cancelled = Promise.withResolvers<void>();
    const server = new WebServer({ handlerTimeout: 1 });
    const open = Promise.withResolvers<void>();
    server.addPath("/", async () => {
      await open.promise;
      return new WebResponse(new ReadableStream({ cancel: () => cancelled.resolve() }));
    });
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals(response.status, 503);
    open.resolve();
    await cancelled.promise;
    await response.body?.cancel();
  });
});

describe("Limits in WebServer.fetch()", () => {
  /** A server with small limits, and how often its handler was called. */
  function limited(options: WebServerOptions) {
    const calls: string[] = [];
    const server = serverOf((req) => {
      calls.push(req.target);
      return WebResponse.empty();
    }, options);
    const statusOf = async (given: Request) => (await server.fetch(given)).status;
    return { calls, server, statusOf };
  }

  it("answer 413 for a body over maxBodyBytes, and not for one of just that size", async () => {
    const { calls, statusOf } = limited({ maxBodyBytes: 10 });
    const post = (length: number) => request("/", { method: "POST", body: "a".repeat(length) });
    assertEquals(await statusOf(post(10)), 204);
    assertEquals(calls.length, 1);
    assertEquals(await statusOf(post(11)), 413);
    assertEquals(calls.length, 1);
  });

  it("read no body further than to maxBodyBytes", async () => {
    const { statusOf } = limited({ maxBodyBytes: 1_000 });
    let pulls = 0;
    let isCancelled = false;
    const body = new ReadableStream({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(100));
      },
      cancel() {
        isCancelled = true;
      },
    });
    assertEquals(await statusOf(request("/", { method: "POST", body })), 413);
    assert(pulls <= 13, `${pulls} pulls`);
    assert(isCancelled);
  });

  it("answer 413 before the body is read where its length is declared", async () => {
    const { calls, statusOf } = limited({ maxBodyBytes: 1_000 });
    let bytesRead = 0;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(100));
        bytesRead += 100;
      },
    }, { highWaterMark: 0 });
    const headers = { "content-length": "1001" };
    assertEquals(await statusOf(request("/", { method: "POST", body, headers })), 413);
    assertEquals([bytesRead, calls.length], [0, 0]);
  });

  it("take no body at all where maxBodyBytes is 0", async () => {
    const { statusOf } = limited({ maxBodyBytes: 0 });
    assertEquals(await statusOf(request()), 204);
    assertEquals(await statusOf(request("/", { method: "POST", body: "" })), 204);
    assertEquals(await statusOf(request("/", { method: "POST", body: "a" })), 413);
  });

  it("answer 414 for a target over maxTargetBytes, query included", async () => {
    const { calls, statusOf } = limited({ maxTargetBytes: 20 });
    assertEquals(await statusOf(request("/" + "a".repeat(19))), 204);
    assertEquals(await statusOf(request("/?" + "a".repeat(18))), 204);
    assertEquals(await statusOf(request("/" + "a".repeat(20))), 414);
    assertEquals(await statusOf(request("/?" + "a".repeat(19))), 414);
    assertEquals(calls.length, 2);
  });

  it("answer 431 for a head over maxHeadBytes", async () => {
    const { calls, statusOf } = limited({ maxHeadBytes: 200 });
    assertEquals(await statusOf(request("/", { headers: { a: "b".repeat(50) } })), 204);
    assertEquals(await statusOf(request("/", { headers: { a: "b".repeat(200) } })), 431);
    assertEquals(calls.length, 1);
  });

  it("answer 431 for more fields than maxHeaderCount, Host included", async () => {
    const { statusOf } = limited({ maxHeaderCount: 3 });
    assertEquals(await statusOf(request("/", { headers: { a: "1", b: "2" } })), 204);
    assertEquals(await statusOf(request("/", { headers: { a: "1", b: "2", c: "3" } })), 431);
  });

  const byDefault: { what: string; fits: () => Request; exceeds: () => Request; status: number }[] =
    [
      {
        what: "a target of 8 KiB",
        fits: () => request("/" + "a".repeat(8_191)),
        exceeds: () => request("/" + "a".repeat(8_192)),
        status: 414,
      },
      {
        what: "a head of 16 KiB",
        fits: () => request("/", { headers: { a: "b".repeat(16_000) } }),
        exceeds: () => request("/", { headers: { a: "b".repeat(16_384) } }),
        status: 431,
      },
      {
        what: "100 fields",
        fits: () => request("/", { headers: fieldsOf(99) }),
        exceeds: () => request("/", { headers: fieldsOf(100) }),
        status: 431,
      },
      {
        what: "a body of 1,000,000 bytes",
        fits: () => request("/", { method: "POST", body: new Uint8Array(1_000_000) }),
        exceeds: () => request("/", { method: "POST", body: new Uint8Array(1_000_001) }),
        status: 413,
      },
    ];
  for (const { what, fits, exceeds, status } of byDefault) {
    it(`take ${what} by default, and no more: ${status}`, async () => {
      const { calls, statusOf } = limited({});
      assertEquals(await statusOf(fits()), 204);
      assertEquals(await statusOf(exceeds()), status);
      assertEquals(calls.length, 1);
    });
  }

  it("answer in words, and a HEAD without a body", async () => {
    const { server } = limited({ maxTargetBytes: 5 });
    const response = await server.fetch(request("/aaaaaa"));
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert((await response.text()).length > 0);
    const head = await server.fetch(request("/aaaaaa", { method: "HEAD" }));
    assertEquals([head.status, await head.text()], [414, ""]);
  });

  it("answer 400 for what the platform lets through and HTTP does not", async () => {
    const { calls, statusOf } = limited({});
    const bad = [["x-a", "a\x01b"], ["x-a", "a\x7fb"], ["host", "a b"], ["host", "a,b:c"]];
    for (const [name, value] of bad) {
      const given = request("/", { headers: { [name]: value } });
      assertEquals(await statusOf(given), 400, `${name}: ${value}`);
    }
    assertEquals(calls, []);
  });
});

function fieldsOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`x-${number}`, "1"]));
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
