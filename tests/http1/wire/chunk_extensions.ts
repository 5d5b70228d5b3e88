// RFC 9112, section 7.1.1: behind a size may stand extensions, each a semicolon, a name, and perhaps "=" and a token or a
// quoted string.
// A recipient has to ignore those that it does not know, which is all of them here, and ought to bound them: they count
// against the limit of a head (see limits.ts). To ignore them is not to skip to the next LF: several servers did, and that
// is how extensions smuggle. Each byte has to be the one that the grammar names. The white space that the RFC tolerates
// around ";" and "=" for old senders is refused: some parsers end the size at it.

import { awaiting, CHUNKED, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** Chunked bodies with those bytes between a size and its CRLF. */
function extensions(list: readonly string[]): [string, string][] {
  return list.map((extension) => [
    `the extension ${JSON.stringify(extension)}`,
    `${CHUNKED}5${extension}\r\nhello\r\n0\r\n\r\n`,
  ]);
}

export const chunkExtensions: WireGroup = {
  about: "chunk extensions (RFC 9112, section 7.1.1)",
  cases: [
    ...[
      ";a",
      ";a=b",
      ";6=7",
      ";!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
      ';a=""',
      ';a="b c"',
      ';a=";6"',
      ';a="\\"\\\\\\b"',
      ';a="\t\xe9"',
      ';a="(),/:;<=>?@[]{}"',
      ";a=b;c",
      ";a;b;c",
      ';a=b;c;d="e";f',
      ";a;a=b;a=c",
      `;${"a".repeat(500)}=${"b".repeat(500)}`,
    ].map((extension) => ({
      what: extension.length > 100
        ? "a long extension"
        : `the extension ${JSON.stringify(extension)}`,
      bytes: `${CHUNKED}5${extension}\r\nhello\r\n0\r\n\r\n`,
      requests: [{ method: "POST", body: "hello" }],
    })),
    {
      what: "an extension of the last chunk",
      bytes: CHUNKED + '5\r\nhello\r\n0;a=b;c="d"\r\n\r\n',
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "extensions of every chunk",
      bytes: CHUNKED + "1;a\r\nh\r\n4;b=c\r\nello\r\n0;d\r\n\r\n",
      requests: [{ method: "POST", body: "hello" }],
    },
    ...awaiting("body", CHUNKED, [
      "5;",
      "5;a",
      "5;a=",
      "5;a=b",
      '5;a="',
      '5;a="b',
      '5;a="\\',
      '5;a="b"',
      "5;a\r",
      "0;a\r\n",
    ]),

    ...refusedFor("badChunkExtension", 400, [
      ...extensions([
        // Without a name, or without the value that is promised.
        ";",
        ";;",
        ";=b",
        ";;a",
        ";a;",
        ";a;;b",
        ";a=",
        ";a=;b",
        ";a==b",
        ";a=b=c",
        ';"a"',
        ';a"b"',
        ';a=b"c"',
        ';a="b"c',
        ';a="b""c"',
        ';a="b"=c',
        // A quoted string that does not end on its line.
        ';a="b',
        ';a="',
        ';a="b\\"',
        ';a="b";c="d; e',
        // Bytes that may not stand in a token or in a quoted string.
        ";[a]",
        ";a@b",
        ";a=b@",
        ";a/b",
        ";a:b",
        ";a,b",
        ";(a)",
        ";\xe9",
        ";a\xff",
        ";a=\xe9",
        ";\0",
        ";a\0",
        ";a\0b",
        ";a=\x01",
        ";a\x0b",
        ";a\x0cb",
        ";a\x7f",
        ';a="\0"',
        ';a="\x01"',
        ';a="\x7f"',
        ';a="\\\x01"',
        // White space.
        "; a",
        ";a b",
        ";a= b",
        ";a =b",
        ";a = b",
        ";a ",
        ";a=b ",
        ';a="b" ',
        ";\ta",
        ";a\t",
        ";a=b\t;c",
        ";a=b; c",
        // Ends of lines.
        ";\n",
        ";\r",
        ";\nb",
        ";\rb",
        ";\r\r",
        ";a\n",
        ";a\nb",
        ";a=b\n",
        ";a=\n",
        ";a=\r",
        ';a="b"\n',
        ';a="b\nc"',
        ';a="b\rc"',
        ';a="\\\r"',
        ';a="\\\n"',
      ]),
    ]),
    ...refusedFor("badLineEnd", 400, [
      ...extensions([
        ";a\rb",
        ";a=b\rc",
        ';a="b"\rc',
        ";a\r\r",
        ";a\r\r\nb",
        "\n;a",
        "\r;a",
        "\r\r;a",
      ]),
    ]),
    ...refusedFor("badChunkSize", 400, [
      ...extensions([" ;a", "\t;a", " a", " a=b"]),
      ["an extension in place of a size", CHUNKED + ";a=b\r\nhello\r\n0\r\n\r\n"],
      ["an extension behind white space in place of a size", CHUNKED + " ;a=b\r\nhello\r\n"],
      ["an extension in place of the last chunk", CHUNKED + ";a\r\n\r\n"],
      ["white space and a word behind the last chunk's size", CHUNKED + "0 a\r\n\r\n"],
    ]),
  ],
};
