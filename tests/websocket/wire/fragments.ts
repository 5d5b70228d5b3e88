// RFC 6455, section 5.4: a message may come in any number of frames, empty ones among them. Control
// frames may stand between these, the frames of another message may not.

import { binary, close, firstBinary, firstText, frame, more, ping, pong, text } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

/** Cuts a text into fragments of that length. */
function inFragments(opcode: number, payload: string, length: number): string {
  const count = Math.max(1, Math.ceil(payload.length / length));
  return Array.from(
    { length: count },
    (_, i) =>
      frame(i === 0 ? opcode : 0, payload.slice(i * length, (i + 1) * length), {
        fin: i === count - 1,
      }),
  ).join("");
}

const LARGE = "\xe4\x01".repeat(40_000);

const sound: WireCase[] = [
  ...[1, 2, 3, 5, 13, 25, 26].map((length): WireCase => ({
    what: `a text in fragments of ${length} bytes`,
    bytes: inFragments(1, ALPHABET, length),
    reads: [{ text: ALPHABET }],
  })),
  ...[997, 4_096, 16_384, 70_000].map((length): WireCase => ({
    what: `a binary message of 80,000 bytes in fragments of ${length} bytes`,
    bytes: inFragments(2, LARGE, length),
    reads: [{ binary: LARGE }],
  })),
  {
    what: "empty fragments of a text",
    bytes: firstText() + more() + more() + more("", true),
    reads: [{ text: "" }],
  },
  {
    what: "empty fragments of a binary message",
    bytes: firstBinary() + more("", true),
    reads: [{ binary: "" }],
  },
  {
    what: "a fragment with bytes between empty ones",
    bytes: firstText() + more("middle") + more("", true),
    reads: [{ text: "middle" }],
  },
  {
    what: "two fragmented messages, one after the other",
    bytes: firstText("a") + more("b", true) + firstBinary("c") + more("\xff", true),
    reads: [{ text: "ab" }, { binary: "c\xff" }],
  },
  {
    what: "a message that is not ASCII, and then one that is",
    bytes: firstText("\xc3") + more("\xa4", true) + firstText("a") + more("b", true),
    reads: [{ text: "\xc3\xa4" }, { text: "ab" }],
  },
  {
    what: "a Ping between two fragments",
    bytes: firstText("a") + ping("p") + more("b", true),
    reads: [{ ping: "p" }, { text: "ab" }],
  },
  {
    what: "a Pong between two fragments",
    bytes: firstBinary("a") + pong("p") + more("b", true),
    reads: [{ pong: "p" }, { binary: "ab" }],
  },
  {
    what: "Pings between many fragments",
    bytes: firstText("a") + ping("1") + more("b") + ping("2") + more("c") + ping("3") +
      more("d", true),
    reads: [{ ping: "1" }, { ping: "2" }, { ping: "3" }, { text: "abcd" }],
  },
  {
    what: "the longest Ping between fragments of a text that is not ASCII",
    bytes: firstText("\xe2\x82") + ping("\xff".repeat(125)) + more("\xac", true),
    reads: [{ ping: "\xff".repeat(125) }, { text: "\xe2\x82\xac" }],
  },
  {
    what: "a Close frame between two fragments, and drops the message",
    bytes: firstText("a") + close(1000) + more("b", true),
    reads: [{ close: [1000, ""] }],
    after: 7 + 8,
  },
  {
    what: "a message that is still in fragments",
    bytes: firstText("a") + more("b"),
    reads: [],
  },
  {
    what: "a Ping in a message that is still in fragments",
    bytes: firstText("a") + ping() + more("b"),
    reads: [{ ping: "" }],
    after: 7 + 6,
  },
];

const unsound: WireCase[] = [
  {
    what: "a last continuation frame without a message",
    bytes: more("a", true),
    reads: [{ failure: "strayContinuation" }],
    after: 2,
  },
  {
    what: "a continuation frame without a message",
    bytes: more("a") + more("b", true),
    reads: [{ failure: "strayContinuation" }],
    after: 2,
  },
  {
    what: "a continuation frame after a whole message",
    bytes: text("a") + more("b", true) + text("c"),
    reads: [{ text: "a" }, { failure: "strayContinuation" }],
    after: 7 + 2,
  },
  {
    what: "a continuation frame after a fragmented message",
    bytes: firstText("a") + more("b", true) + more("c", true),
    reads: [{ text: "ab" }, { failure: "strayContinuation" }],
    after: 14 + 2,
  },
  {
    what: "a continuation frame after a Ping",
    bytes: ping() + more("a") + text("b"),
    reads: [{ ping: "" }, { failure: "strayContinuation" }],
    after: 6 + 2,
  },
  {
    what: "a whole text between two fragments of a text",
    bytes: firstText("a") + text("b") + more("c", true),
    reads: [{ failure: "interruptedMessage" }],
    after: 7 + 2,
  },
  {
    what: "a whole binary message between two fragments of a text",
    bytes: firstText("a") + binary("b") + more("c", true),
    reads: [{ failure: "interruptedMessage" }],
    after: 7 + 2,
  },
  {
    what: "the first fragment of a message between two fragments of another",
    bytes: firstBinary("a") + firstBinary("b") + more("c", true),
    reads: [{ failure: "interruptedMessage" }],
    after: 7 + 2,
  },
  {
    what: "an empty text after an empty fragment",
    bytes: firstText() + text(),
    reads: [{ failure: "interruptedMessage" }],
    after: 6 + 2,
  },
  {
    what: "a new message after a Ping between two fragments",
    bytes: firstText("a") + ping() + text("b"),
    reads: [{ ping: "" }, { failure: "interruptedMessage" }],
    after: 7 + 6 + 2,
  },
];

export const fragments: WireGroup = {
  about: "fragmentation (RFC 6455, section 5.4)",
  cases: [...sound, ...unsound],
};
