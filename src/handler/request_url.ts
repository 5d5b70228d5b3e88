// The URL of a request, as the platform's `URL` writes it, of its scheme, its host and its target.
// Nearly all of them need no parsing: the host is the one of the request before, and the target has
// nothing in it that a URL would write in another way.

import type { RequestHead } from "../http1/request_head.ts";

/** The origin that was looked for last. */
let last = { scheme: "", host: "", origin: "" as string | undefined };

/** Returns the origin of a scheme and a host; undefined if they make no URL. */
export function originOfHost(scheme: "http" | "https", host: string): string | undefined {
  if (last.host !== host || last.scheme !== scheme) {
    last = { scheme, host, origin: URL.parse(`${scheme}://${host}`)?.origin };
  }
  return last.origin;
}

/** Returns the origin of a scheme and the host that a head names; undefined if they make no URL. */
export function originOfHead(scheme: "http" | "https", head: RequestHead): string | undefined {
  if (last.scheme === scheme && head.hasHost(last.host)) return last.origin;
  return originOfHost(scheme, head.host ?? "localhost");
}

/** Returns the URL of a request to an origin. */
export function urlOf(origin: string, head: RequestHead): string {
  if (head.isAsteriskForm) return `${origin}/`;
  const url = origin + head.pathAndQuery;
  return head.isPlainInUrl ? url : new URL(url).href;
}
