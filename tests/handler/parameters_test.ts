import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { type ParametersReading, parseParameters } from "../../src/handler/parameters.ts";
import { runs } from "../support/runs.ts";

function textsOf(reading: ParametersReading & { kind: "read" }): [string, string][] {
  return [...reading.parameters].map(([name, { text }]) => [name, text]);
}

describe("parseParameters()", () => {
  // Forms rest on this: see parseDisposition() in src/handler/multipart.ts.
  const tempting = fc.string({ unit: fc.constantFrom(...'"\\;=a b'), maxLength: 24 });
  const nearlyRight = fc.array(
    fc.constantFrom('; a="', '"; b="', '\\"', "\\\\", '"', ";", "c=d", "; e=", "\\", " "),
    { maxLength: 14 },
  ).map((pieces) => pieces.join(""));

  it("parseParameters() never reads other parameters where backslashes escape than where they do not", () => {
    let both = 0;
    fc.assert(
      fc.property(fc.oneof(tempting, nearlyRight), (text) => {
        const literal = parseParameters(text, 0, "literal");
        const escaped = parseParameters(text, 0, "escape");
        if (literal.kind !== "read" || escaped.kind !== "read") return;
        both++;
        const unescaped = textsOf(literal).map(([name, text]) =>
          [name, text.replaceAll("\\\\", "\\")] as const
        );
        assertEquals(textsOf(escaped), unescaped);
      }),
      { numRuns: runs(20_000) },
    );
    assertGreater(both, 100);
  });

  it("parseParameters() returns the names in lower case, and whether the text was in quotes", () => {
    assertEquals(parseParameters('x; A=b; C="d"', 1, "literal"), {
      kind: "read",
      parameters: new Map([
        ["a", { text: "b", isQuoted: false }],
        ["c", { text: "d", isQuoted: true }],
      ]),
    });
  });

  it("parseParameters() returns what is wrong", () => {
    assertEquals(parseParameters("; a=b; a=c", 0, "literal"), {
      kind: "malformed",
      fault: "has the same parameter twice",
    });
  });
});
