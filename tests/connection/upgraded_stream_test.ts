// A connection that is handed over to another protocol, over a connection without a socket: when the 101 goes out, whose the
// bytes after the request are, and what becomes of time limits, of a drain, and of clients that leave.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler, HandlerResult } from "../../src/handler/handler.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import {
  type ConnectionUpgrade,
  prepareUpgrade,
  type UpgradedStream,
  type UpgradeEnd,
} from "../../src/handler/upgrade.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { get, post } from "../support/clients/raw_client.ts";
import { settle } from "../support/connections/fake_conn.ts";
import {
  DATE,
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 10;

const decoder = new TextDecoder();

/** A protocol that sends all bytes back, until one of them is "q". */
class Echo implements ConnectionUpgrade {
  readonly events: string[] = [];
  stream: UpgradedStream | undefined;
  #sentBytes = 0;

  constructor(readonly writesHead = false) {}

  async begin(stream: UpgradedStream): Promise<UpgradeEnd> {
    this.events.push("begin");
    this.stream = stream;
    const space = new Uint8Array(100);
    let text = decoder.decode(stream.early);
    try {
      for (;;) {
        if (text.length > 0) await this.#echo(stream, text);
        if (text.includes("q")) break;
        const count = await stream.read(space);
        if (count === null) break;
        text = decoder.decode(space.subarray(0, count));
      }
    } catch (error) {
      this.events.push((error as Error).name);
    }
    return { status: 101, sentBytes: this.#sentBytes, details: {} };
  }

  async #echo(stream: UpgradedStream, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
    this.#sentBytes += bytes.length;
  }

  cancel(): void {
    // It may be called again.
    if (this.events.at(-1) !== "cancel") this.events.push("cancel");
  }

  onDeadline(): void {
    this.events.push("deadline");
    this.stream!.deadline = Infinity;
  }

  onDrain(why: string): void {
    this.events.push(why);
  }

  abandon(): void {
    this.events.push("abandon");
    this.stream!.close();
  }
}

const UPGRADE = ["Connection: Upgrade", "Upgrade: echo/1"];
const ASK = get("/", ...UPGRADE);
const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\nDate: ${DATE}\r\nupgrade: echo/1\r\n` +
  "Connection: upgrade\r\n\r\n";

function switching(): Response {
  return new Response(null, { status: 101, headers: { upgrade: "echo/1" } });
}

interface Upgrading extends ServedConnection {
  readonly echo: Echo;
}

/** Serves a connection whose handler prepares an upgrade, and then answers. */
async function serve(
  answer: (request: WebRequest) => HandlerResult = switching,
  options: { limits?: WebServerOptions; isLogged?: boolean; writesHead?: boolean } = {},
): Promise<Upgrading> {
  const echo = new Echo(options.writesHead);
  const router = new Router<Handler>(percentDecode);
  router.add(
    "/",
    true,
    (request) => {
      prepareUpgrade(request, echo);
      return answer(request);
    },
    () => "a test",
    { streamsBody: true },
  );
  router.add("/hello", true, () => new Response("hello"), () => "a test");
  const { limits = {}, isLogged } = options;
  const served = await serveConnection({ router, limits, tickMs: TICK_MS, isLogged });
  return { ...served, echo };
}

/** The same, after the upgrade. */
async function upgraded(options?: Parameters<typeof serve>[1]): Promise<Upgrading> {
  const serving = await serve(switching, options);
  serving.fake.send(ASK);
  await settle();
  serving.fake.writes.length = 0;
  return serving;
}

describe("A connection with an upgrade", () => {
  it("sends the 101 when the handler returns that response, and only then", async () => {
    const open = Promise.withResolvers<void>();
    const { fake, echo } = await serve(async () => {
      await open.promise;
      return switching();
    });
    fake.send(ASK + "early");
    await settle();
    assertEquals([fake.output, echo.events], ["", []]);
    open.resolve();
    await settle();
    assertEquals(fake.writes, [SWITCHING, "early"]);
    assertEquals(echo.events, ["begin"]);
  });

  it("sends the 101 in one write with the responses before it", async () => {
    const { fake } = await serve();
    fake.send(get("/hello") + ASK);
    await settle();
    assertEquals(fake.writes.length, 1);
    assertMatch(fake.output, /^HTTP\/1.1 200 .*helloHTTP\/1.1 101 /s);
  });

  it("gives the bytes after the request to the other protocol, also a request", async () => {
    const { fake } = await serve();
    fake.send(ASK + get("/hello"));
    await settle();
    assertEquals(fake.output, SWITCHING + get("/hello"));
  });

  it("gives all later bytes to it, with the end of the client's side", async () => {
    const { fake, served } = await upgraded();
    for (const text of ["a", "bc", "d".repeat(250)]) {
      fake.send(text);
      await settle();
    }
    assertEquals(fake.output, "abc" + "d".repeat(250));
    fake.end();
    await served;
    assert(fake.isClosed);
  });

  it("gives it the bytes of a read that was to see the client leave", async () => {
    const open = Promise.withResolvers<void>();
    const { fake, served } = await serve(async ({ signal }) => {
      assert(!signal.aborted);
      await open.promise;
      return switching();
    });
    fake.send(ASK);
    await settle();
    open.resolve();
    await settle();
    // More than the space of one read of the protocol.
    fake.send("a".repeat(250));
    await settle();
    fake.send("b");
    await settle();
    assertEquals(fake.output, SWITCHING + "a".repeat(250) + "b");
    fake.send("q");
    await served;
  });

  it("closes when the protocol ends", async () => {
    const { fake, served, faults } = await upgraded();
    fake.send("q");
    await served;
    assert(fake.isClosed);
    assertEquals([fake.output, faults], ["q", []]);
  });

  it("leaves the head to a protocol that writes it itself", async () => {
    const { fake, echo } = await serve(switching, { writesHead: true });
    fake.send(ASK + "early");
    await settle();
    assertEquals([fake.output, echo.events], ["early", ["begin"]]);
  });

  it("has the protocol's deadline kept by the clock of all connections, and no other", async () => {
    const limits = { keepAliveTimeout: 50, headTimeout: 50, handlerTimeout: 50, writeTimeout: 50 };
    const { echo, pass } = await upgraded({ limits });
    await pass(500);
    assertEquals(echo.events, ["begin"]);
    const stream = echo.stream!;
    stream.deadline = stream.clock.after(100);
    await pass(100);
    assertEquals(echo.events, ["begin"]);
    await pass(2 * TICK_MS);
    assertEquals(echo.events, ["begin", "deadline"]);
  });

  it("passes a drain and its end on to the protocol", async () => {
    const { connection, echo, served, fake, faults } = await upgraded();
    assert(!connection.closeIfIdle({ evenIfNew: true }));
    connection.drainUpgrade("replacement");
    assertEquals(echo.events, ["begin", "replacement"]);
    connection.abandon();
    await served;
    assertEquals(echo.events, ["begin", "replacement", "abandon", "Interrupted"]);
    assertEquals([fake.output, faults], ["", []]);
  });

  it("asks the protocol to end at once if the worker drains when the upgrade begins", async () => {
    const serving = await serve();
    serving.context.isDraining = true;
    serving.context.drainsFor = "replacement";
    serving.fake.send(ASK);
    await settle();
    assertEquals(serving.echo.events, ["begin", "replacement"]);
    serving.fake.end();
    await serving.served;
  });

  it("counts the request as over from the 101 on, and aborts its signal at the end", async () => {
    let signal: AbortSignal | undefined;
    const { context, fake, served } = await serve((request) => {
      signal = request.signal;
      return switching();
    });
    fake.send(ASK);
    await settle();
    const { requests, requestsInFlight } = context.scoreboard.read();
    assertEquals([requests, requestsInFlight], [1, 0]);
    assertEquals(context.inFlightRequests.read(0), []);
    assertEquals(signal?.aborted, false);
    fake.send("q");
    await served;
    assertEquals(signal?.aborted, true);
  });

  it("writes the line of the log at the end", async () => {
    const { context, fake, served, logged } = await upgraded({ isLogged: true });
    fake.send("abcdef");
    await settle();
    await context.accessLog?.flush();
    assertEquals(logged, []);
    fake.send("q");
    await served;
    await context.accessLog?.flush();
    assertEquals(logged.length, 1);
    assertStringIncludes(logged[0], `"GET / HTTP/1.1" 101 7 `);
  });

  it("cancels the upgrade if the handler answers with another response", async () => {
    const { fake, echo } = await serve(() => new Response("no"));
    fake.send(ASK + get("/hello"));
    await settle();
    assertEquals(echo.events, ["cancel"]);
    assertMatch(fake.output, /^HTTP\/1.1 200 .*noHTTP\/1.1 200 .*hello$/s);
  });

  it("cancels the upgrade if the handler throws, or returns a field that may not be sent", async () => {
    const broken = switching();
    broken.headers.set("x-a", "a\x7f");
    for (const answer of [() => Promise.reject(new Error("a test")), () => broken]) {
      const { fake, echo, panics } = await serve(answer);
      fake.send(ASK);
      await settle();
      assertEquals([echo.events, panics.length], [["cancel"], 1]);
      assertMatch(fake.output, /^HTTP\/1.1 500 /);
    }
  });

  it("cancels the upgrade if the client has left, the time is over, or the drain", async () => {
    const ways: Record<string, (serving: Upgrading) => unknown> = {
      "the client has left": ({ fake }) => fake.reset(),
      "the time is over": ({ pass }) => pass(100),
      "the drain is over": ({ connection }) => connection.abandon(),
    };
    for (const [what, end] of Object.entries(ways)) {
      const open = Promise.withResolvers<void>();
      const serving = await serve(async ({ signal }) => {
        assert(!signal.aborted);
        await open.promise;
        return switching();
      }, { limits: { handlerTimeout: 50 } });
      const { fake, echo, served, faults } = serving;
      fake.send(ASK);
      await settle();
      await end(serving);
      open.resolve();
      fake.end();
      await served;
      await settle();
      assertEquals([what, echo.events, faults], [what, ["cancel"], []]);
    }
  });

  it("cancels the upgrade if the 101 cannot be written", async () => {
    const open = Promise.withResolvers<void>();
    const { fake, echo, served, faults } = await serve(async () => {
      await open.promise;
      return switching();
    });
    fake.send(ASK);
    await settle();
    fake.isBlocked = true;
    open.resolve();
    await settle();
    fake.fail();
    await served;
    await settle();
    assertEquals([echo.events, faults], [["cancel"], []]);
  });

  it("answers 400 if the body of the request has not come whole", async () => {
    const { fake, echo, served } = await serve();
    fake.send(post("/", "abcdef", ...UPGRADE).slice(0, -3));
    fake.end();
    await served;
    assertMatch(fake.output, /^HTTP\/1.1 400 /);
    assertEquals(echo.events, ["cancel"]);
  });
});
