// Requests made at random, each as bytes and as what must be read from them.

import fc from "fast-check";
import type { RequestLimits } from "../../src/http1/request_parser.ts";
import type { Reading } from "./reading.ts";
import { bytesOf, textOf } from "./reading.ts";

const TOKEN_CHARACTERS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

/** A token (RFC 9110, section 5.6.2); methods with rules of their own come up, too. */
export const token: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECTS", "get"),
  fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 20 }),
);

/** The fields that change what a request is; they are written on purpose, or not at all. */
const MEANINGFUL = /^(?:host|connection|content-length|transfer-encoding|expect)$/i;

/** The name of a field that changes nothing. */
export const fieldName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("Accept", "cookie", "Cookie", "X-A", "x-a", "Content-Type", "Content-Lengths"),
  fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 20 }),
).filter((name) => !MEANINGFUL.test(name));

/** Any code point, halves of surrogate pairs included. The unit "binary" of fast-check takes seconds to be made. */
export const codePoint: fc.Arbitrary<string> = fc
  .oneof(fc.nat(0xff), fc.nat(0xffff), fc.nat(0x10ffff))
  .map((code) => String.fromCodePoint(code));

/** A character of a field value: visible, space, tab or obs-text. */
const valueCharacter = fc.oneof(
  { arbitrary: fc.integer({ min: 0x20, max: 0x7e }), weight: 8 },
  { arbitrary: fc.oneof(fc.constant(9), fc.integer({ min: 0x80, max: 0xff })), weight: 1 },
).map((code) => String.fromCharCode(code));

/** A field value as it is read: without white space around it. */
export const fieldValue: fc.Arbitrary<string> = fc
  .string({ unit: valueCharacter, maxLength: 30 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));

const whiteSpace = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 3 });

/** A request target in origin form. */
export const origin: fc.Arbitrary<string> = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(..."abcXYZ019-._~!$&'()*+,;=:@/[]|^{}`%"),
      fc.constantFrom("/", "/", "..", "%2e", "%2F", "%C3%A9", "%ff"),
    ),
    maxLength: 20,
  })
  // A NUL is refused in a path, however it is written.
  .filter((path) => !path.includes("%00"))
  .chain((path) =>
    fc.option(fc.string({ unit: fc.constantFrom(..."abc=&?/.%\\"), maxLength: 10 })).map(
      (query) => "/" + path + (query === null ? "" : "?" + query),
    )
  );

/** Any bytes, as text. */
export const body: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.uint8Array({ maxLength: 40 }).map(textOf), weight: 8 },
  {
    arbitrary: fc.constantFrom("0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\xef\xbb\xbfa"),
    weight: 1,
  },
  {
    arbitrary: fc.integer({ min: 1_900, max: 20_000 }).map((length) => "x".repeat(length)),
    weight: 1,
  },
);

const chunkExtension = fc.oneof(
  { arbitrary: fc.constant(""), weight: 4 },
  {
    arbitrary: fc.constantFrom(";a", ";a=b", ';a="b;c"', ';a="\\"\\\\"', ';a;b=c;d=""', ";0=1"),
    weight: 1,
  },
);

/** A body and the chunks that it may be sent in. */
export const chunks: fc.Arbitrary<{ readonly body: string; readonly bytes: string }> = fc
  .record({
    parts: fc.array(
      fc.record({
        data: body.filter((data) => data !== ""),
        extension: chunkExtension,
        zeros: fc.nat(3),
        isUpperCase: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
    last: fc.tuple(fc.integer({ min: 1, max: 4 }), chunkExtension),
    trailers: fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 2 }),
  })
  .map(({ parts, last: [zeros, extension], trailers }) => {
    let bytes = "";
    for (const part of parts) {
      const size = "0".repeat(part.zeros) + part.data.length.toString(16);
      bytes += (part.isUpperCase ? size.toUpperCase() : size) + part.extension + "\r\n" +
        part.data + "\r\n";
    }
    bytes += "0".repeat(zeros) + extension + "\r\n";
    for (const [name, value] of trailers) bytes += `${name}: ${value}\r\n`;
    return { body: parts.map((part) => part.data).join(""), bytes: bytes + "\r\n" };
  });

type Framed = { readonly fields: readonly string[]; readonly bytes: string; readonly body: string };

const framed: fc.Arbitrary<Framed> = fc.oneof(
  fc.constant({ fields: [], bytes: "", body: "" }),
  body.map((text) => ({ fields: [`Content-Length: ${text.length}`], bytes: text, body: text })),
  chunks.map(({ body, bytes }) => ({ fields: ["Transfer-Encoding: chunked"], bytes, body })),
);

const connection = fc.constantFrom(
  { fields: [], persists: { 0: false, 1: true } },
  { fields: [], persists: { 0: false, 1: true } },
  { fields: ["Connection: keep-alive"], persists: { 0: true, 1: true } },
  { fields: ["connection: TE,\tKeep-Alive"], persists: { 0: true, 1: true } },
  { fields: ["Connection: upgrade"], persists: { 0: false, 1: true } },
  { fields: ["Connection: close"], persists: { 0: false, 1: false } },
  { fields: ["Connection: TE", "CONNECTION: x , Close"], persists: { 0: false, 1: false } },
);

/** A request as bytes, and what must be read from it. Its path and query are left to the tests of the target. */
export interface WireRequest {
  readonly bytes: string;
  readonly reading: Omit<Reading & { kind: "request" }, "path" | "query">;
}

/** A request that the parser has to take. */
export const wireRequest: fc.Arbitrary<WireRequest> = fc
  .record({
    emptyLine: fc.constantFrom("", "", "", "\r\n"),
    method: token,
    target: origin,
    minorVersion: fc.constantFrom(1, 1, 1, 2, 0),
    host: fc.constantFrom("a", "example.com:8000", "[::1]"),
    framed,
    connection,
    expects: fc.constantFrom(false, false, true),
    fields: fc.array(fc.tuple(fieldName, whiteSpace, fieldValue, whiteSpace), { maxLength: 6 }),
    order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ emptyLine, method, target, minorVersion, host, ...rest }) => {
    const { framed, connection, expects, fields, order } = rest;
    const version = minorVersion === 0 && !isChunked(framed) ? 0 : 1;
    const lines = [
      `Host: ${host}`,
      ...framed.fields,
      ...connection.fields,
      ...(expects ? ["Expect: 100-continue"] : []),
      ...fields.map(([name, before, value, behind]) => `${name}:${before}${value}${behind}`),
    ];
    // A stable shuffle: the fields come in any order, but two of one name stay as they are, for the sake of the expectation.
    const shuffled = lines
      .map((line, index) => ({ line, rank: order[index % order.length] }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ line }) => line);
    const head = `${method} ${target} HTTP/1.${version === 0 ? 0 : Math.max(minorVersion, 1)}\r\n` +
      shuffled.map((line) => line + "\r\n").join("") + "\r\n";
    return {
      bytes: emptyLine + head + framed.bytes,
      reading: {
        kind: "request",
        method,
        target,
        minorVersion: version,
        fields: shuffled.map((line) => {
          const colon = line.indexOf(":");
          const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
          return [line.slice(0, colon), value] as const;
        }),
        body: framed.body,
        persists: connection.persists[version],
      },
    };
  });

function isChunked(framed: Framed): boolean {
  return framed.fields.includes("Transfer-Encoding: chunked");
}

/** Where to cut some bytes, once their number is known. */
export const splitPlaces: fc.Arbitrary<(length: number) => number[]> = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })
  .map((fractions) => (length) => fractions.map((fraction) => Math.floor(fraction * length)));

/** Limits so small that requests made here run into them. */
export const smallLimits: fc.Arbitrary<RequestLimits> = fc.record({
  maxTargetBytes: fc.integer({ min: 1, max: 40 }),
  maxHeadBytes: fc.integer({ min: 64, max: 400 }),
  maxHeaderCount: fc.integer({ min: 1, max: 8 }),
  maxBodyBytes: fc.integer({ min: 0, max: 60 }),
  maxStreamedBodyBytes: fc.constant(1_000_000),
});

/** The bytes and texts that attacks on parsers are made of. */
const TEMPTING = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  "\0",
  ":",
  ";",
  ",",
  "0",
  "\x7f",
  "\xa0",
  "\xff",
  "\x0b",
  '"',
  "\\",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Host: b\r\n",
  "Expect: tea\r\n",
  "Connection: close\r\n",
  "HTTP/1.1\r\n",
  "0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
];

type Mutation = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** One change at a random place: bytes put in, left out, replaced, or repeated. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...TEMPTING)).map(([at, inserted]) => (text: string) => {
    const index = Math.floor(at * (text.length + 1));
    return text.slice(0, index) + inserted + text.slice(index);
  }),
  fc.tuple(place, fc.nat(255)).map(([at, byte]) => (text: string) => {
    const index = Math.floor(at * text.length);
    return text.slice(0, index) + String.fromCharCode(byte) + text.slice(index + 1);
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 8 })).map(([at, count]) => (text: string) => {
    const index = Math.floor(at * text.length);
    return text.slice(0, index) + text.slice(index + count);
  }),
  fc.tuple(place, place, fc.integer({ min: 1, max: 40 })).map(([from, to, count]) => {
    return (text: string) => {
      const copied = text.slice(Math.floor(from * text.length)).slice(0, count);
      const index = Math.floor(to * (text.length + 1));
      return text.slice(0, index) + copied + text.slice(index);
    };
  }),
);

/** Requests with a few changes to them: what an attacker, or a broken client, sends. */
export const mutatedRequests: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc
  .tuple(
    fc.array(wireRequest, { minLength: 1, maxLength: 3 }),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
  )
  .map(([requests, mutations]) => {
    const text = requests.map((request) => request.bytes).join("");
    return bytesOf(mutations.reduce((mutated, mutate) => mutate(mutated), text));
  });
