// Checks and decodes UTF-8 (RFC 3629). Whole texts are decoded first and checked by what came out.
// Texts that come in pieces are checked piece by piece, so that a bad one fails with its first bad
// byte (RFC 6455, section 8.1).

import { Buffer, isUtf8 } from "node:buffer";

const { latin1Slice, utf8Slice } = Buffer.prototype;

/** Both decoders write U+FFFD for what is not UTF-8, and leave a byte order mark where it is. */
const longDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** From this length on, the platform's decoder is faster than `utf8Slice`. */
const LONG_TEXT_BYTES = 512;

/** Decodes bytes that are known to be ASCII. */
export function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? "" : latin1Slice.call(bytes, start, end);
}

/** Decodes UTF-8. Returns undefined if it is none. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return "";
  const text = end - start < LONG_TEXT_BYTES
    ? utf8Slice.call(bytes, start, end)
    : longDecoder.decode(bytes.subarray(start, end));
  // The character may also have been sent.
  if (text.includes("\ufffd") && !isUtf8(bytes.subarray(start, end))) return undefined;
  return text;
}

/**
 * What the next byte must be. `Complete`: the first byte of a character. `One`, `Two`, `Three`: so
 * many bytes from 0x80 to 0xBF. The others follow a first byte for which the second one has
 * narrower bounds: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
const Expected = {
  Complete: 0,
  One: 1,
  Two: 2,
  Three: 3,
  SecondAfterE0: 4,
  SecondAfterEd: 5,
  SecondAfterF0: 6,
  SecondAfterF4: 7,
  Nothing: 8,
} as const;
type Expected = typeof Expected[keyof typeof Expected];

/** What follows a first byte. */
function afterFirst(byte: number): Expected {
  if (byte < 0x80) return Expected.Complete;
  if (byte < 0xc2) return Expected.Nothing;
  if (byte < 0xe0) return Expected.One;
  if (byte === 0xe0) return Expected.SecondAfterE0;
  if (byte === 0xed) return Expected.SecondAfterEd;
  if (byte < 0xf0) return Expected.Two;
  if (byte === 0xf0) return Expected.SecondAfterF0;
  if (byte < 0xf4) return Expected.Three;
  return byte === 0xf4 ? Expected.SecondAfterF4 : Expected.Nothing;
}

function inBounds(byte: number, low: number, high: number, next: Expected): Expected {
  return byte >= low && byte <= high ? next : Expected.Nothing;
}

function after(expected: Expected, byte: number): Expected {
  switch (expected) {
    case Expected.Complete:
      return afterFirst(byte);
    case Expected.One:
      return inBounds(byte, 0x80, 0xbf, Expected.Complete);
    case Expected.Two:
      return inBounds(byte, 0x80, 0xbf, Expected.One);
    case Expected.Three:
      return inBounds(byte, 0x80, 0xbf, Expected.Two);
    case Expected.SecondAfterE0:
      return inBounds(byte, 0xa0, 0xbf, Expected.One);
    case Expected.SecondAfterEd:
      return inBounds(byte, 0x80, 0x9f, Expected.One);
    case Expected.SecondAfterF0:
      return inBounds(byte, 0x90, 0xbf, Expected.Two);
    case Expected.SecondAfterF4:
      return inBounds(byte, 0x80, 0x8f, Expected.Two);
    case Expected.Nothing:
      return Expected.Nothing;
  }
}

/** Pieces up to this length are checked byte by byte: a call of the platform costs as much. */
const MAX_LOOP_BYTES = 64;

/** A character has at most this many bytes after its first. */
const MAX_FOLLOWING_BYTES = 3;

/** Checks a text that comes in pieces. */
export class Utf8Checker {
  #expected: Expected = Expected.Complete;

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#expected === Expected.Complete;
  }

  /** Begins with another text. */
  reset(): void {
    this.#expected = Expected.Complete;
  }

  /** Checks the next piece. Returns false as soon as the text cannot become UTF-8 any more. */
  check(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start <= MAX_LOOP_BYTES) return this.#checkEach(bytes, start, end);
    // The end of a character whose beginning was in the piece before, and the beginning of one that
    // ends in the piece after.
    let from = start;
    while (this.#expected !== Expected.Complete) {
      if (!this.#checkEach(bytes, from, from + 1)) return false;
      from++;
    }
    const to = lastBoundary(bytes, end);
    return isUtf8(bytes.subarray(from, to)) && this.#checkEach(bytes, to, end);
  }

  #checkEach(bytes: Uint8Array, start: number, end: number): boolean {
    let expected = this.#expected;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (expected === Expected.Complete && byte < 0x80) continue;
      expected = after(expected, byte);
      if (expected === Expected.Nothing) return false;
    }
    this.#expected = expected;
    return true;
  }
}

/** Where the last first byte of a character is, if its character may be incomplete. */
function lastBoundary(bytes: Uint8Array, end: number): number {
  for (let at = end - 1; at >= end - MAX_FOLLOWING_BYTES; at--) {
    if (bytes[at] >= 0xc0) return at;
    if (bytes[at] < 0x80) return end;
  }
  return end;
}
