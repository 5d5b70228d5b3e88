// The decoder of brotli data, held to the platform's own encoder and decoder.

import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import zlib from "node:zlib";
import { BrotliError } from "../../../src/handler/brotli/bit_reader.ts";
import { BrotliDecoder } from "../../../src/handler/brotli/decoder.ts";
import { Dictionary } from "../../../src/handler/brotli/dictionary.ts";
import { TRANSFORMS } from "../../../src/handler/brotli/transforms.ts";
import { cases, runs, size } from "../../support/runs.ts";

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_MODE } = zlib.constants;

const dictionary = new Dictionary(zlib.brotliDecompressSync);

/** The decoded bytes, or "too large". */
function decode(data: Uint8Array, maxBytes: number, commands = 1_000): Uint8Array | "too large" {
  const decoder = new BrotliDecoder(data, maxBytes, dictionary);
  for (;;) {
    const progress = decoder.step(commands);
    if (progress === "done") return decoder.bytes;
    if (progress === "too large") return progress;
  }
}

function encode(bytes: Uint8Array, quality: number, window = 22, mode = 0): Uint8Array {
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_LGWIN]: window,
    [BROTLI_PARAM_MODE]: mode,
  };
  return new Uint8Array(zlib.brotliCompressSync(bytes, { params }));
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Bits, the lowest first. */
function bytesOf(parts: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const bits = parts.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** i) % 2)
  );
  return Uint8Array.from(
    { length: Math.ceil(bits.length / 8) },
    (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((byte, bit, i) => byte | bit << i, 0),
  );
}

const COPY_STARTS = [10, 12, 14, 18, 22];
const COPY_BITS = [1, 1, 2, 2, 3];

/** Data with one command, which refers to a word that is transformed to so many bytes. */
function encodeReference(wordLength: number, reference: number, length: number): Uint8Array {
  const row = COPY_STARTS.findLastIndex((start) => wordLength >= start);
  const value = 1 + reference + 3;
  const bits = 30 - Math.clz32(value);
  const symbol = 16 + 2 * (bits - 1) + (value >> bits) % 2;
  const reversed = [0, 1, 2, 3, 4, 5].reduce(
    (all, bit) => all | ((symbol >> bit) & 1) << (5 - bit),
    0,
  );
  return bytesOf([
    // The window; the head of a meta-block with one of everything.
    ...[[0, 1], [0, 3], [length - 1, 16], [0, 14]] as const,
    // Its codes: one literal, one command, and distances of six bits.
    ...[[1, 4], [0, 8], [1, 4], [row < 0 ? 128 + wordLength - 2 : 192 + row, 10]] as const,
    ...[[3, 2], [0, 8], [7, 4], [0, 20]] as const,
    ...(row < 0 ? [] : [[wordLength - COPY_STARTS[row], COPY_BITS[row]] as const]),
    ...[[reversed, 6], [value % 2 ** bits, bits], [3, 2]] as const,
  ]);
}

const TEXTS: { what: string; bytes: Uint8Array }[] = [
  { what: "nothing", bytes: new Uint8Array(0) },
  { what: "a byte", bytes: utf8("a") },
  {
    what: "words of the dictionary",
    bytes: utf8("The time of the people. This is not the end, ".repeat(9)),
  },
  { what: "a long run", bytes: new Uint8Array(300_000) },
  { what: "noise", bytes: crypto.getRandomValues(new Uint8Array(30_000)) },
  {
    what: "JSON in several scripts",
    bytes: utf8(JSON.stringify(
      Array.from(
        { length: 500 },
        (_, i) => ({ i, name: `Größe ${i}`, 名前: "漢字かな", r: i * 7919 % 1_000 }),
      ),
    )),
  },
  {
    what: "text, then numbers, then noise",
    bytes: Uint8Array.from(
      { length: 60_000 },
      (_, i) => i < 20_000 ? 97 + (i * i) % 26 : i < 40_000 ? i >> 3 : (i * 2_654_435_761) >>> 24,
    ),
  },
];

describe("BrotliDecoder", () => {
  for (const { what, bytes } of TEXTS) {
    it(`decodes ${what}, as it is encoded in each quality, window and mode`, () => {
      for (const quality of cases([0, 1, 2, 4, 5, 6, 9, 10, 11])) {
        for (const window of [10, 16, 18, 24]) {
          const data = encode(bytes, quality, window, quality % 3);
          const decoded = decode(data, Math.max(1, bytes.length));
          assert(decoded !== "too large" && decoded.length === bytes.length, `quality ${quality}`);
          assert(decoded.every((byte, at) => byte === bytes[at]), `quality ${quality}`);
        }
      }
    });
  }

  it("gives back any bytes that were encoded, however small its steps are", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "grapheme", maxLength: 60 }).map(utf8),
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.nat(900)).map(([byte, length]) =>
        new Uint8Array(length).fill(byte)
      ),
      fc.constantFrom("Content-Type", " of the ", "information", '="').map(utf8),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.integer({ min: 0, max: 11 }),
        fc.integer({ min: 10, max: 24 }),
        fc.integer({ min: 1, max: 50 }),
        (pieces, quality, window, commands) => {
          const bytes = new Uint8Array(pieces.flatMap((piece) => [...piece]));
          const data = encode(bytes, quality, window);
          assertEquals(decode(data, bytes.length + 1, commands), bytes);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it("stops at its limit, at one byte more than that", () => {
    for (const { bytes } of TEXTS) {
      if (bytes.length < 2) continue;
      for (const quality of [0, 5, 11]) {
        const data = encode(bytes, quality);
        assertEquals(decode(data, bytes.length - 1), "too large");
        assertEquals(decode(data, bytes.length) === "too large", false);
      }
    }
  });

  it("ends each step after some 200 KB, even in the middle of a command", () => {
    const hex = Array.from(
      crypto.getRandomValues(new Uint8Array(50_000)),
      (byte) => byte.toString(16),
    ).join("");
    const longCommands = [
      { what: "a long run of one byte", bytes: new Uint8Array(3_000_000) },
      { what: "a long run of three", bytes: utf8("abc".repeat(1_000_000)) },
      { what: "two long copies", bytes: utf8(hex.repeat(3)) },
      { what: "literals without a match", bytes: utf8(hex.repeat(1)) },
      { what: "equal literals", bytes: new Uint8Array(2_000_000).fill(97) },
    ];
    for (const { what, bytes } of longCommands) {
      for (const quality of [0, 5, 9]) {
        const decoder = new BrotliDecoder(encode(bytes, quality, 24), bytes.length, dictionary);
        let longest = 0;
        for (let before = 0; decoder.step(1_000) === "more"; before = decoder.bytes.length) {
          longest = Math.max(longest, decoder.bytes.length - before);
        }
        assertEquals(decoder.bytes, bytes, what);
        assertLessOrEqual(longest, 200_000, `${what}, quality ${quality}`);
      }
    }
  });

  it("makes no memory of what a bomb says that it decodes to", () => {
    const bomb = encode(new Uint8Array(size(100_000_000, 10_000_000)), 9, 24);
    assert(bomb.length < 1_000);
    assertEquals(decode(bomb, 1_000_000), "too large");
  });

  it("refuses data wherever it is cut off", () => {
    for (const { bytes } of TEXTS) {
      for (const quality of [0, 5, 11]) {
        const data = encode(bytes, quality);
        const every = Math.max(1, Math.floor(data.length / size(300, 15)));
        for (let length = 0; length < data.length; length += every) {
          assertThrows(() => decode(data.subarray(0, length), 1_000_000), BrotliError);
        }
        assertThrows(() => decode(data.subarray(0, -1), 1_000_000), BrotliError);
      }
    }
  });

  it("takes damaged data for what it is or refuses it, and never fails otherwise", () => {
    const whole = TEXTS.map(({ bytes }) => encode(bytes, 11)).filter(({ length }) => length > 20);
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (data, damages) => {
          const damaged = data.slice();
          for (const [at, value] of damages) damaged[at % Math.min(damaged.length, 500)] = value;
          try {
            decode(damaged, 400_000);
          } catch (error) {
            assert(error instanceof BrotliError, String(error));
          }
        },
      ),
      { numRuns: runs(2_000) },
    );
  });

  it("takes any bytes for what they are or refuses them, and never fails otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        try {
          decode(data, 10_000);
        } catch (error) {
          assert(error instanceof BrotliError, String(error));
        }
      }),
      { numRuns: runs(5_000) },
    );
  });

  const malformed: { what: string; data: Uint8Array }[] = [
    { what: "no data", data: new Uint8Array(0) },
    { what: "a window that is too large", data: bytesOf([[0b0010001, 7], [3, 2]]) },
    { what: "bits after the last meta-block", data: bytesOf([[0, 1], [3, 2], [1, 1]]) },
    { what: "a byte after the last meta-block", data: bytesOf([[0, 1], [3, 2], [0, 5], [0, 8]]) },
    {
      what: "a length with a digit too many",
      data: bytesOf([[0, 1], [0, 1], [1, 2], [5, 20], [0, 30]]),
    },
    { what: "a reserved bit", data: bytesOf([[0, 1], [0, 1], [3, 2], [1, 1], [0, 30]]) },
    {
      what: "metadata in the last meta-block",
      data: bytesOf([[0, 1], [1, 1], [0, 1], [3, 2], [0, 30]]),
    },
    { what: "a word of a length that no word has", data: encodeReference(3, 0, 3) },
    { what: "a transform that does not exist", data: encodeReference(4, 121 << 10, 4) },
    { what: "a word that is longer than its meta-block", data: encodeReference(4, 0, 3) },
  ];
  for (const { what, data } of malformed) {
    it(`refuses ${what}`, () => {
      assertThrows(() => decode(data, 1_000), BrotliError);
    });
  }

  it("refuses a word of nothing, which codes of no bits could have come back for ever", () => {
    const data = encodeReference(4, 64 << 10, 1);
    assertThrows(() => decode(data, 1_000), BrotliError, "A word is empty");
  });
});

/** How many words of each length there are, as a power of two. */
const WORDS = [10, 10, 11, 11, 10, 10, 10, 10, 10, 9, 9, 8, 7, 7, 8, 7, 7, 6, 6, 5, 5]
  .map((bits, i) => ({ length: 4 + i, bits }));

/** Of all words, one after the other, shortest first. */
const DIGEST = "20e42eb1b511c21806d4d227d07e5dd06877d8ce7b3a817f378f313653f35c70";

describe("Dictionary", () => {
  it("has the words of RFC 7932, appendix A, by their digest", async () => {
    const words = WORDS.flatMap(({ length, bits }) =>
      Array.from({ length: 1 << bits }, (_, index) => [...dictionary.word(length, index) ?? []])
    );
    const bytes = new Uint8Array(words.flat());
    assertEquals(bytes.length, 122_784);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    assertEquals(digest.toHex(), DIGEST);
  });

  it("makes of each word what the platform's decoder makes of it, for every transform", () => {
    assertEquals(TRANSFORMS.length, 121);
    for (let transform = 0; transform < TRANSFORMS.length; transform += size(1, 7)) {
      for (const { length, bits } of WORDS) {
        // Words in other scripts stand at the end of each length.
        for (const index of [transform * 37 % (1 << bits), (1 << bits) - 1 - transform % 20]) {
          const reference = transform << bits | index;
          const word = dictionary.word(length, reference);
          if (word === undefined || word.length === 0) continue;
          const data = encodeReference(length, reference, word.length);
          const expected = new Uint8Array(zlib.brotliDecompressSync(data));
          assertEquals(decode(data, 100), expected, `${length}, ${reference}`);
          assertEquals(new Uint8Array(word), expected, `${length}, ${reference}`);
        }
      }
    }
  });

  it("has nothing at other lengths", () => {
    for (const length of [0, 3, 25, 1_000]) assertEquals(dictionary.word(length, 0), undefined);
  });
});
