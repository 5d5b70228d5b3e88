// RFC 9110, section 10.1.1: a client that expects 100-continue waits for a 100 before it sends its body, or for a final
// answer.
// A 100 is due only where a body is still to come, and not in HTTP/1.0, which has no expectations. Any other expectation
// gets 417 (the design page leaves no other choice). If such a request has no body, the connection goes on; if it has one,
// nobody knows whether the client will send it, so the connection ends. A body is a body whatever is expected: it is never
// left to be read as a request.

import { HEAD, PLAIN, POST, refusedFor, SMUGGLED } from "./parts.ts";
import type { WireGroup } from "./types.ts";

export const expectation: WireGroup = {
  about: "Expect (RFC 9110, section 10.1.1)",
  cases: [
    {
      what: "100-continue before a body of a length",
      bytes: POST + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello", continues: true }],
    },
    {
      what: "100-continue before a chunked body",
      bytes: POST +
        "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      requests: [{ method: "POST", body: "hello", continues: true }],
    },
    {
      what: "100-continue before a body that is larger than a buffer",
      bytes: POST + `Expect: 100-continue\r\nContent-Length: 50000\r\n\r\n${"x".repeat(50_000)}`,
      requests: [{ method: "POST", body: "x".repeat(50_000), continues: true }],
    },
    {
      what: "100-continue before the body of a GET request",
      bytes: HEAD + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
      requests: [{ body: "hello", continues: true }],
    },
    {
      what: "100-continue before a body that looks like a request",
      bytes: POST +
        `Expect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      requests: [{ method: "POST", body: SMUGGLED, continues: true }],
    },
    ...["100-Continue", "100-CONTINUE", " \t100-continue\t ", "100-continue, 100-continue"].map((
      value,
    ) => ({
      what: `Expect: ${JSON.stringify(value)}`,
      bytes: POST + `expect: ${value}\r\nContent-Length: 1\r\n\r\nx`,
      requests: [{ method: "POST", body: "x", continues: true }],
    })),
    {
      what: "100-continue between empty elements",
      bytes: POST + "Expect: , 100-continue ,\r\nContent-Length: 1\r\n\r\nx",
      requests: [{ method: "POST", body: "x", continues: true }],
    },
    {
      what: "100-continue in two lines",
      bytes: POST + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
      requests: [{ method: "POST", body: "x", continues: true }],
    },
    {
      what: "100-continue without a body, and says nothing",
      bytes: HEAD + "Expect: 100-continue\r\n\r\n",
      requests: [{}],
    },
    {
      what: "100-continue before an empty body, and says nothing",
      bytes: POST + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "100-continue in HTTP/1.0, and ignores it",
      bytes: "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ method: "POST", body: "hi", persists: false }],
    },
    {
      what: "another expectation in HTTP/1.0, and ignores it",
      bytes: "POST / HTTP/1.0\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ method: "POST", body: "hi", persists: false }],
    },
    {
      what: "100-continue on two requests in a row",
      bytes: (POST + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx").repeat(2),
      requests: [
        { method: "POST", body: "x", continues: true },
        { method: "POST", body: "x", continues: true },
      ],
    },
    {
      what: "100-continue with Upgrade, which changes nothing",
      bytes: POST + "Expect: 100-continue\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" +
        "Content-Length: 1\r\n\r\nx",
      requests: [{ method: "POST", body: "x", continues: true }],
    },
    ...["", ",", " , \t,"].map((value) => ({
      what: `Expect: ${JSON.stringify(value)}, and does as if it was not there`,
      bytes: POST + `Expect: ${value}\r\nContent-Length: 1\r\n\r\nx`,
      requests: [{ method: "POST", body: "x" }],
    })),

    ...[
      "tea",
      "200-ok",
      "100",
      "100-continued",
      "100-continu",
      "100 continue",
      "100_continue",
      "y 100-continue",
      "100-continue y",
      "100-continue;a=b",
      '"100-continue"',
      "\xa0100-continue",
      "100-continue, tea",
      "tea, 100-continue",
      "100-continue\r\nExpect: tea",
    ].map((value) => ({
      what: `Expect: ${JSON.stringify(value)}, and declines it with 417`,
      bytes: HEAD + `Expect: ${value}\r\n\r\n`,
      requests: [{ declined: 417 }],
    })),
    {
      what: "another expectation and an empty body, and declines it with 417",
      bytes: POST + "Expect: tea\r\nContent-Length: 0\r\n\r\n",
      requests: [{ method: "POST", declined: 417 }],
    },
    {
      what: "another expectation on the last request, and declines it with 417",
      bytes: HEAD + "Expect: tea\r\nConnection: close\r\n\r\n" + PLAIN,
      requests: [{ declined: 417, persists: false }],
    },
    {
      what: "another expectation of HEAD, and declines it with 417",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n" + PLAIN,
      requests: [{ method: "HEAD", declined: 417 }, {}],
    },
    ...refusedFor("expectationUnknown", 417, [
      [
        "another expectation before a body of a length",
        POST + "Expect: tea\r\nContent-Length: 5\r\n\r\nhello",
      ],
      [
        "another expectation before a chunked body",
        POST + "Expect: tea\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
      [
        "another expectation before a body that looks like a request",
        POST + `Expect: y 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      ],
    ]),
    {
      what: "another expectation before the body of a HEAD request, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx",
      refused: 417,
      reason: "expectationUnknown",
      isHeadRequest: true,
    },
    ...refusedFor("bodyTooLarge", 413, [
      [
        "100-continue before a body that is too large",
        POST + "Expect: 100-continue\r\nContent-Length: 1000001\r\n\r\n",
      ],
    ]),
    ...refusedFor("lengthWithTransferEncoding", 400, [
      [
        "100-continue before a body that is framed in two ways",
        POST + "Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      ],
    ]),
    ...refusedFor("badContentLength", 400, [
      [
        "100-continue before a body of a malformed length",
        POST + "Expect: 100-continue\r\nContent-Length: 5x\r\n\r\nhello",
      ],
    ]),
    ...refusedFor("badFieldName", 400, [
      [
        "a space before the colon of Expect",
        POST + "Expect : 100-continue\r\nContent-Length: 5\r\n\r\nhello",
      ],
    ]),
    ...refusedFor("foldedLine", 400, [
      [
        "a folded expectation",
        POST + "Expect:\r\n 100-continue\r\nContent-Length: 5\r\n\r\nhello",
      ],
    ]),
    ...refusedFor("badFieldValue", 400, [
      [
        "NUL behind an expectation",
        POST + "Expect: 100-continue\0\r\nContent-Length: 5\r\n\r\nhello",
      ],
    ]),
  ],
};
