// The bytes that a connection has encoded and not yet written. Responses of pipelined requests, and parts of a streamed body,
// are joined here, so that one write sends them. It does not write: the connection does.

import type { BufferPool, OutputBuffer } from "./buffer_pool.ts";

/**
 * Output is written once it is longer than this: neither pipelined requests nor a source that gives all of its parts at once can fill the
 * memory.
 */
export const MAX_WAITING_BYTES = 65_536;

/** A body up to this size is copied into the output, behind its head. For a larger one the copy costs more than a second write. */
export const MAX_JOINED_BODY_BYTES = 65_536;

/**
 * A body that is written after the output, from the memory of the handler. The handler may detach that memory meanwhile, so the
 * length is kept beside it, as Content-Length says it.
 */
export interface LargeBody {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const NO_BYTES = new Uint8Array(0);

/** The responses of one connection that wait to be written, as bytes for one write. */
export class Output {
  readonly #pool: BufferPool;
  #buffer: OutputBuffer | undefined;
  /** How many bytes wait. */
  length = 0;
  /** A body that has to be written after the bytes, and before others are added. */
  largeBody: LargeBody | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** The buffer, with at least that many bytes free behind `length`. */
  reserve(bytes: number): Uint8Array<ArrayBuffer> {
    const current = this.#buffer;
    const needed = this.length + bytes;
    if (current !== undefined && needed <= current.bytes.length) return current.bytes;
    return this.#replaceBuffer(needed);
  }

  #replaceBuffer(neededBytes: number): Uint8Array<ArrayBuffer> {
    const old = this.#buffer;
    const fresh = this.#pool.takeForOutput(neededBytes);
    if (old !== undefined) {
      fresh.bytes.set(old.beginning(this.length));
      this.#pool.giveFromOutput(old);
    }
    this.#buffer = fresh;
    return fresh.bytes;
  }

  /** Adds bytes as they are. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes the first `length` bytes over what waits, from `at` on. */
  overwrite(at: number, bytes: Uint8Array, length: number): void {
    const buffer = this.reserve(0);
    for (let i = 0; i < length; i++) buffer[at + i] = bytes[i];
  }

  /** The bytes that wait; they are the buffer's own until `clear`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer?.beginning(this.length) ?? NO_BYTES;
  }

  /** Forgets what has been written. A write that is still under way must be over: the memory is used again. */
  clear(): void {
    this.length = 0;
    this.largeBody = undefined;
    if (this.#buffer !== undefined) this.#pool.giveFromOutput(this.#buffer);
    this.#buffer = undefined;
  }
}
