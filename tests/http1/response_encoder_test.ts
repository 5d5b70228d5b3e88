import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { LARGE_BUFFER_BYTES, MEDIUM_BUFFER_BYTES } from "../../src/http1/buffer_pool.ts";
import type { ResponseFraming } from "../../src/http1/framing.ts";
import { MAX_JOINED_BODY_BYTES, MAX_WAITING_BYTES, Output } from "../../src/http1/output.ts";
import type { ConnectionOption } from "../../src/http1/persistence.ts";
import {
  CONTINUE_BYTES,
  type EncodableBody,
  type EncodableResponse,
  ResponseEncoder,
} from "../../src/http1/response_encoder.ts";
import { reasonPhrase } from "../../src/http1/status.ts";
import { writtenId } from "../support/connections/written_id.ts";
import { codePoint, fieldName, fieldValue } from "./arbitraries.ts";
import { bytesOf, SpoilingPool, takeWritten, textOf } from "./reading.ts";
import { runs, size } from "../support/runs.ts";

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER = "Mon, 07 Nov 1994 00:00:00 GMT";

/** A pool that notes how large its largest buffer was. */
class LargestTaken extends SpoilingPool {
  bytes = 0;

  override take(minimumBytes: number): Uint8Array<ArrayBuffer> {
    const buffer = super.take(minimumBytes);
    this.bytes = Math.max(this.bytes, buffer.length);
    return buffer;
  }
}

/** How a response that has one may have its Content-Type: as the one field of its template, or among the others. */
type Way = "template" | "general way";

function response(parts: Partial<EncodableResponse> = {}): EncodableResponse {
  return {
    status: 200,
    contentType: null,
    fields: null,
    body: null,
    declaredLength: undefined,
    ...parts,
  };
}

/** All that is sent for some responses, one after the other on one connection: output and large body. */
function send(
  encoder: ResponseEncoder,
  responses: readonly EncodableResponse[],
  connection: ConnectionOption = "",
  isHeadRequest = false,
): string {
  const output = new Output(new SpoilingPool());
  let text = "";
  for (const each of responses) {
    encoder.encode(output, each, connection, isHeadRequest);
    if (output.largeBody !== undefined) text += takeWritten(output);
  }
  return text + takeWritten(output);
}

const utf8 = new TextEncoder();

function bodyBytes(body: EncodableBody): Uint8Array {
  if (body === null) return new Uint8Array(0);
  return typeof body === "string" ? utf8.encode(body) : body;
}

/** The bytes of a response, put together in the plainest way there is. */
function expectedText(
  { status, contentType, fields, body, declaredLength }: EncodableResponse,
  connection: ConnectionOption,
  isHeadRequest: boolean,
  date = DATE,
): string {
  const lines = [`HTTP/1.1 ${status} ${reasonPhrase(status)}`, `Date: ${date}`];
  if (contentType !== null) lines.push(`Content-Type: ${contentType}`);
  for (const [name, value] of fields ?? []) lines.push(`${name}: ${value}`);
  const bytes = bodyBytes(body);
  const hasLength = status !== 204 && status !== 304;
  const hasBody = hasLength && status !== 205;
  if (hasLength) {
    const isDeclared = isHeadRequest && bytes.length === 0;
    const length = !hasBody ? 0 : isDeclared ? declaredLength ?? 0 : bytes.length;
    lines.push(`Content-Length: ${length}`);
  }
  if (connection !== "") lines.push(`Connection: ${connection}`);
  const head = lines.map((line) => line + "\r\n").join("") + "\r\n";
  return head + (hasBody && !isHeadRequest ? textOf(bytes) : "");
}

describe("ResponseEncoder", () => {
  const html = "text/html; charset=utf-8";
  const cases: {
    what: string;
    parts: Partial<EncodableResponse>;
    connection?: ConnectionOption;
    isHeadRequest?: boolean;
    bytes: string;
  }[] = [
    {
      what: "a page",
      parts: { contentType: html, body: "<h1>Hi</h1>" },
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Type: ${html}\r\n` +
        "Content-Length: 11\r\n\r\n<h1>Hi</h1>",
    },
    {
      what: "an empty response",
      parts: {},
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 0\r\n\r\n`,
    },
    {
      what: "an empty text",
      parts: { contentType: "text/plain", body: "" },
      bytes:
        `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`,
    },
    {
      what: "bytes",
      parts: { body: bytesOf("\0\xff") },
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 2\r\n\r\n\0\xff`,
    },
    {
      what: "fields in their order, before the length",
      parts: {
        status: 201,
        contentType: "a/b",
        fields: [["Location", "/c"], ["Set-Cookie", "d"], ["Set-Cookie", "e"], ["X", "\xe9"]],
        body: "f",
      },
      bytes: `HTTP/1.1 201 Created\r\nDate: ${DATE}\r\nContent-Type: a/b\r\nLocation: /c\r\n` +
        "Set-Cookie: d\r\nSet-Cookie: e\r\nX: \xe9\r\nContent-Length: 1\r\n\r\nf",
    },
    {
      what: "the last response of a connection",
      parts: { status: 400, body: "no" },
      connection: "close",
      bytes: `HTTP/1.1 400 Bad Request\r\nDate: ${DATE}\r\nContent-Length: 2\r\n` +
        "Connection: close\r\n\r\nno",
    },
    {
      what: "a response to an HTTP/1.0 client whose connection persists",
      parts: { body: "a" },
      connection: "keep-alive",
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 1\r\n` +
        "Connection: keep-alive\r\n\r\na",
    },
    {
      what: "204 without a body and without a length (RFC 9110, section 8.6)",
      parts: { status: 204, body: "a" },
      bytes: `HTTP/1.1 204 No Content\r\nDate: ${DATE}\r\n\r\n`,
    },
    {
      what: "204 as the last response",
      parts: { status: 204 },
      connection: "close",
      bytes: `HTTP/1.1 204 No Content\r\nDate: ${DATE}\r\nConnection: close\r\n\r\n`,
    },
    {
      what: "304 without a body, with its fields (RFC 9110, section 15.4.5)",
      parts: { status: 304, contentType: "a/b", fields: [["ETag", '"c"']], body: bytesOf("d") },
      bytes: `HTTP/1.1 304 Not Modified\r\nDate: ${DATE}\r\nContent-Type: a/b\r\nETag: "c"\r\n\r\n`,
    },
    {
      what: "205 with a length of zero (RFC 9110, section 15.3.6)",
      parts: { status: 205, body: "a" },
      connection: "keep-alive",
      bytes: `HTTP/1.1 205 Reset Content\r\nDate: ${DATE}\r\nContent-Length: 0\r\n` +
        "Connection: keep-alive\r\n\r\n",
    },
    {
      what: "a status without a phrase, with the space before it (RFC 9112, section 4)",
      parts: { status: 299 },
      bytes: `HTTP/1.1 299 \r\nDate: ${DATE}\r\nContent-Length: 0\r\n\r\n`,
    },
    {
      what: "a text to HEAD: its length and no more",
      parts: { contentType: "a/b", body: "héllo" },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Type: a/b\r\nContent-Length: 6\r\n\r\n`,
    },
    {
      what: "bytes to HEAD: their length and no more",
      parts: { body: new Uint8Array(MAX_JOINED_BODY_BYTES + 1) },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 65537\r\n\r\n`,
    },
    {
      what: "no body to HEAD, with the length that is declared",
      parts: { declaredLength: 1_234_567_890_123 },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 1234567890123\r\n\r\n`,
    },
    {
      what: "no body to HEAD, with the largest length there is",
      parts: { declaredLength: Number.MAX_SAFE_INTEGER },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 9007199254740991\r\n\r\n`,
    },
    {
      what: "empty bytes to HEAD, with the length that is declared",
      parts: { body: new Uint8Array(0), declaredLength: 5 },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 5\r\n\r\n`,
    },
    {
      what: "an empty text to HEAD, with the length that is declared",
      parts: { body: "", declaredLength: 5 },
      isHeadRequest: true,
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 5\r\n\r\n`,
    },
    {
      what: "a declared length to GET: not at all",
      parts: { declaredLength: 5 },
      bytes: `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 0\r\n\r\n`,
    },
    {
      what: "204 to HEAD",
      parts: { status: 204 },
      isHeadRequest: true,
      bytes: `HTTP/1.1 204 No Content\r\nDate: ${DATE}\r\n\r\n`,
    },
  ];
  for (const { what, parts, connection = "", isHeadRequest = false, bytes } of cases) {
    it(`ResponseEncoder writes ${what}`, () => {
      const encoder = new ResponseEncoder(DATE);
      const each = response(parts);
      assertEquals(send(encoder, [each], connection, isHeadRequest), bytes);
      assertEquals(send(encoder, [each], connection, isHeadRequest), bytes, "the second time");
      const general = response({ ...parts, fields: parts.fields ?? [] });
      assertEquals(send(encoder, [general], connection, isHeadRequest), bytes, "the general way");
    });
  }

  it("ResponseEncoder writes every status with the body that it may have", () => {
    const encoder = new ResponseEncoder(DATE);
    for (let status = 200; status < 600; status++) {
      for (const isHeadRequest of [false, true]) {
        const each = response({ status, contentType: "a/b", body: "é" });
        assertEquals(
          send(encoder, [each], "close", isHeadRequest),
          expectedText(each, "close", isHeadRequest),
        );
      }
    }
  });
});

describe("ResponseEncoder and texts", () => {
  const lengths = [0, 1, 3, 4, 8, 9, 10, 33, 34, 47, 48, 49, 99, 100, 333, 334, 999, 1_000];
  lengths.push(1_365, 1_366, 3_333, 3_334, 4_095, 4_096, 4_097, 9_999, 10_000);
  // Where texts of one and of three bytes a character pass the medium buffer, the large one, and what is joined.
  lengths.push(5_400, 5_461, 16_200, 16_383, 16_384, 21_845, 23_100, 23_210, 33_333, 33_334);
  lengths.push(65_535, 65_536, 65_537, 69_400, 69_632, 69_633, 99_999, 100_000, 200_000);
  const alphabets: [what: string, character: string][] = [
    ["ASCII", "a"],
    ["two bytes each", "é"],
    ["three bytes each", "你"],
    ["four bytes each", "😀"],
    ["lone surrogates", "\ud800"],
    ["NUL", "\0"],
  ];
  for (const [what, character] of alphabets) {
    it(`ResponseEncoder writes texts of any length with the length in bytes: ${what}`, () => {
      const encoder = new ResponseEncoder(DATE);
      for (const length of lengths.filter((_, index) => index % size(1, 5) === 0)) {
        const body = character.repeat(Math.ceil(length / character.length));
        const each = response({ contentType: "a/b", body });
        const expected = expectedText(each, "keep-alive", false);
        // Compared as a whole: a diff of so many bytes helps nobody.
        assert(send(encoder, [each], "keep-alive") === expected, `${length} characters`);
        const output = new Output(new SpoilingPool());
        const sent = encoder.encode(output, each, "keep-alive", false);
        assertEquals(sent, bodyBytes(each.body).length);
        const [head] = expected.split("\r\n\r\n");
        assertEquals(send(encoder, [each], "keep-alive", true), `${head}\r\n\r\n`);
      }
    });
  }

  it("ResponseEncoder writes any texts after whatever waits, in buffers of the pool alone", () => {
    const unit = fc.constantFrom(
      "a",
      "\x7f",
      "\x80",
      "é",
      "ÿ",
      "Ж",
      "你",
      "😀",
      "\ud83d",
      "\ude00",
    );
    const count = fc.oneof(
      fc.nat(60),
      ...[4_096, 5_461, 8_192, 16_384, 21_845, 23_210, 65_536, 69_632].map((limit) =>
        fc.integer({ min: limit - 300, max: limit + 300 })
      ),
      fc.nat(150_000),
    );
    const run = fc.tuple(unit, count).map(([unit, count]) => unit.repeat(count));
    // Joined by the operator, so that the parts are one string only when it is read.
    const text = fc.array(run, { maxLength: 4 }).map((runs) =>
      runs.reduce((text, run) => text + run, "")
    );
    const largest = new LargestTaken();
    fc.assert(
      fc.property(fc.nat(MAX_WAITING_BYTES), fc.array(text, { maxLength: 3 }), (before, texts) => {
        const encoder = new ResponseEncoder(DATE);
        const output = new Output(largest);
        output.append(new Uint8Array(before).fill(0x2e));
        let written = "";
        for (const body of texts) {
          encoder.encode(output, response({ body }), "", false);
          // As a connection does before it encodes the next response.
          const isFull = output.length > MAX_WAITING_BYTES || output.largeBody !== undefined;
          if (isFull) written += takeWritten(output);
        }
        written += takeWritten(output);
        const expected = texts.map((body) => expectedText(response({ body }), "", false)).join("");
        assert(written === ".".repeat(before) + expected, "the bytes differ");
      }),
      { numRuns: runs(200) },
    );
    assertLessOrEqual(largest.bytes, LARGE_BUFFER_BYTES);
  });

  for (const length of [1, 9, 10, 48, 49, 99, 100, 4_096, 4_097, 9_999, 16_000, 65_536, 99_999]) {
    it(`ResponseEncoder writes a text of ${length} characters with one that is longer in UTF-8, wherever it stands`, () => {
      const encoder = new ResponseEncoder(DATE);
      for (const place of new Set([0, Math.floor(length / 2), length - 1])) {
        const body = "a".repeat(place) + "é" + "a".repeat(length - place - 1);
        const each = response({ body });
        for (const isHeadRequest of [false, true]) {
          const written = send(encoder, [each, each], "", isHeadRequest);
          assert(written === expectedText(each, "", isHeadRequest).repeat(2), `at ${place}`);
        }
      }
    });
  }

  it("ResponseEncoder writes a character of four bytes as one, even where two halves meet", () => {
    const encoder = new ResponseEncoder(DATE);
    for (
      const body of ["😀", "a😀", "😀".repeat(24), "😀".repeat(25), "\ude00\ud83d", "😀\ud83d"]
    ) {
      const each = response({ body });
      assertEquals(send(encoder, [each]), expectedText(each, "", false));
    }
  });
});

describe("ResponseEncoder and bytes", () => {
  for (const length of [0, 1, 16_384, MAX_JOINED_BODY_BYTES - 1, MAX_JOINED_BODY_BYTES]) {
    it(`ResponseEncoder joins ${length} bytes with their head`, () => {
      const encoder = new ResponseEncoder(DATE);
      const output = new Output(new SpoilingPool());
      const each = response({ body: new Uint8Array(length).fill(0x78) });
      assertEquals(encoder.encode(output, each, "", false), length);
      assertStrictEquals(output.largeBody, undefined);
      assert(textOf(output.bytes) === expectedText(each, "", false));
    });
  }

  it("ResponseEncoder leaves larger bodies to be sent after their head", () => {
    const encoder = new ResponseEncoder(DATE);
    const output = new Output(new SpoilingPool());
    const body = new Uint8Array(MAX_JOINED_BODY_BYTES + 1).fill(0x78);
    assertEquals(encoder.encode(output, response({ body }), "", false), body.length);
    assertEquals(
      textOf(output.bytes),
      `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 65537\r\n\r\n`,
    );
    const part = output.nextPart();
    assertStrictEquals(part.bytes, body);
    assertEquals(part.length, body.length);
    assertStrictEquals(output.largeBody, undefined);
  });

  it("ResponseEncoder joins bytes with what waits only if one buffer of the pool has room for both", () => {
    const head = `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: 30000\r\n\r\n`;
    const body = new Uint8Array(30_000).fill(0x78);
    const most = LARGE_BUFFER_BYTES - head.length - body.length;
    for (const [before, isJoined] of [[most, true], [most + 1, false]] as const) {
      const output = new Output(new SpoilingPool());
      output.append(new Uint8Array(before).fill(0x2e));
      assertEquals(new ResponseEncoder(DATE).encode(output, response({ body }), "", false), 30_000);
      assertEquals(output.largeBody === undefined, isJoined);
      assert(takeWritten(output) === ".".repeat(before) + head + textOf(body));
    }
  });

  it("ResponseEncoder begins a text that is too long in the output, and leaves the rest as text", () => {
    const encoder = new ResponseEncoder(DATE);
    const output = new Output(new SpoilingPool());
    const body = "é".repeat(MAX_JOINED_BODY_BYTES);
    const length = MAX_JOINED_BODY_BYTES * 2;
    assertEquals(encoder.encode(output, response({ body }), "", false), length);
    assertEquals(output.largeBody?.kind, "text");
    assertGreater(output.length, MAX_JOINED_BODY_BYTES);
    assert(takeWritten(output) === expectedText(response({ body }), "", false));
  });

  it("ResponseEncoder leaves no large body for HEAD, nor for a status without a body", () => {
    const encoder = new ResponseEncoder(DATE);
    const output = new Output(new SpoilingPool());
    const body = new Uint8Array(MAX_JOINED_BODY_BYTES + 1);
    assertEquals(encoder.encode(output, response({ body }), "", true), 0);
    assertStrictEquals(output.largeBody, undefined);
    const reset = response({ status: 304, body });
    assertEquals(encoder.encode(output, reset, "", false), 0);
    assertStrictEquals(output.largeBody, undefined);
  });
});

describe("ResponseEncoder and its templates", () => {
  it("ResponseEncoder writes the newest date, in every way and for every status", () => {
    const encoder = new ResponseEncoder(DATE);
    const responses = [
      response({ contentType: "a/b", body: "c" }),
      response({ contentType: "a/b", fields: [["D", "e"]], body: "c" }),
      response({ status: 204 }),
      response({ status: 404, body: "é" }),
    ];
    for (const date of [DATE, LATER, DATE, LATER]) {
      encoder.setDate(date);
      for (let i = 0; i < 2; i++) {
        assertEquals(
          send(encoder, responses),
          responses.map((each) => expectedText(each, "", false, date)).join(""),
        );
      }
    }
  });

  it("ResponseEncoder does not change what it has written when the date changes", () => {
    const encoder = new ResponseEncoder(DATE);
    const output = new Output(new SpoilingPool());
    const each = response({ body: "a" });
    encoder.encode(output, each, "", false);
    encoder.setDate(LATER);
    encoder.encode(output, each, "", false);
    assertEquals(
      textOf(output.bytes),
      expectedText(each, "", false, DATE) + expectedText(each, "", false, LATER),
    );
  });

  it("ResponseEncoder writes more content types than it keeps templates, over and over", () => {
    const encoder = new ResponseEncoder(DATE);
    for (const date of [DATE, LATER]) {
      encoder.setDate(date);
      for (let i = 0; i < 600; i++) {
        const each = response({ contentType: `text/x-${i}`, status: 200 + i % 3, body: `${i}` });
        assertEquals(send(encoder, [each]), expectedText(each, "", false, date));
      }
    }
  });

  it("ResponseEncoder tells a content type that is missing from one that is called null", () => {
    const encoder = new ResponseEncoder(DATE);
    for (const contentType of [null, "null", "undefined", ""]) {
      const each = response({ contentType });
      assertEquals(send(encoder, [each]), expectedText(each, "", false));
    }
  });

  it("ResponseEncoder writes the same bytes by template and in the general way", () => {
    const body = fc.oneof(
      fc.constant(null),
      fc.string({ unit: codePoint, maxLength: 120 }),
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.integer({ min: 4_000, max: 4_200 }).map((length) => "é".repeat(length)),
      fc.uint8Array({ maxLength: 50 }),
    );
    const parts = fc.record({
      status: fc.oneof(
        fc.constantFrom(200, 204, 205, 304, 404),
        fc.integer({ min: 200, max: 599 }),
      ),
      contentType: fc.option(fieldValue),
      body,
      declaredLength: fc.option(fc.maxSafeNat(), { nil: undefined }),
    });
    const exchanges = fc.array(
      fc.record({
        parts,
        others: fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 4 }),
        way: fc.constantFrom<Way>("template", "general way"),
        connection: fc.constantFrom<ConnectionOption>(
          "",
          "close",
          "keep-alive",
          "upgrade",
          "close, upgrade",
          "keep-alive, upgrade",
        ),
        isHeadRequest: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const encoder = new ResponseEncoder(DATE);
    fc.assert(
      fc.property(exchanges, (all) => {
        const output = new Output(new SpoilingPool());
        let expected = "";
        for (const { parts, others, way, connection, isHeadRequest } of all) {
          const fields = others.length > 0 ? others : way === "template" ? null : [];
          const each = response({ ...parts, fields });
          encoder.encode(output, each, connection, isHeadRequest);
          expected += expectedText(each, connection, isHeadRequest);
        }
        assert(textOf(output.bytes) === expected, "the bytes differ");
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("ResponseEncoder that tells how long connections stay open", () => {
  const keepAlive = "Connection: keep-alive\r\nKeep-Alive: timeout=2147483\r\n\r\n";
  const cases: { what: string; parts: Partial<EncodableResponse>; end: string }[] = [
    { what: "a text", parts: { body: "text" }, end: `Content-Length: 4\r\n${keepAlive}text` },
    {
      what: "a text that is longer in bytes",
      parts: { body: "\xe9".repeat(5_000) },
      end: `Content-Length: 10000\r\n${keepAlive}${textOf(utf8.encode("\xe9".repeat(5_000)))}`,
    },
    { what: "no body", parts: {}, end: `Content-Length: 0\r\n${keepAlive}` },
    { what: "a response without a length", parts: { status: 204 }, end: keepAlive },
    { what: "fields", parts: { fields: [["X", "y"]] }, end: `Content-Length: 0\r\n${keepAlive}` },
  ];
  for (const { what, parts, end } of cases) {
    it(`ResponseEncoder ends the head of ${what} with Keep-Alive for the option keep-alive alone`, () => {
      const encoder = new ResponseEncoder(DATE, 2_147_483);
      const texts = (["keep-alive", "", "close"] as const).map((connection) => {
        const output = new Output(new SpoilingPool());
        encoder.encode(output, response(parts), connection, false);
        return textOf(output.bytes);
      });
      assert(texts[0].endsWith("\r\n" + end), texts[0].slice(0, 200));
      for (const other of texts.slice(1)) assertFalse(other.includes("Keep-Alive"));
    });
  }

  it("ResponseEncoder ends a head with Keep-Alive beside an upgrade that is offered", () => {
    const output = new Output(new SpoilingPool());
    const encoder = new ResponseEncoder(DATE, 75);
    encoder.encode(output, response({}), "keep-alive, upgrade", false);
    const end = "0\r\nConnection: keep-alive, upgrade\r\nKeep-Alive: timeout=75\r\n\r\n";
    assert(textOf(output.bytes).endsWith(end));
  });

  it("ResponseEncoder ends the head of a stream with Keep-Alive", () => {
    const output = new Output(new SpoilingPool());
    const encoder = new ResponseEncoder(DATE, 75);
    const delivery = { framing: { kind: "chunked" }, connection: "keep-alive" } as const;
    encoder.encodeStreamHead(output, response({}), delivery);
    assert(
      textOf(output.bytes).endsWith(
        "chunked\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n",
      ),
    );
  });
});

describe("ResponseEncoder and streamed bodies", () => {
  const heads: [framing: ResponseFraming, connection: ConnectionOption, end: string][] = [
    [{ kind: "chunked" }, "", "Transfer-Encoding: chunked\r\n\r\n"],
    [{ kind: "chunked" }, "close", "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"],
    [{ kind: "length", length: 7 }, "", "Content-Length: 7\r\n\r\n"],
    [
      { kind: "length", length: 0 },
      "keep-alive",
      "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n",
    ],
    [{ kind: "until close" }, "close", "Connection: close\r\n\r\n"],
    [{ kind: "until close" }, "close, upgrade", "Connection: close, upgrade\r\n\r\n"],
    [{ kind: "none" }, "", "\r\n"],
  ];
  for (const [framing, connection, end] of heads) {
    it(`encodeStreamHead() ends a head with ${JSON.stringify(end)} for "${framing.kind}"`, () => {
      const output = new Output(new SpoilingPool());
      const each = response({ contentType: "a/b", fields: [["X-A", "b"]] });
      new ResponseEncoder(DATE).encodeStreamHead(output, each, { framing, connection });
      assertEquals(
        textOf(output.bytes),
        `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Type: a/b\r\nX-A: b\r\n${end}`,
      );
    });
  }
});

describe("ResponseEncoder and trailers", () => {
  for (
    const { kind, isSent } of [{ kind: "chunked", isSent: true }, {
      kind: "until close",
      isSent: false,
    }] as const
  ) {
    it(`encodeStreamHead() ${isSent ? "announces" : "leaves out"} trailers for "${kind}"`, () => {
      const output = new Output(new SpoilingPool());
      const delivery = { framing: { kind }, connection: "close", trailerNames: "X-Sum" } as const;
      new ResponseEncoder(DATE).encodeStreamHead(output, response({}), delivery);
      assertEquals(textOf(output.bytes).includes("\r\nTrailer: X-Sum\r\n"), isSent);
    });
  }
});

describe("CONTINUE_BYTES", () => {
  it("CONTINUE_BYTES are an interim response without fields (RFC 9110, section 15.2.1)", () => {
    assertEquals(textOf(CONTINUE_BYTES), "HTTP/1.1 100 Continue\r\n\r\n");
  });
});

describe("X-Request-Id", () => {
  /** The bytes of one response behind so many others, and what they should be. */
  function encoded(
    each: EncodableResponse,
    requestId: string,
    connection: ConnectionOption = "",
    before = 0,
  ): { text: string; expected: string } {
    const encoder = new ResponseEncoder(DATE);
    const output = new Output(new SpoilingPool());
    output.append(new Uint8Array(before).fill(0x2e));
    encoder.encode(output, each, connection, false, writtenId(requestId));
    const text = textOf(output.bytes).slice(before);
    output.clear();
    const expected = expectedText(each, connection, false);
    const at = expected.indexOf("\r\n", expected.indexOf("\r\nDate: ") + 2);
    return {
      text,
      expected: `${expected.slice(0, at)}\r\nX-Request-Id: ${requestId}${expected.slice(at)}`,
    };
  }

  for (const connection of ["", "close", "keep-alive"] as const) {
    for (const status of [200, 204, 205, 304, 404]) {
      it(`X-Request-Id stands behind the date: ${status}, ${connection || "none"}`, () => {
        for (const fields of [null, [["X-A", "b"]]] as const) {
          const { text, expected } = encoded(
            response({ status, fields, body: "body" }),
            "abc-1",
            connection,
          );
          assertEquals(text, expected);
        }
      });
    }
  }

  it("X-Request-Id is each response's own, whatever the one before it was", () => {
    const encoder = new ResponseEncoder(DATE);
    const responses = fc.record({
      status: fc.constantFrom(200, 204, 404),
      contentType: fc.constantFrom(null, "text/plain"),
      fields: fc.constantFrom(null, [["X-A", "b"]] as const),
      requestId: fc.constantFrom(
        undefined,
        "a",
        "ab",
        "x".repeat(18),
        "y".repeat(18),
        "z".repeat(36),
      ),
    });
    fc.assert(
      fc.property(fc.array(responses), (all) => {
        for (const { requestId, ...parts } of all) {
          const each = response({ ...parts, body: "body" });
          const [ours, theirs] = [encoder, new ResponseEncoder(DATE)].map((encoder) => {
            const output = new Output(new SpoilingPool());
            const written = requestId === undefined ? undefined : writtenId(requestId);
            encoder.encode(output, each, "", false, written);
            return textOf(output.bytes);
          });
          assertEquals(ours, theirs);
          assertEquals(/X-Request-Id: (\w+)\r\n/.exec(ours)?.[1], requestId);
        }
      }),
    );
  });

  it("X-Request-Id takes nothing of the body's room, wherever the buffer ends", () => {
    // Of each of these the length in bytes has more digits than that in characters, so that the body has to move for it.
    const bodies = ["€".repeat(4_000), "é".repeat(600), "a€".repeat(4)];
    for (const body of bodies) {
      const each = response({ contentType: "text/plain", body });
      for (const requestId of ["i", "i".repeat(60), "i".repeat(128)]) {
        for (let left = 0; left < 500; left += size(1, 29)) {
          const before = MEDIUM_BUFFER_BYTES - bodyBytes(body).length - left;
          const { text, expected } = encoded(each, requestId, "", before);
          assertEquals(text === expected, true, `${left} bytes left behind ${body.slice(0, 2)}`);
        }
      }
    }
  });
});
