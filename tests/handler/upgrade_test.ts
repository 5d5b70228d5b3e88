// Which request has an upgrade prepared, and when that is cancelled.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createPeer } from "../../src/handler/client_origin.ts";
import {
  type Cancellable,
  createRequest,
  releaseRequest,
  type WebRequest,
} from "../../src/handler/request.ts";
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
  const noted: Cancellable[] = [];
  const request: WebRequest = createRequest(
    outcome.head,
    outcome.body,
    createPeer(undefined, "http", settings),
    {
      background: { add() {}, addEnding() {} },
      webSockets: undefined,
      onSignalWanted() {},
      onCompletionWanted: () => Promise.resolve(),
      onUpgradePrepared: (upgrade) => void noted.push(upgrade),
      noteReason() {},
      answerTo: () => undefined,
      connection: undefined,
      noteRoute() {},
    },
  );
  /** Ends the exchange. */
  const cancel = () => noted.forEach((upgrade) => upgrade.cancel());
  return { request, cancel };
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

  it("cancels an upgrade that was not taken when it can no longer begin", () => {
    const { request, cancel } = makeRequest();
    const { upgrade, calls } = makeUpgrade();
    prepareUpgrade(request, upgrade);
    assertEquals(calls, []);
    cancel();
    assertEquals(calls, ["cancel"]);
  });

  it("leaves an upgrade that was taken", () => {
    const { request, cancel } = makeRequest();
    const { upgrade, calls } = makeUpgrade();
    prepareUpgrade(request, upgrade);
    takeUpgrade(request);
    cancel();
    assertEquals(calls, []);
  });

  it("cancels the upgrade of a request that was answered already", () => {
    const { request } = makeRequest();
    const { upgrade, calls } = makeUpgrade();
    releaseRequest(request);
    prepareUpgrade(request, upgrade);
    assertEquals(calls, ["cancel"]);
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
