// Who asks, and for what, when a request comes through front ends: the words of X-Forwarded-For, -Proto and -Host, or of
// Forwarded (RFC 7239), read with distrust. Each front end adds, at the end of the list, whom it was asked by; all that stands
// before is hearsay, which the client may have made up. So the list is read from the right, and only as far as those who have
// written it are trusted. Field values and trusted ranges come in, an address, a scheme and a host go out; no sockets.
// A front end passes on the kind of fields that it does not write: what counts is the kind that it is known to write, or
// else what both kinds say.

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
  /** The value of a field, its name in whatever case, several lines joined with commas; null where there is none. */
  header(name: string): string | null;
}

/** An address and a port, 0 where the port is not known. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/** The two kinds of fields: `Forwarded` (RFC 7239), and the older `X-Forwarded-For`, `-Proto` and `-Host`. */
export type ForwardedKind = "forwarded" | "x-forwarded";

/** What the fields of one kind say, or of both kinds where they agree. */
interface Statement {
  readonly kind: "told";
  /** The client; undefined where it is the peer itself, as far as anybody says. */
  readonly client: Endpoint | undefined;
  readonly scheme: Scheme | undefined;
  readonly host: string | undefined;
}

/** What those who are trusted say about a request. */
export type Told =
  | Statement
  /** The two kinds name different clients. The front end has written one kind, and the client may have written the other. */
  | { readonly kind: "conflict"; readonly fields: readonly string[] };

const NOTHING: Statement = { kind: "told", client: undefined, scheme: undefined, host: undefined };

/** The older fields, which are read together. */
const X_FIELDS = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"] as const;

/** How many front ends are followed: far more than ever stand behind each other. It bounds the work for a list of thousands. */
const MAX_HOPS = 100;

/**
 * The longest element of a list, or pair of an element, that is looked at: a host of 255 bytes fits, with each of them escaped and
 * percent-encoded. Regular expressions run over it, and over some megabytes they throw.
 */
const MAX_LENGTH = 2_048;

/**
 * Reads what the peer at `peerHostname` says about the client, in so far as it is trusted. With `writtenBy`, fields of the other kind
 * are not read. Without it, both kinds are read where both are there, and have to name the same client.
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
  // Even an empty field counts: a front end may know nothing of this client, and the client may have written the other kind.
  return agreement(statement, xStatement) ?? {
    kind: "conflict",
    fields: ["Forwarded", ...X_FIELDS.filter((name) => fields.header(name) !== null)],
  };
}

/**
 * What both kinds say; undefined where they name different clients. The front end has written at least one kind, so what both
 * say is its word. What only one says may be the client's.
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

/** A node on the way: its address, and its port, 0 where that is not known. */
interface Node {
  readonly address: IpAddress;
  readonly port: number;
}

function endpointOf(node: Node | undefined): Endpoint | undefined {
  return node && { hostname: formatAddress(node.address), port: node.port };
}

/**
 * Reads the older fields; undefined where there are none. The client is found by walking; of schemes and hosts the last one counts, because it alone is surely
 * not the client's. Where in a list the word of the client's own front end stands cannot be told from the lists' lengths, which
 * the client can choose: where one front end adds to the hosts (as Apache does) and the next one lets them pass (as nginx does
 * unless told otherwise), one host more in the request would move the client's into that place.
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

/** The node that the last one who is trusted, from the right, tells of; undefined where that is nobody. */
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

/** An element that is empty says nothing, as one that is missing does; what stands before it is not better for that. */
function lastElement(list: string | null): string {
  return list === null ? "" : elementAt(list, list.lastIndexOf(",") + 1, list.length);
}

function elementAt(list: string, start: number, end: number): string {
  const element = trimWhiteSpace(list.slice(start, end));
  return element.length > MAX_LENGTH ? "" : element;
}

/**
 * Reads the elements of Forwarded; undefined where there is no such field. Each element is by one front end, so what it says of
 * scheme and host belongs to the address that it tells of; those nearest to the client count.
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
 * Where the element begins that ends at `end`. It is looked for from the right, where those write who are trusted, so that a
 * quote that a client leaves open on the left swallows nothing of theirs. In what is well-formed nothing is in doubt from this
 * side either: the quote that opens a string stands behind "=", and so never behind a backslash.
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

/** Whether an odd number of backslashes stands before that place. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text.charCodeAt(start - 1) === BACKSLASH) start--;
  return (at - start) % 2 === 1;
}

/**
 * The parameters of an element of Forwarded, their names in lower case; undefined where it is malformed or says one thing twice
 * (RFC 7239, section 4).
 */
function parseElement(element: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (let start = 0; start < element.length;) {
    const end = endOfPair(element, start);
    const pair = trimWhiteSpace(element.slice(start, end));
    start = end + 1;
    // The grammar has room for pairs that are not there.
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

/** Where the pair ends that begins at `start`: at a semicolon that is not quoted. */
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

/** A backslash makes the character behind it stand for itself (RFC 9110, section 5.6.4). */
const QUOTED_STRING = /^"(?:[^"\\]|\\.)*"$/s;
const QUOTED_PAIR = /\\(.)/gs;

/**
 * Colons and brackets would have to be quoted; front ends leave the quotes out, and there is only one way to read what they
 * write then.
 */
const UNQUOTED_VALUE = /^[^" \t]*$/;

/** What a value says, without its quotes; undefined where it is malformed. */
function parseValue(written: string): string | undefined {
  if (!written.startsWith('"')) return UNQUOTED_VALUE.test(written) ? written : undefined;
  if (!QUOTED_STRING.test(written)) return undefined;
  return written.slice(1, -1).replace(QUOTED_PAIR, "$1");
}

/** An address, in brackets where it is IPv6, and a port, which may be obfuscated (RFC 7239, section 6). */
const NODE = /^(?:\[([^:\]]*:[^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}|_[0-9A-Za-z._-]+))?$/;

/** Reads whom an element tells of. "unknown", a name of the front end's own such as "_hidden", and all else is nobody. */
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
