// Runs the wire cases: each one whole, byte by byte and split at random, and each of these alone, behind another request,
// before the next one, and between two. However the bytes come, the same must come of them, and behind a refusal nothing.
// Then every byte there is in each place of a request, and what makes a manual of the cases: names, sections, and no case
// twice.

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
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
import { PLACES } from "./wire/every_byte.ts";
import { size } from "../support/runs.ts";
import { expectedReading } from "./expected_reading.ts";
import { type ExpectedRequest, WIRE_GROUPS, type WireCase } from "./wire_cases.ts";

const BEFORE = "GET /p HTTP/1.1\r\nHost: a\r\n\r\n";
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/** How often a case is split at random, and at how many places at most. */
const RANDOM_SPLITS = size(2, 1);
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

/** What stands before and behind the bytes of a case. */
interface Surroundings {
  readonly where: string;
  readonly before: string;
  readonly behind: string;
}

const SURROUNDINGS: readonly Surroundings[] = [
  { where: "alone", before: "", behind: "" },
  { where: "between other requests", before: BEFORE, behind: NEXT },
  { where: "behind another request", before: BEFORE, behind: "" },
  { where: "before another request", before: "", behind: NEXT },
].slice(0, size(4, 2));

function runEveryWay(wireCase: WireCase, seed: number): void {
  const limits: RequestLimits = { ...DEFAULT_LIMITS, ...wireCase.limits };
  // A limit of a body holds for streamed ones as well, so the same must come of them.
  const streamedLimits = { ...limits, maxStreamedBodyBytes: limits.maxBodyBytes };
  const continues = (wireCase.requests ?? []).filter((request) => request.continues).length;
  const random = numbersFrom(seed);

  for (const { where, before, behind } of SURROUNDINGS) {
    // What stands behind a part of a request is the rest of it.
    if (wireCase.awaiting !== undefined && behind !== "") continue;
    const bytes = bytesOf(before + wireCase.bytes + behind);
    const requestsBefore: ExpectedRequest[] = before === "" ? [] : [{ target: "/p" }];
    const requestsBehind: ExpectedRequest[] = behind !== "" && isNextRead(wireCase)
      ? [{ target: "/next" }]
      : [];
    const run = (way: string, pieces: Iterable<Uint8Array>): Conversation => {
      const conversation = converse(pieces, limits);
      assertConversation(
        `${where}, ${way}`,
        wireCase,
        conversation,
        requestsBefore,
        requestsBehind,
      );
      return conversation;
    };
    const runStreamed = (way: string, pieces: Iterable<Uint8Array>, viewBytes: number): number => {
      const conversation = converse(pieces, streamedLimits, viewBytes);
      assertConversation(
        `${where}, ${way}, streamed by ${viewBytes}`,
        wireCase,
        conversation,
        requestsBefore,
        requestsBehind,
      );
      return conversation.continues;
    };

    const atOnce = run("whole", whole(bytes));
    assertEquals(atOnce.continues, 0, `${where}, whole: a body that is there was asked for`);
    const dribbling = run("byte by byte", byteByByte(bytes));
    assertEquals(dribbling.continues, continues, `${where}, byte by byte: continues`);
    runStreamed("whole", whole(bytes), 3);
    assertEquals(runStreamed("byte by byte", byteByByte(bytes), 65_536), continues);
    for (let split = 0; split < RANDOM_SPLITS; split++) {
      const places = Array.from(
        { length: 1 + Math.floor(random() * MAX_PLACES) },
        () => Math.floor(random() * (bytes.length + 1)),
      );
      const way = `split at ${places}`;
      assertLessOrEqual(run(way, splitAt(bytes, places)).continues, continues, `${where}, ${way}`);
      assertLessOrEqual(runStreamed(way, splitAt(bytes, places), 1 + split * 7), continues);
    }
  }
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

/** Every byte there is, as a character. */
const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

function isRefused(pieces: Iterable<Uint8Array>): boolean {
  return converse(pieces).readings.some((reading) => reading.kind === "refused");
}

describe("RequestParser and every byte there is (RFC 9112, sections 2 to 7)", () => {
  for (const { what, bytes, allowed } of PLACES) {
    it(`RequestParser takes only ${what}`, () => {
      const expected = EVERY_BYTE.filter((byte) => allowed.test(byte));
      const taken = EVERY_BYTE.filter((byte) => !isRefused(whole(bytesOf(bytes(byte)))));
      assertEquals(taken, expected);
      const takenOneByOne = EVERY_BYTE.filter((byte) =>
        !isRefused(byteByByte(bytesOf(bytes(byte))))
      );
      assertEquals(takenOneByOne, expected);
    });
  }
});

/** A section of an RFC, or the page of our own on which the limits stand. */
const SOURCE = /\((?:RFC \d{4}, sections? \d|design page, section \d)/;

describe("the wire cases", () => {
  it("the wire cases are at least as many as the contract asks for", () => {
    assertGreaterOrEqual(WIRE_GROUPS.flatMap(({ cases }) => cases).length, 300);
  });

  it("the wire cases say each thing once", () => {
    assertEquals(repeated(WIRE_GROUPS.flatMap(({ cases }) => cases.map(nameOf))), []);
    assertEquals(repeated(WIRE_GROUPS.map(({ about }) => about)), []);
  });

  it("the wire cases try all bytes once", () => {
    const tried = WIRE_GROUPS.flatMap(({ cases }) =>
      cases.map(({ bytes, limits }) => bytes + JSON.stringify(limits ?? {}))
    );
    assertEquals(repeated(tried), []);
  });

  it("the wire cases say of each group where its rules stand", () => {
    for (const { about, cases } of WIRE_GROUPS) {
      assertMatch(about, SOURCE);
      assertGreater(cases.length, 0, about);
    }
  });

  it("the wire cases say what comes of their bytes", () => {
    for (const { cases } of WIRE_GROUPS) {
      for (const { what, bytes, requests, refused, reason, awaiting } of cases) {
        assertMatch(bytes, /^[\0-\xff]*$/, what);
        const isIdle = bytes === "\r\n";
        assertEquals(
          requests === undefined && refused === undefined && awaiting === undefined,
          isIdle,
          what,
        );
        assertEquals(refused === undefined, reason === undefined, `${what}: reason`);
        assert(refused === undefined || awaiting === undefined, `${what}: refused and awaited`);
      }
    }
  });
});

/** What is there more than once. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}
