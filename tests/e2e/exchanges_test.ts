// What a client gets for what it sends, over real sockets, in each way in which a fleet can be.

import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { afterAll, beforeAll, it } from "@std/testing/bdd";
import { Gate } from "../support/servers/gate.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, type StartedApp } from "../support/servers/started_app.ts";

describeEachWay((way) => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp("well_behaved.ts", { run: { ...way, workers: 2 } });
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  it("serves a page with the fields that are the server's own", async () => {
    using client = await app.connect();
    const { version, status, reason, headers, text } = await client.ask(get("/hello"));
    assertEquals({ version, status, reason, text }, {
      version: "HTTP/1.1",
      status: 200,
      reason: "OK",
      text: "<h1>Hello World!</h1>",
    });
    assertEquals([...headers.keys()], ["content-length", "content-type", "date"]);
    assertEquals(headers.get("content-type"), "text/html; charset=utf-8");
    const date = headers.get("date") ?? "";
    assertEquals(new Date(date).toUTCString(), date);
    assertLess(Math.abs(Date.parse(date) - Date.now()), 5_000);
  });

  it("serves fetch()", async () => {
    using httpClient = Deno.createHttpClient({});
    const response = await fetch(`http://127.0.0.1:${app.port}/echo`, {
      method: "POST",
      body: "from fetch",
      client: httpClient,
    });
    assertEquals([response.status, await response.text()], [200, "from fetch"]);
  });

  it("answers many requests on one connection", async () => {
    using client = await app.connect();
    for (let i = 0; i < 100; i++) {
      assertEquals((await client.ask(post("/echo", `body ${i}`))).text, `body ${i}`);
    }
  });

  it("spreads connections over its workers, though they come all at once", async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => app.connect()));
    const counts = new Map<string, number>();
    for (const client of clients) {
      const worker = (await client.ask(get("/worker"))).text;
      counts.set(worker, (counts.get(worker) ?? 0) + 1);
    }
    for (const client of clients) client[Symbol.dispose]();
    assertEquals(counts.size, 2);
    // Far from even on a busy machine, but nothing like all connections on one of them.
    for (const count of counts.values()) assertGreater(count, 25);
  });

  it("answers pipelined requests in their order", async () => {
    using client = await app.connect();
    const targets = ["/hello", "/async", "/nowhere", "/bytes/3", "/async", "/hello"];
    await client.send(targets.map((target) => get(target)).join("") + post("/echo", "the last"));
    const statuses: number[] = [];
    for (const _ of targets) statuses.push((await client.readResponse()).status);
    assertEquals(statuses, [200, 200, 404, 200, 200, 200]);
    assertEquals((await client.readResponse()).text, "the last");
  });

  it("holds back the answers behind a slow handler, and not those before it", async () => {
    using gate = new Gate();
    using client = await app.connect();
    await client.send(
      get("/hello") + get(`/gate/${gate.port}`) + get("/async") + post("/echo", "the last"),
    );
    assertEquals((await client.readResponse()).text, "<h1>Hello World!</h1>");
    await (await gate.reached()).open("the slow one");
    assertEquals((await client.readResponse()).text, "the slow one");
    assertEquals((await client.readResponse()).text, "async");
    assertEquals((await client.readResponse()).text, "the last");
  });

  it("serves others while a handler waits", async () => {
    using gate = new Gate();
    using slow = await app.connect();
    await slow.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    // More than there are workers, so that some of them come to the one whose handler waits.
    for (let i = 0; i < 20; i++) assertEquals((await app.get("/hello")).status, 200);
    await visitor.open();
    assertEquals((await slow.readResponse()).text, "open");
  });

  it("keeps an HTTP/1.1 connection until the client wants it closed", async () => {
    using client = await app.connect();
    const kept = await client.ask(get("/hello"));
    assertEquals(kept.headers.get("connection"), null);
    assertEquals(kept.headers.get("keep-alive"), null);
    const last = await client.ask(get("/hello", "Connection: close"));
    assertEquals(last.headers.get("connection"), "close");
    await client.assertEnded();
  });

  it("closes an HTTP/1.0 connection", async () => {
    using client = await app.connect();
    const response = await client.ask("GET /hello HTTP/1.0\r\n\r\n");
    assertEquals([response.status, response.headers.get("connection")], [200, "close"]);
    await client.assertEnded();
  });

  it("keeps an HTTP/1.0 connection whose client asks for that", async () => {
    using client = await app.connect();
    for (let i = 0; i < 2; i++) {
      const response = await client.ask("GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
      assertEquals([response.status, response.headers.get("connection")], [200, "keep-alive"]);
      assertEquals(response.headers.get("keep-alive"), "timeout=75");
    }
  });

  it("tells a client that asks to go on with its body", async () => {
    using client = await app.connect();
    const interim = await client.ask(
      request("POST", "/echo", "Content-Length: 4", "Expect: 100-continue"),
    );
    assertEquals([interim.status, interim.reason], [100, "Continue"]);
    await client.send("body");
    assertEquals((await client.readResponse()).text, "body");
    assertEquals((await client.ask(get("/hello"))).status, 200);
  });

  it("takes a chunked body", async () => {
    using client = await app.connect();
    await client.send(request("POST", "/echo", "Transfer-Encoding: chunked") + "3\r\nchu\r\n");
    await client.send("3;a=b\r\nnke\r\n1\r\nd\r\n0\r\nTrailer: ignored\r\n\r\n" + get("/async"));
    assertEquals((await client.readResponse()).text, "chunked");
    assertEquals((await client.readResponse()).text, "async");
  });

  it("takes a request that comes byte by byte", async () => {
    using client = await app.connect();
    for (const character of post("/echo", "slow")) await client.send(character);
    assertEquals((await client.readResponse()).text, "slow");
  });

  it("takes a body of 300 KB and gives it back", async () => {
    using client = await app.connect();
    const body = "0123456789abcdef".repeat(300_000 / 16);
    await client.send(post("/echo", body));
    const response = await client.readResponse();
    assertEquals(response.text.length, body.length);
    assert(response.text === body, "the body that came back is another one");
    assertEquals((await client.ask(get("/hello"))).status, 200);
  });

  it("gives a response of 1 MB", async () => {
    using client = await app.connect();
    const { body } = await client.ask(get("/bytes/1000000"));
    assertEquals(body.length, 1_000_000);
    assert(body.every((byte, i) => byte === i % 251), "the bytes are not those that were sent");
    assertEquals((await client.ask(get("/hello"))).status, 200);
  });

  it("gives a response of 1 MB to each of several pipelined requests", async () => {
    using client = await app.connect();
    await client.send(get("/bytes/1000000").repeat(3) + get("/async"));
    for (let i = 0; i < 3; i++) assertEquals((await client.readResponse()).body.length, 1_000_000);
    assertEquals((await client.readResponse()).text, "async");
  });

  it("answers HEAD with the head of the GET and no body", async () => {
    using client = await app.connect();
    const head = await client.ask(request("HEAD", "/hello"));
    const whole = await client.ask(get("/hello"));
    assertEquals(head.status, 200);
    assertEquals(head.headers.get("content-length"), "21");
    assertEquals(head.headers.get("content-type"), whole.headers.get("content-type"));
  });

  it("answers for a path without a route with 404, for a wrong method with 405", async () => {
    using client = await app.connect();
    assertEquals((await client.ask(get("/nowhere"))).status, 404);
    const response = await client.ask(get("/echo"));
    assertEquals([response.status, response.headers.get("allow")], [405, "POST, OPTIONS"]);
    const asterisk = await client.ask(request("OPTIONS", "*"));
    assertEquals(asterisk.status, 204);
  });

  it("answers a client that has ended its side", async () => {
    using client = await app.connect();
    await client.send(get("/hello"));
    await client.closeWrite();
    assertEquals((await client.readResponse()).text, "<h1>Hello World!</h1>");
    await client.assertEnded();
  });

  it("answers a client that ends its side while the handler works", async () => {
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/gate/${gate.port}`) + get("/async"));
    const visitor = await gate.reached();
    await client.closeWrite();
    await visitor.open("late");
    assertEquals((await client.readResponse()).text, "late");
    assertEquals((await client.readResponse()).text, "async");
    await client.assertEnded();
  });

  it("aborts a request's signal when the client goes", async () => {
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/signal/${gate.port}`));
    const visitor = await gate.reached();
    client[Symbol.dispose]();
    assertMatch(await visitor.said(), /^AbortError: /);
  });

  it("aborts a request's signal when the client goes behind pipelined requests", async () => {
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/signal/${gate.port}`) + get("/async"));
    const visitor = await gate.reached();
    await client.send(get("/async"));
    client[Symbol.dispose]();
    assertMatch(await visitor.said(), /^AbortError: /);
  });

  it("reads nothing of another request's body for a request that was kept", async () => {
    using client = await app.connect();
    assertEquals((await client.ask(post("/keep", "the first body"))).text, "kept");
    const { status, text } = await client.ask(post("/kept", "the second body"));
    assertEquals(status, 200);
    assertMatch(text, /^TypeError: .*the response was sent already/);
  });

  it("goes on serving when clients go in the middle of everything", async () => {
    using gate = new Gate();
    const beginnings = [
      "",
      "GET /hel",
      post("/echo", "whole").slice(0, -2),
      get("/hello"),
      get("/bytes/1000000"),
      get(`/gate/${gate.port}`),
    ];
    for (const beginning of beginnings) {
      using client = await app.connect();
      if (beginning !== "") await client.send(beginning);
    }
    await (await gate.reached()).open();
    for (let i = 0; i < 10; i++) assertEquals((await app.get("/hello")).status, 200);
    assertEquals(app.running.stats().total.panics, 0);
  });
});
