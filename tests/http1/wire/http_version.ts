// RFC 9112, section 2.3: a version is "HTTP/", one digit, a point and one digit, in capital letters.
// A higher minor version is read as 1.1, the highest that we know (RFC 9110, section 2.5). Another major version is 505;
// what is no version is 400. HTTP/0.9, which has none at all, is malformed, not old: its answers have no head to frame
// them.

import { refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request with that in place of its version. */
function withVersion(version: string): string {
  return `GET / ${version}\r\nHost: a\r\n\r\n`;
}

export const httpVersion: WireGroup = {
  about: "the version (RFC 9112, section 2.3; RFC 9110, section 2.5)",
  cases: [
    {
      what: "HTTP/1.1",
      bytes: "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a", minorVersion: 1 }],
    },
    {
      what: "HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\n\r\n",
      requests: [{ minorVersion: 0, fields: [], persists: false }],
    },
    ...["HTTP/1.2", "HTTP/1.5", "HTTP/1.9"].map((version) => ({
      what: `${version} as HTTP/1.1`,
      bytes: withVersion(version),
      requests: [{ minorVersion: 1 as const }],
    })),

    ...refusedFor("unknownVersion", 505, [
      ["HTTP/2.0", withVersion("HTTP/2.0")],
      ["HTTP/2.0 without fields", "GET / HTTP/2.0\r\n\r\n"],
      ["HTTP/3.0", withVersion("HTTP/3.0")],
      ["HTTP/5.6", withVersion("HTTP/5.6")],
      ["HTTP/9.9", withVersion("HTTP/9.9")],
      ["HTTP/0.8", withVersion("HTTP/0.8")],
      ["HTTP/0.9 in so many words", withVersion("HTTP/0.9")],
      ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ]),
    {
      what: "a HEAD request of HTTP/2.0, whose answer has no body",
      bytes: "HEAD / HTTP/2.0\r\nHost: a\r\n\r\n",
      refused: 505,
      reason: "unknownVersion",
      isHeadRequest: true,
    },

    ...refusedFor("badTarget", 400, [
      ["HTTP/0.9", "GET /\r\n"],
      ["HTTP/0.9 with an LF", "GET /\n"],
      ["HTTP/0.9 with fields", "GET /\r\nHost: a\r\n\r\n"],
    ]),
    ...refusedFor("badVersion", 400, [
      ["an empty version", withVersion("")],
      ["an empty version and nothing else", "GET / \r\n"],
      ...[
        "H",
        "HTTP",
        "HTTP/",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/.",
        "HTTP/11",
        "HTTP/111",
        "HTTP/1.10",
        "HTTP/1.32",
        "HTTP/1.01",
        "HTTP/01.1",
        "HTTP/01.01",
        "HTTP/001.1",
        "HTTP/11.1",
        "HTTP/10.0",
        "HTTP/1.1.1",
        "HTTP/.1.1",
        "HTTP/1..1",
        "HTTP/1,1",
        "HTTP/1:1",
        "HTTP/1;1",
        "HTTP/1-1",
        "HTTP/1 1",
        "HTTP/1x1",
        "HTTP/1.x",
        "HTTP/x.1",
        "HTTP/1.a",
        "HTTP/+1.1",
        "HTTP/-1.1",
        "HTTP/1.-1",
        "HTTP/1.+1",
        "HTTP/1.1a",
        "HTTP/1.1;",
        "HTTP/1.1,",
        "HTTP/1.1?",
        "HTTP/1.1\0",
        "HTTP/1.1\x0b",
        "HTTP/1.1\x7f",
        "HTTP/1.1\xa0",
        "HTTP/1.\xb9",
        "HTTP/1.\xd9\xa1",
        "HTTP/\xd9\xa1.1",
        "HTTP/4294967297.1",
        "HTTP/1.4294967297",
        "HTTP/ 1.1",
        "HTTP /1.1",
        "HTTP/1. 1",
        "HTTP/1 .1",
        "HTTP/\t1.1",
        "HTTP/\r1.1",
        "HTTP/\x001.1",
        "HTTP/1.1 ",
        "HTTP/1.1  ",
        "HTTP/1.1\t",
        "HTTP/1.1 HTTP/1.1",
        "\tHTTP/1.1",
        "HTTP//1.1",
        "HTTP\\1.1",
        "HTTP1.1",
        "HTTP-1.1",
        "/1.1",
        "1.1",
        "http/1.1",
        "Http/1.1",
        "hTTP/1.1",
        "HTTp/1.1",
        "HTT/1.1",
        "HTP/1.1",
        "HT/11",
        "HPPT/7.7",
        "HTTPP/1.1",
        "XHTTP/1.1",
        "HTTPS/1.1",
        "SHTTP/1.3",
        "ICAP/1.0",
        "ICE/1.0",
        "RTSP/1.0",
        "SIP/2.0",
        "hello",
      ].map((version) =>
        [
          `the version ${JSON.stringify(version)}`,
          withVersion(version),
        ] as const
      ),
    ]),
  ],
};
