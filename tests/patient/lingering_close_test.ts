// Hanging up on a client that is still sending (RFC 9112, section 9.6), over real sockets: its refusal arrives, whatever the
// kernel would do to a connection that is closed with unread bytes in it; and a client that never stops is not listened to
// for ever.

import { assert, assertEquals, assertLess } from "@std/assert";
import { afterAll, beforeAll, it } from "@std/testing/bdd";
import { askAndStay, closeQuietly, connectMany } from "../support/attackers.ts";
import { eventually, within } from "../support/deadline.ts";
import { get, request } from "../support/raw_client.ts";
import { describeEachWay, startApp, type StartedApp, TWO_WAYS } from "../support/started_app.ts";

const fields = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: a`);

const REFUSALS: readonly { what: string; sent: string; status: number }[] = [
  { what: "a request line that is none", sent: "no request\r\n\r\n", status: 400 },
  {
    what: "a Content-Length beside a Transfer-Encoding",
    sent: request("POST", "/echo", "Content-Length: 3", "Transfer-Encoding: chunked"),
    status: 400,
  },
  {
    what: "the same of a HEAD",
    sent: request("HEAD", "/echo", "Content-Length: 3", "Transfer-Encoding: chunked"),
    status: 400,
  },
  {
    what: "a body that is declared too large",
    sent: request("POST", "/echo", "Content-Length: 100000000"),
    status: 413,
  },
  {
    what: "a chunk that is too large",
    sent: request("POST", "/echo", "Transfer-Encoding: chunked") + "5f5e100\r\n",
    status: 413,
  },
  { what: "a long target", sent: get("/" + "a".repeat(9_000)), status: 414 },
  {
    what: "an unknown expectation, with a body",
    sent: request("POST", "/echo", "Content-Length: 900000", "Expect: miracles"),
    status: 417,
  },
  { what: "a large head", sent: get("/hello", "A: " + "a".repeat(17_000)), status: 431 },
  { what: "a head of many fields", sent: get("/hello", ...fields(200)), status: 431 },
  { what: "CONNECT", sent: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", status: 501 },
  {
    what: "an unknown transfer coding",
    sent: request("POST", "/echo", "Transfer-Encoding: gzip, chunked"),
    status: 501,
  },
  { what: "HTTP/2.0", sent: "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", status: 505 },
];

/** What is sent behind a refused request: three megabytes of requests, none of which may be answered. */
const REST = get("/hello").repeat(3_000_000 / get("/hello").length);

/** More than the kernel holds beside what the server reads and throws away, which is 4 MiB. */
const ENDLESS_BYTES = 64_000_000;

describeEachWay((way) => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp("well_behaved.ts", { run: way });
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  for (const { what, sent, status } of REFUSALS) {
    it(`its ${status} for ${what} reaches a client that first sends three megabytes, and nothing comes behind it`, async () => {
      using client = await app.connect();
      await client.send(sent);
      await client.send(REST);
      const response = await client.readResponse(sent.startsWith("HEAD "));
      assertEquals([response.status, response.headers.get("connection")], [status, "close"]);
      await client.assertEnded();
    });
  }

  for (const framing of ["Content-Length: 9000000", "Transfer-Encoding: chunked"]) {
    it(`its 408 for a slow body (${framing}) reaches a client that first sends three megabytes`, async () => {
      await using slow = await startApp("well_behaved.ts", {
        app: { server: { bodyTimeout: 100, maxBodyBytes: 10_000_000 } },
        run: way,
      });
      using client = await slow.connect();
      await client.send(request("POST", "/length", framing) + "895440\r\n");
      // More than the limit in all, and never anything to read in between.
      const part = "a".repeat(60_000);
      for (let i = 0; i < 50; i++) {
        await client.send(part);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assertEquals((await client.readResponse()).status, 408);
      await client.assertEnded();
    });
  }

  it("its patience with a client that never stops sending ends after some megabytes", async () => {
    using client = await app.connect();
    await client.send("no request\r\n\r\n");
    const part = new Uint8Array(100_000);
    let sent = 0;
    try {
      for (; sent < ENDLESS_BYTES; sent += part.length) await client.send(part);
    } catch (error) {
      assert(
        error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe,
        String(error),
      );
    }
    assertLess(sent, ENDLESS_BYTES);
    await allClosed();
  });

  it("its patience with clients that go on sending a little ends after some seconds", async () => {
    const conns = await connectMany(app.port, 50);
    const endings = conns.map((conn) => askAndStay(conn, "no request\r\n\r\n", true));
    // The server has closed its side, and reads what they still say.
    let isOver = false;
    const saying = conns.map(async (conn) => {
      const bytes = new Uint8Array(10);
      try {
        while (!isOver) {
          await conn.write(bytes);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      } catch {
        // Cut off, at last.
      }
    });
    await within(Promise.all(saying), "clients that are cut off");
    isOver = true;
    for (const { text } of await Promise.all(endings)) {
      assert(text.startsWith("HTTP/1.1 400 "), text);
    }
    for (const conn of conns) closeQuietly(conn);
    await allClosed();
  });

  async function allClosed(): Promise<void> {
    await eventually(
      () => app.running.stats().total.connectionsOpen === 0,
      "a server without connections",
    );
    assertEquals((await app.get("/hello")).status, 200);
  }
}, TWO_WAYS);
