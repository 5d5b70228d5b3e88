// Parses IP addresses, and ranges of trusted ones (RFC 4291, RFC 4632). No name is looked up. An
// IPv4 address is the same in every form: "::ffff:192.0.2.1", as a socket for both families names
// its peers, is 192.0.2.1.

import { isIpv4, isIpv6 } from "../http1/grammar.ts";

/** The bytes of an address, in network order: 4 of IPv4, 16 of IPv6. */
export type IpAddress = Uint8Array;

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

/** The length of `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`, the longest address. */
const MAX_ADDRESS_LENGTH = 45;

/**
 * Parses an IPv4 address, or an IPv6 address without brackets and zone. Returns undefined
 * otherwise.
 */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  if (isIpv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIpv6(text)) return undefined;
  const bytes = bytesOfIpv6(text);
  return isMapped(bytes) ? bytes.subarray(IPV6_BYTES - IPV4_BYTES) : bytes;
}

/** Parses the text of a valid IPv6 address. */
function bytesOfIpv6(text: string): Uint8Array {
  const [head, tail = ""] = text.split("::");
  const start = bytesOfGroups(head);
  const end = bytesOfGroups(tail);
  const bytes = new Uint8Array(IPV6_BYTES);
  bytes.set(start);
  bytes.set(end, IPV6_BYTES - end.length);
  return bytes;
}

function bytesOfGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Returns whether 16 bytes are an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff &&
    bytes[11] === 0xff;
}

/** Formats an address, always in the same form: IPv6 as in RFC 5952. */
export function formatAddress(address: IpAddress): string {
  if (address.length === IPV4_BYTES) return address.join(".");
  const groups = Array.from(
    { length: IPV6_BYTES / 2 },
    (_, group) => (address[2 * group] << 8) | address[2 * group + 1],
  );
  const { start, length } = longestRunOfZeros(groups);
  const text = (some: number[]) => some.map((group) => group.toString(16)).join(":");
  // RFC 5952, section 4.2.2: "::" does not stand for a single group.
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** Returns the first of the longest runs of zeros (RFC 5952, section 4.2.3). */
function longestRunOfZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at < groups.length; at++) {
    if (groups[at] !== 0) start = at + 1;
    else if (at + 1 - start > longest.length) longest = { start, length: at + 1 - start };
  }
  return longest;
}

/**
 * Returns the canonical text of an address: plain IPv4, even if it is mapped into IPv6, and IPv6 as
 * in RFC 5952. Returns any other text, and an address with a zone, unchanged.
 */
export function normalizeAddress(text: string): string {
  // IPv4 has only one form.
  if (!text.includes(":")) return text;
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

/** All addresses that begin with the same bits. */
export interface AddressRange {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

/** The outcome of parsing a range. */
export type RangeOutcome =
  | { readonly kind: "range"; readonly range: AddressRange }
  /** The text is no range. `why` is for people. */
  | { readonly kind: "wrong"; readonly why: string };

const PREFIX_LENGTH = /^(?:0|[1-9][0-9]{0,2})$/;

/**
 * Parses an address, which is a range of one, or a range such as `10.0.0.0/8`. Refuses bits after
 * the prefix: `10.0.0.1/8` may mean one address or the whole range, and to trust the wrong one
 * would be a hole without a symptom.
 */
export function parseRange(text: string): RangeOutcome {
  const slash = text.indexOf("/");
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === undefined) {
    return wrong(`${JSON.stringify(text)} is neither an IP address nor a range of them`);
  }
  // The prefix of an IPv4-mapped address is counted in the bits of IPv6.
  const mappedBits = address.length === IPV4_BYTES && addressText.includes(":")
    ? (IPV6_BYTES - IPV4_BYTES) * 8
    : 0;
  const maxBits = address.length * 8 + mappedBits;
  if (slash < 0) return { kind: "range", range: { address, prefixBits: address.length * 8 } };
  const prefixText = text.slice(slash + 1);
  const writtenBits = Number(prefixText);
  if (!PREFIX_LENGTH.test(prefixText) || writtenBits < mappedBits || writtenBits > maxBits) {
    return wrong(
      `in ${
        JSON.stringify(text)
      } what follows the slash is no number of bits from ${mappedBits} to ${maxBits}`,
    );
  }
  const prefixBits = writtenBits - mappedBits;
  const first = address.map((byte, at) => byte & maskOf(at, prefixBits));
  if (!isSame(first, address)) {
    return wrong(
      `${JSON.stringify(text)} has bits behind its prefix; the range is ${
        JSON.stringify(`${formatAddress(first)}/${prefixBits}`)
      }, the address alone ${JSON.stringify(formatAddress(address))}`,
    );
  }
  return { kind: "range", range: { address, prefixBits } };
}

function wrong(why: string): RangeOutcome {
  return { kind: "wrong", why };
}

/** Returns the mask of the bits of byte `at` that belong to a prefix. */
function maskOf(at: number, prefixBits: number): number {
  const bits = Math.min(Math.max(prefixBits - 8 * at, 0), 8);
  return (0xff00 >> bits) & 0xff;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, at) => byte === right[at]);
}

/** A set of ranges, of both families. */
export class AddressRanges {
  readonly #ranges: readonly AddressRange[];

  constructor(ranges: readonly AddressRange[]) {
    this.#ranges = ranges;
  }

  /**
   * Returns whether a range includes an address. A range of one family never includes the other.
   */
  includes(address: IpAddress): boolean {
    return this.#ranges.some((range) => isIn(address, range));
  }
}

function isIn(address: IpAddress, { address: first, prefixBits }: AddressRange): boolean {
  if (address.length !== first.length) return false;
  for (let at = 0; 8 * at < prefixBits; at++) {
    if (((address[at] ^ first[at]) & maskOf(at, prefixBits)) !== 0) return false;
  }
  return true;
}
