// RFC 9112, section 9.3.2: requests may come one behind the other, and are answered in their order.
// Where one ends is where the next begins, to the byte: what is left behind a body is read as a request, and has to be one.
// Behind a request that ends the connection nothing is read at all.

import { CHUNKED, CLOSE, HEAD, PLAIN, POST, SMUGGLED } from "./parts.ts";
import type { WireGroup } from "./types.ts";

export const pipelining: WireGroup = {
  about: "pipelining (RFC 9112, section 9.3.2)",
  cases: [
    {
      what: "requests in their order",
      bytes: "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n" +
        "GET /3 HTTP/1.1\r\nHost: c\r\n\r\n",
      requests: [
        { target: "/1", fields: [["Host", "a"]] },
        { target: "/2", fields: [["Host", "b"]] },
        { target: "/3", fields: [["Host", "c"]] },
      ],
    },
    {
      what: "requests with bodies of every kind in their order",
      bytes: POST + "Content-Length: 3\r\n\r\none" + PLAIN + CHUNKED +
        "3\r\ntwo\r\n0\r\nA: b\r\n\r\n" +
        POST + "\r\n" + POST + "Content-Length: 5\r\n\r\nthree",
      requests: [
        { method: "POST", body: "one" },
        {},
        { method: "POST", body: "two" },
        { method: "POST" },
        { method: "POST", body: "three" },
      ],
    },
    {
      what: "twenty requests",
      bytes: PLAIN.repeat(20),
      requests: Array.from({ length: 20 }, () => ({})),
    },
    {
      what: "bodies of many sizes, one behind the other",
      bytes: [10, 1_280, 5_120, 6].map((length) =>
        `${CHUNKED}${length.toString(16)}\r\n${"x".repeat(length)}\r\n0\r\n\r\n`
      ).join(""),
      requests: [10, 1_280, 5_120, 6].map((length) => ({
        method: "POST",
        body: "x".repeat(length),
      })),
    },
    {
      what: "a request and a part of the next one",
      bytes: PLAIN + "GET / HTTP/1.1\r\nHo",
      requests: [{}],
      awaiting: "head",
    },
    {
      what: "a request and the next one without its body",
      bytes: PLAIN + POST + "Content-Length: 1\r\n\r\n",
      requests: [{}],
      awaiting: "body",
    },
    {
      what: "garbage behind a request",
      bytes: PLAIN + "\0",
      requests: [{}],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a body that no length has announced",
      bytes: POST + "\r\nhello world\r\n",
      requests: [{ method: "POST" }],
      refused: 400,
      reason: "badTarget",
    },
    {
      what: "a body that is longer than its length",
      bytes: POST + "Content-Length: 5\r\n\r\nhello\0",
      requests: [{ method: "POST", body: "hello" }],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a byte behind a chunked body",
      bytes: CHUNKED + "0\r\n\r\n\0",
      requests: [{ method: "POST" }],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "nothing behind a request that ends the connection",
      bytes: PLAIN + CLOSE + PLAIN,
      requests: [{}, { persists: false }],
    },
    {
      what: "nothing behind a request that ends the connection, be it garbage",
      bytes: CLOSE + "Invalid\r\n\r\n\0",
      requests: [{ persists: false }],
    },
    {
      what: "nothing behind a request with a body that ends the connection",
      bytes: POST + "Connection: close\r\nContent-Length: 2\r\n\r\nhi" + PLAIN,
      requests: [{ method: "POST", body: "hi", persists: false }],
    },
    {
      what: "nothing behind a chunked request that ends the connection, be it garbage",
      bytes: POST + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\0\0\0",
      requests: [{ method: "POST", persists: false }],
    },
    {
      what: "nothing behind an HTTP/1.0 request",
      bytes: "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
      requests: [{ persists: false }],
    },
    {
      what: "requests of both versions on one connection",
      bytes: PLAIN + "GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + PLAIN,
      requests: [{ minorVersion: 1 }, { target: "/b", minorVersion: 0 }, { minorVersion: 1 }],
    },
    {
      what: "no field of one request in the next",
      bytes: POST +
        "Content-Length: 2\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\nhi" +
        "GET / HTTP/1.0\r\n\r\n",
      requests: [
        { method: "POST", body: "hi", continues: true },
        { minorVersion: 0, fields: [], persists: false },
      ],
    },
    {
      what: "no trailer of one request in the next",
      bytes: CHUNKED + "0\r\nA: b\r\nC: d\r\n\r\n" + PLAIN,
      requests: [{ method: "POST" }, { fields: [["Host", "a"]] }],
    },
    {
      what: "a Host that is missing in the second request",
      bytes: PLAIN + "GET / HTTP/1.1\r\n\r\n",
      requests: [{}],
      refused: 400,
      reason: "missingHost",
    },
    {
      what: "a second request that is refused, and nothing behind it",
      bytes: PLAIN + HEAD + "A : b\r\n\r\n" + SMUGGLED + SMUGGLED,
      requests: [{}],
      refused: 400,
      reason: "badFieldName",
    },
    {
      what: "a request whose body has a fault, and nothing behind it",
      bytes: CHUNKED + "5\r\nhello\r\nINVALID!!!\r\n" + SMUGGLED,
      refused: 400,
      reason: "badChunkSize",
    },
  ],
};
