// The request target: its forms (RFC 9112, section 3.2) and its path.
// The path is split on "/" first and decoded afterwards, so that an encoded slash never makes a segment; dot segments are
// resolved as the WHATWG URL standard does (section 4.4, "path state"), before anybody routes by them.
// Text comes in, text goes out; what a bad target gets is decided by the caller.

import { HEX_VALUE, PERCENT } from "./grammar.ts";

/** Where the parts of a request target stand in its text, or that it is none. */
export type TargetParts =
  | {
    readonly kind: "path";
    /** The authority of an absolute-form target; undefined where the target has none. */
    readonly authority: string | undefined;
    /** The authority's scheme, in lower case; undefined where the target has none. */
    readonly scheme: "http" | "https" | undefined;
    /** The path as it was sent, at least "/". */
    readonly path: string;
    /** What follows the "?", without it; empty where there is none. */
    readonly query: string;
  }
  | { readonly kind: "asterisk" }
  | { readonly kind: "malformed" };

const MALFORMED: TargetParts = { kind: "malformed" };
const ASTERISK: TargetParts = { kind: "asterisk" };

/**
 * `absolute-form` with the two schemes that reach an HTTP server. The authority is checked as a host by the caller, which
 * refuses userinfo as well (RFC 9110, section 4.2.4).
 */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?]+)(.*)$/i;

/** Takes a target apart whose bytes grammar.ts has let through. */
export function parseTarget(method: string, target: string): TargetParts {
  if (target.startsWith("/")) return pathAndQuery(undefined, undefined, target);
  if (target === "*") return method === "OPTIONS" ? ASTERISK : MALFORMED;
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute === null) return MALFORMED;
  const [, scheme, authority, rest] = absolute;
  // "http://host" and "http://host?query" mean the path "/" (RFC 9110, section 4.2.3).
  const originForm = rest.startsWith("/") ? rest : "/" + rest;
  return pathAndQuery(scheme.toLowerCase() as "http" | "https", authority, originForm);
}

function pathAndQuery(
  scheme: "http" | "https" | undefined,
  authority: string | undefined,
  target: string,
): TargetParts {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  // The URL standard reads a backslash as a slash where others see a plain character: two readings, so it is refused.
  if (path.includes("\\")) return MALFORMED;
  return { kind: "path", scheme, authority, path, query: mark < 0 ? "" : target.slice(mark + 1) };
}

/** The port that a scheme means when none is named (RFC 9110, section 4.2). */
const DEFAULT_PORT = { http: ":80", https: ":443" } as const;

/** Whether an absolute-form target's authority and the Host field name the same host and port (RFC 9112, section 3.2.2). */
export function authorityAgrees(
  scheme: "http" | "https",
  authority: string,
  host: string,
): boolean {
  const suffix = DEFAULT_PORT[scheme];
  const bare = (text: string) => {
    const lower = text.toLowerCase();
    return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower.replace(/:$/, "");
  };
  return bare(authority) === bare(host);
}

const SINGLE_DOT = /^(?:\.|%2e)$/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i;

/** Resolves "." and ".." segments, percent-encoded ones too; a ".." at the top has nothing to leave. */
export function resolveDotSegments(path: string): string {
  const segments = path.split("/");
  const resolved: string[] = [];
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i];
    const isLast = i === segments.length - 1;
    if (DOUBLE_DOT.test(segment)) {
      resolved.pop();
      if (isLast) resolved.push("");
    } else if (SINGLE_DOT.test(segment)) {
      if (isLast) resolved.push("");
    } else {
      resolved.push(segment);
    }
  }
  return "/" + resolved.join("/");
}

const encoder = new TextEncoder();
/** Percent-decoding keeps a byte order mark (URL standard, section 1.3). */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Percent-decodes `text` as UTF-8 and loses what cannot be decoded: a malformed escape stays as it is, bytes that are not
 * UTF-8 become U+FFFD. So nothing that a client writes is an error here.
 */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // It is lossy from here on: decodeURIComponent gives up at the first bad escape or byte.
  }
  const bytes = encoder.encode(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const isEscape = bytes[i] === PERCENT && i + 2 < bytes.length &&
      HEX_VALUE[bytes[i + 1]] !== 255 && HEX_VALUE[bytes[i + 2]] !== 255;
    if (isEscape) {
      bytes[length++] = HEX_VALUE[bytes[i + 1]] * 16 + HEX_VALUE[bytes[i + 2]];
      i += 2;
    } else {
      bytes[length++] = bytes[i];
    }
  }
  return decoder.decode(bytes.subarray(0, length));
}

const ENCODED_SLASH = /%2f/i;

/** Percent-decodes a whole path for people and for routing; an encoded slash stays "%2F", so that it never looks like a separator. */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  if (!ENCODED_SLASH.test(path)) return percentDecode(path);
  return path.split(/%2f/i).map(percentDecode).join("%2F");
}

/** What has another meaning in a query than itself: an escape, and a "+" for a space. */
const CODED = /[%+]/;

/**
 * Reads a query, without its "?", as the URL standard does (section 5.1, "application/x-www-form-urlencoded parsing"). The
 * platform's own parser, which takes twice as long, is asked only where something has to be decoded.
 */
export function parseQuery(query: string): URLSearchParams {
  if (CODED.test(query)) return new URLSearchParams("?" + query);
  const parameters = new URLSearchParams();
  for (let start = 0; start < query.length;) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand < 0 ? query.length : ampersand;
    const pair = query.slice(start, end);
    const equals = pair.indexOf("=");
    if (equals >= 0) parameters.append(pair.slice(0, equals), pair.slice(equals + 1));
    else if (pair !== "") parameters.append(pair, "");
    start = end + 1;
  }
  return parameters;
}
