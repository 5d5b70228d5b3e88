// The words that brotli data may refer to, and what is made of them (RFC 7932, section 8 and appendices A and B).
// The list of words has 122,784 bytes. It is not kept here: the platform's decoder has it, and gives it back when it is asked for each word
// by data that is made for that.

import { TRANSFORMS } from "./transforms.ts";

/** How many words of each length there are, as a power of two. */
const WORD_BITS: Readonly<Record<number, number>> = {
  ...{ 4: 10, 5: 10, 6: 11, 7: 11, 8: 10, 9: 10, 10: 10, 11: 10, 12: 10, 13: 9, 14: 9 },
  ...{ 15: 8, 16: 7, 17: 7, 18: 8, 19: 7, 20: 7, 21: 6, 22: 6, 23: 5, 24: 5 },
};

const LENGTHS = Object.keys(WORD_BITS).map(Number);

/** Each length's first word begins where the words of the length before end. */
const WORD_STARTS: ReadonlyMap<number, number> = new Map(
  LENGTHS.map((length, i) => {
    const before = LENGTHS.slice(0, i);
    return [length, before.reduce((start, one) => start + (one << WORD_BITS[one]), 0)];
  }),
);

/** The words, and what is made of them. */
export class Dictionary {
  readonly #words: Uint8Array;

  /** Makes a dictionary by means of a decoder of the platform, which gets data that is in order. */
  constructor(decode: (data: Uint8Array) => Uint8Array) {
    // A plain array: what slice() gives of a Buffer would be the dictionary's own memory.
    this.#words = new Uint8Array(decode(encodeAllWords()));
  }

  /** The word for a reference, as a distance behind all that can be copied has it; undefined where there is none. */
  word(length: number, reference: number): Uint8Array | undefined {
    const start = WORD_STARTS.get(length);
    if (start === undefined) return undefined;
    const transform = TRANSFORMS[reference >> WORD_BITS[length]];
    if (transform === undefined) return undefined;
    const index = reference & ((1 << WORD_BITS[length]) - 1);
    const at = start + index * length;
    return transform(this.#words.subarray(at, at + length));
  }
}

/** Data that decodes to all words: a meta-block for each length, with a command for each word. */
function encodeAllWords(): Uint8Array {
  const writer = new BitWriter();
  // A window of 64 KiB, less 16 bytes.
  writer.write(0, 1);
  let length = 0;
  for (const wordLength of LENGTHS) {
    const count = 1 << WORD_BITS[wordLength];
    const copyCode = wordLength < 10
      ? wordLength - 2
      : COPY_STARTS.findLastIndex((start) => wordLength >= start) + 8;
    writeMetaBlockHead(writer, wordLength * count, copyCode);
    for (let index = 0; index < count; index++) {
      if (copyCode >= 8) {
        writer.write(wordLength - COPY_STARTS[copyCode - 8], COPY_BITS[copyCode - 8]);
      }
      writeDistance(writer, Math.min(length, WINDOW) + 1 + index);
      length += wordLength;
    }
  }
  // The last meta-block is empty.
  writer.write(3, 2);
  return writer.bytes;
}

const WINDOW = (1 << 16) - 16;

/** The copy lengths from code 8 on, as far as words are as long. */
const COPY_STARTS = [10, 12, 14, 18, 22];
const COPY_BITS = [1, 1, 2, 2, 3];

/** One type of everything, no literals, one command (copy so much from a given distance), distance codes of six bits each. */
function writeMetaBlockHead(writer: BitWriter, length: number, copyCode: number): void {
  writer.write(0, 3);
  writer.write(length - 1, 16);
  // Not uncompressed; three times one type; no postfix; no direct distances; a mode; twice one tree.
  writer.write(0, 1 + 3 + 2 + 4 + 2 + 2);
  // A code with the symbol 0 alone, of 256; and one with the command alone, of 704.
  writer.write(1, 4);
  writer.write(0, 8);
  writer.write(1, 4);
  writer.write(copyCode < 8 ? 128 + copyCode : 192 + copyCode - 8, 10);
  // Of the lengths of codes, in their order from the fourth on, only the fifth one is used: six.
  writer.write(3, 2);
  writer.write(0, 4 * 2);
  writer.write(7, 4);
  writer.write(0, 10 * 2);
}

function writeDistance(writer: BitWriter, distance: number): void {
  const value = distance + 3;
  const bits = 30 - Math.clz32(value);
  const symbol = 16 + ((bits - 1) << 1 | (value >> bits) & 1);
  for (let bit = 5; bit >= 0; bit--) writer.write(symbol >> bit, 1);
  writer.write(value, bits);
}

/** Writes bits, the lowest first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #bits = 0;
  #count = 0;

  /** Writes the lowest bits of a number, at most 24. */
  write(value: number, count: number): void {
    this.#bits |= (value & ((1 << count) - 1)) << this.#count;
    this.#count += count;
    for (; this.#count >= 8; this.#count -= 8) {
      this.#bytes.push(this.#bits & 0xff);
      this.#bits >>>= 8;
    }
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#count > 0 ? [...this.#bytes, this.#bits] : this.#bytes);
  }
}
