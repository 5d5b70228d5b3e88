// What the symbols of brotli data stand for: counts, lengths, distances and contexts (RFC 7932, sections 4 to 7).

/** A number that is a base and some extra bits: the bases of all symbols, and how many bits each takes. */
export interface Ranges {
  readonly bases: readonly number[];
  readonly extraBits: readonly number[];
}

/** Each range begins where the one before ends. */
function ranges(first: number, extraBits: readonly number[]): Ranges {
  const bases: number[] = [];
  let base = first;
  for (const bits of extraBits) {
    bases.push(base);
    base += 1 << bits;
  }
  return { bases, extraBits };
}

/** How long a block is (section 6). */
export const BLOCK_COUNTS: Ranges = ranges(
  1,
  [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 24],
);

/** How many literals a command inserts (section 5). */
export const INSERT_LENGTHS: Ranges = ranges(
  0,
  [0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 24],
);

/** How many bytes a command copies (section 5). */
export const COPY_LENGTHS: Ranges = ranges(
  2,
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 24],
);

/** The first insert code, and the first copy code, of each 64 symbols of a command (section 5). */
export const FIRST_INSERT_CODES = [0, 0, 0, 0, 8, 8, 0, 16, 8, 16, 16];
export const FIRST_COPY_CODES = [0, 8, 0, 8, 0, 8, 16, 0, 16, 8, 16];

/** Commands below this one copy from the last distance, and name none. */
export const FIRST_COMMAND_WITH_DISTANCE = 128;

/** The distances that are made of one of the last four: which one, 0 for the last, and what is added (section 4). */
export const LAST_DISTANCE = [0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
export const LAST_DISTANCE_PLUS = [0, 0, 0, 0, -1, 1, -2, 2, -3, 3, -1, 1, -2, 2, -3, 3];

/** How the context of a literal follows from the two bytes before it (section 7.1). */
const LSB6 = 0;
const MSB6 = 1;
const UTF8 = 2;
const SIGNED = 3;

/** The classes of ASCII characters as the last byte of UTF-8 text, four for each line of sixteen; from 128 on they alternate. */
const UTF8_CLASSES = [
  "0,0,0,0,0,0,0,0,0,4,4,0,0,4,0,0",
  "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
  "8,12,16,12,12,20,12,16,24,28,12,12,32,12,36,12",
  "44,44,44,44,44,44,44,44,44,44,32,32,24,40,28,12",
  "12,48,52,52,52,48,52,52,52,48,52,52,52,52,52,48",
  "52,52,52,52,52,48,52,52,52,52,52,24,12,28,12,12",
  "12,56,60,60,60,56,60,60,60,56,60,60,60,60,60,56",
  "60,60,60,60,60,56,60,60,60,60,60,24,12,28,12,0",
].join().split(",").map(Number);

/** The part of the last byte in a context of UTF-8 text. */
const UTF8_LAST = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte < 128 ? UTF8_CLASSES[byte] : byte < 192 ? byte & 1 : 2 + (byte & 1),
);

/** The part of the byte before the last. */
const UTF8_BEFORE = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 128) return byte < 224 ? 0 : 2;
  const character = String.fromCharCode(byte);
  if (/[0-9A-Z]/.test(character)) return 2;
  if (/[a-z]/.test(character)) return 3;
  return byte <= 0x20 || byte === 0x7f ? 0 : 1;
});

/** The size of a byte that is a signed number. */
const SIGNED_SIZE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const starts = [0, 1, 16, 64, 128, 192, 240, 255];
  return starts.findLastIndex((start) => byte >= start);
});

/** How the context of a literal is made. The data names one of the four in two bits. */
type ContextMode = typeof LSB6 | typeof MSB6 | typeof UTF8 | typeof SIGNED;

/** The context of a literal: a number below 64. */
export function literalContext(mode: number, last: number, before: number): number {
  switch (mode as ContextMode) {
    case LSB6:
      return last & 63;
    case MSB6:
      return last >> 2;
    case UTF8:
      return UTF8_LAST[last] | UTF8_BEFORE[before];
    case SIGNED:
      return SIGNED_SIZE[last] << 3 | SIGNED_SIZE[before];
  }
}
