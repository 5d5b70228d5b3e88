import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  authorityAgrees,
  decodePath,
  parseQuery,
  parseTarget,
  percentDecode,
  resolveDotSegments,
  type TargetParts,
} from "../../src/http1/target.ts";
import { runs } from "../support/runs.ts";

describe("parseTarget()", () => {
  const origin = { kind: "path", authority: undefined, scheme: undefined } as const;
  const targets: { method?: string; target: string; parts: TargetParts }[] = [
    { target: "/", parts: { ...origin, path: "/", query: "" } },
    { target: "/a/b", parts: { ...origin, path: "/a/b", query: "" } },
    { target: "/a?b=c", parts: { ...origin, path: "/a", query: "b=c" } },
    { target: "/?", parts: { ...origin, path: "/", query: "" } },
    { target: "/a?b?c", parts: { ...origin, path: "/a", query: "b?c" } },
    { target: "/a?\\", parts: { ...origin, path: "/a", query: "\\" } },
    { target: "//a/b", parts: { ...origin, path: "//a/b", query: "" } },
    { target: "/http://a/", parts: { ...origin, path: "/http://a/", query: "" } },
    { target: "*", method: "OPTIONS", parts: { kind: "asterisk" } },
    {
      target: "http://a/b?c",
      parts: { kind: "path", scheme: "http", authority: "a", path: "/b", query: "c" },
    },
    {
      target: "HTTPS://A:1",
      parts: { kind: "path", scheme: "https", authority: "A:1", path: "/", query: "" },
    },
    {
      target: "http://a?b/c",
      parts: { kind: "path", scheme: "http", authority: "a", path: "/", query: "b/c" },
    },
    {
      target: "http://[::1]:2//b",
      parts: { kind: "path", scheme: "http", authority: "[::1]:2", path: "//b", query: "" },
    },
    ...[
      "",
      "a",
      "?a",
      "a:80",
      "\\",
      "/a\\b",
      "http:",
      "http:a",
      "http:/a",
      "http://",
      "http:///a",
      "http://?a",
      "ftp://a/",
      "xhttp://a/",
      "http ://a/",
      "http://a/b\\c",
      "**",
    ].map((target) => ({ target, parts: { kind: "malformed" } as const })),
    { target: "*", method: "GET", parts: { kind: "malformed" } },
    { target: "*", method: "options", parts: { kind: "malformed" } },
    { target: "*/", method: "OPTIONS", parts: { kind: "malformed" } },
    { target: "a", method: "OPTIONS", parts: { kind: "malformed" } },
  ];
  for (const { method = "GET", target, parts } of targets) {
    const found = parts.kind === "path"
      ? `path ${JSON.stringify(parts.path)} and query ${JSON.stringify(parts.query)}`
      : parts.kind;
    it(`parseTarget() finds ${found} in ${method} ${JSON.stringify(target)}`, () => {
      assertEquals(parseTarget(method, target), parts);
    });
  }
});

describe("authorityAgrees()", () => {
  const pairs: [scheme: "http" | "https", authority: string, host: string, agrees: boolean][] = [
    ["http", "a", "a", true],
    ["http", "A.example", "a.EXAMPLE", true],
    ["http", "a:80", "a", true],
    ["http", "a", "a:80", true],
    ["http", "a:", "a", true],
    ["http", "a", "a:", true],
    ["http", "a:", "a:80", true],
    ["https", "a:443", "a", true],
    ["https", "a", "a:443", true],
    ["http", "a:8000", "a:8000", true],
    ["http", "[::1]", "[::1]:80", true],
    ["http", "a", "b", false],
    ["http", "a.b", "a", false],
    ["http", "a", "a.b", false],
    ["http", "a", "a:443", false],
    ["https", "a", "a:80", false],
    ["http", "a:8000", "a", false],
    ["http", "a", "a:8000", false],
    ["http", "a:8000", "a:8001", false],
    ["http", "a:8080", "a:80", false],
    ["http", "[::1]", "[::2]", false],
    ["http", "[::80]", "[:", false],
  ];
  for (const [scheme, authority, host, agrees] of pairs) {
    it(`authorityAgrees() says ${agrees ? "yes" : "no"} to ${scheme}://${authority} and ${host}`, () => {
      assertEquals(authorityAgrees(scheme, authority, host), agrees);
    });
  }
});

describe("resolveDotSegments()", () => {
  const paths: [path: string, resolved: string][] = [
    ["/", "/"],
    ["/.", "/"],
    ["/..", "/"],
    ["/./", "/"],
    ["/../", "/"],
    ["/a/..", "/"],
    ["/a/../", "/"],
    ["/a/.", "/a/"],
    ["/a/b/../../..", "/"],
    ["/a//../b", "/a/b"],
    ["//..", "/"],
    ["//", "//"],
    ["/a/.../b", "/a/.../b"],
    ["/.a/b.", "/.a/b."],
    ["/%2e%2e/a", "/a"],
    ["/a/%2E./b", "/b"],
    ["/a/.%2e", "/"],
    ["/a/%2e", "/a/"],
    ["/a/%2e%2e%2e", "/a/%2e%2e%2e"],
    ["/a/%252e%252e/b", "/a/%252e%252e/b"],
    ["/a/..%2f/b", "/a/..%2f/b"],
    ["/a/..;/b", "/a/..;/b"],
  ];
  for (const [path, resolved] of paths) {
    it(`resolveDotSegments() resolves ${path} to ${resolved}`, () => {
      assertEquals(resolveDotSegments(path), resolved);
    });
  }

  // No ":": the platform keeps "/a:/.." as if "a:" was a drive, which the URL standard does for "file:" alone.
  const segment = fc.oneof(
    fc.constantFrom(".", "..", "%2e", "%2E", ".%2e", "%2E.", "%2e%2E", "", "...", "a", "b."),
    fc.string({ unit: fc.constantFrom(..."ab.%2eE~;@"), maxLength: 6 }),
  );
  const path = fc.array(segment, { minLength: 1, maxLength: 8 }).map((all) => "/" + all.join("/"));

  it("resolveDotSegments() resolves as the platform's URL does", () => {
    fc.assert(
      fc.property(path, (text) => {
        assertEquals(resolveDotSegments(text), new URL(`http://a${text}`).pathname);
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("resolveDotSegments() leaves nothing to resolve", () => {
    fc.assert(fc.property(path, (text) => {
      const resolved = resolveDotSegments(text);
      assertEquals(resolveDotSegments(resolved), resolved);
    }));
  });
});

describe("percentDecode()", () => {
  const texts: [text: string, decoded: string][] = [
    ["", ""],
    ["abc", "abc"],
    ["a+b", "a+b"],
    ["%41", "A"],
    ["%c3%a9", "é"],
    ["%E4%BD%A0", "你"],
    ["%F0%9F%98%80", "😀"],
    ["%00", "\0"],
    ["%25", "%"],
    ["%2541", "%41"],
    ["%", "%"],
    ["%4", "%4"],
    ["%%41", "%A"],
    ["%4g%41", "%4gA"],
    ["%+1%41", "%+1A"],
    ["% 1%41", "% 1A"],
    ["%ff", "\ufffd"],
    ["%ff%41", "\ufffdA"],
    ["%c3", "\ufffd"],
    ["%c3%41", "\ufffdA"],
    ["%c3a%a9", "\ufffda\ufffd"],
    ["%ed%a0%80", "\ufffd\ufffd\ufffd"],
    ["%c0%af", "\ufffd\ufffd"],
    ["%ef%bb%bfa", "\ufeffa"],
    ["%ef%bb%bfa%ff", "\ufeffa\ufffd"],
    ["é%41", "éA"],
    ["é%ff%41", "é\ufffdA"],
  ];
  for (const [text, decoded] of texts) {
    it(`percentDecode() makes ${JSON.stringify(decoded)} of ${JSON.stringify(text)}`, () => {
      assertEquals(percentDecode(text), decoded);
    });
  }

  it("percentDecode() decodes as the platform's URLSearchParams does", () => {
    const escape = fc.nat(255).map((byte) => "%" + byte.toString(16).padStart(2, "0"));
    const unit = fc.oneof(
      escape,
      fc.constantFrom("%c3%a9", "%E2%82%AC", "%", "%4", "%zz", "a", "Z", "é", "😀", " "),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        assertEquals(percentDecode(text), new URLSearchParams(`a=${text}`).get("a"));
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("percentDecode() undoes encodeURIComponent()", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const wellFormed = text.toWellFormed();
      assertEquals(percentDecode(encodeURIComponent(wellFormed)), wellFormed);
    }));
  });
});

describe("decodePath()", () => {
  const paths: [path: string, decoded: string][] = [
    ["/a/b", "/a/b"],
    ["/a%20b", "/a b"],
    ["/a%2Fb", "/a%2Fb"],
    ["/a%2fb", "/a%2Fb"],
    ["/%2f%2F", "/%2F%2F"],
    ["/a%2fb%20c", "/a%2Fb c"],
    ["/%ff%2f%C3%A9", "/\ufffd%2Fé"],
    ["/%c3%2f%a9", "/\ufffd%2F\ufffd"],
    ["/%3f%23", "/?#"],
    ["/100%/a", "/100%/a"],
    ["/%5C", "/\\"],
  ];
  for (const [path, decoded] of paths) {
    it(`decodePath() makes ${JSON.stringify(decoded)} of ${path}`, () => {
      assertEquals(decodePath(path), decoded);
    });
  }

  it("decodePath() makes no slash that was not there, and decodes each segment as it would alone", () => {
    const unit = fc.constantFrom("a", "/", "%2f", "%2F", "%41", "%", "%25", "2f", "%c3%a9", "%ff");
    fc.assert(fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const path = "/" + text;
      assertEquals(decodePath(path), path.split("/").map(decodePath).join("/"));
      assertEquals(decodePath(path).split("/").length, path.split("/").length);
    }));
  });
});

describe("parseQuery()", () => {
  const queries = [
    "",
    "a=b",
    "a=b&c=d",
    "a=b&a=c",
    "a",
    "a&b",
    "a&b=c",
    "=a",
    "=",
    "&&a=b&&",
    "a==b",
    "a=b=c",
    "?a=b",
    "a;b=c",
    "a=b+c",
    "a+b=c",
    "a%3db=c",
    "a=%ff&b=%E4%BD%A0",
    "a=%",
    "__proto__=a",
  ];
  for (const query of queries) {
    it(`reads ${JSON.stringify(query)} as the platform does`, () => {
      assertEquals([...parseQuery(query)], [...new URLSearchParams("?" + query)]);
    });
  }

  it("reads any query as the platform does", () => {
    const pieces = fc.constantFrom(
      "a",
      "bc",
      "=",
      "&",
      "&&",
      "+",
      "%",
      "%41",
      "%ff",
      "?",
      ";",
      "/",
    );
    fc.assert(fc.property(fc.array(pieces), (parts) => {
      const query = parts.join("");
      assertEquals([...parseQuery(query)], [...new URLSearchParams("?" + query)]);
    }));
  });
});
