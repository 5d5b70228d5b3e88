// Which request has an upgrade prepared, and when that is cancelled.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createPeer } from "../../src/handler/client_origin.ts";
import { createRequest, NOT_SENT, type WebRequest } from "../../src/handler/request.ts";
import { type ConnectionUpgrade, prepareUpgrade, takeUpgrade } from "../../src/handler/upgrade.ts";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import { get } from "../support/clients/raw_client.ts";

/** A request whose exchange ends as the test wants. */
function makeRequest() {
  const settings = resolveServerOptions({});
  const parser = new RequestParser(settings, new BufferPool());
  const bytes = new TextEncoder().encode(get("/a"));
  parser.space.set(bytes);
  parser.received(bytes.length);
  const outcome = parser.next();
  if (outcome.kind !== "request") throw new Error(`The parser gave ${outcome.kind}`);
  const completion = Promise.withResolvers<void>();
  const request: WebRequest = createRequest(
    outcome.head,
    outcome.body,
    createPeer(undefined, "http", settings),
    {
      background: { add() {} },
      webSockets: undefined,
      onSignalWanted() {},
      onCompletionWanted: () => completion.promise,
      connection: undefined,
    },
  );
  return { request, completion };
}

function makeUpgrade() {
  const calls: string[] = [];
  const upgrade = {
    cancel: () => void calls.push("cancel"),
  } as Partial<ConnectionUpgrade> as ConnectionUpgrade;
  return { upgrade, calls };
}

describe("prepareUpgrade()", () => {
  it("has takeUpgrade() return the upgrade, once", () => {
    const { request } = makeRequest();
    const { upgrade } = makeUpgrade();
    assertStrictEquals(takeUpgrade(request), undefined);
    prepareUpgrade(request, upgrade);
    assertStrictEquals(takeUpgrade(request), upgrade);
    assertStrictEquals(takeUpgrade(request), undefined);
  });

  for (const [what, error] of [["is sent", undefined], ["cannot be sent", NOT_SENT]]) {
    it(`cancels an upgrade that was not taken when the response ${what}`, async () => {
      const { request, completion } = makeRequest();
      const { upgrade, calls } = makeUpgrade();
      prepareUpgrade(request, upgrade);
      if (error === undefined) completion.resolve();
      else completion.reject(error);
      await completion.promise.catch(() => {});
      await Promise.resolve();
      assertEquals(calls, ["cancel"]);
      assertStrictEquals(takeUpgrade(request), undefined);
    });
  }

  it("leaves an upgrade that was taken", async () => {
    const { request, completion } = makeRequest();
    const { upgrade, calls } = makeUpgrade();
    prepareUpgrade(request, upgrade);
    takeUpgrade(request);
    completion.resolve();
    await completion.promise;
    await Promise.resolve();
    assertEquals(calls, []);
  });

  it("refuses a second upgrade of a request", () => {
    const { request } = makeRequest();
    prepareUpgrade(request, makeUpgrade().upgrade);
    assertThrows(
      () => prepareUpgrade(request, makeUpgrade().upgrade),
      TypeError,
      'Cannot upgrade GET "/a" twice',
    );
  });
});
