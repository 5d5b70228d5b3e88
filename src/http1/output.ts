// The bytes that a connection has encoded and not yet written. Responses of pipelined requests, and parts of a streamed body,
// are joined here, so that one write sends them. It does not write: the connection does. Text is encoded straight into the
// buffers of the pool, a large text part by part, so that no other memory ever has its bytes.

import { Buffer } from "node:buffer";
import { type BufferPool, LARGE_BUFFER_BYTES, type OutputBuffer } from "./buffer_pool.ts";

/**
 * Output is written once it is longer than this: neither pipelined requests nor a source that gives all of its parts at once can fill the
 * memory.
 */
export const MAX_WAITING_BYTES = 65_536;

/**
 * A body up to this size is copied into the output, after its head, if one buffer of the pool has room for both. For a larger one
 * the copy costs more than a second write.
 */
export const MAX_JOINED_BODY_BYTES = 65_536;

/** A short text is written faster by a loop than by a call into the platform. */
export const MAX_LOOP_CHARACTERS = 48;

/** The most bytes that UTF-8 takes for a unit of a string: four for the two units of a pair. */
const MAX_UTF8_BYTES = 3;

/** A body, or the rest of one, that is written after the output. */
export type LargeBody =
  /** Memory of the handler, who may detach it meanwhile. So the length is kept beside it, as Content-Length declares it. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly length: number }
  /** What did not fit the output. */
  | { readonly kind: "text"; readonly text: string };

/** A part of a large body: the first `length` bytes. */
export interface BodyPart {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const encoder = new TextEncoder();
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

  /** The same, with less room if no buffer of the pool has as much. */
  reserveInPool(bytes: number): Uint8Array<ArrayBuffer> {
    return this.reserve(Math.max(0, Math.min(bytes, LARGE_BUFFER_BYTES - this.length)));
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

  /** Appends a body, or makes it the large body if it is too long to be joined with what waits. */
  appendBody(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > MAX_JOINED_BODY_BYTES || this.length + length > LARGE_BUFFER_BYTES) {
      this.largeBody = { kind: "bytes", bytes, length };
    } else this.append(bytes);
  }

  /**
   * Appends a text as UTF-8, with U+FFFD for half a pair. The part that no buffer of the pool has room for becomes the large body.
   * One byte after it stays free, for one more digit of the Content-Length before it. Returns how many bytes the whole text has.
   */
  appendText(text: string): number {
    const { length } = text;
    if (length <= MAX_LOOP_CHARACTERS) {
      const buffer = this.reserve(length + 1);
      const at = this.length;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        buffer[at + i] = code;
      }
      if (i === length) {
        this.length += length;
        return length;
      }
    }
    const start = this.length;
    const rest = this.#encode(text);
    const written = this.length - start;
    if (rest === "") return written;
    this.largeBody = { kind: "text", text: rest };
    return written + Buffer.byteLength(rest);
  }

  /**
   * Encodes as much of a text as one buffer of the pool has room for, and returns the rest. Most texts have a byte for each
   * character, so the first buffer is for that many. A text that needs more moves to the largest one.
   */
  #encode(text: string): string {
    const buffer = this.reserveInPool(text.length + 1);
    const rest = this.#encodeInto(buffer, text);
    if (rest === "") return "";
    const larger = this.reserveInPool(rest.length * MAX_UTF8_BYTES + 1);
    return larger === buffer ? rest : this.#encodeInto(larger, rest);
  }

  #encodeInto(buffer: Uint8Array, text: string): string {
    const { read, written } = encoder.encodeInto(text, buffer.subarray(this.length, -1));
    this.length += written;
    return read === text.length ? "" : text.slice(read);
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

  /**
   * Returns the next part of the large body, for the next write. It may use the memory of the part before it, and of the bytes, so
   * these must be written. There must be a large body.
   */
  nextPart(): BodyPart {
    const body = this.largeBody!;
    this.largeBody = undefined;
    if (body.kind === "bytes") return body;
    this.length = 0;
    const rest = this.#encode(body.text);
    if (rest !== "") this.largeBody = { kind: "text", text: rest };
    return { bytes: this.bytes, length: this.length };
  }

  /** Forgets what has been written. A write that is still under way must be over: the memory is used again. */
  clear(): void {
    this.length = 0;
    this.largeBody = undefined;
    if (this.#buffer !== undefined) this.#pool.giveFromOutput(this.#buffer);
    this.#buffer = undefined;
  }
}
