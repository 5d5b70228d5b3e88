// Decides where a request comes from: the address of its client, and the scheme and host that the
// client has used. It joins the connection's peer with the fields of trusted proxies
// (forwarded.ts). No sockets.

import { type AddressRanges, normalizeAddress } from "../net/address_ranges.ts";
import { HttpError } from "./errors.ts";
import { type Fields, type ForwardedKind, readForwarded, type Scheme } from "./forwarded.ts";

/** The other end of a connection. The requests of the connection share it. */
export interface Peer {
  readonly addr: Deno.NetAddr;
  /** The scheme that the connection itself speaks. */
  readonly scheme: Scheme;
  /** The proxies that are trusted about the client; undefined if none is. */
  readonly trust: AddressRanges | undefined;
  /** The kind of fields that the proxies write; undefined if both kinds are read. */
  readonly forwardedBy?: ForwardedKind;
  /** The most bytes to which a body may decode; undefined if coded bodies are not decoded. */
  readonly maxDecodedBytes?: number;
}

/** The options that specify which proxies are trusted, and for which fields. */
export interface ProxySettings {
  readonly trustProxy: AddressRanges | undefined;
  readonly forwardedBy: ForwardedKind | undefined;
}

/** The options that specify how the requests of a peer are read. */
export interface PeerSettings extends ProxySettings {
  readonly maxBodyBytes: number;
  readonly decodeRequestBodies: boolean;
}

/** The address of a peer without an IP address: a proxy on the same machine, at a Unix socket. */
const LOCAL: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 0 };

/** Whether an address is that of the peer at a Unix socket, which no proxy has named otherwise. */
export function isAtSocket(address: Deno.NetAddr): boolean {
  return address === LOCAL;
}

/**
 * Makes the peer of a connection. All addresses of peers pass through here, so a client has the
 * same text on every socket: a socket for both families names IPv4 peers as `::ffff:192.0.2.1`.
 */
export function createPeer(
  address: Deno.Addr | undefined,
  scheme: Scheme,
  { trustProxy: trust, forwardedBy, maxBodyBytes, decodeRequestBodies }: PeerSettings,
): Peer {
  const maxDecodedBytes = decodeRequestBodies ? maxBodyBytes : undefined;
  switch (address?.transport) {
    case "tcp":
    case "udp": {
      const hostname = normalizeAddress(address.hostname);
      const addr = { transport: "tcp", hostname, port: address.port } as const;
      return { addr, scheme, trust, forwardedBy, maxDecodedBytes };
    }
    case "unix":
    case "unixpacket":
      // Only processes of this machine can be at the other end.
      return { addr: LOCAL, scheme, trust, forwardedBy, maxDecodedBytes };
    default:
      // The peer is unknown, so it is not trusted.
      return { addr: LOCAL, scheme, trust: undefined, forwardedBy, maxDecodedBytes };
  }
}

/**
 * The client of a request, and the scheme and host that it has used, according to trusted proxies.
 */
export interface Origin {
  readonly clientAddr: Deno.NetAddr;
  readonly scheme: Scheme;
  /** Undefined if only the Host field names one. */
  readonly host: string | undefined;
  /**
   * The fields that name different clients. If there are some, the rest is the connection's own.
   */
  readonly conflict: readonly string[] | undefined;
}

/**
 * Returns the address of the client, for a log; that of the peer if the fields conflict. Never
 * throws.
 */
export function clientHostname(fields: Fields, peer: Peer): string {
  if (peer.trust === undefined) return peer.addr.hostname;
  const told = readForwarded(fields, peer.addr.hostname, peer.trust, peer.forwardedBy);
  return (told.kind === "told" ? told.client?.hostname : undefined) ?? peer.addr.hostname;
}

/**
 * Returns the origin of a request; the connection's own, with `conflict`, if the fields conflict.
 * Never throws.
 */
export function originOf(fields: Fields, peer: Peer, trust: AddressRanges): Origin {
  const told = readForwarded(fields, peer.addr.hostname, trust, peer.forwardedBy);
  switch (told.kind) {
    case "conflict":
      return {
        clientAddr: peer.addr,
        scheme: peer.scheme,
        host: undefined,
        conflict: told.fields,
      };
    case "told":
      return {
        clientAddr: told.client === undefined ? peer.addr : { transport: "tcp", ...told.client },
        scheme: told.scheme ?? peer.scheme,
        host: told.host,
        conflict: undefined,
      };
  }
}

/** Makes the response to a request with conflicting fields. Its reader may operate the proxy. */
export function conflictError(fields: readonly string[]): HttpError {
  return new HttpError(
    400,
    `The request has ${
      fields.join(" and ")
    }, which name different clients, and only one kind can be the front end's own: ` +
      "the front end has to delete the fields that it does not set, or the server's option " +
      "forwardedBy has to name the kind that it sets",
  );
}
