// What many wire cases are made of: the beginnings of requests, whole plain ones, and lists of cases with one fault.
// A case that is about a part of these spells it out instead, so that the bytes in question stand before the reader's eyes.

import type { RefusalName, WireCase } from "./types.ts";

/** A head up to its last field, which is Host. */
export const HEAD = "GET / HTTP/1.1\r\nHost: a\r\n";
export const POST = "POST / HTTP/1.1\r\nHost: a\r\n";

/** A head behind which chunks follow. */
export const CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

/** The plainest request there is. */
export const PLAIN = HEAD + "\r\n";

/** The plainest one that ends the connection. */
export const CLOSE = HEAD + "Connection: close\r\n\r\n";

/** What an attacker wants to be read as a request of its own: where it is, its target comes out. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/** Cases with one and the same fault: what they are, and their bytes. */
export function refusedFor(
  reason: RefusalName,
  refused: number,
  cases: readonly (readonly [what: string, bytes: string])[],
): WireCase[] {
  return cases.map(([what, bytes]) => ({ what, bytes, refused, reason }));
}

/** Requests of which only a part has come: what is still missing, and the parts. */
export function awaiting(
  missing: "head" | "body",
  before: string,
  parts: readonly string[],
): WireCase[] {
  return parts.map((part) => ({
    what: `a ${missing} of which only ${JSON.stringify(part)} has come`,
    bytes: before + part,
    awaiting: missing,
  }));
}
