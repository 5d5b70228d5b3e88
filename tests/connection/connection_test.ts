// One connection, over a connection without a socket and with a clock that is a number: what is written in how many writes,
// which time limit holds when, and how it ends.

import {
  assert,
  assertEquals,
  assertFalse,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import type { Handler, HandlerResult } from "../../src/handler/handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { SMALL_BUFFER_BYTES } from "../../src/http1/buffer_pool.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { Router } from "../../src/routing/router.ts";
import { ReadFairness } from "../../src/connection/read_fairness.ts";
import { nameAnotherRequest } from "../support/connections/another_request.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import {
  DATE,
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 10;

const CHUNKED = "Transfer-Encoding: chunked";

/** What a handler waits for. */
let open: PromiseWithResolvers<void>;
/** The request that came last. */
let lastRequest: WebRequest;
/** All that came on the connection. */
let allRequests: WebRequest[];
let signal: AbortSignal;

/** What a handler has found in its request at the end. */
let whatWasRead: string | undefined;

/** Bytes that their handler goes on having. */
let kept: Uint8Array<ArrayBuffer>;

const handlers: Record<string, Handler> = {
  "/kept": () => WebResponse.bytes(kept = new Uint8Array(1_000_000).fill(97)),
  "/text": () => WebResponse.text("hello"),
  "/async": async () => {
    await Promise.resolve();
    return WebResponse.text("async");
  },
  "/wait": async () => {
    await open.promise;
    return WebResponse.text("waited");
  },
  "/signal": async (req) => {
    signal = req.signal;
    await open.promise;
    return WebResponse.text("waited");
  },
  "/signal-and-read": async (req) => {
    signal = req.signal;
    await open.promise;
    return WebResponse.text(req.text());
  },
  "/wait-and-read": async (req) => {
    await open.promise;
    whatWasRead = req.text();
    return WebResponse.empty();
  },
  "/echo": (req) => WebResponse.text(req.text()),
  "/length": (req) => WebResponse.text(String(req.body.length)),
  "/10000": () => WebResponse.text("a".repeat(10_000)),
  "/100000": () => WebResponse.bytes(new Uint8Array(100_000).fill(97)),
  "/1000000": () => WebResponse.bytes(new Uint8Array(1_000_000).fill(97)),
  "/204": () => WebResponse.empty(),
  "/host": (req) => WebResponse.text(`${req.scheme}://${req.host}`),
  "/id": (req) => WebResponse.text(req.id),
  "/own-id": (req) => WebResponse.text(req.id, { headers: { "x-request-id": "the-handlers-own" } }),
  "/own-id-unread": () => WebResponse.text("", { headers: { "x-request-id": "the-handlers-own" } }),
  "/id-and-wait": async (req) => {
    const { id } = req;
    await open.promise;
    return WebResponse.text(id);
  },
  "/close": () => WebResponse.text("bye", { headers: { connection: "close" } }),
};

/** Serves a connection on which that handler answers everything. */
function serveHandler(handler: Handler): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  router.add("/", false, handler, () => "a test");
  return serveConnection({ router, limits: {}, tickMs: TICK_MS });
}

/** Serves a connection. Limits that are not given are off. */
function serve(
  options: WebServerOptions = {},
  readFairness = new ReadFairness(),
  isLogged = false,
): Promise<ServedConnection> {
  open = Promise.withResolvers();
  allRequests = [];
  const router = new Router<Handler>(percentDecode);
  for (const [path, handler] of Object.entries(handlers)) {
    const target: Handler = (req) => {
      lastRequest = req;
      allRequests.push(req);
      return handler(req);
    };
    router.add(path, true, target, () => "a test");
  }
  const limits = { writeTimeout: 0, ...options };
  return serveConnection({ router, limits, tickMs: TICK_MS, readFairness, isLogged });
}

/** The same, and its requests are logged. */
function serveLogged(options?: WebServerOptions): Promise<ServedConnection> {
  return serve(options, undefined, true);
}

/** A gate that lets nobody read on while it is closed. */
class ClosableGate extends ReadFairness {
  #closed: PromiseWithResolvers<void> | undefined;

  override pause(): Promise<void> | undefined {
    return this.#closed?.promise;
  }

  close(): void {
    this.#closed = Promise.withResolvers();
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}

/** A whole answer in plain text. */
function answer(body: string, ...fields: string[]): string {
  return [
    "HTTP/1.1 200 OK",
    `Date: ${DATE}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    ...fields,
    "",
    body,
  ].join("\r\n");
}

/** The statuses of all answers in a text. */
function statusesIn(output: string): number[] {
  return Array.from(output.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
}

async function assertEnded({ fake, served, context, faults }: ServedConnection): Promise<void> {
  await settle();
  assert(fake.isClosed, "the connection is still open");
  await served;
  assertEquals(context.scoreboard.read().requestsInFlight, 0);
  assertEquals(faults, []);
}

describe("Connection", () => {
  it("writes head and body of a small answer in one write", async () => {
    const { fake } = await serve();
    fake.send(get("/text"));
    await settle();
    assertEquals(fake.writes, [answer("hello")]);
  });

  it("writes the answers to pipelined requests in one write, in their order", async () => {
    const { fake } = await serve();
    fake.send(get("/text") + post("/echo", "abc") + get("/async") + get("/text"));
    await settle();
    assertEquals(fake.writes, [
      answer("hello") + answer("abc") + answer("async") + answer("hello"),
    ]);
  });

  it("writes what is ready before it waits for a handler that takes its time", async () => {
    const { fake } = await serve();
    fake.send(get("/text") + get("/wait") + get("/text"));
    await settle();
    assertEquals(fake.writes, [answer("hello")]);
    open.resolve();
    await settle();
    assertEquals(fake.writes, [answer("hello"), answer("waited") + answer("hello")]);
  });

  it("does without the system call for TCP_NODELAY while nothing can be held back", async () => {
    const { fake } = await serve();
    fake.send(get("/text"));
    await settle();
    assertEquals(fake.writes.length, 1);
    assertEquals(fake.sendsAtOnce, false);
    // From here on `FakeConn` refuses every write that could be.
    fake.send(get("/text"));
    await settle();
    assertEquals(fake.writes.length, 2);
    assertEquals(fake.sendsAtOnce, true);
    const large = await serve();
    large.fake.send(get("/10000"));
    await settle();
    assertEquals(large.fake.output.length > 10_000, true);
    const twoParts = await serve();
    twoParts.fake.send(get("/100000"));
    await settle();
    assertEquals(twoParts.fake.output.length > 100_000, true);
  });

  it("writes before too much waits, however many requests have come", async () => {
    const { fake } = await serve();
    fake.send(get("/10000").repeat(40));
    await settle();
    assertEquals(statusesIn(fake.output), Array(40).fill(200));
    for (const write of fake.writes) assertLess(write.length, 100_000);
  });

  it("writes a large body behind its head and what was before it", async () => {
    const { fake } = await serve();
    fake.send(get("/text") + get("/100000") + get("/text"));
    await settle();
    const [first, large, last] = fake.output.split("HTTP/1.1 200 OK").slice(1);
    assertMatch(first, /hello$/);
    assertMatch(large, /Content-Length: 100000\r\n\r\na{100000}$/);
    assertMatch(last, /hello$/);
  });

  it("ends in the middle of an answer whose bytes are taken away while it is sent", async () => {
    const { fake, served, faults } = await serve();
    fake.writeLimit = 100_000;
    fake.isBlocked = true;
    fake.send(get("/kept") + get("/text"));
    await settle();
    fake.unblock();
    fake.isBlocked = true;
    await settle();
    fake.unblock();
    structuredClone(kept, { transfer: [kept.buffer] });
    await settle();
    assert(fake.isClosed);
    await served;
    assertEquals(statusesIn(fake.output), [200]);
    assertEquals(faults.map((fault) => fault instanceof TypeError), [true]);
  });

  it("goes on where a write has stopped", async () => {
    const { fake } = await serve();
    fake.writeLimit = 100;
    fake.send(get("/text") + get("/100000") + get("/text"));
    await settle();
    const output = fake.output;
    const whole = await serve();
    whole.fake.send(get("/text") + get("/100000") + get("/text"));
    await settle();
    assert(output === whole.fake.output, "the bytes are other ones than in one write");
  });

  it("does not read on while its answer is not taken", async () => {
    const { fake } = await serve();
    fake.isBlocked = true;
    fake.send(get("/text"));
    await settle();
    fake.send(get("/text"));
    await settle();
    assertEquals(fake.writes, []);
    fake.unblock();
    await settle();
    assertEquals(fake.writes, [answer("hello"), answer("hello")]);
  });

  it("counts requests, those under way and those that were answered", async () => {
    const { fake, context } = await serve();
    fake.send(get("/text") + get("/wait"));
    await settle();
    const { requests, requestsInFlight } = context.scoreboard.read();
    assertEquals({ requests, requestsInFlight }, { requests: 1, requestsInFlight: 1 });
    open.resolve();
    await settle();
    const after = context.scoreboard.read();
    assertEquals([after.requests, after.requestsInFlight], [2, 0]);
  });

  it("logs requests and refusals", async () => {
    const { fake, context, logged } = await serveLogged();
    fake.send(get("/text", "User-Agent: test") + get("/nowhere") + "nonsense\r\n\r\n");
    await settle();
    await context.accessLog?.flush();
    const withoutTimes = logged.map((line) =>
      line.replace(/\[.*?\]/, "[]").replace(/ [\d.]+ \S+ 1$/, "")
    );
    assertEquals(withoutTimes, [
      '192.0.2.1 - - [] "GET /text HTTP/1.1" 200 5 "-" "test"',
      '192.0.2.1 - - [] "GET /nowhere HTTP/1.1" 404 9 "-" "-"',
      withoutTimes[2],
    ]);
    assertMatch(
      logged[2],
      /^192\.0\.2\.1 - - \[.*\] "-" 400 \d+ "-" "-" [\d.]+ \S+ 1 bad_request$/,
    );
  });

  describe("the option announceKeepAlive", () => {
    const hello = get("/text");
    const cases: { keepAliveTimeout: number; request: string; fields: string[] }[] = [
      { keepAliveTimeout: 5_999, request: hello, fields: ["keep-alive", "timeout=5"] },
      { keepAliveTimeout: 999, request: hello, fields: ["keep-alive"] },
      { keepAliveTimeout: 0, request: hello, fields: ["keep-alive"] },
      {
        keepAliveTimeout: 5_000,
        request: get("/text", "Connection: close"),
        fields: ["close"],
      },
      { keepAliveTimeout: 5_000, request: "GET /text HTTP/1.0\r\n\r\n", fields: ["close"] },
      // Refused by the connection itself, with a head that is known.
      {
        keepAliveTimeout: 5_000,
        request: get("/text", "Expect: wonders"),
        fields: ["keep-alive", "timeout=5"],
      },
    ];
    for (const { keepAliveTimeout, request, fields } of cases) {
      it(`Connection announces ${JSON.stringify(fields)} for ${JSON.stringify(request)} with keepAliveTimeout ${keepAliveTimeout}`, async () => {
        const { fake } = await serveLogged({ keepAliveTimeout, announceKeepAlive: true });
        fake.send(request);
        await settle();
        const announced = fake.output.matchAll(/^(?:Connection|Keep-Alive): (.*)\r$/gm);
        assertEquals([...announced].map(([, value]) => value), fields);
      });
    }
  });

  it("has the scheme http, and the host localhost where an HTTP/1.0 request has none", async () => {
    const { fake } = await serve();
    fake.send(get("/host") + "GET /host HTTP/1.0\r\n\r\n");
    await settle();
    assertEquals(fake.output.match(/http:.*/g), ["http://testHTTP/1.1 200 OK", "http://localhost"]);
  });

  for (const trustProxy of [undefined, ["192.0.2.0/24"]]) {
    it(
      `Connection names an IPv4 peer of a socket for both families plainly, with trustProxy ${
        JSON.stringify(trustProxy)
      }`,
      async () => {
        const router = new Router<Handler>(percentDecode);
        const target = fetchHandler((_, { remoteAddr }) => new Response(remoteAddr.hostname));
        router.add("/info", true, target, () => "a test");
        const tellAddresses: Handler = ({ remoteAddr, clientAddr }) =>
          WebResponse.text(`${remoteAddr.hostname} ${clientAddr.hostname}`);
        router.add("/", true, tellAddresses, () => "a test");
        const { fake, context, logged } = await serveConnection({
          router,
          limits: { trustProxy },
          tickMs: TICK_MS,
          isLogged: true,
          peerHostname: "::ffff:192.0.2.9",
        });
        fake.send(get("/") + get("/info"));
        await settle();
        await context.accessLog?.flush();
        assertStringIncludes(fake.output, "\r\n\r\n192.0.2.9 192.0.2.9HTTP/1.1 200 OK\r\n");
        assertFalse(fake.output.includes("ffff"));
        assertEquals(logged.map((line) => line.split(" - - [")[0]), ["192.0.2.9", "192.0.2.9"]);
      },
    );
  }

  describe("the client's address in its log", () => {
    const forged = "X-Forwarded-For: 198.51.100.66, 203.0.113.5";
    const twoKinds = [forged, "Forwarded: for=198.51.100.66"];
    // The peer of these connections is 192.0.2.1.
    const cases: {
      what: string;
      trustProxy?: WebServerOptions["trustProxy"];
      fields: string[];
      logged: string;
    }[] = [
      { what: "is the peer's where nobody is trusted", fields: [forged], logged: "192.0.2.1" },
      {
        what: "is the peer's where others are trusted",
        trustProxy: "loopback",
        fields: [forged],
        logged: "192.0.2.1",
      },
      {
        what: "is what a trusted peer tells",
        trustProxy: ["192.0.2.0/24"],
        fields: [forged],
        logged: "203.0.113.5",
      },
      {
        what: "is the peer's where a trusted one tells nothing",
        trustProxy: ["192.0.2.0/24"],
        fields: [],
        logged: "192.0.2.1",
      },
      {
        what: "is the peer's where two fields are at odds",
        trustProxy: ["192.0.2.0/24"],
        fields: twoKinds,
        logged: "192.0.2.1",
      },
      {
        what: "is no forged text",
        trustProxy: ["192.0.2.0/24"],
        fields: ['X-Forwarded-For: 203.0.113.5 - - [] "GET /'],
        logged: "192.0.2.1",
      },
    ];
    for (const { what, trustProxy, fields, logged: expected } of cases) {
      it(`${what}`, async () => {
        const { fake, context, logged } = await serveLogged({ trustProxy });
        fake.send(get("/text", ...fields) + get("/nowhere", ...fields));
        // What a connection refuses itself, with a head that is known, is logged for the same client.
        fake.send(get("/text", ...fields, "Expect: wonders"));
        await settle();
        await context.accessLog?.flush();
        assertEquals(statusesIn(fake.output), [200, 404, 417]);
        assertEquals(logged.map((line) => line.split(" - - [")[0]), Array(3).fill(expected));
      });
    }
  });

  it("names each exchange to its client as it is named in the log", async () => {
    const { fake, context, logged } = await serveLogged();
    fake.send(
      get("/text", "X-Request-Id: theirs-1") + get("/text") +
        get("/204", "x-request-id: theirs-2") +
        get("/text", 'X-Request-Id: "forged') + get("/nowhere") + "nonsense\r\n\r\n",
    );
    await settle();
    await context.accessLog?.flush();
    const named = [...fake.output.matchAll(/\r\nX-Request-Id: (\S+)\r\n/gi)].map(([, id]) => id);
    assertEquals(named, logged.map((line) => / (\S+) 1(?: bad_request)?$/.exec(line)?.[1]));
    assertEquals([named.length, named[0], named[2]], [6, "theirs-1", "theirs-2"]);
    assertEquals(new Set(named).size, 6);
    assert(!fake.output.includes("forged"));
  });

  it("names a request once, whoever asks, and when", async () => {
    const { fake, context, logged } = await serveLogged();
    fake.send(get("/text") + get("/own-id-unread") + get("/own-id") + get("/id"));
    await settle();
    await context.accessLog?.flush();
    const ids = allRequests.map((req) => req.id);
    assertEquals(ids, logged.map((line) => / (\S+) 1$/.exec(line)?.[1]));
    assertEquals(new Set(ids).size, 4);
    const named = [...fake.output.matchAll(/\r\nX-Request-Id: (\S+)\r\n/gi)].map(([, id]) => id);
    assertEquals(named, [ids[0], "the-handlers-own", "the-handlers-own", ids[3]]);
  });

  for (const isLogged of [true, false]) {
    it(`names a request that takes too long as its handler does (${isLogged ? "" : "not "}logged)`, async () => {
      const exchange = await serve({ handlerTimeout: 100 }, undefined, isLogged);
      exchange.fake.send(get("/id-and-wait"));
      await settle();
      // What another connection of the worker does meanwhile.
      nameAnotherRequest();
      await exchange.pass(120);
      assertEquals(statusesIn(exchange.fake.output), [503]);
      const { id } = lastRequest;
      assertMatch(exchange.fake.output, new RegExp(`\r\nX-Request-Id: ${id}\r\n`));
      open.resolve();
      await exchange.context.accessLog?.flush();
      assertEquals(
        exchange.logged.map((line) => line.endsWith(` ${id} 1 handler_timeout`)),
        isLogged ? [true] : [],
      );
    });
  }

  it("logs what is refused for its body with all that its head says", async () => {
    const exchange = await serveLogged({ maxBodyBytes: 10, bodyTimeout: 100 });
    exchange.fake.send(post("/text", "x".repeat(11), "X-Request-Id: large", "User-Agent: test"));
    await settle();
    await exchange.context.accessLog?.flush();
    assertMatch(
      exchange.logged[0],
      /"POST \/text HTTP\/1\.1" 413 \d+ "-" "test" 0\.0 large 1 body_too_large$/,
    );
    const slow = await serveLogged({ maxBodyBytes: 10, bodyTimeout: 100 });
    slow.fake.send(post("/text", "x".repeat(5), "X-Request-Id: slow").slice(0, -2));
    await slow.pass(200);
    await slow.context.accessLog?.flush();
    assertMatch(
      slow.logged[0],
      /"POST \/text HTTP\/1\.1" 408 \d+ "-" "-" \d+\.\d slow 1 body_timeout$/,
    );
  });

  it("says X-Request-Id without a log where the handler has asked for it, and only there", async () => {
    const { fake } = await serve();
    const id = "X-Request-Id: theirs";
    fake.send(get("/text", id) + get("/id", id) + get("/own-id", id) + get("/text", id));
    await settle();
    const named = [...fake.output.matchAll(/\r\nX-Request-Id: (\S+)\r\n/gi)].map(([, id]) => id);
    assertEquals(named, ["theirs", "the-handlers-own"]);
  });

  it("lets go of a body with the answer", async () => {
    const { fake } = await serve();
    fake.send(post("/text", "a secret"));
    await settle();
    const kept = lastRequest;
    fake.send(post("/text", "not yours"));
    await settle();
    let error: unknown;
    try {
      kept.text();
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof TypeError);
    assertEquals(kept.target, "/text");
  });
});

describe("Connection, whose handler answers with Upgrade (RFC 9110, section 7.8),", () => {
  const upgrade = { upgrade: "example/1, websocket" };
  const answers: Record<string, () => HandlerResult> = {
    "a WebResponse": () => WebResponse.text("use it", { status: 426, headers: upgrade }),
    "a WebResponse whose headers are set": () => {
      const response = WebResponse.text("use it", { status: 426 });
      response.headers.set("Upgrade", upgrade.upgrade);
      return response;
    },
    "a Response": () => new Response("use it", { status: 426, headers: upgrade }),
    "an HttpError": () => {
      throw new HttpError(426, "use it", { headers: upgrade });
    },
    "a stream": () =>
      new WebResponse(ReadableStream.from(["use it"]), { status: 426, headers: upgrade }),
    "a large body": () => WebResponse.text("a".repeat(100_000), { status: 426, headers: upgrade }),
    "no content": () => WebResponse.empty(204, { headers: upgrade }),
  };
  const exchanges = [
    { version: "1.1", fields: [], option: "upgrade" },
    { version: "1.1", fields: ["Connection: close"], option: "close, upgrade" },
    { version: "1.0", fields: [], option: "close, upgrade" },
    { version: "1.0", fields: ["Connection: keep-alive"], option: "keep-alive, upgrade" },
  ];
  for (const [what, give] of Object.entries(answers)) {
    for (const method of ["GET", "HEAD"]) {
      for (const { version, fields, option } of exchanges) {
        const asked = [method, `HTTP/${version}`, ...fields].join(" ");

        it(`encode() sends Upgrade and its option with ${what} to ${asked}`, async () => {
          const exchange = await serveHandler(give);
          exchange.fake.send(
            [`${method} / HTTP/${version}`, "Host: a", ...fields, "", ""].join("\r\n"),
          );
          await settle();
          const { output } = exchange.fake;
          const [head] = output.split("\r\n\r\n");
          const isUntilClose = what === "a stream" && version === "1.0";
          const expected = isUntilClose ? "close, upgrade" : option;
          assertEquals(statusesIn(output), [what === "no content" ? 204 : 426]);
          assertEquals(
            head.match(/^(upgrade|connection): .*$/gim)?.map((line) => line.toLowerCase()).sort(),
            [
              `connection: ${expected}`,
              "upgrade: example/1, websocket",
            ],
          );
        });
      }
    }
  }

  it("encode() drops the option upgrade of a Connection field without Upgrade", async () => {
    const { fake } = await serveHandler(() =>
      WebResponse.text("", { headers: { connection: "upgrade" } })
    );
    fake.send(get("/"));
    await settle();
    assert(!/\r\nconnection:/i.test(fake.output));
  });

  it("encode() sends both options when the handler asks for the end of the connection", async () => {
    const { fake } = await serveHandler(() =>
      WebResponse.text("", { headers: { ...upgrade, connection: "close" } })
    );
    fake.send(get("/"));
    await settle();
    assertMatch(fake.output, /\r\nConnection: close, upgrade\r\n/);
    assert(fake.hasEndedOutput);
  });
});

describe("Connection, at its end,", () => {
  it("closes when the client has ended its side", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/text"));
    exchange.fake.end();
    await settle();
    assertEquals(exchange.fake.output, answer("hello"));
    await assertEnded(exchange);
  });

  it("answers first when the client ends its side while a handler works", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/wait") + get("/text"));
    exchange.fake.end();
    await settle();
    open.resolve();
    await settle();
    assertEquals(exchange.fake.output, answer("waited") + answer("hello"));
    await assertEnded(exchange);
  });

  it("closes at once behind the last answer of a client that has asked for the end", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/text", "Connection: close"));
    await settle();
    assertEquals(exchange.fake.output, answer("hello", "Connection: close"));
    await assertEnded(exchange);
  });

  it("reads on behind an answer that ends the connection, until the client has ended its side", async () => {
    const endings = [
      get("/close"),
      "nonsense\r\n\r\n",
      request("POST", "/echo", "Content-Length: 9999999"),
    ];
    for (const sent of endings) {
      const exchange = await serve();
      const { fake } = exchange;
      fake.send(sent);
      await settle();
      assertEquals(statusesIn(fake.output).length, 1);
      assertMatch(fake.output, /\r\nConnection: close\r\n/);
      assert(fake.hasEndedOutput, "its own side is still open");
      assert(!fake.isClosed, "it is closed, and a client that still sends gets a reset");
      fake.send("and more of it".repeat(1_000));
      fake.send(get("/text"));
      await settle();
      assert(!fake.isClosed);
      assertEquals(statusesIn(fake.output).length, 1);
      fake.end();
      await assertEnded(exchange);
    }
  });

  it("lingerReadTimeout closes the connection when nothing more comes behind the last answer", async () => {
    const exchange = await serve({ lingerReadTimeout: 100, lingerTimeout: 1_000 });
    const { fake, pass } = exchange;
    fake.send("nonsense\r\n\r\n");
    await settle();
    await pass(90);
    assert(!fake.isClosed);
    await pass(30);
    await assertEnded(exchange);
  });

  it("lingerReadTimeout begins anew with each read behind the last answer", async () => {
    const exchange = await serve({ lingerReadTimeout: 100, lingerTimeout: 1_000 });
    const { fake, pass } = exchange;
    fake.send("nonsense\r\n\r\n");
    await settle();
    for (let i = 0; i < 5; i++) {
      await pass(90);
      assert(!fake.isClosed);
      fake.send("a");
      await settle();
    }
    await pass(120);
    await assertEnded(exchange);
  });

  it("lingerTimeout closes the connection of a client that goes on sending behind the last answer", async () => {
    const exchange = await serve({ lingerReadTimeout: 100, lingerTimeout: 300 });
    const { fake, pass } = exchange;
    fake.send("nonsense\r\n\r\n");
    await settle();
    for (let ms = 0; ms < 290; ms += 10) {
      assert(!fake.isClosed);
      fake.send("a".repeat(100_000));
      await pass(10);
    }
    await pass(30);
    await assertEnded(exchange);
  });

  it("serve() reads and discards behind the last answer, however much comes", async () => {
    const exchange = await serve({ lingerReadTimeout: 5_000, lingerTimeout: 30_000 });
    const { fake } = exchange;
    fake.send(request("POST", "/echo", "Content-Length: 60000000"));
    await settle();
    assertEquals(statusesIn(fake.output), [413]);
    for (let i = 0; i < 60; i++) {
      fake.send("a".repeat(1_000_000));
      await settle();
      assert(!fake.isClosed, `it is closed after ${i} MB`);
    }
    fake.end();
    await assertEnded(exchange);
  });

  it("serve() reads behind its last answer only in turn where many connections are busy", async () => {
    const readFairness = new ClosableGate();
    const exchange = await serve({}, readFairness);
    const { fake } = exchange;
    fake.send("nonsense\r\n\r\n");
    readFairness.close();
    await settle();
    assert(fake.hasEndedOutput);
    fake.send("a");
    await settle();
    assertEquals(fake.hasUnreadBytes, true);
    readFairness.open();
    await settle();
    assertEquals(fake.hasUnreadBytes, false);
    fake.end();
    await assertEnded(exchange);
  });

  it("abandon() closes a connection that reads behind its last answer", async () => {
    const exchange = await serve();
    exchange.fake.send("nonsense\r\n\r\n");
    await settle();
    exchange.connection.abandon();
    await assertEnded(exchange);
  });

  it("ends quietly when the client is gone, whatever it was doing", async () => {
    for (const sent of ["", "GET /te", get("/text"), get("/wait"), get("/signal")]) {
      const exchange = await serve();
      const { fake } = exchange;
      if (sent !== "") fake.send(sent);
      await settle();
      fake.reset();
      await settle();
      open.resolve();
      await assertEnded(exchange);
    }
  });

  it("leaves a handler its request when the client goes while earlier answers are written", async () => {
    const exchange = await serve();
    const { fake, context } = exchange;
    fake.isBlocked = true;
    fake.send(get("/text") + post("/wait-and-read", "secret"));
    await settle();
    fake.reset();
    fake.fail();
    await settle();
    // Somebody else gets what is free.
    context.pool.take(SMALL_BUFFER_BYTES).fill(0x21);
    assertEquals(context.scoreboard.read().requestsInFlight, 1);
    open.resolve();
    await assertEnded(exchange);
    assertEquals(whatWasRead, "secret");
    assertEquals(context.inFlightRequests.read(0), []);
  });

  it("ends quietly when the client goes while an answer is written", async () => {
    const exchange = await serve();
    const { fake } = exchange;
    fake.isBlocked = true;
    fake.send(get("/100000"));
    await settle();
    fake.reset();
    fake.writeLimit = 10;
    fake.unblock();
    await assertEnded(exchange);
  });
});

describe("Connection, with time limits,", () => {
  it("its headTimeout begins with the connection, and again with each head", async () => {
    const exchange = await serve({ headTimeout: 100 });
    const { fake, pass } = exchange;
    await pass(90);
    fake.send("GET /text HTTP/1.1\r\n");
    await pass(10);
    assertEquals(fake.output, "");
    fake.send("Host: a\r\n\r\n");
    await settle();
    assertEquals(fake.output, answer("hello"));
    // No time limit holds between requests here: keepAliveTimeout is off.
    await pass(500);
    fake.send("GET /text HTTP/1.1\r\n");
    await pass(90);
    fake.send("A: b\r\n");
    assertEquals(statusesIn(fake.output), [200]);
    await pass(30);
    assertEquals(statusesIn(fake.output), [200, 408]);
    fake.end();
    await assertEnded(exchange);
  });

  it("its bodyTimeout begins with the end of the head", async () => {
    const exchange = await serve({ bodyTimeout: 100, headTimeout: 50 });
    const { fake, pass } = exchange;
    fake.send(request("POST", "/echo", "Content-Length: 4"));
    await pass(60);
    fake.send("ab");
    await pass(40);
    assertEquals(fake.output, "");
    await pass(20);
    assertEquals(statusesIn(fake.output), [408]);
    fake.end();
    await assertEnded(exchange);
  });

  for (const sent of ["", "\r", "\r\n", "\r\n\r\n\r"]) {
    const what = JSON.stringify(sent);

    it(`headTimeout closes a new connection that has sent ${what} in silence, and counts it`, async () => {
      const exchange = await serveLogged({ headTimeout: 100, keepAliveTimeout: 75_000 });
      const { fake, pass, context } = exchange;
      if (sent !== "") fake.send(sent);
      await pass(90);
      assert(!fake.isClosed);
      await pass(30);
      assertEquals(fake.output, "");
      await assertEnded(exchange);
      await context.accessLog?.flush();
      assertEquals(exchange.logged, []);
      assertEquals(context.scoreboard.read().connectionsUnused, 1);
    });

    it(`keepAliveTimeout closes a kept connection that has sent ${what} in silence`, async () => {
      const exchange = await serveLogged({ headTimeout: 50, keepAliveTimeout: 100 });
      const { fake, pass, context } = exchange;
      fake.send(get("/text"));
      await pass(90);
      if (sent !== "") fake.send(sent);
      await pass(30);
      assertEquals(statusesIn(fake.output), [200]);
      await assertEnded(exchange);
      assertEquals(context.scoreboard.read().connectionsUnused, 0);
    });

    it(`abandon() closes a connection that has sent ${what} in silence`, async () => {
      for (const before of ["", get("/text")]) {
        const exchange = await serveLogged();
        const { fake, connection, context } = exchange;
        if (before + sent !== "") fake.send(before + sent);
        await settle();
        connection.abandon();
        await assertEnded(exchange);
        assertEquals(statusesIn(fake.output), before === "" ? [] : [200]);
        await context.accessLog?.flush();
        assertEquals(exchange.logged.length, before === "" ? 0 : 1);
        assertEquals(context.scoreboard.read().connectionsUnused, 0);
      }
    });

    // A head after more than one empty line is refused at once.
    if (sent.length > 2) continue;
    it(`headTimeout goes on with the head behind ${what} on a new connection`, async () => {
      const exchange = await serveLogged({ headTimeout: 100, keepAliveTimeout: 75_000 });
      const { fake, pass, context } = exchange;
      if (sent !== "") fake.send(sent);
      await pass(90);
      fake.send("\r\n".slice(sent.length) + "GET /te");
      await pass(30);
      assertEquals(statusesIn(fake.output), [408]);
      fake.end();
      await assertEnded(exchange);
      assertEquals(context.scoreboard.read().connectionsUnused, 0);
    });
  }

  const uploads = [
    { what: "of declared length", fields: "Content-Length: 262145", before: "", after: "" },
    {
      what: "in one chunk",
      fields: "Transfer-Encoding: chunked",
      before: "40001\r\n",
      after: "\r\n0\r\n\r\n",
    },
    {
      what: "of declared length, for which its client waits to be asked",
      fields: "Content-Length: 262145\r\nExpect: 100-continue",
      before: "",
      after: "",
    },
  ];
  for (const { what, fields, before, after } of uploads) {
    it(`bodyTimeout begins anew with each 64 KiB of a body ${what}`, async () => {
      const { fake, pass } = await serve({ bodyTimeout: 100, headTimeout: 50 });
      fake.send(request("POST", "/length", fields));
      await settle();
      fake.send(before);
      for (let i = 0; i < 4; i++) {
        await pass(90);
        fake.send("a".repeat(65_536));
        await settle();
      }
      await pass(90);
      fake.send("a" + after);
      await settle();
      assertEquals(statusesIn(fake.output).at(-1), 200);
      assertMatch(fake.output, /\r\n\r\n262145$/);
    });

    it(`bodyTimeout ends a body ${what} when less than 64 KiB of it come in that time`, async () => {
      const exchange = await serve({ bodyTimeout: 100 });
      const { fake, pass } = exchange;
      fake.send(request("POST", "/length", fields));
      await settle();
      fake.send(before + "a".repeat(65_536));
      await pass(90);
      fake.send("a".repeat(65_535));
      await pass(30);
      assertEquals(statusesIn(fake.output).at(-1), 408);
      fake.end();
      await assertEnded(exchange);
    });

    it(`bodyTimeout holds for what is left of a body ${what} at its end`, async () => {
      const exchange = await serve({ bodyTimeout: 100 });
      const { fake, pass } = exchange;
      fake.send(request("POST", "/length", fields));
      await settle();
      fake.send(before);
      for (let i = 0; i < 4; i++) {
        await pass(90);
        fake.send("a".repeat(65_536));
      }
      await pass(120);
      assertEquals(statusesIn(fake.output).at(-1), 408);
      fake.end();
      await assertEnded(exchange);
    });
  }

  it("bodyTimeout is not moved by a body that comes byte by byte", async () => {
    for (const [fields, part] of [["Content-Length: 300000", "a"], [CHUNKED, "1\r\na\r\n"]]) {
      const exchange = await serve({ bodyTimeout: 100 });
      const { fake, pass } = exchange;
      fake.send(request("POST", "/length", fields));
      for (let i = 0; i < 13; i++) {
        fake.send(part);
        await pass(10);
      }
      assertEquals(statusesIn(fake.output), [408], fields);
      fake.end();
      await assertEnded(exchange);
    }
  });

  it("bodyTimeout is not moved by what delimits chunks, however much of it comes", async () => {
    // Each of these brings more than 64 KiB, of which less than that is body.
    const framings = ["1\r\na\r\n".repeat(11_000), `1;${"a".repeat(15_000)}\r\na\r\n`.repeat(5)];
    for (const framing of framings) {
      const exchange = await serve({ bodyTimeout: 100, maxHeadBytes: 100_000 });
      const { fake, pass } = exchange;
      fake.send(request("POST", "/length", CHUNKED));
      await pass(90);
      fake.send(framing);
      await pass(30);
      assertEquals(statusesIn(fake.output), [408]);
      fake.end();
      await assertEnded(exchange);
    }
  });

  it("bodyTimeout begins with each body, whatever came of the one before it", async () => {
    const exchange = await serve({ bodyTimeout: 100 });
    const { fake, pass } = exchange;
    fake.send(
      post("/length", "a".repeat(70_000)) + post("/length", "a".repeat(70_000)).slice(0, 90),
    );
    await pass(90);
    assertEquals(statusesIn(fake.output), [200]);
    await pass(30);
    assertEquals(statusesIn(fake.output), [200, 408]);
    fake.end();
    await assertEnded(exchange);
  });

  it("its keepAliveTimeout begins with the end of an answer, and closes without a word", async () => {
    const exchange = await serve({ keepAliveTimeout: 100 });
    const { fake, pass } = exchange;
    await pass(500);
    fake.send(get("/text"));
    await pass(100);
    assert(!fake.isClosed);
    fake.send(get("/text"));
    await pass(100);
    assert(!fake.isClosed);
    await pass(20);
    assertEquals(statusesIn(fake.output), [200, 200]);
    await assertEnded(exchange);
  });

  it("its handlerTimeout answers 503, aborts the signal and drops the late answer", async () => {
    const exchange = await serveLogged({ handlerTimeout: 100 });
    const { fake, pass } = exchange;
    fake.send(get("/signal") + get("/text"));
    await settle();
    assert(!signal.aborted);
    await pass(120);
    assertEquals(statusesIn(fake.output), [503]);
    assertMatch(fake.output, /\r\nConnection: close\r\n/);
    assert(signal.aborted);
    assertEquals(signal.reason.name, "TimeoutError");
    open.resolve();
    await settle();
    assertEquals(statusesIn(fake.output), [503]);
    fake.end();
    await assertEnded(exchange);
    await exchange.context.accessLog?.flush();
    assertMatch(exchange.logged.join(), /^[^,]*GET \/signal HTTP\/1\.1" 503 [^,]*$/);
  });

  it("its handlerTimeout begins anew with each handler", async () => {
    const { fake, pass } = await serve({ handlerTimeout: 100 });
    for (let i = 0; i < 3; i++) {
      open = Promise.withResolvers();
      fake.send(get("/wait"));
      await pass(90);
      open.resolve();
      await settle();
    }
    await pass(500);
    assertEquals(statusesIn(fake.output), [200, 200, 200]);
    assert(!fake.isClosed);
  });

  it("its writeTimeout begins anew with each 64 KiB that the client has taken", async () => {
    const exchange = await serve({ writeTimeout: 100 });
    const { fake, pass } = exchange;
    fake.writeLimit = 65_536;
    fake.isBlocked = true;
    fake.send(get("/1000000"));
    for (let i = 0; i < 5; i++) {
      await pass(90);
      fake.unblock();
      fake.isBlocked = true;
      await settle();
    }
    assert(!fake.isClosed);
    await pass(120);
    await assertEnded(exchange);
  });

  it("its writeTimeout ends a connection whose client takes its answer in sips", async () => {
    const exchange = await serve({ writeTimeout: 100 });
    const { fake, pass } = exchange;
    fake.send(get("/1000000"));
    fake.writeLimit = 1_000;
    fake.isBlocked = true;
    await settle();
    for (let i = 0; i < 4; i++) {
      fake.unblock();
      fake.isBlocked = true;
      await pass(40);
    }
    await assertEnded(exchange);
  });
});

describe("Connection, whose worker drains,", () => {
  it("says with its next answer that it ends", async () => {
    const exchange = await serve();
    const { fake, context } = exchange;
    fake.send(get("/text"));
    await settle();
    context.isDraining = true;
    fake.send(get("/text") + get("/text"));
    await settle();
    assertEquals(fake.writes, [answer("hello"), answer("hello", "Connection: close")]);
    fake.end();
    await assertEnded(exchange);
  });

  it("names in work what it is busy with", async () => {
    const cases = [
      { what: "nothing", sent: "", work: undefined },
      { what: "half a head", sent: "GET /te", work: { kind: "client" } },
      { what: "a request", sent: get("/wait?a=b"), work: { kind: "request", name: "GET /wait" } },
      { what: "a request that was answered", sent: get("/text"), work: undefined },
    ] as const;
    for (const { what, sent, work } of cases) {
      const exchange = await serve();
      if (sent !== "") exchange.fake.send(sent);
      await settle();
      assertEquals(exchange.connection.work, work, what);
      open.resolve();
      exchange.fake.reset();
      await assertEnded(exchange);
    }
  });

  it("closes where nothing is asked for, and only there", async () => {
    const cases = [
      { what: "a connection that has said nothing", sent: "", isIdle: true },
      { what: "a connection that has said nothing", sent: "", evenIfNew: false, isIdle: false },
      { what: "a connection that has sent an empty line", sent: "\r\n", isIdle: true },
      {
        what: "a connection that has sent an empty line",
        sent: "\r\n",
        evenIfNew: false,
        isIdle: false,
      },
      { what: "a connection that is kept", sent: get("/text"), isIdle: true },
      { what: "a connection that is kept", sent: get("/text"), evenIfNew: false, isIdle: true },
      { what: "half a head", sent: "GET /te", isIdle: false },
      { what: "half a body", sent: post("/echo", "ab").slice(0, -1), isIdle: false },
      { what: "a handler that works", sent: get("/wait"), isIdle: false },
    ];
    for (const { what, sent, evenIfNew = true, isIdle } of cases) {
      const exchange = await serve();
      if (sent !== "") exchange.fake.send(sent);
      await settle();
      exchange.context.isDraining = true;
      assertEquals(exchange.connection.closeIfIdle({ evenIfNew }), isIdle, what);
      await settle();
      assertEquals(exchange.fake.isClosed, isIdle, what);
      open.resolve();
      exchange.fake.reset();
      await assertEnded(exchange);
    }
  });

  it("closes as soon as nothing is asked for any more", async () => {
    const exchange = await serve({ keepAliveTimeout: 75_000 });
    const { fake, context, connection } = exchange;
    fake.isBlocked = true;
    fake.send(get("/text"));
    await settle();
    context.isDraining = true;
    connection.closeIfIdle({ evenIfNew: true });
    fake.unblock();
    await exchange.pass(1_000);
    assertEquals(fake.output, answer("hello"));
    fake.end();
    await assertEnded(exchange);
  });

  it("answers 503 in place of what is not done at the deadline", async () => {
    const cases = [
      { sent: "GET /te", isHead: false },
      { sent: post("/echo", "ab").slice(0, -1), isHead: false },
      { sent: get("/signal"), isHead: false },
      { sent: request("HEAD", "/signal"), isHead: true },
    ];
    for (const { sent, isHead } of cases) {
      const exchange = await serve();
      const { fake, context, connection } = exchange;
      fake.send(sent);
      await settle();
      context.isDraining = true;
      connection.abandon();
      await settle();
      assertEquals(statusesIn(fake.output), [503]);
      assertMatch(fake.output, isHead ? /\r\n\r\n$/ : /\r\n\r\n503 .*\n$/);
      assert(fake.hasEndedOutput);
      fake.end();
      await settle();
      open.resolve();
      await assertEnded(exchange);
    }
    assert(signal.aborted);
    assertEquals(signal.reason.name, "AbortError");
  });

  it("names and logs a request whose body has not come at the deadline by its head", async () => {
    const { fake, context, connection, logged } = await serveLogged();
    fake.send(post("/echo", "ab", "X-Request-Id: theirs").slice(0, -1));
    await settle();
    connection.abandon();
    await settle();
    await context.accessLog?.flush();
    assertEquals(statusesIn(fake.output), [503]);
    assertMatch(fake.output, /\r\nX-Request-Id: theirs\r\n/);
    assertMatch(logged[0], /"POST \/echo HTTP\/1\.1" 503 .* theirs 1 draining$/);
  });

  it("closes at the deadline where nobody waits for an answer, or nobody takes one", async () => {
    for (const isBlocked of [false, true]) {
      const exchange = await serve();
      const { fake, connection } = exchange;
      fake.isBlocked = isBlocked;
      fake.send(get("/text"));
      await settle();
      connection.abandon();
      await assertEnded(exchange);
    }
  });
});

describe("Connection, whose requests are kept,", () => {
  // Pipelined in different numbers, with bodies between them, and in reads that end anywhere: what one request was is
  // overwritten by the next ones in each of the ways that there are.
  const batches = [1, 2, 16, 3, 1, 40, 7];
  for (const readBytes of [Infinity, 1_000, 64, 7]) {
    it(`leaves them as they were, in reads of ${readBytes} bytes`, async () => {
      const exchange = await serve();
      let number = 0;
      for (const size of batches) {
        let text = "";
        for (let i = 0; i < size; i++, number++) {
          const fields = `Host: h\r\nX-Number: ${number}\r\nX-Filling: ${"f".repeat(number % 50)}`;
          text += number % 5 === 4
            ? `POST /echo?n=${number} HTTP/1.1\r\n${fields}\r\nContent-Length: 4\r\n\r\nbody`
            : `GET /${
              number % 2 === 0 ? "text" : "async"
            }?n=${number} HTTP/1.1\r\n${fields}\r\n\r\n`;
        }
        for (let at = 0; at < text.length; at += readBytes) {
          exchange.fake.send(text.slice(at, at + readBytes));
        }
        await settle();
      }
      exchange.fake.end();
      await assertEnded(exchange);
      assertEquals(allRequests.length, number);
      for (const [index, req] of allRequests.entries()) {
        const path = index % 5 === 4 ? "/echo" : index % 2 === 0 ? "/text" : "/async";
        assertEquals(
          [req.method, req.path, req.target, req.query.get("n"), req.header("x-number")],
          [index % 5 === 4 ? "POST" : "GET", path, `${path}?n=${index}`, `${index}`, `${index}`],
        );
        assertEquals([...req.headers.keys()].length, index % 5 === 4 ? 4 : 3);
        assertEquals(req.headers.get("x-filling"), "f".repeat(index % 50));
        // What its handler has read stays; what it has not read is gone, which is looked at above.
        if (path === "/echo") assertEquals(req.text(), "body");
      }
    });
  }
});

describe("Connection, whose handler asks for the signal,", () => {
  for (const sent of ["a request", "its end"]) {
    it(`sees ${sent} that came while it waited for its turn`, async () => {
      const gate = new ClosableGate();
      const exchange = await serve({}, gate);
      const { fake } = exchange;
      fake.send(get("/signal"));
      await settle();
      gate.close();
      open.resolve();
      await settle();
      assertEquals(fake.writes, [answer("waited")]);
      if (sent === "its end") fake.end();
      else fake.send(get("/text"));
      await settle();
      gate.open();
      await settle();
      if (sent === "its end") await assertEnded(exchange);
      else assertEquals(fake.writes, [answer("waited"), answer("hello")]);
    });
  }

  it("aborts the signal when the client ends its side", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/signal"));
    await settle();
    assert(!signal.aborted);
    exchange.fake.end();
    await settle();
    assert(signal.aborted);
    assertEquals(signal.reason.name, "AbortError");
    open.resolve();
    await settle();
    assertEquals(exchange.fake.output, answer("waited"));
    await assertEnded(exchange);
  });

  it("aborts the signal when the client ends its side, although its request has filled the buffer", async () => {
    const exchange = await serve();
    const emptyLength = post("/signal-and-read", "x".repeat(1_000)).length - 1_000;
    const body = "b".repeat(SMALL_BUFFER_BYTES - emptyLength);
    exchange.fake.send(post("/signal-and-read", body));
    await settle();
    exchange.fake.send(get("/text"));
    await settle();
    assert(!signal.aborted);
    exchange.fake.end();
    await settle();
    assert(signal.aborted);
    open.resolve();
    await settle();
    assertEquals(exchange.fake.output, answer(body) + answer("hello"));
    await assertEnded(exchange);
  });

  it("aborts the signal when the client ends its side after further requests", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/signal"));
    for (const _ of [1, 2]) {
      await settle();
      exchange.fake.send(get("/text"));
    }
    await settle();
    assert(!signal.aborted);
    exchange.fake.end();
    await settle();
    assert(signal.aborted);
    open.resolve();
    await settle();
    assertEquals(exchange.fake.output, answer("waited") + answer("hello").repeat(2));
    await assertEnded(exchange);
  });

  it("does not abort the signal after the response", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/signal"));
    await settle();
    open.resolve();
    await settle();
    exchange.fake.end();
    await assertEnded(exchange);
    assert(!signal.aborted);
  });

  it("answers what the client sends meanwhile, however it is cut", async () => {
    const sent = post("/echo", "abc") + get("/text");
    for (let cut = 0; cut <= sent.length; cut += 7) {
      const exchange = await serve();
      exchange.fake.send(get("/signal"));
      await settle();
      if (cut > 0) exchange.fake.send(sent.slice(0, cut));
      await settle();
      open.resolve();
      await settle();
      if (cut < sent.length) exchange.fake.send(sent.slice(cut));
      await settle();
      assertEquals(exchange.fake.output, answer("waited") + answer("abc") + answer("hello"));
      exchange.fake.end();
      await assertEnded(exchange);
    }
  });

  it("answers what comes while its answer is written", async () => {
    for (const hasEnded of [false, true]) {
      const exchange = await serve();
      const { fake } = exchange;
      fake.send(get("/signal"));
      await settle();
      fake.isBlocked = true;
      open.resolve();
      await settle();
      fake.send(get("/text"));
      if (hasEnded) fake.end();
      await settle();
      fake.unblock();
      await settle();
      assertEquals(fake.output, answer("waited") + answer("hello"));
      if (!hasEnded) fake.end();
      await assertEnded(exchange);
    }
  });

  it("takes a client that sends more than there is room for", async () => {
    const exchange = await serve();
    exchange.fake.send(get("/signal"));
    await settle();
    exchange.fake.send(post("/echo", "b".repeat(50_000)));
    await settle();
    assert(!signal.aborted);
    open.resolve();
    await settle();
    assertEquals(exchange.fake.output, answer("waited") + answer("b".repeat(50_000)));
    exchange.fake.end();
    await assertEnded(exchange);
  });
});
