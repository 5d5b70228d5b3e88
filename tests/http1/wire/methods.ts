// RFC 9110, section 9: the methods that have rules of their own before any handler is asked.
// CONNECT is for proxies: it gets 501 (design page, section 2), and no byte behind it is a request, because a tunnel might
// be what the client believes in. Its Host is judged first: section 3.2 of RFC 9112 asks for 400 whatever the method. The
// answer to HEAD has no body, that of a refusal neither. A body is framed by its fields whatever the method (RFC 9112,
// section 6.3), so GET, HEAD, DELETE and OPTIONS can have one; a server that did not read it would read it as the next
// request. TRACE alone has none: section 9.3.8 forbids clients to send one, and we take them at that word, as soon as the
// head is there: before anybody asks for the body, and whatever its size.

import { PLAIN, POST, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A head that is to have no body. */
const TRACE = "TRACE / HTTP/1.1\r\nHost: a\r\n";

export const methods: WireGroup = {
  about: "methods with rules of their own (RFC 9110, section 9)",
  cases: [
    ...refusedFor("connectMethod", 501, [
      ["CONNECT in the authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"],
      ["CONNECT with an address", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"],
      ["CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["CONNECT with a URI", "CONNECT http://a:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["CONNECT in HTTP/1.0", "CONNECT a:443 HTTP/1.0\r\n\r\n"],
      [
        "CONNECT with a body",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 3\r\n\r\nabc",
      ],
    ]),
    ...refusedFor("missingHost", 400, [
      ["CONNECT without a Host", "CONNECT a:443 HTTP/1.1\r\n\r\n"],
      [
        "CONNECT without a Host, and with a body",
        "CONNECT a:443 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
      ],
    ]),
    ...refusedFor("severalHosts", 400, [
      [
        "CONNECT with two equal Hosts",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nHost: a:443\r\n\r\n",
      ],
      [
        "CONNECT with two Hosts that differ",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nHost: b:443\r\n\r\n",
      ],
      [
        "CONNECT with two Hosts in HTTP/1.0",
        "CONNECT a:443 HTTP/1.0\r\nHost: a:443\r\nHost: a:443\r\n\r\n",
      ],
    ]),
    ...refusedFor("badHost", 400, [
      ["CONNECT with an empty Host", "CONNECT a:443 HTTP/1.1\r\nHost:\r\n\r\n"],
      ["CONNECT with an invalid Host", "CONNECT a:443 HTTP/1.1\r\nHost: a/b\r\n\r\n"],
      ["CONNECT with a comma in its Host", "CONNECT a:443 HTTP/1.1\r\nHost: a,b\r\n\r\n"],
      ["CONNECT with an empty Host in HTTP/1.0", "CONNECT a:443 HTTP/1.0\r\nHost:\r\n\r\n"],
    ]),
    ...refusedFor("badTargetForm", 400, [
      [
        "connect, which is another method, with an authority",
        "connect a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
      ],
    ]),
    {
      what: "a method that is longer than CONNECT",
      bytes: "CONNECTS / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "CONNECTS" }],
    },
    ...["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"].map((method) => ({
      what: method,
      bytes: `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{ method }],
    })),
    ...["GET", "HEAD", "DELETE", "OPTIONS"].flatMap((method) => [
      {
        what: `${method} with a body`,
        bytes: `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`,
        requests: [{ method, body: "hi" }],
      },
      {
        what: `${method} with a chunked body`,
        bytes: `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
          "2\r\nhi\r\n0\r\n\r\n",
        requests: [{ method, body: "hi" }],
      },
    ]),
    {
      what: "TRACE with a length of zero, which is no body, and the next request",
      bytes: `${TRACE}Content-Length: 0\r\n\r\n${PLAIN}`,
      requests: [{ method: "TRACE" }, {}],
    },
    {
      what: "TRACE that expects 100-continue without a body, and says nothing",
      bytes: `${TRACE}Expect: 100-continue\r\n\r\n`,
      requests: [{ method: "TRACE" }],
    },
    {
      what: "TRACE that expects 100-continue before a length of zero, and says nothing",
      bytes: `${TRACE}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
      requests: [{ method: "TRACE" }],
    },
    {
      what: "TRACE with another expectation and a length of zero, and declines it",
      bytes: `${TRACE}Expect: tea\r\nContent-Length: 0\r\n\r\n`,
      requests: [{ method: "TRACE", declined: 417 }],
    },
    ...refusedFor("traceWithBody", 400, [
      ["TRACE with a body", `${TRACE}Content-Length: 2\r\n\r\nhi`],
      ["TRACE with a length of one", `${TRACE}Content-Length: 1\r\n\r\nx`],
      ["TRACE with a length, before its body comes", `${TRACE}Content-Length: 3\r\n\r\n`],
      ["TRACE with a length over the limit", `${TRACE}Content-Length: 1000001\r\n\r\n`],
      [
        "TRACE with a chunked body",
        `${TRACE}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
      ],
      [
        "TRACE with a chunked body of no bytes",
        `${TRACE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      [
        "TRACE with a chunked body, before it comes",
        `${TRACE}Transfer-Encoding: chunked\r\n\r\n`,
      ],
      ["TRACE with a body in HTTP/1.0", "TRACE / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"],
      [
        "TRACE with a body and an absolute form",
        "TRACE http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
      ],
      [
        "TRACE that expects 100-continue before a body of a length",
        `${TRACE}Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx`,
      ],
      [
        "TRACE that expects 100-continue before a chunked body",
        `${TRACE}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      [
        "TRACE with another expectation before a body of a length",
        `${TRACE}Expect: tea\r\nContent-Length: 1\r\n\r\nx`,
      ],
      [
        "TRACE with another expectation before a chunked body",
        `${TRACE}Expect: tea\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
    ]),
    // Whether there is a body is asked only where it is plain how one would be framed.
    ...refusedFor("badContentLength", 400, [
      ["TRACE with a length that is no number", `${TRACE}Content-Length: x\r\n\r\n`],
      ["TRACE with a length of two zeros", `${TRACE}Content-Length: 00\r\n\r\n`],
    ]),
    ...refusedFor("severalContentLengths", 400, [
      ["TRACE with two lengths", `${TRACE}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ]),
    ...refusedFor("lengthWithTransferEncoding", 400, [
      [
        "TRACE with a length and a coding",
        `${TRACE}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
    ]),
    ...refusedFor("transferEncodingInHttp10", 400, [
      [
        "TRACE with a coding in HTTP/1.0",
        "TRACE / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
    ]),
    ...refusedFor("unknownTransferCoding", 501, [
      ["TRACE with an unknown coding", `${TRACE}Transfer-Encoding: gzip\r\n\r\n`],
    ]),
    {
      what: "POST without a body (RFC 9112, section 6.3)",
      bytes: POST + "\r\n",
      requests: [{ method: "POST" }],
    },
    ...([
      ["its version", "badVersion", "HEAD / HTTP/1.x\r\n\r\n"],
      ["its target", "badTarget", "HEAD /\0 HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["the path in it", "badTarget", "HEAD /%00 HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["its fields", "badFieldName", "HEAD / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n"],
      ["its Host", "missingHost", "HEAD / HTTP/1.1\r\n\r\n"],
      [
        "its framing",
        "badContentLength",
        "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
      ],
      [
        "its chunks",
        "badChunkSize",
        "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      ],
      [
        "its trailers",
        "badLineEnd",
        "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n",
      ],
    ] as const).map(([part, reason, bytes]) => ({
      what: `a HEAD request that is refused for ${part}, whose answer has no body`,
      bytes,
      refused: 400,
      reason,
      isHeadRequest: true,
    })),
    {
      what: "a head request, which is not HEAD, and whose answer has a body",
      bytes: "head / HTTP/1.1\r\n\r\n",
      refused: 400,
      reason: "missingHost",
    },
    {
      what: "a HEADS request, whose answer has a body",
      bytes: "HEADS / HTTP/1.1\r\n\r\n",
      refused: 400,
      reason: "missingHost",
    },
    {
      what: "a GET request behind a HEAD request, whose answer has a body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET * HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "HEAD" }],
      refused: 400,
      reason: "badTargetForm",
    },
  ],
};
