// Decodes the body of a request by its content coding (RFC 9110, section 8.4): gzip, deflate or br,
// and one alone. Decoding stops at a limit of decoded bytes, so a small body cannot grow without
// bound. A body is decoded when a handler reads it; a large one before the handler is called, in
// short turns. The decoders are loaded with the first body that needs them.

import { damagedBody, decodedBodyTooLarge } from "./body_faults.ts";
import type { BrotliDecoder, Progress } from "./brotli/decoder.ts";
import type { Dictionary } from "./brotli/dictionary.ts";
import type { HttpError } from "./errors.ts";
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
 * The most coded bytes that are decoded while everything else waits. That takes some milliseconds;
 * more of brotli, whose data may begin with a new set of prefix codes every hundred bytes.
 */
const MAX_BYTES_AT_ONCE: Readonly<Record<ContentCoding, number>> = {
  gzip: 1_000_000,
  deflate: 1_000_000,
  br: 30_000,
};

/** How many commands of brotli data are run before the clock is looked at. */
const BROTLI_STEP = 256;

/** How long a decoder may work before others get their turn. */
const TURN_MS = 4;

/** How much decoded data there is at once in a decoder that works in turns. */
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
 * Whether {@linkcode decodeAtOnce} can decode so many bytes. If not, {@linkcode prepareDecoding}
 * has to come first.
 */
export function canDecodeAtOnce(coding: ContentCoding, length: number): boolean {
  const isLoaded = zlib !== undefined && (coding !== "br" || brotli !== undefined);
  return isLoaded && length <= MAX_BYTES_AT_ONCE[coding];
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
    const isTooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    return isTooLarge ? decodedBodyTooLarge() : damagedBody(coding, error);
  }
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
  if (canDecodeAtOnce(coding, bytes.length)) return undefined;
  try {
    if (coding === "br") return await decodeBrotliInTurns(startBrotli(bytes, maxBytes));
    return await collect(decodeInChunks(zlib, bytes, coding), maxBytes);
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
  const turn = new Turn();
  // A client can send many bodies at once, which must not all begin in this turn of the event loop.
  await turn.next();
  let progress: Progress;
  while ((progress = decoder.step(BROTLI_STEP)) === "more") {
    if (turn.isOver) await turn.next();
  }
  return progress === "done" ? decoder.bytes : decodedBodyTooLarge();
}

/** The turns of all decoders. */
const turns = new TurnQueue();

/** The time for which a decoder works before others get their turn. */
class Turn {
  #began = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#began >= TURN_MS;
  }

  async next(): Promise<void> {
    await turns.next();
    this.#began = performance.now();
  }
}

/**
 * Whether data of the coding `deflate` has the header of the zlib format, as it has to (RFC 1950,
 * section 2.2). Some clients leave it out (RFC 9110, section 8.4.1.2), and no encoder begins raw
 * data in a way that looks like it.
 */
function isZlibData(bytes: Uint8Array): boolean {
  return (bytes[0] & 0x0f) === 8 && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
}

function decodeInChunks(
  { createGunzip, createInflate, createInflateRaw }: Zlib,
  bytes: Uint8Array,
  coding: "gzip" | "deflate",
): AsyncIterable<Uint8Array> {
  const options = { chunkSize: CHUNK_BYTES };
  const decoder = coding === "gzip"
    ? createGunzip(options)
    : isZlibData(bytes)
    ? createInflate(options)
    : createInflateRaw(options);
  decoder.end(bytes);
  return decoder;
}

/** Puts the chunks of a decoder together. Others get their turns meanwhile. */
async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Decoded> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const turn = new Turn();
  // Leaving the loop ends the decoder.
  for await (const part of chunks) {
    length += part.length;
    if (length > maxBytes) return decodedBodyTooLarge();
    parts.push(part);
    if (turn.isOver) await turn.next();
  }
  return concatenate(parts, length);
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
