// Runs the wire cases: each one whole, byte by byte and in random splits, alone and between other
// messages. However the bytes come, the same must come of them, as early as they allow, and nothing
// after a Close frame or a failure.

import { assertEquals, assertGreater, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import { byteByByte, bytesOf, splitAt, whole } from "../http1/reading.ts";
import { runs } from "../support/runs.ts";
import { ping, text } from "./frames.ts";
import { converse, DEFAULT_LIMITS, type Reading } from "./reading.ts";
import { WIRE_GROUPS, type WireCase } from "./wire_cases.ts";

/** It breaks no limit of a case. */
const BEFORE = text();
const NEXT = ping("next");

/** How often a case is split at random. */
const RANDOM_SPLITS = runs(20);

function nameOf({ what, reads }: WireCase): string {
  const last = reads.at(-1);
  if (last !== undefined && "failure" in last) return `FrameParser fails on ${what}`;
  return `FrameParser ${reads.length === 0 ? "waits for the rest of" : "reads"} ${what}`;
}

/**
 * Whether what follows the bytes of a case is read: a frame that has been cut off continues there.
 */
function isNextRead({ reads }: WireCase): boolean {
  const last = reads.at(-1);
  return last !== undefined && !("failure" in last) && !("close" in last);
}

function runEveryWay(wireCase: WireCase): void {
  const limits = { ...DEFAULT_LIMITS, ...wireCase.limits };
  const bytes = bytesOf(wireCase.bytes);
  const { reads, after = bytes.length } = wireCase;
  assertEquals(converse(whole(bytes), limits).readings, reads, "whole");
  const dribbling = converse(byteByByte(bytes), limits);
  assertEquals(dribbling.readings, reads, "byte by byte");
  assertEquals(dribbling.bytesToLast, reads.length === 0 ? 0 : after, "as early as possible");
  runSplits(bytes, reads, (pieces) => converse(pieces, limits).readings);
  if (!isNextRead(wireCase) || after < bytes.length) return;
  const surrounded = bytesOf(BEFORE + wireCase.bytes + NEXT);
  const expected = [{ text: "" }, ...reads, { ping: "next" }];
  runSplits(surrounded, expected, (pieces) => converse(pieces, limits).readings);
}

function runSplits(
  bytes: Uint8Array,
  reads: readonly Reading[],
  read: (pieces: Uint8Array[]) => readonly Reading[],
): void {
  const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 });
  fc.assert(
    fc.property(places, (places) => {
      assertEquals(read(splitAt(bytes, places)), reads);
    }),
    { numRuns: RANDOM_SPLITS },
  );
}

for (const { about, cases } of WIRE_GROUPS) {
  describe(`FrameParser and ${about}`, () => {
    for (const wireCase of cases) {
      it(nameOf(wireCase), () => runEveryWay(wireCase));
    }
  });
}

describe("the wire cases of WebSockets", () => {
  it("the wire cases are at least as many as the contract asks for", () => {
    assertGreaterOrEqual(WIRE_GROUPS.flatMap(({ cases }) => cases).length, 300);
  });

  it("the wire cases have different names and different bytes", () => {
    const cases = WIRE_GROUPS.flatMap(({ cases }) => cases);
    assertEquals(repeated(cases.map(nameOf)), []);
    assertEquals(repeated(cases.map(({ bytes, limits }) => bytes + JSON.stringify(limits))), []);
  });

  it("the wire cases name the section of each group", () => {
    for (const { about, cases } of WIRE_GROUPS) {
      assertMatch(about, /\(RFC \d{4}, sections? \d/);
      assertGreater(cases.length, 0, about);
    }
  });
});

/** What is there more than once. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}
