import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BitReader, BrotliError } from "../../../src/handler/brotli/bit_reader.ts";
import { PrefixCode, readPrefixCode } from "../../../src/handler/brotli/prefix_code.ts";

/** A reader of these bits, in the order in which they are read; spaces are for people. */
function readerOf(bits: string): BitReader {
  const digits = [...bits.replaceAll(" ", "")];
  const bytes = new Uint8Array(Math.ceil(digits.length / 8));
  for (const [at, bit] of digits.entries()) bytes[at >> 3] |= Number(bit) << (at & 7);
  return new BitReader(bytes);
}

/** A number as bits, the lowest first, as every number but a code is written. */
function number(value: number, count: number): string {
  return Array.from({ length: count }, (_, bit) => value >> bit & 1).join("");
}

function readAll(code: PrefixCode, reader: BitReader, count: number): number[] {
  return Array.from({ length: count }, () => code.read(reader));
}

describe("PrefixCode", () => {
  it("ofLengths() gives codes by length, and then by symbol (RFC 7932, section 3.2)", () => {
    // The example of the section: A, B, C, D have the lengths 2, 1, 3, 3, and so the codes 10, 0, 110, 111.
    const code = PrefixCode.ofLengths(Uint8Array.of(2, 1, 3, 3));
    assertEquals(readAll(code, readerOf("0 10 110 111 0"), 5), [1, 0, 2, 3, 1]);
  });

  it("read() finds codes of more than eight bits", () => {
    // Symbol n has n ones and a zero; the last one has ones alone.
    const code = PrefixCode.ofLengths(
      Uint8Array.from({ length: 16 }, (_, symbol) => Math.min(symbol + 1, 15)),
    );
    const bits = [15, 9, 0, 14, 8, 7].map((n) => "1".repeat(n) + (n < 15 ? "0" : "")).join(" ");
    assertEquals(readAll(code, readerOf(bits), 6), [15, 9, 0, 14, 8, 7]);
  });

  it("read() takes no bits for a code of one symbol", () => {
    const reader = readerOf("101");
    assertEquals(readAll(PrefixCode.ofOne(7), reader, 3), [7, 7, 7]);
    assertEquals(readAll(PrefixCode.ofLengths(Uint8Array.of(0, 0, 3)), reader, 3), [2, 2, 2]);
    assertEquals(reader.read(3), 0b101);
  });

  it("read() refuses bits that no symbol has", () => {
    const code = PrefixCode.ofLengths(Uint8Array.of(2, 2, 2));
    assertThrows(() => code.read(readerOf("11 1111 1111 1111 111")), BrotliError, "not complete");
  });
});

describe("readPrefixCode()", () => {
  const SIMPLE = number(1, 2);

  it("reads a simple code of one symbol (RFC 7932, section 3.4)", () => {
    const reader = readerOf(SIMPLE + number(0, 2) + number(5, 3) + "1");
    const code = readPrefixCode(reader, 8);
    assertEquals([code.read(reader), code.read(reader), reader.read(1)], [5, 5, 1]);
  });

  const simple = [
    { symbols: [3, 1], tree: "", bits: "0 1", read: [1, 3] },
    { symbols: [3, 2, 0], tree: "", bits: "0 10 11", read: [3, 0, 2] },
    { symbols: [3, 1, 2, 0], tree: "0", bits: "00 01 10 11", read: [0, 1, 2, 3] },
    { symbols: [3, 1, 2, 0], tree: "1", bits: "0 10 110 111", read: [3, 1, 0, 2] },
  ];
  for (const { symbols, tree, bits, read } of simple) {
    it(`reads a simple code of ${symbols}${tree && `, tree ${tree}`}`, () => {
      const head = SIMPLE + number(symbols.length - 1, 2);
      const reader = readerOf(head + symbols.map((one) => number(one, 2)).join("") + tree + bits);
      assertEquals(readAll(readPrefixCode(reader, 4), reader, read.length), read);
    });
  }

  it("refuses a symbol that is not in the alphabet, and one that comes twice", () => {
    const one = SIMPLE + number(0, 2) + number(3, 2);
    assertThrows(() => readPrefixCode(readerOf(one), 3), BrotliError, "not in its alphabet");
    const two = SIMPLE + number(1, 2) + number(0, 2);
    const other = (symbol: number) => readerOf(two + number(symbol, 2));
    assertThrows(() => readPrefixCode(other(3), 3), BrotliError, "not in its alphabet");
    assertThrows(() => readPrefixCode(other(0), 3), BrotliError, "two codes");
  });

  /** A complex code: from the fourth length on, the fifth is used alone, and that is 6 (RFC 7932, section 3.5). */
  const ALL_SIX = number(3, 2) + "00".repeat(4) + "1110" + "00".repeat(10);

  it("reads a complex code in which every symbol has six bits", () => {
    const reader = readerOf(ALL_SIX + "000101 111111 000000");
    assertEquals(readAll(readPrefixCode(reader, 64), reader, 3), [5, 63, 0]);
  });

  it("refuses lengths that leave something over, and lengths that take too much", () => {
    assertThrows(
      () => readPrefixCode(readerOf(ALL_SIX), 63),
      BrotliError,
      "do not fit together",
    );
    // The lengths 1 and 2 are written as 0 and 1.
    const oneOrTwo = number(0, 2) + "1110 1110";
    const right = readerOf(oneOrTwo + "0 1 1" + "10 0 11");
    assertEquals(readAll(readPrefixCode(right, 3), right, 3), [1, 0, 2]);
    assertThrows(
      () => readPrefixCode(readerOf(oneOrTwo + "1 0 0"), 3),
      BrotliError,
      "do not fit together",
    );
  });
});
