// RFC 9112, section 2.2: lines end in CRLF, and a server forgives an empty line before a request line.
// It lets a recipient take a bare LF for the end of a line, and read a bare CR as a space. Both have been used to smuggle, so
// both are refused. One empty line is forgiven before each request. More are refused with the first byte after them, since a client
// that sends nothing else has sent no request. What is no HTTP at all gets a 400 like every other malformed request line.

import { awaiting, HEAD, PLAIN, POST, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

export const messageParsing: WireGroup = {
  about: "lines, and what stands between requests (RFC 9112, section 2.2)",
  cases: [
    {
      what: "the plainest request",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ path: "/", query: "", minorVersion: 1, fields: [["Host", "a"]] }],
    },
    {
      what: "an empty line before the request line",
      bytes: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{}],
    },
    {
      what: "an empty line before each of two requests",
      bytes: "\r\n" + PLAIN + "\r\n" + PLAIN,
      requests: [{}, {}],
    },
    {
      what: "an empty line behind a body, which some old clients send",
      bytes: POST + "Content-Length: 5\r\n\r\nhello\r\n" + PLAIN,
      requests: [{ method: "POST", body: "hello" }, {}],
    },
    {
      what: "an empty line behind a chunked body",
      bytes: POST + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n" + PLAIN,
      requests: [{ method: "POST" }, {}],
    },
    { what: "nothing yet in an empty line alone", bytes: "\r\n" },
    {
      what: "nothing yet in an empty line behind a request",
      bytes: PLAIN + "\r\n",
      requests: [{}],
    },
    ...awaiting("head", "", [
      "G",
      "GE",
      "GET",
      "GET ",
      "GET /",
      "GET /a",
      "GET / ",
      "GET / H",
      "GET / HTTP",
      "GET / HTTP/",
      "GET / HTTP/1",
      "GET / HTTP/1.",
      "GET / HTTP/1.1",
      "GET / HTTP/1.1\r",
      "GET / HTTP/1.1\r\n",
      "GET / HTTP/1.1\r\nHos",
      "GET / HTTP/1.1\r\nHost",
      "GET / HTTP/1.1\r\nHost:",
      "GET / HTTP/1.1\r\nHost: ",
      "GET / HTTP/1.1\r\nHost: a",
      "GET / HTTP/1.1\r\nHost: a ",
      "GET / HTTP/1.1\r\nHost: a\r",
      "GET / HTTP/1.1\r\nHost: a\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r",
    ]),

    // Ends of lines.
    ...refusedFor("badVersion", 400, [
      ["a bare LF behind the version", "GET / HTTP/1.1\nHost: a\r\n\r\n"],
      ["a bare CR behind the version", "GET / HTTP/1.1\rHost: a\r\n\r\n"],
      ["CR CR LF behind the version", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"],
      ["a head whose lines end in LF", "GET / HTTP/1.1\nHost: a\n\n"],
      ["a head of HTTP/1.0 whose lines end in LF", "GET / HTTP/1.0\n\n"],
    ]),
    ...refusedFor("badTarget", 400, [
      ["a bare LF in the target", "GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a bare CR in the target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a bare LF in place of the second space", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a bare CR in place of the second space", "GET /\rHTTP/1.1\r\nHost: a\r\n\r\n"],
    ]),
    ...refusedFor("badLineEnd", 400, [
      ["a bare LF behind a value", HEAD + "A: b\nC: d\r\n\r\n"],
      ["a bare LF behind the last value", HEAD + "A: b\n\r\n"],
      ["a bare LF behind an empty value", HEAD + "A:\nB: c\r\n\r\n"],
      ["two bare LFs behind a value", HEAD + "A: b\n\nC: d\r\n\r\n"],
      ["fields that end in LF", "GET / HTTP/1.1\r\nHost: a\nA: b\n\n"],
      ["a bare CR in a value", HEAD + "A: b\rC: d\r\n\r\n"],
      ["a bare CR before a value", HEAD + "A:\rb\r\n\r\n"],
      ["CR CR LF behind a value", HEAD + "A: b\r\r\n\r\n"],
      ["CR CR LF behind an empty value", HEAD + "A:\r\r\n\r\n"],
      ["LF CR as the end of a line", HEAD + "A: b\n\r\r\n"],
      ["CR NUL LF as the end of a line", HEAD + "A: b\r\0\n\r\n"],
      ["a bare LF as the empty line", HEAD + "\n"],
      ["a bare CR as the empty line", HEAD + "\rGET "],
      ["CR CR LF as the empty line", HEAD + "\r\r\n"],
      ["CR SP LF as the empty line", HEAD + "\r \n"],
      ["a bare CR before a name", HEAD + "\rA: b\r\n\r\n"],
      ["a CR before the request line", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["CR CR LF before the request line", "\r\r\n" + PLAIN],
    ]),
    ...refusedFor("badFieldName", 400, [
      ["a bare LF behind a name", HEAD + "A\n: b\r\n\r\n"],
      ["a bare LF in a name", HEAD + "A\nB: c\r\n\r\n"],
      ["a bare CR in a name", HEAD + "A\rB: c\r\n\r\n"],
      ["a bare CR behind a name", HEAD + "A\r: b\r\n\r\n"],
    ]),

    // Before a request line.
    ...refusedFor("badMethod", 400, [
      ["an empty line of LF before the request line", "\nGET / HTTP/1.1\r\n"],
      ["two empty lines before the request line", "\r\n\r\n" + PLAIN],
      ["a hundred empty lines before the request line", "\r\n".repeat(100) + PLAIN],
      ["a line of spaces before the request line", "   \r\n" + PLAIN],
      ["a space before the request line", " " + PLAIN],
      ["a tab before the request line", "\t" + PLAIN],
      ["an empty line and a space before the request line", "\r\n " + PLAIN],
      ["a vertical tab before the request line", "\x0b" + PLAIN],
      ["NUL before the request line", "\0\0" + PLAIN],
      ["a byte order mark before the request line", "\xef\xbb\xbf" + PLAIN],
    ]),
    {
      what: "an LF between two requests",
      bytes: PLAIN + "\n" + PLAIN,
      requests: [{}],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "two empty lines between two requests",
      bytes: PLAIN + "\r\n\r\n" + PLAIN,
      requests: [{}],
      refused: 400,
      reason: "badMethod",
    },
    {
      what: "a space between two requests, and nothing behind it",
      bytes: PLAIN + " " + PLAIN + PLAIN,
      requests: [{}],
      refused: 400,
      reason: "badMethod",
    },

    // What is no HTTP/1 request at all.
    ...refusedFor("badMethod", 400, [
      ["the hello of TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
      ["the greeting of SSH", "SSH-2.0-a\r\n"],
      ["a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
      ["a field line alone", "Host: a\r\n\r\n"],
      ["a command of Redis", "*1\r\n$4\r\nPING\r\n"],
      ["version 2 of the PROXY protocol", "\r\n\r\n\0\r\nQUIT\n!\x11\0\0" + PLAIN],
    ]),
    ...refusedFor("badTarget", 400, [
      ["a command of SMTP", "EHLO a\r\n"],
      ["a command of memcached", "get a\r\n"],
    ]),
    ...refusedFor("badVersion", 400, [
      ["version 1 of the PROXY protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + PLAIN],
    ]),
  ],
};
