// The trace of an exchange: which way of its end settles it, and as what.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ExchangeOwner, ReceivedRequest } from "../../src/connection/exchange.ts";
import { SERVER_STOPPING } from "../../src/connection/interruption.ts";
import { ObservedExchange, observePanic } from "../../src/connection/observed_exchange.ts";
import type { Completion } from "../../src/connection/response_writer.ts";
import { notSent } from "../../src/handler/client_gone.ts";
import { createPeer } from "../../src/handler/client_origin.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { noteRoute } from "../../src/handler/request.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { Router } from "../../src/routing/router.ts";
import { get } from "../support/clients/raw_client.ts";
import { serveConnection } from "../support/connections/served_connection.ts";
import { fakePlatform } from "../support/telemetry/fake_platform.ts";

/** An exchange that has begun, outside of a connection. */
async function begin() {
  const router = new Router<Handler>(percentDecode);
  const { context, fake, served } = await serveConnection({ router, limits: {}, tickMs: 10 });
  fake.end();
  await served;
  const parser = new RequestParser(context.settings, context.pool);
  const bytes = new TextEncoder().encode(get("/a"));
  parser.space.set(bytes);
  parser.received(bytes.length);
  const completions: Completion[] = [];
  const owner: ExchangeOwner = {
    context,
    peer: createPeer(fake.remoteAddr, "http", context.settings),
    parser,
    onSignalWanted: () => {},
    companion: undefined,
    hangUp: () => {},
    sendInformational: () => {},
    receivedBodyBytes: 0,
    settleWhenSent: (completion) => void completions.push(completion),
  };
  const { telemetry, spans, measured } = fakePlatform();
  const observation = { telemetry, routes: [] };
  const exchange = new ObservedExchange(owner, observation);
  exchange.receive(parser.next() as ReceivedRequest);
  exchange.begin();
  return { exchange, completions, observation, span: spans[0], measured };
}

describe("ObservedExchange", () => {
  it("begins its span, and leaves the end to the writer", async () => {
    const { exchange, completions, span } = await begin();
    assertEquals([span.name, span.ends], ["GET", 0]);
    exchange.noteHandled();
    exchange.end(200, 3, undefined);
    assertEquals([span.ends, completions.length], [0, 1]);
    completions[0].resolve();
    assertEquals([span.ends, span.attributes["http.response.status_code"]], [1, 200n]);
  });

  it("names its span and its metrics by the route that a framework has matched", async () => {
    const { exchange, completions, span, measured } = await begin();
    noteRoute(exchange.request, "/users/:id");
    exchange.noteHandled();
    exchange.end(200, 3, undefined);
    completions[0].resolve();
    assertEquals([span.name, span.attributes["http.route"]], ["GET /users/:id", "/users/:id"]);
    assertEquals(measured.map(([, , attributes]) => attributes["http.route"]), [
      "/users/:id",
      "/users/:id",
      "/users/:id",
    ]);
  });

  it("notes a client that is gone if the response cannot be written", async () => {
    const { exchange, completions, span } = await begin();
    exchange.noteHandled();
    exchange.end(200, 3, undefined);
    completions[0].reject(notSent());
    assertEquals([span.ends, span.status, span.attributes["mudpie.client_gone"]], [1, 0, true]);
  });

  it("ends its span once if a final response was sent before the handler has returned", async () => {
    const { exchange, completions, span } = await begin();
    exchange.report(503, 9, undefined);
    completions[0].resolve();
    exchange.noteHandled();
    exchange.drop();
    assertEquals([span.ends, span.status, span.attributes["error.type"]], [1, 2, "503"]);
  });

  const ends: [what: string, end: (exchange: ObservedExchange) => void][] = [
    ["drop()", (exchange) => exchange.drop()],
    ["cutOff()", (exchange) => exchange.cutOff(200, 2)],
  ];
  for (const [what, end] of ends) {
    it(`${what} ends the span as that of a client that is gone`, async () => {
      const { exchange, span } = await begin();
      exchange.noteHandled();
      end(exchange);
      assertEquals([span.ends, span.status, span.attributes["mudpie.client_gone"]], [1, 0, true]);
    });

    const reasons: [why: string, stop: (exchange: ObservedExchange) => void, type: string][] = [
      [
        "the server stops",
        (exchange) => exchange.abort(new DOMException(SERVER_STOPPING, "AbortError")),
        "server_stopping",
      ],
      [
        "the program closes the connection",
        (exchange) => exchange.noteHangUp(),
        "closed_by_program",
      ],
    ];
    for (const [why, stop, type] of reasons) {
      it(`${what} ends the span as an error if ${why}`, async () => {
        const { exchange, span } = await begin();
        stop(exchange);
        exchange.noteHandled();
        end(exchange);
        assertEquals([span.ends, span.status, span.attributes["error.type"]], [1, 2, type]);
        assert(!("mudpie.client_gone" in span.attributes));
      });
    }
  }
});

describe("observePanic()", () => {
  it("notes the panic in the span, and returns the answer", async () => {
    const { exchange, observation, span } = await begin();
    const answer = observePanic(observation, new Error("x"), exchange.request, () => "answer");
    assertEquals([answer, span.events.length], ["answer", 1]);
  });

  it("notes nothing if the exchange of the request is over", async () => {
    const { exchange, observation, span } = await begin();
    const { request } = exchange;
    exchange.noteHandled();
    exchange.drop();
    assertEquals(observePanic(observation, new Error("x"), request, () => "answer"), "answer");
    assertEquals(span.events, []);
  });
});
