// Which of all 256 bytes may stand in each place of a request. The wire cases name the bytes that attacks have been made
// of; here are the others, so that no byte is forgotten. The sets are written from the grammar of RFC 9110, RFC 9112 and RFC
// 3986, and from the choices that stand above the wire cases, not taken from the server's tables. A place takes a byte if
// the request is not refused for it: what else it then means is said elsewhere.

import { CHUNKED, HEAD, POST } from "./parts.ts";

/** A place in a request, and the bytes that may stand there. */
export interface Place {
  /** Completes "... takes only ...". */
  what: string;
  /** The request with a byte in that place. */
  bytes: (byte: string) => string;
  /** Matches the bytes that may stand there. */
  allowed: RegExp;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
/** A token, or the colon that ends it. */
const TOKEN_OR_COLON = /[!#$%&'*+\-.^_`|~0-9A-Za-z:]/;
/** RFC 9110, section 5.5. */
const FIELD_VALUE = /[\t\x20-\x7e\x80-\xff]/;
const HEXADECIMAL = /[0-9A-Fa-f]/;
const SPACE = / /;
const SPACE_OR_DIGIT = /[ 0-9]/;
const CARRIAGE_RETURN = /\r/;
const LINE_FEED = /\n/;
const NOTHING = /[^\0-\xff]/;

const BODY = "5\r\nhello\r\n0\r\n\r\n";

export const PLACES: readonly Place[] = [
  {
    what: "a token as the beginning of a request",
    bytes: (byte) => `${byte}GET / HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "a token in a method",
    bytes: (byte) => `G${byte}T / HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "a space behind a method",
    bytes: (byte) => `GET${byte}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: SPACE,
  },
  {
    what: "what URL serializers let out in a path",
    bytes: (byte) => `GET /a${byte}c HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: /[!$%&'()*+,\-./0-9:;=?@A-Z[\]^_`a-z{|}~]/,
  },
  {
    what: "what makes no encoded NUL of %0 in a path",
    bytes: (byte) => `GET /a%0${byte}c HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: /[!$%&'()*+,\-./1-9:;=?@A-Z[\]^_`a-z{|}~]/,
  },
  {
    what: "what URL serializers let out in a query",
    bytes: (byte) => `GET /?a${byte}c HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: /[!$%&'()*+,\-./0-9:;=?@A-Z[\\\]^_`a-z{|}~]/,
  },
  {
    what: "a space behind a target",
    bytes: (byte) => `GET /${byte}HTTP/1.1\r\nHost: a\r\n\r\n`,
    allowed: SPACE,
  },
  {
    what: "a digit as the minor version",
    bytes: (byte) => `GET / HTTP/1.${byte}\r\nHost: a\r\n\r\n`,
    allowed: /[0-9]/,
  },
  {
    what: "nothing behind a version",
    bytes: (byte) => `GET / HTTP/1.1${byte}\r\nHost: a\r\n\r\n`,
    allowed: NOTHING,
  },
  {
    what: "CR as the first byte of a request line's end",
    bytes: (byte) => `GET / HTTP/1.1${byte}\nHost: a\r\n\r\n`,
    allowed: CARRIAGE_RETURN,
  },
  {
    what: "LF as the second byte of a request line's end",
    bytes: (byte) => `GET / HTTP/1.1\r${byte}Host: a\r\n\r\n`,
    allowed: LINE_FEED,
  },
  {
    what: "a token at the beginning of a field line",
    bytes: (byte) => `${HEAD}${byte}A: b\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "a token in a field name",
    bytes: (byte) => `${HEAD}A${byte}B: c\r\n\r\n`,
    allowed: TOKEN_OR_COLON,
  },
  {
    what: "a token before a colon",
    bytes: (byte) => `${HEAD}A${byte}: b\r\n\r\n`,
    allowed: TOKEN_OR_COLON,
  },
  {
    what: "a field value in a field value",
    bytes: (byte) => `${HEAD}A: b${byte}c\r\n\r\n`,
    allowed: FIELD_VALUE,
  },
  {
    what: "LF as the second byte of a field line's end",
    bytes: (byte) => `${HEAD}A: b\r${byte}C: d\r\n\r\n`,
    allowed: LINE_FEED,
  },
  {
    what: "LF as the second byte of a head's end",
    bytes: (byte) => `${HEAD}\r${byte}`,
    allowed: LINE_FEED,
  },
  {
    what: "a registered name without commas in a Host",
    bytes: (byte) => `GET / HTTP/1.1\r\nHost: a${byte}z\r\n\r\n`,
    allowed: /[A-Za-z0-9\-._~!$&'()*+;=]/,
  },
  {
    what: "digits as a port",
    bytes: (byte) => `GET / HTTP/1.1\r\nHost: a:8${byte}0\r\n\r\n`,
    allowed: /[0-9]/,
  },
  {
    what: "spaces and digits that are no zero before a Content-Length",
    bytes: (byte) => `${POST}Content-Length:${byte}5\r\n\r\nhello`,
    allowed: /[ 1-9]/,
  },
  {
    what: "spaces and digits behind a Content-Length",
    bytes: (byte) => `${POST}Content-Length: 5${byte}\r\n\r\nhello`,
    allowed: SPACE_OR_DIGIT,
  },
  {
    what: "digits in a Content-Length",
    bytes: (byte) => `${POST}Content-Length: 1${byte}5\r\n\r\nhello`,
    allowed: /[0-9]/,
  },
  {
    what: "spaces before chunked",
    bytes: (byte) => `${POST}Transfer-Encoding:${byte}chunked\r\n\r\n${BODY}`,
    allowed: SPACE,
  },
  {
    what: "spaces behind chunked",
    bytes: (byte) => `${POST}Transfer-Encoding: chunked${byte}\r\n\r\n${BODY}`,
    allowed: SPACE,
  },
  {
    what: "nothing in chunked",
    bytes: (byte) => `${POST}Transfer-Encoding: chun${byte}ked\r\n\r\n${BODY}`,
    allowed: NOTHING,
  },
  {
    what: "tokens, which make another name of it, before Transfer-Encoding",
    bytes: (byte) => `${POST}${byte}Transfer-Encoding: chunked\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "tokens, which make another name of it, behind Transfer-Encoding",
    bytes: (byte) => `${POST}Transfer-Encoding${byte}: chunked\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "hexadecimal digits before a chunk size",
    bytes: (byte) => `${CHUNKED}${byte}${BODY}`,
    allowed: HEXADECIMAL,
  },
  {
    what: "hexadecimal digits behind a chunk size",
    bytes: (byte) => `${CHUNKED}5${byte}\r\nhello\r\n0\r\n\r\n`,
    allowed: HEXADECIMAL,
  },
  {
    what: "LF as the second byte of a chunk size's end",
    bytes: (byte) => `${CHUNKED}5\r${byte}hello\r\n0\r\n\r\n`,
    allowed: LINE_FEED,
  },
  {
    what: "CR as the first byte of a chunk's end",
    bytes: (byte) => `${CHUNKED}5\r\nhello${byte}\n0\r\n\r\n`,
    allowed: CARRIAGE_RETURN,
  },
  {
    what: "LF as the second byte of a chunk's end",
    bytes: (byte) => `${CHUNKED}5\r\nhello\r${byte}0\r\n\r\n`,
    allowed: LINE_FEED,
  },
  {
    what: "a token, an equals sign or a semicolon in a chunk extension",
    bytes: (byte) => `${CHUNKED}5;a${byte}b\r\nhello\r\n0\r\n\r\n`,
    allowed: /[!#$%&'*+\-.^_`|~0-9A-Za-z=;]/,
  },
  {
    what: "a quote before a quoted string of a chunk extension",
    bytes: (byte) => `${CHUNKED}5;a=${byte}b"\r\nhello\r\n0\r\n\r\n`,
    allowed: /"/,
  },
  {
    what: "a field value without quotes in a quoted string of a chunk extension",
    bytes: (byte) => `${CHUNKED}5;a="b${byte}c"\r\nhello\r\n0\r\n\r\n`,
    allowed: /[\t\x20!\x23-\x7e\x80-\xff]/,
  },
  {
    what: "a field value behind a backslash in a quoted string of a chunk extension",
    bytes: (byte) => `${CHUNKED}5;a="b\\${byte}c"\r\nhello\r\n0\r\n\r\n`,
    allowed: FIELD_VALUE,
  },
  {
    what: "a semicolon behind a quoted string of a chunk extension",
    bytes: (byte) => `${CHUNKED}5;a="b"${byte}c\r\nhello\r\n0\r\n\r\n`,
    allowed: /;/,
  },
  {
    what: "a token at the beginning of a trailer",
    bytes: (byte) => `${CHUNKED}0\r\n${byte}A: b\r\n\r\n`,
    allowed: TOKEN,
  },
  {
    what: "a token in the name of a trailer",
    bytes: (byte) => `${CHUNKED}0\r\nA${byte}B: c\r\n\r\n`,
    allowed: TOKEN_OR_COLON,
  },
  {
    what: "a field value in the value of a trailer",
    bytes: (byte) => `${CHUNKED}0\r\nA: b${byte}c\r\n\r\n`,
    allowed: FIELD_VALUE,
  },
  {
    what: "LF as the second byte of a chunked body's end",
    bytes: (byte) => `${CHUNKED}0\r\n\r${byte}`,
    allowed: LINE_FEED,
  },
];
