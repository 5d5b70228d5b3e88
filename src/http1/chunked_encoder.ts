// How a body is delimited whose length is not known before it is sent (RFC 9112, section 6), and its parts to bytes.

import { CR, LF } from "./grammar.ts";
import type { Output } from "./response_encoder.ts";

/** How the client knows where a streamed body ends. */
export type StreamFraming =
  | { readonly kind: "chunked" }
  /** The handler has told the length, and has to keep to it. */
  | { readonly kind: "length"; readonly length: number }
  /** An HTTP/1.0 client knows no chunks (RFC 9112, section 6.1): the body ends with the connection. */
  | { readonly kind: "until close" };

const CHUNKED: StreamFraming = { kind: "chunked" };
const UNTIL_CLOSE: StreamFraming = { kind: "until close" };

/** Decides how a streamed body is delimited; `declaredLength` is what the handler says in Content-Length. */
export function decideStreamFraming(
  minorVersion: 0 | 1,
  declaredLength: number | undefined,
): StreamFraming {
  if (declaredLength !== undefined) return { kind: "length", length: declaredLength };
  return minorVersion === 1 ? CHUNKED : UNTIL_CLOSE;
}

/** The most bytes that the line of a chunk's size takes: 13 digits, for 2^53, and CRLF. */
const MAX_SIZE_LINE_BYTES = 15;

const LINE_END = Uint8Array.of(CR, LF);
const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");

/** Writes what stands before a part of the body. */
export function beginPart(output: Output, framing: StreamFraming, length: number): void {
  if (framing.kind !== "chunked") return;
  const digits = length.toString(16);
  const buffer = output.reserve(MAX_SIZE_LINE_BYTES);
  let at = output.length;
  for (let i = 0; i < digits.length; i++) buffer[at++] = digits.charCodeAt(i);
  buffer[at++] = CR;
  buffer[at++] = LF;
  output.length = at;
}

/** Writes what stands behind a part of the body. */
export function endPart(output: Output, framing: StreamFraming): void {
  if (framing.kind === "chunked") output.append(LINE_END);
}

/** Writes what stands behind the last part: a chunk of no bytes, and no trailers (RFC 9112, section 7.1). */
export function endParts(output: Output, framing: StreamFraming): void {
  if (framing.kind === "chunked") output.append(LAST_CHUNK);
}
