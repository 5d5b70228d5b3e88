// The load that does not wait for answers, at a server that answers when the test lets it.

import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { freePort } from "../support/servers/free_port.ts";
import { startOpenLoad } from "./open_load.ts";

/** Serves with a handler while the load runs, on every processor. */
async function loadOn(handler: () => Response | Promise<Response>, perSecond: number) {
  const port = freePort();
  await using _server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const processors = `0-${navigator.hardwareConcurrency - 1}`;
  return await startOpenLoad({ port, path: "/", perSecond, seconds: 1 }, processors);
}

describe("startOpenLoad()", { ignore: !CAN_WATCH_PROCESSES }, () => {
  it("sends at its rate, and counts answers with 200 and with 503", async () => {
    let count = 0;
    const result = await loadOn(
      () => new Response("a", { status: count++ % 4 === 0 ? 503 : 200 }),
      100,
    );
    assertEquals(result.sent, 100);
    assertEquals(result.shedPerSecond, 25);
    assertLess(result.goodPerSecond, 76);
  });

  it("goes on sending while no answer comes, and counts late answers as none", async () => {
    const open = Promise.withResolvers<void>();
    let count = 0;
    const result = await loadOn(async () => {
      if (++count === 50) setTimeout(open.resolve, 1_100);
      await open.promise;
      return new Response("a");
    }, 50);
    assertEquals(result.sent, 50);
    assertGreaterOrEqual(result.p50Ms, 1_000);
    assertLess(result.goodPerSecond, 50);
  });
});
