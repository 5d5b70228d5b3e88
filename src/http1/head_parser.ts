// Bytes to a request head, or a refusal (RFC 9112, sections 2 to 5).
// One pass over the bytes with the tables of grammar.ts. It can stop at any byte and go on there when more have come, so a head
// that dribbles in costs no more than one that comes whole. Limits are checked in the order of the bytes: the same bytes have
// the same end however they are split. Framing (framing.ts) and persistence (persistence.ts) are decided elsewhere.

import { Buffer } from "node:buffer";
import * as grammar from "./grammar.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";
import * as requestHead from "./request_head.ts";
import type { HeadLayout } from "./request_head.ts";

// V8 compiles a module's own constants into the code. It loads an imported one at each use, and
// checks that the other module has set it.
const { COLON, CR, FIELD_VALUE, isPlainHost, isWhiteSpace, LF, SP, TARGET, TOKEN } = grammar;
const { POSITIONS_PER_FIELD, RequestHead, Seen } = requestHead;

/** How large a head may be; sizes are numbers of bytes. */
export interface HeadLimits {
  readonly maxTargetBytes: number;
  readonly maxHeadBytes: number;
  readonly maxHeaderCount: number;
}

/** What has become of the bytes so far. */
export type HeadOutcome =
  | { readonly kind: "incomplete" }
  | { readonly kind: "complete"; readonly end: number }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const INCOMPLETE: HeadOutcome = { kind: "incomplete" };

/** What the parser reads next. A `const` object rather than strings: the loop of `parse` switches over it. */
const Stage = {
  Method: 0,
  Target: 1,
  Version: 2,
  FieldStart: 3,
  FieldName: 4,
  ValueStart: 5,
  Value: 6,
  End: 7,
} as const;
type Stage = typeof Stage[keyof typeof Stage];

/** What a stage returns in place of where the next one begins: the bytes have ended, or are refused. */
const STOPPED = -1;

const latin1Slice = Buffer.prototype.latin1Slice;

/** `HTTP/` (RFC 9112, section 2.3). The name is case-sensitive. */
const HTTP_NAME = [0x48, 0x54, 0x54, 0x50, 0x2f];
const VERSION_LINE_LENGTH = "HTTP/1.1\r\n".length;

/** How many bytes behind a head are decoded with it. */
const DECODED_AHEAD_BYTES = 2_048;

/**
 * The text of heads. Pipelined requests come many in one read, and a call into the platform costs more than what it does for a
 * few hundred bytes, so the bytes behind a head are decoded with it, for the heads among them.
 */
class DecodedBytes {
  /** The text; it begins with the byte at `#start`. */
  text = "";
  #start = 0;
  #end = 0;

  /** Sees to it that the head from `start` to `end` is in the text; says where it begins there. Up to `arrived` there are more bytes. */
  locate(bytes: Uint8Array, start: number, end: number, arrived: number): number {
    if (start < this.#start || end > this.#end) {
      this.#start = start;
      this.#end = Math.min(arrived, end + DECODED_AHEAD_BYTES);
      this.text = latin1Slice.call(bytes, start, this.#end);
    }
    return start - this.#start;
  }

  forget(): void {
    this.#start = this.#end = 0;
    this.text = "";
  }
}

/** Reads the heads of one connection, one after the other, and the trailer sections of its chunked bodies. */
export class HeadParser {
  readonly #limits: HeadLimits;
  readonly #decodedBytes = new DecodedBytes();
  #stage: Stage = Stage.Method;
  /** Why the last stage has stopped. */
  #stopped: HeadOutcome = INCOMPLETE;
  /** How many bytes of the head have been read. So are all the positions below counted. */
  #offset = 0;
  #methodEnd = 0;
  #targetEnd = 0;
  #targetClasses = 0;
  #minorVersion: 0 | 1 = 1;
  /** A plain array, reused for every head: small numbers in it cost nothing to write and little to copy. */
  readonly #positions: number[] = [];
  /** How many of the positions belong to fields that have been read to their end. */
  #positionCount = 0;
  #seen = 0;
  #repeated = 0;
  #hostAt = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Whether no byte of a head has been read yet. */
  get isFresh(): boolean {
    return this.#offset === 0;
  }

  /** Whether the head has one of the fields that say how to read a message, or for whom it is: those in {@linkcode Seen}. */
  get seesControlField(): boolean {
    return this.#seen !== 0;
  }

  /**
   * Returns the names and the values of the trailer fields that were read, in turn; undefined if there are none. The trailer section
   * begins at `start`.
   */
  takeTrailers(bytes: Uint8Array, start: number): readonly string[] | undefined {
    if (this.#positionCount === 0) return undefined;
    const texts: string[] = [];
    for (let at = 0; at < this.#positionCount; at += 2) {
      const [from, to] = [this.#positions[at], this.#positions[at + 1]];
      texts.push(latin1Slice.call(bytes, start + from, start + to));
    }
    return texts;
  }

  /** Has to be called before other bytes are put where heads were taken from. */
  forgetBytes(): void {
    this.#decodedBytes.forget();
  }

  /** Forgets the head that was read, for the next one. */
  reset(): void {
    this.#begin(Stage.Method);
  }

  /** Forgets the head that was read and expects a trailer section: field lines alone (RFC 9112, section 7.1.2). */
  resetForTrailers(): void {
    this.#begin(Stage.FieldStart);
  }

  #begin(stage: Stage): void {
    this.#stage = stage;
    this.#offset = 0;
    this.#targetClasses = 0;
    this.#positionCount = 0;
    this.#seen = 0;
    this.#repeated = 0;
  }

  /** Whether the request whose head was refused was a HEAD, whose response has no body (RFC 9110, section 9.3.2). */
  isHeadRequest(bytes: Uint8Array, start: number): boolean {
    return this.#stage > Stage.Method && this.#methodEnd === 4 &&
      latin1Slice.call(bytes, start, start + 4) === "HEAD";
  }

  /**
   * Reads on in the head that begins at `start`, up to `end`; `complete` says where the bytes after the head begin. After
   * `incomplete` it is called again with the same head, which may have moved, and more bytes of it.
   */
  parse(bytes: Uint8Array, start: number, end: number): HeadOutcome {
    const stop = Math.min(end, start + this.#limits.maxHeadBytes);
    let at = start + this.#offset;
    if (at === start && this.#stage === Stage.Method) {
      at = this.#readPlainRequestLine(bytes, start, stop);
    }
    while (at !== STOPPED) {
      switch (this.#stage) {
        // request-line = method SP request-target SP HTTP-version CRLF (RFC 9112, section 3)
        case Stage.Method:
          at = this.#readMethod(bytes, start, at, stop);
          break;
        case Stage.Target:
          at = this.#readTarget(bytes, start, at, stop);
          break;
        case Stage.Version:
          at = this.#readVersion(bytes, start, at, stop);
          break;
        // *( field-name ":" OWS field-value OWS CRLF ) CRLF (RFC 9112, sections 2.1 and 5)
        case Stage.FieldStart:
          at = this.#readFieldStart(bytes, start, at, stop);
          break;
        case Stage.FieldName:
          at = this.#readFieldName(bytes, start, at, stop);
          break;
        case Stage.ValueStart:
          at = this.#readValueStart(bytes, start, at, stop);
          break;
        case Stage.Value:
          at = this.#readValue(bytes, start, at, stop);
          break;
        case Stage.End:
          return { kind: "complete", end: at };
      }
    }
    return this.#stopped;
  }

  /**
   * The fast form of the stages of the request line: reads one that is whole, in HTTP/1.1, as nearly all are. Returns where it ends;
   * `start`, if it is another one, of which nothing is noted then: the stages read that one, or find its fault.
   */
  #readPlainRequestLine(bytes: Uint8Array, start: number, stop: number): number {
    let at = start;
    if (isGetLine(bytes, start, stop)) at += 3;
    else while (at < stop && TOKEN[bytes[at]] === 1) at++;
    if (at === start || at === stop || bytes[at] !== SP) return start;
    const methodEnd = at++;
    const targetStop = Math.min(stop, at + this.#limits.maxTargetBytes);
    let classes = 0;
    while (at < targetStop) {
      const byteClass = TARGET[bytes[at]];
      if (byteClass === 0) break;
      classes |= byteClass;
      at++;
    }
    if (classes === 0 || at === stop || bytes[at] !== SP) return start;
    if (!isPlainVersionLine(bytes, at + 1, stop)) return start;
    this.#methodEnd = methodEnd - start;
    this.#targetEnd = at - start;
    this.#targetClasses = classes;
    this.#minorVersion = 1;
    this.#stage = Stage.FieldStart;
    return at + 1 + VERSION_LINE_LENGTH;
  }

  #readMethod(bytes: Uint8Array, start: number, at: number, stop: number): number {
    while (at < stop && TOKEN[bytes[at]] === 1) at++;
    if (at === stop) return this.#pause(start, at, stop);
    if (bytes[at] !== SP || at === start) return this.#refuse(REFUSALS.badMethod);
    this.#methodEnd = at - start;
    this.#stage = Stage.Target;
    return at + 1;
  }

  #readTarget(bytes: Uint8Array, start: number, at: number, stop: number): number {
    const { maxTargetBytes } = this.#limits;
    const targetStart = start + this.#methodEnd + 1;
    const targetStop = Math.min(stop, targetStart + maxTargetBytes + 1);
    let classes = this.#targetClasses;
    while (at < targetStop) {
      const byteClass = TARGET[bytes[at]];
      if (byteClass === 0) break;
      classes |= byteClass;
      at++;
    }
    this.#targetClasses = classes;
    if (at - targetStart > maxTargetBytes) return this.#refuse(REFUSALS.targetTooLong);
    if (at === stop) return this.#pause(start, at, stop);
    if (bytes[at] !== SP || at === targetStart) return this.#refuse(REFUSALS.badTarget);
    this.#targetEnd = at - start;
    this.#stage = Stage.Version;
    return at + 1;
  }

  #readVersion(bytes: Uint8Array, start: number, at: number, stop: number): number {
    if (isPlainVersionLine(bytes, at, stop)) this.#minorVersion = 1;
    else {
      const available = Math.min(stop - at, VERSION_LINE_LENGTH);
      if (!isVersionLine(bytes, at, available)) return this.#refuse(REFUSALS.badVersion);
      // The few bytes that have come are read again with the rest.
      if (available < VERSION_LINE_LENGTH) return this.#pause(start, at, stop);
      if (bytes[at + 5] !== 0x31) return this.#refuse(REFUSALS.unknownVersion);
      // A higher minor version is read as the highest known one (RFC 9110, section 2.5).
      this.#minorVersion = bytes[at + 7] === 0x30 ? 0 : 1;
    }
    this.#stage = Stage.FieldStart;
    return at + VERSION_LINE_LENGTH;
  }

  /** Reads all plain field lines, and what follows them: the empty line, or the beginning of another field line. */
  #readFieldStart(bytes: Uint8Array, start: number, from: number, stop: number): number {
    const at = this.#readPlainFields(bytes, start, from, stop);
    if (at === stop) return this.#pause(start, at, stop);
    const byte = bytes[at];
    if (byte === CR) {
      if (at + 1 === stop) return this.#pause(start, at, stop);
      if (bytes[at + 1] !== LF) return this.#refuse(REFUSALS.badLineEnd);
      this.#stage = Stage.End;
      return at + 2;
    }
    if (byte === LF) return this.#refuse(REFUSALS.badLineEnd);
    if (isWhiteSpace(byte)) return this.#refuse(REFUSALS.foldedLine);
    const positions = this.#positions;
    const positionCount = this.#positionCount;
    if (positionCount === this.#limits.maxHeaderCount * POSITIONS_PER_FIELD) {
      return this.#refuse(REFUSALS.tooManyFields);
    }
    positions[positionCount] = at - start;
    this.#stage = Stage.FieldName;
    return at;
  }

  #readFieldName(bytes: Uint8Array, start: number, at: number, stop: number): number {
    while (at < stop && TOKEN[bytes[at]] === 1) at++;
    if (at === stop) return this.#pause(start, at, stop);
    const positions = this.#positions;
    const positionCount = this.#positionCount;
    if (bytes[at] !== COLON || at - start === positions[positionCount]) {
      return this.#refuse(REFUSALS.badFieldName);
    }
    positions[positionCount + 1] = at - start;
    this.#stage = Stage.ValueStart;
    return at + 1;
  }

  #readValueStart(bytes: Uint8Array, start: number, at: number, stop: number): number {
    while (at < stop && isWhiteSpace(bytes[at])) at++;
    if (at === stop) return this.#pause(start, at, stop);
    const positions = this.#positions;
    const positionCount = this.#positionCount;
    positions[positionCount + 2] = at - start;
    this.#stage = Stage.Value;
    return at;
  }

  #readValue(bytes: Uint8Array, start: number, at: number, stop: number): number {
    while (at < stop && FIELD_VALUE[bytes[at]] === 1) at++;
    if (at === stop) return this.#pause(start, at, stop);
    if (bytes[at] !== CR) {
      return this.#refuse(bytes[at] === LF ? REFUSALS.badLineEnd : REFUSALS.badFieldValue);
    }
    if (at + 1 === stop) return this.#pause(start, at, stop);
    if (bytes[at + 1] !== LF) return this.#refuse(REFUSALS.badLineEnd);
    const positions = this.#positions;
    const positionCount = this.#positionCount;
    const valueStart = start + positions[positionCount + 2];
    let valueEnd = at;
    while (valueEnd > valueStart && isWhiteSpace(bytes[valueEnd - 1])) valueEnd--;
    positions[positionCount + 3] = valueEnd - start;
    const nameStart = positions[positionCount];
    const nameLength = positions[positionCount + 1] - nameStart;
    this.#endField(seenBit(bytes, start + nameStart, nameLength));
    this.#stage = Stage.FieldStart;
    return at + 2;
  }

  /**
   * The fast form of the stages of a field line: reads on from `at` over the lines that are whole and look as nearly all do, a
   * single space or none before the value and none after it. Returns where the first other line begins, of which it has noted
   * nothing: the stages read that one, or find its fault.
   */
  #readPlainFields(bytes: Uint8Array, start: number, at: number, stop: number): number {
    const positions = this.#positions;
    const maxPositions = this.#limits.maxHeaderCount * POSITIONS_PER_FIELD;
    while (this.#positionCount < maxPositions) {
      let i = at;
      while (i < stop && TOKEN[bytes[i]] === 1) i++;
      if (i === at || i === stop || bytes[i] !== COLON) return at;
      const nameEnd = i++;
      if (i < stop && bytes[i] === SP) i++;
      const valueStart = i;
      while (i < stop && FIELD_VALUE[bytes[i]] === 1) i++;
      if (i + 1 >= stop || bytes[i] !== CR || bytes[i + 1] !== LF) return at;
      if (isWhiteSpace(bytes[valueStart]) || isWhiteSpace(bytes[i - 1])) return at;
      const first = this.#positionCount;
      positions[first] = at - start;
      positions[first + 1] = nameEnd - start;
      positions[first + 2] = valueStart - start;
      positions[first + 3] = i - start;
      this.#endField(seenBit(bytes, at, nameEnd - at));
      at = i + 2;
    }
    return at;
  }

  /** Counts a field whose positions are noted. `bit` is that of {@linkcode Seen} for its name, or 0. */
  #endField(bit: number): void {
    const first = this.#positionCount;
    this.#positionCount = first + POSITIONS_PER_FIELD;
    if (bit === 0) return;
    if (bit === Seen.Host && (this.#seen & Seen.Host) === 0) this.#hostAt = first;
    this.#repeated |= this.#seen & bit;
    this.#seen |= bit;
  }

  /** Stops where the bytes end, to go on at `at` with more of them; or for good if they are as many as a head may have. */
  #pause(start: number, at: number, stop: number): typeof STOPPED {
    if (stop - start >= this.#limits.maxHeadBytes) {
      // Bytes without the end of a method are not a head that is too large.
      return this.#refuse(
        this.#stage === Stage.Method ? REFUSALS.badMethod : REFUSALS.headTooLarge,
      );
    }
    this.#offset = at - start;
    this.#stopped = INCOMPLETE;
    return STOPPED;
  }

  #refuse(refusal: Refusal): typeof STOPPED {
    this.#stopped = { kind: "refused", refusal };
    return STOPPED;
  }

  /**
   * Returns the head that `parse` found complete, which needs the bytes no more; or why it is refused as a whole. `arrived` is where
   * the bytes end that have come, most often with other heads in them.
   */
  take(
    bytes: Uint8Array,
    start: number,
    end: number,
    arrived = end,
  ): requestHead.RequestHead | Refusal {
    const positions = this.#positions;
    const seen = this.#seen;
    const hostAt = this.#hostAt;
    const hasBody = (seen & (Seen.ContentLength | Seen.TransferEncoding)) !== 0;
    const textStart = this.#decodedBytes.locate(bytes, start, end, hasBody ? end : arrived);
    const isHostPlain = (seen & Seen.Host) !== 0 &&
      isPlainHost(bytes, start + positions[hostAt + 2], start + positions[hostAt + 3]);
    const { text } = this.#decodedBytes;
    const layout: HeadLayout = {
      start: textStart,
      method: isGetLine(bytes, start, end) ? "GET" : methodOf(text, textStart, this.#methodEnd),
      methodEnd: textStart + this.#methodEnd,
      targetEnd: textStart + this.#targetEnd,
      targetClasses: this.#targetClasses,
      minorVersion: this.#minorVersion,
      positions: shifted(positions, this.#positionCount, textStart),
      seen,
      repeated: this.#repeated,
      hostAt,
    };
    return RequestHead.check(text, layout, isHostPlain);
  }
}

/** Above that many the platform copies faster than a loop. */
const MAX_LOOP_POSITIONS = 32;

/** The first `count` positions, so much further behind. */
function shifted(positions: readonly number[], count: number, by: number): readonly number[] {
  if (by === 0 && count > MAX_LOOP_POSITIONS) return positions.slice(0, count);
  const copy: number[] = new Array(count);
  for (let i = 0; i < count; i++) copy[i] = positions[i] + by;
  return copy;
}

/** Returns the method at `start` of the text. POST is common, and needs no string of its own. */
function methodOf(text: string, start: number, length: number): string {
  return length === 4 && text.startsWith("POST", start)
    ? "POST"
    : text.slice(start, start + length);
}

/** Whether the bytes at `at` begin with the method of nearly every request, `GET` and a space. */
function isGetLine(bytes: Uint8Array, at: number, stop: number): boolean {
  return stop - at >= 4 && bytes[at] === 0x47 && bytes[at + 1] === 0x45 && bytes[at + 2] === 0x54 &&
    bytes[at + 3] === SP;
}

/** Whether the bytes at `at` begin with what nearly every request has there, `HTTP/1.1 CRLF`. */
function isPlainVersionLine(bytes: Uint8Array, at: number, stop: number): boolean {
  return stop - at >= VERSION_LINE_LENGTH && bytes[at] === 0x48 && bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 && bytes[at + 3] === 0x50 && bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 && bytes[at + 6] === 0x2e && bytes[at + 7] === 0x31 &&
    bytes[at + 8] === CR && bytes[at + 9] === LF;
}

/** Whether the `count` bytes at `at` can begin `HTTP/d.d CRLF`. */
function isVersionLine(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const byte = bytes[at + i];
    const fits = i < 5
      ? byte === HTTP_NAME[i]
      : i === 6
      ? byte === 0x2e
      : i === 8
      ? byte === CR
      : i === 9
      ? byte === LF
      : byte >= 0x30 && byte <= 0x39;
    if (!fits) return false;
  }
  return true;
}

const HOST = asciiBytes("host");
const EXPECT = asciiBytes("expect");
const CONNECTION = asciiBytes("connection");
const CONTENT_LENGTH = asciiBytes("content-length");
const TRANSFER_ENCODING = asciiBytes("transfer-encoding");

/** Names are compared as bytes: a look at a character of a text costs several times as much. */
function asciiBytes(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

/** Which of the fields that matter to the server a name is. Length and first letter come first: nearly every name ends there. */
function seenBit(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 4:
      return isName(bytes, at, HOST) ? Seen.Host : 0;
    case 6:
      return isName(bytes, at, EXPECT) ? Seen.Expect : 0;
    case 10:
      return isName(bytes, at, CONNECTION) ? Seen.Connection : 0;
    case 14:
      return isName(bytes, at, CONTENT_LENGTH) ? Seen.ContentLength : 0;
    case 17:
      return isName(bytes, at, TRANSFER_ENCODING) ? Seen.TransferEncoding : 0;
    default:
      return 0;
  }
}

/** Compares a token with a lower-case name. `| 32` folds case, and only that, because the bytes have passed TOKEN. */
function isName(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((bytes[at + i] | 32) !== name[i]) return false;
  }
  return true;
}
