// Checks the tests themselves: the names that they have.
// Each rule is a function from sources to problems. It runs over the repository, and over made-up
// sources that break it, so that no rule can pass idly.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readTree, type Sources } from "./support/repository.ts";
import { codeOnly, lineAt } from "./support/source_code.ts";

const repository = new URL("../", import.meta.url);
const canRead = Deno.permissions.querySync({ name: "read", path: repository }).state === "granted";

/** Names of tests that repeat the `it` of `it()`: `it("it closes")` reads as "it it closes". */
function findStutters(tests: Sources): string[] {
  const problems: string[] = [];
  for (const [file, source] of tests) {
    for (const { 0: call, index } of codeOnly(source).matchAll(/\bit(?:\.\w+)?\(\s*["'`]/g)) {
      const name = source.slice(index + call.length);
      if (!/^it\b/i.test(name)) continue;
      problems.push(`${file}:${lineAt(source, index)} must not begin with "it" inside it()`);
    }
  }
  return problems;
}

describe("the tests", { ignore: !canRead }, () => {
  it("have no name that begins with the word it", async () => {
    const tests = await readTree("tests/", /\.ts$/);
    assertGreater(tests.size, 0);
    assertEquals(findStutters(tests), []);
  });
});

describe("findStutters()", () => {
  const stutters = [
    { what: "a text", source: `it("it closes", () => {});` },
    { what: "a template", source: "it(`it closes ${how}`, () => {});" },
    { what: "a name on a line of its own", source: `it(\n  "it closes",\n);`, line: 1 },
    { what: "a test that is left out", source: `\nit.ignore("It closes", () => {});`, line: 2 },
  ];
  for (const { what, source, line = 1 } of stutters) {
    it(`reports ${what}`, () => {
      assertEquals(findStutters(new Map([["tests/a_test.ts", source]])), [
        `tests/a_test.ts:${line} must not begin with "it" inside it()`,
      ]);
    });
  }

  it("leaves other names, comments and texts alone", () => {
    const source = `it("closes when it ends", f);\nit("items() counts", f);\n` +
      `// it("it closes")\nconst text = 'it("it closes")';\nsplit("it ends");`;
    assertEquals(findStutters(new Map([["tests/a_test.ts", source]])), []);
  });
});
