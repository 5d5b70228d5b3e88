// Limits are applied at the head of a frame, before its payload comes: 1009 and 1008 (RFC 6455,
// sections 7.4.1 and 10.4).

import { binary, firstBinary, firstText, frame, more, ping, text } from "../frames.ts";
import type { WireGroup } from "./types.ts";

const limits = { maxMessageBytes: 10, maxFragments: 4 };

export const messageLimits: WireGroup = {
  about: "the limits of a message (RFC 6455, section 10.4)",
  cases: [
    {
      what: "a message of as many bytes as there may be",
      bytes: text("0123456789"),
      limits,
      reads: [{ text: "0123456789" }],
    },
    {
      what: "a message of one byte more, at its head",
      bytes: text("0123456789a"),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 2,
    },
    {
      what: "a large message at its head",
      bytes: binary("x".repeat(300)),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 4,
    },
    {
      what: "a message of more than 64 KiB at its head",
      bytes: binary("x".repeat(70_000)),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 10,
    },
    {
      what: "fragments of as many bytes as there may be",
      bytes: firstText("01234") + more("56789", true),
      limits,
      reads: [{ text: "0123456789" }],
    },
    {
      what: "fragments of one byte more, at the head of the last",
      bytes: firstText("01234") + more("56789a", true),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 11 + 2,
    },
    {
      what: "a fragment of one byte after a full message",
      bytes: firstBinary("0123456789") + more() + more("a"),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 16 + 6 + 2,
    },
    {
      what: "many messages of as many bytes as there may be",
      bytes: text("0123456789").repeat(20),
      limits,
      reads: Array.from({ length: 20 }, () => ({ text: "0123456789" })),
    },
    {
      what: "fragmented messages of as many bytes as there may be",
      bytes: (firstText("01234") + more("56789", true)).repeat(9),
      limits,
      reads: Array.from({ length: 9 }, () => ({ text: "0123456789" })),
    },
    {
      what: "a Ping that is longer than a message may be",
      bytes: ping("p".repeat(125)),
      limits,
      reads: [{ ping: "p".repeat(125) }],
    },
    {
      what: "an empty message where only such are allowed",
      bytes: text() + text("a"),
      limits: { maxMessageBytes: 0 },
      reads: [{ text: "" }, { failure: "messageTooLarge" }],
      after: 6 + 2,
    },
    {
      what: "a message of as many fragments as there may be",
      bytes: firstText("a") + more("b") + more() + more("c", true) + text("d"),
      limits,
      reads: [{ text: "abc" }, { text: "d" }],
    },
    {
      what: "a message of one fragment more, at its head",
      bytes: firstText("a") + more("b") + more() + more() + more("c", true),
      limits,
      reads: [{ failure: "tooManyFragments" }],
      after: 7 + 7 + 6 + 6 + 2,
    },
    {
      what: "many Pings between as many fragments as there may be",
      bytes: firstText("a") + ping().repeat(9) + more() + more() + ping() + more("c", true),
      limits,
      reads: [...Array.from({ length: 10 }, () => ({ ping: "" })), { text: "ac" }],
    },
    {
      what: "a message that breaks both limits by its size",
      bytes: firstText("a") + more() + more() + more() + frame(0, "x".repeat(20)),
      limits,
      reads: [{ failure: "messageTooLarge" }],
      after: 7 + 18 + 2,
    },
    {
      what: "a frame of its own where each message has one",
      bytes: text("a") + firstText("b") + more("c", true),
      limits: { maxFragments: 1 },
      reads: [{ text: "a" }, { failure: "tooManyFragments" }],
      after: 7 + 7 + 2,
    },
  ],
};
