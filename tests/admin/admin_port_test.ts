// The operator's port over a fleet that is made up.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { AdminPort } from "../../src/admin/admin_port.ts";
import type { ObservedFleet } from "../../src/supervisor/fleet_observer.ts";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { RawClient } from "../support/clients/raw_client.ts";
import { within } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { stats, worker } from "./fleet.ts";

const FLEET: ObservedFleet = {
  phase: "serving",
  ready: true,
  hangTimeoutMs: 0,
  stats: () => stats([worker(1)]),
  requestTotals: () => new RequestTotals(),
};

const MAX_DESCRIPTORS = 4;

describe("AdminPort", { ignore: !canUseNetwork }, () => {
  let port: AdminPort;

  beforeEach(() => {
    port = AdminPort.open({ hostname: "127.0.0.1", port: 0 });
  });
  afterEach(() => port.close());

  async function statusOf(path: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port.addr.port}${path}`);
    await response.body?.cancel();
    return response.status;
  }

  /** Opens a stream of events, and returns its first chunk and its reader. */
  async function openStream() {
    const response = await fetch(`http://127.0.0.1:${port.addr.port}/events`);
    assertEquals(response.status, 200);
    assert(response.body !== null);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    return { reader, next: async () => (await within(reader.read(), "an event")).value ?? "" };
  }

  it("keeps requests waiting until there is a fleet to watch", async () => {
    const answered = statusOf("/readyz");
    port.watch(FLEET, MAX_DESCRIPTORS);
    assertEquals(await within(answered, "a response"), 200);
  });

  it("answers with what the fleet reports", async () => {
    port.watch({ ...FLEET, phase: "stopping" }, MAX_DESCRIPTORS);
    assertEquals(await Promise.all(["/healthz", "/readyz"].map((path) => statusOf(path))), [
      200,
      503,
    ]);
    const response = await fetch(`http://127.0.0.1:${port.addr.port}/stats`);
    const { pid, ready, workers } = await response.json();
    assertEquals([pid, ready, workers.length], [Deno.pid, false, 1]);
  });

  it("sends the history to a new stream, then each event", async () => {
    port.watch(FLEET, MAX_DESCRIPTORS);
    const { reader, next } = await openStream();
    assertMatch(await next(), /^retry: \d+\nevent: history\ndata: \{"samples":\[\{/);
    port.note({ kind: "reloading" });
    let text = "";
    while (!text.includes("event: fleet")) text += await next();
    assertMatch(text, /"reloading: every worker is replaced, one at a time"/);
    await reader.cancel();
  });

  it("refuses with 503 a stream beyond half of its descriptors", async () => {
    port.watch(FLEET, 2);
    const { reader, next } = await openStream();
    await next();
    assertEquals(await statusOf("/events"), 503);
    await reader.cancel();
  });

  it("ends the oldest connection that waits if another one comes beyond its limit", async () => {
    port.watch(FLEET, 1);
    using idle = await RawClient.connect(port.addr.port);
    assertEquals(await statusOf("/healthz"), 200);
    await idle.assertEnded();
  });

  it("throws an error that names its purpose if the port is in use", () => {
    const error = assertThrows(() => AdminPort.open(port.addr), Deno.errors.AddrInUse);
    assertMatch(error.message, /^Cannot listen on 127\.0\.0\.1:\d+ for the operator's port: /);
  });

  it("closes once, with its connections", async () => {
    port.watch(FLEET, MAX_DESCRIPTORS);
    const { next } = await openStream();
    await next();
    port.close();
    port.close();
    while (await next() !== "");
    // Its port is free again.
    Deno.listen({ hostname: port.addr.hostname, port: port.addr.port }).close();
  });
});
