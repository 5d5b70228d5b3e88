// The trace of a request: when it ends, and as what. The platform's tracer and meter are made up.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fakePlatform } from "../support/telemetry/fake_platform.ts";

/** A request without a head is the shortest one. */
const REQUEST = {
  head: undefined,
  scheme: "http",
  host: undefined,
  client: undefined,
  peer: undefined,
  route: undefined,
};

describe("RequestTrace", () => {
  it("ends its span and records its metrics when it settles, not earlier", () => {
    const { telemetry, spans, measured } = fakePlatform();
    const trace = telemetry.begin(REQUEST);
    trace.noteResponse(200, 3, 5);
    assertEquals([spans[0].ends, measured.length], [0, 0]);
    trace.resolve();
    assertEquals(spans[0].ends, 1);
    const attributes = {
      "http.request.method": "_OTHER",
      "http.response.status_code": 200n,
      "network.protocol.version": "1.1",
      "url.scheme": "http",
    };
    const [duration, ...sizes] = measured;
    assertEquals([duration[0], duration[2]], ["http.server.request.duration", attributes]);
    assert(duration[1] >= 0);
    assertEquals(sizes, [
      ["http.server.request.body.size", 3, attributes],
      ["http.server.response.body.size", 5, attributes],
    ]);
  });

  it("is an error of its status from 500 on, and of nothing below", () => {
    const { telemetry, spans, measured } = fakePlatform();
    for (const status of [499, 500]) {
      const trace = telemetry.begin(REQUEST);
      trace.noteResponse(status, 0, 0);
      trace.resolve();
    }
    assertEquals(spans.map(({ status }) => status), [0, 2]);
    const types = [...spans, ...measured.map(([, , attributes]) => ({ attributes }))]
      .map(({ attributes }) => attributes["error.type"] ?? "none");
    assertEquals(types.slice(0, 2), ["none", "500"]);
    assertEquals(types.slice(2), ["none", "none", "none", "500", "500", "500"]);
  });

  it("has the class of a panic as its error, and the panic as an event with its stack", () => {
    const { telemetry, spans } = fakePlatform();
    const trace = telemetry.begin(REQUEST);
    trace.notePanic(new RangeError("too far"));
    trace.noteResponse(500, 0, 0);
    trace.resolve();
    assertEquals([spans[0].status, spans[0].attributes["error.type"]], [2, "RangeError"]);
    const [event] = spans[0].events;
    assertEquals([event["exception.type"], event["exception.message"]], ["RangeError", "too far"]);
    assertMatch(String(event["exception.stacktrace"]), /request_telemetry_test\.ts/);
  });

  it("survives a panic with a value that throws when it is looked at", () => {
    const { telemetry, spans } = fakePlatform();
    const hostile = new Proxy({}, {
      getPrototypeOf: () => {
        throw new Error("hostile");
      },
      get: () => {
        throw new Error("hostile");
      },
    });
    telemetry.begin(REQUEST).notePanic(hostile);
    assertEquals(spans[0].events[0]["exception.message"], "");
  });

  it("is no error if the client has gone", () => {
    const { telemetry, spans, measured } = fakePlatform();
    telemetry.begin(REQUEST).reject();
    assertEquals([spans[0].status, spans[0].ends], [0, 1]);
    assertEquals(spans[0].attributes["mudpie.client_gone"], true);
    assert(!("error.type" in measured[0][2]));
  });

  it("is no error of its status if the client has gone before the response", () => {
    const { telemetry, spans } = fakePlatform();
    const trace = telemetry.begin(REQUEST);
    trace.noteClientGone();
    trace.noteResponse(503, 0, 0);
    trace.resolve();
    assertEquals([spans[0].status, spans[0].attributes["mudpie.client_gone"]], [0, true]);
  });

  it("is an error if the server has cut the response off", () => {
    const { telemetry, spans } = fakePlatform();
    const trace = telemetry.begin(REQUEST);
    trace.noteCutOff("server_stopping");
    trace.reject();
    assertEquals([spans[0].status, spans[0].attributes["error.type"]], [2, "server_stopping"]);
    assert(!("mudpie.client_gone" in spans[0].attributes));
  });
});

describe("RequestTelemetry", () => {
  it("runs a call in the context of a trace, and leaves the caller's as it was", () => {
    const { telemetry, active } = fakePlatform();
    const outside = active();
    const trace = telemetry.begin(REQUEST);
    assertEquals(telemetry.run(trace, active, undefined), trace.context);
    assertEquals(active(), outside);
    assertEquals(telemetry.run(undefined, active, undefined), outside);
  });

  it("records metrics without spans, and spans without metrics", () => {
    const untraced = fakePlatform("tracing");
    untraced.telemetry.begin(REQUEST).resolve();
    assertEquals([untraced.spans.length, untraced.measured.length], [0, 3]);
    const unmeasured = fakePlatform("metrics");
    unmeasured.telemetry.begin(REQUEST).resolve();
    assertEquals([unmeasured.spans.length, unmeasured.measured.length], [1, 0]);
  });
});
