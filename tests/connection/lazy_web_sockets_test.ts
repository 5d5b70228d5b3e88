// When the code of WebSockets is loaded.

import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LazyWebSockets } from "../../src/connection/lazy_web_sockets.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { WebRequest, WebSocketHost } from "../../src/handler/request.ts";
import type { WebSocketUpgrade } from "../../src/handler/web_socket_options.ts";

function head(upgrade: string | null) {
  return { header: (name: string) => name === "upgrade" ? upgrade : null };
}

const REQUEST = {} as WebRequest;
const UPGRADE = {} as WebSocketUpgrade;
const HOST: WebSocketHost = { upgrade: () => UPGRADE };

describe("LazyWebSockets", () => {
  it("loads the code with the first request that names websocket, and once", async () => {
    let loads = 0;
    const lazy = new LazyWebSockets(() => {
      loads++;
      return Promise.resolve(HOST);
    });
    assertEquals([lazy.loadFor(head(null)), lazy.loadFor(head("h2c")), loads], [
      undefined,
      undefined,
      0,
    ]);
    await Promise.all([lazy.loadFor(head("WebSocket")), lazy.loadFor(head("h2c, websocket"))]);
    assertEquals([lazy.loadFor(head("websocket")), loads], [undefined, 1]);
    assertStrictEquals(lazy.upgrade(REQUEST, {}, "any"), UPGRADE);
  });

  it("refuses with 426 a request for which the code was not loaded", () => {
    const lazy = new LazyWebSockets(() => Promise.resolve(HOST));
    const error = assertThrows(() => lazy.upgrade(REQUEST, {}, "any"), HttpError);
    assertEquals(error.status, 426);
    assertEquals(new Headers(error.headers).get("sec-websocket-version"), "13");
  });

  it("tries again after the code could not be loaded", async () => {
    const outcomes = [Promise.reject(new Error("a test")), Promise.resolve(HOST)];
    const lazy = new LazyWebSockets(() => outcomes.shift()!);
    await assertRejects(async () => await lazy.loadFor(head("websocket")), Error, "a test");
    await lazy.loadFor(head("websocket"));
    assertStrictEquals(lazy.upgrade(REQUEST, {}, "any"), UPGRADE);
  });
});
