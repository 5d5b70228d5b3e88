// waitUntil() over a connection without a socket: by each way to it, at any time, and of any request.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import type { FetchHandler, Handler } from "../../src/handler/handler.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { Router } from "../../src/routing/router.ts";
import { within } from "../support/deadline.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 500;

function serve(target: Handler, isLogged = false): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  router.add("/", false, target, () => "a test");
  return serveConnection({ router, limits: {}, tickMs: TICK_MS, isLogged });
}

/** Whether the worker of an exchange would wait for something now. */
async function isWaiting({ background, backgroundLines }: ServedConnection): Promise<boolean> {
  await settle();
  const linesBefore = backgroundLines.length;
  background.logUnfinished(performance.now());
  return backgroundLines.splice(linesBefore).length > 0;
}

type WaitUntil = (promise: PromiseLike<unknown>) => void;

/** A platform request, as h3 and srvx look at it. */
type RequestThatWaits = Request & { readonly waitUntil: WaitUntil };

const ways: readonly { what: string; find: (...args: Parameters<FetchHandler>) => WaitUntil }[] = [
  { what: "the info", find: (_request, { waitUntil }) => waitUntil },
  { what: "the third argument", find: (_request, _info, { waitUntil }) => waitUntil },
  {
    what: "the platform request",
    find: (request) => (request as RequestThatWaits).waitUntil,
  },
  {
    what: "a clone of the platform request",
    find: (request) => (request.clone() as RequestThatWaits).waitUntil,
  },
];

describe("waitUntil()", () => {
  for (const { what, find } of ways) {
    it(`waitUntil() of ${what} has the worker wait, also without its object`, async () => {
      const open = Promise.withResolvers<void>();
      const exchange = await serve(fetchHandler((...args) => {
        find(...args)(open.promise);
        return new Response("text");
      }));
      exchange.fake.send(get("/a"));
      assertEquals(await isWaiting(exchange), true);
      assertMatch(exchange.fake.output, /^HTTP\/1\.1 200 /);
      open.resolve();
      assertEquals(await isWaiting(exchange), false);
      exchange.fake.end();
      await exchange.served;
    });
  }

  it("waitUntil() has the worker wait for a handler that panics", async () => {
    const exchange = await serve((req) => {
      req.waitUntil(new Promise(() => {}));
      throw new Error("a panic on purpose");
    });
    exchange.fake.send(get("/a"));
    exchange.fake.end();
    await exchange.served;
    assertEquals([await isWaiting(exchange), exchange.panics.length], [true, 1]);
  });

  it("waitUntil() has the worker wait when the response was sent before", async () => {
    const requests: WebRequest[] = [];
    const exchange = await serve((req) => {
      requests.push(req);
      return WebResponse.text("text");
    });
    exchange.fake.send(get("/a") + get("/b"));
    await settle();
    exchange.fake.end();
    await exchange.served;
    assertEquals(await isWaiting(exchange), false);
    requests[0].waitUntil(Promise.reject(new Error("too late for the client")));
    await within(exchange.background.settleUntil(performance.now() + 60_000), "settled tasks");
    assertMatch(exchange.backgroundLines.join(), /waitUntil\(\) rejected in GET \/a: Error: too/);
  });

  it("waitUntil() has the worker wait while a body is made, and when the client has gone", async () => {
    const open = Promise.withResolvers<void>();
    const exchange = await serve((req) =>
      new WebResponse(async function* () {
        yield "one";
        await open.promise;
        req.waitUntil(new Promise(() => {}));
        yield "two";
      }())
    );
    exchange.fake.send(get("/a"));
    await settle();
    exchange.fake.reset();
    await exchange.served;
    open.resolve();
    assertEquals(await isWaiting(exchange), true);
  });

  it("waitUntil() logs a rejection with the id that the access log has", async () => {
    const exchange = await serve((req) => {
      setTimeout(() => req.waitUntil(Promise.reject(new Error("it broke"))));
      return WebResponse.text("text");
    }, true);
    exchange.fake.send(get("/a"));
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 1));
    await settle();
    const [, id] = /^x-request-id: (\S+)/im.exec(exchange.fake.output) ?? [];
    assertMatch(exchange.backgroundLines.join(), new RegExp(`in GET /a \\(request id ${id}\\): `));
    exchange.fake.end();
    await exchange.served;
  });
});
