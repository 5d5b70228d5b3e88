// How a connection calls handlers: in a microtask of their own, so that what they enter with AsyncLocalStorage ends with it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AsyncLocalStorage } from "node:async_hooks";
import type { Handler } from "../../src/handler/handler.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { Router } from "../../src/routing/router.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 500;

function serve(target: Handler, handlerTimeout = 0): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  router.add("/", false, target, () => "a test");
  return serveConnection({ router, limits: { handlerTimeout }, tickMs: TICK_MS });
}

/** More than a connection needs from a read to its answer. */
const MICROTASKS = 12;

async function passMicrotasks(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed++) await undefined;
}

describe("Connection", () => {
  for (let passed = 0; passed < MICROTASKS; passed++) {
    it(`answers a request whose handler it has called, if closeIfIdle() comes ${passed} microtasks after the bytes`, async () => {
      let calls = 0;
      const { fake, connection, served } = await serve(() => {
        calls++;
        return WebResponse.text("answered");
      });
      fake.send(get("/"));
      await passMicrotasks(passed);
      connection.closeIfIdle({ evenIfNew: true });
      await settle();
      assertEquals(fake.output.includes("answered"), calls === 1);
      fake.end();
      await served;
    });

    it(`answers once, if abandon() comes ${passed} microtasks after the bytes`, async () => {
      let calls = 0;
      const { fake, connection, context, served } = await serve(() => {
        calls++;
        return WebResponse.text("answered");
      });
      fake.send(get("/"));
      await passMicrotasks(passed);
      connection.abandon();
      await settle();
      fake.end();
      await served;
      const written = fake.output;
      assertEquals(written.split("HTTP/1.1 ").length - 1, written === "" ? 0 : 1);
      assertEquals(written.includes("HTTP/1.1 200"), calls === 1);
      assertEquals(context.scoreboard.read().requestsInFlight, 0);
    });
  }

  it("answers pipelined requests in one write, although each handler has its own microtask", async () => {
    const { fake, served } = await serve((req) => WebResponse.text(req.path));
    fake.send(get("/a") + get("/b") + get("/c"));
    await settle();
    assertEquals(fake.writes.length, 1);
    fake.end();
    await served;
  });
});

describe("Connection with listeners of signals that enter contexts", () => {
  const user = new AsyncLocalStorage<string>();

  async function serveListener(seen: unknown[], handlerTimeout: number): Promise<ServedConnection> {
    const served = await serve((req) => {
      req.signal.addEventListener("abort", () => {
        seen.push(user.getStore());
        user.enterWith("alice");
      });
      return new Promise(() => {});
    }, handlerTimeout);
    served.fake.send(get("/"));
    await settle();
    return served;
  }

  it("shows one tick's next connection no context of the one before", async () => {
    const seen: unknown[] = [];
    const [first, second] = [await serveListener(seen, 1_000), await serveListener(seen, 1_000)];
    const { deadlines } = first.context;
    const members = [first.connection, second.connection];
    for (let now = 0; seen.length === 0; now += TICK_MS) deadlines.tick(now, members);
    assertEquals([...seen, user.getStore()], [undefined, undefined, undefined]);
    for (const { fake } of [first, second]) {
      await settle();
      assertStringIncludes(fake.output, "HTTP/1.1 503");
    }
  });

  it("shows the next connection that a drain abandons no context of the one before", async () => {
    const seen: unknown[] = [];
    const [first, second] = [await serveListener(seen, 0), await serveListener(seen, 0)];
    first.connection.abandon();
    second.connection.abandon();
    assertEquals([...seen, user.getStore()], [undefined, undefined, undefined]);
    await settle();
    assert(first.fake.output.includes("HTTP/1.1 503"));
  });
});
