// The design page, section 2: how large the parts of a request may be. Each limit stands here at its value and one byte
// over it. RFC 9112, section 3, asks for 414 where a target is too long, RFC 9110, section 5.4, for a 4xx where fields
// are; RFC 6585 has 431 for that. Bytes are counted as they arrive, so a part that does not end is refused as soon as it
// is too long, and a body as soon as a size says that it will be. What fills the limit of a head with nothing but a
// method gets 400: it is no request whose head is too large, and no method that anybody could add (RFC 9112, section 3,
// has 501 for those). An empty line that is forgiven counts for nothing. Trailers have the limits of a head; so have the
// extensions of all chunks together, which get 400 like every other fault in a chunk's line.

import { CHUNKED, HEAD, POST, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A head of so many bytes. */
function headOf(bytes: number): string {
  const start = HEAD + "A: ";
  return start + "b".repeat(bytes - start.length - 4) + "\r\n\r\n";
}

/** So many field lines, of six bytes each. */
function fieldLines(count: number): string {
  return "A: b\r\n".repeat(count);
}

export const targetLimit: WireGroup = {
  about: "the limit of a target (design page, section 2; RFC 9112, section 3)",
  cases: [
    {
      what: "a target of 8 KiB",
      bytes: `GET /${"a".repeat(8_191)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{ target: "/" + "a".repeat(8_191) }],
    },
    {
      what: "a target of more than 8 KiB",
      bytes: `GET /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a target of 100 KB",
      bytes: `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a target of more than 8 KiB that does not end",
      bytes: `GET /${"a".repeat(8_192)}`,
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a target of 8 KiB that does not end",
      bytes: `GET /${"a".repeat(8_191)}`,
      awaiting: "head",
    },
    {
      what: "a query that makes the target too long",
      bytes: `GET /?${"a".repeat(8_191)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "an absolute form that is too long",
      bytes: `GET http://a/${"a".repeat(8_184)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a HEAD request whose target is too long, whose answer has no body",
      bytes: `HEAD /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      reason: "targetTooLong",
      isHeadRequest: true,
    },
    {
      what: "a second request whose target is too long",
      bytes: `${HEAD}\r\nGET /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{}],
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a target at the limit",
      bytes: "GET /234567 HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxTargetBytes: 7 },
      requests: [{ target: "/234567" }],
    },
    {
      what: "a target one byte over the limit",
      bytes: "GET /234567 HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxTargetBytes: 6 },
      refused: 414,
      reason: "targetTooLong",
    },
    {
      what: "a target with a byte that may not stand in one behind the limit",
      bytes: "GET /234567\0 HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxTargetBytes: 6 },
      refused: 414,
      reason: "targetTooLong",
    },
  ],
};

export const headLimits: WireGroup = {
  about: "the limits of a head (design page, section 2; RFC 9110, section 5.4)",
  cases: [
    { what: "a head of 16 KiB", bytes: headOf(16_384), requests: [{}] },
    {
      what: "a head of more than 16 KiB",
      bytes: headOf(16_385),
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a name of 100 KB",
      bytes: HEAD + "A".repeat(100_000) + ": b\r\n\r\n",
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a value of 100 KB",
      bytes: HEAD + `A: ${"b".repeat(100_000)}\r\n\r\n`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "white space of 100 KB before a value",
      bytes: HEAD + `A:${" ".repeat(100_000)}b\r\n\r\n`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a Content-Length of 20,000 zeros",
      bytes: POST + `Content-Length: ${"0".repeat(20_000)}\r\n\r\n`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a head of more than 16 KiB that does not end",
      bytes: HEAD + "A".repeat(16_384),
      refused: 431,
      reason: "headTooLarge",
    },
    ...refusedFor("badMethod", 400, [
      ["a method of 16 KiB that does not end", "G".repeat(16_384)],
      ["a method of 16 KiB", "G".repeat(16_384) + " / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a method of 100 KB", "G".repeat(100_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a method of 16 KiB behind an empty line", "\r\n" + "G".repeat(16_384)],
      ["a method of 16 KiB that begins like HEAD", "HEAD" + "D".repeat(16_380)],
    ]),
    {
      what: "a second request with a method of 16 KiB",
      bytes: `${HEAD}\r\n${"G".repeat(16_384)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{}],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a method that leaves as many bytes as the rest of the head needs",
      bytes: "G".repeat(56) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxHeadBytes: 80 },
      requests: [{ method: "G".repeat(56) }],
    },
    {
      what: "a method that leaves one byte less than the rest of the head needs",
      bytes: "G".repeat(57) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxHeadBytes: 80 },
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a method one byte shorter than a head may be",
      bytes: "G".repeat(79),
      limits: { maxHeadBytes: 80 },
      awaiting: "head",
    },
    {
      what: "a method one byte shorter than a head may be, behind an empty line",
      bytes: "\r\n" + "G".repeat(79),
      limits: { maxHeadBytes: 80 },
      awaiting: "head",
    },
    {
      what: "a method one byte shorter than a head may be, and the space behind it",
      bytes: "G".repeat(79) + " ",
      limits: { maxHeadBytes: 80 },
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a method as long as a head may be",
      bytes: "G".repeat(80),
      limits: { maxHeadBytes: 80 },
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a method as long as a head may be, and the space behind it",
      bytes: "G".repeat(80) + " ",
      limits: { maxHeadBytes: 80 },
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a head of 16 KiB behind an empty line, and another one",
      bytes: "\r\n" + headOf(16_384) + headOf(16_384),
      requests: [{}, {}],
    },
    {
      what: "a head at the limit",
      bytes: headOf(80),
      limits: { maxHeadBytes: 80 },
      requests: [{}],
    },
    {
      what: "a head one byte over the limit",
      bytes: headOf(81),
      limits: { maxHeadBytes: 80 },
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "two heads at the limit, each for itself",
      bytes: headOf(80) + headOf(80),
      limits: { maxHeadBytes: 80 },
      requests: [{}, {}],
    },
    {
      what: "a head whose version crosses the limit",
      bytes: `GET /${"a".repeat(60)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      limits: { maxHeadBytes: 70 },
      refused: 431,
      reason: "headTooLarge",
    },
    ...["GET / HTTP/1.", "GET / HTTP/1.1\r\nHost: a\r", "GET / HTTP/1.1\r\nHost: a\r\n\r"].map((
      part,
    ) => ({
      what: `${JSON.stringify(part)} behind a request that fills most of the limit`,
      bytes: `GET /${"a".repeat(30)} HTTP/1.1\r\nHost: a\r\n\r\n${part}`,
      limits: { maxHeadBytes: 64 },
      requests: [{ target: "/" + "a".repeat(30) }],
      awaiting: "head" as const,
    })),
    {
      what: "a head of 100,000 bytes where that is allowed",
      bytes: headOf(100_000),
      limits: { maxHeadBytes: 100_000 },
      requests: [{}],
    },
    {
      what: "a head of more than 100,000 bytes where that is the limit",
      bytes: headOf(100_001),
      limits: { maxHeadBytes: 100_000 },
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a HEAD request whose head is too large, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nA: " + "b".repeat(100) + "\r\n\r\n",
      limits: { maxHeadBytes: 80 },
      refused: 431,
      reason: "headTooLarge",
      isHeadRequest: true,
    },
    {
      what: "100 fields",
      bytes: HEAD + fieldLines(99) + "\r\n",
      requests: [{}],
    },
    {
      what: "101 fields",
      bytes: HEAD + fieldLines(100) + "\r\n",
      refused: 431,
      reason: "tooManyFields",
    },
    {
      what: "10,000 fields",
      bytes: HEAD + fieldLines(10_000) + "\r\n",
      refused: 431,
      reason: "tooManyFields",
    },
    {
      what: "100 fields in each of two requests",
      bytes: (HEAD + fieldLines(99) + "\r\n").repeat(2),
      requests: [{}, {}],
    },
    {
      what: "as many fields as the limit allows",
      bytes: HEAD + fieldLines(2) + "\r\n",
      limits: { maxHeaderCount: 3 },
      requests: [{}],
    },
    {
      what: "one field more than the limit allows",
      bytes: HEAD + fieldLines(3) + "\r\n",
      limits: { maxHeaderCount: 3 },
      refused: 431,
      reason: "tooManyFields",
    },
    {
      what: "a HEAD request with too many fields, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\n" + fieldLines(3) + "\r\n",
      limits: { maxHeaderCount: 3 },
      refused: 431,
      reason: "tooManyFields",
      isHeadRequest: true,
    },
  ],
};

export const bodyLimit: WireGroup = {
  about: "the limits of a body, its chunks and its trailers (design page, section 2)",
  cases: [
    {
      what: "a body of 1,000,000 bytes, as far as it has come",
      bytes: POST + "Content-Length: 1000000\r\n\r\n",
      awaiting: "body",
    },
    {
      what: "a body of 1,000,001 bytes, before it is read",
      bytes: POST + "Content-Length: 1000001\r\n\r\n",
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "a body at the limit",
      bytes: POST + "Content-Length: 8\r\n\r\n12345678",
      limits: { maxBodyBytes: 8 },
      requests: [{ method: "POST", body: "12345678" }],
    },
    {
      what: "a body one byte over the limit, before it is read",
      bytes: POST + "Content-Length: 9\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "no body where none is allowed",
      bytes: POST + "Content-Length: 0\r\n\r\n" + CHUNKED + "0\r\n\r\n",
      limits: { maxBodyBytes: 0 },
      requests: [{ method: "POST" }, { method: "POST" }],
    },
    {
      what: "a body where none is allowed",
      bytes: POST + "Content-Length: 1\r\n\r\n",
      limits: { maxBodyBytes: 0 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "a chunk where no body is allowed",
      bytes: CHUNKED + "1\r\n",
      limits: { maxBodyBytes: 0 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "a HEAD request whose body is too large, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
      reason: "bodyTooLarge",
      isHeadRequest: true,
    },
    {
      what: "a chunked body at the limit",
      bytes: CHUNKED + "5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      requests: [{ method: "POST", body: "12345678" }],
    },
    {
      what: "a chunked body one byte over the limit, before its last chunk is read",
      bytes: CHUNKED + "5\r\n12345\r\n4\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "a first chunk one byte over the limit, before it is read",
      bytes: CHUNKED + "9\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "a chunk of one byte over the limit, of many",
      bytes: CHUNKED + "1\r\nx\r\n".repeat(9),
      limits: { maxBodyBytes: 8 },
      refused: 413,
      reason: "bodyTooLarge",
    },
    {
      what: "chunk extensions as long as a head may be",
      bytes: `${CHUNKED}0;${"a".repeat(16_000)}\r\n\r\n`,
      requests: [{ method: "POST" }],
    },
    ...[16_385, 65_536, 100_000].map((bytes) => ({
      what: `an extension of ${bytes} bytes`,
      bytes: `${CHUNKED}5;a=${"b".repeat(bytes)}\r\nhello\r\n0\r\n\r\n`,
      refused: 400,
      reason: "badChunkExtension" as const,
    })),
    {
      what: "an extension that does not end",
      bytes: `${CHUNKED}5;${"a".repeat(16_385)}`,
      refused: 400,
      reason: "badChunkExtension",
    },
    {
      what: "chunk extensions that are too long together",
      bytes: CHUNKED + `1;${"a".repeat(40)}\r\nx\r\n`.repeat(2) + "0\r\n\r\n",
      limits: { maxHeadBytes: 78 },
      refused: 400,
      reason: "badChunkExtension",
    },
    {
      what: "extensions of two requests, each for itself",
      bytes: (CHUNKED + `1;${"a".repeat(70)}\r\nx\r\n0\r\n\r\n`).repeat(2),
      limits: { maxHeadBytes: 78 },
      requests: [{ method: "POST", body: "x" }, { method: "POST", body: "x" }],
    },
    {
      what: "trailers as long as a head may be",
      bytes: `${CHUNKED}0\r\nA: ${"b".repeat(16_384 - 7)}\r\n\r\n`,
      requests: [{ method: "POST" }],
    },
    {
      what: "trailers that are longer than a head may be",
      bytes: `${CHUNKED}0\r\nA: ${"b".repeat(16_384 - 6)}\r\n\r\n`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "a trailer that does not end",
      bytes: `${CHUNKED}0\r\nA: ${"b".repeat(16_384)}`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "the name of a trailer that does not end",
      bytes: `${CHUNKED}0\r\n${"A".repeat(16_384)}`,
      refused: 431,
      reason: "headTooLarge",
    },
    {
      what: "trailers at the limit, and a request behind them",
      bytes: `${CHUNKED}0\r\n${fieldLines(12)}${"C: d"}\r\n\r\n${HEAD}\r\n`,
      limits: { maxHeadBytes: 80 },
      requests: [{ method: "POST" }, {}],
    },
    {
      what: "100 trailers",
      bytes: `${CHUNKED}0\r\n${fieldLines(100)}\r\n`,
      requests: [{ method: "POST" }],
    },
    {
      what: "100 fields and 100 trailers, each for itself",
      bytes: `${HEAD}${fieldLines(98)}Transfer-Encoding: chunked\r\n\r\n0\r\n${
        fieldLines(100)
      }\r\n`,
      requests: [{}],
    },
    {
      what: "101 trailers",
      bytes: `${CHUNKED}0\r\n${fieldLines(101)}\r\n`,
      refused: 431,
      reason: "tooManyFields",
    },
  ],
};
