// The head of a request: what it says, and the rules that look at more than one part of it (RFC 9112, section 3).
// It is a view on its text, made of the places that head_parser.ts has found. It needs no buffer, so it can be kept for ever.

import { Buffer } from "node:buffer";
import * as grammar from "./grammar.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";
import {
  authorityAgrees,
  decodePath,
  parseQuery,
  parseTarget,
  percentDecode,
  resolveDotSegments,
} from "./target.ts";

// The module's own, for the reason that is in head_parser.ts.
const { isHost, QUESTION_MARK, TARGET_QUERY } = grammar;
const { TARGET_BACKSLASH, TARGET_DOT, TARGET_ENCODED_IN_URL, TARGET_PERCENT } = grammar;

/** The fields on which framing, persistence and routing depend, as bits of {@linkcode RequestHead.seen}. */
export const Seen = {
  Host: 1,
  Connection: 2,
  ContentLength: 4,
  TransferEncoding: 8,
  Expect: 16,
} as const;

/** Each field has four positions: where its name begins and ends, where its value begins and ends. */
export const POSITIONS_PER_FIELD = 4;

/** Where in a text the parts of a head are, and what the parser has seen of it. */
export interface HeadLayout {
  /** Where the head begins: other heads may be in the same text. */
  readonly start: number;
  readonly method: string;
  readonly methodEnd: number;
  readonly targetEnd: number;
  /** The union of the classes of the target's bytes; see `TARGET` in grammar.ts. */
  readonly targetClasses: number;
  readonly minorVersion: 0 | 1;
  /** The positions of the fields, one field after the other. */
  readonly positions: readonly number[];
  /** Which of the fields in {@linkcode Seen} the head has. */
  readonly seen: number;
  /** Which of them it has more than once. */
  readonly repeated: number;
  /** Where in `positions` the first Host field is. */
  readonly hostAt: number;
}

const SLASH = 0x2f;
const ASTERISK = 0x2a;

/** The head of a request: its text, and where in it the parts are. */
export class RequestHead {
  readonly #text: string;
  readonly #layout: HeadLayout;
  /** Undefined until it is asked for, where the target is the path and nothing else. */
  #routingPath: string | undefined;
  #rawPath: string | undefined;
  #query: string | undefined;

  private constructor(text: string, layout: HeadLayout) {
    this.#text = text;
    this.#layout = layout;
  }

  /**
   * Makes a head of what was parsed, or refuses it: the rules that look at more than one part (RFC 9112, section 3).
   * `isHostPlain` is true if the value of Host is known to be good.
   */
  static check(text: string, layout: HeadLayout, isHostPlain: boolean): RequestHead | Refusal {
    const head = new RequestHead(text, layout);
    return head.#findFault(isHostPlain) ?? head;
  }

  #findFault(isHostPlain: boolean): Refusal | undefined {
    const { method, methodEnd, minorVersion, seen, repeated, targetClasses } = this.#layout;
    if ((seen & Seen.Host) === 0) {
      if (minorVersion === 1) return REFUSALS.missingHost;
    } else {
      if ((repeated & Seen.Host) !== 0) return REFUSALS.severalHosts;
      if (!isHostPlain && !isHost(this.host ?? "")) return REFUSALS.badHost;
    }
    if (method === "CONNECT") return REFUSALS.connectMethod;
    const isPlainTarget = this.#text.charCodeAt(methodEnd + 1) === SLASH &&
      (targetClasses & (TARGET_BACKSLASH | TARGET_DOT | TARGET_PERCENT)) === 0;
    return isPlainTarget ? undefined : this.#resolveTarget();
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

  /** The method, in the case in which it was sent: methods are case-sensitive (RFC 9110, section 9.1). */
  get method(): string {
    return this.#layout.method;
  }

  /** The minor version of HTTP/1: 0, or 1 for everything higher. */
  get minorVersion(): 0 | 1 {
    return this.#layout.minorVersion;
  }

  /** Which of the fields in {@linkcode Seen} the head has. */
  get seen(): number {
    return this.#layout.seen;
  }

  /** Which of the fields in {@linkcode Seen} the head has more than once. */
  get repeated(): number {
    return this.#layout.repeated;
  }

  /** Where the target ends in the bytes of the head. */
  get targetEnd(): number {
    return this.#layout.targetEnd - this.#layout.start;
  }

  /** Copies method and path as they were sent, at most `max` bytes, to `at` of `into`; says how many there were. */
  copyMethodAndPath(into: Uint8Array, at: number, max: number): number {
    const length = Math.min(this.targetEnd, max);
    for (let i = 0; i < length; i++) {
      const code = this.#text.charCodeAt(this.#layout.start + i);
      if (code === QUESTION_MARK) return i;
      into[at + i] = code;
    }
    return length;
  }

  /** Whether the target is "*": the server as a whole (RFC 9112, section 3.2.4). */
  get isAsteriskForm(): boolean {
    return this.#text.charCodeAt(this.#layout.methodEnd + 1) === ASTERISK;
  }

  /** The request target as it was sent. */
  get target(): string {
    return this.#text.slice(this.#layout.methodEnd + 1, this.#layout.targetEnd);
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

  /** The path with its dot segments resolved, and the query with its "?", percent-encoded as they were sent. */
  get pathAndQuery(): string {
    // A plain target in absolute form has been resolved already.
    const rawPath = this.#rawPath;
    if (rawPath === undefined) return this.target;
    if (this.query !== "") return `${rawPath}?${this.query}`;
    return this.target.includes("?") ? `${rawPath}?` : rawPath;
  }

  /** Whether a URL has {@linkcode pathAndQuery} as it is, without another character or a percent-encoded one. */
  get isPlainInUrl(): boolean {
    return (this.#layout.targetClasses & (TARGET_BACKSLASH | TARGET_ENCODED_IN_URL)) === 0;
  }

  /** The query, parsed; a new one each time. */
  parseQuery(): URLSearchParams {
    return parseQuery(this.query);
  }

  #plainPath(): string {
    const target = this.target;
    if ((this.#layout.targetClasses & TARGET_QUERY) === 0) return target;
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
    const { positions, hostAt } = this.#layout;
    return this.#text.slice(positions[hostAt + 2], positions[hostAt + 3]);
  }

  /** Whether the Host field has this value. It costs less than to read the value and compare it. */
  hasHost(host: string): boolean {
    if ((this.seen & Seen.Host) === 0) return false;
    const { positions, hostAt } = this.#layout;
    const start = positions[hostAt + 2];
    if (positions[hostAt + 3] - start !== host.length) return false;
    // A loop, because a call of `startsWith` costs more than the few characters of a host.
    for (let i = 0; i < host.length; i++) {
      if (this.#text.charCodeAt(start + i) !== host.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The number of field lines. */
  get fieldCount(): number {
    return this.#layout.positions.length / POSITIONS_PER_FIELD;
  }

  /** The name of a field line, as it was sent. */
  fieldName(index: number): string {
    const at = index * POSITIONS_PER_FIELD;
    const { positions } = this.#layout;
    return this.#text.slice(positions[at], positions[at + 1]);
  }

  /** The value of a field line, without the white space around it; each byte is one character (RFC 9110, section 5.5). */
  fieldValue(index: number): string {
    const at = index * POSITIONS_PER_FIELD + 2;
    const { positions } = this.#layout;
    return this.#text.slice(positions[at], positions[at + 1]);
  }

  /** Whether a tab stands anywhere behind the colon of a field of that name, the white space around its value included. */
  hasTab(name: string): boolean {
    const { positions } = this.#layout;
    const text = this.#text;
    for (let at = 0; at < positions.length; at += POSITIONS_PER_FIELD) {
      const start = positions[at];
      const nameEnd = positions[at + 1];
      if (nameEnd - start !== name.length || !isSameName(text, start, name)) continue;
      const lineEnd = text.indexOf("\r\n", nameEnd);
      if (text.slice(nameEnd, lineEnd).includes("\t")) return true;
    }
    return false;
  }

  /** The values of all the field lines of that name (in whatever case), joined as RFC 9110, section 5.3, allows; null where there is none. */
  header(name: string): string | null {
    const { positions } = this.#layout;
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
