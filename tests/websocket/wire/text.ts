// RFC 6455, section 8.1, and RFC 3629: a text message is UTF-8 as a whole. Its frames may end
// within a character. It fails with the first byte after which it cannot become UTF-8 any more: no
// overlong form, no surrogate, nothing above U+10FFFF.

import { close, firstText, frame, more, ping, text, utf8 } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

/** The head of a short frame with its mask. */
const HEAD_BYTES = 6;

const GOOD = [
  "ä",
  "€",
  "𝄞",
  "\u0000",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\ufffd",
  "\ufffe",
  "\uffff",
  "\u{10000}",
  "\u{1ffff}",
  "\u{40000}",
  "\u{fffff}",
  "\u{10ffff}",
  "\ufeff",
  "\ufefftext after a byte order mark",
  "κόσμε",
  "Hello-µ@ßöäüàá-UTF-8!!",
  "再见，世界",
  "👩‍👩‍👧‍👦 family",
  "\ufffd was sent",
  "é̂̃ combining",
  "שלום עליכם",
];

/** Bytes that are not UTF-8, and after how many of them that is certain. */
const BAD: readonly [what: string, bytes: string, certainAfter: number][] = [
  ["a continuation byte alone", "\x80", 1],
  ["the last continuation byte alone", "\xbf", 1],
  ["a continuation byte after a letter", "a\x80", 2],
  ["two continuation bytes", "\x80\xbf", 1],
  ["a continuation byte too many after two bytes", "\xc3\xa4\x80", 3],
  ["a continuation byte too many after three bytes", "\xe2\x82\xac\x80", 4],
  ["a continuation byte too many after four bytes", "\xf0\x9d\x84\x9e\x80", 5],
  ["a letter after the first of two bytes", "\xc3a", 2],
  ["a letter after the first of three bytes", "\xe2a", 2],
  ["a letter after the second of three bytes", "\xe2\x82a", 3],
  ["a letter after the first of four bytes", "\xf0a", 2],
  ["a letter after the second of four bytes", "\xf0\x9da", 3],
  ["a letter after the third of four bytes", "\xf0\x9d\x84a", 4],
  ["a first byte after a first byte", "\xc3\xc3\xa4", 2],
  ["an overlong NUL in two bytes", "\xc0\x80", 1],
  ["an overlong slash in two bytes", "\xc0\xaf", 1],
  ["an overlong letter in two bytes", "\xc1\xbf", 1],
  ["an overlong slash in three bytes", "\xe0\x80\xaf", 2],
  ["the longest overlong form of three bytes", "\xe0\x9f\xbf", 2],
  ["an overlong slash in four bytes", "\xf0\x80\x80\xaf", 2],
  ["the longest overlong form of four bytes", "\xf0\x8f\xbf\xbf", 2],
  ["the first high surrogate", "\xed\xa0\x80", 2],
  ["the last high surrogate", "\xed\xaf\xbf", 2],
  ["the first low surrogate", "\xed\xb0\x80", 2],
  ["the last low surrogate", "\xed\xbf\xbf", 2],
  ["a pair of surrogates", "\xed\xa0\x80\xed\xb0\x80", 2],
  ["the first character that does not exist", "\xf4\x90\x80\x80", 2],
  ["the byte 0xF5", "\xf5\x80\x80\x80", 1],
  ["the byte 0xF7", "\xf7\xbf\xbf\xbf", 1],
  ["five bytes", "\xf8\x88\x80\x80\x80", 1],
  ["six bytes", "\xfc\x84\x80\x80\x80\x80", 1],
  ["the byte 0xFE", "\xfe", 1],
  ["the byte 0xFF", "\xff", 1],
  ["Latin-1", "Gr\xfc\xdfe", 3],
  ["a bad byte after good characters", utf8("κόσμε") + "\xed\xa0\x80edited", 12],
  ["a bad byte after 300 letters", "x".repeat(300) + "\xff" + "y".repeat(10), 301],
  ["a bad byte after 3,000 characters", utf8("ä".repeat(3_000)) + "\xff", 6_001],
];

/** Bytes that may become UTF-8 if more follow. */
const CUT_OFF = [
  "\xc3",
  "\xe2",
  "\xe2\x82",
  "\xf0",
  "\xf0\x9d",
  "\xf0\x9d\x84",
  "a\xe0\xa0",
  "\xed\x9f",
  "\xf4\x8f\xbf",
  "x".repeat(200) + "\xf0\x9d\x84",
];

function headBytes(length: number): number {
  return HEAD_BYTES + (length > 125 ? 2 : 0);
}

function named(bytes: string): string {
  return JSON.stringify(bytes.length > 20 ? `...${bytes.slice(-3)}` : bytes);
}

export const goodText: WireGroup = {
  about: "text that is UTF-8 (RFC 6455, section 8.1; RFC 3629)",
  cases: [
    ...GOOD.map((word): WireCase => ({
      what: `the text ${JSON.stringify(word)}`,
      bytes: text(utf8(word)),
      reads: [{ text: utf8(word) }],
    })),
    ...GOOD.filter((word) => utf8(word).length > 1).map((word): WireCase => ({
      what: `the text ${JSON.stringify(word)} in frames of one byte`,
      bytes: utf8(word).split("").map((byte, index, all) =>
        frame(index === 0 ? 1 : 0, byte, { fin: index === all.length - 1 })
      ).join(""),
      reads: [{ text: utf8(word) }],
    })),
    {
      what: "a long text of which no character is ASCII",
      bytes: text(utf8("漢字".repeat(20_000))),
      reads: [{ text: utf8("漢字".repeat(20_000)) }],
    },
    {
      what: "long fragments that end within characters",
      bytes: firstText(utf8("漢".repeat(100)).slice(0, 299)) +
        more(utf8("漢".repeat(100)).slice(299) + utf8("𝄞".repeat(100)).slice(0, 397)) +
        more(utf8("𝄞".repeat(100)).slice(397), true),
      reads: [{ text: utf8("漢".repeat(100) + "𝄞".repeat(100)) }],
    },
    {
      what: "a Close frame between the two bytes of a character",
      bytes: firstText("\xc3") + close(1000) + more("\xa4", true),
      reads: [{ close: [1000, ""] }],
      after: 7 + 8,
    },
    {
      what: "bytes that are not UTF-8 in a binary message",
      bytes: frame(2, "\xff\xfe\x80") + frame(2, "\xc3", { fin: false }) + more("\xc3", true),
      reads: [{ binary: "\xff\xfe\x80" }, { binary: "\xc3\xc3" }],
    },
  ],
};

export const badText: WireGroup = {
  about: "text that is not UTF-8 (RFC 6455, section 8.1; RFC 3629)",
  cases: [
    ...BAD.flatMap(([what, bytes, certainAfter]): WireCase[] => [
      {
        what,
        bytes: text(bytes),
        reads: [{ failure: "badText" }],
        after: headBytes(bytes.length) + certainAfter,
      },
      {
        what: `${what}, in a message of which more is to come`,
        bytes: firstText(bytes) + ping() + more("a", true),
        reads: [{ failure: "badText" }],
        after: headBytes(bytes.length) + certainAfter,
      },
      {
        what: `${what}, in the last fragment`,
        bytes: firstText(utf8("ä")) + ping("p") + more(bytes, true),
        reads: [{ ping: "p" }, { failure: "badText" }],
        after: 8 + 7 + headBytes(bytes.length) + certainAfter,
      },
    ]),
    ...CUT_OFF.flatMap((bytes): WireCase[] => [
      {
        what: `a text that ends with ${named(bytes)}`,
        bytes: text(bytes),
        reads: [{ failure: "badText" }],
      },
      {
        what: `a text whose last fragment is empty after ${named(bytes)}`,
        bytes: firstText(bytes) + more() + more("", true),
        reads: [{ failure: "badText" }],
      },
      {
        what: `a text of which more is to come after ${named(bytes)}, and waits`,
        bytes: firstText(bytes),
        reads: [],
      },
    ]),
    {
      what: "a bad byte before the end of a frame of which 60,000 bytes are still to come",
      bytes: frame(1, "good" + "\xff", { length: 65_000 }),
      reads: [{ failure: "badText" }],
    },
  ],
};
