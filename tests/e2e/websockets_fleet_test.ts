// WebSockets of a whole fleet: what a drain, a panic, a hang and the limits of workers are to their clients, and what operators
// see of them.

import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { HANDSHAKE, openSilent, SocketClient } from "../support/clients/socket_client.ts";
import { eventually, within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import {
  acceptingWorkers,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
  type Way,
} from "../support/servers/started_app.ts";

const BYSTANDERS = 10;
const FAILURES = 1_000;

function start(way: Way, run: Parameters<typeof startApp>[1] = {}): Promise<StartedApp> {
  return startApp("sockets.ts", { ...run, run: { ...way, ...run.run } });
}

function openMany(port: number, count: number): Promise<SocketClient[]> {
  return Promise.all(Array.from({ length: count }, () => SocketClient.open(port)));
}

/** The codes with which these have ended, once all have. */
async function codesOf(clients: readonly SocketClient[]): Promise<number[]> {
  const ends = await within(Promise.all(clients.map(({ closed }) => closed)), "all ends");
  return ends.map(({ code }) => code);
}

describeEachWay((way) => {
  it("a client whose messages make the callback throw 1,000 times disconnects no other client", async () => {
    await using app = await start(way);
    const bystanders = await openMany(app.port, BYSTANDERS);
    for (let i = 0; i < FAILURES; i++) {
      const client = await SocketClient.open(app.port);
      client.send(i % 2 === 0 ? "throw" : "reject");
      // What comes after the failure is for nobody.
      const { code } = await within(client.closed, "the end of a WebSocket");
      assertEquals(code, 1011);
    }
    for (const bystander of bystanders) assertEquals(await bystander.ask("hello"), "hello");
    const { total, workers, replacements } = app.running.stats();
    assertEquals([total.panics, total.webSockets.panics], [FAILURES, FAILURES]);
    assertEquals(total.webSockets.closes, { "1011": FAILURES });
    assertEquals([workers.length, workers[0].status, replacements], [1, "accepting", {}]);
    for (const bystander of bystanders) await bystander.close();
  });

  it("a callback that throws when a WebSocket opens or closes costs that WebSocket alone", async () => {
    await using app = await start(way);
    using bystander = await SocketClient.open(app.port);
    const opened = await SocketClient.open(app.port, "/fails/open");
    assertEquals(await codesOf([opened]), [1011]);
    const closed = await SocketClient.open(app.port, "/fails/close");
    assertEquals((await closed.close()).code, 1000);
    using never = await app.connect();
    assertEquals((await never.ask(get("/never", ...HANDSHAKE))).text, "something else");
    await eventually(() => app.running.stats().total.webSockets.panics === 3, "all panics");
    assertEquals(await bystander.ask("hello"), "hello");
    assertEquals(app.running.stats().replacements, {});
  });

  it("a reload closes WebSockets with 1012, and a client that comes back finds the new worker", async () => {
    await using app = await start(way);
    const clients = await openMany(app.port, 20);
    const before = await clients[0].ask("worker");
    const reloaded = app.running.reload();
    assertEquals(new Set(await codesOf(clients)), new Set([1012]));
    await reloaded;
    using client = await SocketClient.open(app.port);
    assertNotEquals(await client.ask("worker"), before);
    assertEquals(app.running.stats().total.webSockets.closes, { "1012": clients.length });
    await client.close();
  });

  it("a shutdown closes WebSockets with 1001, and ends though some clients never answer", async () => {
    await using app = await start(way, { run: { drainTimeout: 1_000 } });
    const clients = await openMany(app.port, 3);
    using silent = await openSilent(app.port);
    const ended = app.running.shutdown();
    assertEquals(await codesOf(clients), [1001, 1001, 1001]);
    assertStringIncludes(await silent.readToEnd(), "The server stops");
    await within(ended, "the end of the server");
    assertEquals(app.running.stats().total.webSockets.closes, { "1001": 4 });
    // Nothing had to terminate the worker.
    const { cause, detail } = await app.events.find("ended");
    assertEquals([cause, detail], ["shutdown", ""]);
  });

  it("a WebSocket that opens during a drain closes at once with 1012", async () => {
    using gate = new Gate();
    await using app = await start(way);
    const opening = SocketClient.open(app.port, `/late/${gate.port}`);
    const entry = await gate.reached();
    const reloaded = app.running.reload();
    await app.events.find("draining");
    await entry.open("now");
    const client = await opening;
    assertEquals(await codesOf([client]), [1012]);
    await reloaded;
  });

  it("a panic elsewhere replaces one worker with WebSockets in socketPanicInterval, and others stay", async () => {
    await using app = await start(way, { run: { socketPanicInterval: 600_000 } });
    const first = await openMany(app.port, 3);
    assertEquals((await app.get("/throw")).headers.get("connection"), "close");
    assertEquals(await codesOf(first), [1012, 1012, 1012]);
    await app.events.find("ended");

    const second = await openMany(app.port, 3);
    const workers = acceptingWorkers(app);
    for (let i = 0; i < 20; i++) {
      using client = await RawClient.connect(app.port);
      const response = await client.ask(get("/throw"));
      assertEquals([response.status, response.headers.get("connection")], [500, null]);
    }
    const postponing = await app.events.find("postponing");
    assertEquals([postponing.worker, postponing.webSocketsOpen], [workers[0], 3]);
    for (const client of second) assertEquals(await client.ask("hello"), "hello");
    assertEquals(acceptingWorkers(app), workers);
    assertEquals(app.running.stats().total.panics, 21);

    // Nothing keeps the worker when its last WebSocket is closed.
    for (const client of second) await client.close();
    const { cause } = await app.events.find("ended", ({ worker }) => worker === workers[0]);
    assertEquals(cause, "panic");
  });

  it("a panic that waits for socketPanicInterval replaces its worker when that is over", async () => {
    await using app = await start(way, { run: { socketPanicInterval: 1_500 } });
    const first = await openMany(app.port, 2);
    await app.get("/throw");
    assertEquals(await codesOf(first), [1012, 1012]);
    const second = await openMany(app.port, 2);
    await app.get("/throw");
    assertEquals(await codesOf(second), [1012, 1012]);
    assertEquals(app.running.stats().replacements, { panic: 2 });
  });

  it("workers with WebSockets are recycled with 1012", async () => {
    await using app = await start(way, { run: { maxRequestsPerWorker: 5 } });
    const clients = await openMany(app.port, 5);
    assertEquals(await codesOf(clients), [1012, 1012, 1012, 1012, 1012]);
    assertEquals(app.running.stats().replacements, { max_requests: 1 });
  });

  it("a worker with WebSockets is recycled at maxAgePerWorker, and closes each of them with 1012", async () => {
    await using app = await start(way, { run: { maxAgePerWorker: 500, workers: 1 } });
    const clients = await openMany(app.port, BYSTANDERS);
    // A client that never answers does not keep the worker from its end.
    using silent = await openSilent(app.port);
    assertEquals(await codesOf(clients), Array(BYSTANDERS).fill(1012));
    await within(silent.readUntil("The server restarts"), "the Close frame");
    using _next = await SocketClient.open(app.port);
    assertGreater(app.running.stats().replacements.max_age ?? 0, 0);
  });

  it("WebSockets count for maxConnections, and in stats() with their messages", async () => {
    await using app = await start(way, { app: { server: { maxConnections: 2 } } });
    using first = await SocketClient.open(app.port);
    const second = await SocketClient.open(app.port, "/platform");
    assertEquals(await first.ask("hello"), "hello");
    assertEquals(await second.ask("12345678"), "12345678");
    const { connectionsOpen, requestsInFlight, webSockets } = app.running.stats().total;
    assertEquals([connectionsOpen, requestsInFlight], [2, 0]);
    assertEquals(webSockets, {
      open: 2,
      opened: 2,
      messagesReceived: 2,
      messagesSent: 2,
      bytesReceived: 13,
      bytesSent: 13,
      panics: 0,
      closes: {},
    });
    assert(app.running.ready);
    // It waits until a WebSocket has ended.
    const answered = app.get("/hello");
    await second.close();
    assertEquals((await within(answered, "an answer")).text, "hello");
    await first.close();
    await eventually(() => app.running.stats().total.webSockets.open === 0, "no open WebSocket");
    assertEquals(app.running.stats().total.webSockets.closes, { "1000": 2 });
  });
}, TWO_WAYS);

describe(
  "A worker that hangs in a callback of a WebSocket",
  { ignore: !CAN_START_PROGRAMS },
  () => {
    it("A worker that hangs in a callback of a WebSocket is logged with that callback", async () => {
      const way = { listen: "shared", isolation: "thread" } as const;
      await using app = await start(way, { run: { hangTimeout: 1_000 } });
      using client = await SocketClient.open(app.port);
      client.send("spin");
      const { handling } = await app.events.find("hung");
      assertEquals(handling.map(({ method, path }) => [method, path]), [[
        "websocket.message",
        "/socket",
      ]]);
      await within(client.closed, "the end of the WebSocket");
      assertMatch(app.lines.join("\n"), /hung while handling websocket\.message \/socket \(/);
      await app.events.find("ended");
      assertEquals(app.running.stats().total.webSockets.closes, { "1006": 1 });
    });
  },
);

describe("The log of requests with WebSockets", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const accessLog of ["text", "json"] as const) {
    it(`The log of requests has one line when a WebSocket ends (${accessLog})`, async () => {
      const { pathname } = new URL("../support/apps/sockets.ts", import.meta.url);
      const app = JSON.stringify({ server: { accessLog }, run: { port: 0, workers: 1 } });
      await using program = Program.deno(["run", "-A", pathname, app], {
        env: { MUDPIE_LOGGING: "1" },
      });
      const { port } = await program.listening();
      const client = await SocketClient.open(port);
      await client.ask("hello");
      await client.ask("you");
      await client.close();
      using refused = await RawClient.connect(port);
      const bad = HANDSHAKE.map((field) => field.replace("13", "12"));
      assertEquals((await refused.ask(get("/socket", ...bad))).status, 426);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      const lines = program.stdout.all;
      assertEquals(lines.length, 2);
      if (accessLog === "text") {
        assertMatch(
          lines[0],
          /"GET \/socket HTTP\/1\.1" 101 8 "-" "[^"]*" \d+\.\d \S+ 1 messagesReceived=2 messagesSent=2 closeCode=1000$/,
        );
        assertMatch(lines[1], /"GET \/socket HTTP\/1\.1" 426 .* 1$/);
        return;
      }
      const [ended, refusal] = lines.map((line) => JSON.parse(line));
      const { status, bytes, messagesReceived, messagesSent, closeCode, target } = ended;
      assertEquals({ status, bytes, messagesReceived, messagesSent, closeCode, target }, {
        status: 101,
        bytes: 8,
        messagesReceived: 2,
        messagesSent: 2,
        closeCode: 1000,
        target: "/socket",
      });
      assertEquals([refusal.status, "closeCode" in refusal], [426, false]);
    });
  }
});
