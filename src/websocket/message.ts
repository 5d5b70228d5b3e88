// A message that is being read: its frames are joined, unmasked and checked here (RFC 6455,
// sections 5.4 and 8.1). The session can read into its memory directly, so the bytes of a large
// message are not copied. The memory is four times what has come at the most, whatever the heads of
// frames declare. It does not know what frames look like.

import { type Failure, FAILURES } from "./failure.ts";
import { Opcode } from "./frame.ts";
import { NOT_ASCII, rotateMask, unmask } from "./masking.ts";
import { decodeAscii, decodeUtf8, Utf8Checker } from "./utf8.ts";

/** How large a message may be. */
export interface MessageLimits {
  /** The limit of a message in bytes, before and after decompression. */
  readonly maxMessageBytes: number;
  /** In how many frames one message may come. */
  readonly maxFragments: number;
}

/** What a message has; `None` if none has begun. */
export const MessageKind = { None: 0, Text: Opcode.Text, Binary: Opcode.Binary } as const;
export type MessageKind = typeof MessageKind[keyof typeof MessageKind];

/** How many times as much memory a message gets, once it has filled what it has. */
const GROWTH = 4;

/** The smallest memory of a message: small pieces cost more to move than to hold. */
const MIN_BYTES = 1_024;

const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

/** The messages of one client, one after the other. */
export class IncomingMessage {
  readonly #limits: MessageLimits;
  /** What the message that has begun has. */
  kind: MessageKind = MessageKind.None;
  /** Whether the message that has begun is compressed. */
  isCompressed = false;
  #fragments = 0;
  /** The bytes of the message in the frames whose heads have been read. */
  #declared = 0;
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  /** The same memory, by whole words. */
  #words: Int32Array<ArrayBuffer> = NO_WORDS;
  #filled = 0;
  /** How many of the bytes that have come are unmasked. */
  #unmasked = 0;
  #isAscii = true;
  /** Made for the first text that needs it. */
  #checker: Utf8Checker | undefined;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  /** How many bytes have come. */
  get length(): number {
    return this.#filled;
  }

  /** Begins with a message. */
  begin(kind: MessageKind, isCompressed: boolean): void {
    this.kind = kind;
    this.isCompressed = isCompressed;
  }

  /** Returns which limit a further frame of that length breaks. */
  limitBrokenBy(length: number): Failure | undefined {
    if (length > this.#limits.maxMessageBytes - this.#declared) return FAILURES.messageTooLarge;
    return this.#fragments >= this.#limits.maxFragments ? FAILURES.tooManyFragments : undefined;
  }

  /** Adds a frame of that length. */
  addFrame(length: number): void {
    this.#fragments++;
    this.#declared += length;
  }

  /** Copies bytes, still masked, to the end. `left` more of the frame are to come. */
  append(source: Uint8Array, start: number, end: number, left: number): void {
    const count = end - start;
    this.#makeRoom(count, left);
    this.#bytes.set(source.subarray(start, end), this.#filled);
    this.#filled += count;
  }

  /** Returns where the next bytes of a frame go, of which `left` are to come: one or more. */
  space(left: number): Uint8Array<ArrayBuffer> {
    this.#makeRoom(1, left - 1);
    return this.#bytes.subarray(this.#filled, this.#filled + left);
  }

  /** Counts bytes that were put where `space` points. */
  received(count: number): void {
    this.#filled += count;
  }

  #makeRoom(count: number, left: number): void {
    const needed = this.#filled + count;
    if (needed <= this.#bytes.length) return;
    const size = Math.min(needed + left, Math.max(MIN_BYTES, GROWTH * needed));
    const fresh = new Uint8Array(size);
    fresh.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = fresh;
    this.#words = new Int32Array(fresh.buffer, 0, size >> 2);
  }

  /**
   * Unmasks the bytes that have come since the last call. Returns the mask for the byte after them;
   * undefined if the text cannot be UTF-8 any more.
   */
  unmask(mask: number): number | undefined {
    const from = this.#unmasked;
    const to = this.#filled;
    if (from === to) return mask;
    this.#unmasked = to;
    const union = unmask(this.#bytes, this.#words, from, to, mask);
    if ((union & NOT_ASCII) !== 0) this.#isAscii = false;
    const isChecked = this.kind === MessageKind.Text && !this.isCompressed && !this.#isAscii;
    if (isChecked) {
      this.#checker ??= new Utf8Checker();
      if (!this.#checker.check(this.#bytes, from, to)) return undefined;
    }
    return rotateMask(mask, to - from);
  }

  /** Ends a text message that is not compressed. Returns undefined if it is not UTF-8. */
  takeText(): string | undefined {
    let text: string | undefined;
    if (this.#isAscii) text = decodeAscii(this.#bytes, 0, this.#filled);
    else if (this.#checker!.isComplete) text = decodeUtf8(this.#bytes, 0, this.#filled);
    this.clear();
    return text;
  }

  /** Ends a message. Returns its bytes, which are memory of their own. */
  takeBytes(): Uint8Array<ArrayBuffer> {
    const bytes = this.#filled === this.#bytes.length
      ? this.#bytes
      : this.#bytes.slice(0, this.#filled);
    this.clear();
    return bytes;
  }

  /** Forgets the message that has begun. */
  clear(): void {
    this.kind = MessageKind.None;
    this.#fragments = 0;
    this.#declared = 0;
    if (this.#filled === 0) return;
    this.#bytes = NO_BYTES;
    this.#words = NO_WORDS;
    this.#filled = 0;
    this.#unmasked = 0;
    this.#isAscii = true;
    this.#checker?.reset();
  }
}
