// The buffers of one worker, used over and over: a typed array is dear to make whatever its size, and drives garbage
// collection. Nothing is cleared between two uses; whoever takes a buffer reads only what it has written.

import { BufferTurns } from "./buffer_turns.ts";

/** What a connection reads into while its requests are small. */
export const SMALL_BUFFER_BYTES = 2_048;
/** What it reads into when they are not, and what answers are collected in. */
export const MEDIUM_BUFFER_BYTES = 16_384;
/** The largest that is kept: a body of 64 KiB, and its head with it. Above that a body has memory of its own. */
export const LARGE_BUFFER_BYTES = 69_632;

/**
 * How many free bytes of the small and of the medium size are kept for the next user, and of each once more for output:
 * enough for a busy worker, little beside its heap.
 */
export const MAX_FREE_BYTES = 4 * 1024 * 1024;
/**
 * The same for the large size: 120 buffers. The connections that are served in one turn of the event loop have theirs at the same
 * time (see ../connection/read_fairness.ts), and to make one anew takes as long as to fill it.
 */
export const MAX_FREE_LARGE_BYTES = 8 * 1024 * 1024;

/**
 * How many connections may wait for their next request with a large buffer. They wait for as long as their clients want, so this
 * bounds what they hold: 4 MiB.
 */
export const MAX_LARGE_READERS = 64;

/**
 * A buffer that answers are collected in. It remembers the last view of its beginning: a view is dear to make, and the answers
 * of one server are often of one length.
 */
export class OutputBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #beginning: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.#beginning = bytes;
  }

  /** The first `length` bytes. */
  beginning(length: number): Uint8Array<ArrayBuffer> {
    if (this.#beginning.length !== length) this.#beginning = this.bytes.subarray(0, length);
    return this.#beginning;
  }
}

/** Hands out buffers of three sizes and takes them back. */
export class BufferPool {
  /** The turns of connections that will probably need a large buffer for their output. */
  readonly turns: BufferTurns = new BufferTurns();
  readonly #small: Uint8Array<ArrayBuffer>[] = [];
  readonly #medium: Uint8Array<ArrayBuffer>[] = [];
  readonly #large: Uint8Array<ArrayBuffer>[] = [];
  readonly #forOutput: OutputBuffer[] = [];
  readonly #forSmallOutput: OutputBuffer[] = [];
  #largeReaders = 0;

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

  /**
   * Returns a large buffer for a connection that waits for a request and will probably fill it; undefined if enough have one. It
   * goes back by {@linkcode giveFromReader}.
   */
  takeForReader(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#largeReaders === MAX_LARGE_READERS) return undefined;
    this.#largeReaders++;
    return this.take(LARGE_BUFFER_BYTES);
  }

  /** Takes such a buffer back, under the rules of {@linkcode give}; undefined for one that its reader has left to a body. */
  giveFromReader(buffer: Uint8Array<ArrayBuffer> | undefined): void {
    this.#largeReaders--;
    if (buffer !== undefined) this.give(buffer);
  }

  /** Takes a buffer back. Its giver must not touch it any more, nor may a write from it be under way. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { length } = buffer;
    const free = this.#freeOfSize(length);
    const most = length === LARGE_BUFFER_BYTES ? MAX_FREE_LARGE_BYTES : MAX_FREE_BYTES;
    if (free !== undefined && (free.length + 1) * length <= most) free.push(buffer);
  }

  /** A buffer of at least that many bytes for answers, a medium one if that will do. */
  takeForOutput(minimumBytes: number): OutputBuffer {
    if (minimumBytes > MEDIUM_BUFFER_BYTES) return new OutputBuffer(this.take(minimumBytes));
    return this.#forOutput.pop() ?? new OutputBuffer(this.take(MEDIUM_BUFFER_BYTES));
  }

  /**
   * The same with a small one if that will do. Many connections that send little at the same time find theirs in the cache of the
   * processor.
   */
  takeForSmallOutput(minimumBytes: number): OutputBuffer {
    if (minimumBytes > SMALL_BUFFER_BYTES) return this.takeForOutput(minimumBytes);
    return this.#forSmallOutput.pop() ?? new OutputBuffer(this.take(SMALL_BUFFER_BYTES));
  }

  /** Takes such a buffer back, under the rules of {@linkcode give}. */
  giveFromOutput(buffer: OutputBuffer): void {
    const { length } = buffer.bytes;
    if (length > MEDIUM_BUFFER_BYTES) return this.give(buffer.bytes);
    const free = length === MEDIUM_BUFFER_BYTES ? this.#forOutput : this.#forSmallOutput;
    if ((free.length + 1) * length <= MAX_FREE_BYTES) free.push(buffer);
    else this.give(buffer.bytes);
  }

  #freeOfSize(bytes: number): Uint8Array<ArrayBuffer>[] | undefined {
    if (bytes === SMALL_BUFFER_BYTES) return this.#small;
    if (bytes === MEDIUM_BUFFER_BYTES) return this.#medium;
    if (bytes === LARGE_BUFFER_BYTES) return this.#large;
    return undefined;
  }
}
