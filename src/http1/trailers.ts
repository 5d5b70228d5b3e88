// The trailer fields of requests (RFC 9110, section 6.5). Few requests have any, so they are noted beside
// the heads: a head without them has no place for them. They are never merged into the fields of a head.

import type { RequestHead } from "./request_head.ts";

const noted = new WeakMap<RequestHead, readonly string[]>();

/** Notes the trailer fields of a request, names and values in turn. */
export function noteTrailers(head: RequestHead, trailers: readonly string[]): void {
  noted.set(head, trailers);
}

/**
 * Returns the trailer fields of a request, names and values in turn. Returns undefined if there are
 * none, and until the end of the body has been read.
 */
export function trailersOf(head: RequestHead): readonly string[] | undefined {
  return noted.get(head);
}
