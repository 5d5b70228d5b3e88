// RFC 9112, section 3.2: a target is a path and a query, an absolute URI, a host and a port (for CONNECT alone), or "*"
// (for OPTIONS alone). RFC 3986 allows fewer bytes than browsers send; we let through what the URL standard's serializer
// leaves as it is, and refuse what no serializer lets out: controls, space, `"`, `<`, `>`, `#`, and everything above 0x7E.
// A fragment is no part of a target. A backslash in a path is a slash to some and a character to others, so it is refused.
// The path is split on "/" first, then its dot segments are resolved (the URL standard, section 4.4), and then it is
// decoded, once: an encoded slash never makes a segment. Decoding is lossy (design page, section 2), so no escape is an
// error but one: an encoded NUL in a path ends the text for whoever hands it to a system call (RFC 3986, section 7.3), and is
// refused. A query is not decoded here, so what it encodes stays in it.

import { refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request for that target. */
function withTarget(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** The same without a Host, which a target might disagree with. */
function withoutHost(target: string): string {
  return `GET ${target} HTTP/1.0\r\n\r\n`;
}

/** Cases that are refused, by what they have in place of a target. */
function targets(list: readonly string[], request = withTarget): [string, string][] {
  return list.map((target) => [`the target ${JSON.stringify(target)}`, request(target)]);
}

export const originForm: WireGroup = {
  about: "targets that are a path and a query (RFC 9112, section 3.2.1)",
  cases: [
    ...([
      ["a path and a query", "/a/b?c=d&e=%20", "/a/b", "c=d&e=%20"],
      ["an empty query", "/a?", "/a", ""],
      ["a query behind the root", "/?a", "/", "a"],
      ["a query of a question mark", "/a??", "/a", "?"],
      [
        "a query with question marks, slashes and dot segments, and leaves it as it is",
        "/a?b?/../c",
        "/a",
        "b?/../c",
      ],
      [
        "a query with escapes, and leaves them as they are",
        "/?%41%00%0d%0a%",
        "/",
        "%41%00%0d%0a%",
      ],
      ["an encoded NUL in a query", "/a?%00", "/a", "%00"],
      ["an encoded NUL in the middle of a query", "/?a=%00&b", "/", "a=%00&b"],
      ["empty segments as segments", "//a//b/", "//a//b/", ""],
      ["a path that looks like an authority", "//user@b:80/c", "//user@b:80/c", ""],
      ["a path that looks like a URI", "/http://b/c", "/http://b/c", ""],
      ["a path of an asterisk", "/*", "/*", ""],
      [
        "sub-delimiters, colons and at signs in a path",
        "/a:b@c!$&'()*+,;=~",
        "/a:b@c!$&'()*+,;=~",
        "",
      ],
      ["path parameters as parts of their segments", "/a;b=c/..;/d", "/a;b=c/..;/d", ""],
      [
        "the characters that browsers leave as they are",
        "/|^`{}[]?|^`{}[]\\",
        "/|^`{}[]",
        "|^`{}[]\\",
      ],
    ] as const).map(([what, target, path, query]) => ({
      what,
      bytes: withTarget(target),
      requests: [{ target, path, query }],
    })),
    ...([
      ["a percent-encoded path", "/a%20b/%E4%BD%A0", "/a b/\u4f60"],
      ["an encoded slash, which stays encoded", "/a%2fb%2Fc", "/a%2Fb%2Fc"],
      ["an encoded question mark, which begins no query", "/a%3Fb", "/a?b"],
      ["an encoded backslash, which is a character", "/a%5c..%5Cb", "/a\\..\\b"],
      ["an encoded percent sign, and decodes it once", "/%25%30%30", "/%00"],
      ["a doubly encoded NUL, and decodes it once", "/a%2500b", "/a%00b"],
      ["a doubly encoded NUL alone", "/%2500", "/%00"],
      ["an encoded zero behind half of an escape, which make no NUL", "/a%0%30", "/a%00"],
      ["half of an encoded NUL, which stays as it is", "/a%0", "/a%0"],
      ["an overlong encoded NUL, which is none", "/a%c0%80b", "/a\ufffd\ufffdb"],
      ["a NUL as JavaScript escapes it, which is none", "/a%u0000", "/a%u0000"],
      ["an encoded control that is no NUL", "/a%01b", "/a\x01b"],
      ["zeros behind another escape", "/a%2000", "/a 00"],
      ["encoded CR and LF, which end no line", "/a%0d%0aX:%20y", "/a\r\nX: y"],
      ["a malformed escape, which stays as it is", "/100%/%zz", "/100%/%zz"],
      ["half of an escape at the end, which stays as it is", "/a%2", "/a%2"],
      ["an escape that is not UTF-8, and loses it", "/%ff", "/\ufffd"],
      ["an escape of an overlong slash, which is no slash", "/a%c0%afb", "/a\ufffd\ufffdb"],
      ["an escape of half a surrogate pair, and loses it", "/%ed%a0%80", "/\ufffd\ufffd\ufffd"],
      ["dot segments, and resolves them", "/a/./b/../c", "/a/c"],
      ["a dot segment at the end, and keeps the slash", "/a/.", "/a/"],
      ["two dots at the end, and keep the slash", "/a/b/..", "/a/"],
      ["dots alone as the root", "/.", "/"],
      ["two dots alone as the root", "/..", "/"],
      ["encoded dot segments, and resolves them, too", "/a/%2e%2E/.%2e/%2e/b", "/b"],
      [
        "dot segments that would leave the root, and stays there",
        "/../../etc/passwd",
        "/etc/passwd",
      ],
      ["dot segments behind empty ones", "//../a", "/a"],
      ["doubly encoded dots, and decodes them once", "/a/%252e%252e/b", "/a/%2e%2e/b"],
      ["dots beside an encoded slash, which are no dot segment", "/a/..%2fb", "/a/..%2Fb"],
      ["names that begin with dots", "/.../.a/..b", "/.../.a/..b"],
    ] as const).map(([what, target, path]) => ({
      what,
      bytes: withTarget(target),
      requests: [{ target, path, query: "" }],
    })),

    ...refusedFor("badTarget", 400, [
      ...targets([
        "/a#b",
        "/a?b#",
        "/#",
        "#a",
        '/"a"',
        "/<a>",
        "/?<a",
        "/?a>",
        "/a\0",
        "/a\0b",
        "/?a\0",
        "/\x01",
        "/?a\x01",
        "/\x08",
        "/\x1b[31m",
        "/\x1f",
        "/\x7f",
        "/\x80",
        "/caf\xe9",
        "/\xa0",
        "/\xff",
        "/?\xff",
        "/\xc3\xa9",
        "/\xc0\xaf",
        "/\xef\xbc\x8f",
      ]),
      ...targets([
        "/%00",
        "/%00a",
        "/a%00b",
        "/a%00",
        "/%00/a",
        "/a/%00/b",
        "/a/%00",
        "/a%00?b",
        "/a%00/?%00",
        "/%00%00",
        "/a%00.png",
        "/..%00/",
        "/a/../%00",
        "/%%00",
        "/%2%00",
        "/%25%00",
        "/%2500%00",
        "/%ff%00",
        "/a%2f%00",
        "/a%2F%00b",
        "//%00",
      ]),
      // What is resolved away has been written all the same.
      ["an encoded NUL in a segment that two dots leave", withTarget("/%00/../a")],
      ["an encoded NUL in HTTP/1.0", withoutHost("/a%00b")],
      ["OPTIONS with an encoded NUL", "OPTIONS /%00 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ]),
    ...refusedFor("badTargetForm", 400, [
      ...targets([
        "/a\\..\\b",
        "/a\\",
        "/\\",
        "\\a",
        "\\\\a\\b",
        "a/b",
        "admin",
        "..",
        "../../etc/passwd",
        "?a",
        "?",
        "&",
        ";a",
        "@a",
        "%2F",
        "%2Fa",
        "%00",
        "!",
      ]),
    ]),
  ],
};

export const absoluteForm: WireGroup = {
  about: "targets that are a whole URI (RFC 9112, section 3.2.2; RFC 9110, section 4.2)",
  cases: [
    ...([
      ["the absolute form", "http://a/b?c", "/b", "c"],
      ["the absolute form with https", "https://a/b?c", "/b", "c"],
      ["the absolute form without a path", "http://a", "/", ""],
      ["the absolute form with a query and without a path", "http://a?b", "/", "b"],
      ["the absolute form with an empty port", "http://a:/", "/", ""],
      ["the absolute form with the default port", "http://a:80/", "/", ""],
      ["the absolute form with a port and no path", "http://a:80", "/", ""],
      ["the absolute form with a port, a query and no path", "http://a:80?b", "/", "b"],
      ["the absolute form with dot segments", "http://a/b/../%2E%2E/c", "/c", ""],
      ["the absolute form with an at sign in path and query", "http://a/b@c?d@e", "/b@c", "d@e"],
      ["the absolute form with a URI in its query", "http://a/?http://b/", "/", "http://b/"],
      ["the absolute form with empty segments", "http://a//b", "//b", ""],
      ["the absolute form with an encoded NUL in its query", "http://a/b?%00", "/b", "%00"],
      [
        "the absolute form with an encoded NUL in a query behind no path",
        "http://a?%00",
        "/",
        "%00",
      ],
      ["the absolute form with a doubly encoded NUL", "http://a/%2500", "/%00", ""],
    ] as const).map(([what, target, path, query]) => ({
      what,
      bytes: withTarget(target),
      requests: [{ target, path, query }],
    })),
    {
      what: "the absolute form with scheme and host in capital letters",
      bytes: "GET HTTP://EXAMPLE.com/A HTTP/1.1\r\nHost: example.COM\r\n\r\n",
      requests: [{ target: "HTTP://EXAMPLE.com/A", path: "/A" }],
    },
    {
      what: "the absolute form with an IPv6 address and a port",
      bytes: "GET http://[::1]:8000/a HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
      requests: [{ target: "http://[::1]:8000/a", path: "/a" }],
    },
    {
      what: "the absolute form in HTTP/1.0 without a Host",
      bytes: withoutHost("http://a/b"),
      requests: [{ target: "http://a/b", path: "/b", persists: false }],
    },
    {
      what: "the absolute form of OPTIONS",
      bytes: "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "OPTIONS", target: "http://a", path: "/" }],
    },

    ...refusedFor("badTargetForm", 400, [
      ...targets([
        "http:",
        "http:/",
        "http://",
        "http:a",
        "http:/a",
        "http//a",
        "http:///b",
        "http:////",
        "http://?a",
        "http://:80/",
        "http://:/",
        "://a/",
        "ftp://a/b",
        "ws://a/",
        "wss://a/",
        "file:///etc/passwd",
        "urn:a",
        "mailto:a@b",
        "javascript:a",
        "xhttp://a/",
        "httpss://a/",
      ]),
      // Userinfo is refused (RFC 9110, section 4.2.4), and so is every authority that is no host.
      ...targets([
        "http://user@a/",
        "http://user:pw@a/b",
        "http://@a/",
        "http://a@/",
        "http://a@b/c",
        "http://a:80@b/c",
        "http://a%40b@c/",
        "http://a:80:80/",
        "http://a::80/",
        "http://a:80x/",
        "http://a:-1/",
        "http://a:+80/",
        "http://a:65536/",
        "http://a:99999/",
        "http://::1/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]a/",
        "http://[::1]80/",
        "http://[::1]:x/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.a]/",
        "http://[a]/",
        "http://[4712::abcd::]/",
        "http://a\\b/",
        "http://\\a/",
        "http://a\\@b/",
        "http://a|b/",
        "http://a^b/",
        "http://a,b/",
        "http://a,/",
        "http://,a/",
        "http://,/",
        "http://a,b:80",
        "http://a:80,b:80/",
        "http://{a}/",
        "http://a%/",
        "http://a%4/",
        "http://a%zz/",
        "http://a/b\\c",
      ], withoutHost),
    ]),
    ...refusedFor("badTarget", 400, [
      ...targets([
        "http://a#b",
        "http://a/b#c",
        "http://a?b#c",
        "http://caf\xe9/",
        "http://a\0b/",
        "http://a/\x01",
        "http://a/%00",
        "http://a/%00b",
        "http://a/b%00c?d",
        "http://a/b%00",
        "https://a/b/%00",
        "http://a/b/%00/../c",
      ]),
      ["the absolute form with an encoded NUL in HTTP/1.0", withoutHost("http://a/b%00")],
    ]),
    ...refusedFor("badVersion", 400, [
      ["an absolute form with a space in its host", withTarget("http://a b/")],
      ["an absolute form with a space in its path", withTarget("http://a/b c")],
    ]),
  ],
};

export const otherForms: WireGroup = {
  about: "targets that are an authority or an asterisk (RFC 9112, sections 3.2.3 and 3.2.4)",
  cases: [
    {
      what: "the asterisk form of OPTIONS",
      bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      requests: [{ method: "OPTIONS", target: "*", path: "*", query: "" }],
    },
    {
      what: "the asterisk form of OPTIONS in HTTP/1.0",
      bytes: "OPTIONS * HTTP/1.0\r\n\r\n",
      requests: [{ method: "OPTIONS", target: "*", path: "*", query: "", persists: false }],
    },
    ...refusedFor("badTargetForm", 400, [
      ...["GET", "POST", "NOTIFY", "M-SEARCH", "PRI", "options", "OPTION", "OPTIONSS"].map((
        method,
      ) =>
        [
          `the asterisk form of ${method}`,
          `${method} * HTTP/1.1\r\nHost: a\r\n\r\n`,
        ] as const
      ),
      ...["**", "*?a", "*/a", "*a"].map((target) =>
        [
          `OPTIONS with the target ${JSON.stringify(target)}`,
          `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
        ] as const
      ),
      ...["GET", "POST", "OPTIONS", "PUT"].map((method) =>
        [
          `the authority form of ${method}`,
          `${method} a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n`,
        ] as const
      ),
      ["the authority form with an IPv4 address", "GET 127.0.0.1:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["the authority form with an IPv6 address", "GET [::1]:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["the authority form without a port", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"],
    ]),
    {
      what: "the asterisk form of HEAD, whose answer has no body",
      bytes: "HEAD * HTTP/1.1\r\nHost: a\r\n\r\n",
      refused: 400,
      reason: "badTargetForm",
      isHeadRequest: true,
    },
  ],
};
