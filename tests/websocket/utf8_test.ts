import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import { decodeAscii, decodeUtf8, Utf8Checker } from "../../src/websocket/utf8.ts";
import { splitAt } from "../http1/reading.ts";
import { runs } from "../support/runs.ts";

/** Bytes that are UTF-8, nearly UTF-8, or anything. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 400 }).map((text) => new TextEncoder().encode(text)),
  fc.tuple(fc.string({ unit: "binary", maxLength: 200 }), fc.nat(), fc.nat({ max: 255 })).map(
    ([text, at, byte]) => {
      const bytes = new TextEncoder().encode(`${text}ä`);
      bytes[at % bytes.length] = byte;
      return bytes;
    },
  ),
);

/** What the platform decodes; undefined if it is not UTF-8. */
function expectedText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

describe("decodeUtf8() (RFC 3629)", () => {
  it("decodeUtf8() returns what a fatal TextDecoder returns", () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        assertEquals(decodeUtf8(bytes, 0, bytes.length), expectedText(bytes));
      }),
      { numRuns: runs(3_000) },
    );
  });

  for (const length of [1, 511, 512, 5_000]) {
    it(`decodeUtf8() decodes ${length} characters, and refuses a bad byte after them`, () => {
      const text = "\ufffd" + "漢".repeat(length);
      const bytes = new TextEncoder().encode(`xx${text}xx`);
      assertEquals(decodeUtf8(bytes, 2, bytes.length - 2), text);
      bytes[bytes.length - 3] = 0xff;
      assertEquals(decodeUtf8(bytes, 2, bytes.length - 2), undefined);
    });
  }

  it("decodeUtf8() keeps a byte order mark", () => {
    const text = "\ufeff" + "a".repeat(600);
    const bytes = new TextEncoder().encode(text);
    assertEquals(decodeUtf8(bytes, 0, bytes.length), text);
    assertEquals(decodeUtf8(bytes, 0, 4), "\ufeffa");
  });

  it("decodeAscii() decodes a part of the bytes", () => {
    const bytes = new TextEncoder().encode("hello");
    assertEquals(decodeAscii(bytes, 1, 3), "el");
    assertEquals(decodeAscii(bytes, 3, 3), "");
  });
});

describe("Utf8Checker (RFC 6455, section 8.1)", () => {
  it("Utf8Checker accepts in pieces what is UTF-8 as a whole", () => {
    const places = fc.array(fc.nat({ max: 400 }), { maxLength: 6 });
    fc.assert(
      fc.property(bytes, places, (bytes, places) => {
        const checker = new Utf8Checker();
        const cuts = places.map((place) => Math.min(place, bytes.length));
        let isSound = true;
        for (const piece of splitAt(bytes, cuts)) {
          isSound &&= checker.check(piece, 0, piece.length);
        }
        assertEquals(isSound && checker.isComplete, expectedText(bytes) !== undefined);
      }),
      { numRuns: runs(3_000) },
    );
  });

  it("Utf8Checker returns false for a piece whose bytes cannot become UTF-8", () => {
    for (const padding of [0, 100]) {
      const checker = new Utf8Checker();
      const good = new TextEncoder().encode("x".repeat(padding) + "€");
      assertEquals(checker.check(good, 0, good.length - 1), true);
      assertEquals(checker.isComplete, false);
      assertEquals(checker.check(Uint8Array.of(0xff), 0, 1), false);
    }
  });

  it("Utf8Checker begins with another text after reset()", () => {
    const checker = new Utf8Checker();
    checker.check(Uint8Array.of(0xe2, 0x82), 0, 2);
    checker.reset();
    assertEquals(checker.isComplete, true);
    assertEquals(checker.check(Uint8Array.of(0x61), 0, 1), true);
  });
});
