// Chunks to body bytes (RFC 9112, section 7.1).
// A machine that can stop at any byte. Extensions and trailers are read, bounded and dropped: they never become headers
// (RFC 9110, section 6.5.1), and every byte of the framing has to be the one that the grammar names.

import {
  BACKSLASH,
  CR,
  DQUOTE,
  EQUALS,
  FIELD_VALUE,
  HEX_VALUE,
  LF,
  SEMICOLON,
  TOKEN,
} from "./grammar.ts";
import type { HeadParser } from "./head_parser.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";

/** How much a chunked body may hold; sizes are numbers of bytes. */
export interface ChunkedLimits {
  readonly maxBodyBytes: number;
  /** Also bounds the extensions of all chunks together. */
  readonly maxHeadBytes: number;
}

/** What has become of the bytes so far. `consumed` says up to where they are not needed any more. */
export type ChunkedOutcome =
  | { readonly kind: "incomplete"; readonly consumed: number }
  | { readonly kind: "complete"; readonly consumed: number }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Sixteen digits write any 64-bit size; more are leading zeros or an overflow, and both are an attack on somebody. */
const MAX_SIZE_DIGITS = 16;

/** The first room for a body whose length nobody has declared. */
const FIRST_CAPACITY = 4_096;

const Stage = {
  FirstSizeDigit: 0,
  Size: 1,
  ExtensionName: 2,
  ExtensionValue: 3,
  ExtensionToken: 4,
  ExtensionQuoted: 5,
  ExtensionQuotedPair: 6,
  ExtensionEnd: 7,
  SizeLineFeed: 8,
  Data: 9,
  DataReturn: 10,
  DataLineFeed: 11,
  Trailers: 12,
} as const;
type Stage = typeof Stage[keyof typeof Stage];

/** Decodes one chunked body. */
export class ChunkedDecoder {
  readonly #limits: ChunkedLimits;
  readonly #trailers: HeadParser;
  #stage: Stage = Stage.FirstSizeDigit;
  #size = 0;
  #sizeDigits = 0;
  #extensionBytes = 0;
  /** Whether the extension's name or token has a byte yet: empty ones are malformed. */
  #hasExtensionByte = false;
  #body: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;

  /** `trailers` is lent by the connection: between a head and the next one it has nothing else to do. */
  constructor(limits: ChunkedLimits, trailers: HeadParser) {
    this.#limits = limits;
    this.#trailers = trailers;
  }

  /** How many bytes of the body have come: of its data alone, not of what delimits the chunks. */
  get length(): number {
    return this.#length;
  }

  /** The body, once it is complete. */
  get body(): Uint8Array<ArrayBuffer> {
    return this.#body.subarray(0, this.#length);
  }

  /** Decodes what stands from `start` to `end`. Bytes behind `consumed` are given again, with more behind them. */
  decode(bytes: Uint8Array, start: number, end: number): ChunkedOutcome {
    let at = start;
    while (at < end) {
      const byte = bytes[at];
      switch (this.#stage) {
        case Stage.FirstSizeDigit:
          if (HEX_VALUE[byte] === 255) return refuse(REFUSALS.badChunkSize);
          this.#size = 0;
          this.#sizeDigits = 0;
          this.#stage = Stage.Size;
          break;
        case Stage.Size: {
          const digit = HEX_VALUE[byte];
          if (digit === 255) {
            const refusal = this.#endSize(byte);
            if (refusal !== undefined) return refuse(refusal);
          } else {
            this.#size = this.#size * 16 + digit;
            if (++this.#sizeDigits > MAX_SIZE_DIGITS) return refuse(REFUSALS.badChunkSize);
          }
          at++;
          break;
        }
        case Stage.ExtensionName:
        case Stage.ExtensionValue:
        case Stage.ExtensionToken:
        case Stage.ExtensionQuoted:
        case Stage.ExtensionQuotedPair:
        case Stage.ExtensionEnd:
          if (
            ++this.#extensionBytes > this.#limits.maxHeadBytes || !this.#extend(this.#stage, byte)
          ) {
            return refuse(REFUSALS.badChunkExtension);
          }
          at++;
          break;
        case Stage.SizeLineFeed:
          if (byte !== LF) return refuse(REFUSALS.badLineEnd);
          at++;
          if (this.#size === 0) {
            this.#trailers.resetForTrailers();
            this.#stage = Stage.Trailers;
          } else {
            this.#stage = Stage.Data;
          }
          break;
        case Stage.Data: {
          const count = Math.min(this.#size, end - at);
          this.#append(bytes, at, count);
          at += count;
          this.#size -= count;
          if (this.#size === 0) this.#stage = Stage.DataReturn;
          break;
        }
        case Stage.DataReturn:
          if (byte !== CR) return refuse(REFUSALS.badChunkEnd);
          at++;
          this.#stage = Stage.DataLineFeed;
          break;
        case Stage.DataLineFeed:
          if (byte !== LF) return refuse(REFUSALS.badChunkEnd);
          at++;
          this.#stage = Stage.FirstSizeDigit;
          break;
        case Stage.Trailers: {
          const outcome = this.#trailers.parse(bytes, at, end);
          switch (outcome.kind) {
            case "incomplete":
              return { kind: "incomplete", consumed: at };
            case "refused":
              return refuse(outcome.refusal);
            case "complete":
              // Too late to say so, and somebody who merges trailers into the head would read another message.
              return this.#trailers.seesControlField
                ? refuse(REFUSALS.badTrailer)
                : { kind: "complete", consumed: outcome.end };
          }
        }
      }
    }
    return { kind: "incomplete", consumed: at };
  }

  /** What follows the digits of a size: CR, or an extension. Not white space: see the head of this file. */
  #endSize(byte: number): Refusal | undefined {
    if (byte === CR) this.#stage = Stage.SizeLineFeed;
    else if (byte === SEMICOLON) this.#beginExtension();
    else return byte === LF ? REFUSALS.badLineEnd : REFUSALS.badChunkSize;
    // Past 2^53 the sum is no longer exact: such a size is no number to compare with a limit.
    if (!Number.isSafeInteger(this.#size)) return REFUSALS.badChunkSize;
    return this.#size > this.#limits.maxBodyBytes - this.#length
      ? REFUSALS.bodyTooLarge
      : undefined;
  }

  #beginExtension(): void {
    this.#stage = Stage.ExtensionName;
    this.#hasExtensionByte = false;
  }

  /**
   * One more byte of `*( ";" token [ "=" ( token / quoted-string ) ] )` (RFC 9112, section 7.1.1). The white space that
   * the RFC tolerates there for old senders is refused: some parsers end the size at it, and nobody sends it.
   */
  #extend(stage: Stage, byte: number): boolean {
    switch (stage) {
      case Stage.ExtensionName:
      case Stage.ExtensionToken:
        if (TOKEN[byte] === 1) {
          this.#hasExtensionByte = true;
          return true;
        }
        if (!this.#hasExtensionByte) return false;
        if (byte === EQUALS && stage === Stage.ExtensionName) {
          this.#stage = Stage.ExtensionValue;
          return true;
        }
        return this.#endExtension(byte);
      case Stage.ExtensionValue:
        if (byte !== DQUOTE && TOKEN[byte] === 0) return false;
        this.#stage = byte === DQUOTE ? Stage.ExtensionQuoted : Stage.ExtensionToken;
        this.#hasExtensionByte = true;
        return true;
      case Stage.ExtensionQuoted:
        if (byte === DQUOTE) this.#stage = Stage.ExtensionEnd;
        else if (byte === BACKSLASH) this.#stage = Stage.ExtensionQuotedPair;
        else return FIELD_VALUE[byte] === 1;
        return true;
      case Stage.ExtensionQuotedPair:
        this.#stage = Stage.ExtensionQuoted;
        return FIELD_VALUE[byte] === 1;
      default:
        return this.#endExtension(byte);
    }
  }

  #endExtension(byte: number): boolean {
    if (byte === CR) this.#stage = Stage.SizeLineFeed;
    else if (byte === SEMICOLON) this.#beginExtension();
    else return false;
    return true;
  }

  #append(bytes: Uint8Array, start: number, count: number): void {
    const needed = this.#length + count;
    if (needed > this.#body.length) {
      const capacity = Math.min(
        Math.max(needed, FIRST_CAPACITY, this.#body.length * 2),
        this.#limits.maxBodyBytes,
      );
      const grown = new Uint8Array(capacity);
      grown.set(this.#body.subarray(0, this.#length));
      this.#body = grown;
    }
    this.#body.set(bytes.subarray(start, start + count), this.#length);
    this.#length = needed;
  }
}

function refuse(refusal: Refusal): ChunkedOutcome {
  return { kind: "refused", refusal };
}
