// The connections of one worker: counted, drained, and closed where there are too many.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ConnectionContext } from "../../src/connection/connection_context.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { prepareUpgrade, type UpgradeEnd } from "../../src/handler/upgrade.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { Router } from "../../src/routing/router.ts";
import { ConnectionLimit } from "../../src/worker/connection_limit.ts";
import { type ConnectionsDrain, ServedConnections } from "../../src/worker/served_connections.ts";
import { FakeConn, settle } from "../support/connections/fake_conn.ts";
import { serveConnection } from "../support/connections/served_connection.ts";
import { eventually, within } from "../support/deadline.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";
const END: UpgradeEnd = { status: 101, sentBytes: 0, details: {} };

function drainWithin(timeoutMs: number): ConnectionsDrain {
  return { timeoutMs, upgradesWithinMs: timeoutMs / 2, why: "replacement" };
}

/** Starts a worker's connections, which `handler` answers. */
async function start(handler: Handler = () => WebResponse.text("hello")) {
  const router = new Router<Handler>((segment) => segment);
  router.add("/", false, handler, () => "a test");
  const { context: base } = await serveConnection({ router, limits: {}, tickMs: 100 });
  const budget = ConnectionBudget.of(undefined, 1);
  const limit = new ConnectionLimit(10, budget);
  const context: ConnectionContext = { ...base, onClosed: () => connections.noteClosed() };
  const connections: ServedConnections = new ServedConnections(context, limit);
  const connect = async () => {
    const fake = new FakeConn();
    const served = connections.serve(fake.conn);
    await settle();
    return { fake, served };
  };
  const counts = () => {
    const { connectionsAccepted, connectionsOpen } = context.scoreboard.read();
    return [connectionsAccepted, connectionsOpen, connections.members().length, budget.open];
  };
  return { connections, context, connect, counts };
}

describe("ServedConnections", () => {
  it("counts the connections that it accepts, and those that are open", async () => {
    const { connect, counts } = await start();
    assertEquals(counts(), [0, 0, 0, 0]);
    const first = await connect();
    const second = await connect();
    assertEquals(counts(), [2, 2, 2, 2]);
    first.fake.end();
    await within(first.served, "the first connection");
    assertEquals(counts(), [2, 1, 1, 1]);
    second.fake.end();
    await within(second.served, "the second connection");
    assertEquals(counts(), [2, 0, 0, 0]);
  });

  it("closes the newest idle connections first if there are too many", async () => {
    const { connections, connect } = await start();
    const [first, second, third] = [await connect(), await connect(), await connect()];
    connections.closeExcess(0);
    assertEquals(third.fake.isClosed, false);
    connections.closeExcess(2);
    assertEquals([first, second, third].map(({ fake }) => fake.isClosed), [false, true, true]);
    first.fake.end();
    await within(first.served, "the first connection");
  });

  it("ServedConnections.drain() asks upgraded connections to end, and waits for their ends", async () => {
    const asked: string[] = [];
    const ends: PromiseWithResolvers<UpgradeEnd>[] = [];
    const { connections, connect } = await start((request) => {
      const end = Promise.withResolvers<UpgradeEnd>();
      ends.push(end);
      prepareUpgrade(request, {
        writesHead: false,
        begin: () => end.promise,
        cancel: () => {},
        onDeadline: () => {},
        onDrain: (why) => void asked.push(why),
        abandon: () => void asked.push("abandon"),
      });
      return new Response(null, { status: 101, headers: { upgrade: "echo/1" } });
    });
    for (let i = 0; i < 3; i++) (await connect()).fake.send(UPGRADE);
    await settle();
    let isDrained = false;
    const drained = connections.drain(drainWithin(60_000)).then(() => isDrained = true);
    assertEquals(asked, ["replacement", "replacement", "replacement"]);
    for (const { resolve } of ends.slice(1)) resolve(END);
    await settle();
    assertEquals(isDrained, false);
    ends[0].resolve(END);
    await within(drained, "the end of the drain");
    assertEquals(asked.length, 3);
  });

  it("ServedConnections.drain() abandons an upgraded connection that does not end in time", async () => {
    const abandoned = Promise.withResolvers<UpgradeEnd>();
    const { connections, connect } = await start((request) => {
      prepareUpgrade(request, {
        writesHead: false,
        begin: () => abandoned.promise,
        cancel: () => {},
        onDeadline: () => {},
        onDrain: () => {},
        abandon: () => abandoned.resolve(END),
      });
      return new Response(null, { status: 101, headers: { upgrade: "echo/1" } });
    });
    const { fake, served } = await connect();
    fake.send(UPGRADE);
    await settle();
    await within(connections.drain(drainWithin(20)), "the end of the drain");
    await within(served, "the connection");
  });

  it("drains at once without a connection", async () => {
    const { connections } = await start();
    await within(connections.drain(drainWithin(60_000)), "the end of the drain");
  });

  it("drains when the last request is answered", async () => {
    const answer = Promise.withResolvers<WebResponse>();
    const { connections, context, connect } = await start(() => answer.promise);
    const { fake } = await connect();
    fake.send(REQUEST);
    await settle();
    context.isDraining = true;
    const drained = connections.drain(drainWithin(60_000));
    answer.resolve(WebResponse.text("late"));
    await settle();
    fake.end();
    await within(drained, "the end of the drain");
    assertMatch(fake.output, /^HTTP\/1\.1 200 .*connection: close.*late$/is);
  });

  it("sends a 503 to a client that still waits at the end of the drain", async () => {
    const { connections, context, connect } = await start(() => new Promise(() => {}));
    const { fake } = await connect();
    fake.send(REQUEST);
    await settle();
    context.isDraining = true;
    const drained = connections.drain(drainWithin(0));
    await eventually(() => fake.output !== "", "a response");
    assertMatch(fake.output, /^HTTP\/1\.1 503 /);
    fake.end();
    await within(drained, "the end of the drain");
  });
});
