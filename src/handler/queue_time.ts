// How long a request has waited between a front end and this server, by the field X-Request-Start.
// A front end writes into it when the request came. Programs know it in seconds, milliseconds and
// microseconds, with and without "t=". No clock: the time comes in.

import { parseAddress } from "../net/address_ranges.ts";
import type { Peer } from "./client_origin.ts";
import type { Fields } from "./forwarded.ts";

/** The field; several front ends may each have added a value, the nearest one the last. */
const FIELD = "x-request-start";

/** A time since 1970, with a fraction or not. No time has more digits. */
const TIME = /^(?:t=)?(\d{9,20}(?:\.\d{1,9})?)$/;

/**
 * What a number means depends on its size: times in seconds are below this until the year 5138, and
 * times in each smaller unit are a thousand times larger.
 */
const LARGEST_SECONDS = 1e11;

/** How far the clock of a front end may be ahead of this one. The request has then not waited. */
const MAX_SKEW_MS = 5_000;

/** No front end waits for longer than that. A larger value comes from a wrong clock. */
const MAX_QUEUE_MS = 600_000;

/**
 * Returns for how many milliseconds a request had waited at `now`, in milliseconds since 1970.
 * Returns undefined if no trusted front end has written that, or if it cannot be true.
 */
export function queueTimeOf(fields: Fields, peer: Peer, now: number): number | undefined {
  const value = peer.trust === undefined ? null : fields.header(FIELD);
  if (value === null || !isTrusted(peer)) return undefined;
  const sentAt = parseRequestStart(value);
  if (sentAt === undefined) return undefined;
  const waited = now - sentAt;
  if (waited < -MAX_SKEW_MS || waited > MAX_QUEUE_MS) return undefined;
  return Math.max(0, waited);
}

function isTrusted({ addr, trust }: Peer): boolean {
  const address = parseAddress(addr.hostname);
  return address !== undefined && trust?.includes(address) === true;
}

/** Returns the time in a field X-Request-Start, in milliseconds since 1970; undefined for others. */
export function parseRequestStart(value: string): number | undefined {
  const last = value.slice(value.lastIndexOf(",") + 1).trim();
  const time = Number(TIME.exec(last)?.[1] ?? NaN);
  if (Number.isNaN(time)) return undefined;
  if (time < LARGEST_SECONDS) return time * 1e3;
  if (time < LARGEST_SECONDS * 1e3) return time;
  if (time < LARGEST_SECONDS * 1e6) return time / 1e3;
  return time / 1e6;
}
