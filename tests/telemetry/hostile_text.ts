// Text that tries to forge log lines, and the check that it does not succeed.

import { assertMatch, assertNotMatch } from "@std/assert";
import fc from "fast-check";

/**
 * Control characters other than line end and tab, and those that turn lines or their direction
 * around.
 */
const HARMFUL = /[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Text with many of the characters that a forger of lines would use. */
export const hostileText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"),
    fc.constantFrom('"', "\\", " ", "[", "2026-01-01T00:00:00.000Z mudpie: "),
    fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 20,
});

/** Asserts that no part of a log line can be read as the start of another line. */
export function assertIsOneLine(line: string): void {
  assertNotMatch(line, HARMFUL);
  for (const continued of line.split("\n").slice(1)) assertMatch(continued, /^ {4}/);
}
