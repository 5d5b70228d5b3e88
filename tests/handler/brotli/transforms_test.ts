import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { TRANSFORMS } from "../../../src/handler/brotli/transforms.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("TRANSFORMS", () => {
  it("are as many as RFC 7932, appendix B, has", () => {
    assertEquals(TRANSFORMS.length, 121);
  });

  const cases: [number: number, word: string, text: string][] = [
    [0, "time", "time"],
    [3, "time", "ime"],
    [5, "time", "time the "],
    [9, "time", "Time"],
    [12, "time", "tim"],
    [15, "time", " Time "],
    [19, "time", 'time"'],
    [23, "time", "t"],
    [27, "time", "ti"],
    [44, "time", "TIME"],
    [120, "time", " Time='"],
    [9, "año", "Año"],
    [44, "año", "AÑO"],
    [9, "Time", "Time"],
    [9, "1st", "1st"],
    // The last bits of the third byte are changed, whatever character that makes.
    [9, "\u4f60", "\u4f65"],
    // A word may be shorter than what is left out.
    [12, "", ""],
    [23, "ab", ""],
  ];
  for (const [number, word, text] of cases) {
    it(`make ${JSON.stringify(text)} of ${JSON.stringify(word)} by number ${number}`, () => {
      const before = encoder.encode(word);
      assertEquals(decoder.decode(TRANSFORMS[number](before)), text);
      assertEquals(decoder.decode(before), word);
    });
  }
});
