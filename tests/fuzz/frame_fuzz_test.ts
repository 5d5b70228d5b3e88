// The fuzzer of frames for a bounded time: once with a seed that never changes, once with the day's.
// And the fuzzer itself: its reference is right about the wire cases, and it finds readers that are
// wrong on purpose.

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FAILURES } from "../../src/websocket/failure.ts";
import { DEFAULT_LIMITS, type Reading } from "../websocket/reading.ts";
import { WIRE_GROUPS } from "../websocket/wire_cases.ts";
import {
  type FrameInput,
  type FrameReader,
  fuzzFrames,
  makeFrameInput,
  readWithFrameParser,
} from "./frame_fuzzer.ts";
import { readReferenceFrames } from "./frame_reference.ts";
import { describeFailure, type FuzzReport } from "./fuzzer.ts";

/** Numbers of executions and not of seconds, so that a slow machine does the same. */
const FIXED_EXECUTIONS = 20_000;
const DAILY_EXECUTIONS = 10_000;
const FIXED_SEED = 6_455;
const DAY_MS = 86_400_000;

/** The fuzzer has to find a plain fault in so many executions. */
const MAX_EXECUTIONS_TO_A_FAULT = 10_000;

/** A byte takes up to six characters in a report, and a span of a few frames often has to stay. */
const MAX_REDUCED_LENGTH = 1_500;

function fuzzTimes(seed: number, executions: number, reader?: FrameReader): Promise<FuzzReport> {
  return fuzzFrames({ seed, goesOn: (number) => number < executions, reader });
}

function assertFlawless({ failure }: FuzzReport): void {
  assert(failure === undefined, failure && describeFailure(failure, "frame_fuzz.ts"));
}

describe("FrameParser, fuzzed", () => {
  it("FrameParser reads what the reference reads, with a seed that never changes", async () => {
    const report = await fuzzTimes(FIXED_SEED, FIXED_EXECUTIONS);
    assertFlawless(report);
    const ends = Object.keys(FAILURES).map((name) => `bytes that fail by ${name}`);
    for (const end of [...ends, "bytes up to a Close frame", "bytes read to their end"]) {
      assertGreater(report.ends.get(end) ?? 0, 20, end);
    }
  });

  it("FrameParser reads what the reference reads, with the seed of the day", async () => {
    assertFlawless(await fuzzTimes(Math.floor(Date.now() / DAY_MS), DAILY_EXECUTIONS));
  });
});

describe("readReferenceFrames()", () => {
  it("readReferenceFrames() agrees with every wire case", () => {
    for (const { what, bytes, limits, reads } of WIRE_GROUPS.flatMap(({ cases }) => cases)) {
      const all = { ...DEFAULT_LIMITS, ...limits };
      assertEquals(readReferenceFrames(bytes, all, false), reads, what);
    }
  });
});

/** The parser, given something else than came in. */
function before(change: (input: FrameInput) => Partial<FrameInput>): FrameReader {
  return (input) => readWithFrameParser({ ...input, ...change(input) });
}

/** The parser, with other readings than it makes. */
function after(change: (reading: Reading, index: number) => Reading[]): FrameReader {
  return (input) => readWithFrameParser(input).flatMap(change);
}

const wrongReaders: { what: string; reader: FrameReader }[] = [
  {
    what: "allows one byte more than a message may have",
    reader: before(({ limits }) => ({
      limits: { ...limits, maxMessageBytes: limits.maxMessageBytes + 1 },
    })),
  },
  {
    what: "allows one fragment more than a message may have",
    reader: before(({ limits }) => ({
      limits: { ...limits, maxFragments: limits.maxFragments + 1 },
    })),
  },
  {
    what: "knows no compression",
    reader: before(() => ({ isCompressing: false })),
  },
  { what: "knows compression always", reader: before(() => ({ isCompressing: true })) },
  {
    what: "ignores a reserved bit of the first frame",
    reader: before(({ bytes }) => ({
      bytes: String.fromCharCode(bytes.charCodeAt(0) & 0xdf) + bytes.slice(1),
    })),
  },
  {
    what: "takes the first frame for a masked one",
    reader: before(({ bytes }) => ({
      bytes: bytes.length < 2
        ? bytes
        : bytes[0] + String.fromCharCode(bytes.charCodeAt(1) | 0x80) + bytes.slice(2),
    })),
  },
  { what: "loses the last byte", reader: before(({ bytes }) => ({ bytes: bytes.slice(0, -1) })) },
  {
    what: "drops empty messages",
    reader: after((reading) => "text" in reading && reading.text === "" ? [] : [reading]),
  },
  {
    what: "strips a byte order mark",
    reader: after((reading) =>
      "text" in reading ? [{ text: reading.text.replace(/^\xef\xbb\xbf/, "") }] : [reading]
    ),
  },
  {
    what: "takes a Pong for a Ping",
    reader: after((reading) => "pong" in reading ? [{ ping: reading.pong }] : [reading]),
  },
  {
    what: "takes a Close frame without a code for one with 1000",
    reader: after((reading) =>
      "close" in reading && reading.close[0] === 1005 ? [{ close: [1000, ""] }] : [reading]
    ),
  },
  {
    what: "waits after a bad text",
    reader: after((reading) =>
      "failure" in reading && reading.failure === "badText" ? [] : [reading]
    ),
  },
  {
    what: "gives the wrong reason for a failure",
    reader: after((reading) =>
      "failure" in reading && reading.failure === "interruptedMessage"
        ? [{ failure: "strayContinuation" }]
        : [reading]
    ),
  },
  {
    what: "throws",
    reader: (input) => {
      if (input.bytes.includes("\xe2\x82\xac")) throw new Error("a fault");
      return readWithFrameParser(input);
    },
  },
];

describe("fuzzFrames()", () => {
  for (const { what, reader } of wrongReaders) {
    it(`fuzzFrames() finds a reader that ${what}, and makes the bytes small`, async () => {
      const { failure } = await fuzzTimes(1, MAX_EXECUTIONS_TO_A_FAULT, reader);
      assert(failure !== undefined, "it was not found");
      assertLess(failure.input.length, MAX_REDUCED_LENGTH, failure.input);
    });
  }

  it("makeFrameInput() makes the same bytes of the same seed", () => {
    assertEquals(makeFrameInput(3, 14), makeFrameInput(3, 14));
  });
});
