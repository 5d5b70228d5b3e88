// The frames of one socket that wait to be written. All that a program sends in one turn is written
// together. Small frames are joined in a buffer of the pool, which goes back when it is written, so
// an idle socket holds none. The frame of a broadcast belongs to all its sockets, and is not copied
// if it is alone. It knows how much waits.

import type { BufferPool, OutputBuffer } from "../http1/buffer_pool.ts";
import {
  LARGE_BUFFER_BYTES,
  MEDIUM_BUFFER_BYTES,
  SMALL_BUFFER_BYTES,
} from "../http1/buffer_pool.ts";
import type { UpgradedStream } from "../handler/upgrade.ts";
import {
  binaryFrame,
  encodeBinary,
  encodeFrame,
  encodeText,
  headBytes,
  MAX_HEAD_BYTES,
  NO_ROOM,
  textFrame,
} from "../websocket/frame_encoder.ts";

/** What an output needs of its socket. */
export interface OutputOwner {
  /** Called when a write begins, and when the client has taken a good part of a large one. */
  onWriteBegun(): void;
  /** Called when all is written. */
  onWritten(): void;
  /** Called when the connection fails in a write. */
  onWriteFailed(error: unknown): void;
}

/** Frames that one write sends. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** How many of the bytes are payload of messages. */
  readonly payloadBytes: number;
  /** The buffer that goes back to the pool. */
  readonly buffer: OutputBuffer | undefined;
}

/** How much a client has to take in each `writeTimeout`, as of a response. */
const BYTES_PER_WRITE_TIMEOUT = 65_536;

/** Up to this length: the frame is kept until the end of the turn. */
const MAX_SHARED_TEXT = 1_048_576;

/** Writes the frames of many sockets at the end of a microtask: one for all of them. */
export class TurnFlushes {
  #waiting: FrameOutput[] = [];
  #lastText = "";
  #lastFrame: Uint8Array | undefined;

  /** Has what waits in an output written soon. */
  add(output: FrameOutput): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    this.#waiting.push(output);
  }

  /**
   * Returns the frame of a text that was sent before in this turn, which is a broadcast; undefined
   * for the first one. Texts are compared by identity first, so another text costs next to nothing.
   */
  sharedFrame(text: string): Uint8Array | undefined {
    if (text.length > MAX_SHARED_TEXT) return undefined;
    if (text !== this.#lastText) {
      this.#lastText = text;
      this.#lastFrame = undefined;
      return undefined;
    }
    return this.#lastFrame ??= textFrame(text);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#lastText = "";
    this.#lastFrame = undefined;
    for (const output of waiting) output.flush();
  }
}

/** The frames of one socket. */
export class FrameOutput {
  readonly #stream: Pick<UpgradedStream, "write">;
  readonly #pool: BufferPool;
  readonly #flushes: TurnFlushes;
  readonly #owner: OutputOwner;
  /** The frames that are full, in their order. */
  readonly #full: Chunk[] = [];
  /** The frame that is alone so far, in memory that others read as well. Nothing is joined then. */
  #alone: Uint8Array | undefined;
  /** The frames that are joined at the moment: the first `#length` bytes. */
  #joined: OutputBuffer | undefined;
  #length = 0;
  #joinedPayload = 0;
  /** What is being written, and how much of it has been. */
  #writing: Chunk | undefined;
  #written = 0;
  #isFlushQueued = false;
  #hasFailed = false;
  /** How many bytes of frames wait, those of the write under way included. */
  waitingBytes = 0;
  /** The payload of the frames that are not in the write under way. */
  #waitingPayload = 0;
  readonly #onTaken = (count: number): void => this.#taken(count);
  readonly #onFailed = (error: unknown): void => this.#fail(error);

  constructor(
    stream: Pick<UpgradedStream, "write">,
    pool: BufferPool,
    flushes: TurnFlushes,
    owner: OutputOwner,
  ) {
    this.#stream = stream;
    this.#pool = pool;
    this.#flushes = flushes;
    this.#owner = owner;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.waitingBytes === 0;
  }

  /** How many bytes of messages wait. */
  get bufferedAmount(): number {
    const writing = this.#writing;
    if (writing === undefined) return this.#waitingPayload;
    return this.#waitingPayload +
      Math.min(writing.payloadBytes, writing.bytes.length - this.#written);
  }

  /** Adds a text message. Returns how many bytes its payload has. */
  addText(text: string): number {
    const shared = this.#flushes.sharedFrame(text);
    if (shared !== undefined) return this.#addFrame(shared, shared.length - headBytesOf(shared));
    // Most texts have one byte for each character.
    const needed = MAX_HEAD_BYTES + text.length;
    if (needed <= LARGE_BUFFER_BYTES) {
      const { bytes } = this.#reserve(needed);
      const start = this.#length;
      const end = encodeText(text, bytes, start);
      if (end !== NO_ROOM) {
        const payload = payloadBytes(end - start);
        this.#addJoined(end, payload);
        return payload;
      }
    }
    const own = textFrame(text);
    return this.#addFrame(own, own.length - headBytesOf(own));
  }

  /** Adds a binary message, of which a copy is made. */
  addBinary(payload: Uint8Array): void {
    const needed = headBytes(payload.length) + payload.length;
    if (needed > LARGE_BUFFER_BYTES) {
      this.#addFrame(binaryFrame(payload), payload.length);
      return;
    }
    const { bytes } = this.#reserve(needed);
    this.#addJoined(encodeBinary(payload, bytes, this.#length), payload.length);
  }

  /** Adds a message with a payload that is encoded already. `first` is the first byte of its frame. */
  addEncoded(first: number, payload: Uint8Array): void {
    const { length } = payload;
    const needed = headBytes(length) + length;
    if (needed <= LARGE_BUFFER_BYTES) {
      const { bytes } = this.#reserve(needed);
      return this.#addJoined(encodeFrame(first, payload, bytes, this.#length), length);
    }
    const frame = new Uint8Array(needed);
    encodeFrame(first, payload, frame, 0);
    this.#addFrame(frame, length);
  }

  /** Adds a control frame. `first` is its first byte. */
  addControl(first: number, payload: Uint8Array): void {
    const { bytes } = this.#reserve(headBytes(payload.length) + payload.length);
    this.#addJoined(encodeFrame(first, payload, bytes, this.#length), 0);
  }

  /** Adds a whole frame that is no message. */
  addWhole(frame: Uint8Array): void {
    const { bytes } = this.#reserve(frame.length);
    bytes.set(frame, this.#length);
    this.#addJoined(this.#length + frame.length, 0);
  }

  /** Adds the frame of a message. It is not copied if it is large, or alone. */
  #addFrame(frame: Uint8Array, payload: number): number {
    if (this.#joined === undefined && this.#alone === undefined) {
      this.#alone = frame;
      this.#joinedPayload = payload;
      this.#note(frame.length, payload);
    } else if (frame.length <= MEDIUM_BUFFER_BYTES) {
      const { bytes } = this.#reserve(frame.length);
      bytes.set(frame, this.#length);
      this.#addJoined(this.#length + frame.length, payload);
    } else {
      this.#fill();
      this.#full.push({ bytes: frame, payloadBytes: payload, buffer: undefined });
      this.#note(frame.length, payload);
    }
    return payload;
  }

  /** Returns a buffer with so much room after `#length`. */
  #reserve(needed: number): OutputBuffer {
    const joined = this.#joined;
    if (joined !== undefined && joined.bytes.length - this.#length >= needed) return joined;
    if (joined === undefined && this.#alone === undefined) {
      return this.#joined = this.#pool.takeForSmallOutput(needed);
    }
    return this.#joinLarger(needed);
  }

  /** Moves what is joined to a larger buffer, unless it fills one. */
  #joinLarger(needed: number): OutputBuffer {
    const joined = this.#joined;
    const before = joined?.beginning(this.#length) ?? this.#alone!;
    const mayMove = before.length + needed <= MEDIUM_BUFFER_BYTES &&
      (joined === undefined || joined.bytes.length === SMALL_BUFFER_BYTES);
    if (!mayMove) {
      this.#fill();
      return this.#joined = this.#pool.takeForSmallOutput(needed);
    }
    const larger = this.#pool.takeForSmallOutput(before.length + needed);
    larger.bytes.set(before);
    if (joined !== undefined) this.#pool.giveFromOutput(joined);
    this.#alone = undefined;
    this.#length = before.length;
    return this.#joined = larger;
  }

  #addJoined(end: number, payload: number): void {
    const count = end - this.#length;
    this.#length = end;
    this.#joinedPayload += payload;
    this.#note(count, payload);
  }

  #note(count: number, payload: number): void {
    this.waitingBytes += count;
    this.#waitingPayload += payload;
    if (this.#isFlushQueued || this.#writing !== undefined) return;
    this.#isFlushQueued = true;
    this.#flushes.add(this);
  }

  /** Joins no more frames with those so far. */
  #fill(): void {
    const chunk = this.#takeJoined();
    if (chunk !== undefined) this.#full.push(chunk);
  }

  /** Takes the frames that are joined; undefined if there are none. */
  #takeJoined(): Chunk | undefined {
    const buffer = this.#joined;
    const bytes = buffer?.beginning(this.#length) ?? this.#alone;
    const payload = this.#joinedPayload;
    this.#joined = this.#alone = undefined;
    this.#length = 0;
    this.#joinedPayload = 0;
    if (bytes !== undefined && bytes.length > 0) return { bytes, payloadBytes: payload, buffer };
    // There was no room in it for a text.
    if (buffer !== undefined) this.#pool.giveFromOutput(buffer);
    return undefined;
  }

  /** Has what is added wait until `flush` is called, which must follow in the same turn. */
  hold(): void {
    this.#isFlushQueued = true;
  }

  /** Begins to write what waits, unless a write is under way. */
  flush(): void {
    this.#isFlushQueued = false;
    if (this.#writing === undefined && this.waitingBytes > 0) this.#begin();
  }

  #begin(): void {
    if (this.#hasFailed) return this.clear();
    const chunk = (this.#full.length > 0 ? this.#full.shift() : this.#takeJoined())!;
    this.#writing = chunk;
    this.#written = 0;
    this.#waitingPayload -= chunk.payloadBytes;
    this.#owner.onWriteBegun();
    this.#write(chunk.bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#stream.write(bytes).then(this.#onTaken, this.#onFailed);
  }

  #taken(count: number): void {
    const chunk = this.#writing!;
    const before = this.#written;
    this.#written += count;
    this.waitingBytes -= count;
    if (this.#written < chunk.bytes.length) {
      const parts = Math.floor(this.#written / BYTES_PER_WRITE_TIMEOUT);
      if (parts > Math.floor(before / BYTES_PER_WRITE_TIMEOUT)) this.#owner.onWriteBegun();
      return this.#write(chunk.bytes.subarray(this.#written));
    }
    this.#writing = undefined;
    this.#give(chunk);
    if (this.waitingBytes > 0) this.#begin();
    else this.#owner.onWritten();
  }

  #give({ buffer }: Chunk): void {
    if (buffer !== undefined) this.#pool.giveFromOutput(buffer);
  }

  #fail(error: unknown): void {
    const chunk = this.#writing!;
    this.#writing = undefined;
    this.#hasFailed = true;
    this.waitingBytes -= chunk.bytes.length - this.#written;
    this.#give(chunk);
    this.clear();
    this.#owner.onWriteFailed(error);
  }

  /** Forgets the frames of which nothing is written. A frame under way is written to its end. */
  clear(): void {
    this.#fill();
    for (const chunk of this.#full.splice(0)) {
      this.waitingBytes -= chunk.bytes.length;
      this.#waitingPayload -= chunk.payloadBytes;
      this.#give(chunk);
    }
  }
}

/** Returns the length of the head of a frame of a server. */
function headBytesOf(frame: Uint8Array): number {
  const length = frame[1];
  if (length < 126) return 2;
  return length === 126 ? 4 : 10;
}

/** Returns the payload of a frame of a server that has so many bytes. */
function payloadBytes(frameBytes: number): number {
  if (frameBytes <= 127) return frameBytes - 2;
  return frameBytes <= 0xffff + 4 ? frameBytes - 4 : frameBytes - 10;
}
