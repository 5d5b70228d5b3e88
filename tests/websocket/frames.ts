// Frames as a client sends them, made the plain way: a text of which each character is one byte.
// Every part of a frame can be made wrong.

import { bytesOf, textOf } from "../http1/reading.ts";

/** What a frame has beside its payload. The defaults make a well-formed one. */
export interface FrameParts {
  /** Whether it is the last frame of its message. */
  fin?: boolean;
  /** The reserved bits: 4, 2 and 1 are RSV1, RSV2 and RSV3. */
  reserved?: number;
  /** The bytes of the mask; `undefined` for a frame without one. */
  mask?: string | undefined;
  /** In how many bits the length is written; in as few as possible where it is not named. */
  lengthBits?: 7 | 16 | 64;
  /** The length in the head; that of the payload where it is not named. */
  length?: number;
}

/** A mask of which each byte differs. */
export const MASK = "\x37\xfa\x21\x3d";

/** Returns a frame. Each character of the payload is one byte. */
export function frame(opcode: number, payload = "", parts: FrameParts = {}): string {
  const { fin = true, reserved = 0, length = payload.length } = parts;
  const mask = "mask" in parts ? parts.mask : MASK;
  const { lengthBits = length <= 125 ? 7 : length <= 65_535 ? 16 : 64 } = parts;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const second = (mask === undefined ? 0 : 0x80) |
    (lengthBits === 7 ? length : lengthBits === 16 ? 126 : 127);
  const longLength = lengthBits === 7 ? "" : bigEndian(length, lengthBits / 8);
  return String.fromCharCode(first, second) + longLength + (mask ?? "") + masked(payload, mask);
}

/** Returns a number in so many bytes, the highest first. */
export function bigEndian(value: number, byteCount: number): string {
  let text = "";
  for (let i = 0; i < byteCount; i++) {
    text = String.fromCharCode(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn)) + text;
  }
  return text;
}

function masked(payload: string, mask: string | undefined): string {
  if (mask === undefined) return payload;
  let text = "";
  for (let i = 0; i < payload.length; i++) {
    text += String.fromCharCode(payload.charCodeAt(i) ^ mask.charCodeAt(i % 4));
  }
  return text;
}

/** Returns the bytes of a text in UTF-8. */
export function utf8(text: string): string {
  return textOf(new TextEncoder().encode(text));
}

export const text = (payload = "", parts?: FrameParts): string => frame(1, payload, parts);
export const binary = (payload = "", parts?: FrameParts): string => frame(2, payload, parts);
export const ping = (payload = "", parts?: FrameParts): string => frame(9, payload, parts);
export const pong = (payload = "", parts?: FrameParts): string => frame(10, payload, parts);

/** Returns a frame that continues a message; `FIN` is not set unless `isLast` is true. */
export const more = (payload = "", isLast = false): string => frame(0, payload, { fin: isLast });

/** Returns the first frame of a text message that has more of them. */
export const firstText = (payload = ""): string => frame(1, payload, { fin: false });

/** Returns the first frame of a binary message that has more of them. */
export const firstBinary = (payload = ""): string => frame(2, payload, { fin: false });

/** Returns a Close frame; one without a code is empty. Each character of the reason is one byte. */
export function close(code?: number, reason = ""): string {
  return frame(8, code === undefined ? "" : bigEndian(code, 2) + reason);
}

/** A frame of a server, read the plain way. */
export interface ServerFrame {
  readonly first: number;
  readonly isMasked: boolean;
  readonly payload: string;
}

/** Reads the frames of a server. Throws if they are cut off. */
export function readServerFrames(bytes: Uint8Array): ServerFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: ServerFrame[] = [];
  for (let at = 0; at < bytes.length;) {
    const second = view.getUint8(at + 1);
    let length = second & 0x7f;
    let start = at + 2;
    if (length === 126) {
      length = view.getUint16(start);
      start += 2;
    } else if (length === 127) {
      length = Number(view.getBigUint64(start));
      start += 8;
    }
    if (start + length > bytes.length) throw new Error(`The frame at ${at} is cut off`);
    frames.push({
      first: bytes[at],
      isMasked: second >= 0x80,
      payload: textOf(bytes.subarray(start, start + length)),
    });
    at = start + length;
  }
  return frames;
}

/** Returns the bytes of frames. */
export function bytesOfFrames(...frames: string[]): Uint8Array<ArrayBuffer> {
  return bytesOf(frames.join(""));
}
