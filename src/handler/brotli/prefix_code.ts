// Prefix codes: how they are described in brotli data, and how symbols are read by them (RFC 7932, section 3).
// Short codes come out of a table of 256 places; longer ones are rare, and are worked out bit by bit from the number of codes of each length.
// So a code is cheap to set up: hostile data can ask for hundreds in a few bytes.

import { type BitReader, BrotliError } from "./bit_reader.ts";

const MAX_LENGTH = 15;
const TABLE_BITS = 8;

/** The largest alphabet is that of commands (section 5). */
const MAX_SYMBOLS = 704;

// Memory for one code at a time, which is set up before another one is begun.
const nextPlaces = new Uint16Array(MAX_LENGTH + 1);
const allLengths = new Uint8Array(MAX_SYMBOLS);

/** A code of one symbol does not look at its counts. */
const NO_COUNTS = new Uint16Array(0);

/** A prefix code. */
export class PrefixCode {
  /** How many codes of each length there are. */
  readonly #counts: Uint16Array;
  /** The symbols in the order of their codes. */
  readonly #symbols: Uint16Array;
  /** For the next eight bits: the symbol shifted by four, and the length of its code; 0 for longer codes. Undefined for one symbol. */
  readonly #table: Uint16Array | undefined;

  private constructor(counts: Uint16Array, symbols: Uint16Array) {
    this.#counts = counts;
    this.#symbols = symbols;
    if (symbols.length > 1) this.#table = this.#makeTable();
  }

  /** A code in which each symbol has a code of so many bits; none where it is 0. It has to be complete. */
  static ofLengths(lengths: Uint8Array): PrefixCode {
    const counts = new Uint16Array(MAX_LENGTH + 1);
    for (const length of lengths) counts[length]++;
    counts[0] = 0;
    let total = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      nextPlaces[length] = total;
      total += counts[length];
    }
    const symbols = new Uint16Array(total);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol];
      if (length > 0) symbols[nextPlaces[length]++] = symbol;
    }
    return new PrefixCode(counts, symbols);
  }

  /** A code of one symbol, which takes no bits. */
  static ofOne(symbol: number): PrefixCode {
    return new PrefixCode(NO_COUNTS, Uint16Array.of(symbol));
  }

  /** A code of a few symbols, in the order of their codes, whose lengths do not decrease. */
  static ofFew(symbols: readonly number[], lengths: readonly number[]): PrefixCode {
    const counts = new Uint16Array(MAX_LENGTH + 1);
    for (const length of lengths) counts[length]++;
    return new PrefixCode(counts, Uint16Array.from(symbols));
  }

  #makeTable(): Uint16Array {
    const table = new Uint16Array(1 << TABLE_BITS);
    let code = 0;
    let index = 0;
    for (let length = 1; length <= TABLE_BITS; length++) {
      for (let i = 0; i < this.#counts[length]; i++, code++, index++) {
        const entry = this.#symbols[index] << 4 | length;
        const first = reverseBits(code, length);
        for (let at = first; at < table.length; at += 1 << length) table[at] = entry;
      }
      code <<= 1;
    }
    return table;
  }

  /** The next symbol. */
  read(reader: BitReader): number {
    const table = this.#table;
    if (table === undefined) return this.#symbols[0];
    const bits = reader.peek(MAX_LENGTH);
    const entry = table[bits & 0xff];
    if (entry === 0) return this.#readLong(reader, bits);
    reader.skip(entry & 15);
    return entry >> 4;
  }

  #readLong(reader: BitReader, bits: number): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      code |= (bits >> (length - 1)) & 1;
      const count = this.#counts[length];
      if (code - first < count) {
        reader.skip(length);
        return this.#symbols[index + code - first];
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new BrotliError("A prefix code is not complete");
  }
}

function reverseBits(bits: number, count: number): number {
  let reversed = 0;
  for (let i = 0; i < count; i++) reversed |= ((bits >> i) & 1) << (count - 1 - i);
  return reversed;
}

/** Reads the description of a code (section 3.4 and 3.5). */
export function readPrefixCode(reader: BitReader, alphabetSize: number): PrefixCode {
  const skipped = reader.read(2);
  return skipped === 1
    ? readSimpleCode(reader, alphabetSize)
    : readComplexCode(reader, alphabetSize, skipped);
}

/** The lengths of the codes of two to four symbols, which are in the order of the data. The last row is chosen by a bit. */
const SIMPLE_LENGTHS = [[1, 1], [1, 2, 2], [2, 2, 2, 2], [1, 2, 3, 3]];

function readSimpleCode(reader: BitReader, alphabetSize: number): PrefixCode {
  const count = reader.read(2) + 1;
  const bits = 32 - Math.clz32(alphabetSize - 1);
  if (count === 1) {
    const symbol = reader.read(bits);
    if (symbol >= alphabetSize) throw new BrotliError("A symbol is not in its alphabet");
    return PrefixCode.ofOne(symbol);
  }
  const symbols = Array.from({ length: count }, () => reader.read(bits));
  if (symbols.some((symbol) => symbol >= alphabetSize)) {
    throw new BrotliError("A symbol is not in its alphabet");
  }
  if (new Set(symbols).size < count) throw new BrotliError("A symbol has two codes");
  const lengths = SIMPLE_LENGTHS[count === 4 ? 2 + reader.read(1) : count - 2];
  return PrefixCode.ofFew(sortWithinLengths(symbols, lengths), lengths);
}

/** Codes of one length go to symbols in their order. */
function sortWithinLengths(symbols: readonly number[], lengths: readonly number[]): number[] {
  return symbols.map((symbol, i) => ({ symbol, length: lengths[i] }))
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol)
    .map(({ symbol }) => symbol);
}

/** The order in which the lengths of the codes for lengths come. */
const LENGTH_ORDER = [1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** The code of these lengths itself: for the next four bits, the length that they stand for, and how many of them do. */
const LENGTH_OF_BITS = [0, 4, 3, 2, 0, 4, 3, 1, 0, 4, 3, 2, 0, 4, 3, 5];
const BITS_OF_LENGTH = [2, 2, 2, 3, 2, 2, 2, 4, 2, 2, 2, 3, 2, 2, 2, 4];

/** From this symbol on, one repeats a length: the last one, or (the next symbol) 0. */
const REPEAT_LAST = 16;

function readComplexCode(reader: BitReader, alphabetSize: number, skipped: number): PrefixCode {
  const codeForLengths = readCodeForLengths(reader, skipped);
  const lengths = allLengths.subarray(0, alphabetSize).fill(0);
  // How much of all codes of 15 bits is left: each code of a length takes its part.
  let space = 1 << MAX_LENGTH;
  let last = 8;
  let repeated = 0;
  let repeatedBy = -1;
  for (let symbol = 0; symbol < alphabetSize && space > 0;) {
    reader.checkEnd();
    const length = codeForLengths.read(reader);
    if (length < REPEAT_LAST) {
      lengths[symbol++] = length;
      repeatedBy = -1;
      if (length === 0) continue;
      last = length;
      space -= (1 << MAX_LENGTH) >> length;
      continue;
    }
    const bits = length === REPEAT_LAST ? 2 : 3;
    if (repeatedBy !== length) repeated = 0;
    repeatedBy = length;
    // Repeats of one kind after each other are the digits of one number.
    const before = repeated;
    repeated = (before === 0 ? 0 : (before - 2) << bits) + 3 + reader.read(bits);
    const count = repeated - before;
    if (symbol + count > alphabetSize) throw new BrotliError("There are too many code lengths");
    if (length === REPEAT_LAST) {
      lengths.fill(last, symbol, symbol + count);
      space -= count * ((1 << MAX_LENGTH) >> last);
    }
    symbol += count;
  }
  if (space !== 0) throw new BrotliError("The lengths of codes do not fit together");
  return PrefixCode.ofLengths(lengths);
}

function readCodeForLengths(reader: BitReader, skipped: number): PrefixCode {
  const lengths = new Uint8Array(LENGTH_ORDER.length);
  let space = 32;
  let used = 0;
  for (let i = skipped; i < LENGTH_ORDER.length && space > 0; i++) {
    const bits = reader.peek(4);
    reader.skip(BITS_OF_LENGTH[bits]);
    const length = LENGTH_OF_BITS[bits];
    if (length === 0) continue;
    lengths[LENGTH_ORDER[i]] = length;
    space -= 32 >> length;
    used++;
  }
  if (space !== 0 && used !== 1) throw new BrotliError("The lengths of codes do not fit together");
  return PrefixCode.ofLengths(lengths);
}
