// Reads brotli data bit by bit, the lowest bit of each byte first (RFC 7932, section 1.5.1).
// Past the end it reads zeros, which no caller has to look out for; `checkEnd()` throws once any of these has been used.

/** Data that is no brotli data, or only a part of it. */
export class BrotliError extends Error {
  /** The class's name, as it stands in logs. */
  override readonly name: string = "BrotliError";
}

/** The bits of some bytes, one after the other. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The bits that are read ahead, at most 31. */
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #fill(count: number): void {
    while (this.#count < count) {
      this.#bits |= (this.#bytes[this.#at++] ?? 0) << this.#count;
      this.#count += 8;
    }
  }

  /** The next bits, at most 24, without going on to those after them. */
  peek(count: number): number {
    if (this.#count < count) this.#fill(count);
    return this.#bits & ((1 << count) - 1);
  }

  /** Goes on by so many bits, which have been peeked at. */
  skip(count: number): void {
    this.#bits >>>= count;
    this.#count -= count;
  }

  /** The next bits as a number, at most 24. */
  read(count: number): number {
    const bits = this.peek(count);
    this.skip(count);
    return bits;
  }

  /** Goes on to the next whole byte. The bits up to there have to be zeros (RFC 7932, section 9.3). */
  alignToByte(): void {
    if (this.read(this.#count & 7) !== 0) throw new BrotliError("There are bits before a byte");
  }

  /** The next bytes, which begin at a whole byte. */
  readBytes(length: number): Uint8Array {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw new BrotliError("The data is cut off");
    this.#bits = this.#count = 0;
    this.#at = start + length;
    return this.#bytes.subarray(start, start + length);
  }

  /** The first byte of which no bit has been read. */
  get #position(): number {
    return this.#at - (this.#count >> 3);
  }

  /** Throws if more was read than there is. */
  checkEnd(): void {
    if (this.#position > this.#bytes.length) throw new BrotliError("The data is cut off");
  }

  /** Whether every byte was read. */
  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }
}
