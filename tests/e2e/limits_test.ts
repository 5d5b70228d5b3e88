// Time limits and the limit of connections, over real sockets, with small values. What a limit ends is seen by what comes
// over the wire; a test that waits for a limit does not know how long it is.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { WebServerOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get, post, type RawClient, request } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, TWO_WAYS } from "../support/servers/started_app.ts";

/** Short, and still longer than what a busy machine makes of an exchange that is not to be limited. */
const SHORT_MS = 150;

describeEachWay((way) => {
  const start = (server: WebServerOptions) =>
    startApp("well_behaved.ts", { app: { server }, run: way });

  async function assertRefused(client: RawClient, status: number): Promise<void> {
    const response = await client.readResponse();
    assertEquals([response.status, response.headers.get("connection")], [status, "close"]);
    await client.assertEnded();
  }

  it("its headTimeout answers a head that is not whole in time with 408", async () => {
    await using app = await start({ headTimeout: SHORT_MS });
    using client = await app.connect();
    await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n");
    await assertRefused(client, 408);
  });

  for (const sent of ["", "\r\n"]) {
    it(`headTimeout closes a connection that has sent ${JSON.stringify(sent)} without an answer, and counts it`, async () => {
      await using app = await start({ headTimeout: SHORT_MS });
      using client = await app.connect();
      await client.send(sent);
      await client.assertEnded();
      await eventually(
        () => app.running.stats().total.connectionsUnused === 1,
        "a connection that is counted",
      );
    });
  }

  it("its headTimeout is not moved by a client that sends byte by byte", async () => {
    await using app = await start({ headTimeout: SHORT_MS });
    using client = await app.connect();
    let isRefused = false;
    const refused = client.readResponse().finally(() => isRefused = true);
    await client.send("GET /hello HTTP/1.1\r\nA: ");
    while (!isRefused) {
      await client.send("a");
      await new Promise((resolve) => setTimeout(resolve, SHORT_MS / 10));
    }
    assertEquals((await refused).status, 408);
  });

  it("its bodyTimeout answers a body that is not whole in time with 408", async () => {
    await using app = await start({ bodyTimeout: SHORT_MS });
    using declared = await app.connect();
    await declared.send(request("POST", "/echo", "Content-Length: 3") + "ab");
    using chunked = await app.connect();
    await chunked.send(request("POST", "/echo", "Transfer-Encoding: chunked") + "3\r\nab");
    using large = await app.connect();
    await large.send(request("POST", "/echo", "Content-Length: 300000") + "a".repeat(100_000));
    for (const client of [declared, chunked, large]) await assertRefused(client, 408);
  });

  it("its keepAliveTimeout closes a connection on which nothing is asked for", async () => {
    await using app = await start({ keepAliveTimeout: SHORT_MS });
    using client = await app.connect();
    assertEquals((await client.ask(get("/hello"))).status, 200);
    await client.assertEnded();
  });

  it("its handlerTimeout answers 503 in place of the handler and aborts its signal", async () => {
    await using app = await start({ handlerTimeout: SHORT_MS });
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/signal/${gate.port}`) + get("/hello"));
    const visitor = await gate.reached();
    await assertRefused(client, 503);
    assertMatch(await visitor.said(), /^TimeoutError: /);
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its handlerTimeout drops the answer of a handler that comes too late", async () => {
    await using app = await start({ handlerTimeout: SHORT_MS });
    using gate = new Gate();
    using client = await app.connect();
    await client.send(request("HEAD", `/gate/${gate.port}`));
    const visitor = await gate.reached();
    const response = await client.readResponse(true);
    assertEquals(response.status, 503);
    await client.assertEnded();
    await visitor.open("too late");
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its writeTimeout closes the connection of a client that takes no answer", async () => {
    await using app = await start({ writeTimeout: SHORT_MS });
    using client = await app.connect();
    // Far more than the buffers of both sides' sockets hold.
    await client.send(get("/bytes/50000000"));
    await eventually(
      () => app.running.stats().total.connectionsAccepted === 1,
      "a connection that is accepted",
    );
    await eventually(
      () => app.running.stats().total.connectionsOpen === 0,
      "a connection that is closed",
    );
    assertEquals((await app.get("/hello")).status, 200);
  });

  it("its maxConnections leaves the next connection in the kernel until one ends", async () => {
    await using app = await start({ maxConnections: 1 });
    using first = await app.connect();
    assertEquals((await first.ask(get("/worker"))).status, 200);
    using second = await app.connect();
    await second.send(post("/echo", "I can wait"));
    let isAnswered = false;
    const answer = second.readResponse().finally(() => isAnswered = true);
    for (let i = 0; i < 50; i++) assertEquals((await first.ask(get("/async"))).status, 200);
    assert(!isAnswered, "the second connection was served beside the first");
    assertEquals(app.running.stats().total.connectionsAccepted, 1);
    first[Symbol.dispose]();
    assertEquals((await answer).text, "I can wait");
  });

  it("its maxConnections counts no connection that is closed while its handler still works", async () => {
    await using app = await start({ maxConnections: 1, handlerTimeout: SHORT_MS });
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    await assertRefused(client, 503);
    assertEquals((await app.get("/hello")).status, 200);
    await visitor.open("too late");
  });

  it("its maxBodyBytes, maxHeadBytes, maxHeaderCount and maxTargetBytes are the limits of requests", async () => {
    await using app = await start({
      maxBodyBytes: 4,
      maxHeadBytes: 200,
      maxHeaderCount: 3,
      maxTargetBytes: 20,
    });
    const cases = [
      { sent: post("/length", "1234"), status: 200 },
      { sent: post("/length", "12345"), status: 413 },
      { sent: get("/" + "a".repeat(19)), status: 404 },
      { sent: get("/" + "a".repeat(20)), status: 414 },
      { sent: get("/hello", "A: b", "C: d"), status: 200 },
      { sent: get("/hello", "A: b", "C: d", "E: f"), status: 431 },
      { sent: get("/hello", "A: " + "b".repeat(200)), status: 431 },
    ];
    for (const { sent, status } of cases) {
      using client = await app.connect();
      assertEquals((await client.ask(sent)).status, status);
    }
  });
}, TWO_WAYS);
