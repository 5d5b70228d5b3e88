// The handshake (RFC 6455, section 4.2): from the head of a request to what the 101 needs, or to a
// refusal. A pure function. What the server chooses (a protocol, extensions, whether an origin may
// connect) is decided elsewhere. The fields of the head have been parsed by http1/, so each value
// is one text, with repeated lines joined by commas.

import { Buffer } from "node:buffer";
import { isToken, parseList, trimWhiteSpace } from "../http1/grammar.ts";
import { type ExtensionOffer, parseExtensionOffers } from "./extension_offers.ts";
import { sha1 } from "./sha1.ts";

/** The head of the request: a `RequestHead` is one. */
export interface HandshakeHead {
  readonly method: string;
  readonly minorVersion: number;
  /** Returns the values of all lines of that name, joined by commas; null if there is none. */
  header(name: string): string | null;
}

/** A request that may be answered with 101. */
export interface AcceptedHandshake {
  readonly kind: "accepted";
  /** The value of `Sec-WebSocket-Accept`. */
  readonly accept: string;
  /** The subprotocols that the client offers, in the order of its preference. */
  readonly protocols: readonly string[];
  /** The extensions that the client offers, in the order of its preference. */
  readonly extensions: readonly ExtensionOffer[];
  /** The origin of the page that opens the socket; null for clients that are no browsers. */
  readonly origin: string | null;
}

/** A request that is answered with an error instead of 101. */
export interface RefusedHandshake {
  readonly kind: "refused";
  readonly status: 400 | 405 | 426;
  /** The fields that the response must have. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What is wrong, in one sentence for the author of the client: the body of the response. */
  readonly reason: string;
}

/** The only version there is (RFC 6455, section 4.1). */
export const WEBSOCKET_VERSION = "13";

/** What is appended to the key before it is hashed (RFC 6455, section 1.3). */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

function refused(
  status: RefusedHandshake["status"],
  reason: string,
  ...fields: (readonly [string, string])[]
): RefusedHandshake {
  return Object.freeze({ kind: "refused", status, reason, fields: Object.freeze(fields) });
}

const ALLOW = ["Allow", "GET"] as const;
/**
 * RFC 9110, section 15.5.22: a 426 names the protocol. The connection lists `Upgrade`, as section
 * 7.8 asks.
 */
const UPGRADE = [["Upgrade", "websocket"], ["Connection", "Upgrade"]] as const;
const VERSION = ["Sec-WebSocket-Version", WEBSOCKET_VERSION] as const;

/** Every refusal of a handshake, by the fault that leads to it. */
export const HANDSHAKE_REFUSALS = {
  method: refused(405, "A WebSocket handshake is a GET request", ALLOW),
  httpVersion: refused(400, "A WebSocket handshake needs HTTP/1.1"),
  upgrade: refused(
    426,
    "The Upgrade header does not name websocket: this address is for WebSocket clients",
    ...UPGRADE,
    VERSION,
  ),
  connection: refused(
    400,
    "The Connection header does not list Upgrade: a proxy may have removed it",
  ),
  body: refused(400, "A WebSocket handshake has no body"),
  key: refused(400, "The Sec-WebSocket-Key header is not 16 bytes in base64"),
  version: refused(
    426,
    "The Sec-WebSocket-Version header is not 13, which is the only version there is",
    ...UPGRADE,
    VERSION,
  ),
  protocols: refused(
    400,
    "The Sec-WebSocket-Protocol header is not a list of different tokens",
  ),
  extensions: refused(400, "The Sec-WebSocket-Extensions header is malformed"),
} as const satisfies Record<string, RefusedHandshake>;

/** Reads a handshake. */
export function readHandshake(head: HandshakeHead): AcceptedHandshake | RefusedHandshake {
  const fault = findFault(head);
  if (fault !== undefined) return fault;
  const protocols = parseProtocols(head.header("sec-websocket-protocol"));
  if (protocols === undefined) return HANDSHAKE_REFUSALS.protocols;
  const offered = head.header("sec-websocket-extensions");
  const extensions = offered === null ? [] : parseExtensionOffers(offered);
  if (extensions === undefined) return HANDSHAKE_REFUSALS.extensions;
  return {
    kind: "accepted",
    accept: acceptValue(head.header("sec-websocket-key")!),
    protocols,
    extensions,
    origin: head.header("origin"),
  };
}

/** Finds what RFC 6455, section 4.2.1, does not allow. */
function findFault(head: HandshakeHead): RefusedHandshake | undefined {
  if (head.method !== "GET") return HANDSHAKE_REFUSALS.method;
  // RFC 9110, section 7.8: a server ignores the Upgrade of a client of HTTP/1.0.
  if (head.minorVersion === 0) return HANDSHAKE_REFUSALS.httpVersion;
  if (!lists(head.header("upgrade"), "websocket")) return HANDSHAKE_REFUSALS.upgrade;
  if (!lists(head.header("connection"), "upgrade")) return HANDSHAKE_REFUSALS.connection;
  // After a body, it would be open where the frames begin: a proxy may know only one of both.
  if (hasBody(head)) return HANDSHAKE_REFUSALS.body;
  if (head.header("sec-websocket-version") !== WEBSOCKET_VERSION) return HANDSHAKE_REFUSALS.version;
  return KEY.test(head.header("sec-websocket-key") ?? "") ? undefined : HANDSHAKE_REFUSALS.key;
}

/** Whether a list has that element, in whatever case. */
function lists(value: string | null, element: string): boolean {
  return value !== null && parseList(value).includes(element);
}

function hasBody(head: HandshakeHead): boolean {
  return head.header("transfer-encoding") !== null || Number(head.header("content-length")) !== 0;
}

/**
 * Returns the elements of the list, none if there is none; undefined if it is malformed (RFC 6455,
 * section 4.1).
 */
function parseProtocols(value: string | null): string[] | undefined {
  if (value === null) return [];
  const protocols = value.split(",").map(trimWhiteSpace);
  const isSound = protocols.every(isToken) && new Set(protocols).size === protocols.length;
  return isSound ? protocols : undefined;
}

/** Returns the value of `Sec-WebSocket-Accept` for a key. */
export function acceptValue(key: string): string {
  const hash = sha1(Buffer.from(key + ACCEPT_SUFFIX, "latin1"));
  return Buffer.from(hash.buffer).toString("base64");
}

/** What the server has chosen of what the client offers. */
export interface Agreement {
  /** One of the offered subprotocols. */
  readonly protocol?: string | undefined;
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly extensions?: string | undefined;
}

/** Returns the fields of the 101 (RFC 6455, section 4.2.2). */
export function acceptanceFields(
  handshake: AcceptedHandshake,
  { protocol, extensions }: Agreement = {},
): [name: string, value: string][] {
  const fields: [string, string][] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", handshake.accept],
  ];
  if (protocol !== undefined) fields.push(["Sec-WebSocket-Protocol", protocol]);
  if (extensions !== undefined) fields.push(["Sec-WebSocket-Extensions", extensions]);
  return fields;
}
