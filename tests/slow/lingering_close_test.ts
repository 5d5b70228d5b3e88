// Hanging up on a client that is still sending (RFC 9112, section 9.6), over real sockets: its refusal arrives, whatever the
// kernel would do to a connection that is closed with unread bytes in it; and a client that never stops is not listened to
// for ever.
//
// What limits the patience is time alone, so the tests of that have short limits; in the others they have their defaults.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, it } from "@std/testing/bdd";
import { askAndStay, Bystander, closeQuietly, connectMany } from "../support/clients/attackers.ts";
import { eventually, within } from "../support/deadline.ts";
import { get, request } from "../support/clients/raw_client.ts";
import { hindranceTo } from "../support/tools/installed.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

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

/** A photo, and a film. */
const LARGE_BODIES = [10_000_000, 60_000_000];

/** How many clients send at full speed, while others want answers. */
const FLOODERS = 150;

/** Far less than the test's patience. */
const SHORT_LINGER_MS = 1_000;

const curlHindrance = hindranceTo("curl");

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

  for (const bytes of LARGE_BODIES) {
    it(`its 413 reaches a client that sends all of its ${bytes} bytes before it reads`, async () => {
      using client = await app.connect();
      await client.send(request("POST", "/echo", `Content-Length: ${bytes}`));
      await client.send(new Uint8Array(bytes));
      const response = await client.readResponse();
      assertEquals([response.status, response.headers.get("connection")], [413, "close"]);
      assertMatch(response.text, /^413 Content Too Large: .*\n$/);
      await client.assertEnded();
    });
  }

  it(`its 413 reaches curl, which uploads 10 MB without being asked to go on${curlHindrance}`, {
    ignore: curlHindrance !== "",
  }, async () => {
    const file = await Deno.makeTempFile();
    await Deno.writeFile(file, new Uint8Array(10_000_000));
    try {
      const { stdout } = await new Deno.Command("curl", {
        args: ["-sS", "-w", "%{http_code}", "-o", file, "-H", "Expect:", "-T", file].concat(
          ["-X", "POST", `http://127.0.0.1:${app.port}/echo`],
        ),
      }).output();
      assertEquals(new TextDecoder().decode(stdout), "413");
    } finally {
      await Deno.remove(file);
    }
  });

  it(`its lingerTimeout ends ${FLOODERS} clients that never stop sending, and others are answered meanwhile`, async () => {
    await using other = await startApp("besieged.ts", {
      app: { server: { lingerTimeout: SHORT_LINGER_MS } },
      run: way,
    });
    const conns = await connectMany(other.port, FLOODERS);
    const refusals = conns.map((conn) => askAndStay(conn, "no request\r\n\r\n", true));
    const part = new Uint8Array(100_000);
    const floods = conns.map(async (conn) => {
      try {
        for (;;) await conn.write(part);
      } catch (error) {
        return error;
      }
    });
    // It asks on a connection that is kept and on new ones, and each time expects its answer.
    const bystander = new Bystander(other.port);
    for (const error of await within(Promise.all(floods), "floods that are cut off")) {
      assert(
        error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe,
        String(error),
      );
    }
    await bystander.finish();
    for (const { text } of await Promise.all(refusals)) {
      assert(text.startsWith("HTTP/1.1 400 "), text);
    }
    for (const conn of conns) closeQuietly(conn);
    await allClosed(other);
  });

  it("its maxConnections counts a connection that lingers", async () => {
    await using other = await startApp("well_behaved.ts", {
      app: { server: { maxConnections: 1, lingerTimeout: 60_000, lingerReadTimeout: 60_000 } },
      run: way,
    });
    const first = await other.connect();
    await first.send("no request\r\n\r\n");
    assertEquals((await first.readResponse()).status, 400);
    await first.assertEnded();
    using second = await other.connect();
    let isAnswered = false;
    const answer = second.ask(get("/hello")).finally(() => isAnswered = true);
    // What it still sends is read, which shows that it is still there.
    for (let i = 0; i < 10; i++) await first.send(new Uint8Array(1_000_000));
    assert(!isAnswered, "the second connection was served beside the first");
    assertEquals(other.running.stats().total.connectionsOpen, 1);
    first[Symbol.dispose]();
    assertEquals((await answer).status, 200);
  });

  it("its shutdown() waits no longer than drainTimeout for a connection that lingers", async () => {
    await using other = await startApp("well_behaved.ts", {
      app: { server: { lingerTimeout: 0, lingerReadTimeout: 0 } },
      run: { ...way, drainTimeout: SHORT_LINGER_MS },
    });
    using client = await other.connect();
    await client.send("no request\r\n\r\n");
    assertEquals((await client.readResponse()).status, 400);
    await client.assertEnded();
    await within(other.running.shutdown(), "a server that shuts down");
    const causes = other.events.all.flatMap((event) =>
      event.kind === "ended" ? [event.detail] : []
    );
    assertEquals(causes, [""]);
  });

  it("its patience with clients that go on sending a little ends after some seconds", async () => {
    await using other = await startApp("well_behaved.ts", {
      app: { server: { lingerTimeout: SHORT_LINGER_MS } },
      run: way,
    });
    const conns = await connectMany(other.port, 50);
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
    await allClosed(other);
  });

  async function allClosed(besieged: StartedApp): Promise<void> {
    await eventually(
      () => besieged.running.stats().total.connectionsOpen === 0,
      "a server without connections",
    );
    assertEquals((await besieged.get("/hello")).status, 200);
  }
}, TWO_WAYS);
