// Lines as bytes: texts, numbers, escapes, and room for all of them.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { LineBuffer } from "../../src/telemetry/line_buffer.ts";

function textOf(add: (lines: LineBuffer) => void): string {
  const lines = new LineBuffer();
  add(lines);
  assertEquals(lines.bytes.length, lines.length);
  return new TextDecoder().decode(lines.bytes);
}

/** Characters up to U+00FF, as a parser of heads gives them. */
const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 100,
});

describe("LineBuffer", () => {
  it("adds texts behind each other", () => {
    assertEquals(
      textOf((lines) => {
        lines.addText("one ");
        lines.addText("");
        lines.addText("two\n");
      }),
      "one two\n",
    );
  });

  it("adds whole numbers as they are written", () => {
    const numbers = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 99, 100));
    fc.assert(fc.property(numbers, (number) => {
      assertEquals(textOf((lines) => lines.addInteger(number)), String(number));
    }));
  });

  it("adds numbers rounded to so many places", () => {
    const cases: [value: number, places: number, text: string][] = [
      [0, 1, "0.0"],
      [0.04, 1, "0.0"],
      [0.06, 1, "0.1"],
      [9.96, 1, "10.0"],
      [1.25, 3, "1.250"],
      [1_234.5678, 3, "1234.568"],
      [86_400_000, 3, "86400000.000"],
    ];
    for (const [value, places, text] of cases) {
      assertEquals(textOf((lines) => lines.addDecimal(value, places)), text);
    }
  });

  it("adds a JSON string that reads as what it was made of", () => {
    fc.assert(fc.property(latin1, (given) => {
      const text = textOf((lines) => lines.addJsonString(given));
      assert(/^[ -~]*$/.test(text));
      assertEquals(JSON.parse(text), given);
    }));
  });

  it("adds a quoted text without quotes, backslashes and line ends of the client's own", () => {
    fc.assert(fc.property(latin1, (given) => {
      const text = textOf((lines) => lines.addQuoted(given));
      assert(/^(?:[ !#-[\]-~]|\\x[0-9a-f]{2})*$/.test(text));
      const read = text.replace(
        /\\x(..)/g,
        (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)),
      );
      assertEquals(read, given);
    }));
  });

  it("grows for what is larger than itself, and keeps what is there", () => {
    const lines = new LineBuffer();
    lines.addText("begin ");
    assert(!lines.hasGrown);
    lines.addJsonString("\x00".repeat(100_000));
    assert(lines.hasGrown);
    lines.addText(" end");
    const text = new TextDecoder().decode(lines.bytes);
    assertEquals(text, `begin "${"\\u0000".repeat(100_000)}" end`);
  });

  it("is empty when it was cleared", () => {
    const lines = new LineBuffer();
    lines.addText("old");
    lines.clear();
    lines.addText("new");
    assertEquals(new TextDecoder().decode(lines.bytes), "new");
  });
});
