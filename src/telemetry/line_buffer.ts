// Lines of a log as bytes, put together piece by piece: texts are copied where they are to stand, and what a client has said is escaped
// on the way. Strings that are joined, checked and encoded afterwards take three times as long, and leave garbage behind.

/** How many bytes there is room for at first, which is more than is collected before it is written. */
const FIRST_BYTES = 131_072;

/** The longest escape of one character: `\u0000`. */
const MAX_ESCAPE_BYTES = 6;

/** The digits of the largest number that counts exactly, 2^53, and a few for a point and a sign. */
const MAX_NUMBER_BYTES = 20;

/** What is short is copied faster by a loop than by a call into the platform; more so where each character is looked at anyway. */
const MAX_LOOP_BYTES = 24;
const MAX_LOOP_CHARACTERS = 100;

const encoder = new TextEncoder();

/** The powers of ten, which cost a call into the system's library otherwise. */
const SCALES = [1, 10, 100, 1_000];

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const LETTER_X = 0x78;
const LETTER_U = 0x75;
const DIGIT_ZERO = 0x30;
const FIRST_VISIBLE = 0x20;
const LAST_VISIBLE = 0x7e;

const HEX_DIGITS = encoder.encode("0123456789abcdef");

/** For each byte 1 where it ends neither a quotation nor a line, and is none that a terminal obeys. */
const PLAIN = Uint8Array.from(
  { length: 256 },
  (_, code) =>
    Number(code >= FIRST_VISIBLE && code <= LAST_VISIBLE && code !== QUOTE && code !== BACKSLASH),
);

/** Lines that are being collected. All of their bytes are ASCII. */
export class LineBuffer {
  readonly #firstBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** `firstBytes` is how many there is room for at first. */
  constructor(firstBytes: number = FIRST_BYTES) {
    this.#firstBytes = firstBytes;
    this.#bytes = new Uint8Array(firstBytes);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** The bytes; they are the buffer's own. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Whether it has grown beyond its first size. */
  get hasGrown(): boolean {
    return this.#bytes.length > this.#firstBytes;
  }

  /** How many lines there are. */
  countLines(): number {
    let count = 0;
    for (let at = 0; at < this.#length; at++) if (this.#bytes[at] === LINE_FEED) count++;
    return count;
  }

  /** Forgets all lines. */
  clear(): void {
    this.#length = 0;
  }

  /** Adds bytes that were made before. */
  addBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length <= MAX_LOOP_BYTES) return this.addFew(bytes, length);
    this.#reserve(length).set(bytes, this.#length);
    this.#length += length;
  }

  /** Adds the first `length` of some bytes, most often a few, without a call into the platform. */
  addFew(bytes: Uint8Array, length: number): void {
    const into = this.#reserve(length);
    const at = this.#length;
    for (let i = 0; i < length; i++) into[at + i] = bytes[i];
    this.#length = at + length;
  }

  /** Adds a text of our own, which is ASCII and needs no escapes. */
  addText(text: string): void {
    const { length } = text;
    const bytes = this.#reserve(length);
    const at = this.#length;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#length = at + length;
  }

  /** Adds a whole number from 0 on. */
  addInteger(value: number): void {
    this.addDigits(value, countDigits(value));
  }

  /** Adds a number from 0 on, rounded to so many decimal places, 3 at the most. */
  addDecimal(value: number, places: number): void {
    const scale = SCALES[places];
    const scaled = Math.round(value * scale);
    const whole = Math.floor(scaled / scale);
    this.addDigits(whole, countDigits(whole));
    this.#reserve(1)[this.#length++] = POINT;
    this.addDigits(scaled - whole * scale, places);
  }

  /** Adds the last so many digits of a whole number from 0 on, with zeros before it where it has fewer. */
  addDigits(value: number, count: number): void {
    const bytes = this.#reserve(MAX_NUMBER_BYTES);
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const quotient = Math.floor(rest / 10);
      bytes[at] = DIGIT_ZERO + (rest - quotient * 10);
      rest = quotient;
    }
    this.#length += count;
  }

  /** Adds what a client has said, as it may stand between quotes in a line: as Apache and nginx escape it (`\x22`). */
  addQuoted(text: string): void {
    const { length } = text;
    const bytes = this.#reserve(length * MAX_ESCAPE_BYTES);
    if (this.#hasCopied(text)) return;
    let at = this.#length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (PLAIN[code] === 1) {
        bytes[at++] = code;
        continue;
      }
      bytes[at++] = BACKSLASH;
      // A field's value and a target have nothing beyond U+00FF.
      bytes[at++] = LETTER_X;
      at = addHex(bytes, at, code, 2);
    }
    this.#length = at;
  }

  /** Adds what a client has said as a string of JSON, with its quotes (RFC 8259, section 7). */
  addJsonString(text: string): void {
    const { length } = text;
    const bytes = this.#reserve(length * MAX_ESCAPE_BYTES + 2);
    let at = this.#length;
    bytes[at++] = QUOTE;
    this.#length = at;
    if (this.#hasCopied(text)) {
      bytes[this.#length++] = QUOTE;
      return;
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (PLAIN[code] === 1) {
        bytes[at++] = code;
        continue;
      }
      bytes[at++] = BACKSLASH;
      if (code === QUOTE || code === BACKSLASH) {
        bytes[at++] = code;
        continue;
      }
      bytes[at++] = LETTER_U;
      at = addHex(bytes, at, code, 4);
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** Adds a longer text at once if all of it is plain, as nearly all are; there is room for it. */
  #hasCopied(text: string): boolean {
    const { length } = text;
    if (length <= MAX_LOOP_CHARACTERS) return false;
    const bytes = this.#bytes;
    const at = this.#length;
    const { read, written } = encoder.encodeInto(text, bytes.subarray(at, at + length));
    if (read < length || written < length) return false;
    for (let i = at; i < at + length; i++) if (PLAIN[bytes[i]] === 0) return false;
    this.#length = at + length;
    return true;
  }

  #reserve(count: number): Uint8Array<ArrayBuffer> {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return this.#bytes;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.bytes);
    return this.#bytes = larger;
  }
}

function countDigits(value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  return digits;
}

/** Writes so many hexadecimal digits, and returns where they end. */
function addHex(bytes: Uint8Array, at: number, value: number, digits: number): number {
  for (let i = 0; i < digits; i++) {
    bytes[at + i] = HEX_DIGITS[(value >> (4 * (digits - 1 - i))) & 0xf];
  }
  return at + digits;
}
