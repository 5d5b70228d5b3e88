// Streamed answers over a connection without a socket: which bytes go out when, what is asked of the source, and who hears of
// what when a source fails, or a client goes.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { BodySource } from "../../src/handler/body_stream.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { WebResponse, type WebResponseInit } from "../../src/handler/response.ts";
import { Router } from "../../src/routing/router.ts";
import { nextLook } from "../../src/runtime/event_loop.ts";
import { within } from "../support/deadline.ts";
import { SpoilingPool } from "../http1/reading.ts";
import { nameAnotherRequest } from "../support/connections/another_request.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  DATE,
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 500;

/** A source whose parts a test gives, and which says what is asked of it. */
class HandSource implements AsyncIterable<string | Uint8Array>, AsyncIterator<string | Uint8Array> {
  asked = 0;
  isReturned = false;
  #waiting: PromiseWithResolvers<IteratorResult<string | Uint8Array>> | undefined;

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return this;
  }

  next(): Promise<IteratorResult<string | Uint8Array>> {
    this.asked++;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<string | Uint8Array>> {
    this.isReturned = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  async give(value: string | Uint8Array): Promise<void> {
    this.#waiting?.resolve({ done: false, value });
    await settle();
  }

  async end(): Promise<void> {
    this.#waiting?.resolve({ done: true, value: undefined });
    await settle();
  }

  async fail(error: unknown): Promise<void> {
    this.#waiting?.reject(error);
    await settle();
  }
}

/** Serves a connection, on which `/stream` answers with what `makeResponse` makes, and everything else with `plain`. */
function serve(
  makeResponse: Handler,
  limits: WebServerOptions = {},
  isLogged = false,
): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  const add = (path: string, target: Handler) => router.add(path, false, target, () => "a test");
  add("/stream", makeResponse);
  add("/", () => WebResponse.text("plain"));
  const pool = new SpoilingPool();
  return serveConnection({ router, limits, tickMs: TICK_MS, pool, isLogged });
}

/** The same with one source, for one request. */
function serveSource(
  source: BodySource,
  init?: WebResponseInit,
  isLogged = false,
): Promise<ServedConnection> {
  return serve(() => new WebResponse(source, init), {}, isLogged);
}

/** The same as `settle`, until the server has seen that its client reads the response. */
async function settleInSight(): Promise<void> {
  await settle();
  await nextLook();
  await settle();
}

/** What is open when everything is over. */
async function assertOver(exchange: ServedConnection): Promise<void> {
  await settle();
  const { requestsInFlight, requests } = exchange.context.scoreboard.read();
  assertEquals([requestsInFlight, requests], [0, 1]);
  assertEquals(exchange.context.inFlightRequests.read(0), []);
  assertEquals(exchange.faults, []);
}

function head(...fields: string[]): string {
  return ["HTTP/1.1 200 OK", `Date: ${DATE}`, ...fields, "", ""].join("\r\n");
}

const CHUNKED_HEAD = head("Transfer-Encoding: chunked");

describe("A streamed body", () => {
  it("goes out part by part, each when it is there, and its head before the first", async () => {
    const source = new HandSource();
    const { fake } = await serveSource(source);
    fake.send(get("/stream"));
    await settle();
    assertEquals(fake.writes, [CHUNKED_HEAD]);
    await source.give("one");
    await source.give("twenty characters...");
    await source.end();
    assertEquals(fake.writes.slice(1), [
      "3\r\none\r\n",
      "14\r\ntwenty characters...\r\n",
      "0\r\n\r\n",
    ]);
    assertEquals(fake.isClosed, false);
  });

  it("goes out in one write with its head where its parts are there at once", async () => {
    const exchange = await serveSource(ReadableStream.from(["a", "bc"]));
    exchange.fake.send(get("/stream"));
    await settle();
    assertEquals(exchange.fake.writes, [CHUNKED_HEAD + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"]);
    await assertOver(exchange);
  });

  it("is no part of a part that is empty: that would be its end", async () => {
    const source = new HandSource();
    const { fake } = await serveSource(source);
    fake.send(get("/stream"));
    await settle();
    await source.give("");
    await source.give(new Uint8Array());
    await source.give("x");
    await source.end();
    assertEquals(fake.output, CHUNKED_HEAD + "1\r\nx\r\n0\r\n\r\n");
  });

  it("can be made of bytes and of text, which goes out as UTF-8", async () => {
    const { fake } = await serveSource(ReadableStream.from([Uint8Array.of(97), "é"]));
    fake.send(get("/stream"));
    await settle();
    assertEquals(fake.output, CHUNKED_HEAD + "1\r\na\r\n2\r\né\r\n0\r\n\r\n");
  });

  it("has a length where the handler tells it", async () => {
    const { fake } = await serveSource(ReadableStream.from(["abc", "de"]), {
      headers: { "Content-Length": "5", "Content-Type": "a/b" },
    });
    fake.send(get("/stream") + get("/"));
    await settle();
    assert(fake.output.startsWith(head("Content-Type: a/b", "Content-Length: 5") + "abcde"));
    assertStringIncludes(fake.output, "plain");
  });

  it("ends with the connection for a client of HTTP/1.0, whatever that asks for", async () => {
    const exchange = await serveSource(ReadableStream.from(["abc"]));
    const { fake } = exchange;
    fake.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await settle();
    assertEquals(fake.output, head("Connection: close") + "abc");
    assert(fake.hasEndedOutput);
    fake.end();
    await exchange.served;
    await assertOver(exchange);
  });

  it("leaves the connection to the requests behind it", async () => {
    const source = new HandSource();
    const { fake } = await serveSource(source);
    fake.send(get("/") + get("/stream") + get("/"));
    await settle();
    await source.give("x");
    assertEquals(fake.output.split("\r\n\r\nplain").length - 1, 1);
    fake.send(get("/"));
    await source.end();
    assertEquals(fake.output.split("\r\n\r\nplain").length - 1, 3);
  });

  it("is asked for no further part while the client does not take one", async () => {
    const source = new HandSource();
    const { fake } = await serveSource(source);
    fake.send(get("/stream"));
    await settle();
    fake.isBlocked = true;
    await source.give("x".repeat(100_000));
    assertEquals(source.asked, 1);
    fake.unblock();
    await settle();
    assertEquals(source.asked, 2);
    await source.end();
    assertEquals(
      fake.output.length,
      CHUNKED_HEAD.length + 100_000 + "186a0\r\n\r\n0\r\n\r\n".length,
    );
  });

  it("leaves the thread to others where all its parts are there, and taken, at once", async () => {
    let made = 0;
    async function* endless() {
      for (;; made++) yield "x".repeat(1_000);
    }
    const exchange = await serveSource(endless());
    exchange.fake.send(get("/stream"));
    // Without a turn for others this would never come to its end.
    await settle();
    exchange.fake.reset();
    await exchange.served;
    assert(made > 0);
    await assertOver(exchange);
  });

  it("goes to one client, however many get the same response", async () => {
    const response = new WebResponse(ReadableStream.from(["a"]));
    const [one, other] = [await serve(() => response), await serve(() => response)];
    one.fake.send(get("/stream"));
    other.fake.send(get("/stream"));
    await settle();
    assertEquals([one.panics.length, other.panics.length], [0, 1]);
    assert(other.fake.output.startsWith("HTTP/1.1 500 "));
  });

  it("does not pile up where all its parts are there at once", async () => {
    let made = 0;
    async function* endless() {
      for (;; made++) yield "x".repeat(1_000);
    }
    const exchange = await serveSource(endless());
    exchange.fake.isBlocked = true;
    exchange.fake.send(get("/stream"));
    await settle();
    assert(made > 50 && made < 100, `${made} parts of 1,000 characters were asked for`);
    exchange.fake.reset();
    exchange.fake.fail();
    await exchange.served;
    await assertOver(exchange);
  });

  it("is not asked for by HEAD, and its source is told so", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + get("/"));
    await settle();
    assert(exchange.fake.output.startsWith(CHUNKED_HEAD + "HTTP/1.1 200 OK"));
    assertEquals([source.asked, source.isReturned], [0, true]);
  });

  it("is not asked for by HEAD, whatever its source does about that", async () => {
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => {
        throw new Error("Not now");
      },
    };
    const exchange = await serveSource(source, undefined, true);
    exchange.fake.send("HEAD /stream HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\n\r\n");
    await settle();
    assertEquals(
      exchange.fake.output,
      CHUNKED_HEAD.replace(DATE, `${DATE}\r\nX-Request-Id: 7`),
    );
    await assertOver(exchange);
    await exchange.context.accessLog?.flush();
    assertStringIncludes(exchange.logged[0], '"HEAD /stream HTTP/1.1" 200 0');
  });

  it("is logged by the name that its head has told, whoever was named meanwhile", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source, undefined, true);
    exchange.fake.send(get("/stream"));
    await settle();
    await source.give("one");
    // What another connection of the worker does meanwhile.
    nameAnotherRequest();
    await source.end();
    await exchange.context.accessLog?.flush();
    const [, id] = /\r\nX-Request-Id: (\S+)\r\n/.exec(exchange.fake.output) ?? [];
    assertEquals(/ (\S+) 1$/.exec(exchange.logged[0])?.[1], id);
    await assertOver(exchange);
  });

  for (const status of [204, 304]) {
    it(`is not asked for where the status is ${status}, and its source is told so`, async () => {
      const source = new HandSource();
      const exchange = await serveSource(source, { status }, true);
      exchange.fake.send(get("/stream", "X-Request-Id: 7"));
      await settle();
      assertEquals([source.asked, source.isReturned], [0, true]);
      assertEquals(exchange.fake.output.includes("Transfer-Encoding"), false);
      assertStringIncludes(exchange.fake.output, "\r\nX-Request-Id: 7\r\n\r\n");
      await assertOver(exchange);
      await exchange.context.accessLog?.flush();
      assertStringIncludes(exchange.logged[0], `"GET /stream HTTP/1.1" ${status} 0`);
    });
  }

  it("is counted as a request in flight to its end, and logged with all its bytes", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source, undefined, true);
    exchange.fake.send(get("/stream"));
    await settle();
    assertEquals(exchange.context.scoreboard.read().requestsInFlight, 1);
    await source.give("x".repeat(70_000));
    await source.end();
    await assertOver(exchange);
    await exchange.context.accessLog?.flush();
    assertStringIncludes(exchange.logged[0], '"GET /stream HTTP/1.1" 200 70000');
  });

  it("can be sent once: the second time is a panic", async () => {
    const response = new WebResponse(ReadableStream.from(["a"]));
    const exchange = await serve(() => response);
    exchange.fake.send(get("/stream") + get("/stream"));
    await settle();
    assertStringIncludes(exchange.fake.output, "HTTP/1.1 500");
    assertStringIncludes(String(exchange.panics[0]), "make one for each request");
  });
});

describe("A streamed body, when it fails,", () => {
  it("is a 500 where its first parts wait in the output, and takes no earlier answer with it", async () => {
    async function* oneThenNone() {
      yield "a";
      throw new Error("at once");
    }
    const exchange = await serveSource(oneThenNone());
    exchange.fake.send(get("/") + get("/stream"));
    await settle();
    const [, first, second] = exchange.fake.output.split("HTTP/1.1 ");
    assert(first.startsWith("200 OK") && first.endsWith("\r\n\r\nplain"));
    assert(second.startsWith("500 Internal Server Error") && !second.includes("chunked"));
  });

  it("is an answer with all of its body, however large, before the next one", async () => {
    const message = "y".repeat(70_000);
    const exchange = await serveSource(
      new ReadableStream({ start: (controller) => controller.error(new HttpError(404, message)) }),
    );
    exchange.fake.send(get("/stream") + get("/"));
    await settle();
    assertStringIncludes(exchange.fake.output, `\r\n\r\n${message}HTTP/1.1 200 OK\r\n`);
  });

  it("is a 500 where nothing has gone out yet", async () => {
    const exchange = await serveSource(
      new ReadableStream({ start: (controller) => controller.error(new Error("at once")) }),
    );
    exchange.fake.send(get("/stream"));
    await settle();
    assert(exchange.fake.output.startsWith("HTTP/1.1 500 Internal Server Error\r\n"));
    assertEquals(exchange.panics.map(String), ["Error: at once"]);
  });

  it("is the answer of an HttpError where nothing has gone out yet", async () => {
    const exchange = await serveSource(
      new ReadableStream({ start: (controller) => controller.error(new HttpError(404, "gone")) }),
    );
    exchange.fake.send(get("/stream"));
    await settle();
    assert(exchange.fake.output.startsWith("HTTP/1.1 404 Not Found\r\n"));
    assertEquals(exchange.panics, []);
  });

  it("ends the connection without a last chunk, and is a panic, whatever the error", async () => {
    for (const error of [new Error("half-way"), new HttpError(409, "half-way")]) {
      const source = new HandSource();
      const exchange = await serveSource(source);
      exchange.fake.send(get("/stream"));
      await settle();
      await source.give("x");
      await source.fail(error);
      assertEquals(exchange.fake.output, CHUNKED_HEAD + "1\r\nx\r\n");
      assert(exchange.fake.isClosed);
      assertEquals(exchange.panics, [error]);
      await exchange.served;
      await assertOver(exchange);
    }
  });

  it("is a panic to have a part that is neither text nor bytes", async () => {
    const exchange = await serveSource(ReadableStream.from([7 as unknown as string]));
    exchange.fake.send(get("/stream"));
    await settle();
    assert(exchange.fake.output.startsWith("HTTP/1.1 500 "));
    assertStringIncludes(String(exchange.panics[0]), "must be a string or a Uint8Array");
  });
});

const encoder = new TextEncoder();

/** Streams and iterables that give these parts at once. */
const SOURCES: Record<string, (parts: readonly string[]) => ReadableStream<Uint8Array>> = {
  "made of a list": (parts) => ReadableStream.from(parts.map((part) => encoder.encode(part))),
  "filled at its start": (parts) =>
    new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(encoder.encode(part));
        controller.close();
      },
    }),
  "filled when it is asked": (parts) => {
    const rest = [...parts];
    return new ReadableStream({
      pull(controller) {
        const part = rest.shift();
        if (part !== undefined) controller.enqueue(encoder.encode(part));
        if (rest.length === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  },
};

const CLASSES = {
  WebResponse: (source: ReadableStream<Uint8Array>, init: WebResponseInit) =>
    new WebResponse(source, init),
  Response: (source: ReadableStream<Uint8Array>, init: WebResponseInit) =>
    new Response(source, init),
};

const DECLARED = { headers: { "Content-Length": "5" } };

const LENGTHS: { what: string; parts: string[]; isRight?: boolean }[] = [
  { what: "no part", parts: [] },
  { what: "one part that is too short", parts: ["abc"] },
  { what: "one part that is too long", parts: ["abcdef"] },
  { what: "parts that are too short", parts: ["ab", "c"] },
  { what: "parts that are too long", parts: ["abc", "def"] },
  { what: "one part of that length", parts: ["abcde"], isRight: true },
  { what: "parts of that length", parts: ["abc", "de"], isRight: true },
];

describe("A streamed body, whose Content-Length is declared,", () => {
  for (const [name, make] of Object.entries(CLASSES)) {
    for (const { what, parts, isRight = false } of LENGTHS) {
      const end = isRight ? "goes out with it" : "is a panic and a 500, of which nothing has left";

      for (const [kind, sourceOf] of Object.entries(SOURCES)) {
        it(`the body of a ${name} with ${what}, ${kind}, ${end}`, async () => {
          const exchange = await serve(() => make(sourceOf(parts), DECLARED));
          exchange.fake.send(get("/stream"));
          await settle();
          if (isRight) {
            assertEquals(exchange.fake.output, head("Content-Length: 5") + "abcde");
            assertEquals(exchange.panics, []);
          } else {
            assert(exchange.fake.output.startsWith("HTTP/1.1 500 "), exchange.fake.output);
            assertStringIncludes(String(exchange.panics[0]), "Content-Length says 5");
          }
          await assertOver(exchange);
        });
      }

      const lateEnd = isRight ? "goes out with it" : "is a panic, and cut off";
      it(`the body of a ${name} with ${what}, each of which comes late, ${lateEnd}`, async () => {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const exchange = await serve(() => make(readable, DECLARED));
        exchange.fake.send(get("/stream"));
        await settle();
        const writer = writable.getWriter();
        for (const part of parts) {
          // The source is cancelled when it has given too much.
          writer.write(encoder.encode(part)).catch(() => {});
          await settle();
        }
        writer.close().catch(() => {});
        await settle();
        const { output } = exchange.fake;
        assert(output.startsWith(head("Content-Length: 5")), output);
        assertEquals(exchange.fake.isClosed, !isRight);
        if (isRight) assert(output.endsWith("\r\n\r\nabcde"));
        else assertStringIncludes(String(exchange.panics[0]), "Content-Length says 5");
        assertEquals(exchange.panics.length, isRight ? 0 : 1);
        await assertOver(exchange);
      });
    }

    for (const [kind, sourceOf] of Object.entries(SOURCES)) {
      it(`HEAD gets the length that a ${name} declares, whatever its body, ${kind}`, async () => {
        const exchange = await serve(() => make(sourceOf(["abc"]), DECLARED));
        exchange.fake.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        await settle();
        assertEquals(exchange.fake.output, head("Content-Length: 5"));
        assertEquals(exchange.panics, []);
        await assertOver(exchange);
      });
    }
  }

  it("the body of a Response that is read by something else is a panic", async () => {
    const source = SOURCES["made of a list"](["abcde"]);
    const exchange = await serve(() => {
      const response = new Response(source, DECLARED);
      source.getReader();
      return response;
    });
    exchange.fake.send(get("/stream"));
    await settle();
    assert(exchange.fake.output.startsWith("HTTP/1.1 500 "));
    assertEquals(exchange.panics.length, 1);
    await assertOver(exchange);
  });

  const inMemory: Record<string, () => Response> = {
    "text": () => new Response("abc", DECLARED),
    "bytes": () => new Response(encoder.encode("abc"), DECLARED),
    "a clone": () => new Response("abc", DECLARED).clone(),
    "JSON": () => Response.json(123, DECLARED),
    "text that replaces another body": () => new Response("abc", new Response("abcde", DECLARED)),
    "text whose headers are set": () => {
      const response = new Response("abc");
      response.headers.set("content-length", "5");
      return response;
    },
  };
  for (const [what, make] of Object.entries(inMemory)) {
    it(`the body of a Response that was made of ${what} has the length that it has`, async () => {
      const exchange = await serve(make);
      exchange.fake.send(get("/stream"));
      await settle();
      assert(exchange.fake.output.startsWith("HTTP/1.1 200 OK\r\n"));
      assertMatch(exchange.fake.output, /\r\nContent-Length: 3\r\n\r\n(abc|123)$/);
      assertEquals(exchange.panics, []);
      await assertOver(exchange);
    });
  }

  for (const [kind, sourceOf] of Object.entries(SOURCES)) {
    it(`a coded body ${kind} may have another one, which fetch() has left from before it was decoded`, async () => {
      const headers = { ...DECLARED.headers, "Content-Encoding": "gzip" };
      const exchange = await serve(() => new Response(sourceOf(["abc", "def"]), { headers }));
      exchange.fake.send(get("/stream"));
      await settle();
      assertStringIncludes(exchange.fake.output, "\r\n3\r\ndef\r\n0\r\n\r\n");
      assertEquals(exchange.panics, []);
      await assertOver(exchange);
    });
  }
});

describe("A streamed body, whose client goes,", () => {
  it("is cancelled when the client resets the connection", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    await settle();
    exchange.fake.reset();
    await exchange.served;
    assertEquals([source.isReturned, exchange.fake.isClosed, exchange.panics], [true, true, []]);
    await assertOver(exchange);
  });

  const sources: { kind: string; make: (onCancelled: () => void) => BodySource }[] = [
    {
      kind: "an iterable",
      make: (onCancelled) => {
        const source = new HandSource();
        const end = source.return.bind(source);
        source.return = () => {
          onCancelled();
          return end();
        };
        return source;
      },
    },
    { kind: "a stream", make: (cancel) => new ReadableStream({ cancel }) },
  ];
  for (const { kind, make } of sources) {
    for (const style of ["an own handler", "a fetch-style application"] as const) {
      it(`that is ${kind} of ${style} is cancelled with the signal when its client leaves`, async () => {
        const calls: string[] = [];
        const answer = (signal: AbortSignal) => {
          signal.addEventListener("abort", () => calls.push("aborted"));
          return make(() => calls.push("cancelled"));
        };
        const respond = (signal: AbortSignal) => {
          const source = answer(signal);
          if (source instanceof ReadableStream) {
            return new Response(source as ReadableStream<Uint8Array>);
          }
          return new Response(ReadableStream.from(source) as ReadableStream<Uint8Array>);
        };
        const exchange = await serve((req) =>
          style === "an own handler"
            ? new WebResponse(answer(req.signal))
            : fetchHandler(({ signal }) => respond(signal))(req)
        );
        exchange.fake.send(get("/stream"));
        await settleInSight();
        exchange.fake.end();
        await settle();
        // No time has passed.
        assertEquals([calls, exchange.fake.isClosed], [["aborted", "cancelled"], true]);
        await exchange.served;
        await assertOver(exchange);
      });
    }
  }

  it("is cancelled after the write that is under way when its client leaves", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    await settleInSight();
    exchange.fake.isBlocked = true;
    await source.give("x");
    exchange.fake.end();
    await settle();
    assertEquals(source.isReturned, false);
    exchange.fake.unblock();
    await settle();
    assertEquals([source.isReturned, exchange.fake.isClosed], [true, true]);
    await exchange.served;
    await assertOver(exchange);
  });

  it("is cancelled when nothing comes for a client that has ended its side with its request", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    exchange.fake.end();
    await settle();
    assertEquals(source.isReturned, false);
    await exchange.pass(2_000);
    assertEquals([source.isReturned, exchange.fake.isClosed], [true, true]);
    await exchange.served;
    await assertOver(exchange);
  });

  it("is named in the work of its connection", async () => {
    const exchange = await serveSource(new HandSource());
    exchange.fake.send(get("/stream/a?b=c"));
    await settle();
    assertEquals(exchange.connection.work, { kind: "stream", name: "GET /stream/a" });
    exchange.fake.reset();
    await exchange.served;
  });

  it("is waited for until its finally is over when a drain has cut it off", async () => {
    const calls: string[] = [];
    const closing = Promise.withResolvers<void>();
    async function* parts(signal: AbortSignal) {
      const gone = new Promise((resolve) => signal.addEventListener("abort", resolve));
      try {
        yield "x";
        await gone;
      } finally {
        calls.push("finally begins");
        await closing.promise;
        calls.push("finally ends");
      }
    }
    const exchange = await serve((req) => new WebResponse(parts(req.signal)));
    exchange.fake.send(get("/stream"));
    await settle();
    exchange.context.isDraining = true;
    exchange.connection.abandon();
    await exchange.served;
    const settled = exchange.background.settleUntil(performance.now() + 60_000)
      .then(() => calls.push("settled"));
    await settle();
    assertEquals(calls, ["finally begins"]);
    closing.resolve();
    await within(settled, "the end of the source");
    assertEquals(calls, ["finally begins", "finally ends", "settled"]);
    assertEquals(exchange.backgroundLines, []);
    await assertOver(exchange);
  });

  it("is not kept by the worker when its client leaves before a drain, and it never ends", async () => {
    async function* parts() {
      yield "x";
      await new Promise(() => {});
    }
    const exchange = await serve(() => new WebResponse(parts()));
    exchange.fake.send(get("/stream"));
    await settle();
    exchange.fake.reset();
    await exchange.served;
    exchange.background.logUnfinished(performance.now());
    assertEquals(exchange.backgroundLines, []);
  });

  it("goes out to its end for a client that has only ended its side, as long as parts come", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    exchange.fake.end();
    await settle();
    for (let i = 0; i < 4; i++) {
      await exchange.pass(500);
      await source.give("x");
    }
    await source.end();
    await exchange.served;
    assertEquals(exchange.fake.output, CHUNKED_HEAD + "1\r\nx\r\n".repeat(4) + "0\r\n\r\n");
    await assertOver(exchange);
  });

  it("is cancelled when the client does not take it within writeTimeout", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    await settle();
    exchange.fake.isBlocked = true;
    await source.give("x");
    await exchange.pass(exchange.context.settings.writeTimeout + 1_000);
    await exchange.served;
    assertEquals([source.isReturned, exchange.panics], [true, []]);
    await assertOver(exchange);
  });

  it("is cancelled in the end when its client has sent too much to be watched", async () => {
    const source = new HandSource();
    const exchange = await serve(() => new WebResponse(source), { keepAliveTimeout: 5_000 });
    exchange.fake.send(get("/stream") + "x".repeat(100_000));
    exchange.fake.end();
    await settle();
    await exchange.pass(4_000);
    assertEquals(source.isReturned, false);
    await exchange.pass(3_000);
    await exchange.served;
    assertEquals(source.isReturned, true);
    await assertOver(exchange);
  });

  it("waits for as long as its client does", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    await settle();
    await exchange.pass(200_000);
    await source.give("x");
    await source.end();
    assert(exchange.fake.output.endsWith("1\r\nx\r\n0\r\n\r\n"));
    await assertOver(exchange);
  });

  it("is cut off, and cancelled, at the end of a drain", async () => {
    const source = new HandSource();
    const exchange = await serveSource(source);
    exchange.fake.send(get("/stream"));
    await settle();
    await source.give("x");
    exchange.connection.abandon();
    await exchange.served;
    assertEquals([source.isReturned, exchange.fake.isClosed], [true, true]);
    assertEquals(exchange.fake.output, CHUNKED_HEAD + "1\r\nx\r\n");
    await assertOver(exchange);
  });
});
