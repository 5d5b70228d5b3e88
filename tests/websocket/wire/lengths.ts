// RFC 6455, section 5.2: a length has 7, 16 or 64 bits, and must have as few as it can.

import { bigEndian, binary, MASK, text } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 124, 125, 126, 127, 128, 255, 256, 1_023, 1_024];
const LONGER = [2_034, 2_048, 4_096, 16_376, 16_384, 65_535, 65_536, 65_537, 69_618, 69_632];

/** Letters that differ from their neighbours, so that a byte in the wrong place is seen. */
function letters(length: number): string {
  return "ABCDEFGHIJKLMNOPQRSTUVW".repeat(Math.ceil(length / 23)).slice(0, length);
}

/** Every byte there is, again and again. */
function everyByte(length: number): string {
  const all = String.fromCharCode(...Array(256).keys());
  return all.repeat(Math.ceil(length / 256)).slice(0, length);
}

const sound: WireCase[] = [...LENGTHS, ...LONGER].flatMap((length) => [
  {
    what: `a text message of ${length} bytes`,
    bytes: text(letters(length)),
    reads: [{ text: letters(length) }],
  },
  {
    what: `a binary message of ${length} bytes`,
    bytes: binary(everyByte(length)),
    reads: [{ binary: everyByte(length) }],
  },
]);

/** Lengths that are written with more bits than they need. */
const padded: WireCase[] = ([[0, 16], [1, 16], [125, 16], [0, 64], [125, 64], [126, 64], [
  65_535,
  64,
]] as const).map(([length, lengthBits]) => ({
  what: `a length of ${length} in ${lengthBits} bits`,
  bytes: text(letters(length), { lengthBits }),
  reads: [{ failure: "lengthNotMinimal" }],
  after: 2 + lengthBits / 8,
}));

/** Lengths of 64 bits that no frame can have. */
const excessive: WireCase[] = ["\x80", "\xff"].map((highest) => ({
  what: `a length whose highest byte is 0x${highest.charCodeAt(0).toString(16)}`,
  bytes: "\x82\xff" + highest + bigEndian(70_000, 7) + MASK,
  reads: [{ failure: "lengthTooLarge" }],
  after: 10,
}));

const huge: WireCase[] = [2 ** 32, 2 ** 53, 2 ** 62].map((length) => ({
  what: `a length of ${length}, before its payload comes`,
  bytes: "\x82\xff" + bigEndian(length, 8) + MASK,
  reads: [{ failure: "messageTooLarge" }],
  after: 10,
}));

export const lengths: WireGroup = {
  about: "the length of a frame (RFC 6455, section 5.2)",
  cases: [
    ...sound,
    ...padded,
    ...excessive,
    ...huge,
  ],
};
