// RFC 9112, section 11.2: an attacker hides a request in another one, where two recipients disagree about where the first
// one ends.
// The cases are the attacks that have been published, each whole, with the request that is to be smuggled in it. Two things
// may come of one: a refusal, and then nothing more is read; or a body, to the last byte, in which the hidden request
// stays. The rules are those of the sections that the other files are about; here stands that they hold against what they
// were made for.
// The attacks are known by who frames the body how: "CL.TE" is a front end that goes by Content-Length before a server that
// goes by Transfer-Encoding, "0" one that believes in no body.

import { CHUNKED, HEAD, PLAIN, POST, refusedFor, SMUGGLED } from "./parts.ts";
import type { WireCase, WireGroup } from "./types.ts";

/** The hidden request as one chunk. */
const SMUGGLED_CHUNK = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n`;

/** No chunks, and the hidden request behind them. */
const BEHIND_THE_LAST_CHUNK = "0\r\n\r\n" + SMUGGLED;

/** A request with those fields and that behind its head. */
function attack(fields: string, behind: string): string {
  return `${POST}${fields}\r\n\r\n${behind}`;
}

/** Ways to hide one of two framings from one of two recipients: each with both, so that a Content-Length is in every one. */
function hidden(line: string): string {
  return attack(
    `Content-Length: ${BEHIND_THE_LAST_CHUNK.length}\r\n${line}`,
    BEHIND_THE_LAST_CHUNK,
  );
}

export const twoFramings: WireGroup = {
  about: "requests hidden between two framings (RFC 9112, sections 6.3 and 11.2)",
  cases: [
    ...refusedFor("lengthWithTransferEncoding", 400, [
      [
        "CL.TE",
        attack(
          `Content-Length: ${BEHIND_THE_LAST_CHUNK.length}\r\nTransfer-Encoding: chunked`,
          BEHIND_THE_LAST_CHUNK,
        ),
      ],
      [
        "CL.TE with half of the last chunk",
        attack("Content-Length: 4\r\nTransfer-Encoding: chunked", BEHIND_THE_LAST_CHUNK),
      ],
      [
        "TE.CL",
        attack("Transfer-Encoding: chunked\r\nContent-Length: 4", SMUGGLED_CHUNK + "0\r\n\r\n"),
      ],
      [
        "TE.CL with a length that is too long",
        attack("Transfer-Encoding: chunked\r\nContent-Length: 500", "0\r\n\r\n"),
      ],
      [
        "TE.CL with a length of zero",
        attack("Content-Length: 0\r\nTransfer-Encoding: chunked", SMUGGLED_CHUNK + "0\r\n\r\n"),
      ],
      [
        "CL.TE with a hidden HEAD request",
        hidden("Transfer-Encoding: chunked").replace("GET", "HEAD"),
      ],
      ["CL.TE with a coding in another case", hidden("transfer-ENCODING: CHUNKED")],
      ["CL.TE with a space behind the coding", hidden("Transfer-Encoding: chunked ")],
      ["CL.TE with a tab before the coding", hidden("Transfer-Encoding:\tchunked")],
      ["CL.TE with a comma before the coding", hidden("Transfer-Encoding: ,chunked")],
      ["CL.TE with a comma behind the coding", hidden("Transfer-Encoding: chunked,")],
      ["CL.TE with chunked twice", hidden("Transfer-Encoding: chunked, chunked")],
      ["CL.TE with another coding behind", hidden("Transfer-Encoding: chunked, identity")],
      ["CL.TE with another coding before", hidden("Transfer-Encoding: identity, chunked")],
      [
        "CL.TE with a second coding of another name",
        hidden("Transfer-Encoding: chunked\r\nTransfer-encoding: cow"),
      ],
      [
        "CL.TE with a first coding of another name",
        hidden("Transfer-Encoding: cow\r\nTransfer-encoding: chunked"),
      ],
      ["CL.TE with a coding that looks like chunked", hidden("Transfer-Encoding: xchunked")],
      ["CL.TE with a coding in quotes", hidden('Transfer-Encoding: "chunked"')],
      ["CL.TE with a parameter", hidden("Transfer-Encoding: chunked;a=b")],
      ["CL.TE with an empty coding", hidden("Transfer-Encoding:")],
      ["CL.TE with a no-break space before the coding", hidden("Transfer-Encoding:\xa0chunked")],
      ["CL.TE with obs-text around the coding", hidden("Transfer-Encoding: \xffchunked\xff")],
      [
        "CL.TE with a length that has a sign",
        attack("Content-Length: +5\r\nTransfer-Encoding: chunked", BEHIND_THE_LAST_CHUNK),
      ],
      [
        "CL.TE with a length that is no number",
        attack("Content-Length: 5x\r\nTransfer-Encoding: chunked", BEHIND_THE_LAST_CHUNK),
      ],
      [
        "CL.TE with two lengths",
        attack(
          "Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked",
          BEHIND_THE_LAST_CHUNK,
        ),
      ],
      [
        "CL.TE with the coding named by Connection",
        hidden("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked"),
      ],
      [
        "CL.TE with the length named by Connection",
        hidden("Connection: close, Content-Length\r\nTransfer-Encoding: chunked"),
      ],
      [
        "CL.TE in a GET request",
        HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + BEHIND_THE_LAST_CHUNK,
      ],
    ]),
    ...refusedFor("transferEncodingInHttp10", 400, [
      [
        "CL.TE in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 5\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n" + BEHIND_THE_LAST_CHUNK,
      ],
      [
        "a coding in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n" + BEHIND_THE_LAST_CHUNK,
      ],
    ]),
    ...refusedFor("badFieldName", 400, [
      ["CL.TE with a space before the colon", hidden("Transfer-Encoding : chunked")],
      ["CL.TE with a tab before the colon", hidden("Transfer-Encoding\t:\tchunked")],
      ["CL.TE with a word before the colon", hidden("Transfer-Encoding x: chunked")],
      ["CL.TE with a vertical tab in the name", hidden("Transfer-Encoding\x0b: chunked")],
      ["CL.TE with a space in the name", hidden("Transfer Encoding:chunked")],
      ["CL.TE with a CR in the name", hidden("Transfer\r-Encoding: chunked")],
      ["CL.TE with a backslash in the name", hidden("Transfer\\Encoding: chunked")],
      ["CL.TE with obs-text in the name", hidden("Transf\x82r-Encoding: chunked")],
      ["CL.TE with a name across two lines", hidden("Transfer-\r\nEncoding: chunked")],
      ["CL.TE behind a line without a name", hidden(":\r\nTransfer-Encoding: chunked")],
      [
        "TE.CL with a space before the colon of the length",
        attack("Transfer-Encoding: chunked\r\nContent-Length : 4", SMUGGLED_CHUNK + "0\r\n\r\n"),
      ],
      [
        "CL.0 with a space before the colon",
        attack(`Content-Length : ${SMUGGLED.length}`, SMUGGLED),
      ],
    ]),
    ...refusedFor("foldedLine", 400, [
      ["CL.TE with a folded coding", hidden("Transfer-Encoding:\r\n chunked")],
      [
        "CL.TE with a coding folded under another field",
        hidden("A: b\r\n Transfer-Encoding: chunked"),
      ],
      ["CL.TE with a coding folded by a tab", hidden("A: b\r\n\tTransfer-Encoding: chunked")],
      [
        "CL.TE with the coding folded under the request line",
        "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\nContent-Length: 5\r\n\r\n" +
        BEHIND_THE_LAST_CHUNK,
      ],
      [
        "OPTIONS with a folded coding",
        "OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" +
        BEHIND_THE_LAST_CHUNK,
      ],
      [
        "CL.0 with a length folded under another field",
        attack(`A: b\r\n Content-Length: ${SMUGGLED.length}`, SMUGGLED),
      ],
    ]),
    ...refusedFor("badLineEnd", 400, [
      ["CL.TE with the coding behind a bare LF", hidden("A: b\nTransfer-Encoding: chunked")],
      ["CL.TE with the coding behind a bare CR", hidden("A: b\rTransfer-Encoding: chunked")],
      ["CL.TE with the coding behind two bare LFs", hidden("A: b\n\nTransfer-Encoding: chunked")],
      ["CL.TE with the coding behind CRLF CR", hidden("A: b\r\n\rTransfer-Encoding: chunked")],
      ["CL.TE with a coding that ends in CR", hidden("Transfer-Encoding: chunked\r")],
      [
        "CL.TE with a coding wrapped by LF and a vertical tab",
        hidden("Transfer-Encoding:\n\x0bchunked"),
      ],
      [
        "CL.0 with the length behind a bare LF",
        attack(`A: b\nContent-Length: ${SMUGGLED.length}`, SMUGGLED),
      ],
      [
        "CL.0 with the length behind a bare CR",
        attack(`A: b\rContent-Length: ${SMUGGLED.length}`, SMUGGLED),
      ],
      ["a request behind two bare LFs", HEAD + "A:\n\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a request behind CRLF CR", HEAD + "\rZGET /smuggled: HTTP/1.1\r\nHost: a\r\n\r\n"],
    ]),
    ...refusedFor("badFieldValue", 400, [
      ["CL.TE with a vertical tab before the coding", hidden("Transfer-Encoding:\x0bchunked")],
      ["CL.TE with a form feed behind the coding", hidden("Transfer-Encoding: chunked\x0c")],
      ["CL.TE with NUL behind the coding", hidden("Transfer-Encoding: chunked\0")],
    ]),
    ...refusedFor("severalContentLengths", 400, [
      ["CL.CL", attack(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED)],
      [
        "CL.CL with the longer one first",
        attack(`Content-Length: ${SMUGGLED.length}\r\nContent-Length: 0`, SMUGGLED),
      ],
      [
        "CL.CL with an empty one first",
        attack(`Content-Length:\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED),
      ],
      [
        "CL.CL in a GET request",
        HEAD + `Content-Length: ${SMUGGLED.length}\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
      ],
    ]),
    ...refusedFor("badContentLength", 400, [
      ["a list of lengths", attack(`Content-Length: 0, ${SMUGGLED.length}`, SMUGGLED)],
      ["an empty length", attack("Content-Length: ", SMUGGLED)],
      ["a length with a prefix", attack(`Content-Length: 0x${SMUGGLED.length}`, SMUGGLED)],
      ["a length with an underscore", attack("Content-Length: 1_0", SMUGGLED)],
      [
        "a length that is shorter in octal",
        attack(`Content-Length: 0${SMUGGLED.length}`, SMUGGLED),
      ],
      ["a length with a sign", attack(`Content-Length: +${SMUGGLED.length}`, SMUGGLED)],
      ["a length of which only the beginning is a number", attack("Content-Length: 0Z", SMUGGLED)],
    ]),
    ...refusedFor("badTransferEncoding", 400, [
      [
        "TE.TE",
        attack("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow", BEHIND_THE_LAST_CHUNK),
      ],
      [
        "TE.TE with chunked twice",
        attack("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", BEHIND_THE_LAST_CHUNK),
      ],
      ["TE.TE in one line", attack("Transfer-Encoding: chunked, cow", BEHIND_THE_LAST_CHUNK)],
      ["TE.0 with a comma", attack("Transfer-Encoding: ,chunked", BEHIND_THE_LAST_CHUNK)],
      ["TE.0 with obs-text", attack("Transfer-Encoding: \xa0chunked\xa0", BEHIND_THE_LAST_CHUNK)],
    ]),
    ...refusedFor("unknownTransferCoding", 501, [
      ["TE.0 with an unknown coding", attack("Transfer-Encoding: blegh", SMUGGLED_CHUNK)],
      [
        "TE.TE with the other coding first",
        attack("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked", BEHIND_THE_LAST_CHUNK),
      ],
    ]),
  ],
};

/** A request of that method with the hidden one as its body. */
function inBody(method: string): WireCase {
  return {
    what: `CL.0 with ${method}: the hidden request as a body`,
    bytes: `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n` +
      SMUGGLED + PLAIN,
    requests: [{ method, body: SMUGGLED }, {}],
  };
}

/** A request of that method with the hidden one as its chunk. */
function inChunk(method: string): WireCase {
  return {
    what: `TE.0 with ${method}: the hidden request as a chunk`,
    bytes: `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
      SMUGGLED_CHUNK + "0\r\n\r\n" + PLAIN,
    requests: [{ method, body: SMUGGLED }, {}],
  };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"];

/** The beginning of a request, which the next one would complete if it was left behind. */
const PREFIX = "GET /smuggled HTTP/1.1\r\nX: y";

export const hiddenInBodies: WireGroup = {
  about: "requests hidden in a body that somebody does not read (RFC 9112, sections 6.3 and 11.2)",
  cases: [
    ...METHODS.map(inBody),
    ...METHODS.map(inChunk),
    {
      what: "CL.0 with the beginning of a request, which stays in the body",
      bytes: `${HEAD}Content-Length: ${PREFIX.length}\r\n\r\n${PREFIX}${PLAIN}`,
      requests: [{ body: PREFIX }, {}],
    },
    {
      what: "CL.0 with OPTIONS * and a hidden request, which stays in the body",
      bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n" +
        `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}${PLAIN}`,
      requests: [{ method: "OPTIONS", target: "*", body: SMUGGLED }, {}],
    },
    {
      what: "CL.0 with Upgrade, and the hidden request as a body",
      bytes: `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}${PLAIN}`,
      requests: [{ body: SMUGGLED }, {}],
    },
    {
      what: "0.CL: what stands behind a length of zero as the request that it is",
      bytes: `${POST}Content-Length: 0\r\n\r\n${SMUGGLED}`,
      requests: [{ method: "POST" }, { target: "/smuggled" }],
    },
    {
      what: "0.CL with an underscore: what stands behind no length as the request that it is",
      bytes: `${POST}Content_Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      requests: [{ method: "POST" }, { target: "/smuggled" }],
    },
    {
      what: "a byte behind a length of zero as the beginning of a method",
      bytes: `${POST}Content-Length: 0\r\n\r\nX${PLAIN}`,
      requests: [{ method: "POST" }, { method: "XGET" }],
    },
    {
      what: "a length named by Connection, which frames all the same",
      bytes: `${POST}Connection: Content-Length\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n` +
        SMUGGLED + PLAIN,
      requests: [{ method: "POST", body: SMUGGLED }, {}],
    },
    {
      what: "a hidden request in a trailer, which stays there",
      bytes: `${CHUNKED}0\r\nX:GET /smuggled HTTP/1.1\r\nA: b\r\n\r\n${PLAIN}`,
      requests: [{ method: "POST" }, {}],
    },
    {
      what: "a hidden request in a quoted string of an extension, as far as one line goes",
      bytes: `${CHUNKED}0;a="GET /smuggled HTTP/1.1"\r\n\r\n${PLAIN}`,
      requests: [{ method: "POST" }, {}],
    },
    {
      what: "a hidden request in a field value, as far as one line goes",
      bytes: `${HEAD}A: GET /smuggled HTTP/1.1\r\n\r\n${PLAIN}`,
      requests: [{}, {}],
    },
    {
      what: "a hidden request behind escapes of CRLF in the target, which stays there",
      bytes:
        `GET /%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{
        target: "/%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/smuggled",
      }],
    },
    ...refusedFor("traceWithBody", 400, [
      ["CL.0 with TRACE", inBody("TRACE").bytes],
      ["TE.0 with TRACE", inChunk("TRACE").bytes],
    ]),
    ...refusedFor("badTrailer", 400, [
      [
        "a hidden request in trailers, with its Host",
        `${CHUNKED}0\r\nX:${SMUGGLED}${PLAIN}`,
      ],
      [
        "a length in the trailers before a hidden request",
        `${CHUNKED}0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      ],
    ]),
    ...refusedFor("badChunkSize", 400, [
      [
        "a chunk size that is read up to its underscore",
        `${CHUNKED}0_2e\r\n\r\n${SMUGGLED}0\r\n\r\n`,
      ],
      ["a chunk size that is read up to its prefix", `${CHUNKED}0x2e\r\n\r\n${SMUGGLED}0\r\n\r\n`],
      ["a last chunk with a sign, and a byte behind it", `${CHUNKED}+0\r\n\r\nX${PLAIN}`],
      ["an invalid chunk that ends on its line", `${CHUNKED}INVALID!!!\r\n${SMUGGLED}`],
      [
        "a CRLF too many before the last chunk",
        `${CHUNKED}${SMUGGLED_CHUNK}\r\n0\r\n\r\n`,
      ],
      ["chunks of letters", `${CHUNKED}Z\r\nZZ\r\nZZZ\r\n\r\n${SMUGGLED}`],
    ]),
  ],
};

/** What some take for the end of a line. */
const ENDS = ["\n", "\r", "\rX", "\r\r"];

/** What some take for the end of a chunk's data. */
const DATA_ENDS = [...ENDS, "", "XX"];

/** Two recipients that read the sizes in different lines of these see the hidden request in different places. */
function chunkAttacks(
  name: string,
  ends: readonly string[],
  chunks: (end: string) => string,
): [string, string][] {
  return ends.map((end) => [
    `${name} with ${JSON.stringify(end)}`,
    `${CHUNKED}${chunks(end)}0\r\n\r\n${SMUGGLED}0\r\n\r\n`,
  ]);
}

export const hiddenInChunks: WireGroup = {
  about: "requests hidden between chunks (RFC 9112, sections 7.1 and 11.2)",
  cases: [
    ...refusedFor("badChunkExtension", 400, [
      ...chunkAttacks("TERM.EXT", ENDS, (end) => `2;${end}xx\r\n3c\r\n0\r\n\r\n`),
      ...chunkAttacks("EXT.TERM", ENDS, (end) => `2;${end}XX\r\n22\r\nc\r\nAAAABBBBCCCC\r\n`),
      ...chunkAttacks("TERM.EXT behind a name", ["\n"], (end) => `2;a${end}xx\r\n3c\r\n`),
      ...chunkAttacks("TERM.EXT behind a value", ["\n"], (end) => `2;a=b${end}xx\r\n3c\r\n`),
      ...chunkAttacks("TERM.EXT in a quoted string", ENDS, (end) => `2;a="${end}xx"\r\n3c\r\n`),
      ...chunkAttacks("TERM.EXT behind white space", ENDS, (end) => `2; ${end}xx\r\n3c\r\n`),
    ]),
    ...refusedFor("badLineEnd", 400, [
      ...chunkAttacks(
        "TERM.EXT behind a name",
        ["\r", "\rX", "\r\r"],
        (end) => `2;a${end}xx\r\n3c\r\n`,
      ),
      ...chunkAttacks("TERM.EXT before an extension", ENDS, (end) => `5${end};ABCD\r\n34\r\nE\r\n`),
    ]),
    ...refusedFor("badChunkEnd", 400, [
      ...chunkAttacks("TERM.SPILL", DATA_ENDS, (end) => `5\r\nAAAAA${end}c\r\n17\r\nAAAABBBB\r\n`),
      ...chunkAttacks("SPILL.TERM", DATA_ENDS, (end) => `5\r\nAAAAA${end}1a\r\n8\r\nAAAABBBB\r\n`),
      ...chunkAttacks(
        "ONE.TWO",
        ["\n", "\r"],
        (end) => `2\r\nXX${end}12\r\nXX\r\n19\r\nXXAAAABBBB\r\n`,
      ),
      ...chunkAttacks(
        "TWO.ONE",
        ["\n", "\r"],
        (end) => `2\r\nXX${end}10\r\n\r\nAAAABBBBCCCCDD\r\n`,
      ),
      ...chunkAttacks("ZERO.TWO", [""], (end) => `2\r\nXX${end}012\r\nXX\r\n19\r\nXXAAAABBBB\r\n`),
      ...chunkAttacks("TWO.ZERO", [""], (end) => `2\r\nxx${end}010\r\n\r\nAAAABBBBCCCCDD\r\n`),
    ]),
  ],
};
