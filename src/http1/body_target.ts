// Where the decoded bytes of a body go. The decoder of chunks and the parser know only that a target
// takes as many bytes as it has room for.

/** Takes the bytes of a body, in order. */
export interface BodyTarget {
  /** Takes as many of these bytes as there is room for, and returns how many. */
  take(bytes: Uint8Array, start: number, count: number): number;
}

/** Takes bytes that nothing needs. */
export const DISCARD: BodyTarget = { take: (_bytes, _start, count) => count };

/** The first room for a body of unknown length. */
const FIRST_CAPACITY = 4_096;

/** Collects a body of unknown length in memory of its own. The decoder holds it to its limit. */
export class CollectedBody implements BodyTarget {
  readonly #maxBytes: number;
  #memory: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What was taken so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(0, this.#length);
  }

  take(bytes: Uint8Array, start: number, count: number): number {
    const needed = this.#length + count;
    if (needed > this.#memory.length) {
      const capacity = Math.min(
        Math.max(needed, FIRST_CAPACITY, this.#memory.length * 2),
        this.#maxBytes,
      );
      const grown = new Uint8Array(capacity);
      grown.set(this.#memory.subarray(0, this.#length));
      this.#memory = grown;
    }
    this.#memory.set(bytes.subarray(start, start + count), this.#length);
    this.#length = needed;
    return count;
  }
}

/** Fills memory of the reader. */
export class BodyView implements BodyTarget {
  readonly #view: Uint8Array;
  /** How many bytes were taken. */
  filled = 0;

  constructor(view: Uint8Array) {
    this.#view = view;
  }

  take(bytes: Uint8Array, start: number, count: number): number {
    const taken = Math.min(count, this.#view.length - this.filled);
    if (taken > 0) this.#view.set(bytes.subarray(start, start + taken), this.filled);
    this.filled += taken;
    return taken;
  }
}
