// Writes the chunks of a body (RFC 9112, section 7.1): what stands before, between and after the parts that are sent.
// It does not decide whether a body is chunked: framing.ts does.

import { CR, LF } from "./grammar.ts";
import type { Output } from "./output.ts";

/** The most bytes that the line of a chunk's size takes: 14 digits, for 2^53, and CRLF. */
const MAX_SIZE_LINE_BYTES = 16;

const LINE_END = Uint8Array.of(CR, LF);
const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");

/** Writes what stands before the bytes of a chunk: how many they are, which must not be none. */
export function beginChunk(output: Output, length: number): void {
  const digits = length.toString(16);
  const buffer = output.reserve(MAX_SIZE_LINE_BYTES);
  let at = output.length;
  for (let i = 0; i < digits.length; i++) buffer[at++] = digits.charCodeAt(i);
  buffer[at++] = CR;
  buffer[at++] = LF;
  output.length = at;
}

/** Writes what stands after the bytes of a chunk. */
export function endChunk(output: Output): void {
  output.append(LINE_END);
}

/**
 * Writes the end of a chunked body: a chunk of no bytes, and the trailers if there are any (RFC 9112,
 * section 7.1.2). These were checked as fields of a head are.
 */
export function endChunks(
  output: Output,
  trailers?: readonly (readonly [name: string, value: string])[],
): void {
  if (trailers === undefined || trailers.length === 0) return output.append(LAST_CHUNK);
  let text = "0\r\n";
  for (const [name, value] of trailers) text += `${name}: ${value}\r\n`;
  output.append(Uint8Array.from(`${text}\r\n`, (character) => character.charCodeAt(0)));
}
