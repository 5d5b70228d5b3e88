// Header fields that may be sent. Each field is checked where it is set, so that a fault shows in
// the code that has it. What passes here is written by the encoder as it is.

import { isFieldValue, isToken } from "../http1/grammar.ts";

/**
 * The fields that are the server's own. `Content-Length` and `Transfer-Encoding` follow from the
 * body, and the rest concern the connection, which is the server's (RFC 9110, section 7.6.1). What
 * a handler sets in them is dropped.
 */
export const SERVER_FIELDS: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "te",
  "date",
]);

/** A header field, its name in any case. */
export type Field = readonly [name: string, value: string];

/** What a field name means for a response. */
export type NameKind =
  | "content-type"
  | "upgrade"
  /** One of {@linkcode SERVER_FIELDS}. */
  | "server"
  | "other"
  /** It is no token, so it may not be sent. */
  | "invalid";

/**
 * How many names, and how many values, are remembered as checked. A program has few of them, most
 * of them literal text; what a client can make up must not fill the memory.
 */
const MAX_REMEMBERED = 1_000;
/** The longest value that is remembered. */
const MAX_REMEMBERED_LENGTH = 100;

const nameKinds = new Map<string, NameKind>();
const checkedValues = new Set<string>();

/** Returns what a field name, in any case, means for a response. */
export function kindOfName(name: string): NameKind {
  const known = nameKinds.get(name);
  if (known !== undefined) return known;
  const kind = findKind(name);
  if (nameKinds.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH) {
    nameKinds.set(name, kind);
  }
  return kind;
}

function findKind(name: string): NameKind {
  if (!isToken(name)) return "invalid";
  const lowerName = name.toLowerCase();
  if (lowerName === "content-type" || lowerName === "upgrade") return lowerName;
  return SERVER_FIELDS.has(lowerName) ? "server" : "other";
}

/** Whether a value may be sent. */
export function isSendableValue(value: string): boolean {
  if (checkedValues.has(value)) return true;
  const isSendable = isFieldValue(value);
  if (
    isSendable && checkedValues.size < MAX_REMEMBERED && value.length <= MAX_REMEMBERED_LENGTH
  ) checkedValues.add(value);
  return isSendable;
}

/**
 * Checks a field before it is kept: the encoder would write any bytes.
 *
 * @throws {TypeError} when the name or the value may not be sent; the message has the name
 */
export function checkField(name: string, value: string): void {
  if (kindOfName(name) === "invalid") {
    throw new TypeError(
      `Cannot set header ${
        JSON.stringify(name)
      }: its name must be a token (RFC 9110, section 5.6.2)`,
    );
  }
  if (!isSendableValue(value)) {
    throw new TypeError(
      `Cannot set header ${JSON.stringify(name)} to ${JSON.stringify(value)}: ` +
        "a value holds visible characters up to U+00FF, spaces and tabs, and no control characters",
    );
  }
}

/**
 * `Headers` that check what is set, where it is set. The platform's own accept control bytes such
 * as VT and DEL.
 */
export class CheckedHeaders extends Headers {
  override append(name: string, value: string): void {
    // Converted once: an object may return another text each time.
    const [nameText, valueText] = [String(name), String(value)];
    checkField(nameText, valueText);
    super.append(nameText, valueText);
  }

  override set(name: string, value: string): void {
    const [nameText, valueText] = [String(name), String(value)];
    checkField(nameText, valueText);
    super.set(nameText, valueText);
  }
}

/**
 * Returns the fields of any form of headers.
 *
 * @throws {TypeError} when one of them may not be sent
 */
export function checkedFields(init: HeadersInit): Field[] {
  const given = Symbol.iterator in init ? [...init] : Object.entries(init);
  return given.map(([name, value]) => {
    const field: Field = [String(name), String(value)];
    checkField(...field);
    return field;
  });
}

/** The platform's own iterator. An object may have another one in its place. */
const fieldsIn = Headers.prototype[Symbol.iterator];

/**
 * Returns the fields of `Headers` that may have been changed by a way that checks nothing.
 *
 * @throws {TypeError} when one of them may not be sent
 */
export function recheckedFields(headers: Headers): Field[] {
  return checkedFields([...fieldsIn.call(headers)]);
}

/** Whether one of the fields is `Content-Type`. */
export function namesContentType(fields: readonly Field[] | null): boolean {
  return fields !== null && fields.some(isContentType);
}

/** Whether a field is `Content-Type`. */
export function isContentType([name]: Field): boolean {
  return kindOfName(name) === "content-type";
}
