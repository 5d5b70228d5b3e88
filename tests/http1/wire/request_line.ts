// RFC 9112, section 3: a method, one space, a target, one space, a version, and nothing else.
// It lets a recipient split the line at any white space, and at any amount of it. Requests have been smuggled and filters
// passed by that, so one space is one space and everything else is refused. Methods are tokens and case-sensitive (RFC
// 9110, section 9.1); which of them exist is the application's business, so one that nobody has heard of is read.

import { refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request with that method. */
function withMethod(method: string): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`;
}

export const requestLine: WireGroup = {
  about: "the request line (RFC 9112, section 3)",
  cases: [
    ...([
      ["a method in the case in which it is sent", "get"],
      ["a method that it has never heard of", "VERSION-CONTROL"],
      ["a method of one letter", "G"],
      ["a method of one digit", "0"],
      ["a method of all the marks of a token", "!#$%&'*+-.^_`|~09"],
      ["a method that is longer than most", "M".repeat(200)],
    ] as const).map(([what, method]) => ({
      what,
      bytes: withMethod(method),
      requests: [{ method }],
    })),
    {
      what: "methods that begin like GET and POST",
      bytes: withMethod("GETS") + withMethod("POS"),
      requests: [{ method: "GETS" }, { method: "POS" }],
    },
    {
      what: "methods as long as GET and POST that are neither",
      bytes: withMethod("PUT") + withMethod("POKE"),
      requests: [{ method: "PUT" }, { method: "POKE" }],
    },

    ...refusedFor("badMethod", 400, [
      ["a tab behind the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a vertical tab behind the method", "GET\x0b/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a no-break space behind the method", "GET\xa0/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["an LF behind the method", "GET\n/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a CR behind the method", "GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["no space behind the method", "GET/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["an empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a method and nothing else", "GET\r\n\r\n"],
      ["a method in quotes", withMethod('"GET"')],
      ["a method of marks that are no token", withMethod('G=":<>(e),[T];?"')],
      ["NUL before the method", withMethod("\0GET")],
      ["NUL in the method", withMethod("G\0T")],
      ["NUL behind the method", withMethod("GET\0")],
      ["DEL in the method", withMethod("G\x7fT")],
      ["obs-text in the method", withMethod("G\xc9T")],
      ["obs-text behind the method", withMethod("GET\xff")],
      ...Array.from('"(),/:;<=>?@[\\]{}', (mark) =>
        [
          `a method with ${JSON.stringify(mark)}`,
          withMethod(`G${mark}T`),
        ] as const),
    ]),
    ...refusedFor("badTarget", 400, [
      ["two spaces behind the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a space and a tab behind the method", "GET \t/ HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["an empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a method, a space and nothing else", "GET \r\n"],
      ["a tab behind the target", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a vertical tab behind the target", "GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a form feed behind the target", "GET /\x0cHTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a no-break space behind the target", "GET /\xa0HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["no space behind the target", "GET /HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a request line without a target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"],
    ]),
    ...refusedFor("badVersion", 400, [
      ["two spaces behind the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a space in the query", "GET /?a=b c HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a space in the method", "G ET / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["words before the method", "Extra lineGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a fourth part", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n"],
      ["two request lines in one", "GET / HTTP/1.1 GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["a field on the request line", "GET / HTTP/1.1 Host: a\r\n\r\n"],
    ]),
  ],
};
