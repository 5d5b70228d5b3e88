// RFC 9112, section 6.3: without a transfer coding, Content-Length says how many bytes of body follow; an invalid one is a
// 400 and the end.
// Its value is one or more digits (RFC 9110, section 8.6) with spaces around it at the most. The grammar lets zeros lead; we
// take none that does, since "010" is ten to it and eight to whoever reads it as C does: "0" is the only length that begins
// with one. A tab is white space, too, by the letter of RFC 9110, section 5.6.3, and no number to parsers that trim spaces
// alone, so it is refused. Equal values in a list or in several lines may be taken for one; we take none of them, since a
// client that sends two has been tampered with. A length past 2^53 is no number to compare with a limit: 400, where one
// that is merely too large gets 413. With no field at all there is no body.

import { awaiting, PLAIN, POST, refusedFor, SMUGGLED } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request whose Content-Length is that, with a body of five bytes. */
function withLength(value: string): string {
  return `${POST}Content-Length: ${value}\r\n\r\nhello`;
}

export const contentLength: WireGroup = {
  about: "Content-Length (RFC 9112, sections 6.2 and 6.3; RFC 9110, section 8.6)",
  cases: [
    {
      what: "a body of that length",
      bytes: POST + "Content-Length: 5\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "a body of every kind of byte",
      bytes: POST + "Content-Length: 8\r\n\r\n\0\r\n\x7f\x80\xff%\x0b",
      requests: [{ method: "POST", body: "\0\r\n\x7f\x80\xff%\x0b" }],
    },
    {
      what: "a body that looks like a request as a body",
      bytes: POST + `Content-Length: ${PLAIN.length}\r\n\r\n${PLAIN}`,
      requests: [{ method: "POST", body: PLAIN }],
    },
    {
      what: "a length of zero",
      bytes: POST + "Content-Length: 0\r\n\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "a length of zero with spaces around it",
      bytes: POST + "Content-Length:  0  \r\n\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "a length of zero in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
      requests: [{ method: "POST", persists: false }],
    },
    {
      what: "a length that ends in a zero",
      bytes: POST + "Content-Length: 10\r\n\r\n0123456789",
      requests: [{ method: "POST", body: "0123456789" }],
    },
    {
      what: "a length with a zero in it",
      bytes: POST + `Content-Length: 101\r\n\r\n${"x".repeat(101)}`,
      requests: [{ method: "POST", body: "x".repeat(101) }],
    },
    {
      what: "a length with spaces around it",
      bytes: POST + "content-length:  5  \r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "a length before the Host",
      bytes: "POST / HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "a length in a name of mixed case",
      bytes: POST + "conTENT-Length:5\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "a body in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello", persists: false }],
    },
    {
      what: "a body in HTTP/1.0 before another request",
      bytes: "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello" + PLAIN,
      requests: [{ method: "POST", body: "hello" }, {}],
    },
    {
      what: "no body without a length, and the next request",
      bytes: POST + "\r\n" + SMUGGLED,
      requests: [{ method: "POST" }, { target: "/smuggled" }],
    },
    {
      what: "an underscore in the name, which makes another field of it",
      bytes: POST + "Content-Length: 5\r\nContent_Length: 99\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    ...awaiting("body", POST + "Content-Length: 5\r\n\r\n", ["", "h", "hell"]),

    ...refusedFor("badContentLength", 400, [
      ["an empty length without a space", POST + "Content-Length:\r\n\r\nhello"],
      ["a length that is no number in HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: x\r\n\r\n"],
      ["a leading zero in HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 05\r\n\r\nhello"],
      [
        "a leading zero before a length that is eight in octal",
        POST + "Content-Length: 010\r\n\r\n0123456789",
      ],
      ["two zeros without a body", POST + "Content-Length: 00\r\n\r\n"],
      ["more leading zeros than a number has digits", withLength("0".repeat(40) + "5")],
      ["a leading zero before a length over the limit", withLength("01000001")],
      ...[
        "",
        "+5",
        "+0",
        "-5",
        "-0",
        "--5",
        "-123456789123456789123456789",
        "5-",
        "5 5",
        "5 test",
        "5,5",
        "5, 5",
        "5, 6",
        "5,5,5",
        "0, 0",
        "5;5",
        "5;",
        "5,",
        ",5",
        ",",
        "0x5",
        "0X5",
        "x5",
        "0o5",
        "0b101",
        "5h",
        "5L",
        "5.0",
        "5.",
        ".5",
        "5e0",
        "5e1",
        "1_0",
        "_5",
        "5_",
        "'5'",
        '"5"',
        "(5)",
        "5%",
        "%35",
        "00",
        "000",
        "01",
        "05",
        " 05",
        "05 ",
        "0005",
        "08",
        "0010",
        "00, 0",
        "0 0",
        "0 5",
        "five",
        "NaN",
        "Infinity",
        "null",
        "\t5",
        "5\t",
        "5\t ",
        " \t 5",
        "\t5\t",
        "\t0",
        "5\x80",
        "5\x85",
        "5\xa0",
        "\xa05",
        "\xb2",
        "\xb9",
        "\xc2\xb9",
        "\xd9\xa5",
        "\xef\xbc\x95",
        "\xf0\x9d\x9f\x99",
        "9007199254740992",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551621",
        "99999999999999999999",
        "-1",
      ].map((value) => [`Content-Length: ${JSON.stringify(value)}`, withLength(value)] as const),
      ["a length of hundreds of digits", withLength("9".repeat(400))],
    ]),
    ...refusedFor("badFieldValue", 400, [
      ...["\x0b5", "5\x0b", "5\x0c", "\x1d5", "5\0", "\x005", "5\x7f"].map((value) =>
        [
          `Content-Length: ${JSON.stringify(value)}`,
          withLength(value),
        ] as const
      ),
    ]),
    ...refusedFor("badLineEnd", 400, [
      ...["5\r", "5\n", "\r5", "\n5", "5\n5", "5\nContent-Length: 6"].map((value) =>
        [
          `Content-Length: ${JSON.stringify(value)}`,
          withLength(value),
        ] as const
      ),
      ["Content-Length behind a bare LF", POST + "A: b\nContent-Length: 5\r\n\r\nhello"],
      ["Content-Length behind a bare CR", POST + "A: b\rContent-Length: 5\r\n\r\nhello"],
    ]),
    ...refusedFor("foldedLine", 400, [
      ...["5\r\n 5", "\r\n 5", "5\r\n\t"].map((value) =>
        [
          `Content-Length: ${JSON.stringify(value)}`,
          withLength(value),
        ] as const
      ),
      [
        "Content-Length folded into another field",
        POST + "A: b\r\n Content-Length: 5\r\n\r\nhello",
      ],
      [
        "Content-Length behind a space as the first field",
        "POST / HTTP/1.1\r\n Content-Length: 5\r\nHost: a\r\n\r\nhello",
      ],
      [
        "Content-Length behind a tab as the first field",
        "POST / HTTP/1.1\r\n\tContent-Length: 1\r\nHost: a\r\n\r\nX",
      ],
    ]),
    ...refusedFor("severalContentLengths", 400, [
      ...[
        "5\r\nContent-Length: 5",
        "5\r\nContent-Length: 6",
        "6\r\nContent-Length: 5",
        "5\r\nContent-Length: 0",
        "0\r\nContent-Length: 5",
        "0\r\nContent-Length: 0",
        "5\r\nContent-Length: 05",
        "5\r\nContent-Length:",
        "\r\nContent-Length: 5",
        "5\r\nContent-Length: x",
        "5\r\nContent-Length: 5\r\nContent-Length: 5",
        "5\r\nA: b\r\nCONTENT-LENGTH: 5",
      ].map((value) => [`Content-Length: ${JSON.stringify(value)}`, withLength(value)] as const),
      [
        "two lengths in HTTP/1.0",
        "POST / HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
      ],
    ]),
    ...refusedFor("badFieldName", 400, [
      ["a space before the colon of Content-Length", POST + "Content-Length : 5\r\n\r\nhello"],
      [
        "a second Content-Length with a space before its colon",
        POST + "Content-Length: 5\r\nContent-Length : 5\r\n\r\nhello",
      ],
      ["a tab before the colon of Content-Length", POST + "Content-Length\t: 5\r\n\r\nhello"],
      ["a CR before the colon of Content-Length", POST + "Content-Length\r: 5\r\n\r\nhello"],
      ["a next line (0x85) behind Content-Length", POST + "Content-Length\x85: 5\r\n\r\nhello"],
      ["a no-break space behind Content-Length", POST + "Content-Length\xa0: 5\r\n\r\nhello"],
      ["a space in Content-Length", POST + "Content Length: 5\r\n\r\nhello"],
      ["a tab in Content-Length", POST + "Content\tLength: 5\r\n\r\nhello"],
      ["a CR in Content-Length", POST + "Content\rLength: 5\r\n\r\nhello"],
      ["a backslash in Content-Length", POST + "Content\\Length: 5\r\n\r\nhello"],
      ["Content-Length without a colon", POST + "Content-Length 5\r\n\r\nhello"],
      ["Content-Length across two lines", POST + "Content-\r\nLength: 5\r\n\r\nhello"],
    ]),
    ...refusedFor("bodyTooLarge", 413, [
      ["a length over the limit with its body behind it", withLength("1000001")],
      ["a length that is 5 in 32 bits", withLength("4294967301")],
      ["the largest length that a double holds exactly", withLength("9007199254740991")],
    ]),
  ],
};
