// One program that calls `Deno.serve`, with `OTEL_DENO=true`: what a collector receives of it under the command line, beside
// what it receives if the program runs alone. Each difference stands in the data.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import { Collector } from "../support/telemetry/collector.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const FILE = new URL("../support/programs/observed.ts", import.meta.url).pathname;
const NODE_FILE = new URL("../support/programs/node_http.ts", import.meta.url).pathname;
const PARENT = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** The program in one of the two ways, and the collector to which it reports. */
class Observed implements AsyncDisposable {
  readonly collector = new Collector();
  readonly #program: Program;
  readonly #isAlone: boolean;
  port = 0;

  constructor(isAlone: boolean, file = FILE) {
    this.#isAlone = isAlone;
    const env = { ...this.collector.variables, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" };
    const run = ["run", "-A", "--config", CONFIG];
    this.#program = Program.deno(isAlone ? [...run, file] : [...run, CLI, file], { env });
  }

  async listening(): Promise<void> {
    const { port } = this.#isAlone
      ? (await this.#program.stderr.find(/http:\/\/127\.0\.0\.1:(?<port>\d+)/)).groups!
      : await this.#program.listening();
    this.port = Number(port);
  }

  async ask(path: string, ...fields: string[]): Promise<void> {
    using client = await RawClient.connect(this.port);
    await client.ask(get(path, ...fields, "User-Agent: probe/1", "Connection: close"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.collector[Symbol.asyncDispose]();
  }
}

const COMMON = {
  "http.request.method": "GET",
  "url.path": "/a",
  "url.query": "b=c",
  "url.scheme": "http",
};

/** What differs, and is right by the conventions here: a status is a number, and a server reports no whole URL. */
const OURS = {
  ...COMMON,
  "client.address": "127.0.0.1",
  "http.response.status_code": 200,
  "network.peer.address": "127.0.0.1",
  "network.protocol.version": "1.1",
  "server.address": "test",
  "server.port": 80,
  "user_agent.original": "probe/1",
};
const RUNTIME = {
  ...COMMON,
  "http.response.status_code": "200",
  "url.full": "http://test/a?b=c",
};

describe("a program that calls Deno.serve, with OTEL_DENO=true", {
  ignore: !CAN_START_PROGRAMS,
}, () => {
  const ways = [
    { name: "under the command line", isAlone: false, scope: "mudpie", attributes: OURS },
    { name: "alone", isAlone: true, scope: "deno", attributes: RUNTIME },
  ];
  for (const { name, isAlone, scope, attributes } of ways) {
    describe(name, () => {
      let observed: Observed;
      let collector: Collector;

      beforeAll(async () => {
        observed = new Observed(isAlone);
        collector = observed.collector;
        await observed.listening();
      });
      afterAll(() => observed[Symbol.asyncDispose]());

      it("has a span of the server, named by the method, with its attributes", async () => {
        await observed.ask("/a?b=c", PARENT);
        const span = await collector.spanOf("/a");
        assertEquals([span.scope, span.name, span.kind], [scope, "GET", "server"]);
        assertEquals([span.traceId, span.parentSpanId, span.status], [
          "0af7651916cd43dd8448eb211c80319c",
          "b7ad6b7169203331",
          "unset",
        ]);
        const { "network.peer.port": _port, ...found } = span.attributes;
        assertEquals(found, attributes);
      });

      it("has the ids of the span at the lines of its handler", async () => {
        await observed.ask("/logs");
        const { traceId, spanId } = await collector.log("handler of /logs");
        const span = await collector.spanOf("/logs");
        assertEquals([traceId, spanId], [span.traceId, span.spanId]);
      });

      it("reports a handler that throws as an error, here with its class and its stack", async () => {
        await observed.ask("/throw");
        const span = await collector.spanOf("/throw");
        assertEquals(span.status, "error");
        assertEquals(span.attributes["error.type"], isAlone ? "500" : "RangeError");
        assertEquals(span.events.map((event) => event.name), isAlone ? [] : ["exception"]);
      });

      it("measures requests in seconds, with the bounds of the conventions", async () => {
        await observed.ask("/measured");
        const point = await collector.point(
          ({ metric, attributes }) =>
            metric === "http.server.request.duration" &&
            String(attributes["http.response.status_code"]) === "200",
          "of durations",
        );
        assertEquals([point.scope, point.unit, point.type], [scope, "s", "histogram"]);
        assertEquals([point.bounds.length, point.bounds[0], point.bounds[13]], [14, 0.005, 10]);
      });
    });
  }

  it("has a span without a route if it listens with node:http", async () => {
    await using observed = new Observed(false, NODE_FILE);
    await observed.listening();
    await observed.ask("/node");
    const span = await observed.collector.spanOf("/node");
    assertEquals([span.name, "http.route" in span.attributes], ["GET", false]);
  });

  it("has a span of a WebSocket's handshake, which ends with the handshake", async () => {
    await using observed = new Observed(false);
    await observed.listening();
    const socket = new WebSocket(`ws://127.0.0.1:${observed.port}/socket`);
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onclose = () => closed.resolve();
    await within(opened.promise, "a WebSocket that is open");
    const span = await observed.collector.spanOf("/socket");
    assertEquals([span.name, span.attributes["http.response.status_code"]], ["GET", 101]);
    assertEquals([span.status, socket.readyState], ["unset", WebSocket.OPEN]);
    socket.send("bye");
    await within(closed.promise, "the end of the WebSocket");
  });
});
