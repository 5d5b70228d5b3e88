// Decodes the body of a request by its content coding (RFC 9110, section 8.4): gzip, deflate or br,
// and one alone. Decoding stops at a limit of decoded bytes, so a small body cannot grow without
// bound. A body is decoded when a handler reads it; a large one before the handler is called, in
// short turns. The decoders are loaded with the first body that needs them.

import { damagedBody, decodedBodyTooLarge } from "./body_faults.ts";
import type { BrotliDecoder, Progress } from "./brotli/decoder.ts";
import type { Dictionary } from "./brotli/dictionary.ts";
import { HttpError } from "./errors.ts";
import { TurnQueue } from "../runtime/event_loop.ts";

/** A content coding that can be undone here; `x-gzip` is gzip (RFC 9110, section 8.4.1.3). */
export type ContentCoding = "gzip" | "deflate" | "br";

/** Decoded bytes, or why there are none. */
export type Decoded = Uint8Array<ArrayBuffer> | HttpError;

type Zlib = typeof import("node:zlib");

/** Loaded with the first coded body: that takes up to 90 ms, and most servers never see one. */
let zlib: Zlib | undefined;

/** What decodes brotli. */
interface Brotli {
  readonly BrotliDecoder: typeof BrotliDecoder;
  readonly dictionary: Dictionary;
}

/** Loaded with the first body in br, six modules that most servers never need. */
let brotli: Brotli | undefined;

async function loadBrotli({ brotliDecompressSync }: Zlib): Promise<Brotli> {
  const [{ BrotliDecoder }, { Dictionary }] = await Promise.all([
    import("./brotli/decoder.ts"),
    import("./brotli/dictionary.ts"),
  ]);
  // The platform's decoder gets nothing but the dictionary: on damaged data it keeps memory for
  // good (Deno 2.9.6).
  return { BrotliDecoder, dictionary: new Dictionary(brotliDecompressSync) };
}

/**
 * The most coded bytes that are decoded while everything else waits. They can begin with a new set
 * of prefix codes every 28 bytes (gzip, deflate) or 100 bytes (br), so this many take up to 6 ms.
 */
const MAX_BYTES_AT_ONCE = 30_000;

/**
 * The most decoded bytes that are made while everything else waits, for the same time: a hundred
 * coded bytes can stand for all that `maxBodyBytes` allows.
 */
const MAX_DECODED_AT_ONCE = 1_000_000;

/** How many commands of brotli data are run before the clock is looked at. */
const BROTLI_STEP = 256;

/** How many coded bytes a decoder of `node:zlib` gets at once: up to 3 ms of work. */
const CODED_CHUNK_BYTES = 16_384;

/** How many decoded bytes a decoder of `node:zlib` makes at once. */
const CHUNK_BYTES = 65_536;

/**
 * The coding that a `Content-Encoding` names. Several codings are not undone: no client needs more
 * than one.
 */
export function readContentCoding(field: string | null): ContentCoding | "identity" | "unknown" {
  if (field === null) return "identity";
  // RFC 9110, section 5.6.1: empty elements of a list count for nothing.
  const codings = field.toLowerCase().split(",").map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0) return "identity";
  if (codings.length > 1) return "unknown";
  switch (codings[0]) {
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "deflate":
    case "br":
      return codings[0];
    default:
      return "unknown";
  }
}

/**
 * Whether {@linkcode decodeAtOnce} can decode so many bytes to so many at most. If not,
 * {@linkcode prepareDecoding} has to come first.
 */
export function canDecodeAtOnce(
  coding: ContentCoding,
  length: number,
  maxBytes: number,
): boolean {
  const isLoaded = zlib !== undefined && (coding !== "br" || brotli !== undefined);
  return isLoaded && length <= MAX_BYTES_AT_ONCE && maxBytes <= MAX_DECODED_AT_ONCE;
}

/** Decodes a body while everything else waits. */
export function decodeAtOnce(
  bytes: Uint8Array,
  coding: ContentCoding,
  maxBytes: number,
): Decoded {
  if (zlib === undefined) throw new Error("Cannot decode a body before prepareDecoding()");
  try {
    if (coding === "br") return decodeBrotliAtOnce(startBrotli(bytes, maxBytes));
    const decode = coding === "gzip"
      ? zlib.gunzipSync
      : isZlibData(bytes)
      ? zlib.inflateSync
      : zlib.inflateRawSync;
    const { buffer, byteOffset, byteLength } = decode(bytes, { maxOutputLength: maxBytes });
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === "ERR_BUFFER_TOO_LARGE" ? decodedBodyTooLarge() : damagedBody(coding, error);
  }
}

function isTooLarge(decoded: Decoded): boolean {
  return decoded instanceof HttpError && decoded.status === 413;
}

/**
 * Loads what {@linkcode decodeAtOnce} needs, and decodes a body that it cannot decode, in turns.
 * Returns undefined if it can. Rejects only when what it needs cannot be loaded.
 */
export async function prepareDecoding(
  bytes: Uint8Array<ArrayBuffer>,
  coding: ContentCoding,
  maxBytes: number,
): Promise<Decoded | undefined> {
  zlib ??= await import("node:zlib");
  if (coding === "br") brotli ??= await loadBrotli(zlib);
  if (canDecodeAtOnce(coding, bytes.length, maxBytes)) return undefined;
  if (bytes.length <= MAX_BYTES_AT_ONCE) {
    // Most bodies are small, and this is faster. The coded bytes do not show what they decode to.
    const decoded = decodeAtOnce(bytes, coding, MAX_DECODED_AT_ONCE);
    if (!isTooLarge(decoded)) return decoded;
  }
  try {
    // Clients can send many bodies at once, which must not all begin in this turn.
    await turns.begin();
    if (coding === "br") return await decodeBrotliInTurns(startBrotli(bytes, maxBytes));
    return await collect(await decodeInChunks(zlib, bytes, coding), maxBytes);
  } catch (error) {
    return damagedBody(coding, error);
  }
}

function startBrotli(bytes: Uint8Array, maxBytes: number): BrotliDecoder {
  if (brotli === undefined) throw new Error("Cannot decode a body before prepareDecoding()");
  return new brotli.BrotliDecoder(bytes, maxBytes, brotli.dictionary);
}

function decodeBrotliAtOnce(decoder: BrotliDecoder): Decoded {
  let progress: Progress;
  do progress = decoder.step(BROTLI_STEP); while (progress === "more");
  return progress === "done" ? decoder.bytes : decodedBodyTooLarge();
}

async function decodeBrotliInTurns(decoder: BrotliDecoder): Promise<Decoded> {
  let progress: Progress;
  while ((progress = decoder.step(BROTLI_STEP)) === "more") {
    if (turns.isOver) await turns.next();
  }
  return progress === "done" ? decoder.bytes : decodedBodyTooLarge();
}

/** The turns of all decoders. */
const turns = new TurnQueue();

/**
 * Whether data of the coding `deflate` has the header of the zlib format, as it has to (RFC 1950,
 * section 2.2). Some clients leave it out (RFC 9110, section 8.4.1.2), and no encoder begins raw
 * data in a way that looks like it.
 */
function isZlibData(bytes: Uint8Array): boolean {
  return (bytes[0] & 0x0f) === 8 && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
}

/**
 * Decodes gzip or deflate data in chunks. The decoder gets pieces, because its work is done on this
 * thread, a piece in one go (Deno 2.9.6), and megabytes may decode to nothing.
 */
async function decodeInChunks(
  { createGunzip, createInflate, createInflateRaw }: Zlib,
  bytes: Uint8Array,
  coding: "gzip" | "deflate",
): Promise<AsyncIterable<Uint8Array>> {
  const { Readable } = await import("node:stream");
  const options = { chunkSize: CHUNK_BYTES };
  const decoder = coding === "gzip"
    ? createGunzip(options)
    : isZlibData(bytes)
    ? createInflate(options)
    : createInflateRaw(options);
  return Readable.from(piecesOf(bytes)).pipe(decoder);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CODED_CHUNK_BYTES) {
    if (turns.isOver) await turns.next();
    yield bytes.subarray(at, at + CODED_CHUNK_BYTES);
  }
}

/** Puts the chunks of a decoder together. Others get their turns meanwhile. */
async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Decoded> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop ends the decoder.
  for await (const part of chunks) {
    length += part.length;
    if (length > maxBytes) return decodedBodyTooLarge();
    parts.push(part);
    if (turns.isOver) await turns.next();
  }
  // Memory that is new takes as long to fill as to decode.
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
    if (turns.isOver) await turns.next();
  }
  return bytes;
}
