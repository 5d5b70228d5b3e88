import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { RequestHead } from "../../src/http1/request_head.ts";
import { bytesOf, DEFAULT_LIMITS, fieldsOf } from "./reading.ts";

describe("HeadParser", () => {
  it("HeadParser says where the bytes behind the head begin", () => {
    const text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const bytes = bytesOf(`before${text}behind`);
    const parser = new HeadParser(DEFAULT_LIMITS);
    assertEquals(parser.parse(bytes, 6, bytes.length), { kind: "complete", end: 6 + text.length });
    const head = parser.take(bytes, 6, 6 + text.length);
    assert(head instanceof RequestHead);
    assertEquals(head.header("host"), "a");
  });

  it("HeadParser goes on with a head that has moved", () => {
    const text = "GET /a?b HTTP/1.1\r\nHost: a\r\nCookie: c\r\n\r\n";
    for (let cut = 1; cut < text.length; cut++) {
      const parser = new HeadParser(DEFAULT_LIMITS);
      const there = bytesOf("x".repeat(10) + text.slice(0, cut));
      assertEquals(parser.parse(there, 10, there.length), { kind: "incomplete" });
      const here = bytesOf("xxx" + text);
      assertEquals(parser.parse(here, 3, here.length), { kind: "complete", end: here.length });
      const head = parser.take(here, 3, here.length);
      assert(head instanceof RequestHead);
      assertEquals(head.target, "/a?b");
      assertEquals(fieldsOf(head), [["Host", "a"], ["Cookie", "c"]]);
    }
  });

  it("HeadParser is fresh until the first byte of a head, and after a reset", () => {
    const parser = new HeadParser(DEFAULT_LIMITS);
    assertEquals(parser.isFresh, true);
    parser.parse(bytesOf("GET"), 0, 0);
    assertEquals(parser.isFresh, true);
    parser.parse(bytesOf("GET"), 0, 1);
    assertEquals(parser.isFresh, false);
    parser.reset();
    assertEquals(parser.isFresh, true);
  });

  it("HeadParser reads one head after the other, and keeps nothing of the first", () => {
    const parser = new HeadParser(DEFAULT_LIMITS);
    const first = bytesOf(
      "POST /%41?b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n" +
        "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
    );
    assertEquals(parser.parse(first, 0, first.length).kind, "complete");
    parser.reset();
    const second = bytesOf("GET / HTTP/1.0\r\nA: b\r\n\r\n");
    assertEquals(parser.parse(second, 0, second.length).kind, "complete");
    const head = parser.take(second, 0, second.length);
    assert(head instanceof RequestHead);
    assertEquals(
      [head.method, head.target, head.path, head.query, head.minorVersion, head.host],
      ["GET", "/", "/", "", 0, undefined],
    );
    assertEquals([head.seen, head.repeated], [0, 0]);
    assertEquals(fieldsOf(head), [["A", "b"]]);
  });

  it("HeadParser reads a trailer section as field lines alone", () => {
    const parser = new HeadParser(DEFAULT_LIMITS);
    const sections = ["\r\n", "A: b\r\n\r\n", "A: b\r\nGET: / HTTP/1.1\r\n\r\n"];
    for (const section of sections) {
      parser.resetForTrailers();
      const bytes = bytesOf(section + "behind");
      assertEquals(parser.parse(bytes, 0, bytes.length), { kind: "complete", end: section.length });
    }
    parser.resetForTrailers();
    const bytes = bytesOf("GET / HTTP/1.1\r\n\r\n");
    assertEquals(parser.parse(bytes, 0, bytes.length), {
      kind: "refused",
      refusal: REFUSALS.badFieldName,
    });
  });

  const reasons: [what: string, bytes: string, refusal: keyof typeof REFUSALS][] = [
    ["a method with a forbidden byte", "GE\0", "badMethod"],
    ["an empty target", "GET  ", "badTarget"],
    ["a version that is none", "GET / HTTQ", "badVersion"],
    ["a version that is unknown", "GET / HTTP/2.0\r\n", "unknownVersion"],
    ["a name that is none", "GET / HTTP/1.1\r\nA b:", "badFieldName"],
    ["a value with a forbidden byte", "GET / HTTP/1.1\r\nA: \0", "badFieldValue"],
    ["a bare LF", "GET / HTTP/1.1\r\nA: b\n", "badLineEnd"],
    ["a bare LF as the empty line", "GET / HTTP/1.1\r\n\n", "badLineEnd"],
    ["a bare CR as the empty line", "GET / HTTP/1.1\r\n\rA", "badLineEnd"],
    ["a bare CR", "GET / HTTP/1.1\r\nA: b\rc", "badLineEnd"],
    ["a folded line", "GET / HTTP/1.1\r\nA: b\r\n c", "foldedLine"],
    ["a target that is too long", `GET ${"/".repeat(8_193)}`, "targetTooLong"],
    ["a head that is too large", `GET / HTTP/1.1\r\nA: ${"b".repeat(16_384)}`, "headTooLarge"],
    [
      "too many fields",
      `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(100)}A`,
      "tooManyFields",
    ],
  ];
  for (const [what, text, refusal] of reasons) {
    it(`HeadParser names the reason why it refuses ${what}: ${refusal}`, () => {
      const bytes = bytesOf(text);
      const outcome = new HeadParser(DEFAULT_LIMITS).parse(bytes, 0, bytes.length);
      assert(outcome.kind === "refused");
      assertStrictEquals(outcome.refusal, REFUSALS[refusal]);
    });
  }

  const wholes: [what: string, head: string, refusal: keyof typeof REFUSALS][] = [
    ["CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "connectMethod"],
    ["a head without a Host", "GET / HTTP/1.1\r\n\r\n", "missingHost"],
    ["a head with two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "severalHosts"],
    ["a Host that is none", "GET / HTTP/1.1\r\nHost: a/\r\n\r\n", "badHost"],
    ["a target of the wrong form", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "badTargetForm"],
    ["a Host that disagrees", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "hostDisagrees"],
  ];
  for (const [what, text, refusal] of wholes) {
    it(`HeadParser names the reason why it refuses ${what}: ${refusal}`, () => {
      const bytes = bytesOf(text);
      const parser = new HeadParser(DEFAULT_LIMITS);
      assertEquals(parser.parse(bytes, 0, bytes.length).kind, "complete");
      assertStrictEquals(parser.take(bytes, 0, bytes.length), REFUSALS[refusal]);
    });
  }
});
