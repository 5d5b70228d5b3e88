// Fuzzes the parser of frames: wire cases and frames of its own, with bytes changed, in pieces. The
// invariant: however the bytes come, the parser reads what the slow reading in frame_reference.ts
// reads, and never throws.

import type { MessageInflater, MessageLimits } from "../../src/websocket/frame_parser.ts";
import { FAILURES } from "../../src/websocket/failure.ts";
import { byteByByte, bytesOf, numbersFrom, splitAt } from "../http1/reading.ts";
import { frame } from "../websocket/frames.ts";
import { converse, DEFAULT_LIMITS, type Reading } from "../websocket/reading.ts";
import { WIRE_GROUPS } from "../websocket/wire_cases.ts";
import { readReferenceFrames } from "./frame_reference.ts";
import { type FuzzPlan, type FuzzReport, sourceOf } from "./fuzzer.ts";
import { mutate, MUTATION_NAMES, type Random } from "./mutations.ts";
import { reduce } from "./reducer.ts";

/** What a client sends, and to which server. Each character is one byte. */
export interface FrameInput {
  readonly bytes: string;
  readonly limits: MessageLimits;
  /** Whether an extension was negotiated that uses RSV1. */
  readonly isCompressing: boolean;
  /** Where the bytes are cut; `undefined` for byte by byte. */
  readonly places: readonly number[] | undefined;
}

/** Something that reads frames. */
export type FrameReader = (input: FrameInput) => readonly Reading[];

const CASES = WIRE_GROUPS.flatMap(({ cases }) => cases)
  .filter(({ bytes }) => bytes.length < 1_500);
const CASE_BYTES = CASES.map(({ bytes }) => bytes);

/** Around the forms of a length, and around what one read brings. */
const LENGTHS = [0, 0, 1, 1, 2, 3, 4, 5, 7, 9, 17, 33, 64, 65, 124, 125, 126, 127, 128, 300];
const LONG_LENGTHS = [1_500, 2_033, 2_034, 2_035, 2_042, 4_096, 16_370, 16_377, 65_535, 65_536];
const LONG_EVERY = 60;

/** Lengths that are declared, and do not come. */
const ODD_LENGTHS = [0, 1, 3, 10, 125, 126, 1_000, 65_535, 65_536, 2 ** 32, 2 ** 53, 2 ** 63];

const WORDS = ["a", "hello ", "z", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9d\x84\x9e", "\xef\xbb\xbf"];
const BAD_WORDS = ["\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90", "\x80"];

const OPCODES = [1, 1, 1, 2, 2, 0, 0, 0, 8, 9, 9, 10];

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)];
}

function makePayload(random: Random, opcode: number): string {
  if (opcode === 8) return oneOf(random, ["", "\x03\xe8", "\x03\xe8bye", "\x03", "\x0b\xb8\xff"]);
  const length = random() < 1 / LONG_EVERY && opcode < 8
    ? oneOf(random, LONG_LENGTHS)
    : oneOf(random, LENGTHS);
  let payload = "";
  const unit = random() < 0.3 ? oneOf(random, WORDS) : undefined;
  while (payload.length < length) {
    if (unit !== undefined) payload += unit.repeat(Math.ceil(length / unit.length));
    else payload += random() < 0.02 ? oneOf(random, BAD_WORDS) : oneOf(random, WORDS);
  }
  // Most fragments end between characters, and some do not.
  return random() < 0.2 || length > 300 ? payload.slice(0, length) : payload;
}

function makeFrame(random: Random, isInMessage: boolean, isCompressing: boolean): string {
  const isOdd = random() < 0.03;
  let opcode = isOdd ? Math.floor(random() * 16) : oneOf(random, OPCODES);
  if (!isOdd && opcode < 3) opcode = isInMessage ? 0 : Math.max(1, opcode);
  const isCompressed = isCompressing && (opcode === 1 || opcode === 2) && random() < 0.4;
  const payload = (isCompressed && random() < 0.9 ? "z" : "") + makePayload(random, opcode);
  const reserved = random() < 0.02 ? Math.floor(random() * 8) : isCompressed ? 4 : 0;
  const mask = String.fromCharCode(...Array.from({ length: 4 }, () => random() * 256));
  return frame(opcode, opcode >= 8 ? payload.slice(0, random() < 0.98 ? 125 : 200) : payload, {
    fin: opcode >= 8 ? random() < 0.98 : random() < 0.5,
    reserved,
    mask: random() < 0.02 ? undefined : mask,
    ...(random() < 0.02 ? { lengthBits: oneOf(random, [16, 64]) } : {}),
    ...(random() < 0.02 ? { length: oneOf(random, ODD_LENGTHS) } : {}),
  });
}

function makeFrames(random: Random, isCompressing: boolean): string {
  let bytes = "";
  let isInMessage = false;
  do {
    const next = makeFrame(random, isInMessage, isCompressing);
    bytes += next;
    if ((next.charCodeAt(0) & 0x8) === 0) isInMessage = next.charCodeAt(0) < 0x80;
  } while (random() < 0.75);
  return bytes;
}

function makeLimits(random: Random): MessageLimits {
  if (random() < 0.6) return DEFAULT_LIMITS;
  return {
    maxMessageBytes: oneOf(random, [0, 1, 5, 20, 125, 126, 300, 3_000, 65_536]),
    maxFragments: oneOf(random, [1, 2, 3, 5, 100]),
  };
}

/** The input of that execution. It is the same whenever the seed is the same. */
export function makeFrameInput(seed: number, number: number): FrameInput {
  const random = numbersFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  // The first few numbers of generators that begin close to each other are alike.
  for (let warmUp = 0; warmUp < 4; warmUp++) random();
  const isCompressing = random() < 0.3;
  let bytes = random() < 0.2 ? oneOf(random, CASE_BYTES) : makeFrames(random, isCompressing);
  if (random() < 0.3) bytes = mutate(oneOf(random, MUTATION_NAMES), random, bytes, CASE_BYTES);
  if (random() < 0.1) bytes = bytes.slice(0, Math.floor(random() * (bytes.length + 1)));
  const cuts = Array.from(
    { length: Math.floor(random() * 6) },
    () => Math.floor(random() * (bytes.length + 1)),
  );
  const places = random() < 0.3 && bytes.length < 2_000 ? undefined : cuts;
  return { bytes, limits: makeLimits(random), isCompressing, places };
}

/** The extension of the fuzzer, as frame_reference.ts describes it. */
const inflater: MessageInflater = {
  inflate(bytes, maxBytes) {
    if (bytes[0] !== 0x7a) return FAILURES.badCompression;
    return bytes.length - 1 > maxBytes ? FAILURES.messageTooLarge : bytes.slice(1);
  },
};

/** Reads frames with the server's own parser. */
export function readWithFrameParser(input: FrameInput): readonly Reading[] {
  const { limits, isCompressing, places } = input;
  const bytes = bytesOf(input.bytes);
  const pieces = places === undefined
    ? byteByByte(bytes)
    : splitAt(bytes, places.map((place) => Math.min(place, bytes.length)));
  return converse(pieces, limits, isCompressing ? inflater : undefined).readings;
}

/** Returns what is wrong with what a reader makes of the bytes. */
export function faultOfFrames(input: FrameInput, read: FrameReader): string | undefined {
  const expected = readReferenceFrames(input.bytes, input.limits, input.isCompressing);
  let actual: readonly Reading[];
  try {
    actual = read(input);
  } catch (error) {
    return `The reader throws ${error}`;
  }
  if (JSON.stringify(actual) === JSON.stringify(expected)) return undefined;
  return `The reader differs from the reference\n  got      ${shown(actual)}\n  expected ${
    shown(expected)
  }`;
}

function shown(readings: readonly Reading[]): string {
  const text = sourceOf(readings);
  return text.length > 500 ? `${text.slice(0, 500)}...` : text;
}

function kindOfFault(fault: string | undefined): string | undefined {
  return fault?.split("\n", 1)[0];
}

/** What to run, as {@linkcode fuzz} has it, with a reader of frames. */
export type FrameFuzzPlan = Omit<FuzzPlan, "reader"> & { readonly reader?: FrameReader };

/** Runs executions until one fails, or the plan ends. */
export async function fuzzFrames(
  { seed, first = 0, goesOn, reader = readWithFrameParser }: FrameFuzzPlan,
): Promise<FuzzReport> {
  const ends = new Map<string, number>();
  let number = first;
  for (; goesOn(number); number++) {
    const input = makeFrameInput(seed, number);
    const end = endOf(readReferenceFrames(input.bytes, input.limits, input.isCompressing));
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const fault = faultOfFrames(input, reader);
    if (fault === undefined) continue;
    const failure = { seed, number, ...await makeSmall(input, fault, reader) };
    return { executions: number + 1 - first, ends, failure };
  }
  return { executions: number - first, ends, failure: undefined };
}

/** The name of what bytes come to. */
function endOf(readings: readonly Reading[]): string {
  const last = readings.at(-1);
  if (last === undefined) return "bytes that make nothing yet";
  if ("failure" in last) return `bytes that fail by ${last.failure}`;
  return "close" in last ? "bytes up to a Close frame" : "bytes read to their end";
}

/**
 * Makes the bytes smaller as long as the same kind of fault shows. The input is written as a wire
 * case (tests/websocket/wire).
 */
async function makeSmall(
  input: FrameInput,
  fault: string,
  reader: FrameReader,
): Promise<{ fault: string; input: string }> {
  const faultOf = (bytes: string) => faultOfFrames({ ...input, bytes }, reader);
  const small = await reduce(
    input.bytes,
    (bytes) => kindOfFault(faultOf(bytes)) === kindOfFault(fault),
  );
  const { limits, isCompressing, places } = input;
  const ways = `${sourceOf(limits)}${isCompressing ? ", compressing" : ""}, cut at ${places}`;
  return {
    fault: faultOf(small) ?? fault,
    input: `{ what: "...", bytes: ${sourceOf(small)}, reads: [] }, // ${ways}`,
  };
}
