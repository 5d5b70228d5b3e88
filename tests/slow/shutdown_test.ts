// The end of a server: what was accepted is answered, what is idle is closed, and it does not take longer than it may.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { eventually, within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get, post, RawClient, request } from "../support/clients/raw_client.ts";
import { Program } from "../support/servers/program.ts";
import {
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  TWO_WAYS,
  type Way,
} from "../support/servers/started_app.ts";

const start = (way: Way, run: RunOptions = {}) =>
  startApp("well_behaved.ts", { run: { ...way, ...run } });

describeEachWay((way) => {
  it("its shutdown() closes idle connections and resolves", async () => {
    await using app = await start(way, { workers: 2 });
    using kept = await app.connect();
    await kept.ask(get("/hello"));
    using silent = await app.connect();
    await eventually(
      () => app.running.stats().total.connectionsAccepted === 2,
      "connections that are accepted",
    );
    const { running } = app;
    assert(running.ready);
    const finished = running.shutdown();
    assert(!running.ready);
    await kept.assertEnded();
    await silent.assertEnded();
    await within(finished, "a server that shuts down");
    await within(running.finished, "a server that has shut down");
    assertEquals(running.stats().workers, []);
    await assertRejects(() => RawClient.connect(app.port), Deno.errors.ConnectionRefused);
    const kinds = app.events.all.map(({ kind }) => kind);
    const ofTheEnd = kinds.slice(kinds.indexOf("stopping"));
    assertEquals(ofTheEnd.toSorted(), [
      "draining",
      "draining",
      "ended",
      "ended",
      "stopped",
      "stopping",
    ]);
    assertEquals([ofTheEnd[0], ofTheEnd[5]], ["stopping", "stopped"]);
  });

  it("its shutdown() answers what was accepted, and says that the connection ends", async () => {
    await using app = await start(way);
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    using sending = await app.connect();
    await sending.send(request("POST", "/echo", "Content-Length: 4") + "bo");
    using beginning = await app.connect();
    await beginning.send("GET /hello HT");
    using idle = await app.connect();
    await idle.ask(get("/hello"));

    const finished = app.running.shutdown();
    // When the idle one has been closed the drain is in full swing.
    await idle.assertEnded();
    await visitor.open("the last answer");
    await sending.send("dy");
    await beginning.send("TP/1.1\r\nHost: a\r\n\r\n");
    const expected = [
      { client: waiting, text: "the last answer" },
      { client: sending, text: "body" },
      { client: beginning, text: "<h1>Hello World!</h1>" },
    ];
    for (const { client, text } of expected) {
      const response = await client.readResponse();
      assertEquals([response.status, response.text], [200, text]);
      assertEquals(response.headers.get("connection"), "close");
      await client.assertEnded();
      client[Symbol.dispose]();
    }
    await within(finished, "a server that shuts down");
  });

  it("its shutdown() takes no more connections", async () => {
    await using app = await start(way);
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    using idle = await app.connect();
    await idle.ask(get("/hello"));
    const finished = app.running.shutdown();
    await idle.assertEnded();
    await assertRejects(() => RawClient.connect(app.port), Deno.errors.ConnectionRefused);
    await visitor.open();
    assertEquals((await waiting.readResponse()).status, 200);
    waiting[Symbol.dispose]();
    await within(finished, "a server that shuts down");
  });

  it("its drainTimeout answers 503 for what is not done by then, and aborts its signal", async () => {
    // A tenth of it is for the farewell, also on a busy machine.
    await using app = await start(way, { drainTimeout: 5_000 });
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/signal/${gate.port}`));
    const visitor = await gate.reached();
    using sending = await app.connect();
    await sending.send(request("POST", "/echo", "Content-Length: 4") + "bo");
    await eventually(
      () => app.running.stats().total.connectionsAccepted === 2,
      "connections that are accepted",
    );
    const finished = app.running.shutdown();
    for (const client of [waiting, sending]) {
      const response = await client.readResponse();
      assertEquals([response.status, response.headers.get("connection")], [503, "close"]);
      await client.assertEnded();
    }
    assertMatch(await visitor.said(), /^AbortError: /);
    await within(finished, "a server that shuts down");
  });
});

describeEachWay((way) => {
  it("its shutdown() answers a request that comes on a kept connection at that moment", async () => {
    await using app = await start(way);
    using kept = await app.connect();
    await kept.ask(get("/hello"));
    const finished = app.running.shutdown();
    const response = await kept.ask(post("/echo", "just in time"));
    assertEquals([response.status, response.text], [200, "just in time"]);
    kept[Symbol.dispose]();
    await within(finished, "a server that shuts down");
  });

  it("its shutdown() closes a connection that becomes idle while it drains", async () => {
    await using app = await start(way, { drainTimeout: 60_000 });
    using idle = await app.connect();
    await idle.ask(get("/hello"));
    using slow = await app.connect();
    // More than the sockets' buffers hold, so that the server is still writing when the drain begins.
    await slow.send(get("/bytes/12000000"));
    const started = await slow.readOnce();
    assertMatch(started ?? "", /^HTTP\/1\.1 200 /);
    const finished = app.running.shutdown();
    await idle.assertEnded();
    // The rest of the answer, and then the end: the drain must not wait for a connection on which nothing is asked for.
    await slow.discardToEnd();
    slow[Symbol.dispose]();
    await within(finished, "a server that shuts down");
  });

  it("its second shutdown() cuts short", async () => {
    await using app = await start(way, { drainTimeout: 60_000 });
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}`));
    await gate.reached();
    const finished = app.running.shutdown();
    app.running.shutdown();
    await within(finished, "a server that shuts down at once");
    await waiting.assertEnded();
  });

  it("its shutdownDelay goes on serving, and is no longer ready", async () => {
    await using app = await start(way, { shutdownDelay: 300 });
    const finished = app.running.shutdown();
    assert(!app.running.ready);
    let isFinished = false;
    finished.then(() => isFinished = true);
    const response = await app.get("/hello");
    assert(!isFinished);
    assertEquals([response.status, response.headers.get("connection")], [200, "close"]);
    await within(finished, "a server that shuts down");
  });

  it("its asyncDispose shuts down", async () => {
    const app = await start(way);
    await within(app[Symbol.asyncDispose](), "a server that is disposed of");
    await within(app.running.finished, "a server that has shut down");
    await within(app[Symbol.asyncDispose](), "a server that is disposed of once more");
  });
}, TWO_WAYS);

describe("a drain that takes long", { ignore: !CAN_START_PROGRAMS }, () => {
  it("logs after five seconds what it waits for, and when that is cut off", async () => {
    const path = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
    const options = { run: { port: 0, workers: 1, drainTimeout: 60_000 } };
    await using program = Program.deno(["run", "-A", path, JSON.stringify(options)], {});
    const { port } = await program.listening();
    using gate = new Gate();
    using waiting = await RawClient.connect(port);
    await waiting.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    program.signal("SIGTERM");
    await program.stderr.find(
      /worker 1: draining for [56] s, waits for 1 request \(GET \/gate\/:port\), cut off in 5\d s$/,
    );
    await visitor.open("at last");
    assertEquals((await waiting.readResponse()).text, "at last");
    waiting[Symbol.dispose]();
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stderr.text.match(/draining for/g)?.length, 1);
  });

  it("has no line when it is short", async () => {
    const path = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
    const options = { run: { port: 0, workers: 1 } };
    await using program = Program.deno(["run", "-A", path, JSON.stringify(options)], {});
    await program.listening();
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals(/draining for|starting for/.test(program.stderr.text), false);
  });
});
