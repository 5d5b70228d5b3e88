import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { encodeHead, RequestHead, Seen } from "../../src/http1/request_head.ts";
import { fieldName, fieldValue, origin, splitPlaces, token } from "./arbitraries.ts";
import { headOf, headWith } from "./heads.ts";
import { bytesOf, DEFAULT_LIMITS, fieldsOf, splitAt, textOf } from "./reading.ts";

describe("RequestHead.header()", () => {
  const head = headWith(
    "Accept: b\r\nX-Empty:\r\nACCEPT: c\r\nCookie: d=1\r\naccept:\r\ncookie: e=2\r\nX`: f\r\n",
  );

  const values: [name: string, value: string | null][] = [
    ["accept", "b, c, "],
    ["Accept", "b, c, "],
    ["aCCEPT", "b, c, "],
    ["host", "a"],
    ["x-empty", ""],
    ["Cookie", "d=1; e=2"],
    ["COOKIE", "d=1; e=2"],
    ["x`", "f"],
    ["accep", null],
    ["accept ", null],
    ["x-empt@", null],
    ["", null],
    ["x@", null],
    ["acc\u00c5pt", null],
    ["\u0141ccept", null],
  ];
  for (const [name, value] of values) {
    it(`header(${JSON.stringify(name)}) is ${JSON.stringify(value)}`, () => {
      assertEquals(head.header(name), value);
    });
  }

  it("header() does not take one mark for another whose bits differ as those of a letter's cases", () => {
    const marks = headWith("^: a\r\n_~: b\r\n!: c\r\n0: d\r\n`: e\r\n");
    assertEquals(marks.header("~"), null);
    assertEquals(marks.header("\x7f~"), null);
    assertEquals(marks.header("\x01"), null);
    assertEquals(marks.header("\x10"), null);
    assertEquals(marks.header("@"), null);
    assertEquals(marks.header("^"), "a");
    assertEquals(marks.header("`"), "e");
  });

  it("header() finds what a search through the field lines finds", () => {
    const fields = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 10 });
    fc.assert(fc.property(fields, fieldName, (sent, other) => {
      const sentHead = headWith(sent.map(([name, value]) => `${name}:${value}\r\n`).join(""));
      for (const wanted of [other, ...sent.map(([name]) => name.toUpperCase())]) {
        const found = sent.filter(([name]) => name.toLowerCase() === wanted.toLowerCase());
        const separator = wanted.toLowerCase() === "cookie" ? "; " : ", ";
        assertEquals(
          sentHead.header(wanted),
          found.length === 0 ? null : found.map(([, value]) => value).join(separator),
        );
      }
    }));
  });
});

describe("RequestHead", () => {
  it("RequestHead names its field lines in their order and case", () => {
    const head = headWith("b: c\r\nB:d \r\n");
    assertEquals(head.fieldCount, 3);
    assertEquals(fieldsOf(head), [["Host", "a"], ["b", "c"], ["B", "d"]]);
  });

  it("RequestHead says which of the fields that matter are there, and which of them repeatedly", () => {
    const head = headWith(
      "CONNECTION: a\r\nconnection: b\r\nContent-Length: 1\r\nExpect: c\r\n" +
        "Transfer-encoding: d\r\ntransfer-Encoding: e\r\nContent-Lengths: 2\r\nExpectt: f\r\n",
    );
    assertEquals(
      head.seen,
      Seen.Host | Seen.Connection | Seen.ContentLength | Seen.Expect | Seen.TransferEncoding,
    );
    assertEquals(head.repeated, Seen.Connection | Seen.TransferEncoding);
    assertEquals([headWith("").seen, headWith("").repeated], [Seen.Host, 0]);
  });

  const tabs: [fieldLines: string, hasTab: boolean][] = [
    ["A: b\r\n", false],
    ["A:\tb\r\n", true],
    ["A: b\t\r\n", true],
    ["a: b\tc\r\n", true],
    ["B: \tc\r\n", false],
    ["B: c\r\nA: b\r\nA: c\t\r\n", true],
    ["AB: \t\r\nA: b\r\nB: \t\r\n", false],
  ];
  for (const [fieldLines, hasTab] of tabs) {
    it(`hasTab("a") is ${hasTab} for ${JSON.stringify(fieldLines)}`, () => {
      assertEquals(headWith(fieldLines).hasTab("a"), hasTab);
    });
  }

  const hosts: [head: string, host: string | undefined][] = [
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "a:80"],
    ["GET / HTTP/1.1\r\nA: b\r\nhOST: c\r\nD: e\r\n\r\n", "c"],
    ["GET / HTTP/1.0\r\nA: b\r\n\r\n", undefined],
  ];
  for (const [text, host] of hosts) {
    it(`host is ${host} in ${JSON.stringify(text)}`, () => assertEquals(headOf(text).host, host));
  }

  const sameHosts: [head: string, host: string, hasHost: boolean][] = [
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "a:80", true],
    ["GET / HTTP/1.1\r\nA: b\r\nhOST: \tc \r\nD: e\r\n\r\n", "c", true],
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "a:8", false],
    ["GET / HTTP/1.1\r\nHost: a:8\r\n\r\n", "a:80", false],
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "a:81", false],
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "A:80", false],
    ["GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "", false],
    ["GET / HTTP/1.0\r\nA: b\r\n\r\n", "", false],
  ];
  for (const [text, host, hasHost] of sameHosts) {
    it(`hasHost(${JSON.stringify(host)}) is ${hasHost} for ${JSON.stringify(text)}`, () => {
      assertEquals(headOf(text).hasHost(host), hasHost);
    });
  }

  const plainInUrl: [target: string, isPlainInUrl: boolean][] = [
    ["/a/b?c=d&e|[f]", true],
    ["/a/../b%20c", true],
    ["http://a/b", true],
    ["/a?b\\c", false],
    ["/a'", false],
    ["/a?{", false],
    ["http://a/^", false],
  ];
  for (const [target, isPlainInUrl] of plainInUrl) {
    it(`isPlainInUrl is ${isPlainInUrl} for the target ${target}`, () => {
      assertEquals(headOf(`GET ${target} HTTP/1.0\r\n\r\n`).isPlainInUrl, isPlainInUrl);
    });
  }

  const segments: [target: string, segments: string[]][] = [
    ["/", ["", ""]],
    ["/a", ["a", "", ""]],
    ["/a/", ["a", "", ""]],
    ["/a/b/c?d/e", ["a", "b", "c", ""]],
    ["//a//b", ["", "a", "", "b", ""]],
    ["/a%2Fb/c", ["a/b", "c", ""]],
    ["/%41%/%c3%a9", ["A%", "é", ""]],
    ["/a/../b/./c", ["b", "c", ""]],
    ["/%252F", ["%2F", ""]],
    ["http://a/b/c", ["b", "c", ""]],
    ["http://a", ["", ""]],
  ];
  for (const [target, expected] of segments) {
    it(`segment() gives ${JSON.stringify(expected)} for ${target}`, () => {
      const head = headOf(`GET ${target} HTTP/1.0\r\n\r\n`);
      assertEquals(expected.map((_, index) => head.segment(index)), expected);
    });
  }

  const parts: [target: string, rawPath: string, path: string, query: string][] = [
    ["/", "/", "/", ""],
    ["/a?b", "/a", "/a", "b"],
    ["/a?", "/a", "/a", ""],
    ["/a?b?c", "/a", "/a", "b?c"],
    ["/a?%41/..", "/a", "/a", "%41/.."],
    ["/%41?%41", "/%41", "/A", "%41"],
    ["/a/../b.c?d", "/b.c", "/b.c", "d"],
    ["/a%2fb", "/a%2fb", "/a%2Fb", ""],
    ["http://a?b", "/", "/", "b"],
    ["http://a/%20?b", "/%20", "/ ", "b"],
  ];
  for (const [target, rawPath, path, query] of parts) {
    it(`RequestHead finds path ${JSON.stringify(path)} and query "${query}" in ${target}`, () => {
      const head = headOf(`GET ${target} HTTP/1.0\r\n\r\n`);
      assertEquals([head.rawPath, head.path, head.query, head.target], [
        rawPath,
        path,
        query,
        target,
      ]);
      assertEquals([head.path, head.query], [path, query], "the second time");
    });
  }

  it("RequestHead knows the asterisk form", () => {
    assertEquals(headOf("OPTIONS * HTTP/1.0\r\n\r\n").isAsteriskForm, true);
    assertEquals(headOf("OPTIONS /* HTTP/1.0\r\n\r\n").isAsteriskForm, false);
    assertEquals(headOf("OPTIONS http://a/* HTTP/1.0\r\n\r\n").isAsteriskForm, false);
  });

  it("RequestHead needs no bytes any more once it is taken", () => {
    const bytes = bytesOf("PUT /a%20b?c HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    const parser = new HeadParser(DEFAULT_LIMITS);
    parser.parse(bytes, 0, bytes.length);
    const head = parser.take(bytes, 0, bytes.length);
    assert(head instanceof RequestHead);
    bytes.fill(0);
    parser.reset();
    const other = bytesOf("GET / HTTP/1.1\r\nHost: other\r\nZ: z\r\nZ: z\r\n\r\n");
    parser.parse(other, 0, other.length);
    assertEquals(
      [head.method, head.target, head.path, head.query, head.host, head.header("x")],
      ["PUT", "/a%20b?c", "/a b", "c", "a", "y"],
    );
    assertEquals(fieldsOf(head), [["Host", "a"], ["X", "y"]]);
  });
});

describe("encodeHead()", () => {
  it("encodeHead() writes a request line, the fields and an empty line", () => {
    const bytes = encodeHead({
      method: "GET",
      target: "/a",
      fields: [["Host", "a"], ["X", ""], ["Y", "\xe9"]],
    });
    assertEquals(textOf(bytes), "GET /a HTTP/1.1\r\nHost: a\r\nX: \r\nY: \xe9\r\n\r\n");
  });

  it("encodeHead() writes what the parser reads, however it is split", () => {
    const source = fc.record({
      method: token.filter((method) => method !== "CONNECT"),
      target: origin,
      fields: fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(source, splitPlaces, ({ method, target, fields }, placesOf) => {
        const all = [["Host", "a"] as const, ...fields];
        const bytes = encodeHead({ method, target, fields: all });
        const parser = new HeadParser({ ...DEFAULT_LIMITS, maxHeadBytes: 100_000 });
        let end = 0;
        for (const piece of splitAt(bytes, placesOf(bytes.length))) {
          end += piece.length;
          const outcome = parser.parse(bytes, 0, end);
          if (end === bytes.length) assertEquals(outcome, { kind: "complete", end });
          else assertEquals(outcome, { kind: "incomplete" });
          if (end === bytes.length) break;
        }
        const head = parser.take(bytes, 0, end);
        assert(head instanceof RequestHead);
        assertEquals([head.method, head.target, head.minorVersion], [method, target, 1]);
        assertEquals(fieldsOf(head), all);
      }),
    );
  });
});
