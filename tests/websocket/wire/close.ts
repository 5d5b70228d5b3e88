// RFC 6455, sections 5.5.1 and 7.4: a Close frame is empty, or has a code that may be sent and a
// reason in UTF-8. What follows it is not read.

import { close, frame, ping, text, utf8 } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

/** Registered codes, and those of libraries and programs. */
const GOOD_CODES = [
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
  ...[3000, 3999, 4000, 4999],
];

/** Codes that nobody may send, and such as are not assigned. */
const BAD_CODES = [
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 10_000, 65_535],
];

const REASONS = [
  { what: "a word", reason: "bye" },
  { what: "two languages", reason: utf8("Tschüß, 再见 👋") },
  { what: "123 bytes", reason: "x".repeat(123) },
  { what: "123 bytes that are not ASCII", reason: utf8("ä".repeat(61) + "x") },
  { what: "a NUL", reason: "a\0b" },
];

const BAD_REASONS = [
  { what: "a byte that never stands in UTF-8", reason: "\xff" },
  { what: "half a character", reason: "bye \xe2\x82" },
  { what: "a surrogate", reason: "\xed\xa0\x80" },
  { what: "an overlong slash", reason: "\xc0\xaf" },
  { what: "a character that is cut off at 123 bytes", reason: "x".repeat(122) + "\xc3" },
];

export const closing: WireGroup = {
  about: "Close frames (RFC 6455, sections 5.5.1, 7.1.5 and 7.1.6)",
  cases: [
    { what: "a Close frame without a code", bytes: close(), reads: [{ close: [1005, ""] }] },
    {
      what: "a Close frame of one byte",
      bytes: frame(8, "\x03"),
      reads: [{ failure: "shortClose" }],
    },
    ...REASONS.map(({ what, reason }): WireCase => ({
      what: `a Close frame whose reason is ${what}`,
      bytes: close(1000, reason),
      reads: [{ close: [1000, reason] }],
    })),
    ...BAD_REASONS.map(({ what, reason }): WireCase => ({
      what: `a Close frame whose reason is ${what}`,
      bytes: close(1000, reason),
      reads: [{ failure: "badCloseReason" }],
    })),
    {
      what: "a bad code with a bad reason by its code",
      bytes: close(1005, "\xff"),
      reads: [{ failure: "badCloseCode" }],
    },
    {
      what: "a message before a Close frame, and none after it",
      bytes: text("a") + close(1001, "bye") + text("b"),
      reads: [{ text: "a" }, { close: [1001, "bye"] }],
      after: 7 + 11,
    },
    {
      what: "the first of two Close frames",
      bytes: close(1000) + close(1001),
      reads: [{ close: [1000, ""] }],
      after: 8,
    },
    {
      what: "a Close frame, and no Ping after it",
      bytes: close(1000) + ping("a"),
      reads: [{ close: [1000, ""] }],
      after: 8,
    },
    {
      what: "a Close frame, and nothing of 100,000 bytes after it",
      bytes: close(1000) + "\xff".repeat(100_000),
      reads: [{ close: [1000, ""] }],
      after: 8,
    },
    {
      what: "a Close frame after text that ends in the middle of a message",
      bytes: frame(1, "a", { fin: false }) + close(1000),
      reads: [{ close: [1000, ""] }],
    },
    { what: "half of a Close frame", bytes: close(1000).slice(0, 7), reads: [] },
  ],
};

export const closeCodes: WireGroup = {
  about: "close codes (RFC 6455, sections 7.4.1 and 7.4.2)",
  cases: [
    ...GOOD_CODES.map((code): WireCase => ({
      what: `the close code ${code}`,
      bytes: close(code),
      reads: [{ close: [code, ""] }],
    })),
    ...BAD_CODES.flatMap((code): WireCase[] => [
      {
        what: `the close code ${code}`,
        bytes: close(code),
        reads: [{ failure: "badCloseCode" }],
      },
      {
        what: `the close code ${code} with a reason`,
        bytes: close(code, "reason"),
        reads: [{ failure: "badCloseCode" }],
      },
    ]),
  ],
};
