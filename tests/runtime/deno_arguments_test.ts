import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { argumentsOf } from "../../src/runtime/deno_arguments.ts";

describe("argumentsOf()", () => {
  const cases = [
    { words: ["deno", "run", "-A", "main.ts"], own: 0, expected: ["run", "-A", "main.ts"] },
    { words: ["deno", "run", "main.ts", "a", "-A"], own: 2, expected: ["run", "main.ts"] },
    { words: ["/opt/deno", "main.ts", "", "a b"], own: 2, expected: ["main.ts"] },
  ];
  for (const { words, own, expected } of cases) {
    it(`argumentsOf() splits ${words.join(" ")} before the last ${own}`, () => {
      assertEquals(argumentsOf(words.join("\0") + "\0", own), expected);
    });
  }
});
