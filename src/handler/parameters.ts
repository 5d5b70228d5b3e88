// Reads the parameters of a field value (RFC 9110, section 5.6.6), as Content-Type and Content-Disposition have them.
// What a parameter means is decided by the caller. Each character is read once.

import { BACKSLASH, DQUOTE, EQUALS, isWhiteSpace, SEMICOLON, TOKEN } from "../http1/grammar.ts";

/** One parameter. */
export interface Parameter {
  readonly text: string;
  /** Whether the text was written in quotes. */
  readonly isQuoted: boolean;
}

/** The parameters by their names in lower case, or what is wrong with them. */
export type ParametersReading =
  | { readonly kind: "read"; readonly parameters: ReadonlyMap<string, Parameter> }
  | { readonly kind: "malformed"; readonly fault: string };

/** What a backslash in quotes is: itself, or the escape of a quote or a backslash that follows. */
export type BackslashMeaning = "literal" | "escape";

/** A parameter and the place that follows it. */
interface Read<Value> {
  readonly value: Value;
  readonly end: number;
}

/**
 * Reads the parameters of `text` from `start`, where the first semicolon stands.
 *
 * Text without quotes may hold every visible character except the ones that delimit, not only those of a token: boundaries are
 * written without quotes that need them. A parameter that occurs twice makes the whole malformed, because programs differ on
 * which one counts.
 */
export function parseParameters(
  text: string,
  start: number,
  backslash: BackslashMeaning,
): ParametersReading {
  const parameters = new Map<string, Parameter>();
  let at = skipWhiteSpace(text, start);
  while (at < text.length) {
    if (text.charCodeAt(at) !== SEMICOLON) return malformed("has no semicolon before a parameter");
    at = skipWhiteSpace(text, at + 1);
    // A semicolon without a parameter is allowed, as at the end of the line.
    if (at === text.length || text.charCodeAt(at) === SEMICOLON) continue;
    const nameEnd = skipToken(text, at);
    if (nameEnd === at || text.charCodeAt(nameEnd) !== EQUALS) {
      return malformed('has a parameter that is not written name="text"');
    }
    const name = text.slice(at, nameEnd).toLowerCase();
    if (parameters.has(name)) return malformed("has the same parameter twice");
    const read = readText(text, nameEnd + 1, backslash);
    if (read === undefined) return malformed('has a parameter that is not written name="text"');
    parameters.set(name, read.value);
    at = skipWhiteSpace(text, read.end);
  }
  return { kind: "read", parameters };
}

function malformed(fault: string): ParametersReading {
  return { kind: "malformed", fault };
}

function readText(
  text: string,
  start: number,
  backslash: BackslashMeaning,
): Read<Parameter> | undefined {
  if (text.charCodeAt(start) === DQUOTE) {
    return backslash === "escape" ? readEscaped(text, start + 1) : readLiteral(text, start + 1);
  }
  let end = start;
  while (isPlain(text.charCodeAt(end))) end++;
  return end === start
    ? undefined
    : { value: { text: text.slice(start, end), isQuoted: false }, end };
}

function readLiteral(text: string, start: number): Read<Parameter> | undefined {
  const end = text.indexOf('"', start);
  if (end < 0) return undefined;
  return { value: { text: text.slice(start, end), isQuoted: true }, end: end + 1 };
}

function readEscaped(text: string, start: number): Read<Parameter> | undefined {
  let end = start;
  while (end < text.length && text.charCodeAt(end) !== DQUOTE) {
    end += text.charCodeAt(end) === BACKSLASH ? 2 : 1;
  }
  if (end >= text.length) return undefined;
  const unescaped = text.slice(start, end).replace(/\\(["\\])/g, "$1");
  return { value: { text: unescaped, isQuoted: true }, end: end + 1 };
}

function skipWhiteSpace(text: string, start: number): number {
  let at = start;
  while (isWhiteSpace(text.charCodeAt(at))) at++;
  return at;
}

function skipToken(text: string, start: number): number {
  let at = start;
  while (TOKEN[text.charCodeAt(at)] === 1) at++;
  return at;
}

/** What cannot stand without quotes beside white space and controls: it delimits, here or in a list of values. */
const DELIMITERS = '";,\\';

/** Past the end of a text `charCodeAt()` gives NaN, which is not plain. */
function isPlain(code: number): boolean {
  return code > 0x20 && code !== 0x7f && !DELIMITERS.includes(String.fromCharCode(code));
}
