// What a handshake gets: a WebSocket, or a refusal with the fields that the client needs. Over a connection without a socket.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Connection } from "../../src/connection/connection.ts";
import { isOriginAllowed } from "../../src/connection/web_sockets.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { Handler } from "../../src/handler/handler.ts";
import type { UpgradeWebSocketOptions } from "../../src/handler/web_socket_options.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import { FakeConn, settle } from "../support/connections/fake_conn.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";
import { ACCEPT, HANDSHAKE, noteEvents, TICK_MS } from "../support/connections/served_socket.ts";

interface Setting {
  readonly options?: UpgradeWebSocketOptions;
  readonly limits?: WebServerOptions;
  /** What the handler returns in place of the response of its WebSocket. */
  readonly answer?: () => Response | Promise<Response>;
}

/** Sends requests to a server of WebSockets. */
async function ask(sent: string, setting: Setting = {}) {
  const events: string[][] = [];
  const router = new Router<Handler>(percentDecode);
  router.add("/", true, (request) => {
    const { socket, response } = request.upgradeWebSocket(setting.options);
    events.push(noteEvents(socket));
    return setting.answer?.() ?? response;
  }, () => "a test");
  const limits = setting.limits ?? {};
  const served: ServedConnection = await serveConnection({ router, limits, tickMs: TICK_MS });
  served.fake.send(sent);
  await settle();
  const end = async () => {
    served.fake.end();
    await served.served;
  };
  return { ...served, events, head: served.fake.writes[0] ?? "", end };
}

/** A handshake in which some lines are others, and some are missing. */
function changed(
  changes: Record<string, string | undefined>,
  more: readonly string[] = [],
): string {
  const lines = HANDSHAKE.flatMap((line) => {
    const name = line.slice(0, line.indexOf(":"));
    return name in changes
      ? changes[name] === undefined ? [] : [`${name}: ${changes[name]}`]
      : [line];
  });
  return get("/", ...lines, ...more);
}

/** The events of a WebSocket that cannot open. */
const NOT_OPENED = [
  "error The request was not answered with the response of its WebSocket",
  "close 1006 (not clean)",
];

const FROM_PAGE = "Origin: http://test";

describe("upgradeWebSocket()", () => {
  it("answers a handshake with 101 and its fields, once each", async () => {
    const { head, events, end } = await ask(get("/", ...HANDSHAKE));
    assertMatch(head, /^HTTP\/1.1 101 Switching Protocols\r\n/);
    for (
      const field of [
        "Connection: upgrade",
        "Upgrade: websocket",
        `Sec-WebSocket-Accept: ${ACCEPT}`,
      ]
    ) {
      assertEquals(head.toLowerCase().split(`${field.toLowerCase()}\r\n`).length, 2, field);
    }
    assert(head.endsWith("\r\n\r\n"));
    assert(!/content-length|transfer-encoding|sec-websocket-(?:protocol|extensions)/i.test(head));
    await end();
    assertEquals(events, [["open", "close 1006 (not clean)"]]);
  });

  const refusals: [what: string, sent: string, status: number, fields: string[]][] = [
    ["a plain GET", get("/"), 426, ["upgrade: websocket", "sec-websocket-version: 13"]],
    ["another protocol", changed({ Upgrade: "h2c" }), 426, ["upgrade: websocket"]],
    ["no Connection: Upgrade", changed({ Connection: "keep-alive" }), 400, []],
    ["no version", changed({ "Sec-WebSocket-Version": undefined }), 426, [
      "sec-websocket-version: 13",
    ]],
    ["another version", changed({ "Sec-WebSocket-Version": "8" }), 426, [
      "sec-websocket-version: 13",
    ]],
    ["no key", changed({ "Sec-WebSocket-Key": undefined }), 400, []],
    ["a key of 15 bytes", changed({ "Sec-WebSocket-Key": btoa("a".repeat(15)) }), 400, []],
    ["a key of 17 bytes", changed({ "Sec-WebSocket-Key": btoa("a".repeat(17)) }), 400, []],
    ["a POST", request("POST", "/", "Content-Length: 0", ...HANDSHAKE), 405, ["allow: GET"]],
    ["a body", post("/", "abc", ...HANDSHAKE).replace("POST", "GET"), 400, []],
    ["HTTP/1.0", get("/", ...HANDSHAKE).replace("HTTP/1.1", "HTTP/1.0"), 400, []],
  ];
  for (const [what, sent, status, fields] of refusals) {
    it(`refuses ${what} with ${status}, which is no panic`, async () => {
      // The code of WebSockets may be loaded by then, or not.
      for (const before of ["", changed({ "Sec-WebSocket-Version": "8" })]) {
        const { fake, panics, events, end } = await ask(before + sent);
        const head = fake.output.slice(fake.output.lastIndexOf("HTTP/1.1 "));
        assertStringIncludes(head, `HTTP/1.1 ${status} `);
        for (const field of fields) assertStringIncludes(head.toLowerCase(), field.toLowerCase());
        assertEquals([panics, events], [[], []]);
        await end();
      }
    });
  }

  it("accepts one of the subprotocols that the client offers, by option and by field", async () => {
    const sent = changed({}, ["Sec-WebSocket-Protocol: chat.v2, chat.v1"]);
    for (
      const options of [{ protocol: "chat.v1" }, {
        headers: { "sec-websocket-protocol": "chat.v1" },
      }]
    ) {
      const { head, end } = await ask(sent, { options });
      assertEquals(head.match(/^sec-websocket-protocol: .*$/gim)?.map((line) => line.trim()), [
        "sec-websocket-protocol: chat.v1",
      ]);
      await end();
    }
  });

  it("refuses a client that does not offer the subprotocol with 400", async () => {
    for (const more of [[], ["Sec-WebSocket-Protocol: chat.v2"]]) {
      const { head, panics, end } = await ask(changed({}, more), {
        options: { protocol: "chat.v1" },
      });
      assertMatch(head, /^HTTP\/1.1 400 .*Protocol 'chat.v1' not in the request's protocol list/s);
      assertEquals(panics, []);
      await end();
    }
  });

  it("sends the fields of its option, but not those of the handshake", async () => {
    const headers = { "Set-Cookie": "a=b", "Sec-WebSocket-Accept": "wrong", "Upgrade": "h2c" };
    const { head, end } = await ask(get("/", ...HANDSHAKE), { options: { headers } });
    assertMatch(head, /^set-cookie: a=b\r$/im);
    assert(!/wrong|h2c/.test(head));
    await end();
  });

  it("accepts pages of its own origin and clients without one, and refuses others with 403", async () => {
    const cases: [fields: string[], setting: Setting, status: number][] = [
      [[], {}, 101],
      [[FROM_PAGE], {}, 101],
      [["Origin: https://test"], {}, 101],
      [["Origin: https://evil.example"], {}, 403],
      [["Origin: null"], {}, 403],
      [["Origin: https://a.example"], { limits: { allowedOrigins: ["https://a.example"] } }, 101],
      [["Origin: http://a.example"], { limits: { allowedOrigins: ["https://a.example"] } }, 403],
      [[FROM_PAGE], { limits: { allowedOrigins: ["https://a.example"] } }, 101],
      [["Origin: https://evil.example"], { limits: { allowedOrigins: "any" } }, 101],
      [["Origin: https://evil.example"], { options: { allowedOrigins: "any" } }, 101],
      [["Origin: https://b.example"], {
        limits: { allowedOrigins: "any" },
        options: { allowedOrigins: ["https://a.example"] },
      }, 403],
    ];
    for (const [fields, setting, status] of cases) {
      const { head, panics, end } = await ask(changed({}, fields), setting);
      assertEquals([fields, Number(head.slice(9, 12)), panics], [fields, status, []]);
      await end();
    }
  });

  it("refuses more WebSockets than a worker may have with 503, until one ends", async () => {
    const none = await ask(get("/", ...HANDSHAKE), { limits: { maxWebSockets: 0 } });
    assertMatch(none.head, /^HTTP\/1.1 503 /);
    assertEquals(none.panics, []);
    await none.end();
    // An upgrade that was prepared in vain counts no more.
    const { fake, events, end } = await ask(get("/", ...HANDSHAKE), {
      limits: { maxWebSockets: 1 },
      answer: () => new Response("no"),
    });
    for (let i = 0; i < 2; i++) {
      fake.send(get("/", ...HANDSHAKE));
      await settle();
    }
    assertEquals(fake.output.match(/HTTP\/1.1 (\d+)/g), Array(3).fill("HTTP/1.1 200"));
    assertEquals(events, Array(3).fill(NOT_OPENED));
    await end();
  });

  it("counts no WebSocket whose handler has answered with another response, in pipelined requests", async () => {
    const { fake, events, end } = await ask(get("/", ...HANDSHAKE).repeat(3), {
      limits: { maxWebSockets: 1 },
      answer: () => new Response("no"),
    });
    assertEquals(fake.output.match(/HTTP\/1.1 (\d+)/g), Array(3).fill("HTTP/1.1 200"));
    assertEquals(events, Array(3).fill(NOT_OPENED));
    await end();
  });

  for (
    const [what, fail] of [
      ["throws", () => {
        throw new Error("a panic");
      }],
      ["throws an HttpError", () => {
        throw new HttpError(404, "no");
      }],
      ["returns no response", () => 7 as unknown as Response],
      [
        "returns a response of status 101 with a field that may not be sent",
        () =>
          Object.defineProperty(new Response(null, { status: 101 }), "headers", {
            value: new Map([["a", "b\r\nc"]]),
          }),
      ],
    ] as [what: string, fail: () => Response][]
  ) {
    it(`counts no WebSocket whose handler ${what}`, async () => {
      const { events, end } = await ask(get("/", ...HANDSHAKE), { answer: fail });
      assertEquals(events, [NOT_OPENED]);
      await end();
    });
  }

  it("counts no WebSocket whose handler takes longer than handlerTimeout", async () => {
    const never = Promise.withResolvers<Response>();
    const { pass, fake, events, served } = await ask(get("/", ...HANDSHAKE), {
      limits: { maxWebSockets: 1, handlerTimeout: 50 },
      answer: () => never.promise,
    });
    assertEquals(events, [[]]);
    await pass(100);
    assertMatch(fake.output, /^HTTP\/1.1 503 /);
    assertEquals(events, [NOT_OPENED]);
    fake.end();
    never.resolve(new Response("late"));
    await served;
    assertEquals(events, [NOT_OPENED]);
  });

  it("counts a WebSocket for as long as it is open", async () => {
    const first = await ask(get("/", ...HANDSHAKE), { limits: { maxWebSockets: 1 } });
    // Other connections of the same worker.
    const statusOfNext = async () => {
      const fake = new FakeConn();
      const serving = new Connection(fake.conn, first.context).serve();
      fake.send(get("/", ...HANDSHAKE));
      await settle();
      fake.end();
      await serving;
      return fake.output.slice(9, 12);
    };
    assertEquals(await statusOfNext(), "503");
    await first.end();
    assertEquals([await statusOfNext(), await statusOfNext()], ["101", "101"]);
  });

  it("refuses to upgrade a request twice, and options of a wrong type", async () => {
    const router = new Router<Handler>(percentDecode);
    const messages: string[] = [];
    router.add("/", true, (request) => {
      const { response } = request.upgradeWebSocket();
      for (const options of [{}, { pingInterval: -1 }, { protocol: 7 as unknown as string }]) {
        try {
          request.upgradeWebSocket(options);
        } catch (error) {
          messages.push((error as Error).message);
        }
      }
      return response;
    }, () => "a test");
    const { fake, served } = await serveConnection({ router, limits: {}, tickMs: TICK_MS });
    fake.send(get("/", ...HANDSHAKE));
    await settle();
    assertMatch(messages[0], /^Cannot upgrade GET "\/" twice/);
    assertMatch(messages[1], /^Cannot use -1 as option "pingInterval"/);
    assertMatch(messages[2], /^Cannot use option "protocol"/);
    assertMatch(fake.output, /^HTTP\/1.1 101 /);
    fake.end();
    await served;
  });

  it("refuses a request that was answered already", async () => {
    const router = new Router<Handler>(percentDecode);
    let upgrade: (() => unknown) | undefined;
    router.add("/", true, (request) => {
      upgrade = () => request.upgradeWebSocket();
      return new Response("hello");
    }, () => "a test");
    const { fake, served } = await serveConnection({ router, limits: {}, tickMs: TICK_MS });
    fake.send(get("/", ...HANDSHAKE));
    await settle();
    let message = "";
    try {
      upgrade?.();
    } catch (error) {
      message = (error as Error).message;
    }
    assertMatch(message, /it was answered already/);
    fake.end();
    await served;
  });
});

describe("isOriginAllowed()", () => {
  const cases: [origin: string, host: string, isAllowed: boolean][] = [
    ["http://a.example", "a.example", true],
    ["https://a.example", "a.example", true],
    ["https://a.example", "A.example:443", true],
    ["http://a.example", "a.example:80", true],
    ["http://a.example:8080", "a.example:8080", true],
    ["http://a.example:8080", "a.example", false],
    ["http://a.example", "a.example:8080", false],
    ["http://b.a.example", "a.example", false],
    ["http://a.example.evil.example", "a.example", false],
    ["null", "a.example", false],
    ["", "a.example", false],
    ["file://", "a.example", false],
    ["http://[::1]:8000", "[::1]:8000", true],
  ];
  for (const [origin, host, isAllowed] of cases) {
    it(`is ${isAllowed} for pages of ${JSON.stringify(origin)} at ${host}`, () => {
      assertEquals(isOriginAllowed(origin, host, "same"), isAllowed);
    });
  }
});
