import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type PathPattern, WebResponse, WebServer } from "../../mod.ts";
import { parsePattern } from "../../src/routing/route_pattern.ts";

const hello = () => WebResponse.text("hello");

describe("parsePattern()", () => {
  const decode = (segment: string) => segment.replace("%61", "a");
  const patterns: { pattern: string; prefix: string[]; exact: string[] }[] = [
    { pattern: "/", prefix: [], exact: [""] },
    { pattern: "/a", prefix: ["a"], exact: ["a"] },
    { pattern: "/a/", prefix: ["a"], exact: ["a", ""] },
    { pattern: "/a//b", prefix: ["a", "", "b"], exact: ["a", "", "b"] },
    { pattern: "/:id/a:b", prefix: [":id", "a:b"], exact: [":id", "a:b"] },
    { pattern: "/%61/:_a1", prefix: ["a", ":_a1"], exact: ["a", ":_a1"] },
  ];
  for (const { pattern, prefix, exact } of patterns) {
    it(`splits ${pattern} into its segments, as a prefix and as an exact path`, () => {
      const segmentsOf = (isExact: boolean) =>
        parsePattern(pattern, isExact, decode).map((segment) =>
          "parameter" in segment ? `:${segment.parameter}` : segment.literal
        );
      assertEquals(segmentsOf(false), prefix);
      assertEquals(segmentsOf(true), exact);
    });
  }
});

describe("WebServer.addPath()", () => {
  const malformed: { what: string; pattern: string; says: string }[] = [
    { what: "without a slash at its beginning", pattern: "hello", says: '"/hello"' },
    { what: "that is empty", pattern: "", says: '"/"' },
    { what: "that is a URL", pattern: "http://localhost/", says: 'must start with "/"' },
    { what: "that is an asterisk", pattern: "*", says: 'must start with "/"' },
    { what: "with a query", pattern: "/a?b=1", says: '"?"' },
    { what: "with a fragment", pattern: "/a#b", says: '"#"' },
    { what: "with a space", pattern: "/a b", says: "%20" },
    { what: "with a tab", pattern: "/a\tb", says: "\\t" },
    { what: "with a line end", pattern: "/a\n", says: "\\n" },
    { what: 'with a segment "."', pattern: "/a/./b", says: "never match" },
    { what: 'with a segment ".."', pattern: "/a/..", says: "never match" },
    { what: 'with an encoded segment ".."', pattern: "/%2e%2E/a", says: "never match" },
    { what: "with an asterisk for a segment", pattern: "/files/*", says: "no wildcard" },
    { what: "with a parameter that has no name", pattern: "/a/:", says: '":"' },
    { what: "with a parameter whose name begins with a digit", pattern: "/:1a", says: '":1a"' },
    { what: "with a parameter whose name has a hyphen", pattern: "/:a-b", says: '":a-b"' },
    { what: "with more than a parameter in a segment", pattern: "/:id.json", says: '":id.json"' },
    { what: "with an optional parameter", pattern: "/:id?", says: '"?"' },
    { what: "with a regular expression", pattern: "/:id(\\d+)", says: '":id(\\\\d+)"' },
    { what: "with a parameter twice", pattern: "/:id/:id", says: '":id"' },
  ];
  for (const { what, pattern, says } of malformed) {
    it(`refuses a path ${what}`, () => {
      for (const method of ["addPath", "addExactPath"] as const) {
        const server = new WebServer();
        const { message } = assertThrows(
          () => server[method](pattern as PathPattern, hello),
          TypeError,
        );
        assertStringIncludes(message, JSON.stringify(pattern), "what was got");
        assertStringIncludes(message, says);
      }
    });
  }

  for (const pattern of [undefined, null, 7, {}, ["/a"]]) {
    it(`refuses ${JSON.stringify(pattern) ?? "undefined"} for a path`, () => {
      const server = new WebServer();
      assertThrows(() => server.addPath(pattern as unknown as "/", hello), TypeError);
    });
  }
});
