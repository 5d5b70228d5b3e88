// What a collector receives of a server with `OTEL_DENO=true`: the spans of its requests.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Gate } from "../support/servers/gate.ts";
import { get, post, RawClient, request } from "../support/clients/raw_client.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import type { AppOptions } from "../support/servers/app.ts";
import { Collector } from "../support/telemetry/collector.ts";

const APP = new URL("../support/apps/observed.ts", import.meta.url).pathname;
const CLOSE = "Connection: close";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `traceparent: 00-${TRACE_ID}-b7ad6b7169203331-01`;

/** A server that reports to a collector. */
class ObservedServer implements AsyncDisposable {
  readonly collector = new Collector();
  readonly program: Program;
  port = 0;

  private constructor(options: AppOptions, variables: Record<string, string>) {
    const run = { port: 0, workers: 1, ...options.run };
    this.program = Program.deno(["run", "-A", APP, JSON.stringify({ ...options, run })], {
      env: { ...this.collector.variables, ...variables },
    });
  }

  static async start(options: AppOptions = {}, variables: Record<string, string> = {}) {
    const server = new ObservedServer(options, variables);
    server.port = (await server.program.listening()).port;
    return server;
  }

  async ask(data: string) {
    using client = await RawClient.connect(this.port);
    return await client.ask(data);
  }

  async [Symbol.asyncDispose]() {
    await this.program[Symbol.asyncDispose]();
    await this.collector[Symbol.asyncDispose]();
  }
}

describe("a server with OTEL_DENO=true", { ignore: !CAN_START_PROGRAMS }, () => {
  let server: ObservedServer;
  let collector: Collector;

  beforeAll(async () => {
    server = await ObservedServer.start({
      server: { trustProxy: "loopback", headTimeout: 200, maxHeaderCount: 5, onPanic: "keep" },
    });
    collector = server.collector;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("reports a request with the attributes of the conventions", async () => {
    await server.ask(
      request(
        "GET",
        "/users/7?a=b&sig=secret",
        "User-Agent: probe/1",
        "X-Forwarded-For: 192.0.2.7",
        CLOSE,
      )
        .replace("Host: test", "Host: shop.example:8080"),
    );
    const span = await collector.spanOf("/users/7");
    assertEquals([span.scope, span.name, span.kind], ["mudpie", "GET /users/:id", "server"]);
    assertEquals([span.parentSpanId, span.status, span.events], ["", "unset", []]);
    const { "network.peer.port": peerPort, ...attributes } = span.attributes;
    assertEquals(typeof peerPort, "number");
    assertEquals(attributes, {
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.route": "/users/:id",
      "url.scheme": "http",
      "url.path": "/users/7",
      "url.query": "a=b&sig=REDACTED",
      "server.address": "shop.example",
      "server.port": 8080,
      "client.address": "192.0.2.7",
      "network.peer.address": "127.0.0.1",
      "network.protocol.version": "1.1",
      "user_agent.original": "probe/1",
    });
  });

  it("takes the scheme and the host from trusted proxies", async () => {
    const fields = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"];
    await server.ask(get("/users/https", ...fields, "X-Forwarded-Host: shop.example", CLOSE));
    const { attributes } = await collector.spanOf("/users/https");
    assertEquals(
      [attributes["url.scheme"], attributes["server.address"], attributes["server.port"]],
      ["https", "shop.example", 443],
    );
  });

  it("names the span of an unknown method HTTP, and keeps the method", async () => {
    await server.ask(request("BREW", "/pot", CLOSE));
    const span = await collector.spanOf("/pot");
    assertEquals(span.name, "HTTP");
    assertEquals(span.attributes["http.request.method"], "_OTHER");
    assertEquals(span.attributes["http.request.method_original"], "BREW");
    assert(!("http.route" in span.attributes));
  });

  it("names the span by the method alone where no route matches", async () => {
    await server.ask(get("/nowhere", CLOSE));
    const span = await collector.spanOf("/nowhere");
    assertEquals(span.name, "GET");
    assertEquals(span.attributes["http.response.status_code"], 404);
    assertEquals(span.status, "unset");
    assert(!("http.route" in span.attributes));
  });

  it("names the route of a request whose method the route has not", async () => {
    await server.ask(request("DELETE", "/users/405", CLOSE));
    const span = await collector.spanOf("/users/405");
    assertEquals([span.name, span.attributes["http.response.status_code"]], [
      "DELETE /users/:id",
      405,
    ]);
  });

  it("continues the trace of the client, and passes it and the baggage on", async () => {
    const port = new URL(collector.url).port;
    const response = await server.ask(get(`/forward/${port}`, PARENT, "Baggage: user=7", CLOSE));
    const sent = JSON.parse(response.text);
    const span = await collector.spanOf(`/forward/${port}`);
    assertEquals([span.traceId, span.parentSpanId], [TRACE_ID, "b7ad6b7169203331"]);
    const child = await collector.span(
      ({ kind, parentSpanId }) => kind === "client" && parentSpanId === span.spanId,
      "of the fetch()",
    );
    assertEquals(child.traceId, TRACE_ID);
    assertEquals(sent.traceparent, `00-${TRACE_ID}-${child.spanId}-01`);
    assertEquals(sent.baggage, "user=7");
  });

  it("gives the handler's span the trace state of the client", async () => {
    const response = await server.ask(get("/state", PARENT, "Tracestate: vendor=1", CLOSE));
    assertEquals(response.text, "vendor=1");
  });

  it("has the context active in the handler", async () => {
    await server.ask(get("/users/context", CLOSE));
    const { traceId, spanId } = await collector.log("handler of context");
    const span = await collector.spanOf("/users/context");
    assertEquals([traceId, spanId], [span.traceId, span.spanId]);
  });

  it("has the context active in the work after the response", async () => {
    await server.ask(get("/later", CLOSE));
    const { spanId } = await collector.log("work after the response");
    assertEquals(spanId, (await collector.spanOf("/later")).spanId);
  });

  it("gives each request of a connection a span of its own", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(get("/users/first") + get("/users/second", PARENT) + get("/users/third"));
    for (let i = 0; i < 3; i++) await client.readResponse();
    const spans = await Promise.all(
      ["first", "second", "third"].map((name) => collector.spanOf(`/users/${name}`)),
    );
    assertEquals(new Set(spans.map(({ traceId }) => traceId)).size, 3);
    assertEquals(spans.map(({ parentSpanId }) => parentSpanId), ["", "b7ad6b7169203331", ""]);
    const { spanId } = await collector.log("handler of third");
    assertEquals(spanId, spans[2].spanId);
  });

  it("ends the span of a stream when its last byte is written, and runs the source in its context", async () => {
    using gate = new Gate();
    const path = `/stream/${gate.port}`;
    using client = await RawClient.connect(server.port);
    await client.send(get(path, CLOSE));
    await client.readUntil("first");
    const { spanId } = await collector.log("source of the stream");
    // A request that ends later is reported, and the stream is not.
    await server.ask(get("/users/meanwhile", CLOSE));
    await collector.spanOf("/users/meanwhile");
    assert(!collector.spans.some((span) => span.spanId === spanId));
    await (await gate.reached()).open("last");
    await client.readToEnd();
    const span = await collector.spanOf(path);
    assertEquals([span.spanId, span.attributes["http.response.status_code"]], [spanId, 200]);
  });

  it("reports a panic as an exception with its stack, and logs it in its context", async () => {
    await server.ask(get("/throw", CLOSE));
    const span = await collector.spanOf("/throw");
    assertEquals([span.status, span.attributes["error.type"]], ["error", "RangeError"]);
    assertEquals(span.attributes["http.response.status_code"], 500);
    assertEquals(span.events.map(({ name }) => name), ["exception"]);
    const { attributes } = span.events[0];
    assertEquals(attributes["exception.type"], "RangeError");
    assertEquals(attributes["exception.message"], "a handler that throws");
    assertMatch(String(attributes["exception.stacktrace"]), /observed\.ts:\d+/);
    const { traceId, spanId } = await collector.log("panic in GET /throw");
    assertEquals([traceId, spanId], [span.traceId, span.spanId]);
  });

  it("reports the panic of a stream that has begun", async () => {
    using gate = new Gate();
    const path = `/stream/${gate.port}`;
    using client = await RawClient.connect(server.port);
    await client.send(get(path, CLOSE));
    await client.readUntil("first");
    await (await gate.reached()).open("throw");
    await client.readToEnd();
    const span = await collector.spanOf(path);
    assertEquals([span.status, span.attributes["error.type"]], ["error", "RangeError"]);
    assertEquals(span.events[0].attributes["exception.message"], "the stream has failed");
    assert(!("mudpie.client_gone" in span.attributes));
    const { spanId } = await collector.log(`panic in GET ${path}`);
    assertEquals(spanId, span.spanId);
  });

  it("reports an error status of a handler as an error, and 404 as none", async () => {
    await server.ask(get("/unavailable", CLOSE));
    const failed = await collector.spanOf("/unavailable");
    assertEquals([failed.status, failed.attributes["error.type"], failed.events], [
      "error",
      "503",
      [],
    ]);
    await server.ask(get("/missing", CLOSE));
    const missing = await collector.spanOf("/missing");
    assertEquals([missing.status, missing.name], ["unset", "GET /missing"]);
    assert(!("error.type" in missing.attributes));
  });

  it("tells a client that leaves a stream from an error", async () => {
    using gate = new Gate();
    const path = `/stream/${gate.port}`;
    const client = await RawClient.connect(server.port);
    await client.send(get(path));
    await client.readUntil("first");
    client[Symbol.dispose]();
    const span = await collector.spanOf(path);
    assertEquals([span.status, span.attributes["mudpie.client_gone"]], ["unset", true]);
    assert(!("error.type" in span.attributes));
    await (await gate.reached()).open("last");
  });

  it("tells a client that leaves before the response from an error", async () => {
    using gate = new Gate();
    const path = `/leave/${gate.port}`;
    const client = await RawClient.connect(server.port);
    await client.send(get(path));
    const visitor = await gate.reached();
    client[Symbol.dispose]();
    await visitor.open();
    const span = await collector.spanOf(path);
    assertEquals([span.status, span.attributes["mudpie.client_gone"]], ["unset", true]);
    assert(!("error.type" in span.attributes));
  });

  it("ends the span of a large response when its client has taken the last byte", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(get("/large", CLOSE));
    await client.readUntil("\r\n\r\n");
    // A request that ends later is reported, and the large response is not.
    await server.ask(get("/users/beside", CLOSE));
    await collector.spanOf("/users/beside");
    assert(!collector.spans.some(({ attributes }) => attributes["url.path"] === "/large"));
    await client.discardToEnd();
    const span = await collector.spanOf("/large");
    assertEquals([span.status, "mudpie.client_gone" in span.attributes], ["unset", false]);
  });

  const refusals = [
    { what: "a malformed head", send: "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", status: 400 },
    { what: "a slow head", send: "GET / HTTP/1.1\r\nHost: a\r\n", status: 408 },
    {
      what: "too many fields",
      send: get("/", ...["a", "b", "c", "d", "e", "f"].map((name) => `X-${name}: 1`)),
      status: 431,
    },
    {
      what: "a body that is too large",
      send: `POST /users/413 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n${PARENT}\r\n\r\n`,
      status: 413,
    },
  ];
  for (const { what, send, status } of refusals) {
    it(`reports the refusal of ${what} without a route`, async () => {
      await server.ask(send);
      const span = await collector.span(
        ({ attributes }) => attributes["http.response.status_code"] === status,
        `of status ${status}`,
      );
      const hasHead = status === 413;
      assertEquals(span.name, hasHead ? "POST" : "HTTP");
      assertEquals(span.traceId === TRACE_ID, hasHead);
      assertEquals(span.status, "unset");
      assert(!("http.route" in span.attributes));
    });
  }

  it("reports a body that is read while it comes by the bytes that have come", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(request("POST", "/upload", "Transfer-Encoding: chunked", CLOSE));
    await client.send("5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\n");
    assertEquals((await client.readResponse()).status, 204);
    const { sum } = await collector.point(
      ({ metric, attributes }) =>
        metric === "http.server.request.body.size" && attributes["http.route"] === "/upload",
      "of an upload",
    );
    assertEquals(sum, 7);
  });

  it("reports the body of a POST by its size", async () => {
    await server.ask(post("/users/8", "abc", CLOSE));
    const span = await collector.spanOf("/users/8");
    assertEquals([span.name, span.attributes["http.response.status_code"]], [
      "POST /users/:id",
      201,
    ]);
    for (const [name, size] of [["request", 3], ["response", 1]] as const) {
      const point = await collector.point(
        ({ metric, attributes }) =>
          metric === `http.server.${name}.body.size` &&
          attributes["http.request.method"] === "POST" &&
          attributes["http.route"] === "/users/:id",
        `of the ${name} body`,
      );
      assertEquals([point.unit, point.sum / point.count], ["By", size]);
      assertEquals(point.attributes, {
        "http.request.method": "POST",
        "http.response.status_code": 201,
        "http.route": "/users/:id",
        "network.protocol.version": "1.1",
        "url.scheme": "http",
      });
    }
  });
});

describe(
  "a server with OTEL_DENO=true and a handlerTimeout",
  { ignore: !CAN_START_PROGRAMS },
  () => {
    it("reports the 503 of a handler that takes too long", async () => {
      await using server = await ObservedServer.start({ server: { handlerTimeout: 100 } });
      using gate = new Gate();
      const response = await server.ask(get(`/gate/${gate.port}`));
      assertEquals(response.status, 503);
      const span = await server.collector.spanOf(`/gate/${gate.port}`);
      assertEquals(span.name, "GET /gate/:port");
      assertEquals([span.status, span.attributes["error.type"]], ["error", "503"]);
      await (await gate.reached()).open("late");
    });
  },
);

describe("a server with OTEL_DENO=true that stops", { ignore: !CAN_START_PROGRAMS }, () => {
  it("reports the 503 of a request that is not answered in time", async () => {
    await using server = await ObservedServer.start({ run: { drainTimeout: 100 } });
    using gate = new Gate();
    const asked = server.ask(get(`/gate/${gate.port}`));
    await gate.reached();
    server.program.signal("SIGTERM");
    assertEquals((await asked).status, 503);
    const span = await server.collector.spanOf(`/gate/${gate.port}`);
    assertEquals([span.name, span.status, span.attributes["error.type"]], [
      "GET /gate/:port",
      "error",
      "503",
    ]);
  });
});

describe("a server with OTEL_DENO=true and an access log of JSON", {
  ignore: !CAN_START_PROGRAMS,
}, () => {
  it("logs the ids of the span of each request and of each refusal", async () => {
    await using server = await ObservedServer.start(
      { server: { accessLog: "json" } },
      { MUDPIE_LOGGING: "1" },
    );
    await server.ask(get("/users/1", PARENT, CLOSE));
    await server.ask("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n");
    for (const status of [200, 400]) {
      const span = await server.collector.span(
        ({ attributes }) => attributes["http.response.status_code"] === status,
        `of status ${status}`,
      );
      const [line] = await server.program.stdout.find(new RegExp(`.*"status":${status}.*`));
      const { trace_id, span_id } = JSON.parse(line);
      assertEquals([trace_id, span_id], [span.traceId, span.spanId]);
    }
  });
});

for (const isolation of ["web", "thread"] as const) {
  describe(`a server with OTEL_DENO=true and isolation ${isolation}`, {
    ignore: !CAN_START_PROGRAMS,
  }, () => {
    it("counts right across the death of a worker with a request under way", async () => {
      await using server = await ObservedServer.start({ run: { isolation } });
      const { collector } = server;
      using gate = new Gate();
      const active = (count: number) =>
        collector.point(
          ({ metric, value, attributes }) =>
            metric === "http.server.active_requests" && value === count &&
            attributes["http.route"] === "/gate/:port",
          `of ${count} requests under way`,
        );
      const replaced = (count: number) =>
        collector.point(
          ({ metric, value, attributes }) =>
            metric === "mudpie.worker.replacements" && value === count &&
            attributes["mudpie.replacement.cause"] === "crash",
          `of ${count} replacements`,
        );
      await replaced(0);
      await server.ask(get("/users/1", CLOSE));
      using waiting = await RawClient.connect(server.port);
      await waiting.send(get(`/gate/${gate.port}`));
      await gate.reached();
      assertEquals((await active(1)).attributes, {
        "http.request.method": "GET",
        "http.route": "/gate/:port",
        "url.scheme": "http",
      });
      using last = await RawClient.connect(server.port);
      await last.send(get("/exit"));
      await replaced(1);
      await active(0);
      const accepting = await collector.point(
        ({ metric, value, attributes }) =>
          metric === "mudpie.worker.count" && value === 1 &&
          attributes["mudpie.worker.state"] === "accepting",
        "of a worker that accepts",
      );
      assertEquals([accepting.type, accepting.unit], ["sum", "{worker}"]);
      await server.program.stderr.find(/worker 2: accepting/);
      await server.ask(get("/users/2", CLOSE));
      const durations = await collector.point(
        ({ metric, attributes, count }) =>
          metric === "http.server.request.duration" && count === 2 &&
          attributes["http.route"] === "/users/:id",
        "of two requests by two workers",
      );
      assertEquals(durations.type, "histogram");
      for (
        const [metric, type, unit] of [
          ["mudpie.worker.desired", "sum", "{worker}"],
          ["mudpie.worker.memory.used", "sum", "By"],
          ["mudpie.worker.eventloop.delay", "gauge", "s"],
          ["mudpie.worker.heartbeat.age", "gauge", "s"],
        ]
      ) {
        const point = await collector.point((one) => one.metric === metric, metric);
        assertEquals([point.scope, point.type, point.unit], ["mudpie", type, unit]);
      }
    });
  });
}

describe("a server with other variables of OpenTelemetry", { ignore: !CAN_START_PROGRAMS }, () => {
  it("reports no span if OTEL_TRACES_SAMPLER is always_off, but metrics", async () => {
    await using server = await ObservedServer.start({}, { OTEL_TRACES_SAMPLER: "always_off" });
    await server.ask(get("/users/1", CLOSE));
    await server.collector.point(
      ({ metric }) => metric === "http.server.request.duration",
      "of durations",
    );
    assertEquals(server.collector.spans, []);
  });

  it("continues no trace if OTEL_PROPAGATORS is none", async () => {
    await using server = await ObservedServer.start({}, { OTEL_PROPAGATORS: "none" });
    await server.ask(get("/users/1", PARENT, CLOSE));
    const span = await server.collector.spanOf("/users/1");
    assert(span.traceId !== TRACE_ID && span.parentSpanId === "");
  });
});
