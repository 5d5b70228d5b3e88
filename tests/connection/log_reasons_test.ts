// Which reason the log gives for each way in which a request gets no response of its handler, or
// only a part of it, over a connection without a socket.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { get, post } from "../support/clients/raw_client.ts";
import { settle } from "../support/connections/fake_conn.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 50;

/** A body whose second part never comes. */
function endless(): WebResponse {
  return new WebResponse(
    new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) }),
  );
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  "/text": () => WebResponse.text("hello"),
  "/json": (request) => WebResponse.json(request.json()),
  "/caught": (request) => {
    try {
      return WebResponse.json(request.json());
    } catch {
      return WebResponse.text("not JSON, but well");
    }
  },
  "/teapot": () => {
    throw new HttpError(418, "no coffee");
  },
  "/panic": () => {
    throw new Error("a panic");
  },
  "/hang": () => new Promise<never>(() => {}),
  "/endless": endless,
  "/broken": () =>
    new WebResponse((async function* () {
      yield "part";
      await settle();
      throw new Error("a panic in a body");
    })()),
};

async function serve(limits: WebServerOptions): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  for (const [path, handler] of Object.entries(HANDLERS)) {
    router.add(path, true, handler, () => "a test");
  }
  return await serveConnection({ router, limits, tickMs: TICK_MS, isLogged: true });
}

async function logOf({ context, logged }: ServedConnection): Promise<string[]> {
  await settle();
  await context.accessLog?.flush();
  return logged.map((line) => line.replace(/^.*" (\d{3}) .* 1( \w+)?$/, "$1$2"));
}

interface Case {
  readonly what: string;
  readonly sent: string;
  readonly limits?: WebServerOptions;
  /** What happens after the request was sent. */
  readonly then?: (exchange: ServedConnection) => unknown;
  readonly logged: string;
}

const passLimit = ({ pass }: ServedConnection) => pass(200);
const abandon = ({ connection }: ServedConnection) => connection.abandon();

const CASES: readonly Case[] = [
  { what: "no reason for a response of a handler", sent: get("/text"), logged: "200" },
  { what: "no reason for a path that does not exist", sent: get("/nowhere"), logged: "404" },
  { what: "no reason for an HttpError of a handler", sent: get("/teapot"), logged: "418" },
  { what: "bad_body for one that is not JSON", sent: post("/json", "{"), logged: "400 bad_body" },
  {
    what: "no reason for an error that a handler catches",
    sent: post("/caught", "{"),
    logged: "200",
  },
  { what: "panic for a panic", sent: get("/panic"), logged: "500 panic" },
  { what: "panic for a panic in a body", sent: get("/broken"), logged: "200 panic" },
  { what: "bad_request for a malformed head", sent: "no head\r\n\r\n", logged: "400 bad_request" },
  {
    what: "unsupported for an expectation",
    sent: get("/text", "Expect: x"),
    logged: "417 unsupported",
  },
  {
    what: "body_too_large for a body over maxBodyBytes",
    sent: post("/text", "x".repeat(11)),
    limits: { maxBodyBytes: 10 },
    logged: "413 body_too_large",
  },
  {
    what: "target_too_long for a target over maxTargetBytes",
    sent: get("/text/too-long"),
    limits: { maxTargetBytes: 10 },
    logged: "414 target_too_long",
  },
  {
    what: "head_too_large for a head over maxHeadBytes",
    sent: get("/text", `A: ${"a".repeat(100)}`),
    limits: { maxHeadBytes: 100 },
    logged: "431 head_too_large",
  },
  {
    what: "too_many_fields for more fields than maxHeaderCount",
    sent: get("/text", "A: 1", "B: 2"),
    limits: { maxHeaderCount: 2 },
    logged: "431 too_many_fields",
  },
  {
    what: "head_timeout for a head that does not come",
    sent: get("/text").slice(0, -2),
    limits: { headTimeout: 100 },
    then: passLimit,
    logged: "408 head_timeout",
  },
  {
    what: "body_timeout for a body that does not come",
    sent: post("/text", "abc").slice(0, -1),
    limits: { bodyTimeout: 100 },
    then: passLimit,
    logged: "408 body_timeout",
  },
  {
    what: "handler_timeout for a handler that takes too long",
    sent: get("/hang"),
    limits: { handlerTimeout: 100 },
    then: passLimit,
    logged: "503 handler_timeout",
  },
  {
    what: "draining for a handler that works at the end of a drain",
    sent: get("/hang"),
    then: abandon,
    logged: "503 draining",
  },
  {
    what: "draining for a request of which only a part has come at the end of a drain",
    sent: post("/text", "abc").slice(0, -1),
    then: abandon,
    logged: "503 draining",
  },
  {
    what: "draining for a body that is cut off at the end of a drain",
    sent: get("/endless"),
    then: abandon,
    logged: "200 draining",
  },
  {
    what: "client_gone for a client that ends in its request",
    sent: post("/text", "abc").slice(0, -1),
    then: ({ fake }) => fake.end(),
    logged: "400 client_gone",
  },
  {
    what: "client_gone for a client that resets its connection in a response",
    sent: get("/endless"),
    then: ({ fake }) => fake.reset(),
    logged: "200 client_gone",
  },
];

describe("The reason in the log of requests", () => {
  for (const { what, sent, limits = {}, then, logged } of CASES) {
    it(`The log gives ${what}`, async () => {
      const exchange = await serve(limits);
      exchange.fake.send(sent);
      await settle();
      await then?.(exchange);
      assertEquals(await logOf(exchange), [logged]);
    });
  }

  it("The log gives write_timeout for a client that does not take a streamed response", async () => {
    const exchange = await serve({ writeTimeout: 100 });
    exchange.fake.isBlocked = true;
    exchange.fake.send(get("/endless"));
    await settle();
    await exchange.pass(200);
    assertEquals(await logOf(exchange), ["200 write_timeout"]);
    assertMatch(exchange.reasons[0], /write_timeout of GET \/endless: .*writeTimeout/);
  });

  it("Connection reports write_timeout for a client that does not take a whole response", async () => {
    const exchange = await serve({ writeTimeout: 100 });
    exchange.fake.isBlocked = true;
    exchange.fake.send(get("/text"));
    await settle();
    await exchange.pass(200);
    assertMatch(exchange.reasons[0], /write_timeout of a request: .*writeTimeout/);
  });

  it("Connection reports one line for a reason, whether requests are logged or not", async () => {
    const router = new Router<Handler>(percentDecode);
    router.add("/hang", true, HANDLERS["/hang"], () => "a test");
    const limits = { handlerTimeout: 100 };
    const exchange = await serveConnection({ router, limits, tickMs: TICK_MS, isLogged: false });
    exchange.fake.send(get("/hang"));
    await exchange.pass(200);
    assertEquals(exchange.reasons.length, 1);
    assertMatch(exchange.reasons[0], /handler_timeout of GET \/hang: .*handlerTimeout/);
  });

  const pieces: [what: string, first: string, rest: string][] = [
    ["the head", get("/text").slice(0, -2), ""],
    ["the body", post("/text", "abc").slice(0, -1), ""],
    [
      "the body after a 100 Continue",
      post("/text", "abc", "Expect: 100-continue").slice(0, -3),
      "a",
    ],
    ["the head after another request", get("/text") + get("/text").slice(0, -2), ""],
  ];
  for (const [what, first, rest] of pieces) {
    it(`The log has the time since the first byte for a timeout of ${what}`, async () => {
      const exchange = await serve({ headTimeout: 100, bodyTimeout: 100 });
      const { now } = performance;
      exchange.fake.send(first);
      await settle();
      try {
        performance.now = () => now.call(performance) + 7_000;
        exchange.fake.send(rest);
        await exchange.pass(200);
        await exchange.context.accessLog?.flush();
        assertMatch(exchange.logged.at(-1) ?? "", / 408 \d+ "-" "-" 7\d{3}\.\d \S+ 1 \w+$/);
      } finally {
        performance.now = now;
      }
    });
  }

  it("The log has no time of an earlier request for one that is refused at once", async () => {
    const exchange = await serve({});
    const { now } = performance;
    exchange.fake.send(get("/text").slice(0, -2));
    await settle();
    try {
      performance.now = () => now.call(performance) + 7_000;
      exchange.fake.send("\r\nno head\r\n\r\n");
      await settle();
      await exchange.context.accessLog?.flush();
      assertMatch(exchange.logged[1], / 400 \d+ "-" "-" \d\.\d \S+ 1 bad_request$/);
    } finally {
      performance.now = now;
    }
  });
});
