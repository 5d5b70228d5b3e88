import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  acceptanceFields,
  acceptValue,
  HANDSHAKE_REFUSALS,
  type HandshakeHead,
  readHandshake,
} from "../../src/websocket/handshake.ts";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { bytesOf, DEFAULT_LIMITS } from "../http1/reading.ts";

/** The example of RFC 6455, section 1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const UPGRADE = "Upgrade: websocket";
const CONNECTION = "Connection: Upgrade";
const VERSION = "Sec-WebSocket-Version: 13";
const KEY_LINE = `Sec-WebSocket-Key: ${KEY}`;

/** The head of a handshake: the four fields that it needs, one of them replaced, and more. */
interface HeadParts {
  line?: string;
  upgrade?: string | null;
  connection?: string | null;
  version?: string | null;
  key?: string | null;
  more?: readonly string[];
}

/** Parses a head as it comes over the wire. */
function headOf(parts: HeadParts): HandshakeHead {
  const { line = "GET /chat HTTP/1.1", more = [] } = parts;
  const { upgrade = UPGRADE, connection = CONNECTION, version = VERSION, key = KEY_LINE } = parts;
  const fields = [upgrade, connection, version, key, ...more].filter((field) => field !== null);
  const parser = new RequestParser(DEFAULT_LIMITS, new BufferPool(), () => true);
  const bytes = bytesOf([line, "Host: a", ...fields, "", ""].join("\r\n"));
  parser.space.set(bytes);
  parser.received(bytes.length);
  const outcome = parser.next();
  if (outcome.kind !== "request") throw new Error(`the parser returns ${outcome.kind}`);
  return outcome.head;
}

const accepted: { what: string; parts: HeadParts; expected?: Record<string, unknown> }[] = [
  { what: "the four fields", parts: {} },
  {
    what: "other cases",
    parts: { upgrade: "upgrade: WebSocket", connection: "CONNECTION: UPGRADE" },
  },
  { what: "a list in Connection", parts: { connection: "Connection: keep-alive, Upgrade" } },
  { what: "two lines of Connection", parts: { more: ["Connection: keep-alive"] } },
  { what: "a list in Upgrade", parts: { upgrade: "Upgrade: h2c, websocket" } },
  { what: "a target with a query", parts: { line: "GET /chat?room=1 HTTP/1.1" } },
  { what: "a higher minor version", parts: { line: "GET / HTTP/1.2" } },
  { what: "an empty body", parts: { more: ["Content-Length: 0"] } },
  {
    what: "an origin",
    parts: { more: ["Origin: https://example.com"] },
    expected: { origin: "https://example.com" },
  },
  {
    what: "the origin null of a sandboxed page",
    parts: { more: ["Origin: null"] },
    expected: { origin: "null" },
  },
  {
    what: "a protocol",
    parts: { more: ["Sec-WebSocket-Protocol: chat"] },
    expected: { protocols: ["chat"] },
  },
  {
    what: "protocols in several lines, in their order and case",
    parts: { more: ["Sec-WebSocket-Protocol: Chat,\tb", "Sec-WebSocket-Protocol:a"] },
    expected: { protocols: ["Chat", "b", "a"] },
  },
  {
    what: "extensions in several lines",
    parts: { more: ["Sec-WebSocket-Extensions: a;b", "Sec-WebSocket-Extensions: c"] },
    expected: {
      extensions: [
        { name: "a", parameters: [["b", undefined]] },
        { name: "c", parameters: [] },
      ],
    },
  },
  {
    what: "a key whose last letter has bits that no byte has",
    parts: { key: "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB==" },
    expected: { accept: acceptValue("AAAAAAAAAAAAAAAAAAAAAB==") },
  },
];

const refused: { what: string; parts: HeadParts; by: keyof typeof HANDSHAKE_REFUSALS }[] = [
  ...["POST", "PUT", "HEAD", "OPTIONS", "get"].map((method) => ({
    what: `the method ${method}`,
    parts: { line: `${method} / HTTP/1.1` },
    by: "method" as const,
  })),
  { what: "HTTP/1.0", parts: { line: "GET / HTTP/1.0" }, by: "httpVersion" },
  { what: "no Upgrade", parts: { upgrade: null }, by: "upgrade" },
  ...["", "h2c", "websockets", "web socket", "websocket/13", '"websocket"'].map((value) => ({
    what: `the Upgrade ${JSON.stringify(value)}`,
    parts: { upgrade: `Upgrade: ${value}` },
    by: "upgrade" as const,
  })),
  { what: "no Connection", parts: { connection: null }, by: "connection" },
  ...["", "keep-alive", "close", "upgrades", "up grade"].map((value) => ({
    what: `the Connection ${JSON.stringify(value)}`,
    parts: { connection: `Connection: ${value}` },
    by: "connection" as const,
  })),
  { what: "a body of a length", parts: { more: ["Content-Length: 1"] }, by: "body" },
  { what: "a chunked body", parts: { more: ["Transfer-Encoding: chunked"] }, by: "body" },
  { what: "no version", parts: { version: null }, by: "version" },
  ...["", "0", "8", "12", "14", "013", "13.0", "13, 8", "256", "x"].map((value) => ({
    what: `the version ${JSON.stringify(value)}`,
    parts: { version: `Sec-WebSocket-Version: ${value}` },
    by: "version" as const,
  })),
  { what: "two versions", parts: { more: [VERSION] }, by: "version" },
  { what: "no key", parts: { key: null }, by: "key" },
  ...[
    "",
    "AAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAA-AAAAAAAAAAA==",
    "AAAAAAAAAA AAAAAAAAAAA==",
    "AAAAAAAAAAAAAAAAAAAAAA==x",
    "?",
  ].map((key) => ({
    what: `the key ${JSON.stringify(key)}`,
    parts: { key: `Sec-WebSocket-Key: ${key}` },
    by: "key" as const,
  })),
  { what: "two keys", parts: { more: [KEY_LINE] }, by: "key" },
  ...["", ",", "a,", ",a", "a,,b", "a b", "a;b", '"a"', "a, a", "\xe4"].map((value) => ({
    what: `the protocols ${JSON.stringify(value)}`,
    parts: { more: [`Sec-WebSocket-Protocol: ${value}`] },
    by: "protocols" as const,
  })),
  {
    what: "the same protocol in two lines",
    parts: { more: ["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"] },
    by: "protocols",
  },
  ...["", "a;", "a,,b", 'a;b="', "a b"].map((value) => ({
    what: `the extensions ${JSON.stringify(value)}`,
    parts: { more: [`Sec-WebSocket-Extensions: ${value}`] },
    by: "extensions" as const,
  })),
];

describe("readHandshake() (RFC 6455, section 4.2.1)", () => {
  for (const { what, parts, expected } of accepted) {
    it(`readHandshake() accepts ${what}`, () => {
      const plain = {
        kind: "accepted",
        accept: ACCEPT,
        protocols: [],
        extensions: [],
        origin: null,
      };
      assertEquals<unknown>(readHandshake(headOf(parts)), { ...plain, ...expected });
    });
  }

  for (const { what, parts, by } of refused) {
    const refusal = HANDSHAKE_REFUSALS[by];
    it(`readHandshake() refuses ${what} with ${refusal.status}`, () => {
      assertEquals<unknown>(readHandshake(headOf(parts)), refusal);
    });
  }
});

describe("HANDSHAKE_REFUSALS", () => {
  const fieldsOf = (status: number): unknown[] =>
    Object.values(HANDSHAKE_REFUSALS).filter((refusal) => refusal.status === status)
      .map((refusal) => Object.fromEntries(refusal.fields));

  it("HANDSHAKE_REFUSALS have the fields that go with their status (RFC 9110, section 15.5)", () => {
    const upgrade = {
      "Upgrade": "websocket",
      "Connection": "Upgrade",
      "Sec-WebSocket-Version": "13",
    };
    assertEquals(fieldsOf(426), [upgrade, upgrade]);
    assertEquals(fieldsOf(405), [{ "Allow": "GET" }]);
    assertEquals(fieldsOf(400).every((fields) => Object.keys(fields as object).length === 0), true);
  });

  it("HANDSHAKE_REFUSALS have a sentence for the author of the client", () => {
    for (const { reason } of Object.values(HANDSHAKE_REFUSALS)) {
      assertMatch(reason, /^(?:A|The) [ -~]+[^.]$/);
    }
  });
});

describe("acceptanceFields() (RFC 6455, section 4.2.2)", () => {
  const handshake = readHandshake(headOf({}));
  if (handshake.kind !== "accepted") throw new Error("the example of the RFC is refused");
  const plain: [string, string][] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", ACCEPT],
  ];

  it("acceptanceFields() returns the fields of the RFC's example", () => {
    assertEquals(acceptanceFields(handshake), plain);
  });

  it("acceptanceFields() names a protocol and extensions if they were chosen", () => {
    assertEquals(acceptanceFields(handshake, { protocol: "chat", extensions: "a; b" }), [
      ...plain,
      ["Sec-WebSocket-Protocol", "chat"],
      ["Sec-WebSocket-Extensions", "a; b"],
    ]);
  });
});
