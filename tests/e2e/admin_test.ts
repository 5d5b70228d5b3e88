// The operator's port of a whole server: what it says through the server's life, when workers die or are stuck, and when
// somebody presses on it.

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type RunOptions, WebServer, type WorkerStats } from "../../mod.ts";
import { AbruptClient, connectMany } from "../support/clients/attackers.ts";
import { eventually, within } from "../support/deadline.ts";
import { freePort } from "../support/servers/free_port.ts";
import { Gate } from "../support/servers/gate.ts";
import { signalLater } from "../support/servers/later_signal.ts";
import {
  ask,
  becomes,
  becomesClosed,
  EventReader,
  metrics,
  told,
} from "../support/servers/operator.ts";
import { Program } from "../support/servers/program.ts";
import { checkMetrics, PROMTOOL_HINDRANCE } from "../support/tools/promtool.ts";
import { get, post, RawClient } from "../support/clients/raw_client.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import {
  CAN_START_APPS,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
  type Way,
} from "../support/servers/started_app.ts";

const WAY: Way = TWO_WAYS[0];
const STOPPING: [number, string] = [503, "the server is stopping"];
const READY: [number, string] = [200, "ready"];

interface OperatedApp extends StartedApp {
  readonly admin: number;
}

async function startOperated(run: RunOptions = {}, name = "operated.ts"): Promise<OperatedApp> {
  const app = await startApp(name, { run: { admin: { port: 0 }, ...run } });
  const admin = app.running.adminAddr?.port;
  if (admin === undefined) throw new Error("The server has no operator's port");
  return Object.assign(app, { admin });
}

/** Where a program says that its operator's port is. */
async function adminPortOf(program: Program): Promise<number> {
  const [, port] = await program.stderr.find(/operator's port http:\/\/127\.0\.0\.1:(\d+)$/);
  return Number(port);
}

/** What may have grown, but never have shrunk. */
function counters(samples: ReadonlyMap<string, number>): [string, number][] {
  return [...samples].filter(([name]) => /_total|_bucket|_sum|_count/.test(name));
}

describe("the operator's port", { ignore: !CAN_START_APPS }, () => {
  it("answers on while clients reset their connections, as many as they like", async () => {
    await using app = await startOperated();
    // A pause after each of them, be it ever so short, would be too long in the sum.
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 100 }, async () => {
        await (await AbruptClient.connect(app.admin)).reset();
      }));
    }
    assertEquals((await ask(app.admin, "/healthz")).status, 200);
  });

  it("is not there unless it is asked for", async () => {
    await using app = await startApp("operated.ts");
    assertEquals(app.running.adminAddr, undefined);
    const event = await app.events.find("listening");
    assertEquals("adminUrl" in event, false);
  });

  it("is told by the server, by its event and by its line", async () => {
    await using app = await startOperated();
    assertEquals(app.running.adminAddr, {
      transport: "tcp",
      hostname: "127.0.0.1",
      port: app.admin,
    });
    const url = `http://127.0.0.1:${app.admin}`;
    assertEquals((await app.events.find("listening")).adminUrl, url);
    assertStringIncludes(app.lines.join("\n"), `, operator's port ${url}`);
  });

  it("answers while the workers start, and says that they do", async () => {
    using gate = new Gate();
    const admin = freePort();
    const starting = startApp("waits_at_load.ts", {
      app: { gatePort: gate.port },
      run: { admin: { port: admin } },
    });
    const visitor = await gate.reached();
    assertEquals(await told(admin, "/healthz"), [200, "ok"]);
    assertEquals(await told(admin, "/readyz"), [503, "the workers are starting"]);
    assertEquals((await metrics(admin)).get('mudpie_workers{status="starting"}'), 1);
    await visitor.open();
    await using app = await starting;
    assertEquals(app.running.adminAddr?.port, admin);
    assertEquals(await told(admin, "/readyz"), READY);
  });

  it("answers to the very end of a drain, and nobody waits for those who watch", async () => {
    await using app = await startOperated({ drainTimeout: 60_000 });
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    using watcher = await EventReader.open(app.admin);
    using silent = await RawClient.connect(app.admin);
    const finished = app.running.shutdown();
    assertEquals(await told(app.admin, "/readyz"), STOPPING);
    await app.events.find("draining");
    assertEquals(await told(app.admin, "/readyz"), STOPPING);
    assertEquals(await told(app.admin, "/healthz"), [200, "ok"]);
    await visitor.open("the last answer");
    assertEquals((await client.readResponse()).text, "the last answer");
    client[Symbol.dispose]();
    await within(finished, "a server that shuts down");
    await watcher.ended();
    await silent.assertEnded();
    await becomesClosed(app.admin);
  });

  it("says that nobody accepts while the only worker is gone", async () => {
    await using app = await startOperated();
    using client = await app.connect();
    await client.send(get("/exit"));
    await app.events.find("ended");
    assertEquals(await told(app.admin, "/readyz"), [503, "no worker accepts"]);
    await becomes(app.admin, "/readyz", READY);
  });

  it("counts requests by route, and a worker's death takes nothing of it", async () => {
    await using app = await startOperated({ workers: 2 });
    for (let i = 0; i < 20; i++) await app.get("/hello");
    for (const id of ["1", "2"]) await app.get(`/users/${id}`);
    await app.get("/nowhere");
    {
      using client = await app.connect();
      await client.ask(post("/users/1", "body", "Connection: close"));
    }
    {
      using client = await app.connect();
      await client.ask("GET /hello HTTP/1.1\r\n\r\n");
    }
    const expected = {
      'mudpie_requests_total{method="GET",route="/hello",status="2xx"}': 20,
      'mudpie_requests_total{method="GET",route="/users/:id",status="2xx"}': 2,
      'mudpie_requests_total{method="POST",route="/users/:id",status="4xx"}': 1,
      'mudpie_requests_total{method="GET",route="unmatched",status="4xx"}': 1,
      'mudpie_requests_total{method="other",route="refused",status="4xx"}': 1,
      'mudpie_request_duration_seconds_count{route="/hello"}': 20,
    };
    const before = await metrics(app.admin);
    for (const [name, count] of Object.entries(expected)) {
      assertEquals(before.get(name), count, name);
    }

    assertEquals((await app.get("/throw")).status, 500);
    const { worker } = await app.events.find("ended");
    const from = app.events.all.length;
    using client = await app.connect();
    await client.send(get("/exit"));
    await app.events.find("ended", (event) => event.worker !== worker, from);
    // Now none is left of those that have counted.
    await app.events.find("accepting", undefined, from);
    const after = await metrics(app.admin);
    for (const [name, count] of Object.entries(expected)) {
      assertEquals(after.get(name), count, name);
    }
    for (const [name, count] of counters(before)) {
      assertGreaterOrEqual(after.get(name) ?? -1, count, name);
    }
    assertEquals(after.get('mudpie_requests_total{method="GET",route="/throw",status="5xx"}'), 1);
    assertEquals(after.get("mudpie_panics_total"), 1);
    assertEquals(after.get('mudpie_worker_replacements_total{cause="panic"}'), 1);
    assertEquals(after.get('mudpie_worker_replacements_total{cause="crash"}'), 1);
  });

  it(`tells what promtool is content with${PROMTOOL_HINDRANCE}`, {
    ignore: PROMTOOL_HINDRANCE !== "",
  }, async () => {
    await using app = await startOperated({ workers: 2 });
    for (const path of ["/hello", "/users/1", "/nowhere", "/throw"]) await app.get(path);
    const { text, headers } = await ask(app.admin, "/metrics");
    assertEquals(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assertEquals(await checkMetrics(text), "");
  });

  it("tells stats() as JSON, and whose they are", async () => {
    await using app = await startOperated({ workers: 2 });
    await app.get("/hello");
    const { text, headers } = await ask(app.admin, "/stats");
    assertEquals(headers.get("content-type"), "application/json");
    const { pid, deno, uptimeMs, ready, ...stats } = JSON.parse(text);
    assertEquals([pid, deno, ready], [Deno.pid, Deno.version.deno, true]);
    assertGreater(uptimeMs, 0);
    assertEquals(Object.keys(stats).toSorted(), Object.keys(app.running.stats()).toSorted());
    assertEquals([stats.workers.length, stats.total.requests], [2, 1]);
  });

  it("lets nobody change anything", async () => {
    await using app = await startOperated();
    const before = app.running.stats().workers.map(({ worker }) => worker);
    for (const path of ["/", "/events", "/healthz", "/readyz", "/stats", "/metrics"]) {
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const { status, headers } = await ask(app.admin, path, method);
        assertEquals([status, headers.get("allow")], [405, "GET, HEAD"], `${method} ${path}`);
      }
    }
    using client = await RawClient.connect(app.admin);
    assertEquals((await client.ask(post("/healthz", "a".repeat(10_000)))).status, 405);
    for (const path of ["/reload", "/shutdown", "/hello"]) {
      assertEquals((await ask(app.admin, path)).status, 404);
    }
    assertEquals(app.running.stats().workers.map(({ worker }) => worker), before);
  });

  it("answers HEAD with the head alone, and what is no request with 400", async () => {
    await using app = await startOperated();
    for (const path of ["/", "/healthz", "/readyz", "/stats", "/metrics"]) {
      using client = await RawClient.connect(app.admin);
      const { status, headers } = await client.ask(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assertEquals(status, 200);
      assertGreater(Number(headers.get("content-length")), 0);
      await client.assertEnded();
    }
    using client = await RawClient.connect(app.admin);
    assertEquals((await client.ask("GET / HTTP/1.1\r\n\r\n")).status, 400);
    using large = await RawClient.connect(app.admin);
    assertEquals((await large.ask(post("/healthz", "a".repeat(10_000_000)))).status, 413);
  });

  it("sends those who watch what was, what is, and what happens", async () => {
    await using app = await startOperated();
    using watcher = await EventReader.open(app.admin);
    const { data } = await watcher.next("history");
    assertGreaterOrEqual(data.samples.length, 1);
    assertEquals(data.now.readiness, { isReady: true, reason: "" });
    assertEquals([data.now.pid, data.now.desired], [Deno.pid, 1]);
    assertStringIncludes(JSON.stringify(data.events), "listening on");
    await app.get("/throw");
    const panicked = await watcher.next("fleet", (event) => event.data.weight === "bad");
    const [{ worker }] = data.now.workers;
    const text = `worker ${worker}: panicked: Error: <b>a fault</b> of the handler`;
    assertEquals(panicked.data.text, text);
    const next = worker + 1;
    const accepting = `worker ${next}: accepting`;
    await watcher.next("fleet", (event) => event.data.text.startsWith(accepting));
    const sample = await watcher.next(
      "sample",
      (event) => event.data.now.workers.some((one: WorkerStats) => one.worker === next),
    );
    assertEquals(sample.data.now.total.panics, 1);
    assertMatch(JSON.stringify(sample.data.sample), /"requestsPerSecond":.*"p99Ms":/);
  });

  it("has room for so many who watch, and for probes beside them", async () => {
    await using app = await startOperated();
    const watchers: EventReader[] = [];
    try {
      await assertRejects(
        async () => {
          for (let i = 0; i < 100; i++) watchers.push(await EventReader.open(app.admin));
        },
        Error,
        "refused with 503",
      );
      assertGreater(watchers.length, 1);
      assertEquals(await told(app.admin, "/healthz"), [200, "ok"]);
      watchers.pop()?.[Symbol.dispose]();
      // The server notices with the next sample that it sends.
      const again = async (): Promise<EventReader> => {
        for (;;) {
          const opened = await EventReader.open(app.admin).catch(() => undefined);
          if (opened !== undefined) return opened;
        }
      };
      watchers.push(await within(again(), "a place for somebody else"));
    } finally {
      for (const watcher of watchers) watcher[Symbol.dispose]();
    }
  });

  it("answers probes while hundreds of idle connections stand in their way", async () => {
    await using app = await startOperated();
    using watcher = await EventReader.open(app.admin);
    const idle = await connectMany(app.admin, 300);
    try {
      assertEquals(await told(app.admin, "/healthz"), [200, "ok"]);
      assertEquals(await told(app.admin, "/readyz"), READY);
      assertEquals((await app.get("/hello")).status, 200);
      // Those who watch are not sent away for their sake.
      await watcher.next("history");
      await watcher.next("sample");
    } finally {
      for (const conn of idle) {
        try {
          conn.close();
        } catch {
          // The server was faster.
        }
      }
    }
  });

  it("ends the start with one line where it is in use, and nothing is half-started", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const own = freePort();
    await assertRejects(
      () => new WebServer().start({ port: own, admin: { port } }),
      Deno.errors.AddrInUse,
      `Cannot listen on 127.0.0.1:${port} for the operator's port: the address is in use`,
    );
    await assertRejects(() => RawClient.connect(own), Deno.errors.ConnectionRefused);
  });

  it("is let go of when the server cannot start", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const admin = freePort();
    await assertRejects(
      () => new WebServer().start({ port, admin: { port: admin } }),
      Deno.errors.AddrInUse,
      `Cannot listen on 127.0.0.1:${port}: `,
    );
    await assertRejects(
      () => startApp("throws_at_load.ts", { run: { admin: { port: admin } } }),
      Error,
      "no database today",
    );
    await becomesClosed(admin);
  });
});

describeEachWay((way) => {
  it("its operator's port counts what its workers do, and outlives them", async () => {
    await using app = await startOperated({ ...way, workers: 2 });
    for (let i = 0; i < 5; i++) await app.get("/hello");
    await within(app.running.reload(), "a reload");
    await app.get("/hello");
    const samples = await metrics(app.admin);
    assertEquals(
      samples.get('mudpie_requests_total{method="GET",route="/hello",status="2xx"}'),
      6,
    );
    assertEquals(samples.get('mudpie_worker_replacements_total{cause="reload"}'), 2);
    assertEquals(await told(app.admin, "/readyz"), READY);
  });
}, TWO_WAYS);

describe("the operator's port of a process", { ignore: !CAN_START_PROGRAMS }, () => {
  const start = (run: RunOptions) =>
    Program.deno([
      "run",
      "-A",
      new URL("../support/apps/operated.ts", import.meta.url).pathname,
      JSON.stringify({ run: { port: 0, workers: 2, admin: { port: 0 }, ...run } }),
    ]);

  it("says from the first SIGTERM on that it is stopping, while the server serves on", async () => {
    await using program = start({ shutdownDelay: 600_000 });
    const admin = await adminPortOf(program);
    const { port } = await program.listening();
    assertEquals(await told(admin, "/readyz"), READY);
    using watcher = await EventReader.open(admin);
    program.signal("SIGTERM");
    await becomes(admin, "/readyz", STOPPING);
    assertEquals(await told(admin, "/healthz"), [200, "ok"]);
    assertEquals((await metrics(admin)).get("mudpie_ready"), 0);
    assertEquals((await ask(port, "/hello")).text, "hello");
    await signalLater(program, "SIGTERM");
    await watcher.ended();
    assertEquals((await program.ended()).code, 0);
  });

  it("tells how it stands when every worker is stuck", async () => {
    await using program = start({ hangTimeout: 0 });
    const admin = await adminPortOf(program);
    const { port } = await program.listening();
    const clients: RawClient[] = [];
    try {
      // Whoever comes to a worker that is stuck already waits in its queue, so some have to come until both are.
      const heartbeats = async () =>
        [...await metrics(admin)].filter(([name]) => name.startsWith("mudpie_worker_heartbeat"));
      const spin = async () => {
        while ((await heartbeats()).some(([, seconds]) => seconds < 2)) {
          const client = await RawClient.connect(port);
          clients.push(client);
          await client.send(get("/spin"));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      await within(spin(), "workers that are stuck");
      await becomes(admin, "/readyz", [503, "no worker shows a sign of life"]);
      assertEquals(await told(admin, "/healthz"), [200, "ok"]);
      const { workers } = JSON.parse((await ask(admin, "/stats")).text);
      assertEquals(workers.length, 2);
      for (const { heartbeatAgeMs } of workers) assertGreater(heartbeatAgeMs, 2_000);
      assertEquals((await metrics(admin)).get("mudpie_requests_in_flight"), 2);
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });

  it("ends it with one line and code 1 where it is in use", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    await using program = start({ admin: { port } });
    assertEquals((await program.ended()).code, 1);
    const lines = program.stderr.all.filter((line) => line.trim() !== "");
    assertEquals(lines.length, 1, program.stderr.text);
    assertStringIncludes(lines[0], `Cannot listen on 127.0.0.1:${port} for the operator's port`);
  });
});

describe("the operator's port of a process with few descriptors", {
  ignore: !CAN_WATCH_PROCESSES,
}, () => {
  it("survives a crowd, and takes none from the workers and their replacements", async () => {
    await using server = await ServerProcess.start("operated.ts", {
      way: WAY,
      maxDescriptors: 80,
      run: { admin: { port: 0 } },
    });
    const admin = await adminPortOf(server.program);
    const crowd = await connectMany(admin, 200);
    try {
      await eventually(() => (server.descriptors() ?? 0) < 80, "a process that has some left");
      assertEquals(await server.text("/hello"), "hello");
      await server.text("/throw");
      await server.stderr.find(/worker 2: accepting/);
      assertEquals(await server.text("/hello"), "hello");
      assertEquals(await told(admin, "/readyz"), READY);
    } finally {
      for (const conn of crowd) {
        try {
          conn.close();
        } catch {
          // The server was faster.
        }
      }
    }
    assertEquals(await told(admin, "/healthz"), [200, "ok"]);
    assertEquals(await server.stop(), 0);
    assert(!/cannot accept/.test(server.stderr.text), server.stderr.text);
  });
});
