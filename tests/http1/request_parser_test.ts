// What the wire cases cannot say: memory, the moments between the bytes, the end of a connection, and the properties.

import {
  assert,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  LARGE_BUFFER_BYTES,
  MAX_LARGE_READERS,
  MEDIUM_BUFFER_BYTES,
  SMALL_BUFFER_BYTES,
} from "../../src/http1/buffer_pool.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import {
  type ParserOutcome,
  type RequestLimits,
  RequestParser,
} from "../../src/http1/request_parser.ts";
import { mutatedRequests, smallLimits, splitPlaces, wireRequest } from "./arbitraries.ts";
import {
  byteByByte,
  bytesOf,
  converse,
  DEFAULT_LIMITS,
  numbersFrom,
  type Reading,
  splitAt,
  SpoilingPool,
  textOf,
  whole,
} from "./reading.ts";
import { runs } from "../support/runs.ts";

const PLAIN = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";

function parserWith(limits: Partial<RequestLimits> = {}, pool = new SpoilingPool()): RequestParser {
  return new RequestParser({ ...DEFAULT_LIMITS, ...limits }, pool);
}

/** A pool that knows how much of it is in use. */
class CountingPool extends SpoilingPool {
  readonly #taken = new Set<Uint8Array>();

  get takenBytes(): number {
    return this.#taken.values().reduce((sum, { length }) => sum + length, 0);
  }

  override take(minimumBytes: number): Uint8Array<ArrayBuffer> {
    const buffer = super.take(minimumBytes);
    this.#taken.add(buffer);
    return buffer;
  }

  override give(buffer: Uint8Array<ArrayBuffer>): void {
    assert(this.#taken.delete(buffer), "not of this pool");
    super.give(buffer);
  }
}

/** Puts a text where the parser wants it, in as many reads as that takes. */
function give(parser: RequestParser, text: string): void {
  const bytes = bytesOf(text);
  for (let at = 0; at < bytes.length;) {
    const { space } = parser;
    const count = Math.min(space.length, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    parser.received(count);
    at += count;
    if (at < bytes.length) assertEquals(parser.next().kind, "incomplete");
  }
}

/** The kinds of all outcomes that some bytes have at once; bodies are released. */
function outcomesOf(parser: RequestParser, text: string): string[] {
  give(parser, text);
  const kinds: string[] = [];
  for (;;) {
    const outcome = parser.next();
    if (outcome.kind === "request") outcome.body.release();
    if (outcome.kind === "incomplete") return [...kinds, `awaiting ${outcome.awaiting}`];
    kinds.push(outcome.kind);
  }
}

/** A request of so many bytes. */
function requestOfBytes(bytes: number): string {
  return PLAIN.replace("/", "/" + "a".repeat(bytes - PLAIN.length));
}

/** A head and so much of its body that the buffer is full. */
function fillBuffer(head: string): string {
  return head + "x".repeat(SMALL_BUFFER_BYTES - head.length);
}

/** A chunked request that fills the buffer to its last byte. */
function chunkedToTheEndOfTheBuffer(): string {
  const head = POST + "Transfer-Encoding: chunked\r\n\r\n";
  const size = SMALL_BUFFER_BYTES - head.length - "7c0\r\n\r\n0\r\n\r\n".length;
  return `${head}${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`;
}

function requestOf(outcome: ParserOutcome): ParserOutcome & { kind: "request" } {
  assert(outcome.kind === "request", `got ${outcome.kind}`);
  return outcome;
}

describe("RequestParser and 100-continue (RFC 9110, section 10.1.1)", () => {
  const expecting = POST + "Expect: 100-continue\r\n";
  const framings: [what: string, head: string, body: string][] = [
    ["a short body", expecting + "Content-Length: 5\r\n\r\n", "hello"],
    ["a long body", expecting + "Content-Length: 5000\r\n\r\n", "x".repeat(5_000)],
    ["a chunked body", expecting + "Transfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"],
  ];
  for (const [what, head, body] of framings) {
    it(`RequestParser says once that a client may go on with ${what}`, () => {
      const parser = parserWith();
      assertEquals(outcomesOf(parser, head), ["continue", "awaiting body"]);
      assertEquals(outcomesOf(parser, body.slice(0, 3)), ["awaiting body"]);
      assertEquals(outcomesOf(parser, body.slice(3)), ["request", "awaiting request"]);
    });

    it(`RequestParser does not tell a client to go on that has begun with ${what}`, () => {
      for (let count = 1; count < Math.min(body.length, 12); count++) {
        const parser = parserWith();
        assertEquals(
          outcomesOf(parser, head + body.slice(0, count)),
          ["awaiting body"],
          `${count}`,
        );
        assertEquals(outcomesOf(parser, body.slice(count)), ["request", "awaiting request"]);
      }
    });
  }

  it("RequestParser tells a client to go on behind the answer to a request before", () => {
    assertEquals(outcomesOf(parserWith(), PLAIN + framings[0][1]), [
      "request",
      "continue",
      "awaiting body",
    ]);
  });

  it("RequestParser asks for no body that is too large or framed in two ways", () => {
    assertEquals(outcomesOf(parserWith({ maxBodyBytes: 4 }), framings[0][1]), [
      "refused",
      "awaiting request",
    ]);
    const ambiguous = expecting + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    assertEquals(outcomesOf(parserWith(), ambiguous), ["refused", "awaiting request"]);
  });
});

describe("RequestParser.cutShort()", () => {
  const states: {
    where: string;
    bytes: string;
    ended: keyof typeof REFUSALS | undefined;
    tooSlow: keyof typeof REFUSALS | undefined;
    isHeadRequest?: boolean;
  }[] = [
    { where: "before the first byte", bytes: "", ended: undefined, tooSlow: undefined },
    { where: "behind an empty line alone", bytes: "\r\n", ended: undefined, tooSlow: undefined },
    { where: "behind half an empty line", bytes: "\r", ended: undefined, tooSlow: undefined },
    { where: "behind two empty lines", bytes: "\r\n\r\n", ended: undefined, tooSlow: undefined },
    {
      where: "behind a hundred empty lines and a half",
      bytes: "\r\n".repeat(100) + "\r",
      ended: undefined,
      tooSlow: undefined,
    },
    { where: "between requests", bytes: PLAIN, ended: undefined, tooSlow: undefined },
    {
      where: "behind an empty line",
      bytes: PLAIN + "\r\n",
      ended: undefined,
      tooSlow: undefined,
    },
    { where: "in a method", bytes: "GE", ended: "endedEarly", tooSlow: "headTooSlow" },
    { where: "in a field", bytes: PLAIN.slice(0, 20), ended: "endedEarly", tooSlow: "headTooSlow" },
    {
      where: "in a body",
      bytes: POST + "Content-Length: 5\r\n\r\nhell",
      ended: "endedEarly",
      tooSlow: "bodyTooSlow",
    },
    {
      where: "before a body",
      bytes: POST + "Content-Length: 5\r\n\r\n",
      ended: "endedEarly",
      tooSlow: "bodyTooSlow",
    },
    {
      where: "in a large body",
      bytes: POST + "Content-Length: 100000\r\n\r\nhell",
      ended: "endedEarly",
      tooSlow: "bodyTooSlow",
    },
    {
      where: "in a chunked body",
      bytes: POST + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
      ended: "endedEarly",
      tooSlow: "bodyTooSlow",
    },
    {
      where: "in the body of a HEAD request",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
      ended: "endedEarly",
      tooSlow: "bodyTooSlow",
      isHeadRequest: true,
    },
    {
      where: "in the head of a HEAD",
      bytes: "HEAD / HTT",
      isHeadRequest: true,
      ended: "endedEarly",
      tooSlow: "headTooSlow",
    },
    {
      where: "in the method behind a HEAD",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD",
      ended: "endedEarly",
      tooSlow: "headTooSlow",
    },
    { where: "behind a refusal", bytes: "\0", ended: undefined, tooSlow: undefined },
    {
      where: "behind the last request",
      bytes: "GET / HTTP/1.0\r\n\r\nGET",
      ended: undefined,
      tooSlow: undefined,
    },
  ];
  for (const { where, bytes, isHeadRequest = false, ...reasons } of states) {
    for (const [reason, refusal] of [["ended", reasons.ended], ["too slow", reasons.tooSlow]]) {
      const end = refusal === undefined ? "has nothing to refuse" : `refuses with ${refusal}`;
      it(`cutShort("${reason}") ${end} ${where}`, () => {
        const parser = parserWith();
        outcomesOf(parser, bytes);
        const outcome = parser.cutShort(reason as "ended" | "too slow");
        if (refusal === undefined) {
          assertEquals(outcome, { kind: "incomplete", awaiting: "request" });
        } else {
          assert(outcome.kind === "refused");
          assertStrictEquals(outcome.refusal, REFUSALS[refusal as keyof typeof REFUSALS]);
          assertEquals(outcome.isHeadRequest, isHeadRequest);
          assertEquals(outcome.head !== undefined, where.includes("body"));
          assertEquals(outcomesOf(parser, "lo\r\n\r\n" + PLAIN), ["awaiting request"]);
        }
      });
    }
  }
});

describe("RequestParser.stop()", () => {
  it("stop() lets nothing more be read as a request", () => {
    const parser = parserWith();
    give(parser, PLAIN + PLAIN);
    requestOf(parser.next()).body.release();
    parser.stop();
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "request" });
    assertEquals(outcomesOf(parser, PLAIN), ["awaiting request"]);
    assertEquals(parser.hasUnreadBytes, false);
  });
});

describe("RequestParser and the empty line before a request (RFC 9112, section 2.2)", () => {
  for (const before of ["", PLAIN]) {
    const where = before === "" ? "at the beginning" : "behind a request";
    it(`RequestParser awaits a request after the empty line, or a part of it, ${where}`, () => {
      const requests = before === "" ? [] : ["request"];
      for (const part of ["\r", "\r\n"]) {
        const parser = parserWith();
        assertEquals(outcomesOf(parser, before + part), [...requests, "awaiting request"]);
        const rest = "\r\n".slice(part.length) + PLAIN;
        assertEquals(outcomesOf(parser, rest), ["request", "awaiting request"]);
      }
    });
  }
});

describe("RequestParser.hasUnreadBytes", () => {
  it("hasUnreadBytes says whether bytes stand behind the last request", () => {
    const parser = parserWith();
    assertEquals(parser.hasUnreadBytes, false);
    give(parser, POST + "Content-Length: 2\r\n\r\nhi" + "G");
    assertEquals(parser.hasUnreadBytes, true);
    requestOf(parser.next());
    assertEquals(parser.hasUnreadBytes, true);

    const other = parserWith();
    give(other, POST + "Content-Length: 2\r\n\r\nhi");
    requestOf(other.next());
    assertEquals(other.hasUnreadBytes, false);
  });
});

describe("RequestParser.bodyBytes", () => {
  const chunked = POST + "Transfer-Encoding: chunked\r\n\r\n";
  const cases = [
    { what: "is 0 before a request", sent: "", bytes: 0 },
    { what: "is 0 in a head", sent: "POST / HT", bytes: 0 },
    { what: "is 0 behind a head", sent: POST + "Content-Length: 9\r\n\r\n", bytes: 0 },
    { what: "counts a body", sent: POST + "Content-Length: 9\r\n\r\nabc", bytes: 3 },
    {
      what: "counts a body that has left the buffer",
      sent: POST + `Content-Length: 99999\r\n\r\n${"a".repeat(70_000)}`,
      bytes: 70_000,
    },
    { what: "counts the data of chunks", sent: chunked + "2\r\nab\r\n5\r\ncde", bytes: 5 },
    {
      what: "counts no size line and no extension",
      sent: chunked + "2;a=b\r\nab\r\n5;c",
      bytes: 2,
    },
    { what: "counts no trailer", sent: chunked + "2\r\nab\r\n0\r\nA: b\r\nC", bytes: 2 },
    { what: "is 0 when the body is whole", sent: POST + "Content-Length: 3\r\n\r\nabc", bytes: 0 },
    {
      what: "counts from 0 again in the next body",
      sent: (POST + "Content-Length: 9\r\n\r\nabcdefghi").repeat(2).slice(0, -5),
      bytes: 4,
    },
  ];
  for (const { what, sent, bytes } of cases) {
    it(`RequestParser.bodyBytes ${what}`, () => {
      for (const size of [Infinity, 1_000, 1]) {
        const parser = parserWith();
        const all = bytesOf(sent);
        for (let at = 0; at < all.length;) {
          const { space } = parser;
          const part = all.subarray(at, at + Math.min(size, space.length));
          space.set(part);
          parser.received(part.length);
          at += part.length;
          for (
            let outcome = parser.next();
            outcome.kind !== "incomplete";
            outcome = parser.next()
          ) {
            if (outcome.kind === "request") outcome.body.release();
          }
        }
        assertEquals(parser.bodyBytes, bytes);
      }
    });
  }
});

describe("RequestParser and its memory", () => {
  it("space is small for a connection on which nothing has happened, or little", () => {
    const parser = parserWith();
    for (let i = 0; i < 20; i++) {
      assertLessOrEqual(parser.space.length, SMALL_BUFFER_BYTES);
      assertGreater(parser.space.length, 0);
      assertEquals(outcomesOf(parser, PLAIN), ["request", "awaiting request"]);
    }
  });

  it("space grows for a client that has filled it, and shrinks behind it", () => {
    const parser = parserWith();
    const burst = requestOfBytes(64).repeat(SMALL_BUFFER_BYTES / 64);
    assertEquals(outcomesOf(parser, burst).length, SMALL_BUFFER_BYTES / 64 + 1);
    assertGreater(parser.space.length, SMALL_BUFFER_BYTES);
    outcomesOf(parser, PLAIN);
    assertEquals(parser.space.length, SMALL_BUFFER_BYTES);
  });

  it("space stays small for a body that was only declared, however long", () => {
    const parser = parserWith();
    give(parser, POST + "Content-Length: 1000000\r\n\r\n");
    for (let come = 0; come < SMALL_BUFFER_BYTES; come++) {
      assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
      assertLessOrEqual(parser.space.length, SMALL_BUFFER_BYTES);
      give(parser, "x");
    }
  });

  it("space is memory of the body's own once the body has filled the buffer", () => {
    const parser = parserWith();
    give(parser, fillBuffer(POST + "Content-Length: 60000\r\n\r\n"));
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
    assertGreater(parser.space.length, MEDIUM_BUFFER_BYTES);
  });

  it("space holds what is missing of a body with memory of its own, and not a byte of the next request", () => {
    const parser = parserWith();
    const begun = fillBuffer(POST + "Content-Length: 60000\r\n\r\n");
    const already = begun.length - begun.indexOf("\r\n\r\n") - 4;
    give(parser, begun);
    assertEquals(parser.next().kind, "incomplete");
    assertEquals(parser.space.length, 60_000 - already);
    parser.space.fill(0x78);
    parser.received(60_000 - already - 5);
    assertEquals(parser.next().kind, "incomplete");
    assertEquals(parser.space.length, 5);
    parser.space.fill(0x79);
    parser.received(5);
    const { body } = requestOf(parser.next());
    assertEquals(body.length, 60_000);
    assertEquals(body.decode(), "x".repeat(59_995) + "y".repeat(5));
    body.release();
    assertEquals(outcomesOf(parser, PLAIN), ["request", "awaiting request"]);
  });

  for (const length of [2_500, 60_000, LARGE_BUFFER_BYTES + 1, 300_000, 1_000_000]) {
    it(`RequestParser takes memory for a body of ${length} bytes as it comes`, () => {
      const pool = new CountingPool();
      const parser = parserWith({}, pool);
      give(parser, `${POST}Content-Length: ${length}\r\n\r\n`);
      for (let come = 0; come < length;) {
        assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
        const space = parser.space;
        // A client that is fast at first and slow later is the one for whom most memory is kept.
        const count = Math.min(space.length, length - come, Math.max(1, come));
        space.fill(0x78, 0, count);
        parser.received(count);
        come += count;
        assertLessOrEqual(
          pool.takenBytes,
          SMALL_BUFFER_BYTES + Math.max(LARGE_BUFFER_BYTES, 4 * come),
          `after ${come} bytes`,
        );
      }
      const { body } = requestOf(parser.next());
      assertEquals(body.decode(), "x".repeat(length));
      body.release();
      parser.release();
      assertEquals(pool.takenBytes, 0);
    });
  }

  it("RequestParser gives the memory of a body back that never became whole", () => {
    const pool = new CountingPool();
    const parser = parserWith({}, pool);
    give(parser, fillBuffer(POST + "Content-Length: 60000\r\n\r\n"));
    assertEquals(parser.next().kind, "incomplete");
    parser.release();
    assertEquals(pool.takenBytes, 0);
  });

  it("spaceWithoutMoving leaves the body before it where it is", () => {
    const parser = parserWith();
    give(parser, POST + "Content-Length: 5\r\n\r\nhello");
    const { body } = requestOf(parser.next());
    const space = parser.spaceWithoutMoving;
    assert(space !== undefined);
    space.set(bytesOf(PLAIN));
    parser.received(PLAIN.length);
    assertEquals(body.decode(), "hello");
    body.release();
    assertEquals(requestOf(parser.next()).head.target, "/");
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "request" });
  });

  it("spaceWithoutMoving is undefined where there is no room behind what is there", () => {
    const parser = parserWith();
    give(
      parser,
      fillBuffer(`${POST}Content-Length: 3\r\n\r\nabc${POST}Content-Length: 5000\r\n\r\n`),
    );
    const { body } = requestOf(parser.next());
    assertEquals(parser.spaceWithoutMoving, undefined);
    assertEquals(body.decode(), "abc");
    body.release();
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
    assertGreater(parser.space.length, 0);
  });

  it("spaceWithoutMoving behind a body that ends where the buffer does takes bytes of the next request", () => {
    const parser = parserWith();
    const head = POST + "Content-Length: ";
    const length = SMALL_BUFFER_BYTES - head.length - "1990\r\n\r\n".length;
    give(parser, `${head}${length}\r\n\r\n${"x".repeat(length)}`);
    const { body } = requestOf(parser.next());
    const space = parser.spaceWithoutMoving;
    assert(space !== undefined, "nothing has come behind the body");
    space.set(bytesOf(PLAIN));
    parser.received(PLAIN.length);
    assertEquals(body.decode(), "x".repeat(length));
    body.release();
    assertEquals(outcomesOf(parser, ""), ["request", "awaiting request"]);
    assertGreater(parser.space.length, 0);
    assertEquals(outcomesOf(parser, PLAIN), ["request", "awaiting request"]);
    parser.release();
  });

  const ownBodies: [what: string, bytes: string][] = [
    ["a large body", `${POST}Content-Length: 20000\r\n\r\n${"x".repeat(20_000)}`],
    ["a chunked body", chunkedToTheEndOfTheBuffer()],
  ];
  for (const [what, bytes] of ownBodies) {
    it(`spaceWithoutMoving behind ${what} takes bytes of the next request`, () => {
      const parser = parserWith();
      give(parser, bytes);
      const { body } = requestOf(parser.next());
      const space = parser.spaceWithoutMoving;
      assert(space !== undefined, "the body is not in the buffer, which is empty");
      space.set(bytesOf(PLAIN));
      parser.received(PLAIN.length);
      assertEquals(body.decode(), "x".repeat(body.length));
      body.release();
      assertEquals(requestOf(parser.next()).head.method, "GET");
    });
  }

  const pipelined: [what: string, bytes: string, body: string][] = [
    ["no body", PLAIN, ""],
    ["a body", POST + "Content-Length: 5\r\n\r\nhello", "hello"],
    ["a chunked body", POST + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"],
  ];
  for (const [what, bytes, text] of pipelined) {
    it(`spaceWithoutMoving stays where it is while a request with ${what} is read behind it`, () => {
      const parser = parserWith();
      give(parser, PLAIN + bytes);
      requestOf(parser.next()).body.release();
      const space = parser.spaceWithoutMoving;
      assert(space !== undefined);
      // A read into it goes on while what has come already is answered.
      const { body } = requestOf(parser.next());
      assertEquals(body.decode(), text);
      body.release();
      assertEquals(parser.next(), { kind: "incomplete", awaiting: "request" });
      const third = bytesOf("GET /third HTTP/1.1\r\nHost: b\r\n\r\n");
      space.set(third);
      parser.received(third.length);
      assertEquals(requestOf(parser.next()).head.target, "/third");
      assertEquals(parser.next(), { kind: "incomplete", awaiting: "request" });
    });
  }

  it("spaceWithoutMoving takes the beginning of a large body that is announced behind it", () => {
    const parser = parserWith();
    give(parser, `${PLAIN}${POST}Content-Length: 20000\r\n\r\nab`);
    requestOf(parser.next()).body.release();
    const space = parser.spaceWithoutMoving;
    assert(space !== undefined);
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
    space.set(bytesOf("cde"));
    parser.received(3);
    assertEquals(parser.next(), { kind: "incomplete", awaiting: "body" });
    give(parser, "x".repeat(20_000 - 5));
    assertEquals(requestOf(parser.next()).body.decode(), "abcde" + "x".repeat(20_000 - 5));
  });

  it("RequestParser gives all its memory back", () => {
    const pool = new CountingPool();
    const parser = parserWith({}, pool);
    for (const length of [0, 1, 3_000, 20_000, LARGE_BUFFER_BYTES, LARGE_BUFFER_BYTES + 1, 5]) {
      const head = `${POST}A: ${"b".repeat(length % 15_000)}\r\nContent-Length: ${length}\r\n\r\n`;
      give(parser, head + "x".repeat(length));
      requestOf(parser.next()).body.release();
      assertEquals(parser.next().kind, "incomplete");
    }
    // Bursts that end where the buffer does, so that the parser asks for another one.
    for (const bytes of [SMALL_BUFFER_BYTES, MEDIUM_BUFFER_BYTES, MEDIUM_BUFFER_BYTES]) {
      for (let read = 0; read < bytes / 64;) {
        const space = parser.space;
        const count = Math.floor(space.length / 64);
        space.set(bytesOf(requestOfBytes(64).repeat(count)));
        parser.received(count * 64);
        for (let i = 0; i < count; i++) requestOf(parser.next()).body.release();
        assertEquals(parser.next().kind, "incomplete");
        read += count;
      }
    }
    assertEquals(pool.takenBytes, MEDIUM_BUFFER_BYTES);
    parser.release();
    assertEquals(pool.takenBytes, 0);
  });

  const sizes = [
    1,
    SMALL_BUFFER_BYTES - 1,
    SMALL_BUFFER_BYTES,
    SMALL_BUFFER_BYTES + 1,
    MEDIUM_BUFFER_BYTES,
    MEDIUM_BUFFER_BYTES + 1,
    LARGE_BUFFER_BYTES,
    LARGE_BUFFER_BYTES + 1,
    200_000,
  ];
  for (const length of sizes) {
    it(`RequestParser reads a body of ${length} bytes in pieces of any size`, () => {
      const body = "0123456789".repeat(Math.ceil(length / 10)).slice(0, length);
      const chunks = `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const requests = [
        `${POST}Content-Length: ${length}\r\n\r\n${body}`,
        `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
      ];
      for (const request of requests) {
        const bytes = bytesOf(request + PLAIN);
        const pieceSizes = [1_448, 4_096, 65_536, bytes.length];
        if (length <= 3_000) pieceSizes.push(1, 2, 7);
        for (const size of pieceSizes) {
          const places = Array.from(
            { length: Math.floor(bytes.length / size) },
            (_, index) => (index + 1) * size,
          ).filter((place) => place < bytes.length);
          const { readings } = converse(splitAt(bytes, places));
          assertEquals(readings.length, 2, `pieces of ${size}`);
          const [first] = readings;
          // Compared as a whole: a diff of so many bytes helps nobody.
          assert(first.kind === "request" && first.body === body, `pieces of ${size}`);
        }
      }
    });
  }
});

/** The reading of a request without what its target means. */
function withoutPath(reading: Reading): unknown {
  if (reading.kind !== "request") return reading;
  const { path: _path, query: _query, ...rest } = reading;
  return rest;
}

/**
 * Sends requests to a parser in pieces of random size, many of which end where a request does, and reads ahead while one is
 * answered, as a connection does that watches its client: such a read may still go on when the next request is read.
 */
function converseWhileAnswering(requests: readonly string[], random: () => number): unknown[] {
  const bytes = bytesOf(requests.join(""));
  const ends = requests.map((_, index) => requests.slice(0, index + 1).join("").length);
  const parser = parserWith();
  const answered: unknown[] = [];
  let at = 0;
  let readAhead: Uint8Array | undefined;
  const read = (space: Uint8Array) => {
    const endsAhead = ends.filter((end) => end > at);
    const end = random() < 0.7
      ? endsAhead[Math.floor(random() * Math.min(3, endsAhead.length))]
      : at + 1 + Math.floor(random() * 60);
    const count = Math.min(space.length, bytes.length - at, end - at);
    space.set(bytes.subarray(at, at + count));
    parser.received(count);
    at += count;
  };
  for (;;) {
    const outcome = parser.next();
    if (outcome.kind === "incomplete") {
      if (at === bytes.length) return answered;
      read(readAhead ?? parser.space);
      readAhead = undefined;
    } else if (outcome.kind === "request") {
      for (let turns = Math.floor(random() * 4); turns > 0 && at < bytes.length; turns--) {
        if (readAhead !== undefined) read(readAhead);
        readAhead = readAhead === undefined ? parser.spaceWithoutMoving : undefined;
      }
      const { head, body } = outcome;
      const sent = body.take();
      assert(sent !== undefined);
      answered.push([head.method, head.target, textOf(sent)]);
      body.release();
    }
  }
}

describe("RequestParser of a client that sends large bodies", () => {
  const post = (length: number) =>
    `${POST}Content-Length: ${length}\r\n\r\n` + "0123456789".repeat(7_000).slice(0, length);

  /** A client whose parser is asked for space once before each read, as a connection does it. */
  class Client {
    readonly parser: RequestParser;
    /** Where the next bytes go. */
    space: Uint8Array;
    reads = 0;

    constructor(pool = new SpoilingPool()) {
      this.parser = parserWith({}, pool);
      this.space = this.parser.space;
    }

    /** Sends a request, and returns its body. */
    send(request: string): string {
      const bytes = bytesOf(request);
      for (let at = 0; at < bytes.length; this.reads++) {
        const count = Math.min(this.space.length, bytes.length - at);
        this.space.set(bytes.subarray(at, at + count));
        this.parser.received(count);
        at += count;
        if (at === bytes.length) break;
        assertEquals(this.parser.next().kind, "incomplete");
        this.space = this.parser.space;
      }
      const { body } = requestOf(this.parser.next());
      const text = textOf(body.take()!);
      body.release();
      assertEquals(this.parser.next(), { kind: "incomplete", awaiting: "request" });
      this.space = this.parser.space;
      this.reads++;
      return text;
    }
  }

  for (const length of [MEDIUM_BUFFER_BYTES + 1, 65_536]) {
    it(`RequestParser reads a request with a body of ${length} bytes in one read after another one`, () => {
      const client = new Client();
      client.send(post(length));
      assertEquals(client.space.length, LARGE_BUFFER_BYTES);
      for (let i = 0; i < 3; i++) {
        client.reads = 0;
        assert(client.send(post(length)) === post(length).slice(-length));
        assertEquals([client.reads, client.space.length], [1, LARGE_BUFFER_BYTES]);
      }
    });
  }

  const afterwards: [what: string, request: string, space: number][] = [
    ["a small request", PLAIN, SMALL_BUFFER_BYTES],
    ["a request of 5,000 bytes", requestOfBytes(5_000), MEDIUM_BUFFER_BYTES],
    ["a body of 3,000 bytes", post(3_000), MEDIUM_BUFFER_BYTES],
    ["a body of 60,000 bytes", post(60_000), LARGE_BUFFER_BYTES],
  ];
  for (const [what, request, space] of afterwards) {
    it(`RequestParser reads into ${space} bytes after ${what} that follows a large body`, () => {
      const client = new Client();
      client.send(post(65_536));
      client.send(request);
      assertEquals(client.space.length, space);
    });
  }

  for (const length of [0, 1_000, 3_000, MEDIUM_BUFFER_BYTES, 65_537, 200_000]) {
    it(`RequestParser reads into no large buffer after a body of ${length} bytes`, () => {
      const client = new Client();
      client.send(`${POST}Content-Length: ${length}\r\n\r\n${"x".repeat(length)}`);
      assertLessOrEqual(client.space.length, MEDIUM_BUFFER_BYTES);
    });
  }

  it(`RequestParser has a large buffer on ${MAX_LARGE_READERS} connections at most, until one of them needs none`, () => {
    const pool = new CountingPool();
    const clients = Array.from({ length: MAX_LARGE_READERS + 2 }, () => new Client(pool));
    const hasLarge = (client: Client) => client.space.length === LARGE_BUFFER_BYTES;
    for (const client of clients) client.send(post(65_536));
    assertEquals(clients.filter(hasLarge).length, MAX_LARGE_READERS);
    const [first, second] = clients;
    const last = clients.at(-1)!;
    assert(!hasLarge(last));
    first.send(PLAIN);
    assert(!hasLarge(first));
    last.send(post(65_536));
    assert(hasLarge(last));
    first.send(post(65_536));
    assert(!hasLarge(first));
    second.parser.release();
    first.send(post(65_536));
    assert(hasLarge(first));
    for (const client of clients) if (client !== second) client.parser.release();
    assertEquals(pool.takenBytes, 0);
  });

  it("RequestParser no longer counts a large buffer that it has left to a body", () => {
    const pool = new SpoilingPool();
    const { parser, space } = (() => {
      const client = new Client(pool);
      client.send(post(65_536));
      return client;
    })();
    const head = `${POST}Content-Length: 69000\r\nA: `;
    const filler = "b".repeat(LARGE_BUFFER_BYTES - 69_000 - head.length - 4);
    space.set(bytesOf(`${head}${filler}\r\n\r\n${"x".repeat(69_000)}`));
    parser.received(LARGE_BUFFER_BYTES);
    const { body } = requestOf(parser.next());
    assert(parser.spaceWithoutMoving !== undefined);
    assert(body.decode() === "x".repeat(69_000));
    body.release();
    for (let i = 0; i < MAX_LARGE_READERS; i++) assert(pool.takeForReader() !== undefined);
    assertEquals(pool.takeForReader(), undefined);
  });

  it("RequestParser reads bodies of all sizes one after the other, however they come", () => {
    const lengths = fc.constantFrom(0, 5, 3_000, 16_384, 20_000, 60_000, 65_536, 65_537, 69_600);
    const pieces = fc.array(fc.constantFrom(1, 100, 2_048, 16_384, 65_600, 70_000), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(lengths, { minLength: 1, maxLength: 6 }), pieces, (all, sizes) => {
        const bytes = bytesOf(all.map(post).join(""));
        const cuts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          // Pieces of one byte alone would take for ever.
          const size = cuts.length < 200 ? sizes[cuts.length % sizes.length] : 70_000;
          cuts.push(bytes.subarray(at, at += size));
        }
        const bodies = converse(cuts).readings.map((reading) =>
          reading.kind === "request" ? reading.body : reading.kind
        );
        assert(
          bodies.join("|") ===
            all.map((length) => post(length).slice(post(length).length - length)).join("|"),
        );
      }),
      { numRuns: runs(60) },
    );
  });
});

describe("RequestParser, whatever comes", () => {
  it("RequestParser reads requests as they were made, however they are split", () => {
    const requests = fc.array(wireRequest, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(requests, splitPlaces, (sent, placesOf) => {
        const bytes = bytesOf(sent.map((request) => request.bytes).join(""));
        const last = sent.findIndex((request) => !request.reading.persists);
        const answered = last < 0 ? sent : sent.slice(0, last + 1);
        const expected = answered.map((request) => request.reading);
        const limits = { ...DEFAULT_LIMITS, maxBodyBytes: 100_000 };
        for (const pieces of [whole(bytes), splitAt(bytes, placesOf(bytes.length))]) {
          const { readings, awaiting } = converse(pieces, limits);
          assertEquals(readings.map(withoutPath), expected);
          assertEquals(awaiting, "request");
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it("RequestParser reads requests as they were made, whatever is read while they are answered", () => {
    const requests = fc.array(wireRequest, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(requests, fc.integer(), (sent, seed) => {
        const persistent = sent.filter((request) => request.reading.persists);
        const answered = converseWhileAnswering(
          persistent.map((request) => request.bytes),
          numbersFrom(seed),
        );
        const expected = persistent.map(({ reading }) => [
          reading.method,
          reading.target,
          reading.body,
        ]);
        assert(JSON.stringify(answered) === JSON.stringify(expected), "the requests differ");
      }),
      { numRuns: runs(500) },
    );
  });

  it("RequestParser comes to the same end however the bytes are split", () => {
    fc.assert(
      fc.property(mutatedRequests, smallLimits, splitPlaces, (bytes, small, placesOf) => {
        for (const limits of [DEFAULT_LIMITS, small]) {
          const { readings, awaiting } = converse(whole(bytes), limits);
          const pieces = converse(splitAt(bytes, placesOf(bytes.length)), limits);
          assertEquals(pieces.readings, readings);
          assertEquals(pieces.awaiting, awaiting);
          if (bytes.length > 2_000) continue;
          const dribbling = converse(byteByByte(bytes), limits);
          assertEquals(dribbling.readings, readings);
          assertEquals(dribbling.awaiting, awaiting);
        }
      }),
      { numRuns: runs(400) },
    );
  });

  it("RequestParser comes to the same end if bodies are read while they are under way", () => {
    const views = fc.constantFrom(1, 7, 100, 65_536);
    fc.assert(
      fc.property(mutatedRequests, smallLimits, splitPlaces, views, (bytes, small, cut, view) => {
        for (const collected of [DEFAULT_LIMITS, small]) {
          const limits = { ...collected, maxStreamedBodyBytes: collected.maxBodyBytes };
          const { readings, awaiting } = converse(whole(bytes), limits);
          const streamed = converse(splitAt(bytes, cut(bytes.length)), limits, view);
          assertEquals(streamed.readings, readings);
          assertEquals(streamed.awaiting, awaiting);
          if (bytes.length > 2_000) continue;
          const dribbling = converse(byteByByte(bytes), limits, view);
          assertEquals(dribbling.readings, readings);
          assertEquals(dribbling.awaiting, awaiting);
        }
      }),
      { numRuns: runs(400) },
    );
  });

  it("RequestParser makes of any bytes requests, a refusal, or a wish for more, and nothing behind an end", () => {
    const bytes = fc.oneof(
      { arbitrary: mutatedRequests, weight: 9 },
      { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 },
    );
    fc.assert(
      fc.property(bytes, (sent) => {
        const next = bytesOf(PLAIN.repeat(3));
        const { readings, awaiting } = converse([sent, next]);
        const end = readings.findIndex((reading) =>
          reading.kind === "refused" || !reading.persists
        );
        if (end < 0) return;
        assertEquals(readings.slice(end + 1), []);
        assertEquals(awaiting, "request");
      }),
      { numRuns: runs(1_000) },
    );
  });

  it("RequestParser keeps its limits", () => {
    fc.assert(
      fc.property(mutatedRequests, smallLimits, (bytes, limits) => {
        for (const reading of converse(whole(bytes), limits).readings) {
          if (reading.kind !== "request") continue;
          assertLessOrEqual(reading.target.length, limits.maxTargetBytes);
          assertLessOrEqual(reading.fields.length, limits.maxHeaderCount);
          assertLessOrEqual(reading.body.length, limits.maxBodyBytes);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it("RequestParser reads nothing from bytes that differ in their framing from what was made", () => {
    // The body of each request says which one it is: a request that was smuggled in would be one too many.
    fc.assert(
      fc.property(fc.array(wireRequest, { minLength: 2, maxLength: 4 }), fc.nat(), (sent, cut) => {
        const bytes = bytesOf(sent.map((request) => request.bytes).join(""));
        const { readings } = converse(whole(bytes.subarray(0, cut % bytes.length)));
        assertLessOrEqual(readings.length, sent.length);
        for (const [index, reading] of readings.entries()) {
          assertEquals(withoutPath(reading), sent[index].reading);
        }
      }),
      { numRuns: runs(200) },
    );
  });
});
