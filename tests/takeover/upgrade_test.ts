// `Deno.upgradeWebSocket` in workers: which requests it upgrades, with which options, and what it leaves to the runtime.

import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { Router } from "../../src/routing/router.ts";
import { replaceUpgradeWebSocket } from "../../src/takeover/upgrade.ts";
import { get } from "../support/clients/raw_client.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { serveConnection } from "../support/connections/served_connection.ts";
import { HANDSHAKE, noteEvents, TICK_MS } from "../support/connections/served_socket.ts";
import { readServerFrames } from "../websocket/frames.ts";

type Upgrade = (
  request: Request,
  options?: object | null,
) => { socket: WebSocket; response: Response };

const ORIGINAL = { socket: {} as WebSocket, response: new Response() };

/** The property of `Deno`, replaced on another object. */
function replaced() {
  const calls: unknown[][] = [];
  const deno: { upgradeWebSocket: Upgrade } = {
    upgradeWebSocket: (...args) => {
      calls.push(args);
      return ORIGINAL;
    },
  };
  replaceUpgradeWebSocket(deno);
  return { deno, calls };
}

/** Sends a request to a fetch-style application. */
async function ask(
  sent: string,
  app: (request: Request, upgrade: Upgrade) => Response | Promise<Response>,
) {
  const { deno, calls } = replaced();
  const router = new Router<Handler>(percentDecode);
  const { upgradeWebSocket } = deno;
  router.add("/", true, fetchHandler((request) => app(request, upgradeWebSocket)), () => "a test");
  const served = await serveConnection({ router, limits: { pingInterval: 0 }, tickMs: TICK_MS });
  served.fake.send(sent);
  await settle();
  const end = async () => {
    served.fake.end();
    await served.served;
  };
  return { ...served, calls, end, head: served.fake.writes[0] ?? "" };
}

const UPGRADED = /^HTTP\/1.1 101 /;

describe("replaceUpgradeWebSocket()", () => {
  it("upgrades a request of this server, and a clone of it", async () => {
    for (const  of of[(request: Request) => request, (request: Request) => request.clone()]) {
      let events: string[] = [];
      const { head, calls, end } = await ask(get("/", ...HANDSHAKE), (request, upgrade) => {
        const { socket, response } = upgrade(of(request));
        assertEquals([response.status, response.headers.get("upgrade")], [101, "websocket"]);
        events = noteEvents(socket);
        return response;
      });
      assertMatch(head, UPGRADED);
      await end();
      assertEquals(events, ["open", "close 1006 (not clean)"]);
      assertEquals(calls, []);
    }
  });

  it("upgrades also if the application returns a copy of the response, with more fields", async () => {
    const { head, end } = await ask(get("/", ...HANDSHAKE), (request, upgrade) => {
      const { response } = upgrade(request);
      const copy = new Response(response.body, response);
      copy.headers.set("x-a", "b");
      return copy;
    });
    assertMatch(head, UPGRADED);
    assertMatch(head, /^x-a: b\r$/m);
    await end();
  });

  it("checks no origin unless an option names origins", async () => {
    const sent = get("/", ...HANDSHAKE, "Origin: https://evil.example");
    const { head, end } = await ask(sent, (request, upgrade) => upgrade(request).response);
    assertMatch(head, UPGRADED);
    await end();
  });

  it("has idleTimeout, in seconds, in place of the server's pings", async () => {
    const { fake, pass, end } = await ask(
      get("/", ...HANDSHAKE),
      (request, upgrade) => upgrade(request, { idleTimeout: 1 }).response,
    );
    await pass(900);
    assertEquals(fake.writtenBytes.length, 1);
    await pass(150);
    assertEquals(readServerFrames(fake.writtenBytes[1])[0].first, 0x89);
    await pass(1_100);
    assert(fake.isClosed);
    await end();
  });

  it("takes the protocol and the fields", async () => {
    const sent = get("/", ...HANDSHAKE, "Sec-WebSocket-Protocol: a, b");
    const { head, end } = await ask(sent, (request, upgrade) => {
      const { socket, response } = upgrade(request, { protocol: "b", headers: { "x-a": "c" } });
      assertEquals(socket.protocol, "b");
      return response;
    });
    assertMatch(head, /^sec-websocket-protocol: b\r$/im);
    assertMatch(head, /^x-a: c\r$/m);
    await end();
  });

  const refusals: [what: string, fields: string[], status: number, message: string][] = [
    ["no Upgrade", [], 426, "Invalid Header: 'upgrade' header must contain 'websocket'"],
    [
      "no Connection: Upgrade",
      HANDSHAKE.slice(1),
      400,
      "Invalid Header: 'connection' header must contain 'Upgrade'",
    ],
    [
      "no key",
      HANDSHAKE.slice(0, -1),
      400,
      "Invalid Header: 'sec-websocket-key' header must be set",
    ],
    [
      "no version",
      HANDSHAKE.filter((line) => !line.includes("Version")),
      426,
      "Sec-WebSocket-Version",
    ],
  ];
  for (const [what, fields, status, message] of refusals) {
    it(`refuses ${what} with ${status} in the runtime's words, which is no panic`, async () => {
      const { head, panics, end } = await ask(
        get("/", ...fields),
        (request, upgrade) => upgrade(request).response,
      );
      assertMatch(head, new RegExp(`^HTTP/1.1 ${status} `));
      assertEquals([head.includes(message), panics], [true, []]);
      await end();
    });
  }

  it("leaves other requests to the runtime, with all arguments", () => {
    const { deno, calls } = replaced();
    const request = new Request("http://localhost/");
    const options = { protocol: "a" };
    assertStrictEquals(deno.upgradeWebSocket(request, options), ORIGINAL);
    assertEquals(calls, [[request, options]]);
    assertStrictEquals(calls[0][0], request);
  });

  it("keeps what a program puts in its place", () => {
    const { deno } = replaced();
    const own: Upgrade = () => ORIGINAL;
    deno.upgradeWebSocket = own;
    assertStrictEquals(deno.upgradeWebSocket, own);
  });
});
