import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import { NOT_ASCII, rotateMask, unmask } from "../../src/websocket/masking.ts";
import { runs } from "../support/runs.ts";

/** The mask as a number: its lowest byte is the first. */
function maskOf(bytes: readonly number[]): number {
  return new DataView(Uint8Array.from(bytes).buffer).getInt32(0, true);
}

const byte = fc.nat({ max: 255 });
const mask = fc.array(byte, { minLength: 4, maxLength: 4 });

describe("unmask() (RFC 6455, section 5.3)", () => {
  it("unmask() changes the bytes of its range alone, each by the byte of the mask in its turn", () => {
    const places = fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 60 }), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(places, mask, fc.infiniteStream(byte), ([before, count, after], mask, random) => {
        const length = before + count + after;
        const masked = Uint8Array.from({ length }, () => random.next().value);
        const expected = masked.map((byte, i) =>
          i < before || i >= before + count ? byte : byte ^ mask[(i - before) % 4]
        );
        const words = new Int32Array(masked.buffer, 0, length >> 2);
        unmask(masked, words, before, before + count, maskOf(mask));
        assertEquals(masked, expected);
      }),
      { numRuns: runs(1_000) },
    );
  });

  it("unmask() returns a bit of NOT_ASCII if and only if a byte is not ASCII", () => {
    for (let length = 1; length <= 12; length++) {
      for (let at = -1; at < length; at++) {
        const bytes = new Uint8Array(16).fill(0xff);
        for (let i = 0; i < length; i++) bytes[2 + i] = i === at ? 0x80 : 0x7f;
        const union = unmask(bytes, new Int32Array(bytes.buffer), 2, 2 + length, 0);
        assertEquals((union & NOT_ASCII) !== 0, at >= 0, `byte ${at} of ${length}`);
      }
    }
  });
});

describe("rotateMask()", () => {
  it("rotateMask() turns the mask by as many bytes as were read", () => {
    const bytes = [0x81, 0x02, 0xf3, 0x04];
    for (let count = 0; count < 9; count++) {
      const expected = bytes.map((_, i) => bytes[(i + count) % 4]);
      assertEquals(rotateMask(maskOf(bytes), count), maskOf(expected), `${count}`);
    }
  });
});
