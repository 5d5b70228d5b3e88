// The buffer that a socket reads frames into. It is small while messages are: most sockets are
// idle. A socket whose messages are larger gets a buffer that has room for a whole one, so that one
// read brings it. The buffers are those of the worker's pool.

import {
  type BufferPool,
  LARGE_BUFFER_BYTES,
  MEDIUM_BUFFER_BYTES,
  SMALL_BUFFER_BYTES,
} from "../http1/buffer_pool.ts";

/**
 * What is left of the buffer is moved to its beginning if there is less space than this after it: a
 * read should bring more.
 */
const MIN_SPACE_BYTES = 1_024;

/** Bytes that have come, and room for more. */
export class ReadBuffer {
  readonly #pool: BufferPool;
  #isLarge = false;
  #words: Int32Array<ArrayBuffer> | undefined;
  /**
   * The longest frame that has come since the buffer was empty: the next one will probably be as
   * long.
   */
  #longestFrame = 0;

  /** The memory. Its offset is 0, and its length a multiple of four. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the bytes begin that are not yet read. */
  start = 0;
  /** Where they end. */
  end = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.bytes = pool.take(SMALL_BUFFER_BYTES);
  }

  /** The same memory, by words. */
  get words(): Int32Array<ArrayBuffer> {
    return this.#words ??= new Int32Array(this.bytes.buffer);
  }

  /** Notes how long a frame is. */
  noteFrame(length: number): void {
    if (length > this.#longestFrame) this.#longestFrame = length;
  }

  /**
   * Where the next bytes go. What is unread must be less than a control frame. It is moved if that
   * makes more room.
   */
  get space(): Uint8Array<ArrayBuffer> {
    if (this.start === this.end) {
      const needed = Math.max(this.#longestFrame, this.end);
      this.clear();
      this.#fit(needed);
      return this.bytes;
    }
    if (this.bytes.length - this.end < MIN_SPACE_BYTES) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    return this.bytes.subarray(this.end);
  }

  /** Forgets the bytes. */
  clear(): void {
    this.start = this.end = 0;
    this.#longestFrame = 0;
  }

  /** Returns the memory to the pool. */
  release(): void {
    if (this.#isLarge) this.#pool.giveFromReader(this.bytes);
    else this.#pool.give(this.bytes);
  }

  /** Gives an empty buffer the size that so many bytes need. */
  #fit(needed: number): void {
    if (needed > MEDIUM_BUFFER_BYTES && needed <= LARGE_BUFFER_BYTES) {
      if (this.#isLarge) return;
      const large = this.#pool.takeForReader();
      if (large !== undefined) return this.#replace(large, true);
    }
    const wanted = needed >= SMALL_BUFFER_BYTES ? MEDIUM_BUFFER_BYTES : SMALL_BUFFER_BYTES;
    if (this.bytes.length !== wanted) this.#replace(this.#pool.take(wanted), false);
  }

  #replace(fresh: Uint8Array<ArrayBuffer>, isLarge: boolean): void {
    this.release();
    this.bytes = fresh;
    this.#words = undefined;
    this.#isLarge = isLarge;
  }
}
