// Which bytes may stand where in a message head (RFC 9110, section 5; RFC 9112, sections 2 to 5; RFC 3986, section 3.2).
// Tables and predicates only: what a forbidden byte leads to is decided in refusal.ts, what the parts mean in request_head.ts.
// Where the RFCs leave a choice, the strict one is taken, and the reason stands beside it.

/** The bytes that delimit (RFC 9112, section 2.2). */
export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;
export const PERCENT = 0x25;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const COMMA = 0x2c;
export const QUESTION_MARK = 0x3f;
export const DQUOTE = 0x22;
export const BACKSLASH = 0x5c;

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";

/** The marks of a token beside letters and digits (RFC 9110, section 5.6.2). */
const TOKEN_MARKS = "!#$%&'*+-.^_`|~";

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

/** `tchar`: what methods and field names are made of (RFC 9110, section 5.6.2). */
export const TOKEN: Uint8Array = tableOf(LETTERS + DIGITS + TOKEN_MARKS);

/** A field value's bytes: visible ones, space, tab and `obs-text` (RFC 9110, section 5.5). CR, LF, NUL and DEL are not. */
export const FIELD_VALUE: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => Number((byte >= SP && byte !== 0x7f) || byte === HTAB),
);

/** The classes of a byte of the request target. Their union over a target says whether it has to be looked at again. */
export const TARGET_PLAIN = 1;
export const TARGET_PERCENT = 2;
export const TARGET_DOT = 4;
export const TARGET_QUERY = 8;
export const TARGET_BACKSLASH = 16;
/** What a URL writes percent-encoded, in the path or in the query. */
export const TARGET_ENCODED_IN_URL = 32;

/**
 * The bytes of a request target (RFC 9112, section 3.2), each with its class; 0 stands for a forbidden one.
 *
 * RFC 3986 allows fewer than browsers send: the WHATWG URL serializer leaves `[ ] ^ | { }`, the backquote and the
 * backslash as they are in a query. These are let through; `"`, `<`, `>`, `#`, controls and all above 0x7E, which no URL
 * serializer lets out, are refused. A backslash in the path, which some read as a slash, is refused in request_head.ts.
 */
export const TARGET: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte <= SP || byte > 0x7e) return 0;
  switch (String.fromCharCode(byte)) {
    case '"':
    case "<":
    case ">":
    case "#":
      return 0;
    case "%":
      return TARGET_PERCENT;
    case ".":
      return TARGET_DOT;
    case "?":
      return TARGET_QUERY;
    case "\\":
      return TARGET_BACKSLASH;
    case "^":
    case "`":
    case "{":
    case "}":
    case "'":
      return TARGET_ENCODED_IN_URL;
    default:
      return TARGET_PLAIN;
  }
});

/** The value of a hexadecimal digit, 255 for every other byte (RFC 9112, section 7.1). */
export const HEX_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return value < 0 ? 255 : value;
});

/** A field name or a method as text: one token, nothing around it. */
const TOKEN_TEXT = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether `text` is a token (RFC 9110, section 5.6.2): what a field name has to be. */
export function isToken(text: string): boolean {
  return TOKEN_TEXT.test(text);
}

/** Whether `text` is a media type without parameters (RFC 9110, section 8.3.1): two tokens around a slash. */
export function isMediaType(text: string): boolean {
  const slash = text.indexOf("/");
  return slash > 0 && isToken(text.slice(0, slash)) && isToken(text.slice(slash + 1));
}

/** What may not stand in a field value: controls except tab, DEL, and what does not fit a byte. */
const FORBIDDEN_IN_FIELD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether `text` may stand as a field value on the wire (RFC 9110, section 5.5). */
export function isFieldValue(text: string): boolean {
  return !FORBIDDEN_IN_FIELD_VALUE.test(text);
}

/** The elements of a comma-separated list, in lower case, without the spaces and tabs around them (RFC 9110, section 5.6.1). */
export function parseList(text: string): string[] {
  return text.toLowerCase().split(",").map(trimWhiteSpace);
}

/**
 * `text` without the spaces and tabs around it (RFC 9110, section 5.6.3). `trim()` would take a no-break space (0xA0) for white
 * space, and a regular expression would be slow on thousands of spaces.
 */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether a byte is a space or a tab: all the white space that HTTP knows (RFC 9110, section 5.6.3). */
export function isWhiteSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** `1*DIGIT` and nothing else: no sign, no space, no list (RFC 9110, section 8.6). */
const DECIMAL = /^[0-9]+$/;

/** The number that `text` writes in decimal digits; undefined when it is anything else or past 2^53 - 1. */
export function parseDecimal(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * `reg-name`: unreserved, percent-encoded and sub-delims (RFC 3986, section 3.2.2); IPv4 addresses are among these. The comma
 * is not: a name with one is what becomes of two Host fields that somebody has joined. Nor is an encoded NUL, which ends the name for many.
 */
const REGISTERED_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+;=]|%(?!00)[0-9A-Fa-f]{2})+$/;
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/** Whether `text` is an IPv4 address: four decimal numbers, without zeros before them that some would read as octal (RFC 3986, section 3.2.2). */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** Whether `text` is an IPv6 address, without brackets and without a zone (RFC 4291, section 2.2). */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (let half = 0; half < halves.length; half++) {
    if (halves[half] === "") continue;
    const parts = halves[half].split(":");
    for (let part = 0; part < parts.length; part++) {
      const isLast = half === halves.length - 1 && part === parts.length - 1;
      if (isLast && IPV4.test(parts[part])) groups += 2;
      else if (HEX_GROUP.test(parts[part])) groups += 1;
      else return false;
    }
  }
  // RFC 4291, section 2.2: "::" stands for one group or more, so beside it there is room for seven at the most.
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** The bytes of a plain `host[:port]`, without brackets or percent signs: the way nearly every request comes. */
const PLAIN_HOST = tableOf(LETTERS + DIGITS + "-._~");

const MAX_PORT = 65_535;

/** A port of more digits than the highest has, zeros in front of it, is looked at in full. */
const MAX_PLAIN_PORT_DIGITS = 5;

/**
 * Whether the bytes from `start` to `end` are a name or an IPv4 address, with or without a port: the way nearly every
 * Host field is. It lets through nothing that {@linkcode isHost} does not; what it does not know may still be a host.
 */
export function isPlainHost(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && PLAIN_HOST[bytes[at]] === 1) at++;
  if (at === start) return false;
  if (at === end) return true;
  if (bytes[at] !== COLON || end - at > MAX_PLAIN_PORT_DIGITS + 1) return false;
  let port = 0;
  for (at++; at < end; at++) {
    if (bytes[at] < 0x30 || bytes[at] > 0x39) return false;
    port = port * 10 + bytes[at] - 0x30;
  }
  return port <= MAX_PORT;
}

/**
 * Whether `text` is `uri-host [ ":" port ]` (RFC 9110, section 7.2) with a host that is not empty: RFC 9110, section 4.2.1,
 * has a recipient reject an "http" URI without one.
 */
export function isHost(text: string): boolean {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::([0-9]*))?$/.exec(text);
  if (parts === null) return false;
  const [, host, port] = parts;
  if (port !== undefined && Number(port) > MAX_PORT) return false;
  if (!host.startsWith("[")) return REGISTERED_NAME.test(host);
  // IPvFuture (RFC 3986) names no protocol that exists, so only IPv6 is taken; a zone identifier means nothing here.
  return isIpv6(host.slice(1, -1));
}
