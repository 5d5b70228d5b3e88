// The connections of one worker: counted, drained, and closed where there are too many.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ConnectionContext } from "../../src/connection/connection_context.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { Router } from "../../src/routing/router.ts";
import { ConnectionLimit } from "../../src/worker/connection_limit.ts";
import { ServedConnections } from "../../src/worker/served_connections.ts";
import { FakeConn, settle } from "../support/connections/fake_conn.ts";
import { serveConnection } from "../support/connections/served_connection.ts";
import { eventually, within } from "../support/deadline.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

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

  it("drains at once without a connection", async () => {
    const { connections } = await start();
    await within(connections.drain(60_000), "the end of the drain");
  });

  it("drains when the last request is answered", async () => {
    const answer = Promise.withResolvers<WebResponse>();
    const { connections, context, connect } = await start(() => answer.promise);
    const { fake } = await connect();
    fake.send(REQUEST);
    await settle();
    context.isDraining = true;
    const drained = connections.drain(60_000);
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
    const drained = connections.drain(0);
    await eventually(() => fake.output !== "", "a response");
    assertMatch(fake.output, /^HTTP\/1\.1 503 /);
    fake.end();
    await within(drained, "the end of the drain");
  });
});
