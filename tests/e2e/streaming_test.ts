// Streamed answers over real sockets: what a client sees of a body that is made while it is sent, and what its maker sees of a client.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

/** Waits until the source of that name has been cancelled; says with which reason. */
async function cancelReason(app: StartedApp, name: string): Promise<string> {
  const ask = async () => {
    for (;;) {
      const { text } = await app.get(`/cancelled/${name}`);
      if (text !== "no") return text;
    }
  };
  return await within(ask(), "a source that is told");
}

describeEachWay((way) => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp("streams.ts", { run: { ...way, workers: 1 } });
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  it("sends each part of a body when it is there", async () => {
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/gate/${gate.port}`) + get("/worker"));
    assertStringIncludes(await client.readUntil("\r\n\r\n"), "Transfer-Encoding: chunked");
    await (await gate.reached()).open("first");
    assertEquals(await client.readOnce(), "5\r\nfirst\r\n");
    await (await gate.reached()).open("second");
    assertEquals(await client.readOnce(), "6\r\nsecond\r\n");
    await (await gate.reached()).open("end");
    assertStringIncludes(await client.readUntil("mudpie:"), "0\r\n\r\nHTTP/1.1 200 OK\r\n");
  });

  it("sends a large body as it is to fetch()", async () => {
    using httpClient = Deno.createHttpClient({});
    const url = `http://127.0.0.1:${app.port}/many/500`;
    const response = await fetch(url, { client: httpClient });
    const body = await response.bytes();
    assertEquals(body.length, 5_000_000);
    for (let i = 0; i < 500; i++) assertEquals(body[i * 10_000 + 9_999], 0x30 + i % 10);
  });

  it("takes no fault of a source for a panic that is only a client's going", async () => {
    using client = await app.connect();
    await client.send(get("/written/going"));
    await client.readUntil("first");
    client[Symbol.dispose]();
    assertStringIncludes(await cancelReason(app, "going"), "Nobody waits");
    using head = await app.connect();
    await head.send("HEAD /written/head HTTP/1.1\r\nHost: a\r\n\r\n");
    assertStringIncludes(await cancelReason(app, "head"), "Nobody waits");
    assertEquals((await app.get("/worker")).status, 200);
    assertEquals(app.running.stats().total.panics, 0);
  });

  for (const path of ["/once", "/fetch-style"]) {
    it(`tells the source of ${path} when the client goes`, async () => {
      const name = path.slice(1);
      using client = await app.connect();
      await client.send(get(`${path}/${name}`));
      await client.readUntil("first");
      client[Symbol.dispose]();
      assert(await cancelReason(app, name) !== "");
    });
  }

  it("ends a connection visibly whose body fails", async () => {
    using gate = new Gate();
    await using own = await startApp("streams.ts", { run: { ...way, workers: 1 } });
    using client = await own.connect();
    await client.send(get(`/gate/${gate.port}`));
    await (await gate.reached()).open("first");
    await client.readUntil("first\r\n");
    await (await gate.reached()).open("throw");
    assertEquals(await client.readToEnd(), "");
    const panicked = await own.events.find("panicked");
    assertStringIncludes(panicked.error, "The source has failed");
  });

  it("lets a body come to its end when it shuts down", async () => {
    using gate = new Gate();
    const own = await startApp("streams.ts", { run: { ...way, workers: 1 } });
    using client = await own.connect();
    await client.send(get(`/gate/${gate.port}`));
    await (await gate.reached()).open("first");
    await client.readUntil("first\r\n");
    const visitor = await gate.reached();
    const shutdown = own.running.shutdown();
    await own.events.find("draining");
    await visitor.open("last");
    await client.readUntil("last\r\n");
    await (await gate.reached()).open("end");
    assertStringIncludes(await client.readToEnd(), "0\r\n\r\n");
    await shutdown;
    await own[Symbol.asyncDispose]();
  });
}, TWO_WAYS);
