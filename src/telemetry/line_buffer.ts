// Makes log lines as bytes, piece by piece. Each text is copied to its final position, and a
// client's text is escaped on the way. Strings that are joined, checked and then encoded take three
// times as long, and leave garbage.

/**
 * How many bytes a buffer has room for at first: more than the access log collects before a write.
 */
const FIRST_BYTES = 131_072;

/** The longest escape of one character: `\u0000`. */
const MAX_ESCAPE_BYTES = 6;

/** The digits of the largest number that counts exactly, 2^53, and a few for a point and a sign. */
const MAX_NUMBER_BYTES = 20;

/**
 * Up to these lengths, a loop copies faster than a call into the platform; for characters more so,
 * because the loop also checks them.
 */
const MAX_LOOP_BYTES = 24;
const MAX_LOOP_CHARACTERS = 100;

const encoder = new TextEncoder();

/** The powers of ten: `10 ** places` would be a call into the system's library. */
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

/** For each byte, 1 if it stays as it is: no quote, backslash or control character. */
const PLAIN = Uint8Array.from(
  { length: 256 },
  (_, code) =>
    Number(code >= FIRST_VISIBLE && code <= LAST_VISIBLE && code !== QUOTE && code !== BACKSLASH),
);

/** Collects lines. All of their bytes are ASCII. */
export class LineBuffer {
  readonly #firstBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** `firstBytes` is how many bytes the buffer has room for at first. */
  constructor(firstBytes: number = FIRST_BYTES) {
    this.#firstBytes = firstBytes;
    this.#bytes = new Uint8Array(firstBytes);
  }

  /** The number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** The bytes. They stay the buffer's own, and change with it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Whether it has grown beyond its first size. */
  get hasGrown(): boolean {
    return this.#bytes.length > this.#firstBytes;
  }

  /** Returns the number of lines. */
  countLines(): number {
    let count = 0;
    for (let at = 0; at < this.#length; at++) if (this.#bytes[at] === LINE_FEED) count++;
    return count;
  }

  /** Removes all lines. */
  clear(): void {
    this.#length = 0;
  }

  /** Adds bytes as they are. */
  addBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length <= MAX_LOOP_BYTES) return this.addFew(bytes, length);
    this.#reserve(length).set(bytes, this.#length);
    this.#length += length;
  }

  /** Adds the first `length` bytes, usually a few, without a call into the platform. */
  addFew(bytes: Uint8Array, length: number): void {
    const into = this.#reserve(length);
    const at = this.#length;
    for (let i = 0; i < length; i++) into[at + i] = bytes[i];
    this.#length = at + length;
  }

  /** Adds a text of ours, which is ASCII and needs no escapes. */
  addText(text: string): void {
    const { length } = text;
    const bytes = this.#reserve(length);
    const at = this.#length;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#length = at + length;
  }

  /** Adds a whole number, 0 or more. */
  addInteger(value: number): void {
    this.addDigits(value, countDigits(value));
  }

  /** Adds a number, 0 or more, rounded to `places` decimal places, at most 3. */
  addDecimal(value: number, places: number): void {
    const scale = SCALES[places];
    const scaled = Math.round(value * scale);
    const whole = Math.floor(scaled / scale);
    this.addDigits(whole, countDigits(whole));
    this.#reserve(1)[this.#length++] = POINT;
    this.addDigits(scaled - whole * scale, places);
  }

  /** Adds the last `count` digits of a whole number, padded with zeros. */
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

  /** Adds a client's text for a place between quotes, escaped as Apache and nginx do (`\x22`). */
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
      // A field value and a request target have no character above U+00FF.
      bytes[at++] = LETTER_X;
      at = addHex(bytes, at, code, 2);
    }
    this.#length = at;
  }

  /** Adds a client's text as a JSON string, with its quotes (RFC 8259, section 7). */
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

  /** Adds a long text in one call if all of it is plain, as usual. The room is reserved. */
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

/** Writes `digits` hexadecimal digits, and returns their end. */
function addHex(bytes: Uint8Array, at: number, value: number, digits: number): number {
  for (let i = 0; i < digits; i++) {
    bytes[at + i] = HEX_DIGITS[(value >> (4 * (digits - 1 - i))) & 0xf];
  }
  return at + digits;
}
