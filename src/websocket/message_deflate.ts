// Compresses and decompresses single messages (RFC 7692, sections 7.2 and 7.3.1). It keeps no
// context, so one object serves all sockets that have agreed on the same window. Both ways are
// synchronous: messages stay in order, and nothing is kept while others wait. `node:zlib` takes up
// to 90 ms to load, so this module is loaded only where compression is on.

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { type Failure, FAILURES } from "./failure.ts";
import type { MessageInflater } from "./frame_parser.ts";

const { Z_SYNC_FLUSH } = constants;

/** A shorter message is sent as it is: what it would save costs more than to send it. */
export const MIN_DEFLATED_BYTES = 1_024;

/** For text of 1 KiB as small as zlib's default of 6, in less than half of the time. */
const LEVEL = 3;

/** What ends each flush of a compressor. It is removed from messages (RFC 7692, section 7.2.1). */
const TAIL_BYTES = 4;

/**
 * A message may consist of several DEFLATE streams, each with a last block of its own (RFC 7692,
 * section 7.2.3.4). Each costs a call, and two bytes make one, so few are read.
 */
const MAX_STREAMS = 16;

/** What `inflateRawSync` returns with `info: true`. */
interface Inflated {
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** `bytesWritten` is how much of the input was read. */
  readonly engine: { readonly bytesWritten: number };
}

/** The compression of one kind of agreement. */
export class MessageDeflate implements MessageInflater {
  readonly #options: { windowBits: number; level: number; finishFlush: number };

  /** `windowBits` is what was agreed on. */
  constructor(windowBits: number) {
    this.#options = { windowBits, level: LEVEL, finishFlush: Z_SYNC_FLUSH };
  }

  /**
   * Compresses the payload of a message. Returns undefined if it should be sent as it is, because
   * it is short, or would not become shorter. Whoever sends the result sets RSV1.
   */
  deflate(payload: Uint8Array): Uint8Array | undefined {
    if (payload.length < MIN_DEFLATED_BYTES) return undefined;
    const deflated = deflateRawSync(payload, this.#options);
    const length = deflated.length - TAIL_BYTES;
    return length < payload.length ? deflated.subarray(0, length) : undefined;
  }

  inflate(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> | Failure {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    let at = 0;
    for (let streams = 0; at < bytes.length; streams++) {
      if (streams === MAX_STREAMS) return FAILURES.badCompression;
      const inflated = inflateStream(bytes.subarray(at), maxBytes - length);
      if (!("buffer" in inflated)) return inflated;
      parts.push(inflated.buffer);
      length += inflated.buffer.length;
      at += inflated.engine.bytesWritten;
      if (length > maxBytes) return FAILURES.messageTooLarge;
      if (inflated.engine.bytesWritten === 0) return FAILURES.badCompression;
    }
    return join(parts, length);
  }
}

/** Decompresses up to the last block of a stream, or to the end of the bytes. */
function inflateStream(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Inflated | Failure {
  try {
    const options = {
      finishFlush: Z_SYNC_FLUSH,
      // It must not be 0.
      maxOutputLength: Math.max(1, maxBytes),
      info: true,
    };
    return inflateRawSync(bytes, options) as unknown as Inflated;
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    return isTooLarge ? FAILURES.messageTooLarge : FAILURES.badCompression;
  }
}

/** Returns the parts as memory of its own, exactly as long as they are. */
function join(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
