// What bad input gets, over real sockets: the answer arrives whole, whatever the client is still sending, and the
// connection ends behind it.

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, it } from "@std/testing/bdd";
import { reasonPhrase } from "../../src/http1/status.ts";
import { get, request } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, type StartedApp } from "../support/servers/started_app.ts";

const fields = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: a`);

const refusals: { what: string; sent: string; status: number }[] = [
  { what: "a request line that is none", sent: "hello\r\n\r\n", status: 400 },
  { what: "a bare LF", sent: "GET /hello HTTP/1.1\nHost: a\n\n", status: 400 },
  { what: "a missing Host", sent: "GET /hello HTTP/1.1\r\n\r\n", status: 400 },
  { what: "a folded line", sent: get("/hello", "A: b", " c"), status: 400 },
  { what: "a space before the colon", sent: get("/hello", "A : b"), status: 400 },
  {
    what: "a Content-Length together with a Transfer-Encoding",
    sent: request("POST", "/echo", "Content-Length: 3", "Transfer-Encoding: chunked") + "0\r\n\r\n",
    status: 400,
  },
  {
    what: "a Content-Length that is no number",
    sent: request("POST", "/echo", "Content-Length: +3") + "abc",
    status: 400,
  },
  {
    what: "a chunk size that is no number",
    sent: request("POST", "/echo", "Transfer-Encoding: chunked") + "x\r\n",
    status: 400,
  },
  {
    what: "a body that is declared too large",
    sent: request("POST", "/echo", "Content-Length: 1000001"),
    status: 413,
  },
  {
    what: "a body that is declared too large, by a client that waits to be told to go on",
    sent: request("POST", "/echo", "Content-Length: 1000001", "Expect: 100-continue"),
    status: 413,
  },
  { what: "a target of 9,000 bytes", sent: get("/" + "a".repeat(9_000)), status: 414 },
  { what: "a head of 17,000 bytes", sent: get("/hello", "A: " + "a".repeat(17_000)), status: 431 },
  { what: "a head of 101 fields", sent: get("/hello", ...fields(100)), status: 431 },
  {
    what: "a transfer coding that it does not know",
    sent: request("POST", "/echo", "Transfer-Encoding: gzip, chunked"),
    status: 501,
  },
  { what: "CONNECT", sent: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", status: 501 },
  { what: "HTTP/2.0", sent: "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", status: 505 },
];

describeEachWay((way) => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp("well_behaved.ts", { run: way });
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  for (const { what, sent, status } of refusals) {
    it(`refuses ${what} with ${status}, and closes`, async () => {
      using client = await app.connect();
      // A request before it is answered, one behind it is not.
      await client.send(get("/hello") + sent + get("/hello"));
      assertEquals((await client.readResponse()).status, 200);
      const response = await client.readResponse();
      assertEquals([response.status, response.reason], [status, reasonPhrase(status)]);
      assertEquals(response.headers.get("connection"), "close");
      assertMatch(response.text, new RegExp(`^${status} .*\n$`));
      await client.assertEnded();
    });
  }

  it("refuses an expectation that it does not know with 417, and stays", async () => {
    using client = await app.connect();
    await client.send(get("/hello", "Expect: miracles") + get("/hello"));
    assertEquals((await client.readResponse()).status, 417);
    assertEquals((await client.readResponse()).status, 200);
  });

  it("refuses what ends in the middle of a request with 400", async () => {
    for (const sent of ["GET /hel", request("POST", "/echo", "Content-Length: 3") + "ab"]) {
      using client = await app.connect();
      await client.send(sent);
      await client.closeWrite();
      assertEquals((await client.readResponse()).status, 400);
      await client.assertEnded();
    }
  });

  const body = "a".repeat(1_500_000);
  const tooLarge = [
    { what: "of declared length", head: "Content-Length: 1500000", body },
    {
      what: "in chunks",
      head: "Transfer-Encoding: chunked",
      body: `16e360\r\n${body}\r\n0\r\n\r\n`,
    },
    {
      what: "in small chunks",
      head: "Transfer-Encoding: chunked",
      body: `3e8\r\n${"a".repeat(1_000)}\r\n`.repeat(1_500) + "0\r\n\r\n",
    },
  ];
  for (const { what, head, body } of tooLarge) {
    it(`its 413 reaches a client that sends 1.5 MB ${what} before it reads`, async () => {
      using client = await app.connect();
      await client.send(request("POST", "/echo", head));
      await client.send(body);
      assertEquals((await client.readResponse()).status, 413);
      await client.assertEnded();
    });
  }

  it("its 400 reaches a client that goes on sending", async () => {
    using client = await app.connect();
    await client.send("hello\r\n\r\n");
    await client.send(body);
    assertEquals((await client.readResponse()).status, 400);
    await client.assertEnded();
  });

  it("its answers are not the business of handlers: no panic comes of bad input", () => {
    assertEquals(app.running.stats().total.panics, 0);
  });
});
