// Chunks to body bytes (RFC 9112, section 7.1).
// A machine that can stop at any byte. Extensions are read, bounded and dropped. Trailers are bounded, and kept apart from the head:
// they never become headers (RFC 9110, section 6.5.1). Every byte of the framing has to be the one that the grammar names.

import type { BodyTarget } from "./body_target.ts";
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

/** The stages of what delimits the data of the chunks. */
type DelimiterStage = Exclude<Stage, typeof Stage.Data | typeof Stage.Trailers>;

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
  #length = 0;
  /** The names and the values of the trailer fields, in turn; undefined if there are none, and before the end of the body. */
  trailers: readonly string[] | undefined;

  /** `trailers` is lent by the connection: between a head and the next one it has nothing else to do. */
  constructor(limits: ChunkedLimits, trailers: HeadParser) {
    this.#limits = limits;
    this.#trailers = trailers;
  }

  /** How many bytes of the body have come: of its data alone, not of what delimits the chunks. */
  get length(): number {
    return this.#length;
  }

  /**
   * Decodes what stands from `start` to `end`, and gives the data to `target`. Bytes after `consumed` are given again: with more of
   * them, or when the target has room.
   */
  decode(bytes: Uint8Array, start: number, end: number, target: BodyTarget): ChunkedOutcome {
    let at = start;
    while (at < end) {
      const stage = this.#stage;
      if (stage === Stage.Data) {
        const count = this.#readData(bytes, at, end, target);
        if (count === 0) break;
        at += count;
      } else if (stage === Stage.Trailers) return this.#readTrailers(bytes, at, end);
      else {
        const refusal = this.#readDelimiter(stage, bytes[at]);
        if (refusal !== undefined) return { kind: "refused", refusal };
        at++;
      }
    }
    return { kind: "incomplete", consumed: at };
  }

  /** Reads one byte of what delimits the data: chunk-size [ chunk-ext ] CRLF before it, CRLF after it. */
  #readDelimiter(stage: DelimiterStage, byte: number): Refusal | undefined {
    switch (stage) {
      case Stage.FirstSizeDigit:
        return this.#beginSize(byte);
      case Stage.Size:
        return this.#readSize(byte);
      case Stage.ExtensionName:
      case Stage.ExtensionValue:
      case Stage.ExtensionToken:
      case Stage.ExtensionQuoted:
      case Stage.ExtensionQuotedPair:
      case Stage.ExtensionEnd: {
        const isBounded = ++this.#extensionBytes <= this.#limits.maxHeadBytes;
        return isBounded && this.#extend(stage, byte) ? undefined : REFUSALS.badChunkExtension;
      }
      case Stage.SizeLineFeed:
        return byte === LF ? this.#endSizeLine() : REFUSALS.badLineEnd;
      case Stage.DataReturn:
        this.#stage = Stage.DataLineFeed;
        return byte === CR ? undefined : REFUSALS.badChunkEnd;
      case Stage.DataLineFeed:
        this.#stage = Stage.FirstSizeDigit;
        return byte === LF ? undefined : REFUSALS.badChunkEnd;
    }
  }

  #beginSize(byte: number): Refusal | undefined {
    const digit = HEX_VALUE[byte];
    if (digit === 255) return REFUSALS.badChunkSize;
    this.#size = digit;
    this.#sizeDigits = 1;
    this.#stage = Stage.Size;
    return undefined;
  }

  #readSize(byte: number): Refusal | undefined {
    const digit = HEX_VALUE[byte];
    if (digit === 255) return this.#endSize(byte);
    this.#size = this.#size * 16 + digit;
    return ++this.#sizeDigits > MAX_SIZE_DIGITS ? REFUSALS.badChunkSize : undefined;
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

  /** The last chunk is the one of size 0; trailers follow it. */
  #endSizeLine(): undefined {
    if (this.#size > 0) this.#stage = Stage.Data;
    else {
      this.#trailers.resetForTrailers();
      this.#stage = Stage.Trailers;
    }
    return undefined;
  }

  #beginExtension(): void {
    this.#stage = Stage.ExtensionName;
    this.#hasExtensionByte = false;
  }

  /**
   * One more byte of `*( ";" token [ "=" ( token / quoted-string ) ] )` (RFC 9112, section 7.1.1). The white space that
   * the RFC tolerates there for old senders is refused: some parsers end the size at it, and nobody sends it.
   */
  #extend(stage: DelimiterStage, byte: number): boolean {
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

  /** Reads what has come of a chunk's data, as far as the target has room. Returns how many bytes that is. */
  #readData(bytes: Uint8Array, at: number, end: number, target: BodyTarget): number {
    const count = target.take(bytes, at, Math.min(this.#size, end - at));
    this.#length += count;
    this.#size -= count;
    if (this.#size === 0) this.#stage = Stage.DataReturn;
    return count;
  }

  #readTrailers(bytes: Uint8Array, at: number, end: number): ChunkedOutcome {
    const outcome = this.#trailers.parse(bytes, at, end);
    switch (outcome.kind) {
      case "incomplete":
        return { kind: "incomplete", consumed: at };
      case "refused":
        return outcome;
      case "complete":
        // Such a field comes too late here, and a proxy that merges trailers into the head would read another message.
        if (this.#trailers.seesControlField) {
          return { kind: "refused", refusal: REFUSALS.badTrailer };
        }
        this.trailers = this.#trailers.takeTrailers(bytes, at);
        return { kind: "complete", consumed: outcome.end };
    }
  }
}
