// The load that does not wait for answers, at a server that answers when the test lets it.

import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { canShrinkWindows } from "../support/clients/small_window_client.ts";
import { freePort } from "../support/servers/free_port.ts";
import { startOpenLoad } from "./open_load.ts";

/** Serves with a handler while the load runs, on every processor. */
async function loadOn(handler: () => Response | Promise<Response>, perSecond: number) {
  const port = freePort();
  await using _server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const processors = `0-${navigator.hardwareConcurrency - 1}`;
  return await startOpenLoad({ port, path: "/", perSecond, seconds: 1 }, processors);
}

describe("startOpenLoad()", { ignore: !CAN_WATCH_PROCESSES || !canShrinkWindows() }, () => {
  it("startOpenLoad() counts answers with 200 and with 503", async () => {
    let count = 0;
    const result = await loadOn(
      () => new Response("a", { status: count++ % 4 === 0 ? 503 : 200 }),
      100,
    );
    assertEquals(result.sent, 100);
    assertEquals([result.goodPerSecond > 0, result.shedPerSecond > 0], [true, true]);
    assertLessOrEqual(result.goodPerSecond, 75);
    assertLessOrEqual(result.shedPerSecond, 25);
  });

  it("startOpenLoad() sends while no answer comes, and counts from when a request was due", async () => {
    const allSent = Promise.withResolvers<void>();
    let count = 0;
    const result = await loadOn(async () => {
      if (++count === 50) allSent.resolve();
      await allSent.promise;
      return new Response("a");
    }, 50);
    assertEquals([result.sent, count], [50, 50]);
    // The last request is due 980 ms after the first one, and 480 ms or more after half of them.
    assertGreaterOrEqual(result.p50Ms, 479);
  });
});
