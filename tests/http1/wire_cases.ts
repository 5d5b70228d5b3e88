// What comes over the wire, and what must come of it: each line a case, each group a section of RFC 9110 or RFC 9112.
// The expectations are those of the RFCs and of the design page, whatever the code does. In `bytes` each character is one byte.
// Where the RFCs leave a choice, or ask for a tolerance that others have been attacked by, the case says which way we go.

import type { RequestLimits } from "../../src/http1/request_parser.ts";

/** A request that must come out. What is not named has the value of the plainest request there is. */
export interface ExpectedRequest {
  /** `"GET"` where it is not named. */
  method?: string;
  /** `"/"` where it is not named. */
  target?: string;
  /** The decoded path; not looked at where it is not named. */
  path?: string;
  /** Not looked at where it is not named. */
  query?: string;
  /** Not looked at where it is not named. */
  minorVersion?: 0 | 1;
  /** All field lines, as they were sent; not looked at where they are not named. */
  fields?: [name: string, value: string][];
  /** Empty where it is not named. */
  body?: string;
  /** Whether the client lets the connection persist: it does where nothing is said. */
  persists?: boolean;
  /** Whether the client has to be told to go on, where its body has not come with the head. It has not where nothing is said. */
  continues?: boolean;
  /** With this status the request is answered without a handler; its body is not looked at. */
  declined?: number;
}

export interface WireCase {
  /** Completes "the parser reads ..." or "the parser refuses ...". */
  what: string;
  bytes: string;
  /** Limits that differ from the defaults. */
  limits?: Partial<RequestLimits>;
  /** What must come out, in order; nothing where it is not named. */
  requests?: ExpectedRequest[];
  /** With this status all that follows the requests is refused; nothing is where it is not named. */
  refused?: number;
  /** Whether the answer to the refused request has no body, because its method is HEAD. */
  isHeadRequest?: boolean;
  /** What is missing in the end; nothing where it is not named. */
  awaiting?: "head" | "body";
}

export interface WireGroup {
  about: string;
  cases: WireCase[];
}

/** A head up to its last field, which is Host. */
const HEAD = "GET / HTTP/1.1\r\nHost: a\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";
const PLAIN = HEAD + "\r\n";
const CLOSE = HEAD + "Connection: close\r\n\r\n";

const requestLine: WireGroup = {
  about: "the request line (RFC 9112, section 3)",
  cases: [
    {
      what: "the plainest request",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ path: "/", query: "", minorVersion: 1, fields: [["Host", "a"]] }],
    },
    {
      what: "a method in the case in which it is sent",
      bytes: "get / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "get" }],
    },
    {
      what: "a method that it has never heard of",
      bytes: "VERSION-CONTROL / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "VERSION-CONTROL" }],
    },
    {
      what: "a method of one letter",
      bytes: "G / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "G" }],
    },
    {
      what: "a method of all the marks of a token",
      bytes: "!#$%&'*+-.^_`|~09 / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "!#$%&'*+-.^_`|~09" }],
    },
    {
      what: "methods that begin like GET and POST",
      bytes: "GETS / HTTP/1.1\r\nHost: a\r\n\r\nPOS / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "GETS" }, { method: "POS" }],
    },
    {
      what: "methods as long as GET and POST that are neither",
      bytes: "PUT / HTTP/1.1\r\nHost: a\r\n\r\nPOKE / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "PUT" }, { method: "POKE" }],
    },
    {
      what: "HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\n\r\n",
      requests: [{ minorVersion: 0, fields: [], persists: false }],
    },
    {
      what: "HTTP/1.2 as HTTP/1.1 (RFC 9110, section 2.5)",
      bytes: "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
      requests: [{ minorVersion: 1 }],
    },
    {
      what: "HTTP/1.9 as HTTP/1.1",
      bytes: "GET / HTTP/1.9\r\nHost: a\r\n\r\n",
      requests: [{ minorVersion: 1 }],
    },
    {
      what: "an empty line before the request line (section 2.2)",
      bytes: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{}],
    },
    {
      what: "an empty line before each of two requests",
      bytes: "\r\n" + PLAIN + "\r\n" + PLAIN,
      requests: [{}, {}],
    },
    { what: "nothing yet in an empty line alone", bytes: "\r\n" },
    {
      what: "nothing yet in an empty line behind a request",
      bytes: PLAIN + "\r\n",
      requests: [{}],
    },
    { what: "a part of a method", bytes: "GE", awaiting: "head" },
    { what: "a part of a target", bytes: "GET /a", awaiting: "head" },
    { what: "a part of a version", bytes: "GET / HTTP/1.", awaiting: "head" },
    {
      what: "a request line without the end of its line",
      bytes: "GET / HTTP/1.1\r",
      awaiting: "head",
    },
    { what: "HTTP/2.0", bytes: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", refused: 505 },
    { what: "HTTP/0.9 in so many words", bytes: "GET / HTTP/0.9\r\nHost: a\r\n\r\n", refused: 505 },
    { what: "HTTP/3.0", bytes: "GET / HTTP/3.0\r\nHost: a\r\n\r\n", refused: 505 },
    { what: "HTTP/9.9", bytes: "GET / HTTP/9.9\r\nHost: a\r\n\r\n", refused: 505 },
    {
      what: "the preface of HTTP/2",
      bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      refused: 505,
    },
    { what: "a version of HTTP/0.9 that is not named", bytes: "GET /\r\n", refused: 400 },
    { what: "an empty version", bytes: "GET / \r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a version with two digits",
      bytes: "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a major version with two digits",
      bytes: "GET / HTTP/11.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a version without a minor one",
      bytes: "GET / HTTP/1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a version without a major one",
      bytes: "GET / HTTP/.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a version with a comma", bytes: "GET / HTTP/1,1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a version that is no number",
      bytes: "GET / HTTP/1.x\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a version with a sign", bytes: "GET / HTTP/+1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "http in lower case", bytes: "GET / http/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "another protocol", bytes: "GET / ICAP/1.0\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "HTTPS as the protocol", bytes: "GET / HTTPS/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a space inside of the version",
      bytes: "GET / HTTP/ 1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a space behind the version",
      bytes: "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a tab behind the version",
      bytes: "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a fourth part", bytes: "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "a space in the target", bytes: "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "two spaces behind the method",
      bytes: "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "two spaces behind the target",
      bytes: "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a tab behind the method", bytes: "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "a tab behind the target", bytes: "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "no space behind the method", bytes: "GET/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a space before the method",
      bytes: " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a request line without a target",
      bytes: "GET HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a method and nothing else", bytes: "GET\r\n\r\n", refused: 400 },
    { what: "a method with a colon", bytes: "Host: a\r\n\r\n", refused: 400 },
    {
      what: "a method with a parenthesis",
      bytes: "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a method in quotes", bytes: '"GET" / HTTP/1.1\r\nHost: a\r\n\r\n', refused: 400 },
    { what: "a method with NUL", bytes: "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "a method with obs-text", bytes: "G\xc9T / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    { what: "the hello of TLS", bytes: "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", refused: 400 },
    {
      what: "a bare LF behind the version",
      bytes: "GET / HTTP/1.1\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a bare CR behind the version",
      bytes: "GET / HTTP/1.1\rHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "CR CR LF behind the version",
      bytes: "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a bare CR in place of a space",
      bytes: "GET /\rHTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an empty line of LF before the request line",
      bytes: "\nGET / HTTP/1.1\r\n",
      refused: 400,
    },
    {
      what: "a CR before the request line",
      bytes: "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "two empty lines before the request line", bytes: "\r\n\r\n" + PLAIN, refused: 400 },
    {
      what: "a byte order mark before the request line",
      bytes: "\xef\xbb\xbf" + PLAIN,
      refused: 400,
    },
  ],
};

const targets: WireGroup = {
  about: "the request target (RFC 9112, section 3.2)",
  cases: [
    {
      what: "a path and a query",
      bytes: "GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a/b?c=d&e=%20", path: "/a/b", query: "c=d&e=%20" }],
    },
    {
      what: "an empty query",
      bytes: "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a?", path: "/a", query: "" }],
    },
    {
      what: "a query with question marks, slashes and dot segments, and leaves it as it is",
      bytes: "GET /a?b?/../c HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a?b?/../c", path: "/a", query: "b?/../c" }],
    },
    {
      what: "empty segments as segments",
      bytes: "GET //a//b/ HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "//a//b/", path: "//a//b/" }],
    },
    {
      what: "a percent-encoded path",
      bytes: "GET /a%20b/%E4%BD%A0 HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a%20b/%E4%BD%A0", path: "/a b/\u4f60" }],
    },
    {
      what: "an encoded slash, which stays encoded",
      bytes: "GET /a%2fb%2Fc HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a%2fb%2Fc", path: "/a%2Fb%2Fc" }],
    },
    {
      what: "an encoded question mark, which begins no query",
      bytes: "GET /a%3Fb HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a%3Fb", path: "/a?b", query: "" }],
    },
    {
      what: "a malformed escape, which stays as it is",
      bytes: "GET /100%/%zz HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/100%/%zz", path: "/100%/%zz" }],
    },
    {
      what: "an escape that is not UTF-8, and loses it",
      bytes: "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/%ff", path: "/\ufffd" }],
    },
    {
      what: "dot segments, and resolves them",
      bytes: "GET /a/./b/../c HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a/./b/../c", path: "/a/c" }],
    },
    {
      what: "dot segments at the end, and keeps the slash",
      bytes: "GET /a/b/.. HTTP/1.1\r\nHost: a\r\n\r\nGET /a/. HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a/b/..", path: "/a/" }, { target: "/a/.", path: "/a/" }],
    },
    {
      what: "encoded dot segments, and resolves them, too",
      bytes: "GET /a/%2e%2E/.%2e/%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a/%2e%2E/.%2e/%2e/b", path: "/b" }],
    },
    {
      what: "dot segments that would leave the root, and stays there",
      bytes: "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/../../etc/passwd", path: "/etc/passwd" }],
    },
    {
      what: "doubly encoded dots, and decodes them once",
      bytes: "GET /a/%252e%252e/b HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a/%252e%252e/b", path: "/a/%2e%2e/b" }],
    },
    {
      what: "names that begin with dots",
      bytes: "GET /.../.a/..b HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/.../.a/..b", path: "/.../.a/..b" }],
    },
    {
      what: "the characters that browsers leave as they are",
      bytes: "GET /|^`{}[]?|^`{}[]\\ HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/|^`{}[]?|^`{}[]\\", path: "/|^`{}[]", query: "|^`{}[]\\" }],
    },
    {
      what: "sub-delimiters, colons and at signs in a path",
      bytes: "GET /a:b@c!$&'()*+,;=~ HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "/a:b@c!$&'()*+,;=~", path: "/a:b@c!$&'()*+,;=~" }],
    },
    {
      what: "the absolute form",
      bytes: "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a/b?c", path: "/b", query: "c" }],
    },
    {
      what: "the absolute form with dot segments",
      bytes: "GET http://a/b/../%2E%2E/c HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a/b/../%2E%2E/c", path: "/c" }],
    },
    {
      what: "the absolute form without a path (RFC 9110, section 4.2.3)",
      bytes: "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a", path: "/", query: "" }],
    },
    {
      what: "the absolute form with a query and without a path",
      bytes: "GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a?b", path: "/", query: "b" }],
    },
    {
      what: "the absolute form with scheme and host in capital letters",
      bytes: "GET HTTP://EXAMPLE.com/A HTTP/1.1\r\nHost: example.COM\r\n\r\n",
      requests: [{ target: "HTTP://EXAMPLE.com/A", path: "/A" }],
    },
    {
      what: "the absolute form with the default port on one side",
      bytes:
        "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\nGET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n",
      requests: [{ target: "http://a:80/" }, { target: "https://a/" }],
    },
    {
      what: "the absolute form with an empty port",
      bytes: "GET http://a:/ HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a:/", path: "/" }],
    },
    {
      what: "the absolute form with an IPv6 address and a port",
      bytes: "GET http://[::1]:8000/a HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
      requests: [{ target: "http://[::1]:8000/a", path: "/a" }],
    },
    {
      what: "the absolute form with an at sign in path and query",
      bytes: "GET http://a/b@c?d@e HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ target: "http://a/b@c?d@e", path: "/b@c", query: "d@e" }],
    },
    {
      what: "the absolute form in HTTP/1.0 without a Host",
      bytes: "GET http://a/b HTTP/1.0\r\n\r\n",
      requests: [{ target: "http://a/b", path: "/b", persists: false }],
    },
    {
      what: "the asterisk form of OPTIONS",
      bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "OPTIONS", target: "*", path: "*", query: "" }],
    },
    { what: "the asterisk form of GET", bytes: "GET * HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "an asterisk with a query",
      bytes: "OPTIONS *?a HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an asterisk with a path",
      bytes: "OPTIONS */a HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a path that begins with no slash",
      bytes: "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "a query without a path", bytes: "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "the authority form of GET",
      bytes: "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
      refused: 400,
    },
    { what: "another scheme", bytes: "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a scheme with one slash",
      bytes: "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a scheme and nothing else",
      bytes: "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form without a host",
      bytes: "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with a port alone",
      bytes: "GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with userinfo (RFC 9110, section 4.2.4)",
      bytes: "GET http://user:pw@a/b HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form whose userinfo looks like the Host",
      bytes: "GET http://a@b/c HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form whose userinfo looks like the Host with its port",
      bytes: "GET http://a:80@b/c HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with userinfo in HTTP/1.0",
      bytes: "GET http://a@b/c HTTP/1.0\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with an impossible port",
      bytes: "GET http://a:99999/ HTTP/1.0\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with half of an address",
      bytes: "GET http://[::1/ HTTP/1.0\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with a backslash in its host",
      bytes: "GET http://a\\b/ HTTP/1.0\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form with a backslash in its path",
      bytes: "GET http://a/b\\c HTTP/1.0\r\n\r\n",
      refused: 400,
    },
    { what: "a fragment", bytes: "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a fragment behind a query",
      bytes: "GET /a?b# HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "NUL in the target", bytes: "GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a control byte in the target",
      bytes: "GET /\x1b HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a control byte in the query",
      bytes: "GET /?a\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    { what: "DEL in the target", bytes: "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400 },
    {
      what: "a byte above 0x7f in the target",
      bytes: "GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "UTF-8 in the target",
      bytes: "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a double quote in the target",
      bytes: 'GET /"a" HTTP/1.1\r\nHost: a\r\n\r\n',
      refused: 400,
    },
    {
      what: "an angle bracket in the query",
      bytes: "GET /?<a HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a backslash in the path",
      bytes: "GET /a\\..\\b HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a backslash at the beginning",
      bytes: "GET \\a HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a bare LF in the target",
      bytes: "GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
  ],
};

const methods: WireGroup = {
  about: "methods with rules of their own (RFC 9110, section 9)",
  cases: [
    {
      what: "CONNECT in the authority form",
      bytes: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
      refused: 501,
    },
    { what: "CONNECT with a path", bytes: "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 501 },
    {
      what: "connect, which is another method, with an authority",
      bytes: "connect a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a method that is longer than CONNECT",
      bytes: "CONNECTS / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "CONNECTS" }],
    },
    {
      what: "HEAD",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "HEAD" }],
    },
    {
      what: "GET with a body (RFC 9110, section 9.3.1)",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ body: "hi" }],
    },
    {
      what: "HEAD with a body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ method: "HEAD", body: "hi" }],
    },
    {
      what: "POST without a body (RFC 9112, section 6.3)",
      bytes: POST + "\r\n",
      requests: [{ method: "POST" }],
    },
    {
      what: "a HEAD request that is refused for its fields, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
      refused: 400,
      isHeadRequest: true,
    },
    {
      what: "a HEAD request that is refused for its Host, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\n\r\n",
      refused: 400,
      isHeadRequest: true,
    },
    {
      what: "a HEAD request that is refused for its framing, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
      refused: 400,
      isHeadRequest: true,
    },
    {
      what: "a HEAD request that is refused for its chunks, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      refused: 400,
      isHeadRequest: true,
    },
    {
      what: "a HEAD request that is refused for its trailers, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n",
      refused: 400,
      isHeadRequest: true,
    },
    {
      what: "a GET request behind a HEAD request, whose answer has a body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET * HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "HEAD" }],
      refused: 400,
    },
  ],
};

const fields: WireGroup = {
  about: "field lines (RFC 9112, section 5)",
  cases: [
    {
      what: "names in the case in which they are sent",
      bytes: "GET / HTTP/1.1\r\nhOST: a\r\nX-aBc: d\r\n\r\n",
      requests: [{ fields: [["hOST", "a"], ["X-aBc", "d"]] }],
    },
    {
      what: "values without the white space around them",
      bytes: HEAD + "A:b\r\nC: d\r\nE:  f  \r\nG:\th\t\r\nI: \t j \t \r\n\r\n",
      requests: [{
        fields: [["Host", "a"], ["A", "b"], ["C", "d"], ["E", "f"], ["G", "h"], ["I", "j"]],
      }],
    },
    {
      what: "white space inside of a value",
      bytes: HEAD + "A: b  c\td\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "b  c\td"]] }],
    },
    {
      what: "empty values",
      bytes: HEAD + "A:\r\nB: \r\nC: \t \r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", ""], ["B", ""], ["C", ""]] }],
    },
    {
      what: "a name of all the marks of a token",
      bytes: HEAD + "!#$%&'*+-.^_`|~09: b\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["!#$%&'*+-.^_`|~09", "b"]] }],
    },
    {
      what: "a value of every mark in ASCII",
      bytes: HEAD + "A: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]] }],
    },
    {
      what: "colons in a value",
      bytes: HEAD + "A::b:c:\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", ":b:c:"]] }],
    },
    {
      what: "obs-text in a value, each byte as a character (RFC 9110, section 5.5)",
      bytes: HEAD + "A: caf\xc3\xa9 \xff\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "caf\xc3\xa9 \xff"]] }],
    },
    {
      what: "no-break spaces and next lines around a value, which are not white space",
      bytes: HEAD + "A: \xa0b\x85 \r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "\xa0b\x85"]] }],
    },
    {
      what: "a name more than once, in order",
      bytes: HEAD + "A: 1\r\nB: 2\r\na: 3\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "1"], ["B", "2"], ["a", "3"]] }],
    },
    {
      what: "names that only look like those that matter",
      bytes: HEAD +
        "Content_Length: 5\r\nTransfer_Encoding: chunked\r\nContent-Lengt: 6\r\nHosts: b\r\n\r\n",
      requests: [{
        fields: [
          ["Host", "a"],
          ["Content_Length", "5"],
          ["Transfer_Encoding", "chunked"],
          ["Content-Lengt", "6"],
          ["Hosts", "b"],
        ],
      }],
    },
    { what: "a part of a name", bytes: HEAD + "Acc", awaiting: "head" },
    { what: "a part of a value", bytes: HEAD + "Accept: te", awaiting: "head" },
    { what: "a head without the end of its last line", bytes: HEAD + "\r", awaiting: "head" },
    { what: "a space before the colon (section 5.1)", bytes: HEAD + "A : b\r\n\r\n", refused: 400 },
    { what: "a tab before the colon", bytes: HEAD + "A\t: b\r\n\r\n", refused: 400 },
    { what: "a space in a name", bytes: HEAD + "A B: c\r\n\r\n", refused: 400 },
    { what: "an empty name", bytes: HEAD + ": b\r\n\r\n", refused: 400 },
    { what: "a line without a colon", bytes: HEAD + "Accept\r\n\r\n", refused: 400 },
    {
      what: "a line folded with a space (section 5.2)",
      bytes: HEAD + "A: b\r\n c\r\n\r\n",
      refused: 400,
    },
    { what: "a line folded with a tab", bytes: HEAD + "A: b\r\n\tc\r\n\r\n", refused: 400 },
    {
      what: "a field folded under an empty value",
      bytes: HEAD + "A:\r\n b: c\r\n\r\n",
      refused: 400,
    },
    {
      what: "white space before the first field (section 2.2)",
      bytes: "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "a line of white space before the empty line",
      bytes: HEAD + " \r\n\r\n",
      refused: 400,
    },
    { what: "NUL in a value", bytes: HEAD + "A: b\0c\r\n\r\n", refused: 400 },
    { what: "NUL in a name", bytes: HEAD + "A\0: b\r\n\r\n", refused: 400 },
    { what: "a control byte in a value", bytes: HEAD + "A: \x01\r\n\r\n", refused: 400 },
    { what: "a vertical tab before a value", bytes: HEAD + "A:\x0bb\r\n\r\n", refused: 400 },
    { what: "a form feed behind a value", bytes: HEAD + "A: b\x0c\r\n\r\n", refused: 400 },
    { what: "an escape in a value", bytes: HEAD + "A: \x1b[31m\r\n\r\n", refused: 400 },
    { what: "DEL in a value", bytes: HEAD + "A: \x7f\r\n\r\n", refused: 400 },
    { what: "obs-text in a name", bytes: HEAD + "Caf\xe9: b\r\n\r\n", refused: 400 },
    { what: "a parenthesis in a name", bytes: HEAD + "A(b): c\r\n\r\n", refused: 400 },
    { what: "a slash in a name", bytes: HEAD + "A/b: c\r\n\r\n", refused: 400 },
    { what: "a quoted name", bytes: HEAD + '"A": c\r\n\r\n', refused: 400 },
    { what: "an at sign in a name", bytes: HEAD + "A@b: c\r\n\r\n", refused: 400 },
    { what: "a bracket in a name", bytes: HEAD + "A[]: c\r\n\r\n", refused: 400 },
    { what: "a semicolon in a name", bytes: HEAD + "A;b: c\r\n\r\n", refused: 400 },
    {
      what: "a bare LF behind a value (section 2.2)",
      bytes: HEAD + "A: b\nC: d\r\n\r\n",
      refused: 400,
    },
    { what: "a bare LF behind a name", bytes: HEAD + "A\n: b\r\n\r\n", refused: 400 },
    {
      what: "a bare CR in a value (section 2.2)",
      bytes: HEAD + "A: b\rC: d\r\n\r\n",
      refused: 400,
    },
    { what: "CR CR LF behind a value", bytes: HEAD + "A: b\r\r\n\r\n", refused: 400 },
    { what: "a bare LF as the empty line", bytes: HEAD + "\n", refused: 400 },
    { what: "a bare CR as the empty line", bytes: HEAD + "\rGET ", refused: 400 },
    { what: "LF CR as the end of a line", bytes: HEAD + "A: b\n\r\r\n", refused: 400 },
  ],
};

const host: WireGroup = {
  about: "Host (RFC 9112, section 3.2; RFC 9110, section 7.2)",
  cases: [
    ...[
      "example.com",
      "EXAMPLE.Com",
      "example.com.",
      "example.com:8000",
      "example.com:",
      "a:0",
      "a:65535",
      "a:00080",
      "xn--mnchen-3ya.example",
      "my_service",
      "~a",
      "127.0.0.1:8000",
      "256.1.1.1",
      "[::1]",
      "[::]:80",
      "[2001:DB8:0:0:8:800:200c:417a]:80",
      "[::ffff:192.0.2.1]",
      "caf%C3%A9",
      "a!$&'()*+,;=b",
    ].map((value) => ({
      what: `Host: ${value}`,
      bytes: `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`,
      requests: [{ fields: [["Host", value]] as [string, string][] }],
    })),
    {
      what: "white space around a host",
      bytes: "GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n",
      requests: [{ fields: [["Host", "a"]] }],
    },
    {
      what: "Host behind other fields",
      bytes: "GET / HTTP/1.1\r\nA: b\r\nHost: c\r\n\r\n",
      requests: [{ fields: [["A", "b"], ["Host", "c"]] }],
    },
    {
      what: "Host in HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
      requests: [{ persists: false, fields: [["Host", "a"]] }],
    },
    { what: "HTTP/1.1 without a Host", bytes: "GET / HTTP/1.1\r\n\r\n", refused: 400 },
    { what: "HTTP/1.2 without a Host", bytes: "GET / HTTP/1.2\r\n\r\n", refused: 400 },
    {
      what: "HTTP/1.1 with an absolute form and without a Host",
      bytes: "GET http://a/ HTTP/1.1\r\n\r\n",
      refused: 400,
    },
    { what: "OPTIONS * without a Host", bytes: "OPTIONS * HTTP/1.1\r\n\r\n", refused: 400 },
    { what: "two equal Hosts", bytes: HEAD + "Host: a\r\n\r\n", refused: 400 },
    { what: "two Hosts that differ", bytes: HEAD + "A: b\r\nhost: b\r\n\r\n", refused: 400 },
    { what: "two Hosts, one of them empty", bytes: HEAD + "Host:\r\n\r\n", refused: 400 },
    {
      what: "two Hosts in HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
      refused: 400,
    },
    {
      what: "an invalid Host in HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n",
      refused: 400,
    },
    ...[
      "",
      " \t",
      "a b",
      "a\tb",
      "a, b",
      "a/b",
      "a?b",
      "a#b",
      "a\\b",
      "user@a",
      "http://a",
      "a:b",
      "a:-1",
      "a:+80",
      "a:8 0",
      "a:65536",
      "a:99999999999999999999",
      "a:80:80",
      ":80",
      ":",
      "::1",
      "[::1",
      "::1]",
      "[::1]a",
      "[::1]80",
      "[]",
      "[:::1]",
      "[1::2::3]",
      "[g::]",
      "[12345::]",
      "[1:2:3:4:5:6:7:8:9]",
      "[fe80::1%25eth0]",
      "[127.0.0.1]",
      "[v1.a]",
      "[::1]:65536",
      "%",
      "%4",
      "%zz",
      "a<b",
      'a"b',
      "a^b",
      "{a}",
      "caf\xe9",
      "caf\xc3\xa9",
      "\xa0",
    ].map((value) => ({
      what: `Host: ${JSON.stringify(value)}`,
      bytes: `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`,
      refused: 400,
    })),
    {
      // RFC 9112, section 3.2.2, lets the target win. Who is in between may have gone by the Host: two readings.
      what: "an absolute form and a Host that disagree",
      bytes: "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form and a Host that disagree about the port",
      bytes: "GET http://a:8000/ HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
    },
    {
      what: "an absolute form and a Host with the default port of another scheme",
      bytes: "GET http://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n",
      refused: 400,
    },
  ],
};

const contentLength: WireGroup = {
  about: "Content-Length (RFC 9110, section 8.6; RFC 9112, section 6.3)",
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
      what: "leading zeros",
      bytes: POST + "Content-Length: 0005\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      what: "a length with spaces around it",
      bytes: POST + "content-length:   5  \r\n\r\nhello",
      requests: [{ method: "POST", body: "hello" }],
    },
    {
      // White space by the letter of RFC 9110, section 5.6.3, and a part of the value to some.
      what: "a length with a tab before it",
      bytes: POST + "content-length:\t5\r\n\r\nhello",
      refused: 400,
    },
    {
      what: "a length with a tab behind it",
      bytes: POST + "Content-Length: 5\t\r\n\r\nhello",
      refused: 400,
    },
    {
      what: "a body in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
      requests: [{ method: "POST", body: "hello", persists: false }],
    },
    {
      what: "a part of a body",
      bytes: POST + "Content-Length: 5\r\n\r\nhell",
      awaiting: "body",
    },
    {
      what: "a head whose body is still to come",
      bytes: POST + "Content-Length: 5\r\n\r\n",
      awaiting: "body",
    },
    ...[
      "",
      "+5",
      "-5",
      "-0",
      "5 5",
      "5,5",
      "5, 5",
      "5;5",
      "5,",
      ",5",
      "0x5",
      "5h",
      "5.0",
      "5e1",
      "1_0",
      "'5'",
      '"5"',
      "five",
      "NaN",
      "Infinity",
      "5\xa0",
      "\xb2",
      "\xd9\xa5",
      "\x0b5",
      "5\0",
      "5\r",
      "5\n",
      "5\r\n 5",
      "5\r\nContent-Length: 5",
      "5\r\nContent-Length: 6",
      "5\r\nContent-Length:",
      "\r\nContent-Length: 5",
      "0\r\nContent-Length: 0",
      "5\r\nA: b\r\nCONTENT-LENGTH: 5",
    ].map((value) => ({
      what: `Content-Length: ${JSON.stringify(value)}`,
      bytes: `${POST}Content-Length: ${value}\r\n\r\nhello`,
      refused: 400,
    })),
    {
      what: "a space before the colon of Content-Length",
      bytes: POST + "Content-Length : 5\r\n\r\nhello",
      refused: 400,
    },
    {
      what: "a length over the limit",
      bytes: POST + "Content-Length: 1000001\r\n\r\n",
      refused: 413,
    },
    {
      what: "the largest length that a double holds exactly",
      bytes: POST + "Content-Length: 9007199254740991\r\n\r\nhello",
      refused: 413,
    },
    // A size past 2^53 is no number to compare with a limit: 400, where one that is merely too large gets 413.
    {
      what: "a length that no double holds exactly",
      bytes: POST + "Content-Length: 9007199254740993\r\n\r\nhello",
      refused: 400,
    },
    {
      what: "a length that is 5 in 32 bits",
      bytes: POST + "Content-Length: 4294967301\r\n\r\nhello",
      refused: 413,
    },
    {
      what: "a length that is 5 in 64 bits",
      bytes: POST + "Content-Length: 18446744073709551621\r\n\r\nhello",
      refused: 400,
    },
    {
      what: "a length of hundreds of digits",
      bytes: `${POST}Content-Length: ${"9".repeat(400)}\r\n\r\nhello`,
      refused: 400,
    },
  ],
};

const transferEncoding: WireGroup = {
  about: "Transfer-Encoding (RFC 9112, sections 6.1 and 6.3)",
  cases: [
    ...["chunked", "Chunked", "CHUNKED", "  chunked  "].map((value) => ({
      what: `Transfer-Encoding: ${JSON.stringify(value)}`,
      bytes: `${POST}Transfer-Encoding: ${value}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      requests: [{ method: "POST", body: "hello" }],
    })),
    {
      what: "chunked in HTTP/1.2",
      bytes: "POST / HTTP/1.2\r\nHost: a\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n",
      requests: [{ method: "POST" }],
    },
    ...[
      ["", 400],
      [",", 400],
      ["chunked,", 400],
      [",chunked", 400],
      ["chunked, chunked", 400],
      ["chunked,chunked", 400],
      ["chunked, gzip", 400],
      ["chunked, identity", 400],
      ["gzip, chunked, gzip", 400],
      ["chunked gzip", 400],
      ["chunked;a=b", 400],
      ["chunked; a", 400],
      ['"chunked"', 400],
      ["chun ked", 400],
      ["chunked\x0b", 400],
      ["\x0bchunked", 400],
      ["chunked\x0c", 400],
      ["chunked\0", 400],
      ["chunked\xa0", 400],
      ["\xa0chunked", 400],
      ["chunked\x85", 400],
      ["\xefchunked", 400],
      // A tab is white space by the letter of RFC 9110, section 5.6.3; some front ends trim spaces alone.
      ["\tchunked", 400],
      ["chunked\t", 400],
      ["\t chunked", 400],
      ["chunked\r", 400],
      ["chunked\n", 400],
      ["\r\n chunked", 400],
      ["\r\n\tchunked", 400],
      ["chunked\r\n gzip", 400],
      ["chunked\r\nTransfer-Encoding: chunked", 400],
      ["chunked\r\nTransfer-Encoding: gzip", 400],
      ["chunked\r\nTransfer-Encoding:", 400],
      ["\r\nTransfer-Encoding: chunked", 400],
      ["chunked\r\nA: b\r\ntransfer-encoding: identity", 400],
      ["chunked\r\nContent-Length: 5", 400],
      ["chunked\r\nContent-Length: 0", 400],
      ["chunked\r\nContent-Length:", 400],
      ["gzip\r\nContent-Length: 5", 400],
      ["identity\r\nContent-Length: 5", 400],
      ["\r\nContent-Length: 5", 400],
      // RFC 9112, section 6.3, has 400 for a last coding that is not chunked; section 6.1 and the design page have 501.
      ["gzip", 501],
      ["deflate", 501],
      ["compress", 501],
      ["identity", 501],
      ["gzip, chunked", 501],
      ["gzip,chunked", 501],
      ["identity, chunked", 501],
      ["gzip\r\nTransfer-Encoding: chunked", 501],
      ["xchunked", 501],
      ["chunkedx", 501],
      ["x-chunked", 501],
      ["'chunked'", 501],
      ["cow", 501],
      ["gzip;level=9, chunked", 501],
    ].map(([value, status]) => ({
      what: `Transfer-Encoding: ${JSON.stringify(value)}`,
      bytes: `${POST}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n`,
      refused: status as number,
    })),
    {
      what: "Content-Length before Transfer-Encoding",
      bytes: POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "a Content-Length that is malformed before Transfer-Encoding",
      bytes: POST + "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "chunked in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "identity in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n",
      refused: 400,
    },
    {
      what: "chunked in HTTP/1.0 with a Content-Length and keep-alive",
      bytes: "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "a space before the colon of Transfer-Encoding",
      bytes: POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "Transfer-Encoding folded into the field before it",
      bytes: POST + "A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "Transfer-Encoding behind a bare LF",
      bytes: POST + "A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
    {
      what: "Transfer-Encoding behind a bare CR",
      bytes: POST + "A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 400,
    },
  ],
};

const chunked: WireGroup = {
  about: "chunked bodies (RFC 9112, section 7.1)",
  cases: [
    ...([
      ["an empty body", "0\r\n\r\n", ""],
      ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
      ["several chunks", "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"],
      ["a size in lower-case hexadecimal", "b\r\nhello world\r\n0\r\n\r\n", "hello world"],
      ["a size in upper-case hexadecimal", "B\r\nhello world\r\n0\r\n\r\n", "hello world"],
      ["a size of two digits", `1a\r\n${"x".repeat(26)}\r\n0\r\n\r\n`, "x".repeat(26)],
      ["a size of mixed case", `aB\r\n${"x".repeat(171)}\r\n0\r\n\r\n`, "x".repeat(171)],
      ["a size with leading zeros", "000005\r\nhello\r\n0\r\n\r\n", "hello"],
      ["several zeros as the last chunk", "5\r\nhello\r\n000\r\n\r\n", "hello"],
      ["every kind of byte", "6\r\n\0\r\n\x7f\x80\xff\r\n0\r\n\r\n", "\0\r\n\x7f\x80\xff"],
      ["data that look like the end", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"],
      ["an extension without a value", "5;a\r\nhello\r\n0\r\n\r\n", "hello"],
      ["an extension with a token", "5;a=b\r\nhello\r\n0\r\n\r\n", "hello"],
      ["an extension with a quoted string", '5;a="b c"\r\nhello\r\n0\r\n\r\n', "hello"],
      ["an empty quoted string", '5;a=""\r\nhello\r\n0\r\n\r\n', "hello"],
      ["a quoted string with a semicolon", '5;a=";6"\r\nhello\r\n0\r\n\r\n', "hello"],
      ["a quoted string with quoted pairs", '5;a="\\"\\\\\\b"\r\nhello\r\n0\r\n\r\n', "hello"],
      ["a quoted string with tab and obs-text", '5;a="\t\xe9"\r\nhello\r\n0\r\n\r\n', "hello"],
      ["several extensions", '5;a=b;c;d="e";f\r\nhello\r\n0\r\n\r\n', "hello"],
      ["an extension of digits", "5;6=7\r\nhello\r\n0\r\n\r\n", "hello"],
      ["an extension of the last chunk", "5\r\nhello\r\n0;a=b\r\n\r\n", "hello"],
      ["a trailer", "5\r\nhello\r\n0\r\nA: b\r\n\r\n", "hello"],
      ["several trailers", "0\r\nA: b\r\nC:\r\nA: \t d\r\n\r\n", ""],
    ] as const).map(([what, bytes, body]) => ({
      what,
      bytes: CHUNKED + bytes,
      requests: [{ method: "POST", body }],
    })),
    {
      what: "trailers that only look like the fields of a head",
      bytes: CHUNKED + "0\r\nContent-Lengths: 9\r\nX-Host: b\r\n\r\n",
      requests: [{
        method: "POST",
        fields: [["Host", "a"], ["Transfer-Encoding", "chunked"]],
      }],
    },
    ...[
      "Content-Length: 9",
      "transfer-encoding: gzip",
      "Host: b",
      "Connection: close",
      "Expect: tea",
    ]
      .map((field) => ({
        what: `a trailer that says how a message is read (RFC 9110, section 6.5.1): ${field}`,
        bytes: CHUNKED + `0\r\nA: b\r\n${field}\r\n\r\n`,
        refused: 400,
      })),
    ...[
      "",
      "5",
      "5\r",
      "5\r\n",
      "5\r\nhell",
      "5\r\nhello",
      "5\r\nhello\r",
      "5\r\nhello\r\n",
      "5;a",
      '5;a="',
      "5\r\nhello\r\n0",
      "5\r\nhello\r\n0\r\n",
      "0\r\nA: b\r\n",
      "0\r\n\r",
    ].map((bytes) => ({
      what: `a body of which only ${JSON.stringify(bytes)} has come`,
      bytes: CHUNKED + bytes,
      awaiting: "body" as const,
    })),
    ...[
      ["a size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"],
      ["a size with a plus sign", "+5\r\nhello\r\n0\r\n\r\n"],
      ["a size with a minus sign", "-5\r\nhello\r\n0\r\n\r\n"],
      ["a size with an underscore", "0_5\r\nhello\r\n0\r\n\r\n"],
      ["a size with a point", "5.0\r\nhello\r\n0\r\n\r\n"],
      ["a size with a comma", "5,5\r\nhello\r\n0\r\n\r\n"],
      ["a size in quotes", '"5"\r\nhello\r\n0\r\n\r\n'],
      ["a size behind a space", " 5\r\nhello\r\n0\r\n\r\n"],
      ["a size behind a tab", "\t5\r\nhello\r\n0\r\n\r\n"],
      ["a size before a space", "5 \r\nhello\r\n0\r\n\r\n"],
      ["a size before a tab", "5\t\r\nhello\r\n0\r\n\r\n"],
      ["a size before a vertical tab", "5\x0b\r\nhello\r\n0\r\n\r\n"],
      ["a size before a NUL", "5\0\r\nhello\r\n0\r\n\r\n"],
      ["a size with a space inside", "0 5\r\nhello\r\n0\r\n\r\n"],
      ["a size that is no hexadecimal number", "g\r\nhello\r\n0\r\n\r\n"],
      ["a size with an h behind it", "5h\r\nhello\r\n0\r\n\r\n"],
      ["a size of other digits", "\xd9\xa5\r\nhello\r\n0\r\n\r\n"],
      ["a size that is empty", "\r\nhello\r\n0\r\n\r\n"],
      ["a last chunk whose size is empty", "\r\n\r\n"],
      ["a last chunk behind another one whose size is empty", "5\r\nhello\r\n\r\n\r\n"],
      ["a last chunk that is only an extension", ";a\r\n\r\n"],
      ["a size that is only an extension", ";a=b\r\nhello\r\n0\r\n\r\n"],
      ["a bare LF behind a size", "5\nhello\r\n0\r\n\r\n"],
      ["a bare CR behind a size", "5\rhello\r\n0\r\n\r\n"],
      ["CR CR LF behind a size", "5\r\r\nhello\r\n0\r\n\r\n"],
      ["a bare LF behind data", "5\r\nhello\n0\r\n\r\n"],
      ["a bare CR behind data", "5\r\nhello\r0\r\n\r\n"],
      ["CR CR LF behind data", "5\r\nhello\r\r\n0\r\n\r\n"],
      ["data without their CRLF", "5\r\nhello0\r\n\r\n"],
      ["data that are longer than their size", "4\r\nhello\r\n0\r\n\r\n"],
      ["two CRLFs behind data", "5\r\nhello\r\n\r\n0\r\n\r\n"],
      ["a bare LF behind the last chunk", "0\n\r\n"],
      ["a bare LF as the end", "0\r\n\n"],
      ["a bare CR as the end", "0\r\n\rG"],
      ["the next request in place of the end", `0\r\n${PLAIN}`],
      ["seventeen digits, which are 5 in 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
      ["seventeen digits, most of them zeros", "00000000000000005\r\nhello\r\n0\r\n\r\n"],
      ["an extension without a name", "5;\r\nhello\r\n0\r\n\r\n"],
      ["an extension with a value and without a name", "5;=b\r\nhello\r\n0\r\n\r\n"],
      ["an extension without the value it promises", "5;a=\r\nhello\r\n0\r\n\r\n"],
      ["two semicolons", "5;;a\r\nhello\r\n0\r\n\r\n"],
      ["a semicolon at the end of the extensions", "5;a;\r\nhello\r\n0\r\n\r\n"],
      ["an extension of two words", "5;a b\r\nhello\r\n0\r\n\r\n"],
      ["an extension with two values", "5;a=b=c\r\nhello\r\n0\r\n\r\n"],
      ["text behind a quoted string", '5;a="b"c\r\nhello\r\n0\r\n\r\n'],
      ["a quoted string behind a token", '5;a=b"c"\r\nhello\r\n0\r\n\r\n'],
      ["a quoted string that does not end on its line", '5;a="b\r\nhello"\r\n0\r\n\r\n'],
      ["a quoted string with a quoted CR", '5;a="\\\r\n"\r\nhello\r\n0\r\n\r\n'],
      ["a bare LF behind an extension", "5;a\nhello\r\n0\r\n\r\n"],
      ["a bare LF behind a quoted string", '5;a="b"\nhello\r\n0\r\n\r\n'],
      ["a bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
      ["NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n"],
      ["NUL in a quoted string", '5;a="\0"\r\nhello\r\n0\r\n\r\n'],
      ["obs-text in an extension", "5;\xe9\r\nhello\r\n0\r\n\r\n"],
      // RFC 9112, section 7.1.1, tolerates white space around ";" and "="; some parsers end the size at it.
      ["white space before an extension", "5 ;a\r\nhello\r\n0\r\n\r\n"],
      ["white space before an extension's name", "5; a\r\nhello\r\n0\r\n\r\n"],
      ["white space before an extension's value", "5;a= b\r\nhello\r\n0\r\n\r\n"],
      ["white space behind an extension's name", "5;a =b\r\nhello\r\n0\r\n\r\n"],
      ["white space behind an extension", "5;a=b \r\nhello\r\n0\r\n\r\n"],
      ["a trailer without a colon", "0\r\nA\r\n\r\n"],
      ["a trailer with a space before its colon", "0\r\nA : b\r\n\r\n"],
      ["a trailer without a name", "0\r\n: b\r\n\r\n"],
      ["a trailer that is folded", "0\r\nA: b\r\n c\r\n\r\n"],
      ["white space before the first trailer", "0\r\n A: b\r\n\r\n"],
      ["NUL in a trailer", "0\r\nA: \0\r\n\r\n"],
      ["a bare LF behind a trailer", "0\r\nA: b\n\r\n"],
      ["a bare CR behind a trailer", "0\r\nA: b\rC: d\r\n\r\n"],
    ].map(([what, bytes]) => ({ what, bytes: CHUNKED + bytes, refused: 400 })),
    { what: "a chunk over the limit", bytes: CHUNKED + "f4241\r\n", refused: 413 },
    { what: "a chunk that is 5 in 32 bits", bytes: CHUNKED + "100000005\r\nhello", refused: 413 },
    {
      what: "a chunk of the largest size that a double holds exactly",
      bytes: CHUNKED + "1fffffffffffff\r\nhello",
      refused: 413,
    },
    {
      what: "a chunk of sixteen digits",
      bytes: CHUNKED + "ffffffffffffffff\r\nhello",
      refused: 400,
    },
    {
      what: "a chunk whose size no double holds exactly",
      bytes: CHUNKED + "20000000000001\r\nhello",
      refused: 400,
    },
    {
      what: "a chunk over the limit with an extension",
      bytes: CHUNKED + "f4241;a\r\n",
      refused: 413,
    },
  ],
};

const pipelining: WireGroup = {
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
    { what: "garbage behind a request", bytes: PLAIN + "\0", requests: [{}], refused: 400 },
    {
      what: "a body that no length has announced",
      bytes: POST + "\r\nhello world\r\n",
      requests: [{ method: "POST" }],
      refused: 400,
    },
    {
      what: "a body that is longer than its length",
      bytes: POST + "Content-Length: 5\r\n\r\nhello\0",
      requests: [{ method: "POST", body: "hello" }],
      refused: 400,
    },
    {
      what: "a space between two requests, and nothing behind it",
      bytes: PLAIN + " " + PLAIN + PLAIN,
      requests: [{}],
      refused: 400,
    },
    {
      what: "nothing behind a request that ends the connection",
      bytes: PLAIN + CLOSE + PLAIN,
      requests: [{}, { persists: false }],
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
      what: "a Host that is missing in the second request",
      bytes: PLAIN + "GET / HTTP/1.1\r\n\r\n",
      requests: [{}],
      refused: 400,
    },
  ],
};

/** A request with that Connection field. */
function withConnection(version: string, value: string): string {
  return `GET / HTTP/${version}\r\nHost: a\r\nConnection: ${value}\r\n\r\n`;
}

const persistence: WireGroup = {
  about: "persistence (RFC 9112, section 9.3)",
  cases: [
    { what: "HTTP/1.1 as persistent", bytes: PLAIN, requests: [{ persists: true }] },
    ...([
      ["1.1", "close", false],
      ["1.1", "Close", false],
      ["1.1", "CLOSE", false],
      ["1.1", "keep-alive", true],
      ["1.1", "keep-alive, close", false],
      ["1.1", "close, keep-alive", false],
      ["1.1", "TE,close", false],
      ["1.1", "TE\t,\tclose\t, upgrade", false],
      ["1.1", ", close ,", false],
      ["1.1", "", true],
      ["1.1", "upgrade", true],
      ["1.1", "closed", true],
      ["1.1", "x-close", true],
      ["1.1", "clo se", true],
      ["1.1", "\xa0close", true],
      ["1.1", "keep-alive\r\nConnection: close", false],
      ["1.1", "close\r\nconnection: keep-alive", false],
      ["1.2", "close", false],
      ["1.2", "TE", true],
      ["1.0", "keep-alive", true],
      ["1.0", "Keep-Alive", true],
      ["1.0", "TE, keep-alive", true],
      ["1.0", "TE\r\nConnection: keep-alive", true],
      ["1.0", "close", false],
      ["1.0", "keep-alive, close", false],
      ["1.0", "close\r\nConnection: keep-alive", false],
      ["1.0", "", false],
      ["1.0", "TE", false],
      ["1.0", "keep-alives", false],
    ] as const).map(([version, value, persists]) => ({
      what: `HTTP/${version} with Connection: ${JSON.stringify(value)} as ${
        persists ? "persistent" : "the last"
      }`,
      bytes: withConnection(version, value),
      requests: [{ persists }],
    })),
    {
      what: "a Keep-Alive field in HTTP/1.0 without the option as the last",
      bytes: "GET / HTTP/1.0\r\nKeep-Alive: timeout=5\r\n\r\n",
      requests: [{ persists: false }],
    },
    {
      what: "Proxy-Connection as nothing (appendix C.2.2)",
      bytes: "GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
      requests: [{ persists: false }],
    },
  ],
};

const expectation: WireGroup = {
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
      what: "100-continue in another case",
      bytes: POST + "expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
      requests: [{ method: "POST", body: "x", continues: true }],
    },
    {
      what: "100-continue twice",
      bytes: POST + "Expect: 100-continue, 100-continue\r\nContent-Length: 1\r\n\r\nx",
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
      what: "100-continue on two requests in a row",
      bytes: (POST + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx").repeat(2),
      requests: [
        { method: "POST", body: "x", continues: true },
        { method: "POST", body: "x", continues: true },
      ],
    },
    {
      what: "an Expect field without members, and does as if it was not there",
      bytes: POST + "Expect:\r\nContent-Length: 1\r\n\r\nx",
      requests: [{ method: "POST", body: "x" }],
    },
    {
      what: "another expectation, and declines it with 417",
      bytes: HEAD + "Expect: tea\r\n\r\n",
      requests: [{ declined: 417 }],
    },
    {
      what: "another expectation beside 100-continue, and declines it with 417",
      bytes: HEAD + "Expect: 100-continue, tea\r\n\r\n",
      requests: [{ declined: 417 }],
    },
    {
      what: "another expectation in a second line, and declines it with 417",
      bytes: HEAD + "Expect: 100-continue\r\nExpect: tea\r\n\r\n",
      requests: [{ declined: 417 }],
    },
    {
      what: "another expectation that begins alike, and declines it with 417",
      bytes: HEAD + "Expect: 100-continued\r\n\r\n",
      requests: [{ declined: 417 }],
    },
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
    {
      what: "another expectation before a body of a length",
      bytes: POST + "Expect: tea\r\nContent-Length: 5\r\n\r\nhello",
      refused: 417,
    },
    {
      what: "another expectation before a chunked body",
      bytes: POST + "Expect: tea\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refused: 417,
    },
    {
      what: "100-continue before a body that is too large",
      bytes: POST + "Expect: 100-continue\r\nContent-Length: 1000001\r\n\r\n",
      refused: 413,
    },
    {
      what: "100-continue before a body that is framed in two ways",
      bytes: POST +
        "Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      refused: 400,
    },
  ],
};

/** A head of so many bytes. */
function headOf(bytes: number): string {
  const start = HEAD + "A: ";
  return start + "b".repeat(bytes - start.length - 4) + "\r\n\r\n";
}

/** So many field lines, of six bytes each. */
function fieldLines(count: number): string {
  return "A: b\r\n".repeat(count);
}

const limits: WireGroup = {
  about: "limits (design page, section 2)",
  cases: [
    {
      what: "a target of 8 KiB",
      bytes: `GET /${"a".repeat(8_191)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      requests: [{ target: "/" + "a".repeat(8_191) }],
    },
    {
      what: "a target of more than 8 KiB",
      bytes: `GET /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
    },
    {
      what: "a target of more than 8 KiB that does not end",
      bytes: `GET /${"a".repeat(8_192)}`,
      refused: 414,
    },
    {
      what: "a target of 8 KiB that does not end",
      bytes: `GET /${"a".repeat(8_191)}`,
      awaiting: "head",
    },
    {
      what: "a query that makes the target too long",
      bytes: `GET /?${"a".repeat(8_191)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
    },
    {
      what: "a HEAD request whose target is too long, whose answer has no body",
      bytes: `HEAD /${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      refused: 414,
      isHeadRequest: true,
    },
    {
      what: "a target at the limit",
      bytes: "GET /234567 HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxTargetBytes: 7 },
      requests: [{ target: "/234567" }],
    },
    {
      what: "a target one byte over the limit",
      bytes: "GET /234567 HTTP/1.1\r\nHost: a\r\n\r\n",
      limits: { maxTargetBytes: 6 },
      refused: 414,
    },
    { what: "a head of 16 KiB", bytes: headOf(16_384), requests: [{}] },
    { what: "a head of more than 16 KiB", bytes: headOf(16_385), refused: 431 },
    {
      what: "a head of more than 16 KiB that does not end",
      bytes: HEAD + "A".repeat(16_384),
      refused: 431,
    },
    { what: "a method of more than 16 KiB", bytes: "G".repeat(16_384), refused: 431 },
    {
      what: "a head of 16 KiB behind an empty line, and another one",
      bytes: "\r\n" + headOf(16_384) + headOf(16_384),
      requests: [{}, {}],
    },
    {
      what: "a head at the limit",
      bytes: headOf(80),
      limits: { maxHeadBytes: 80 },
      requests: [{}],
    },
    {
      what: "a head one byte over the limit",
      bytes: headOf(81),
      limits: { maxHeadBytes: 80 },
      refused: 431,
    },
    {
      what: "a head whose version crosses the limit",
      bytes: `GET /${"a".repeat(60)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      limits: { maxHeadBytes: 70 },
      refused: 431,
    },
    ...["GET / HTTP/1.", "GET / HTTP/1.1\r\nHost: a\r", "GET / HTTP/1.1\r\nHost: a\r\n\r"].map((
      part,
    ) => ({
      what: `${JSON.stringify(part)} behind a request that fills most of the limit`,
      bytes: `GET /${"a".repeat(30)} HTTP/1.1\r\nHost: a\r\n\r\n${part}`,
      limits: { maxHeadBytes: 64 },
      requests: [{ target: "/" + "a".repeat(30) }],
      awaiting: "head" as const,
    })),
    {
      what: "a head of 100,000 bytes where that is allowed",
      bytes: headOf(100_000),
      limits: { maxHeadBytes: 100_000 },
      requests: [{}],
    },
    {
      what: "a head of more than 100,000 bytes where that is the limit",
      bytes: headOf(100_001),
      limits: { maxHeadBytes: 100_000 },
      refused: 431,
    },
    {
      what: "a HEAD request whose head is too large, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nA: " + "b".repeat(100) + "\r\n\r\n",
      limits: { maxHeadBytes: 80 },
      refused: 431,
      isHeadRequest: true,
    },
    {
      what: "100 fields",
      bytes: HEAD + fieldLines(99) + "\r\n",
      requests: [{}],
    },
    { what: "101 fields", bytes: HEAD + fieldLines(100) + "\r\n", refused: 431 },
    {
      what: "as many fields as the limit allows",
      bytes: HEAD + fieldLines(2) + "\r\n",
      limits: { maxHeaderCount: 3 },
      requests: [{}],
    },
    {
      what: "one field more than the limit allows",
      bytes: HEAD + fieldLines(3) + "\r\n",
      limits: { maxHeaderCount: 3 },
      refused: 431,
    },
    {
      what: "a body of 1,000,000 bytes, as far as it has come",
      bytes: POST + "Content-Length: 1000000\r\n\r\n",
      awaiting: "body",
    },
    {
      what: "a body at the limit",
      bytes: POST + "Content-Length: 8\r\n\r\n12345678",
      limits: { maxBodyBytes: 8 },
      requests: [{ method: "POST", body: "12345678" }],
    },
    {
      what: "a body one byte over the limit, before it is read",
      bytes: POST + "Content-Length: 9\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
    },
    {
      what: "no body where none is allowed",
      bytes: POST + "Content-Length: 0\r\n\r\n" + CHUNKED + "0\r\n\r\n",
      limits: { maxBodyBytes: 0 },
      requests: [{ method: "POST" }, { method: "POST" }],
    },
    {
      what: "a body where none is allowed",
      bytes: POST + "Content-Length: 1\r\n\r\n",
      limits: { maxBodyBytes: 0 },
      refused: 413,
    },
    {
      what: "a HEAD request whose body is too large, whose answer has no body",
      bytes: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
      isHeadRequest: true,
    },
    {
      what: "a chunked body at the limit",
      bytes: CHUNKED + "5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n",
      limits: { maxBodyBytes: 8 },
      requests: [{ method: "POST", body: "12345678" }],
    },
    {
      what: "a chunked body one byte over the limit, before its last chunk is read",
      bytes: CHUNKED + "5\r\n12345\r\n4\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
    },
    {
      what: "a first chunk one byte over the limit, before it is read",
      bytes: CHUNKED + "9\r\n",
      limits: { maxBodyBytes: 8 },
      refused: 413,
    },
    {
      what: "chunk extensions as long as a head may be",
      bytes: `${CHUNKED}0;${"a".repeat(16_000)}\r\n\r\n`,
      requests: [{ method: "POST" }],
    },
    {
      what: "chunk extensions that are longer than a head may be",
      bytes: `${CHUNKED}0;${"a".repeat(16_385)}\r\n\r\n`,
      refused: 400,
    },
    {
      what: "chunk extensions that are too long together",
      bytes: CHUNKED + `1;${"a".repeat(40)}\r\nx\r\n`.repeat(2) + "0\r\n\r\n",
      limits: { maxHeadBytes: 78 },
      refused: 400,
    },
    {
      what: "trailers as long as a head may be",
      bytes: `${CHUNKED}0\r\nA: ${"b".repeat(16_384 - 7)}\r\n\r\n`,
      requests: [{ method: "POST" }],
    },
    {
      what: "trailers that are longer than a head may be",
      bytes: `${CHUNKED}0\r\nA: ${"b".repeat(16_384 - 6)}\r\n\r\n`,
      refused: 431,
    },
    {
      what: "100 trailers",
      bytes: `${CHUNKED}0\r\n${fieldLines(100)}\r\n`,
      requests: [{ method: "POST" }],
    },
    { what: "101 trailers", bytes: `${CHUNKED}0\r\n${fieldLines(101)}\r\n`, refused: 431 },
  ],
};

export const WIRE_GROUPS: readonly WireGroup[] = [
  requestLine,
  targets,
  methods,
  fields,
  host,
  contentLength,
  transferEncoding,
  chunked,
  pipelining,
  persistence,
  expectation,
  limits,
];
