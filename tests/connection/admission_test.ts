// Which requests a worker sheds, and what their clients get, over a connection without a socket.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { Admission, type AdmissionSettings } from "../../src/connection/admission.ts";
import { counterIndex, Scoreboard } from "../../src/ipc/scoreboard.ts";
import type { ShedReason } from "../../src/ipc/shed_reason.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { createMetricsMemory } from "../../src/telemetry/metrics_memory.ts";
import { RequestMetrics } from "../../src/telemetry/request_metrics.ts";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { Router } from "../../src/routing/router.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { serveConnection } from "../support/connections/served_connection.ts";

const IN_FLIGHT = counterIndex("requestsInFlight");

const SHED = "HTTP/1.1 503 Service Unavailable";
const SHED_TEXT =
  "503 Service Unavailable: The server has more requests than it can serve in time\n";

/** Makes an admission over a scoreboard of its own. */
function admit(limits: Partial<AdmissionSettings>, lagMs = () => 0) {
  const scoreboard = new Scoreboard();
  const reasons: ShedReason[] = [];
  const settings = { maxRequestsInFlight: 0, maxEventLoopLag: 0, healthPaths: [], ...limits };
  const onShed = (reason: ShedReason) => reasons.push(reason);
  const admission = Admission.of({ settings, scoreboard, lagMs, onShed });
  const sheds = (path = "/") => admission?.sheds({ path });
  return { admission, scoreboard, reasons, sheds };
}

describe("Admission", () => {
  it("of() returns undefined if no option limits the work", () => {
    assertEquals(admit({ healthPaths: ["/healthz"] }).admission, undefined);
  });

  it("sheds() returns true from maxRequestsInFlight on, and counts why", () => {
    const { scoreboard, reasons, sheds } = admit({ maxRequestsInFlight: 2 });
    const shed = [0, 1, 2, 3, 1].map((inFlight) => {
      scoreboard.set(IN_FLIGHT, inFlight);
      return sheds();
    });
    assertEquals(shed, [false, false, true, true, false]);
    assertEquals(reasons, ["max_requests_in_flight", "max_requests_in_flight"]);
    assertEquals(scoreboard.readShed(), { max_requests_in_flight: 2, max_event_loop_lag: 0 });
  });

  it("sheds() returns true while the lag is more than maxEventLoopLag, and counts why", () => {
    let lagMs = 0;
    const { scoreboard, reasons, sheds } = admit({ maxEventLoopLag: 50 }, () => lagMs);
    const shed = [0, 50, 50.1, 1_000, 0].map((lag) => {
      lagMs = lag;
      return sheds();
    });
    assertEquals(shed, [false, false, true, true, false]);
    assertEquals(reasons, ["max_event_loop_lag", "max_event_loop_lag"]);
    assertEquals(scoreboard.readShed(), { max_requests_in_flight: 0, max_event_loop_lag: 2 });
  });

  it("sheds() returns false for health paths alone, and counts none of them", () => {
    const healthPaths = ["/healthz"];
    const { scoreboard, sheds } = admit({ maxEventLoopLag: 1, healthPaths }, () => 100);
    assertEquals(["/healthz", "/healthz/a", "/"].map(sheds), [false, true, true]);
    assertEquals(scoreboard.readShed().max_event_loop_lag, 2);
  });

  it("sheds() does not count requests that were given up, until their handlers end", () => {
    const { admission, scoreboard, sheds } = admit({ maxRequestsInFlight: 1 });
    scoreboard.set(IN_FLIGHT, 1);
    assertEquals(sheds(), true);
    admission?.noteGivenUp();
    assertEquals(sheds(), false);
    scoreboard.set(IN_FLIGHT, 0);
    admission?.noteHandlerEnded();
    scoreboard.set(IN_FLIGHT, 1);
    assertEquals(sheds(), true);
  });
});

/** What a handler waits for. */
let open: PromiseWithResolvers<void>;
/** The paths of all requests whose handler was called. */
let called: string[];

async function serve(options: WebServerOptions, isLogged = false) {
  open = Promise.withResolvers();
  called = [];
  const router = new Router<Handler>(percentDecode);
  const add = (path: string, handler: Handler) =>
    router.add(path, true, (req) => {
      called.push(req.path);
      return handler(req);
    }, () => "a test");
  add("/text", () => WebResponse.text("hello"));
  add("/healthz", () => WebResponse.text("ok"));
  add("/echo", (req) => WebResponse.text(req.text()));
  add("/wait", async () => {
    await open.promise;
    return WebResponse.text("waited");
  });
  const fetches = fetchHandler(async (req) => new Response(await req.text()));
  router.add("/fetch", true, fetches, () => "a test");
  const memory = createMetricsMemory();
  const lag = { ms: 0 };
  const served = await serveConnection({
    router,
    limits: options,
    tickMs: 10,
    isLogged,
    requestMetrics: new RequestMetrics(memory, [], ["GET"]),
    lagMs: () => lag.ms,
  });
  const rows = () => {
    const totals = new RequestTotals();
    totals.add(memory);
    return totals.rows();
  };
  return { ...served, lag, rows };
}

/** The same while other requests have used up the limit. */
async function serveBusy(options: WebServerOptions = {}, isLogged = false) {
  const served = await serve({ maxRequestsInFlight: 5, ...options }, isLogged);
  served.context.scoreboard.add(IN_FLIGHT, 5);
  return served;
}

describe("Connection", () => {
  it("answers 503 with Retry-After in place of a handler, and stays open", async () => {
    const { fake, context } = await serveBusy();
    fake.send(get("/text"));
    await settle();
    assertStringIncludes(fake.output, SHED);
    assertStringIncludes(fake.output, "\r\nRetry-After: 1\r\n");
    assertStringIncludes(fake.output, SHED_TEXT);
    assertEquals([called, fake.isClosed], [[], false]);
    context.scoreboard.add(IN_FLIGHT, -1);
    fake.send(get("/text"));
    await settle();
    assertMatch(fake.output, /HTTP\/1\.1 200 OK\r\n[^]*hello$/);
    assertEquals(called, ["/text"]);
  });

  it("counts a shed request neither as in flight nor as a request", async () => {
    const { fake, context } = await serveBusy();
    fake.send(get("/text"));
    await settle();
    const { requests, requestsInFlight } = context.scoreboard.read();
    assertEquals([requests, requestsInFlight], [0, 5]);
  });

  it("answers each of several pipelined requests by itself", async () => {
    const { fake } = await serveBusy({ maxRequestsInFlight: 6 });
    fake.send(get("/text") + get("/wait") + get("/text"));
    await settle();
    open.resolve();
    await settle();
    // One at a time, so each has room.
    assertEquals(called, ["/text", "/wait", "/text"]);
  });

  it("serves health paths whatever else is shed", async () => {
    const { fake } = await serveBusy();
    fake.send(get("/healthz") + get("/readyz") + get("/text"));
    await settle();
    const statuses = fake.output.match(/HTTP\/1\.1 \d+/g);
    assertEquals(statuses, ["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 503"]);
  });

  it("serves only the paths in healthPaths if these are given", async () => {
    const { fake } = await serveBusy({ healthPaths: ["/text"] });
    fake.send(get("/healthz") + get("/text"));
    await settle();
    assertEquals(fake.output.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 503", "HTTP/1.1 200"]);
  });

  it("skips the body of a shed request that has come whole", async () => {
    const { fake } = await serveBusy();
    const chunked = request("POST", "/echo", "Transfer-Encoding: chunked") +
      "3\r\nabc\r\n0\r\n\r\n";
    fake.send(post("/echo", "a".repeat(5_000)) + chunked + get("/healthz"));
    await settle();
    assertEquals(
      fake.output.match(/HTTP\/1\.1 \d+/g),
      ["HTTP/1.1 503", "HTTP/1.1 503", "HTTP/1.1 200"],
    );
    assertEquals(fake.isClosed, false);
  });

  it("skips the small rest of a body whose handler would read it while it comes", async () => {
    const { fake } = await serveBusy();
    fake.send(request("POST", "/fetch", "Content-Length: 6") + "abc");
    await settle();
    assertStringIncludes(fake.output, SHED);
    fake.send("def" + get("/healthz"));
    await settle();
    assertMatch(fake.output, /HTTP\/1\.1 200 OK\r\n[^]*ok$/);
  });

  for (
    const [what, ...fields] of [
      ["is long", "Content-Length: 10000000"],
      ["waits for 100 Continue", "Content-Length: 3", "Expect: 100-continue"],
    ]
  ) {
    it(`closes after a shed request whose body ${what}`, async () => {
      const { fake } = await serveBusy();
      fake.send(request("POST", "/fetch", ...fields));
      await settle();
      assertMatch(fake.output, /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/);
      assertEquals(fake.output.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 503"]);
      assertEquals(fake.hasEndedOutput, true);
    });
  }

  it("closes at once after a shed request that asks for the end", async () => {
    const { fake, served } = await serveBusy();
    fake.send(get("/text", "Connection: close"));
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/);
    assertEquals(fake.isClosed, true);
    await served;
  });

  it("sends a shed HEAD request no body", async () => {
    const { fake } = await serveBusy();
    fake.send(request("HEAD", "/text"));
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 503 [^]*\r\nContent-Length: 80\r\n\r\n$/);
  });

  it("enters a shed request into the access log and the request metrics", async () => {
    const { fake, context, logged, rows } = await serveBusy({}, true);
    fake.send(get("/text?a=b"));
    await settle();
    await context.accessLog?.flush();
    assertEquals(logged.length, 1);
    assertMatch(logged[0], /"GET \/text\?a=b HTTP\/1\.1" 503 80 .* overloaded$/);
    assertMatch(fake.output, /\r\nX-Request-Id: /);
    assertEquals(rows().map(({ route, statuses }) => [route, ...statuses]), [
      ["refused", 0, 0, 0, 0, 1],
    ]);
  });

  it("sheds a request by the lag at the moment in which its handler would be called", async () => {
    const { fake, lag } = await serve({ maxEventLoopLag: 50 });
    lag.ms = 51;
    fake.send(get("/text"));
    await settle();
    assertStringIncludes(fake.output, SHED);
    lag.ms = 0;
    fake.send(get("/text"));
    await settle();
    assertEquals(called, ["/text"]);
  });

  it("does not count a handler that handlerTimeout has given up", async () => {
    const { fake, connection, context, pass, served } = await serveBusy({
      maxRequestsInFlight: 6,
      handlerTimeout: 50,
    });
    fake.send(get("/wait"));
    await settle();
    assertEquals(context.admission?.sheds({ path: "/" }), true);
    await pass(100);
    assertStringIncludes(fake.output, "503 Service Unavailable: The request took longer");
    assertEquals(context.admission?.sheds({ path: "/" }), false);
    assertEquals(context.scoreboard.read().requestsInFlight, 6);
    open.resolve();
    fake.end();
    await settle();
    connection.hangUp();
    await served;
    assertEquals(context.scoreboard.read().requestsInFlight, 5);
    context.scoreboard.add(IN_FLIGHT, 1);
    assertEquals(context.admission?.sheds({ path: "/" }), true);
  });

  it("logs how long a request has waited at a trusted front end, also one that is shed", async () => {
    const { fake, context, logged } = await serve(
      { maxRequestsInFlight: 1, trustProxy: ["192.0.2.0/24"] },
      true,
    );
    const sentAt = () => `X-Request-Start: t=${Date.now() - 60_000}`;
    fake.send(get("/text", sentAt()) + get("/text"));
    await settle();
    context.scoreboard.add(IN_FLIGHT, 1);
    fake.send(get("/text", sentAt()) + request("GET", "/text", sentAt(), "Expect: a"));
    await settle();
    await context.accessLog?.flush();
    assertEquals(
      logged.map((line) => /" (\d+) .* 1(?: queue=60\d{3}\.\d)?(?: \w+)?$/.exec(line)?.[1]),
      ["200", "200", "503", "417"],
    );
    assertEquals(logged.map((line) => line.includes("queue=")), [true, false, true, true]);
  });
});
