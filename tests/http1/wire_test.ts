// Runs the wire cases: each one whole, byte by byte, split at random, behind another request and before the next one.
// However the bytes come, the same must come of them.

import { assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RequestLimits } from "../../src/http1/request_parser.ts";
import {
  byteByByte,
  bytesOf,
  type Conversation,
  converse,
  DEFAULT_LIMITS,
  numbersFrom,
  type Reading,
  splitAt,
  whole,
} from "./reading.ts";
import { type ExpectedRequest, WIRE_GROUPS, type WireCase } from "./wire_cases.ts";

const BEFORE = "GET /p HTTP/1.1\r\nHost: a\r\n\r\n";
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/** How often a case is split at random, and at how many places at most. */
const RANDOM_SPLITS = 4;
const MAX_PLACES = 5;

function nameOf({ what, refused, awaiting }: WireCase): string {
  if (refused !== undefined) return `RequestParser refuses ${what} with ${refused}`;
  if (awaiting !== undefined) return `RequestParser waits for the rest of ${what}`;
  return `RequestParser reads ${what}`;
}

/** Whether a request that stands behind the bytes of a case is one. */
function isNextRead({ requests = [], refused }: WireCase): boolean {
  return refused === undefined && requests.at(-1)?.persists !== false;
}

/** What a reading has of that which its case names. */
function withoutUnnamed(reading: Reading, expected: ExpectedRequest | undefined): unknown {
  if (reading.kind !== "request" || expected === undefined) return reading;
  const { path, query, minorVersion, fields, ...named } = reading;
  return {
    ...named,
    ...(expected.path === undefined ? {} : { path }),
    ...(expected.query === undefined ? {} : { query }),
    ...(expected.minorVersion === undefined ? {} : { minorVersion }),
    ...(expected.fields === undefined ? {} : { fields }),
  };
}

function expectedReading(expected: ExpectedRequest): unknown {
  const { method = "GET", target = "/", body = "", persists = true } = expected;
  if (expected.declined !== undefined) {
    return { kind: "declined", status: expected.declined, method, persists };
  }
  const { path, query, minorVersion, fields } = expected;
  return {
    kind: "request",
    method,
    target,
    body,
    persists,
    ...(path === undefined ? {} : { path }),
    ...(query === undefined ? {} : { query }),
    ...(minorVersion === undefined ? {} : { minorVersion }),
    ...(fields === undefined ? {} : { fields }),
  };
}

/** What must come of the bytes of a case, and of requests before and behind them. */
function expectedReadings(wireCase: WireCase, requests: readonly ExpectedRequest[]): unknown[] {
  const { refused, isHeadRequest = false } = wireCase;
  const readings = requests.map(expectedReading);
  if (refused !== undefined) readings.push({ kind: "refused", status: refused, isHeadRequest });
  return readings;
}

function assertConversation(
  way: string,
  wireCase: WireCase,
  conversation: Conversation,
  before: readonly ExpectedRequest[],
  behind: readonly ExpectedRequest[],
): void {
  const requests = [...before, ...wireCase.requests ?? [], ...behind];
  assertEquals(
    conversation.readings.map((reading, index) => withoutUnnamed(reading, requests[index])),
    expectedReadings(wireCase, requests),
    way,
  );
  assertEquals(conversation.awaiting, wireCase.awaiting ?? "request", way);
}

function runEveryWay(wireCase: WireCase, seed: number): void {
  const limits: RequestLimits = { ...DEFAULT_LIMITS, ...wireCase.limits };
  const bytes = bytesOf(wireCase.bytes);
  const continues = (wireCase.requests ?? []).filter((request) => request.continues).length;

  const atOnce = converse(whole(bytes), limits);
  assertConversation("whole", wireCase, atOnce, [], []);
  assertEquals(atOnce.continues, 0, "whole: a body that is there was asked for");

  const dribbling = converse(byteByByte(bytes), limits);
  assertConversation("byte by byte", wireCase, dribbling, [], []);
  assertEquals(dribbling.continues, continues, "byte by byte: continues");

  const random = numbersFrom(seed);
  for (let split = 0; split < RANDOM_SPLITS; split++) {
    const places = Array.from(
      { length: 1 + Math.floor(random() * MAX_PLACES) },
      () => Math.floor(random() * (bytes.length + 1)),
    );
    const pieces = converse(splitAt(bytes, places), limits);
    assertConversation(`split at ${places}`, wireCase, pieces, [], []);
    assertLessOrEqual(pieces.continues, continues, `split at ${places}: continues`);
  }

  const before: ExpectedRequest[] = [{ target: "/p" }];
  const behindAnother = bytesOf(BEFORE + wireCase.bytes);
  const behindAnotherWhole = converse(whole(behindAnother), limits);
  assertConversation("behind another request", wireCase, behindAnotherWhole, before, []);

  if (wireCase.awaiting !== undefined) return;
  const behind: ExpectedRequest[] = isNextRead(wireCase) ? [{ target: "/next" }] : [];
  const withNext = bytesOf(wireCase.bytes + NEXT);
  const withNextWhole = converse(whole(withNext), limits);
  assertConversation("before another request", wireCase, withNextWhole, [], behind);
  const withNextDribbling = converse(byteByByte(withNext), limits);
  assertConversation(
    "before another request, byte by byte",
    wireCase,
    withNextDribbling,
    [],
    behind,
  );
}

let seed = 0;
for (const { about, cases } of WIRE_GROUPS) {
  describe(`RequestParser and ${about}`, () => {
    for (const wireCase of cases) {
      const caseSeed = seed++;
      it(nameOf(wireCase), () => runEveryWay(wireCase, caseSeed));
    }
  });
}

describe("the wire cases", () => {
  it("the wire cases say each thing once", () => {
    const names = WIRE_GROUPS.flatMap(({ cases }) => cases.map(nameOf));
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
    assertGreater(names.length, 150);
  });

  it("the wire cases say what comes of their bytes", () => {
    for (const { cases } of WIRE_GROUPS) {
      for (const { what, bytes, requests, refused, awaiting } of cases) {
        assertMatch(bytes, /^[\0-\xff]*$/, what);
        const isIdle = bytes === "\r\n";
        assertEquals(
          requests === undefined && refused === undefined && awaiting === undefined,
          isIdle,
          what,
        );
      }
    }
  });
});
