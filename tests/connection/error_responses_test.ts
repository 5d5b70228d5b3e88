// The server's own error responses over a connection without a socket: framing stays the server's,
// and `onErrorResponse` may take its time.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AsyncLocalStorage } from "node:async_hooks";
import type { Handler } from "../../src/handler/handler.ts";
import type { ErrorResponder } from "../../src/handler/problem.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import { settle } from "../support/connections/fake_conn.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 50;

interface Serving extends ServedConnection {
  /** Resolves what the handler of /hang waits for. */
  readonly open: PromiseWithResolvers<WebResponse>;
}

async function serve(limits: WebServerOptions): Promise<Serving> {
  const open = Promise.withResolvers<WebResponse>();
  const router = new Router<Handler>(percentDecode);
  router.add("/text", true, () => WebResponse.text("hello"), () => "a test");
  router.add("/hang", true, () => open.promise, () => "a test");
  router.add("/broken", true, () => {
    return new WebResponse(new ReadableStream({ pull: () => Promise.reject(new Error("a")) }));
  }, () => "a test");
  const served = await serveConnection({ router, limits, tickMs: TICK_MS, isLogged: true });
  return { ...served, open };
}

const statusesIn = (output: string) =>
  [...output.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const bodyIn = (output: string) => output.slice(output.lastIndexOf("\r\n\r\n") + 4);

/** What a client that is refused sends, and what happens then. */
const REFUSED: {
  what: string;
  sent: string;
  status: number;
  then?: (exchange: Serving) => unknown;
}[] = [
  { what: "a body over maxBodyBytes", sent: post("/text", "x".repeat(11)), status: 413 },
  { what: "an unknown expectation", sent: get("/text", "Expect: wonders"), status: 417 },
  {
    what: "a body that does not come",
    sent: post("/text", "abc").slice(0, -1),
    status: 408,
    then: ({ pass }) => pass(200),
  },
  { what: "handlerTimeout", sent: get("/hang"), status: 503, then: ({ pass }) => pass(200) },
];

const LIMITS = { maxBodyBytes: 10, bodyTimeout: 100, handlerTimeout: 100, headTimeout: 100 };

describe("Error responses of a connection", () => {
  for (const { what, sent, status, then } of REFUSED) {
    it(`Connection sends a problem for ${what}`, async () => {
      const exchange = await serve({ ...LIMITS, errorFormat: "problem" });
      exchange.fake.send(sent);
      await settle();
      await then?.(exchange);
      const { output } = exchange.fake;
      assertEquals(statusesIn(output), [status]);
      assertMatch(output, /\r\ncontent-type: application\/problem\+json\r\n/i);
      assertEquals(JSON.parse(bodyIn(output)).status, status);
      assertMatch(output, new RegExp(`content-length: ${bodyIn(output).length}\r\n`, "i"));
    });

    for (const isLate of [false, true]) {
      it(`onErrorResponse answers ${isLate ? "later " : ""}for ${what}, and the connection ends as without it`, async () => {
        const answered = Promise.withResolvers<void>();
        const targets: string[] = [];
        const onErrorResponse: ErrorResponder = (status, req, { detail }) => {
          targets.push(`${status} ${req.target} ${req.body.length}`);
          const response = WebResponse.json({ detail }, { status, headers: { connection: "x" } });
          return isLate ? answered.promise.then(() => response) : response;
        };
        const exchange = await serve({ ...LIMITS, onErrorResponse, handlerTimeout: 60_000 });
        if (what === "handlerTimeout") Object.assign(exchange.context.settings, LIMITS);
        const { fake } = exchange;
        fake.send(get("/text") + sent);
        await settle();
        await then?.(exchange);
        if (isLate) assertEquals(statusesIn(fake.output).filter((one) => one !== 200), []);
        answered.resolve();
        await settle();
        assertEquals(statusesIn(fake.output), [200, status]);
        assertEquals(typeof JSON.parse(bodyIn(fake.output)).detail, "string");
        assert(!fake.output.includes("connection: x"));
        assertEquals(targets, [`${status} ${sent.split(" ")[1]} 0`]);
        const staysOpen = status === 417 && !isLate;
        assertEquals(/\r\nconnection: close\r\n/i.test(fake.output), !staysOpen);
        assertEquals(fake.hasEndedOutput, !staysOpen);
        exchange.open.resolve(WebResponse.text("too late"));
        await settle();
        await exchange.context.accessLog?.flush();
        assertEquals(exchange.logged.length, 2);
        assertMatch(exchange.logged[1], new RegExp(`" ${status} .* 1 \\w+$`));
        assertEquals(statusesIn(fake.output), [200, status]);
        assertEquals([exchange.faults, exchange.failures], [[], []]);
      });
    }
  }

  it("Connection sends no body of a problem to HEAD", async () => {
    const { fake } = await serve({ errorFormat: "problem" });
    fake.send(request("HEAD", "/nowhere") + get("/text"));
    await settle();
    assertEquals(statusesIn(fake.output), [404, 200]);
    assertMatch(fake.output, /content-length: [1-9]\d*\r\n\r\nHTTP/i);
  });

  it("Connection sends a problem for a malformed head, and does not call onErrorResponse", async () => {
    let calls = 0;
    const { fake } = await serve({ errorFormat: "problem", onErrorResponse: () => void calls++ });
    fake.send("no head\r\n\r\n");
    await settle();
    assertEquals([statusesIn(fake.output), calls], [[400], 0]);
    assertEquals(JSON.parse(bodyIn(fake.output)).title, "Bad Request");
  });

  it("onErrorResponse answers in place of a body that fails at once", async () => {
    const exchange = await serve({
      onErrorResponse: (status) => Promise.resolve(WebResponse.text("replaced", { status })),
    });
    exchange.fake.send(get("/broken"));
    await settle();
    assertEquals(statusesIn(exchange.fake.output), [500]);
    assertEquals(bodyIn(exchange.fake.output), "replaced");
  });

  it("onErrorResponse is cut short by the end of a drain, and its client gets the server's response", async () => {
    for (const { sent, then, status } of REFUSED) {
      const onErrorResponse: ErrorResponder = () => new Promise<never>(() => {});
      const exchange = await serve({ ...LIMITS, onErrorResponse, handlerTimeout: 60_000 });
      if (sent.includes("/hang")) Object.assign(exchange.context.settings, LIMITS);
      exchange.fake.send(sent);
      await settle();
      await then?.(exchange);
      assertEquals(exchange.fake.output, "");
      exchange.connection.abandon();
      await settle();
      assertEquals(statusesIn(exchange.fake.output), [status]);
      exchange.connection.abandon();
      assert(exchange.fake.isClosed);
      exchange.open.resolve(WebResponse.text("too late"));
      await settle();
      await exchange.served;
      assertEquals(exchange.faults, []);
    }
  });

  it("onErrorResponse that answers after the handler has returned leaves one line in the log", async () => {
    const answered = Promise.withResolvers<void>();
    const onErrorResponse: ErrorResponder = async (status) => {
      await answered.promise;
      return WebResponse.text("late", { status });
    };
    const exchange = await serve({ onErrorResponse, handlerTimeout: 30_000 });
    exchange.fake.send(get("/hang"));
    await exchange.pass(31_000);
    exchange.open.resolve(WebResponse.text("later than its limit"));
    await settle();
    assert(exchange.context.scoreboard.read().requestsInFlight === 1);
    answered.resolve();
    await settle();
    await exchange.context.accessLog?.flush();
    assertEquals([statusesIn(exchange.fake.output), bodyIn(exchange.fake.output)], [[503], "late"]);
    assertEquals(exchange.context.scoreboard.read().requestsInFlight, 0);
    assertEquals(exchange.logged.length, 1);
    assertMatch(exchange.logged[0], / 503 4 .* 1 handler_timeout$/);
  });

  it("onErrorResponse is not called at the end of a drain", async () => {
    let calls = 0;
    const exchange = await serve({ onErrorResponse: () => void calls++ });
    exchange.fake.send(get("/hang"));
    await settle();
    exchange.connection.abandon();
    await settle();
    assertEquals([statusesIn(exchange.fake.output), calls], [[503], 0]);
  });

  it("onErrorResponse that hangs for a 404 is cut short by handlerTimeout, and not asked again", async () => {
    let calls = 0;
    const onErrorResponse: ErrorResponder = () => {
      calls++;
      return new Promise<never>(() => {});
    };
    // The clock of the connection is a number here: its time is over long before that of a timer.
    const exchange = await serve({ onErrorResponse, handlerTimeout: 30_000 });
    exchange.fake.send(get("/nowhere"));
    await exchange.pass(31_000);
    assertEquals([statusesIn(exchange.fake.output), calls], [[503], 1]);
    exchange.connection.abandon();
    await settle();
  });

  it("onErrorResponse that throws costs the client nothing but its answer", async () => {
    const exchange = await serve({
      maxBodyBytes: 10,
      onErrorResponse: () => {
        throw new Error("broken");
      },
    });
    exchange.fake.send(get("/nowhere") + post("/text", "x".repeat(11)));
    await settle();
    assertEquals(statusesIn(exchange.fake.output), [404, 413]);
    assertEquals(exchange.failures.map(String), ["Error: broken", "Error: broken"]);
    assertEquals(exchange.panics, []);
  });

  it("onErrorResponse sees the id of the request that the log has", async () => {
    const ids: string[] = [];
    const note = (_status: number, { id }: WebRequest) => void ids.push(id);
    const exchange = await serve({ maxBodyBytes: 10, onErrorResponse: note });
    exchange.fake.send(get("/nowhere", "X-Request-Id: mine") + post("/text", "x".repeat(11)));
    await settle();
    await exchange.context.accessLog?.flush();
    assertEquals(ids[0], "mine");
    assertEquals(exchange.logged.map((line) => / (\S+) 1(?: \w+)?$/.exec(line)?.[1]), ids);
    assertStringIncludes(exchange.fake.output, `X-Request-Id: ${ids[1]}`);
  });

  it("onErrorResponse keeps its async context to itself", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const exchange = await serve({
      maxBodyBytes: 10,
      onErrorResponse: (_status, req) => {
        seen.push(storage.getStore());
        storage.enterWith(req.target);
        return undefined;
      },
    });
    // The loop itself refuses the expectation, and goes on to the requests after it.
    const refused = get("/text", "Expect: wonders");
    exchange.fake.send(get("/nowhere") + refused + refused + get("/elsewhere"));
    await settle();
    assertEquals(seen, [undefined, undefined, undefined, undefined]);
    assertEquals(storage.getStore(), undefined);
  });
});
