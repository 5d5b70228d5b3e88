// RFC 9112, section 7.1.2: behind the last chunk may stand field lines, and then an empty line.
// They are read by the same rules as those of a head, bounded by the same limits, and dropped: none of them is ever merged
// into the head (RFC 9110, section 6.5.1). A sender may not put framing, routing or control data there, and a recipient may
// ignore it; we refuse the five fields that say how a message is read or for whom it is, since somebody who merges trailers
// into the head would read another message. The section is read to its end first. The empty line is CRLF and not any two
// bytes.

import { awaiting, CHUNKED, refusedFor, SMUGGLED } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** The fields of the head alone. */
const HEAD_FIELDS: [string, string][] = [["Host", "a"], ["Transfer-Encoding", "chunked"]];

/** Chunked bodies with those bytes behind the last chunk. */
function trailers(list: readonly (readonly [string, string])[]): [string, string][] {
  return list.map(([what, bytes]) => [what, `${CHUNKED}0\r\n${bytes}`]);
}

export const trailerSection: WireGroup = {
  about: "trailers (RFC 9112, section 7.1.2; RFC 9110, section 6.5)",
  cases: [
    {
      what: "a trailer, which is no header",
      bytes: CHUNKED + "5\r\nhello\r\n0\r\nA: b\r\n\r\n",
      requests: [{ method: "POST", body: "hello", fields: HEAD_FIELDS }],
    },
    {
      what: "several trailers, which are no headers",
      bytes: CHUNKED + "0\r\nA: b\r\nC:\r\nA: \t d\r\n\r\n",
      requests: [{ method: "POST", fields: HEAD_FIELDS }],
    },
    ...[
      "Authorization: Basic YTpi",
      "Cookie: a=b",
      "Content-Type: text/html",
      "Content-Encoding: gzip",
      "Trailer: A",
      "Content_Length: 9",
      "X-Host: b",
    ].map((line) => ({
      what: `the trailer ${JSON.stringify(line)}, and does not care`,
      bytes: `${CHUNKED}0\r\n${line}\r\n\r\n`,
      requests: [{ method: "POST", fields: HEAD_FIELDS }],
    })),
    {
      what: "a trailer that looks like a request line, as a trailer",
      bytes: CHUNKED + "0\r\nX:POST / HTTP/1.1\r\n\r\n",
      requests: [{ method: "POST", fields: HEAD_FIELDS }],
    },
    ...awaiting("body", CHUNKED, [
      "0\r\nA",
      "0\r\nA:",
      "0\r\nA: b",
      "0\r\nA: b\r",
      "0\r\nA: b\r\n",
      "0\r\nA: b\r\n\r",
      "0\r\nHost: b\r\n",
    ]),

    ...refusedFor("badTrailer", 400, [
      ...trailers([
        ...[
          "Content-Length: 9",
          "Content-Length: 0",
          "content-length:",
          "Transfer-Encoding: gzip",
          "Transfer-Encoding: chunked",
          "TRANSFER-ENCODING: identity",
          "Host: a",
          "Host: b",
          "Host: a/b",
          "host:",
          "Connection: close",
          "connection: keep-alive",
          "Expect: tea",
          "EXPECT: 100-continue",
        ].map((line) => [`the trailer ${JSON.stringify(line)}`, `${line}\r\n\r\n`] as const),
        ["a control field behind other trailers", "A: b\r\nHost: b\r\nC: d\r\n\r\n"],
        ["a control field twice in the trailers", "Content-Length: 9\r\nContent-Length: 9\r\n\r\n"],
      ]),
    ]),
    ...refusedFor("badFieldName", 400, [
      ...trailers([
        ["a trailer without a colon behind a control field", "Host: b\r\nA\r\n\r\n"],
        ["a trailer without a colon", "A\r\n\r\n"],
        ["a trailer with a space before its colon", "A : b\r\n\r\n"],
        ["a trailer without a name", ": b\r\n\r\n"],
        ["a trailer with a space in its name", "A B: c\r\n\r\n"],
        ["a trailer with NUL in its name", "A\0: b\r\n\r\n"],
        ["a trailer with obs-text in its name", "\xe9: b\r\n\r\n"],
        ["a trailer that ends in CR CR LF without a colon", "bad\r\r\n\r\n"],
        ["a bare LF behind the name of a trailer", "A\n: b\r\n\r\n"],
        ["the next request in place of the empty line", SMUGGLED],
        ["the next chunk in place of the empty line", "5\r\nhello\r\n0\r\n\r\n"],
        ["two other bytes in place of the empty line", "XX" + SMUGGLED],
      ]),
    ]),
    ...refusedFor("badFieldValue", 400, [
      ...trailers([
        ["NUL in a trailer", "A: \0\r\n\r\n"],
        ["a control byte in a trailer", "A: b\x01\r\n\r\n"],
        ["DEL in a trailer", "A: \x7f\r\n\r\n"],
      ]),
    ]),
    ...refusedFor("foldedLine", 400, [
      ...trailers([
        ["a trailer that is folded", "A: b\r\n c\r\n\r\n"],
        ["white space before the first trailer", " A: b\r\n\r\n"],
        ["a tab before the first trailer", "\tA: b\r\n\r\n"],
        ["white space before the empty line", " \r\n\r\n"],
      ]),
    ]),
    ...refusedFor("badLineEnd", 400, [
      ...trailers([
        ["a bare LF behind a trailer", "A: b\n\r\n"],
        ["a bare LF between two trailers", "A: b\nC: d\r\n\r\n"],
        ["a bare CR behind a trailer", "A: b\rC: d\r\n\r\n"],
        ["CR CR LF behind a trailer", "A: b\r\r\n\r\n"],
        ["a bare LF as the end", "\n"],
        ["a bare LF as the end behind a trailer", "A: b\r\n\n"],
        ["a bare CR as the end", "\rG"],
        ["CR CR LF as the end", "\r\r\n"],
        ["a bare CR before a trailer", "\rA: b\r\n\r\n"],
      ]),
    ]),
  ],
};
