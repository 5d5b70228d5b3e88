// RFC 9112, sections 6.1 and 6.3: Transfer-Encoding frames a request by chunks if its last coding is chunked; otherwise
// nothing does.
// We decode chunked and no other coding, so the field has to be the one word, in whatever case. Anything else that is
// well-formed is 501 (section 6.1; section 6.3 has 400 for a last coding that is not chunked, the design page 501), and
// what is not is 400: chunked twice, not last, with parameters, in quotes, beside an empty element of the list. A tab is
// white space by the letter of RFC 9110, section 5.6.3, and hides the word from parsers that trim spaces alone, so it is
// refused around this value. With Content-Length, and in HTTP/1.0, the RFC would let us go on and close; we refuse:
// somebody in between may have framed it the other way.

import { POST, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request with that Transfer-Encoding and a body of no chunks. */
function withCoding(value: string): string {
  return `${POST}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n`;
}

/** Cases by the value of the field. */
function codings(list: readonly string[]): [string, string][] {
  return list.map((value) => [`Transfer-Encoding: ${JSON.stringify(value)}`, withCoding(value)]);
}

/** A request with that line in place of Transfer-Encoding. */
function withLine(line: string): string {
  return `${POST}${line}\r\n\r\n0\r\n\r\n`;
}

export const transferEncoding: WireGroup = {
  about: "Transfer-Encoding (RFC 9112, sections 6.1 and 6.3)",
  cases: [
    ...["chunked", "Chunked", "CHUNKED", "cHuNkeD", "  chunked  "].map((value) => ({
      what: `Transfer-Encoding: ${JSON.stringify(value)}`,
      bytes: `${POST}Transfer-Encoding: ${value}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      requests: [{ method: "POST", body: "hello" }],
    })),
    ...["TRANSFER-ENCODING", "transfer-encoding", "TrAnSFer-EnCODinG"].map((name) => ({
      what: `chunked in ${name}`,
      bytes: `${POST}${name}:chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      requests: [{ method: "POST", body: "hello" }],
    })),
    {
      what: "chunked in HTTP/1.2",
      bytes: "POST / HTTP/1.2\r\nHost: a\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "chunked before the Host",
      bytes: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "TE and Trailer, which say nothing of the request's own framing",
      bytes: POST + "TE: chunked\r\nTrailer: A\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ method: "POST", body: "hi" }],
    },
    {
      what: "Content-Encoding: chunked, which frames nothing",
      bytes: POST + "Content-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST", body: "0\r\n\r\n" }],
    },
    {
      what: "an underscore in Transfer-Encoding, which makes another field of it",
      bytes: POST + "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST", body: "0\r\n\r\n" }],
    },
    {
      what: "an escape in Transfer-Encoding, which makes another field of it",
      bytes: POST + "Transfer-%45ncoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST", body: "0\r\n\r\n" }],
    },

    ...refusedFor("badTransferEncoding", 400, [
      ...codings([
        "",
        ",",
        ", ,",
        "chunked,",
        "chunked, ",
        ",chunked",
        ", chunked",
        "chunked,,",
        "chunked, chunked",
        "chunked,chunked",
        "chunked, CHUNKED",
        "chunked, gzip",
        "chunked,gzip",
        "chunked, identity",
        "chunked, cow",
        "chunked, deflate",
        "chunked, gzip, chunked",
        "gzip, chunked, gzip",
        "identity, chunked, identity",
        "chunked gzip",
        "cow chunked",
        "cow chunked bar",
        "chunked;",
        "chunked;a=b",
        "chunked; a",
        "chunked ;a=b",
        '"chunked"',
        '"chunked',
        'chunked"',
        "(chunked)",
        "[chunked]",
        "<chunked>",
        "chunked=",
        "chunked:",
        "chunked/1",
        "chunked@",
        "chunked\\",
        "chun ked",
        "chunked\xa0",
        "\xa0chunked",
        "\xa0chunked\xa0",
        "chunked\x85",
        "\x85chunked",
        "\x80chunked",
        "\xffchunked",
        "\xffchunked\xff",
        "\xefchunked",
        "ch\x96nked",
        "chun\xe2\x84\xaaed",
        "\xef\xbb\xbfchunked",
        // Tabs.
        "\tchunked",
        "chunked\t",
        "\t chunked",
        " \tchunked",
        "chunked \t",
        "\tchunked\t",
        "chunked\t,gzip",
        // Several lines.
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: gzip",
        "chunked\r\nTransfer-Encoding: identity",
        "chunked\r\nTransfer-Encoding: cow",
        "chunked\r\nTransfer-Encoding:",
        "\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding:\tchunked",
        "chunked\r\nA: b\r\ntransfer-encoding: identity",
        "chunked\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "\r\nTransfer-Encoding:\r\nTransfer-Encoding:",
      ]),
    ]),
    ...refusedFor("badFieldValue", 400, [
      ...codings([
        "chunked\x0b",
        "\x0bchunked",
        "chunked\x0c",
        "\x0cchunked",
        "chunked\0",
        "\0chunked",
        "chun\0ked",
        "chunked\x01",
        "chunked\x1f",
        "chunked\x7f",
        "\x7fchunked",
        "identity, \x0bchunked",
      ]),
    ]),
    ...refusedFor("badLineEnd", 400, [
      ...codings(["chunked\r", "chunked\n", "\rchunked", "\nchunked", "\n chunked", "chun\rked"]),
      ["Transfer-Encoding behind a bare LF", withLine("A: b\nTransfer-Encoding: chunked")],
      ["Transfer-Encoding behind a bare CR", withLine("A: b\rTransfer-Encoding: chunked")],
      ["Transfer-Encoding behind two bare LFs", withLine("A: b\n\nTransfer-Encoding: chunked")],
      ["Transfer-Encoding behind CRLF and CR", withLine("A: b\r\n\rTransfer-Encoding: chunked")],
      [
        "Transfer-Encoding behind an empty value and a CR",
        withLine("A:\rTransfer-Encoding: chunked"),
      ],
      [
        "Transfer-Encoding behind an empty value and an LF",
        withLine("A:\nTransfer-Encoding: chunked"),
      ],
    ]),
    ...refusedFor("foldedLine", 400, [
      ...codings([
        "\r\n chunked",
        "\r\n\tchunked",
        "chunked\r\n gzip",
        "chunked\r\n ",
        "chunked,\r\n x",
      ]),
      [
        "Transfer-Encoding folded into the field before it",
        withLine("A: b\r\n Transfer-Encoding: chunked"),
      ],
      [
        "Transfer-Encoding folded with a tab into the field before it",
        withLine("A: b\r\n\tTransfer-Encoding: chunked"),
      ],
    ]),
    ...refusedFor("badFieldName", 400, [
      ["a space before the colon of Transfer-Encoding", withLine("Transfer-Encoding : chunked")],
      ["a tab before the colon of Transfer-Encoding", withLine("Transfer-Encoding\t: chunked")],
      [
        "a vertical tab before the colon of Transfer-Encoding",
        withLine("Transfer-Encoding\x0b: chunked"),
      ],
      ["NUL before the colon of Transfer-Encoding", withLine("Transfer-Encoding\0: chunked")],
      ["a CR before the colon of Transfer-Encoding", withLine("Transfer-Encoding\r: chunked")],
      ["an LF before the colon of Transfer-Encoding", withLine("Transfer-Encoding\n : chunked")],
      ["a no-break space behind Transfer-Encoding", withLine("Transfer-Encoding\xa0: chunked")],
      ["a word behind Transfer-Encoding", withLine("Transfer-Encoding x: chunked")],
      ["a vertical tab before Transfer-Encoding", withLine("\x0bTransfer-Encoding: chunked")],
      ["NUL before Transfer-Encoding", withLine("\0Transfer-Encoding: chunked")],
      ["a colon before Transfer-Encoding", withLine(":Transfer-Encoding: chunked")],
      ["a space in Transfer-Encoding", withLine("Transfer Encoding: chunked")],
      ["a CR in Transfer-Encoding", withLine("Tra\rnsfer-Encoding: chunked")],
      ["a backslash in Transfer-Encoding", withLine("Transfer\\Encoding: chunked")],
      ["obs-text in Transfer-Encoding", withLine("Transf\x82r-Encoding: chunked")],
      ["Transfer-Encoding without a colon", withLine("Transfer-Encoding chunked")],
      ["Transfer-Encoding across two lines", withLine("Transfer-\r\nEncoding: chunked")],
      [
        "a vertical tab in place of the white space of a folded line",
        withLine("Transfer-Encoding:\r\n\x0bchunked"),
      ],
    ]),
    ...refusedFor("unknownTransferCoding", 501, [
      ...codings([
        "gzip",
        "deflate",
        "compress",
        "x-gzip",
        "identity",
        "trailers",
        "gzip, chunked",
        "gzip,chunked",
        "gzip , chunked",
        "deflate, gzip",
        "identity, cow",
        "deflate, gzip, chunked",
        "identity, chunked",
        "cow, chunked",
        "gzip\r\nTransfer-Encoding: chunked",
        "identity\r\nTransfer-Encoding: chunked",
        "x_gzip\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "xchunked",
        "chunkedx",
        "chunked123",
        "chunkedchunked",
        "chunk",
        "chunke",
        "x-chunked",
        "chunked-x",
        "chunked.",
        "'chunked'",
        "`chunked`",
        "*",
        "cow",
        "pigeons",
        "gzip;level=9",
        "gzip;level=9, chunked",
        "gzip; level=9 , chunked",
      ]),
    ]),
    ...refusedFor("lengthWithTransferEncoding", 400, [
      ...codings([
        "chunked\r\nContent-Length: 5",
        "chunked\r\nContent-Length: 0",
        "chunked\r\nContent-Length:",
        "chunked\r\nContent-Length: x",
        "chunked\r\nContent-Length: 5\r\nContent-Length: 6",
        "chunked \r\nContent-Length: 5",
        "\tchunked\r\nContent-Length: 5",
        ",chunked\r\nContent-Length: 5",
        "chunked, chunked\r\nContent-Length: 5",
        "chunked;a=b\r\nContent-Length: 5",
        "xchunked\r\nContent-Length: 5",
        "gzip\r\nContent-Length: 5",
        "identity\r\nContent-Length: 5",
        "identity\r\nContent-Length: 0",
        "\r\nContent-Length: 5",
        "\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        "chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5",
      ]),
      [
        "Content-Length before Transfer-Encoding",
        withLine("Content-Length: 5\r\nTransfer-Encoding: chunked"),
      ],
      [
        "Content-Length before Transfer-Encoding and other fields",
        withLine("Content-Length: 5\r\nA: b\r\nTransfer-Encoding: chunked\r\nC: d"),
      ],
      [
        "a Content-Length that is malformed before Transfer-Encoding",
        withLine("Content-Length: x\r\nTransfer-Encoding: chunked"),
      ],
      [
        "several Content-Lengths before Transfer-Encoding",
        withLine("Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"),
      ],
      [
        "Content-Length with Transfer-Encoding on a GET request",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
    ]),
    ...refusedFor("transferEncodingInHttp10", 400, [
      ["chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
      ["identity in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n"],
      [
        "chunked in HTTP/1.0 with keep-alive",
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
      [
        "chunked in HTTP/1.0 with a Content-Length and keep-alive",
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
      [
        "chunked in HTTP/1.0 with a Host",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
    ]),
  ],
};
