// What a connection counts of its requests, by route: each exactly once, whichever way it is answered.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { createMetricsMemory } from "../../src/telemetry/metrics_memory.ts";
import { RequestMetrics } from "../../src/telemetry/request_metrics.ts";
import { type RequestRow, RequestTotals } from "../../src/telemetry/request_totals.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { MethodTargets } from "../../src/routing/route_target.ts";
import { METHODS } from "../../src/routing/route_target.ts";
import { routeNames, Router } from "../../src/routing/router.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 10;

interface Counting extends ServedConnection {
  /** What was counted: a line for each row, with its statuses. */
  counted(): string[];
  rows(): readonly RequestRow[];
  /** Lets go on what waits. */
  go(value: "part" | "end" | "failure"): Promise<void>;
}

async function serve(limits: WebServerOptions = {}): Promise<Counting> {
  let waiting = Promise.withResolvers<"part" | "end">();
  const go = async (value: "part" | "end" | "failure") => {
    const { resolve, reject } = waiting;
    waiting = Promise.withResolvers();
    if (value === "failure") reject(new Error("no more"));
    else resolve(value);
    await settle();
  };
  async function* parts() {
    while (await waiting.promise === "part") yield "part";
  }
  const router = new Router<Handler>(percentDecode);
  const add = (path: string, target: Handler) => router.add(path, false, target, () => "a test");
  add("/hello", () => WebResponse.text("hello"));
  add("/users/:id", () => WebResponse.empty());
  add("/none", () => {
    throw new HttpError(404, "none");
  });
  add("/panic", () => {
    throw new Error("a panic");
  });
  add("/wait", async () => {
    await waiting.promise;
    return WebResponse.text("waited");
  });
  add("/stream", () => new WebResponse(parts()));
  add("/broken", () => {
    const source = { next: () => Promise.reject(new Error("nothing at all")) };
    return new WebResponse({ [Symbol.asyncIterator]: () => source });
  });
  const targets = new Map([["GET", () => WebResponse.text("table")]]);
  router.add("/table", true, new MethodTargets<Handler>(targets), () => "a test");
  const memory = createMetricsMemory();
  const requestMetrics = new RequestMetrics(memory, routeNames(router.routes), METHODS);
  const served = await serveConnection({ router, limits, tickMs: TICK_MS, requestMetrics });
  const rows = () => {
    const totals = new RequestTotals();
    totals.add(memory);
    return totals.rows();
  };
  const counted = () =>
    rows().flatMap(({ method, route, statuses }) =>
      statuses.flatMap((count, i) => count === 0 ? [] : [`${method} ${route} ${i + 1}xx ${count}`])
    );
  return { ...served, rows, counted, go };
}

/** Sends that, and lets it be answered. */
async function countedAfter(text: string, limits?: WebServerOptions): Promise<string[]> {
  const counting = await serve(limits);
  counting.fake.send(text);
  await settle();
  return counting.counted();
}

describe("Connection, whose requests are counted by route,", () => {
  const cases: { what: string; sent: string; counted: string[] }[] = [
    { what: "a request", sent: get("/hello"), counted: ["GET /hello 2xx 1"] },
    {
      what: "requests of one route, whatever their paths",
      sent: get("/users/1") + get("/users/2/posts?a=b"),
      counted: ["GET /users/:id 2xx 2"],
    },
    {
      what: "HEAD as a method of its own",
      sent: request("HEAD", "/hello"),
      counted: ["HEAD /hello 2xx 1"],
    },
    {
      what: "all methods that it does not know as one",
      sent: request("BREW", "/hello") + request("WHEN", "/hello"),
      counted: ["other /hello 2xx 2"],
    },
    { what: "an HttpError", sent: get("/none"), counted: ["GET /none 4xx 1"] },
    { what: "a panic", sent: get("/panic"), counted: ["GET /panic 5xx 1"] },
    {
      what: "no path of those that lead nowhere",
      sent: get("/a") + get("/b"),
      counted: ["GET unmatched 4xx 2"],
    },
    {
      what: "a method that a route does not have as that route's",
      sent: post("/table", "") + request("OPTIONS", "/table"),
      counted: ["OPTIONS /table 2xx 1", "POST /table 4xx 1"],
    },
    {
      what: "OPTIONS of the server as a whole",
      sent: request("OPTIONS", "*"),
      counted: ["OPTIONS unmatched 2xx 1"],
    },
    {
      what: "what is malformed",
      sent: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      counted: ["other refused 4xx 1"],
    },
    {
      what: "an expectation that is not met",
      sent: request("PUT", "/hello", "Expect: tea"),
      counted: ["PUT refused 4xx 1"],
    },
  ];
  for (const { what, sent, counted } of cases) {
    it(`counts ${what}`, async () => assertEquals(await countedAfter(sent), counted));
  }

  it("counts a head that is too slow", async () => {
    const { fake, pass, counted } = await serve({ headTimeout: 50 });
    fake.send("GET /hello HT");
    await pass(100);
    assertEquals(counted(), ["other refused 4xx 1"]);
  });

  it("counts an answer when it is there, with the time that it has taken", async () => {
    const { fake, counted, rows, go } = await serve();
    fake.send(get("/wait"));
    await settle();
    assertEquals(counted(), []);
    await go("end");
    assertEquals(counted(), ["GET /wait 2xx 1"]);
    assertGreater(rows()[0].microseconds, 0);
  });

  it("counts a handler that was too slow once, where its route is", async () => {
    const { fake, counted, rows, pass, go } = await serve({ handlerTimeout: 50 });
    fake.send(get("/wait"));
    await settle();
    await pass(100);
    assertEquals(counted(), ["GET /wait 5xx 1"]);
    await go("end");
    assertEquals(counted(), ["GET /wait 5xx 1"]);
    assertEquals(rows()[0].buckets.reduce((sum, count) => sum + count, 0), 1);
  });

  it("counts a handler that the end of a drain cuts off, where its route is", async () => {
    const { fake, counted, connection } = await serve();
    fake.send(get("/wait"));
    await settle();
    connection.abandon();
    await settle();
    assertEquals(counted(), ["GET /wait 5xx 1"]);
  });

  it("counts a refusal behind a handler that took its time as no request of that handler", async () => {
    const { fake, counted, go } = await serve();
    fake.send(get("/wait") + "nonsense\r\n\r\n");
    await settle();
    await go("end");
    assertEquals(counted(), ["GET /wait 2xx 1", "other refused 4xx 1"]);
  });

  it("counts a stream when it ends", async () => {
    const { fake, counted, go } = await serve();
    fake.send(get("/stream"));
    await settle();
    await go("part");
    assertEquals(counted(), []);
    await go("end");
    assertEquals(counted(), ["GET /stream 2xx 1"]);
  });

  it("counts a stream whose client has gone", async () => {
    const { fake, counted, go } = await serve();
    fake.send(get("/stream"));
    await settle();
    fake.reset();
    await go("part");
    await settle();
    assertEquals(counted(), ["GET /stream 2xx 1"]);
  });

  it("counts a stream that fails with what its client has got", async () => {
    assertEquals(await countedAfter(get("/broken")), ["GET /broken 5xx 1"]);
    const late = await serve();
    late.fake.send(get("/stream"));
    await settle();
    await late.go("part");
    await late.go("failure");
    assertEquals(late.counted(), ["GET /stream 2xx 1"]);
  });

  it("counts a HEAD of a stream", async () => {
    assertEquals(await countedAfter(request("HEAD", "/stream")), ["HEAD /stream 2xx 1"]);
  });
});
