// Decides where a request comes from: the address of its client, and the scheme and host that the client has used.
// It joins what the connection shows with what trusted front ends say (forwarded.ts). Every address of a peer comes in here.
// Addresses and fields come in, an origin goes out; no sockets.

import { type AddressRanges, normalizeAddress } from "../net/address_ranges.ts";
import { HttpError } from "./errors.ts";
import { type Fields, type ForwardedKind, readForwarded, type Scheme } from "./forwarded.ts";

/** The other end of a connection. The requests of the connection share it. */
export interface Peer {
  readonly addr: Deno.NetAddr;
  /** The scheme that the connection itself speaks. */
  readonly scheme: Scheme;
  /** The front ends that are believed about the client; undefined where none is. */
  readonly trust: AddressRanges | undefined;
  /** The kind of fields that front ends write; undefined where both kinds are read. */
  readonly forwardedBy?: ForwardedKind;
  /** The most bytes to which a body of its requests may decode; undefined where bodies stay as they are coded. */
  readonly maxDecodedBytes?: number;
}

/** The options that say which front ends are believed, and about what. */
export interface ProxySettings {
  readonly trustProxy: AddressRanges | undefined;
  readonly forwardedBy: ForwardedKind | undefined;
}

/** The options that say how the requests of a peer are read. */
export interface PeerSettings extends ProxySettings {
  readonly maxBodyBytes: number;
  readonly decodeRequestBodies: boolean;
}

/** The address of a peer that has none in an IP network: a front end on the same machine, at a Unix socket. */
const LOCAL: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 0 };

/**
 * Makes the peer of a connection. Every peer's address comes in through here, so a client has the same text on every socket:
 * a socket for both families names IPv4 peers as `::ffff:192.0.2.1`.
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
      // It may be anybody, so nothing is believed.
      return { addr: LOCAL, scheme, trust: undefined, forwardedBy, maxDecodedBytes };
  }
}

/** The client of a request, and the scheme and host that it has used, as far as the peer is believed. */
export interface Origin {
  readonly clientAddr: Deno.NetAddr;
  readonly scheme: Scheme;
  /** Undefined where only the Host field names one. */
  readonly host: string | undefined;
  /** The fields that name different clients, so that the rest is the connection's own; undefined where none do. */
  readonly conflict: readonly string[] | undefined;
}

/** The address of the client, for a log. It never throws: with a conflict it is the peer's. */
export function clientHostname(fields: Fields, peer: Peer): string {
  if (peer.trust === undefined) return peer.addr.hostname;
  const told = readForwarded(fields, peer.addr.hostname, peer.trust, peer.forwardedBy);
  return (told.kind === "told" ? told.client?.hostname : undefined) ?? peer.addr.hostname;
}

/** The origin of a request. It never throws: with a conflict it is the connection's own, for what needs no certain client. */
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

/** The answer to a request of which no client can be named. Its reader may be the operator of the front end. */
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
