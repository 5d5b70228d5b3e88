// Parses forwarded fields, X-Forwarded-For, -Proto and -Host or Forwarded (RFC 7239), right to
// left, up to the first hop that is not trusted. Each proxy appends the address of its own client,
// and the client may have invented all that precedes it. A proxy passes on the kind of fields that
// it does not write, so both kinds must agree unless the proxy's kind is known. No sockets.

import {
  type AddressRanges,
  formatAddress,
  type IpAddress,
  parseAddress,
} from "../net/address_ranges.ts";
import {
  BACKSLASH,
  COMMA,
  DQUOTE,
  isHost,
  isToken,
  parseDecimal,
  SEMICOLON,
  trimWhiteSpace,
} from "../http1/grammar.ts";

/** The two schemes of HTTP. */
export type Scheme = "http" | "https";

/** The header fields of a request. */
export interface Fields {
  /**
   * Returns the value of a field, several lines joined with commas; null if the request has none.
   * The case of the name does not matter.
   */
  header(name: string): string | null;
}

/** An address and a port. The port is 0 if it is not known. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/**
 * The two kinds of fields: `Forwarded` (RFC 7239), and the older `X-Forwarded-For`, `-Proto` and
 * `-Host`.
 */
export type ForwardedKind = "forwarded" | "x-forwarded";

/** What the fields of one kind state, or of both kinds if they agree. */
interface Statement {
  readonly kind: "told";
  /** Undefined if no trusted proxy names a client other than the peer. */
  readonly client: Endpoint | undefined;
  readonly scheme: Scheme | undefined;
  readonly host: string | undefined;
}

/** What the trusted proxies state about a request. */
export type Told =
  | Statement
  /**
   * The two kinds name different clients. The proxy has written one kind, and the client may have
   * written the other.
   */
  | { readonly kind: "conflict"; readonly fields: readonly string[] };

const NOTHING: Statement = { kind: "told", client: undefined, scheme: undefined, host: undefined };

/** The older fields, which are read together. */
const X_FIELDS = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"] as const;

/**
 * The most proxies that are followed, far more than any chain has. It bounds the work for a list of
 * thousands.
 */
const MAX_HOPS = 100;

/**
 * The longest element of a list, or pair of an element, that is parsed. A host of 255 bytes fits,
 * even if each byte is escaped and percent-encoded. Regular expressions throw on megabytes.
 */
const MAX_LENGTH = 2_048;

/**
 * Reads what the peer at `peerHostname` states about the client, if the peer is trusted. With
 * `writtenBy`, fields of the other kind are not read. Without it, both kinds are read if the
 * request has both, and must name the same client.
 */
export function readForwarded(
  fields: Fields,
  peerHostname: string,
  trust: AddressRanges,
  writtenBy?: ForwardedKind,
): Told {
  const peer = parseAddress(peerHostname);
  if (peer === undefined || !trust.includes(peer)) return NOTHING;
  const statement = writtenBy === "x-forwarded" ? undefined : readElementsOf(fields, trust);
  const xStatement = writtenBy === "forwarded" ? undefined : readXFields(fields, trust);
  if (statement === undefined || xStatement === undefined) {
    return statement ?? xStatement ?? NOTHING;
  }
  // Even an empty field counts: a proxy may not know this client, and the client may have written
  // the other kind.
  return agreement(statement, xStatement) ?? {
    kind: "conflict",
    fields: ["Forwarded", ...X_FIELDS.filter((name) => fields.header(name) !== null)],
  };
}

/**
 * Returns what both kinds state; undefined if they name different clients. The proxy has written at
 * least one kind, so it agrees to what both state. The client may have written what only one
 * states.
 */
function agreement(one: Statement, other: Statement): Statement | undefined {
  if (one.client?.hostname !== other.client?.hostname) return undefined;
  return {
    kind: "told",
    client: one.client &&
      { ...one.client, port: one.client.port === other.client?.port ? one.client.port : 0 },
    scheme: one.scheme === other.scheme ? one.scheme : undefined,
    host: one.host === other.host ? one.host : undefined,
  };
}

/** A node on the way of a request. The port is 0 if it is not known. */
interface Node {
  readonly address: IpAddress;
  readonly port: number;
}

function endpointOf(node: Node | undefined): Endpoint | undefined {
  return node && { hostname: formatAddress(node.address), port: node.port };
}

/**
 * Reads the older fields; undefined if the request has none. Of schemes and hosts the last one
 * counts: no other is surely not the client's. The lengths of the lists cannot show which element
 * the outermost proxy has written, because the client chooses them. One proxy may append to the
 * hosts, as Apache does, and the next may pass them on, as nginx does by default. Then one more
 * host in the request would move the client's own into that place.
 */
function readXFields(fields: Fields, trust: AddressRanges): Statement | undefined {
  const [addresses, schemes, hosts] = X_FIELDS.map((name) => fields.header(name));
  if (addresses === null && schemes === null && hosts === null) return undefined;
  return {
    kind: "told",
    client: endpointOf(walk(addresses ?? "", trust)),
    scheme: parseScheme(lastElement(schemes)),
    host: parseHost(lastElement(hosts)),
  };
}

/**
 * Returns the node that the last trusted proxy, from the right, names; undefined if it names none.
 */
function walk(list: string, trust: AddressRanges): Node | undefined {
  let client: Node | undefined;
  let end = list.length;
  for (let hop = 0; hop < MAX_HOPS && end >= 0; hop++) {
    const comma = end === 0 ? -1 : list.lastIndexOf(",", end - 1);
    const node = parseNode(elementAt(list, comma + 1, end));
    if (node === undefined) break;
    client = node;
    if (!trust.includes(node.address)) break;
    end = comma;
  }
  return client;
}

/** Returns the last element. An empty one counts as missing; the one before does not replace it. */
function lastElement(list: string | null): string {
  return list === null ? "" : elementAt(list, list.lastIndexOf(",") + 1, list.length);
}

function elementAt(list: string, start: number, end: number): string {
  const element = trimWhiteSpace(list.slice(start, end));
  return element.length > MAX_LENGTH ? "" : element;
}

/**
 * Reads the elements of Forwarded; undefined if the request has no such field. One proxy writes
 * each element, so its scheme and host belong to its address. Those nearest to the client count.
 */
function readElementsOf(fields: Fields, trust: AddressRanges): Statement | undefined {
  const list = fields.header("Forwarded");
  if (list === null) return undefined;
  let client: Node | undefined;
  let scheme: Scheme | undefined;
  let host: string | undefined;
  let end = list.length;
  for (let hop = 0; hop < MAX_HOPS && end >= 0; hop++) {
    const start = startOfElement(list, end);
    const parameters = parseElement(list.slice(start, end));
    if (parameters === undefined) break;
    scheme = parseScheme(parameters.get("proto") ?? "") ?? scheme;
    host = parseHost(parameters.get("host") ?? "") ?? host;
    const node = parseNode(parameters.get("for") ?? "");
    if (node === undefined) break;
    client = node;
    if (!trust.includes(node.address)) break;
    end = start - 1;
  }
  return { kind: "told", client: endpointOf(client), scheme, host };
}

/**
 * Returns where the element begins that ends at `end`. The search starts at the right, where the
 * trusted proxies write: a quote that a client leaves open on the left hides none of their
 * elements. A well-formed list reads the same from both sides: the quote that opens a string
 * follows "=", and never a backslash.
 */
function startOfElement(list: string, end: number): number {
  let isQuoted = false;
  for (let at = end - 1; at >= 0; at--) {
    const code = list.charCodeAt(at);
    if (code === COMMA && !isQuoted) return at + 1;
    if (code === DQUOTE && !(isQuoted && isEscaped(list, at))) isQuoted = !isQuoted;
  }
  return 0;
}

/** Whether an odd number of backslashes precedes that place. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text.charCodeAt(start - 1) === BACKSLASH) start--;
  return (at - start) % 2 === 1;
}

/**
 * Parses the parameters of an element of Forwarded, with their names in lower case; undefined if it
 * is malformed or has a parameter twice (RFC 7239, section 4).
 */
function parseElement(element: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (let start = 0; start < element.length;) {
    const end = endOfPair(element, start);
    const pair = trimWhiteSpace(element.slice(start, end));
    start = end + 1;
    // The grammar allows empty pairs.
    if (pair === "") continue;
    if (pair.length > MAX_LENGTH) return undefined;
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(equals, 0)).toLowerCase();
    const value = parseValue(pair.slice(equals + 1));
    if (!isToken(name) || value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** Returns where the pair ends that begins at `start`: at a semicolon outside of quotes. */
function endOfPair(element: string, start: number): number {
  let isQuoted = false;
  for (let at = start; at < element.length; at++) {
    const code = element.charCodeAt(at);
    if (code === SEMICOLON && !isQuoted) return at;
    if (code === DQUOTE) isQuoted = !isQuoted;
    else if (code === BACKSLASH && isQuoted) at++;
  }
  return element.length;
}

/** A backslash escapes the character after it (RFC 9110, section 5.6.4). */
const QUOTED_STRING = /^"(?:[^"\\]|\\.)*"$/s;
const QUOTED_PAIR = /\\(.)/gs;

/**
 * Colons and brackets need quotes. Proxies omit these, and the value still has only one meaning.
 */
const UNQUOTED_VALUE = /^[^" \t]*$/;

/** Parses a value, without its quotes; undefined if it is malformed. */
function parseValue(written: string): string | undefined {
  if (!written.startsWith('"')) return UNQUOTED_VALUE.test(written) ? written : undefined;
  if (!QUOTED_STRING.test(written)) return undefined;
  return written.slice(1, -1).replace(QUOTED_PAIR, "$1");
}

/**
 * An address, in brackets if it is IPv6, and a port, which may be obfuscated (RFC 7239, section 6).
 */
const NODE = /^(?:\[([^:\]]*:[^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}|_[0-9A-Za-z._-]+))?$/;

/**
 * Parses the node that an element names; undefined for "unknown", "_hidden" and all that is no
 * address.
 */
function parseNode(text: string): Node | undefined {
  // X-Forwarded-For has IPv6 without brackets, too, and then without a port.
  const bare = parseAddress(text);
  if (bare !== undefined) return { address: bare, port: 0 };
  const parts = NODE.exec(text);
  if (parts === null) return undefined;
  const [, bracketed, plain, portText] = parts;
  const address = parseAddress(bracketed ?? plain);
  const port = parseDecimal(portText ?? "") ?? 0;
  return address === undefined || port > 65_535 ? undefined : { address, port };
}

function parseScheme(text: string): Scheme | undefined {
  const scheme = text.toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : undefined;
}

function parseHost(text: string): string | undefined {
  return isHost(text) ? text : undefined;
}
