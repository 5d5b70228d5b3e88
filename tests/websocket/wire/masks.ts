// RFC 6455, sections 5.1 and 5.3: all frames of a client are masked. The mask's first byte belongs
// to the first byte of the payload of each frame, wherever the payload is in memory.

import { binary, close, firstText, frame, MASK, ping, text } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

const unmasked = { mask: undefined };

/** Masks that leave bytes as they are, invert them, or have bits at the ends of words. */
const MASKS = [
  "\0\0\0\0",
  "\xff\xff\xff\xff",
  "\x80\0\0\0",
  "\0\0\0\x80",
  "\x01\x02\x04\x08",
  "abcd",
];

const LETTERS = "The quick brown fox jumps over the lazy dog";

export const masks: WireGroup = {
  about: "masking (RFC 6455, sections 5.1 and 5.3)",
  cases: [
    ...MASKS.flatMap((mask): WireCase[] => [
      {
        what: `a text with the mask ${JSON.stringify(mask)}`,
        bytes: text(LETTERS, { mask }),
        reads: [{ text: LETTERS }],
      },
      {
        what: `a Ping and a binary message with the mask ${JSON.stringify(mask)}`,
        bytes: ping(LETTERS, { mask }) + binary("\0\x7f\x80\xff" + LETTERS, { mask }),
        reads: [{ ping: LETTERS }, { binary: "\0\x7f\x80\xff" + LETTERS }],
      },
    ]),
    // Each frame begins at another place of a word.
    ...[1, 2, 3, 4].map((step): WireCase => ({
      what: `messages that begin at every ${step}. byte of a word`,
      bytes: Array.from({ length: 9 }, (_, i) => text(LETTERS.slice(0, 8 + step * i))).join(""),
      reads: Array.from({ length: 9 }, (_, i) => ({ text: LETTERS.slice(0, 8 + step * i) })),
    })),
    {
      what: "fragments with different masks and lengths",
      bytes: frame(1, "abcde", { fin: false, mask: "1234" }) +
        frame(0, "fg", { fin: false, mask: "\xff\0\xff\0" }) +
        frame(0, "", { fin: false, mask: "5678" }) + frame(0, "hijklmnopqrst", { mask: MASK }),
      reads: [{ text: "abcdefghijklmnopqrst" }],
    },
    ...[0, 1, 5].map((length): WireCase => ({
      what: `an unmasked text of ${length} bytes`,
      bytes: text("a".repeat(length), unmasked),
      reads: [{ failure: "unmasked" }],
      after: 2,
    })),
    {
      what: "an unmasked binary message, before its length comes",
      bytes: binary("a".repeat(300), unmasked),
      reads: [{ failure: "unmasked" }],
      after: 2,
    },
    {
      what: "an unmasked Ping",
      bytes: ping("a", unmasked),
      reads: [{ failure: "unmasked" }],
      after: 2,
    },
    {
      what: "an unmasked Close frame",
      bytes: frame(8, "\x03\xe8", unmasked),
      reads: [{ failure: "unmasked" }],
      after: 2,
    },
    {
      what: "an unmasked continuation frame",
      bytes: firstText("a") + frame(0, "b", unmasked),
      reads: [{ failure: "unmasked" }],
      after: 7 + 2,
    },
    {
      what: "an unmasked frame after a Close frame, which is not read",
      bytes: close(1000) + text("a", unmasked),
      reads: [{ close: [1000, ""] }],
      after: 8,
    },
    {
      what: "a request for a page instead of a frame",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      reads: [{ failure: "reservedBits" }],
      after: 2,
    },
    {
      what: "an unmasked frame after a good one",
      bytes: text("a") + text("b", unmasked) + text("c"),
      reads: [{ text: "a" }, { failure: "unmasked" }],
      after: 7 + 2,
    },
  ],
};
