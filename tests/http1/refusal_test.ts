// Holds the refusals to the wire cases: what a client reads names the fault that it has, however its bytes came, and no refusal
// stands there that nothing leads to. What a refused client gets beside the sentence is tested where it is written.

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import { type Refusal, REFUSALS } from "../../src/http1/refusal.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { byteByByte, bytesOf, DEFAULT_LIMITS, whole } from "./reading.ts";
import { type RefusalName, WIRE_GROUPS, type WireCase } from "./wire_cases.ts";

const CASES: readonly WireCase[] = WIRE_GROUPS.flatMap(({ cases }) => cases);
const NAMES = Object.keys(REFUSALS) as RefusalName[];

/** More refusals than any case has. */
const MANY_REFUSALS = 10;

/** A parser that has read the bytes of a case, and the refusals that have come out of it. */
function readCase(
  { bytes, limits }: WireCase,
  pieces: (bytes: Uint8Array) => Iterable<Uint8Array>,
): { parser: RequestParser; refusals: Refusal[] } {
  const parser = new RequestParser({ ...DEFAULT_LIMITS, ...limits }, new BufferPool());
  const refusals: Refusal[] = [];
  const readAll = () => {
    for (;;) {
      const outcome = parser.next();
      switch (outcome.kind) {
        case "incomplete":
          return;
        case "refused":
        case "declined":
          refusals.push(outcome.refusal);
          // A parser that refuses what it has refused already would do so for ever.
          assertLess(refusals.length, MANY_REFUSALS, bytes);
          break;
        case "request":
          outcome.body.release();
          break;
        case "continue":
          break;
      }
    }
  };
  for (const piece of pieces(bytesOf(bytes))) {
    for (let at = 0; at < piece.length;) {
      const space = parser.space;
      const count = Math.min(space.length, piece.length - at);
      space.set(piece.subarray(at, at + count));
      parser.received(count);
      at += count;
      readAll();
    }
  }
  return { parser, refusals };
}

/** What a client gets that stops, or is too slow, where a case ends. */
function cutShort(wireCase: WireCase, reason: "ended" | "too slow"): Refusal | undefined {
  const outcome = readCase(wireCase, whole).parser.cutShort(reason);
  return outcome.kind === "refused" ? outcome.refusal : undefined;
}

/** What comes of a request of which only a part came. No bytes lead to these, but time, or the end of the connection. */
const CUT_SHORT: {
  reason: "ended" | "too slow";
  awaiting: "head" | "body";
  refusal: RefusalName;
}[] = [
  { reason: "ended", awaiting: "head", refusal: "endedEarly" },
  { reason: "ended", awaiting: "body", refusal: "endedEarly" },
  { reason: "too slow", awaiting: "head", refusal: "headTooSlow" },
  { reason: "too slow", awaiting: "body", refusal: "bodyTooSlow" },
];

describe("REFUSALS", () => {
  for (const name of NAMES) {
    const cases = CASES.filter(({ reason }) => reason === name);
    if (cases.length === 0) continue;
    it(`REFUSALS.${name} is what its wire cases come to, however they are split`, () => {
      for (const wireCase of cases) {
        assertEquals(wireCase.refused, REFUSALS[name].status, wireCase.what);
        for (const pieces of [whole, byteByByte]) {
          const { refusals } = readCase(wireCase, pieces);
          assertStrictEquals(refusals.at(-1), REFUSALS[name], wireCase.what);
          assertEquals(refusals.length, 1, wireCase.what);
        }
      }
    });
  }

  for (const { reason, awaiting, refusal } of CUT_SHORT) {
    it(`REFUSALS.${refusal} is what a ${awaiting} comes to that is cut short because it has ${reason}`, () => {
      const cases = CASES.filter((wireCase) => wireCase.awaiting === awaiting);
      assertGreater(cases.length, 0);
      for (const wireCase of cases) {
        assertStrictEquals(cutShort(wireCase, reason), REFUSALS[refusal], wireCase.what);
      }
    });
  }

  it("REFUSALS.expectationUnknown is what a declined request comes to", () => {
    const cases = CASES.filter(({ requests = [] }) => requests.some(({ declined }) => declined));
    assertGreater(cases.length, 0);
    for (const wireCase of cases) {
      const { refusals } = readCase(wireCase, whole);
      assertStrictEquals(refusals[0], REFUSALS.expectationUnknown, wireCase.what);
    }
  });

  it("REFUSALS holds no refusal that nothing leads to", () => {
    const reached = new Set<string | undefined>([
      ...CASES.map(({ reason }) => reason),
      ...CUT_SHORT.map(({ refusal }) => refusal),
    ]);
    assertEquals(NAMES.filter((name) => !reached.has(name)), []);
  });

  it("REFUSALS says of each fault one sentence, and of no two the same", () => {
    const reasons = NAMES.map((name) => REFUSALS[name].reason);
    for (const reason of reasons) assertMatch(reason, /^[A-Z][\x20-\x7e]*[^.!]$/);
    assertEquals(new Set(reasons).size, reasons.length);
  });

  it("REFUSALS cannot be changed by who gets one", () => {
    for (const name of NAMES) assert(Object.isFrozen(REFUSALS[name]), name);
  });
});
