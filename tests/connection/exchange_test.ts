// How an exchange begins and ends: what it enters somewhere it leaves, whichever way it ends.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Exchange,
  type ExchangeOwner,
  type ReceivedRequest,
  reportRefusal,
  writeRefusedId,
} from "../../src/connection/exchange.ts";
import type { Completion } from "../../src/connection/response_writer.ts";
import { notSent } from "../../src/handler/client_gone.ts";
import { createPeer } from "../../src/handler/client_origin.ts";
import { completionOf } from "../../src/handler/request.ts";
import { Router } from "../../src/routing/router.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { post } from "../support/clients/raw_client.ts";
import { serveConnection } from "../support/connections/served_connection.ts";

const HEAD = post("/a", "abc", "X-Request-Id: seven");

/** An exchange outside of a connection, with all that it is entered in. */
async function begin(isLogged = true) {
  const router = new Router<Handler>(percentDecode);
  const { context, fake, served, logged } = await serveConnection({
    router,
    limits: {},
    tickMs: 10,
    isLogged,
  });
  fake.end();
  await served;
  const parser = new RequestParser(context.settings, context.pool);
  const bytes = new TextEncoder().encode(HEAD);
  parser.space.set(bytes);
  parser.received(bytes.length);
  let signalsWanted = 0;
  const completions: Completion[] = [];
  const owner: ExchangeOwner = {
    context,
    peer: createPeer(fake.remoteAddr, "http", context.settings),
    parser,
    onSignalWanted: () => void signalsWanted++,
    companion: undefined,
    hangUp: () => {},
    sendInformational: () => {},
    receivedBodyBytes: 0,
    settleWhenSent: (completion) => void completions.push(completion),
  };
  const exchange = new Exchange(owner);
  exchange.receive(parser.next() as ReceivedRequest);
  exchange.begin();
  const { request } = exchange;
  const entries = async () => {
    await context.accessLog?.flush();
    const { requests, requestsInFlight } = context.scoreboard.read();
    return {
      requests,
      requestsInFlight,
      handled: context.inFlightRequests.read(0).map(({ path }) => path),
      logged: logged.length,
    };
  };
  return { exchange, request, owner, entries, wanted: () => signalsWanted, completions, logged };
}

/** The rejection of a promise; undefined if it resolves. */
function failureOf(promise: Promise<void>): Promise<unknown> {
  return promise.then(() => undefined, (error) => error);
}

const BEGUN = { requests: 0, requestsInFlight: 1, handled: ["/a"], logged: 0 };
const OVER = { requests: 1, requestsInFlight: 0, handled: [], logged: 1 };

describe("Exchange", () => {
  it("enters the request in the scoreboard and the in-flight requests when it begins", async () => {
    const { entries } = await begin();
    assertEquals(await entries(), BEGUN);
  });

  it("leaves the in-flight requests when its handler has returned", async () => {
    const { exchange, entries } = await begin();
    exchange.noteHandled();
    assertEquals(await entries(), { ...BEGUN, handled: [] });
  });

  const ends: [
    what: string,
    end: (exchange: Exchange) => void,
    logged: string | undefined,
    reason?: string,
  ][] = [
    ["end()", (exchange) => exchange.end(200, 3, exchange.writeId()), "200 3"],
    ["cutOff()", (exchange) => exchange.cutOff(200, 2), "200 2", " client_gone"],
    ["drop()", (exchange) => exchange.drop(), undefined],
  ];
  for (const [what, end, line, reason = ""] of ends) {
    it(`${what} leaves all that the exchange is entered in`, async () => {
      const { exchange, entries, logged } = await begin();
      exchange.noteHandled();
      end(exchange);
      assertEquals(await entries(), { ...OVER, logged: line === undefined ? 0 : 1 });
      if (line !== undefined) assertMatch(logged[0], new RegExp(` ${line} .* seven 1${reason}$`));
    });

    it(`${what} leaves no request behind`, async () => {
      const { exchange } = await begin();
      assert(exchange.isUnderWay);
      exchange.noteHandled();
      end(exchange);
      assert(!exchange.isUnderWay);
      assertThrows(() => exchange.request, TypeError, "no request in hand");
      assertThrows(() => exchange.head, TypeError, "no request in hand");
    });

    it(`${what} releases the body of the request`, async () => {
      const { exchange, request } = await begin();
      exchange.noteHandled();
      end(exchange);
      let error: unknown;
      try {
        request.text();
      } catch (thrown) {
        error = thrown;
      }
      assert(error instanceof TypeError);
    });

    it(`${what} ends the signal`, async () => {
      const { exchange, wanted } = await begin();
      const { signal } = exchange.request;
      assertEquals(wanted(), 1);
      assert(exchange.isSignalWanted);
      exchange.noteHandled();
      end(exchange);
      exchange.abort(new DOMException("late", "AbortError"));
      assert(!signal.aborted && !exchange.isSignalWanted);
    });
  }

  it("end() leaves the completion to the writer", async () => {
    const { exchange, completions } = await begin();
    const completion = completionOf(exchange.request);
    exchange.noteHandled();
    exchange.end(200, 3, undefined);
    assertEquals(completions.length, 1);
    completions[0].resolve();
    assertEquals(await failureOf(completion), undefined);
  });

  for (const [what, end] of ends.slice(1)) {
    it(`${what} rejects the completion`, async () => {
      const { exchange, completions } = await begin();
      const failure = failureOf(completionOf(exchange.request));
      exchange.noteHandled();
      end(exchange);
      assertEquals(await failure, notSent());
      assertEquals(completions, []);
    });
  }

  it("report() enters a final response once, if drop() follows", async () => {
    const { exchange, entries, logged } = await begin();
    exchange.report(503, 9, exchange.writeId());
    assertEquals(await entries(), { ...BEGUN, logged: 1 });
    exchange.noteHandled();
    exchange.drop();
    assertEquals(await entries(), OVER);
    assertMatch(logged[0], / 503 9 /);
  });

  it("abort() aborts the signal with its reason", async () => {
    const { exchange } = await begin();
    const { signal } = exchange.request;
    const reason = new DOMException("late", "TimeoutError");
    exchange.abort(reason);
    assertEquals(signal.reason, reason);
  });

  it("writeId() returns no id if requests are not logged, until the handler asks for it", async () => {
    const { exchange } = await begin(false);
    assertEquals(exchange.writeId(), undefined);
    assertEquals(exchange.request.id, "seven");
    const id = exchange.writeId();
    assertEquals(new TextDecoder().decode(id?.bytes.subarray(0, id.length)), "seven");
  });
});

describe("Exchange.noteReason()", () => {
  it("noteReason() has the log give the reason for an error response", async () => {
    const { exchange, entries, logged } = await begin();
    exchange.noteReason("body_timeout");
    exchange.noteReason("panic");
    exchange.end(500, 3, exchange.writeId());
    await entries();
    assertMatch(logged[0], / 500 3 .* seven 1 panic$/);
  });

  it("noteReason() changes nothing for a handler that answers all the same", async () => {
    const { exchange, entries, logged } = await begin();
    exchange.noteReason("body_timeout");
    exchange.end(200, 3, exchange.writeId());
    await entries();
    assertMatch(logged[0], / 200 3 .* seven 1$/);
  });
});

describe("reportRefusal()", () => {
  it("logs a request without a head under an id of its own", async () => {
    const { owner, logged } = await begin();
    const id = writeRefusedId(owner.context, undefined);
    const reason = "bad_request";
    reportRefusal(owner, { head: undefined, status: 400, bodyBytes: 3, id, reason, startedAt: 0 });
    await owner.context.accessLog?.flush();
    assertMatch(logged[0], /^192\.0\.2\.1 .* 400 3 .* 0\.0 \S+ 1 bad_request$/);
  });

  it("reportRefusal() logs the time since the first bytes came", async () => {
    const { owner, logged } = await begin();
    const id = writeRefusedId(owner.context, undefined);
    const startedAt = performance.now() - 3_000;
    const reason = "head_timeout";
    reportRefusal(owner, { head: undefined, status: 408, bodyBytes: 3, id, reason, startedAt });
    await owner.context.accessLog?.flush();
    assertMatch(logged[0], / 408 3 "-" "-" \d{4,}\.\d \S+ 1 head_timeout$/);
  });
});
