// Writes the frames of a server (RFC 6455, section 5.2): a head of two, four or ten bytes, and the
// payload as it is, without a mask. Frames are written into memory of the caller, one after the
// other, so that one write sends several. A frame holds nothing of its socket: for a broadcast it
// is encoded once, and its bytes are sent to all.

import { FIN, LENGTH_16, LENGTH_64, MAX_LENGTH_16, MAX_SHORT_LENGTH, Opcode } from "./frame.ts";

/** The longest head of a frame that a server sends. */
export const MAX_HEAD_BYTES = 10;

/**
 * The longest reason of a Close frame: the code before it has two bytes (RFC 6455, section 5.5.1).
 */
export const MAX_CLOSE_REASON_BYTES = MAX_SHORT_LENGTH - 2;

/** A short text is written faster by a loop than by a call into the platform. */
const MAX_LOOP_CHARACTERS = 48;

/** The most bytes that UTF-8 takes for a unit of a string: four for the two units of a pair. */
const MAX_UTF8_BYTES = 3;

const TWO_TO_THE_32 = 2 ** 32;

const encoder = new TextEncoder();

/** Returns how long the head of a frame is. */
export function headBytes(length: number): number {
  if (length <= MAX_SHORT_LENGTH) return 2;
  return length <= MAX_LENGTH_16 ? 4 : MAX_HEAD_BYTES;
}

/**
 * Writes the head of a frame with a payload of `length` bytes. `first` is its first byte: FIN,
 * reserved bits and opcode. Returns where the payload goes.
 */
export function encodeHead(first: number, length: number, into: Uint8Array, at: number): number {
  into[at] = first;
  if (length <= MAX_SHORT_LENGTH) {
    into[at + 1] = length;
    return at + 2;
  }
  if (length <= MAX_LENGTH_16) {
    into[at + 1] = LENGTH_16;
    into[at + 2] = length >> 8;
    into[at + 3] = length;
    return at + 4;
  }
  into[at + 1] = LENGTH_64;
  writeUint32(into, at + 2, Math.floor(length / TWO_TO_THE_32));
  writeUint32(into, at + 6, length);
  return at + MAX_HEAD_BYTES;
}

/** Writes a whole frame. There must be room for its head and its payload. Returns where it ends. */
export function encodeFrame(
  first: number,
  payload: Uint8Array,
  into: Uint8Array,
  at: number,
): number {
  const start = encodeHead(first, payload.length, into, at);
  into.set(payload, start);
  return start + payload.length;
}

/**
 * Writes a binary message as one frame. There must be room for its head and its payload. Returns
 * where it ends.
 */
export function encodeBinary(payload: Uint8Array, into: Uint8Array, at: number): number {
  return encodeFrame(FIN | Opcode.Binary, payload, into, at);
}

/** Returns how much room a text message takes at the most, with its head. */
export function maxTextFrameBytes(text: string): number {
  return MAX_HEAD_BYTES + text.length * MAX_UTF8_BYTES;
}

/** What {@linkcode encodeText} returns if there is not enough room. */
export const NO_ROOM = -1;

/**
 * Writes a text message as one frame, with U+FFFD for half a pair. Returns where it ends, or
 * `NO_ROOM`. `maxTextFrameBytes(text)` bytes are enough for all texts; most have one byte for each
 * character, and need no more than their head and their length.
 */
export function encodeText(text: string, into: Uint8Array, at: number): number {
  const { length } = text;
  const start = at + headBytes(length);
  if (start + length > into.length) return NO_ROOM;
  if (length <= MAX_LOOP_CHARACTERS) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      into[start + i] = code;
    }
    if (i === length) {
      into[at] = FIN | Opcode.Text;
      into[at + 1] = length;
      return start + length;
    }
  }
  const { read, written } = encoder.encodeInto(text, into.subarray(start));
  const payload = at + headBytes(written);
  if (read < length || payload + written > into.length) return NO_ROOM;
  // A text that is not ASCII may need a longer head than its length.
  if (payload !== start) into.copyWithin(payload, start, start + written);
  encodeHead(FIN | Opcode.Text, written, into, at);
  return payload + written;
}

/**
 * Encodes a text message as one frame of its own: for a broadcast, whose frame is sent to many
 * sockets.
 */
export function textFrame(text: string): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(headBytes(text.length) + text.length);
  if (encodeText(text, plain, 0) !== NO_ROOM) return plain;
  const bytes = new Uint8Array(maxTextFrameBytes(text));
  return bytes.slice(0, encodeText(text, bytes, 0));
}

/**
 * Encodes a binary message as one frame of its own: for a broadcast, whose frame is sent to many
 * sockets.
 */
export function binaryFrame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headBytes(payload.length) + payload.length);
  encodeBinary(payload, bytes, 0);
  return bytes;
}

/**
 * Encodes a Close frame of its own. Without a code it is empty (RFC 6455, section 5.5.1). A reason
 * of more than 123 bytes is cut at the end of a character.
 */
export function closeFrame(code?: number, reason = ""): Uint8Array<ArrayBuffer> {
  if (code === undefined) return Uint8Array.of(FIN | Opcode.Close, 0);
  const frame = new Uint8Array(4 + MAX_CLOSE_REASON_BYTES);
  const { written } = encoder.encodeInto(reason, frame.subarray(4));
  encodeHead(FIN | Opcode.Close, 2 + written, frame, 0);
  frame[2] = code >> 8;
  frame[3] = code;
  return frame.slice(0, 4 + written);
}

/** Writes the low 32 bits, the highest byte first. */
function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
