// A worker with too much to do sheds requests: over real sockets, in every kind of program.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WebServerOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { get, RawClient, type RawResponse } from "../support/clients/raw_client.ts";
import { Gate } from "../support/servers/gate.ts";
import { metrics } from "../support/servers/operator.ts";
import { Program } from "../support/servers/program.ts";
import {
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

/** Longer than a busy machine keeps an idle worker waiting. */
const LAG_MS = 500;

function assertShed(response: RawResponse): void {
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertMatch(response.text, /more requests than it can serve in time/);
}

describeEachWay((way) => {
  const start = (name: string, server: WebServerOptions) =>
    startApp(name, { app: { server }, run: { ...way, admin: { port: 0 } } });
  const shed = (app: StartedApp) => app.running.stats().total.shed;

  it("its maxRequestsInFlight sheds the request beyond it, on a connection that stays open", async () => {
    await using app = await start("well_behaved.ts", { maxRequestsInFlight: 1 });
    using gate = new Gate();
    using held = await app.connect();
    await held.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    using client = await app.connect();
    assertShed(await client.ask(get("/hello")));
    assertEquals((await client.ask(get("/healthz"))).status, 404);
    assertEquals(shed(app), { max_requests_in_flight: 1, max_event_loop_lag: 0 });
    await visitor.open();
    assertEquals((await held.readResponse()).status, 200);
    assertEquals((await client.ask(get("/hello"))).status, 200);
    const port = app.running.adminAddr?.port ?? 0;
    const name = 'mudpie_requests_shed_total{reason="max_requests_in_flight"}';
    assertEquals((await metrics(port)).get(name), 1);
    // Those of workers that are gone count on.
    await app.running.reload();
    assertEquals(shed(app).max_requests_in_flight, 1);
  });

  it("its maxEventLoopLag sheds requests that have waited for a handler that computes", async () => {
    await using app = await start("blocks.ts", { maxEventLoopLag: LAG_MS });
    using client = await app.connect();
    using probe = await app.connect();
    assertEquals((await client.ask(get("/worker"))).status, 200);
    assertEquals((await probe.ask(get("/worker"))).status, 200);
    using busy = await app.connect();
    await busy.send(get(`/block/${3 * LAG_MS}`));
    await eventually(() => app.running.stats().total.requestsInFlight === 1, "a busy worker");
    await client.send(get("/worker"));
    await probe.send(get("/healthz"));
    assertShed(await client.readResponse());
    assertEquals((await probe.readResponse()).status, 404);
    assertEquals((await busy.readResponse()).status, 200);
    assertEquals(shed(app), { max_requests_in_flight: 0, max_event_loop_lag: 1 });
    await eventually(
      () => app.running.stats().workers[0].eventLoopLagMs > LAG_MS,
      "a lag in stats() as it was measured",
    );
    let status = 503;
    for (const end = performance.now() + 10_000; status === 503 && performance.now() < end;) {
      ({ status } = await client.ask(get("/worker")));
    }
    assertEquals(status, 200);
  });
}, TWO_WAYS);

/** A program under the command line. */
function startProgram(environment: Record<string, string>, ...words: string[]): Program {
  const path = (name: string) => new URL(name, import.meta.url).pathname;
  return Program.deno([
    ...["run", "-A", "--config", path("../../deno.json"), path("../../src/cli.ts")],
    ...[path("../support/programs/gates.ts"), "--workers=1", "--port=0", ...words],
  ], { env: environment });
}

describe("a program on the command line", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const way of ["default export", "Deno.serve", "node:http"]) {
    it(`a program sheds requests beyond --max-requests-in-flight, listening by ${way}`, async () => {
      await using program = startProgram(
        { WAY: way, MUDPIE_LOGGING: "1" },
        "--max-requests-in-flight=2",
      );
      const { port } = await program.listening();
      using gate = new Gate();
      using first = await RawClient.connect(port);
      await first.send(get(`/gate/${gate.port}`));
      const visitor = await gate.reached();
      using second = await RawClient.connect(port);
      await second.send(get(`/gate/${gate.port}`));
      const other = await gate.reached();
      using client = await RawClient.connect(port);
      assertShed(await client.ask(get("/")));
      await program.stderr.find(
        /worker \d+: sheds requests with 503: maxRequestsInFlight \(2\) are in flight/,
      );
      await program.stdout.find(/"GET \/ HTTP\/1.1" 503 80 .* overloaded$/);
      await visitor.open();
      await other.open();
      assertEquals((await first.readResponse()).text, "open");
      assertEquals((await second.readResponse()).text, "open");
      assertEquals((await client.ask(get("/"))).text, "no gate");
    });
  }
});
