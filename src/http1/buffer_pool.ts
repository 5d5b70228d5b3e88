// The buffers of one worker, used over and over: a typed array is dear to make whatever its size, and drives garbage
// collection. Nothing is cleared between two uses; whoever takes a buffer reads only what it has written.

/** What a connection reads into while its requests are small. */
export const SMALL_BUFFER_BYTES = 2_048;
/** What it reads into when they are not, and what answers are collected in. */
export const MEDIUM_BUFFER_BYTES = 16_384;
/** The largest that is kept; above it a body has memory of its own. */
export const LARGE_BUFFER_BYTES = 65_536;

/** How many free bytes of each size are kept for the next user: enough for a busy worker, little beside its heap. */
const MAX_FREE_BYTES = 4 * 1024 * 1024;

/** Hands out buffers of three sizes and takes them back. */
export class BufferPool {
  readonly #small: Uint8Array<ArrayBuffer>[] = [];
  readonly #medium: Uint8Array<ArrayBuffer>[] = [];
  readonly #large: Uint8Array<ArrayBuffer>[] = [];

  /** A buffer of at least that many bytes, with old bytes in it; a larger one than the pool keeps is made to measure. */
  take(minimumBytes: number): Uint8Array<ArrayBuffer> {
    if (minimumBytes <= SMALL_BUFFER_BYTES) {
      return this.#small.pop() ?? new Uint8Array(SMALL_BUFFER_BYTES);
    }
    if (minimumBytes <= MEDIUM_BUFFER_BYTES) {
      return this.#medium.pop() ?? new Uint8Array(MEDIUM_BUFFER_BYTES);
    }
    if (minimumBytes <= LARGE_BUFFER_BYTES) {
      return this.#large.pop() ?? new Uint8Array(LARGE_BUFFER_BYTES);
    }
    return new Uint8Array(minimumBytes);
  }

  /** Takes a buffer back. Its giver must not touch it any more, nor may a write from it be under way. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const free = this.#freeOfSize(buffer.length);
    if (free !== undefined && (free.length + 1) * buffer.length <= MAX_FREE_BYTES) {
      free.push(buffer);
    }
  }

  #freeOfSize(bytes: number): Uint8Array<ArrayBuffer>[] | undefined {
    if (bytes === SMALL_BUFFER_BYTES) return this.#small;
    if (bytes === MEDIUM_BUFFER_BYTES) return this.#medium;
    if (bytes === LARGE_BUFFER_BYTES) return this.#large;
    return undefined;
  }
}
