// Bytes to a request head, or a refusal (RFC 9112, sections 2 to 5).
// One pass over the bytes with the tables of grammar.ts, which can stop at any byte and go on there when more have come:
// a head that dribbles in costs no more than one that comes whole. Limits are kept in the order of the bytes, so that the
// same bytes come to the same end however they are split. What it leaves open: how the body is delimited (framing.ts) and
// whether the connection persists (persistence.ts). No sockets, no clocks.

import { Buffer } from "node:buffer";
import {
  COLON,
  CR,
  FIELD_VALUE,
  isHost,
  isPlainHost,
  isWhiteSpace,
  LF,
  QUESTION_MARK,
  SP,
  TARGET,
  TARGET_BACKSLASH,
  TARGET_DOT,
  TARGET_PERCENT,
  TARGET_QUERY,
  TOKEN,
} from "./grammar.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";
import {
  authorityAgrees,
  decodePath,
  parseQuery,
  parseTarget,
  percentDecode,
  resolveDotSegments,
} from "./target.ts";

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

/** Where in the head the parser stands. A `const` object rather than strings: the hot loop switches over it. */
const Stage = {
  Method: 0,
  Target: 1,
  Version: 2,
  FieldStart: 3,
  FieldName: 4,
  ValueStart: 5,
  Value: 6,
} as const;
type Stage = typeof Stage[keyof typeof Stage];

/** The fields on which framing, persistence and routing depend, as bits of {@linkcode RequestHead.seen}. */
export const Seen = {
  Host: 1,
  Connection: 2,
  ContentLength: 4,
  TransferEncoding: 8,
  Expect: 16,
} as const;

/** Each field has four positions: where its name begins and ends, where its value begins and ends. */
const POSITIONS_PER_FIELD = 4;

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
  #stage: Stage = Stage.Method;
  /** How far the bytes have been read, counted from the head's first byte; so are all the positions below. */
  #offset = 0;
  #methodEnd = 0;
  #targetEnd = 0;
  #targetClasses = 0;
  #minorVersion: 0 | 1 = 1;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  /** A plain array, reused for every head: small numbers in it cost nothing to write and little to copy. */
  readonly #positions: number[] = [];
  #positionCount = 0;
  #seen = 0;
  #repeated = 0;
  #hostAt = 0;
  readonly #decodedBytes = new DecodedBytes();

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Whether no byte of a head has been read yet. */
  get isFresh(): boolean {
    return this.#offset === 0;
  }

  /** Whether one of the fields is there that say how to read a message, or for whom it is: those in {@linkcode Seen}. */
  get seesControlField(): boolean {
    return this.#seen !== 0;
  }

  /** Says that other bytes may stand from now on where heads were taken from. */
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

  /** Whether the request whose head was refused was a HEAD, whose answer has no body (RFC 9110, section 9.3.2). */
  isHeadRequest(bytes: Uint8Array, start: number): boolean {
    return this.#stage > Stage.Method && this.#methodEnd === 4 &&
      latin1Slice.call(bytes, start, start + 4) === "HEAD";
  }

  /**
   * Reads on in the head that begins at `start`, up to `end`; `complete` says where the bytes behind the head begin. After
   * `incomplete` it is called again with the same head, which may have moved, and more bytes behind it.
   */
  parse(bytes: Uint8Array, start: number, end: number): HeadOutcome {
    const { maxTargetBytes, maxHeadBytes, maxHeaderCount } = this.#limits;
    const stop = Math.min(end, start + maxHeadBytes);
    let at = start + this.#offset;
    for (;;) {
      switch (this.#stage) {
        case Stage.Method: {
          if (at === start && stop - at > 4 && isGetLine(bytes, at)) {
            this.#methodEnd = 3;
            at += 4;
            this.#stage = Stage.Target;
            break;
          }
          while (at < stop && TOKEN[bytes[at]] === 1) at++;
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          if (bytes[at] !== SP || at === start) return refuse(REFUSALS.badMethod);
          this.#methodEnd = at - start;
          at++;
          this.#stage = Stage.Target;
          break;
        }
        case Stage.Target: {
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
          if (at - targetStart > maxTargetBytes) return refuse(REFUSALS.targetTooLong);
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          if (bytes[at] !== SP || at === targetStart) return refuse(REFUSALS.badTarget);
          this.#targetEnd = at - start;
          at++;
          this.#stage = Stage.Version;
          break;
        }
        case Stage.Version: {
          if (isPlainVersionLine(bytes, at, stop)) {
            this.#minorVersion = 1;
            at += VERSION_LINE_LENGTH;
            this.#stage = Stage.FieldStart;
            break;
          }
          const available = Math.min(stop - at, VERSION_LINE_LENGTH);
          if (!isVersionLine(bytes, at, available)) return refuse(REFUSALS.badVersion);
          if (available < VERSION_LINE_LENGTH) {
            // The few bytes that are there are looked at again; so the offset stays, but the limit counts them.
            return this.#pauseAt(at - start, stop - start, maxHeadBytes);
          }
          if (bytes[at + 5] !== 0x31) return refuse(REFUSALS.unknownVersion);
          // A higher minor version is read as the highest known one (RFC 9110, section 2.5).
          this.#minorVersion = bytes[at + 7] === 0x30 ? 0 : 1;
          at += VERSION_LINE_LENGTH;
          this.#stage = Stage.FieldStart;
          break;
        }
        case Stage.FieldStart: {
          at = this.#readPlainFields(bytes, start, at, stop);
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          const byte = bytes[at];
          if (byte === CR) {
            if (at + 1 === stop) return this.#pauseAt(at - start, stop - start, maxHeadBytes);
            if (bytes[at + 1] !== LF) return refuse(REFUSALS.badLineEnd);
            return { kind: "complete", end: at + 2 };
          }
          if (byte === LF) return refuse(REFUSALS.badLineEnd);
          if (isWhiteSpace(byte)) return refuse(REFUSALS.foldedLine);
          if (this.#positionCount === maxHeaderCount * POSITIONS_PER_FIELD) {
            return refuse(REFUSALS.tooManyFields);
          }
          this.#nameStart = at - start;
          this.#stage = Stage.FieldName;
          break;
        }
        case Stage.FieldName: {
          while (at < stop && TOKEN[bytes[at]] === 1) at++;
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          if (bytes[at] !== COLON || at - start === this.#nameStart) {
            return refuse(REFUSALS.badFieldName);
          }
          this.#nameEnd = at - start;
          at++;
          this.#stage = Stage.ValueStart;
          break;
        }
        case Stage.ValueStart: {
          while (at < stop && isWhiteSpace(bytes[at])) at++;
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          this.#valueStart = at - start;
          this.#stage = Stage.Value;
          break;
        }
        case Stage.Value: {
          while (at < stop && FIELD_VALUE[bytes[at]] === 1) at++;
          if (at === stop) return this.#pause(at - start, maxHeadBytes);
          if (bytes[at] !== CR) {
            return refuse(bytes[at] === LF ? REFUSALS.badLineEnd : REFUSALS.badFieldValue);
          }
          if (at + 1 === stop) return this.#pauseAt(at - start, stop - start, maxHeadBytes);
          if (bytes[at + 1] !== LF) return refuse(REFUSALS.badLineEnd);
          this.#recordTrimmedField(bytes, start, at);
          at += 2;
          this.#stage = Stage.FieldStart;
          break;
        }
      }
    }
  }

  /**
   * The fast form of the stages of a field line: reads on from `at` over the lines that are whole and look as nearly all do, a
   * single space or none before the value and none behind it. Says where the first other line begins, which it has not touched:
   * the stages read that one, or find its fault.
   */
  #readPlainFields(bytes: Uint8Array, start: number, at: number, stop: number): number {
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
      this.#recordField(bytes, start, at - start, nameEnd - start, valueStart - start, i - start);
      at = i + 2;
    }
    return at;
  }

  /** Stops where all that was there has been read: for more bytes, or for good where the limit is reached. */
  #pause(offset: number, maxHeadBytes: number): HeadOutcome {
    return this.#pauseAt(offset, offset, maxHeadBytes);
  }

  #pauseAt(offset: number, arrived: number, maxHeadBytes: number): HeadOutcome {
    if (arrived >= maxHeadBytes) {
      // What has not come to the end of its method is no head that is too large.
      return refuse(this.#stage === Stage.Method ? REFUSALS.badMethod : REFUSALS.headTooLarge);
    }
    this.#offset = offset;
    return INCOMPLETE;
  }

  #recordTrimmedField(bytes: Uint8Array, start: number, lineEnd: number): void {
    let valueEnd = lineEnd - start;
    while (valueEnd > this.#valueStart && isWhiteSpace(bytes[start + valueEnd - 1])) valueEnd--;
    this.#recordField(bytes, start, this.#nameStart, this.#nameEnd, this.#valueStart, valueEnd);
  }

  /** Notes a field line; its places are counted from `start`. */
  #recordField(
    bytes: Uint8Array,
    start: number,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const at = this.#positionCount;
    const positions = this.#positions;
    positions[at] = nameStart;
    positions[at + 1] = nameEnd;
    positions[at + 2] = valueStart;
    positions[at + 3] = valueEnd;
    this.#positionCount = at + POSITIONS_PER_FIELD;
    const bit = seenBit(bytes, start + nameStart, nameEnd - nameStart);
    if (bit === 0) return;
    if (bit === Seen.Host && (this.#seen & Seen.Host) === 0) this.#hostAt = at;
    this.#repeated |= this.#seen & bit;
    this.#seen |= bit;
  }

  /**
   * The head that `parse` found complete, cut loose from the bytes; or why it is refused as a whole. `arrived` is where the bytes
   * end that have come, most often with other heads in them.
   */
  take(bytes: Uint8Array, start: number, end: number, arrived = end): RequestHead | Refusal {
    const positions = this.#positions;
    const hasBody = (this.#seen & (Seen.ContentLength | Seen.TransferEncoding)) !== 0;
    const textStart = this.#decodedBytes.locate(bytes, start, end, hasBody ? end : arrived);
    const hostAt = this.#hostAt;
    const isHostPlain = (this.#seen & Seen.Host) !== 0 &&
      isPlainHost(bytes, start + positions[hostAt + 2], start + positions[hostAt + 3]);
    return RequestHead.check(
      this.#decodedBytes.text,
      textStart,
      textStart + this.#methodEnd,
      textStart + this.#targetEnd,
      this.#targetClasses,
      this.#minorVersion,
      shifted(positions, this.#positionCount, textStart),
      this.#seen,
      this.#repeated,
      hostAt,
      isHostPlain,
    );
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

function refuse(refusal: Refusal): HeadOutcome {
  return { kind: "refused", refusal };
}

/** Whether the bytes at `at` begin with the method of nearly every request, `GET` and a space. */
function isGetLine(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x47 && bytes[at + 1] === 0x45 && bytes[at + 2] === 0x54 &&
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

/** Which of the fields that matter to the server a name is. Length and first letter come first: nearly every name ends there. */
function seenBit(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 4:
      return isName(bytes, at, "host") ? Seen.Host : 0;
    case 6:
      return isName(bytes, at, "expect") ? Seen.Expect : 0;
    case 10:
      return isName(bytes, at, "connection") ? Seen.Connection : 0;
    case 14:
      return isName(bytes, at, "content-length") ? Seen.ContentLength : 0;
    case 17:
      return isName(bytes, at, "transfer-encoding") ? Seen.TransferEncoding : 0;
    default:
      return 0;
  }
}

/** Compares a token with a lower-case name. `| 32` folds case, and only that, because the bytes have passed TOKEN. */
function isName(bytes: Uint8Array, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((bytes[at + i] | 32) !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The head of a request: its text, and where in it the parts stand. It needs no buffer, so it can be kept for ever. */
export class RequestHead {
  readonly #text: string;
  /** Where the head begins in the text, in which other heads may stand; the positions are counted from the text's beginning. */
  readonly #start: number;
  readonly #positions: readonly number[];
  readonly #methodEnd: number;
  readonly #targetEnd: number;
  readonly #hostAt: number;
  /** Whether a "?" is in the target. */
  readonly #hasQuery: boolean;
  /** Undefined until it is asked for, where the target is the path and nothing else. */
  #routingPath: string | undefined;
  #rawPath: string | undefined;
  #query: string | undefined;

  /** The method, in the case in which it was sent: methods are case-sensitive (RFC 9110, section 9.1). */
  readonly method: string;
  /** The minor version of HTTP/1: 0, or 1 for everything higher. */
  readonly minorVersion: 0 | 1;
  /** Whether the target is "*": the server as a whole (RFC 9112, section 3.2.4). */
  readonly isAsteriskForm: boolean;
  /** Which of the fields in {@linkcode Seen} are there. */
  readonly seen: number;
  /** Which of them are there more than once. */
  readonly repeated: number;

  private constructor(
    text: string,
    start: number,
    methodEnd: number,
    targetEnd: number,
    method: string,
    minorVersion: 0 | 1,
    positions: readonly number[],
    seen: number,
    repeated: number,
    hostAt: number,
    hasQuery: boolean,
    isAsteriskForm: boolean,
  ) {
    this.#text = text;
    this.#start = start;
    this.#methodEnd = methodEnd;
    this.#targetEnd = targetEnd;
    this.#positions = positions;
    this.#hostAt = hostAt;
    this.#hasQuery = hasQuery;
    this.method = method;
    this.minorVersion = minorVersion;
    this.isAsteriskForm = isAsteriskForm;
    this.seen = seen;
    this.repeated = repeated;
  }

  /** Makes a head of what was parsed, or refuses it: the rules that look at more than one part (RFC 9112, section 3). */
  static check(
    text: string,
    start: number,
    methodEnd: number,
    targetEnd: number,
    targetClasses: number,
    minorVersion: 0 | 1,
    positions: readonly number[],
    seen: number,
    repeated: number,
    hostAt: number,
    isHostPlain: boolean,
  ): RequestHead | Refusal {
    const method = methodOf(text, start, methodEnd);
    if ((seen & Seen.Host) === 0) {
      if (minorVersion === 1) return REFUSALS.missingHost;
    } else {
      if ((repeated & Seen.Host) !== 0) return REFUSALS.severalHosts;
      const isHostGood = isHostPlain ||
        isHost(text.slice(positions[hostAt + 2], positions[hostAt + 3]));
      if (!isHostGood) return REFUSALS.badHost;
    }
    if (method === "CONNECT") return REFUSALS.connectMethod;
    const isOriginForm = text.charCodeAt(methodEnd + 1) === 0x2f;
    const isPlain = isOriginForm &&
      (targetClasses & (TARGET_BACKSLASH | TARGET_DOT | TARGET_PERCENT)) === 0;
    const head = new RequestHead(
      text,
      start,
      methodEnd,
      targetEnd,
      method,
      minorVersion,
      positions,
      seen,
      repeated,
      hostAt,
      (targetClasses & TARGET_QUERY) !== 0,
      !isOriginForm && text.charCodeAt(methodEnd + 1) === 0x2a,
    );
    if (isPlain) return head;
    return head.#resolveTarget() ?? head;
  }

  /** The general way, for targets that are more than a plain path and query. */
  #resolveTarget(): Refusal | undefined {
    const parts = parseTarget(this.method, this.target);
    switch (parts.kind) {
      case "malformed":
        return REFUSALS.badTargetForm;
      case "asterisk":
        this.#rawPath = this.#routingPath = "*";
        this.#query = "";
        return undefined;
      case "path": {
        if (parts.authority !== undefined && parts.scheme !== undefined) {
          const host = this.host;
          if (!isHost(parts.authority)) return REFUSALS.badTargetForm;
          if (host !== undefined && !authorityAgrees(parts.scheme, parts.authority, host)) {
            return REFUSALS.hostDisagrees;
          }
        }
        // RFC 3986, section 7.3: a NUL ends the text for whoever hands the path to a system call.
        if (parts.path.includes("%00")) return REFUSALS.badTarget;
        this.#rawPath = resolveDotSegments(parts.path);
        this.#routingPath = decodePath(this.#rawPath);
        this.#query = parts.query;
        return undefined;
      }
    }
  }

  /** Where the target ends in the bytes of the head. */
  get targetEnd(): number {
    return this.#targetEnd - this.#start;
  }

  /** Copies method and path as they were sent, at most `max` bytes, to `at` of `into`; says how many there were. */
  copyMethodAndPath(into: Uint8Array, at: number, max: number): number {
    const length = Math.min(this.targetEnd, max);
    for (let i = 0; i < length; i++) {
      const code = this.#text.charCodeAt(this.#start + i);
      if (code === QUESTION_MARK) return i;
      into[at + i] = code;
    }
    return length;
  }

  /** The request target as it was sent. */
  get target(): string {
    return this.#text.slice(this.#methodEnd + 1, this.#targetEnd);
  }

  /** The path with its dot segments resolved, percent-encoded as it was sent. */
  get rawPath(): string {
    return this.#rawPath ??= this.#plainPath();
  }

  /** The path decoded, segment by segment; an encoded slash stays "%2F". Routes are looked up by it. */
  get path(): string {
    return this.#routingPath ??= this.#plainPath();
  }

  /** What follows the "?" of the target, without it. */
  get query(): string {
    if (this.#query === undefined) {
      const target = this.target;
      const mark = target.indexOf("?");
      this.#query = mark < 0 ? "" : target.slice(mark + 1);
    }
    return this.#query;
  }

  /** The query, parsed; a new one each time. */
  parseQuery(): URLSearchParams {
    return parseQuery(this.query);
  }

  #plainPath(): string {
    const target = this.target;
    if (!this.#hasQuery) return target;
    const mark = target.indexOf("?");
    return mark < 0 ? target : target.slice(0, mark);
  }

  /** The value of the segment with that index (from 0), decoded; empty where there is none. */
  segment(index: number): string {
    const path = this.rawPath;
    let start = 1;
    for (let i = 0; i < index; i++) {
      const slash = path.indexOf("/", start);
      if (slash < 0) return "";
      start = slash + 1;
    }
    const end = path.indexOf("/", start);
    return percentDecode(end < 0 ? path.slice(start) : path.slice(start, end));
  }

  /** The Host field's value; undefined in an HTTP/1.0 request without one. */
  get host(): string | undefined {
    if ((this.seen & Seen.Host) === 0) return undefined;
    return this.#text.slice(this.#positions[this.#hostAt + 2], this.#positions[this.#hostAt + 3]);
  }

  /** The number of field lines. */
  get fieldCount(): number {
    return this.#positions.length / POSITIONS_PER_FIELD;
  }

  /** The name of a field line, as it was sent. */
  fieldName(index: number): string {
    const at = index * POSITIONS_PER_FIELD;
    return this.#text.slice(this.#positions[at], this.#positions[at + 1]);
  }

  /** The value of a field line, without the white space around it; each byte is one character (RFC 9110, section 5.5). */
  fieldValue(index: number): string {
    const at = index * POSITIONS_PER_FIELD + 2;
    return this.#text.slice(this.#positions[at], this.#positions[at + 1]);
  }

  /** Whether a tab stands anywhere behind the colon of a field of that name, the white space around its value included. */
  hasTab(name: string): boolean {
    for (let at = 0; at < this.#positions.length; at += POSITIONS_PER_FIELD) {
      const nameEnd = this.#positions[at + 1];
      const start = this.#positions[at];
      if (nameEnd - start !== name.length || !isSameName(this.#text, start, name)) continue;
      const lineEnd = this.#text.indexOf("\r\n", nameEnd);
      if (this.#text.slice(nameEnd, lineEnd).includes("\t")) return true;
    }
    return false;
  }

  /** The values of all the field lines of that name (in whatever case), joined as RFC 9110, section 5.3, allows; null where there is none. */
  header(name: string): string | null {
    const positions = this.#positions;
    const text = this.#text;
    let found: string | null = null;
    for (let at = 0; at < positions.length; at += POSITIONS_PER_FIELD) {
      const start = positions[at];
      if (positions[at + 1] - start !== name.length || !isSameName(text, start, name)) continue;
      const value = text.slice(positions[at + 2], positions[at + 3]);
      // Cookies come in one line (RFC 6265, section 5.4); where a front end has split them, they are put together its way.
      found = found === null
        ? value
        : found + (name.length === 6 && /^cookie$/i.test(name) ? "; " : ", ") + value;
    }
    return found;
  }
}

/** Compares a field name in a head with another in whatever case, both of the same length. Only letters have a case to fold. */
function isSameName(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const left = text.charCodeAt(at + i);
    const right = name.charCodeAt(i);
    if (left === right) continue;
    const folded = left | 32;
    if (folded !== (right | 32) || folded < 0x61 || folded > 0x7a) return false;
  }
  return true;
}

/** The common methods are told by length and first letter, and need no string of their own. */
function methodOf(text: string, start: number, end: number): string {
  if (end - start === 3 && text.startsWith("GET", start)) return "GET";
  if (end - start === 4 && text.startsWith("POST", start)) return "POST";
  return text.slice(start, end);
}

/** Where the values of a head come from when no bytes were parsed: `fetch()` has a `Request` in place of them. */
export interface HeadSource {
  readonly method: string;
  readonly target: string;
  readonly fields: Iterable<readonly [name: string, value: string]>;
}

/**
 * Writes a head out as bytes, so that what comes by another way is read by the same parser, under the same rules and limits.
 * Characters above 0xFF cannot stand in a head; `Headers` and `Request` let none through.
 */
export function encodeHead(source: HeadSource): Uint8Array {
  let text = `${source.method} ${source.target} HTTP/1.1\r\n`;
  for (const [name, value] of source.fields) text += `${name}: ${value}\r\n`;
  return Uint8Array.from(Buffer.from(text + "\r\n", "latin1"));
}
