// What a fetch-style handler hears of its answer's way to the client, over a connection without a socket.

import { assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import { notSent } from "../../src/handler/client_gone.ts";
import type { FetchHandler, Handler } from "../../src/handler/handler.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 500;

/** An exchange, and what its handler has heard of its answer so far: by path, "sent" or the error. */
interface Heard extends ServedConnection {
  readonly heard: Map<string, unknown>;
}

async function serve(answer: FetchHandler, limits: WebServerOptions = {}): Promise<Heard> {
  const heard = new Map<string, unknown>();
  const router = new Router<Handler>(percentDecode);
  const target = fetchHandler((request, info, context) => {
    const { pathname } = new URL(request.url);
    info.completed.then(() => heard.set(pathname, "sent"), (error) => heard.set(pathname, error));
    return answer(request, info, context);
  });
  router.add("/", false, target, () => "a test");
  return { ...await serveConnection({ router, limits, tickMs: TICK_MS }), heard };
}

describe("The completion of an answer", () => {
  const answers: { what: string; make: () => Response }[] = [
    { what: "in memory", make: () => new Response("text") },
    { what: "without a body", make: () => new Response(null, { status: 204 }) },
    { what: "that is larger than the output", make: () => new Response("x".repeat(200_000)) },
    {
      what: "that is made while it is sent",
      make: () => new Response(ReadableStream.from([new Uint8Array(10), new Uint8Array(100_000)])),
    },
    {
      what: "that is made while it is sent, of a length that is told",
      make: () =>
        new Response(ReadableStream.from([new Uint8Array(10), new Uint8Array(100_000)]), {
          headers: { "content-length": "100010" },
        }),
    },
  ];
  for (const { what, make } of answers) {
    it(`comes when all is written of one ${what}`, async () => {
      const exchange = await serve(make);
      exchange.fake.isBlocked = true;
      exchange.fake.send(get("/a"));
      await settle();
      assertEquals([...exchange.heard], []);
      exchange.fake.unblock();
      await settle();
      assertEquals([...exchange.heard], [["/a", "sent"]]);
      exchange.fake.end();
      await exchange.served;
    });
  }

  it("comes for each of pipelined requests, and not with the answer before it", async () => {
    const open = Promise.withResolvers<void>();
    const exchange = await serve(async ({ url }) => {
      if (url.endsWith("/b")) await open.promise;
      return new Response("text");
    });
    exchange.fake.send(get("/a") + get("/b"));
    await settle();
    assertEquals([...exchange.heard], [["/a", "sent"]]);
    open.resolve();
    await settle();
    assertEquals([...exchange.heard], [["/a", "sent"], ["/b", "sent"]]);
    exchange.fake.end();
    await exchange.served;
  });

  it("fails where the client goes before the end of the body", async () => {
    const exchange = await serve(() => new Response(new ReadableStream()));
    exchange.fake.send(get("/a"));
    await settle();
    exchange.fake.reset();
    await exchange.served;
    await settle();
    assertEquals([...exchange.heard], [["/a", notSent()]]);
    assertInstanceOf(notSent(), Deno.errors.Interrupted);
  });

  it("fails where the answer cannot be written", async () => {
    const exchange = await serve(() => new Response("text"));
    exchange.fake.isBlocked = true;
    exchange.fake.send(get("/a"));
    await settle();
    exchange.fake.fail();
    await exchange.served;
    await settle();
    assertEquals([...exchange.heard], [["/a", notSent()]]);
  });

  it("fails where the client has had a 503 in its place", async () => {
    const open = Promise.withResolvers<void>();
    const exchange = await serve(async () => {
      await open.promise;
      return new Response("too late");
    }, { handlerTimeout: TICK_MS });
    exchange.fake.send(get("/a"));
    await exchange.pass(3 * TICK_MS);
    assertEquals(exchange.fake.output.slice(0, 12), "HTTP/1.1 503");
    open.resolve();
    exchange.fake.end();
    await exchange.served;
    await settle();
    assertEquals([...exchange.heard], [["/a", notSent()]]);
  });
});
