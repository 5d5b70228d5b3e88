// The body of one request, where the parser has left it: in the connection's buffer, or in memory of its own.
// It is decoded in place and copied only for a handler that wants the bytes. When the answer is complete the memory is used
// for something else, so the body lets go of it: what was not read by then can never show another request's bytes.

import { Buffer } from "node:buffer";
import type { BufferPool } from "./buffer_pool.ts";

const utf8Slice = Buffer.prototype.utf8Slice;

/** Where a body's bytes are. */
type Source =
  | { readonly kind: "empty" }
  | {
    readonly kind: "lent";
    readonly bytes: Uint8Array;
    readonly start: number;
    readonly end: number;
  }
  | { readonly kind: "own"; readonly buffer: Uint8Array<ArrayBuffer>; readonly length: number }
  | { readonly kind: "taken"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "released" };

const RELEASED: Source = { kind: "released" };

/** The three bytes with which some programs begin UTF-8 text; they are no part of it (WHATWG Encoding, "UTF-8 decode"). */
function bomLength(bytes: Uint8Array, start: number, end: number): number {
  const hasBom = end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb &&
    bytes[start + 2] === 0xbf;
  return hasBom ? 3 : 0;
}

/** Decodes UTF-8 as the platform decodes a body: lossy, and without a byte order mark. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const from = start + bomLength(bytes, start, end);
  return from === end ? "" : utf8Slice.call(bytes, from, end);
}

/** The body of a request, readable until it is released. */
export class RequestBody {
  /** How many bytes it has. */
  readonly length: number;
  /**
   * What reads the body while it comes, or the stream of it that a handler has asked for. `handler/request.ts` keeps it here, since
   * most requests have no body, and a field of each request would cost them memory.
   */
  streamed: object | undefined;
  #source: Source;
  readonly #pool: BufferPool | undefined;

  private constructor(length: number, source: Source, pool: BufferPool | undefined) {
    this.length = length;
    this.#source = source;
    this.#pool = pool;
  }

  /** A body inside a buffer that belongs to somebody else. */
  static lent(bytes: Uint8Array, start: number, end: number): RequestBody {
    return new RequestBody(end - start, { kind: "lent", bytes, start, end }, undefined);
  }

  /** A body at the beginning of a buffer of its own, which goes to the pool unless a reader takes the bytes. */
  static own(
    buffer: Uint8Array<ArrayBuffer>,
    length: number,
    pool: BufferPool | undefined,
  ): RequestBody {
    return new RequestBody(length, { kind: "own", buffer, length }, pool);
  }

  /** The body of a request that has none. One serves for all of them: it has nothing to release. */
  static readonly EMPTY: RequestBody = new RequestBody(0, { kind: "empty" }, undefined);

  /** In place of a body that comes while its handler works, and is read in another way. */
  static readonly UNDER_WAY: RequestBody = new RequestBody(0, { kind: "empty" }, undefined);

  /** A body that comes while its handler works, and is read by `reader`. */
  static comingBy(reader: object): RequestBody {
    const body = new RequestBody(0, { kind: "empty" }, undefined);
    body.streamed = reader;
    return body;
  }

  /** The bytes, for the reader to keep; undefined once the body is released. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const source = this.#source;
    switch (source.kind) {
      case "empty":
        // A new one each time: its reader may transfer it to another thread.
        return new Uint8Array(0);
      case "taken":
        return source.bytes;
      case "released":
        return undefined;
      case "lent":
        return this.#keep(source.bytes.slice(source.start, source.end) as Uint8Array<ArrayBuffer>);
      case "own":
        return this.#takeOwn(source.buffer, source.length);
    }
  }

  /** Returns a view of the bytes that must not be kept or changed; undefined after the release. */
  peek(): Uint8Array<ArrayBuffer> | undefined {
    const source = this.#source;
    switch (source.kind) {
      case "empty":
      case "released":
      case "taken":
        return this.take();
      case "lent":
        return source.bytes.subarray(source.start, source.end) as Uint8Array<ArrayBuffer>;
      case "own":
        return source.buffer.subarray(0, source.length);
    }
  }

  /**
   * Returns the bytes for a reader that may change or transfer them; undefined after the release. Only memory that this body
   * would have to give up anyway is passed on as it is.
   */
  give(): Uint8Array<ArrayBuffer> | undefined {
    const source = this.#source;
    switch (source.kind) {
      case "empty":
      case "released":
      case "own":
        return this.take();
      case "lent":
        return source.bytes.slice(source.start, source.end) as Uint8Array<ArrayBuffer>;
      case "taken":
        return source.bytes.slice();
    }
  }

  /**
   * Whoever looks at the memory behind the bytes (`body.buffer`) must not find another request's there, so memory that is larger
   * than the body stays here; a copy takes no longer than making such memory anew for the next body.
   */
  #takeOwn(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
    if (buffer.buffer.byteLength === length) return this.#keep(buffer);
    const bytes = buffer.slice(0, length);
    this.#pool?.give(buffer);
    return this.#keep(bytes);
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#source = { kind: "taken", bytes };
    return bytes;
  }

  /** The bytes as UTF-8 text, lossy, without a byte order mark; undefined once the body is released. */
  decode(): string | undefined {
    const source = this.#source;
    switch (source.kind) {
      case "empty":
        return "";
      case "taken":
        return decodeUtf8(source.bytes, 0, source.bytes.length);
      case "released":
        return undefined;
      case "lent":
        return decodeUtf8(source.bytes, source.start, source.end);
      case "own":
        return decodeUtf8(source.buffer, 0, source.length);
    }
  }

  /** Whether its memory is used for something else by now. */
  get isReleased(): boolean {
    return this.#source.kind === "released";
  }

  /** Lets go of memory that is about to be used again. What a reader has taken stays the reader's. */
  release(): void {
    const source = this.#source;
    switch (source.kind) {
      case "empty":
      case "taken":
      case "released":
        return;
      case "own":
        this.#pool?.give(source.buffer);
        break;
      case "lent":
        break;
    }
    this.#source = RELEASED;
  }
}
