// One execution of the fuzzer: some bytes, how they come, and whether what comes of them is right. "Right" is one sentence:
// what the reference reads is read, in the same order, to the same end, and over a connection each of it gets one answer.

import type { Handler } from "../../src/handler/handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { RequestLimits } from "../../src/http1/request_parser.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import {
  byteByByte,
  bytesOf,
  type Conversation,
  converse,
  DEFAULT_LIMITS,
  numbersFrom,
  splitAt,
  textOf,
} from "../http1/reading.ts";
import { WIRE_GROUPS } from "../http1/wire_cases.ts";
import { ByteConn, type Network } from "./byte_conn.ts";
import { makeBytes } from "./mutations.ts";
import { readReference, type ReferenceOutcome, type ReferenceReading } from "./reference.ts";
import { CutOffError, type ReadResponse, readResponses, valuesOf } from "./response_reader.ts";
import { type Disturbance, DISTURBANCES, nextTurn, serve, type Served } from "./served.ts";

/** How the bytes come: in one piece, one by one, or cut at those places. */
export type Delivery = "whole" | "byte by byte" | readonly number[];

/** Everything that an execution depends on. */
export interface Execution {
  /** Each character is one byte. */
  readonly bytes: string;
  readonly limits: RequestLimits;
  readonly delivery: Delivery;
  /** Where the bytes go through a connection as well: how its network behaves. */
  readonly network: Network | undefined;
  /** What happens to that connection meanwhile, and when. */
  readonly disturbance: DisturbedAt | undefined;
}

/** What happens to a connection from outside, and when: timers and messages come between two turns of the event loop. */
export interface DisturbedAt {
  readonly what: Disturbance;
  readonly eventLoopTurns: number;
}

/** Reads bytes that come in pieces, as `converse` of tests/http1/reading.ts does. */
export type Reader = (pieces: Iterable<Uint8Array>, limits: RequestLimits) => Conversation;

/** What came of an execution, and what is wrong with that; undefined where nothing is. */
export interface Verdict {
  readonly reference: ReferenceReading;
  readonly fault: string | undefined;
}

/** Limits that a few bytes pass: each of them is a line between two outcomes, and most bytes are few. */
const SMALL_LIMITS: readonly RequestLimits[] = [
  {
    maxTargetBytes: 12,
    maxHeadBytes: 96,
    maxHeaderCount: 3,
    maxBodyBytes: 8,
    maxStreamedBodyBytes: 8,
  },
  {
    maxTargetBytes: 40,
    maxHeadBytes: 48,
    maxHeaderCount: 100,
    maxBodyBytes: 0,
    maxStreamedBodyBytes: 0,
  },
  {
    maxTargetBytes: 8_192,
    maxHeadBytes: 200,
    maxHeaderCount: 5,
    maxBodyBytes: 1_000_000,
    maxStreamedBodyBytes: 1_000_000,
  },
];

/** One execution in so many goes through a connection, too: that takes longer than all the rest. */
const CONNECTION_EVERY = 4;

const MAX_CUTS = 6;

/** More than that is not delivered byte by byte: it would take as long as thousands of other executions. */
export const MAX_DRIBBLED_BYTES = 60_000;

/** So many bytes the parser takes at once, whatever it has already; not every piece of more than that. */
const MAX_BYTES_AT_ONCE = 1_000;

const SEEDS: readonly string[] = WIRE_GROUPS.flatMap(({ cases }) =>
  cases.map(({ bytes }) => bytes)
);
/** A seed of many kilobytes takes the time of a hundred others. It comes up where one in so many picks it. */
const SHORT_SEEDS = SEEDS.filter((seed) => seed.length < 1_000);
const LONG_SEED_EVERY = 100;

/** The execution of that number. It is the same whenever the seed is the same. */
export function makeExecution(seed: number, number: number): Execution {
  const random = numbersFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  // The first few numbers of generators that begin close to each other are alike.
  for (let warmUp = 0; warmUp < 4; warmUp++) random();
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = makeBytes(random, below(LONG_SEED_EVERY) === 0 ? SEEDS : SHORT_SEEDS);
  const limits = random() < 0.7 ? DEFAULT_LIMITS : SMALL_LIMITS[below(SMALL_LIMITS.length)];
  const cuts = () => Array.from({ length: 1 + below(MAX_CUTS) }, () => below(bytes.length + 1));
  const way = bytes.length > MAX_DRIBBLED_BYTES ? 1 : random();
  const delivery = way < 0.3 ? "whole" : way < 0.55 ? "byte by byte" : cuts();
  const network = number % CONNECTION_EVERY === 0
    ? {
      readTurns: below(8),
      writeTurns: below(8),
      maxWriteBytes: random() < 0.8 ? Number.MAX_SAFE_INTEGER : 1 + below(200),
      ...(random() < 0.25 ? { resetAt: below(8) } : {}),
    }
    : undefined;
  const disturbance = network !== undefined && random() < 0.2
    ? {
      what: DISTURBANCES[below(DISTURBANCES.length)],
      eventLoopTurns: below(30),
    }
    : undefined;
  return { bytes, limits, delivery, network, disturbance };
}

/** Does an execution. It is a promise only where the bytes go through a connection. */
export function execute(
  execution: Execution,
  reader: Reader = converse,
): Verdict | Promise<Verdict> {
  const reference = readReference(execution.bytes, execution.limits);
  const fault = faultOfReading(execution, reference, reader) ??
    faultOfStreaming(execution, reference);
  if (fault !== undefined || execution.network === undefined) return { reference, fault };
  return faultOfConnection(execution, execution.network, reference)
    .then((fault) => ({ reference, fault }));
}

/** The same limits, with the one for bodies in memory for those that are streamed, too: the same must come of them. */
function streamedLimits(limits: RequestLimits): RequestLimits {
  return { ...limits, maxStreamedBodyBytes: limits.maxBodyBytes };
}

/** What is wrong with what the parser makes of the bytes if bodies are read while they are under way. */
function faultOfStreaming(execution: Execution, reference: ReferenceReading): string | undefined {
  const viewBytes = 1 + (execution.bytes.length * 7) % 40;
  const streamed = (pieces: Iterable<Uint8Array>, limits: RequestLimits) =>
    converse(pieces, streamedLimits(limits), viewBytes);
  const fault = faultOfReading(execution, reference, streamed);
  return fault === undefined ? undefined : `With streamed bodies: ${fault}`;
}

function piecesOf({ bytes, delivery }: Execution): Iterable<Uint8Array> {
  const all = bytesOf(bytes);
  if (delivery === "whole") return [all];
  if (delivery === "byte by byte") return byteByByte(all);
  return splitAt(all, delivery.filter((place) => place <= all.length));
}

function isSame(actual: unknown, expected: unknown): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected);
}

/** What differs, as a text for people. */
function difference(what: string, actual: unknown, expected: unknown): string {
  return `${what}\n  got      ${JSON.stringify(actual)}\n  expected ${JSON.stringify(expected)}`;
}

// The parser.

/** What is wrong with what the parser makes of the bytes. */
function faultOfReading(
  execution: Execution,
  reference: ReferenceReading,
  reader: Reader,
): string | undefined {
  let conversation: Conversation;
  try {
    conversation = reader(piecesOf(execution), execution.limits);
  } catch (error) {
    return `The parser threw ${error instanceof Error ? error.stack : error}`;
  }
  const { readings, awaiting, continues } = conversation;
  if (!isSame(readings, reference.outcomes)) {
    return difference("The parser reads something else", readings, reference.outcomes);
  }
  if (awaiting !== reference.awaiting) {
    return difference("The parser waits for something else", awaiting, reference.awaiting);
  }
  const expectedContinues = countContinues(execution, reference);
  if (expectedContinues !== undefined && continues !== expectedContinues) {
    return difference("The parser asks for other bodies", continues, expectedContinues);
  }
  return undefined;
}

/** How many clients are to be told to go on; undefined for bytes that are more than the parser may take at once. */
function countContinues(
  { bytes, delivery }: Execution,
  { continues }: ReferenceReading,
): number | undefined {
  if (delivery === "byte by byte") return continues.length;
  if (bytes.length > MAX_BYTES_AT_ONCE) return undefined;
  // Nothing of the body is there where the piece that ends the head ends with it.
  const ends: readonly number[] = delivery === "whole"
    ? [bytes.length]
    : [...delivery, bytes.length];
  return continues.filter(({ at }) => ends.includes(at)).length;
}

// The connection.

/** How many turns of the event loop a connection gets to end, once everything is there for it to do so. */
const MAX_TURNS = 100;

/** The same where each read and write takes some. */
const MAX_SLOW_TURNS = 1_000_000;

/** More turns of the event loop than any of the handlers here takes. */
const TURNS_PER_OUTCOME = 6;

const LARGE_BODY_BYTES = 70_000;

/** What a handler answers, in a way that depends on the request: at once or later, little or much. */
function answerTo(
  method: string,
  target: string,
  fields: Iterable<readonly [name: string, value: string]>,
  body: string,
): string {
  const text = JSON.stringify([method, target, [...fields], body]);
  return target.length % 8 === 3 ? text.padEnd(LARGE_BODY_BYTES) : text;
}

/** Reads a request in every way there is. Whatever its client got wrong is an answer, and no panic. */
async function readInEveryWay(req: WebRequest): Promise<void> {
  const ways: (() => unknown)[] = [
    () => readAsPlatformRequest(req.toRequest()),
    () => req.json(),
    () => req.formData(),
    () => [...req.query],
    () => req.header("cookie"),
  ];
  for (const way of ways) {
    try {
      await way();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }
}

/** Reads a platform request itself, and a real one that is made of it, which must have the same head and body. */
async function readAsPlatformRequest(request: Request): Promise<void> {
  const { method, url } = request;
  const copy = new Request(request.clone());
  const fields = [...request.headers];
  const isSame = method === copy.method && url === copy.url && url === new URL(url).href &&
    fields.every(([name, value]) =>
      withoutEmptyParts(copy.headers.get(name)) === withoutEmptyParts(value) &&
      withoutEmptyParts(request.headers.get(name)) === withoutEmptyParts(value)
    ) && await copy.text() === await request.text();
  if (!isSame) throw new Error(`The request ${method} ${url} differs from a copy of it`);
}

/** Returns a field without its empty parts: Deno loses one of them where it lists the fields of Headers. */
function withoutEmptyParts(value: string | null): string | undefined {
  return value?.split(", ").filter((part) => part !== "").join(", ");
}

/** What handlers have answered with on the last connection. */
const given: string[] = [];

const echo: Handler = (req) => {
  const { length } = req.target;
  const answer = () => {
    const bytes = textOf(req.body);
    // What is ASCII is the same as text and as bytes.
    const body = isAscii(bytes) ? req.text() : bytes;
    const text = answerTo(req.method, req.target, req.headers, body);
    given.push(utf8Of(text));
    return WebResponse.text(text);
  };
  // Who asks for the signal has the connection read on while the handler works.
  if (length % 4 === 2) void req.signal.aborted;
  if (length % 8 === 7) return readInEveryWay(req).then(answer);
  if (length % 8 === 6) return nextTurn().then(answer);
  return length % 4 === 1 ? Promise.resolve().then(answer) : answer();
};

/** The same, of a body that it reads as a stream: at once, or late. */
const streamedEcho: Handler = async (req) => {
  const { length } = req.target;
  if (length % 4 === 2) void req.signal.aborted;
  if (length % 8 === 6) await nextTurn();
  const parts: string[] = [];
  for await (const part of req.stream) {
    parts.push(textOf(part));
    if (length % 8 === 7) await nextTurn();
  }
  const text = answerTo(req.method, req.target, req.headers, parts.join(""));
  given.push(utf8Of(text));
  return WebResponse.text(text);
};

/** A handler of many requests, in one of the ways in which bodies come to it. */
interface EchoWay {
  readonly handler: Handler;
  readonly streamsBody: boolean;
}

const ECHO_WAYS: readonly EchoWay[] = [
  { handler: echo, streamsBody: false },
  { handler: streamedEcho, streamsBody: true },
];

/** What is wrong with what a connection does with the bytes. */
async function faultOfConnection(
  execution: Execution,
  network: Network,
  reference: ReferenceReading,
): Promise<string | undefined> {
  for (const way of ECHO_WAYS) {
    const fault = await faultOfWay(execution, network, reference, way);
    if (fault !== undefined) return way.streamsBody ? `With streamed bodies: ${fault}` : fault;
  }
  return await faultOfCareless(execution, network, reference);
}

async function faultOfWay(
  execution: Execution,
  network: Network,
  reference: ReferenceReading,
  way: EchoWay,
): Promise<string | undefined> {
  if (network.resetAt === undefined) {
    const fault = await faultOfUndisturbed(execution, network, reference, way);
    if (fault !== undefined || execution.disturbance === undefined) return fault;
  }
  return await faultOfDisturbed(execution, network, reference, way);
}

/** Answers with the target alone, and reads all of the body, one part of it, or nothing, now or late. */
const careless: Handler = async (req) => {
  const { length } = req.target;
  if (length % 4 === 2) void req.signal.aborted;
  if (length % 2 === 1) await nextTurn();
  const reader = req.stream.getReader();
  try {
    if (length % 3 > 0) await reader.read();
    while (length % 3 === 2 && !(await reader.read()).done);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
  }
  return WebResponse.bytes(bytesOf(req.target));
};

/**
 * What is wrong with a connection whose handlers do not read every body. Each answer must be that to the request in its place: what
 * was not read of a body must never be taken for a request, and nothing may be answered twice.
 */
async function faultOfCareless(
  execution: Execution,
  network: Network,
  reference: ReferenceReading,
): Promise<string | undefined> {
  const client = new ByteConn(piecesOf(execution), network);
  const served = serve(client, careless, streamedLimits(execution.limits), true);
  await settle(reference);
  client.end();
  if (!await served.ends(MAX_SLOW_TURNS)) return "With unread bodies: the connection does not end";
  const fault = faultOfService(served);
  if (fault !== undefined || network.resetAt !== undefined) return fault;
  const { outcomes, isUnfinished, isHeadAwaited } = reference;
  const isHeadRequest = [...outcomes.map(isOfHead), isHeadAwaited];
  const { responses } = readResponses(client.output, isHeadRequest);
  if (responses.length > outcomes.length + (isUnfinished ? 1 : 0)) {
    return difference("With unread bodies: more answers", responses.length, outcomes.length);
  }
  for (const [index, { status, body }] of responses.entries()) {
    const outcome = outcomes.at(index);
    const isLast = index === responses.length - 1;
    // What is wrong may be in a body that its handler has not read so far.
    const wanted = outcome?.kind === "request"
      ? 200
      : isLast && status === 200
      ? 200
      : outcome?.status ?? 400;
    if (outcome?.kind === "request" && isAboutServer(outcome)) continue;
    if (status !== wanted) {
      return difference(`With unread bodies: answer ${index + 1}`, status, wanted);
    }
    if (outcome?.kind === "request" && outcome.method !== "HEAD" && body !== outcome.target) {
      return difference(`With unread bodies: answer ${index + 1}`, body, outcome.target);
    }
  }
  return undefined;
}

function isOfHead(outcome: ReferenceOutcome): boolean {
  return outcome.kind === "refused" ? outcome.isHeadRequest : outcome.method === "HEAD";
}

function isAboutServer({ method, target }: ReferenceOutcome & { kind: "request" }): boolean {
  return method === "OPTIONS" && target === "*";
}

/** Waits for all that handlers do: some turns for each one that takes any, one for each part of a body, and for what comes of the last. */
async function settle({ outcomes }: ReferenceReading, parts = 0): Promise<void> {
  const turns = TURNS_PER_OUTCOME * (outcomes.length + 1) + parts;
  for (let turn = 0; turn < turns; turn++) await nextTurn();
}

/** The answers when the client has ended, too: what is cut off by that is refused, once (RFC 9112, section 8). */
function allExpected(reference: ReferenceReading): ExpectedAnswer[] {
  const expected = reference.outcomes.map(expectedAnswer);
  if (!reference.isUnfinished) return expected;
  const isHeadRequest = reference.isHeadAwaited;
  return [...expected, expectedAnswer({ kind: "refused", status: 400, isHeadRequest })];
}

async function faultOfUndisturbed(
  execution: Execution,
  network: Network,
  reference: ReferenceReading,
  { handler, streamsBody }: EchoWay,
): Promise<string | undefined> {
  const client = new ByteConn(piecesOf(execution), network);
  const served = serve(client, handler, streamedLimits(execution.limits), streamsBody);
  const parts = streamsBody ? execution.bytes.length : 0;
  await settle(reference, parts);

  const last = reference.outcomes.at(-1);
  const isOver = last !== undefined && (last.kind === "refused" || !last.persists);
  const hasHungUp = client.hasEndedOutput || client.isClosed;
  if (hasHungUp !== isOver) {
    return difference("The connection has hung up on a client that is there", hasHungUp, isOver);
  }
  if (isOver && last.kind !== "request") {
    // The answer to whoever is still sending arrives only if all of that is read first (RFC 9112, section 9.6).
    if (!client.hasEndedOutput) return "The connection does not end its side first";
    if (client.isClosed) return "The connection is closed on a client that may be sending";
    if (!client.isRead) return "The connection does not read what its client is still sending";
  }
  const open = faultOfAnswers(client.output, reference, reference.outcomes.map(expectedAnswer));
  if (open !== undefined) return open;

  client.end();
  if (!await served.ends(MAX_TURNS)) return "The connection does not end with its client";
  if (!client.isClosed) return "The connection is not closed in the end";
  return faultOfService(served) ??
    faultOfAnswers(client.output, reference, allExpected(reference));
}

/** What is wrong where the client is gone in the middle of it all, or the server says its farewell. */
async function faultOfDisturbed(
  execution: Execution,
  network: Network,
  reference: ReferenceReading,
  { handler, streamsBody }: EchoWay,
): Promise<string | undefined> {
  const { disturbance, limits } = execution;
  given.length = 0;
  const usesEventLoop = disturbance !== undefined;
  const client = new ByteConn(piecesOf(execution), { ...network, usesEventLoop });
  const served = serve(client, handler, streamedLimits(limits), streamsBody);
  if (disturbance !== undefined) {
    for (let turn = 0; turn < disturbance.eventLoopTurns; turn++) await nextTurn();
    served.disturb(disturbance.what);
  }
  const parts = streamsBody ? execution.bytes.length : 0;
  await settle(reference, parts);
  client.end();
  if (!await served.ends(MAX_SLOW_TURNS)) return "The connection does not end with its client";
  await settle(reference, parts);

  // What handlers read of a request is theirs until they are done, whoever has gone meanwhile.
  const expected = allExpected(reference);
  const bodies = expected
    .filter(({ status, body }) => status === 200 && body !== undefined)
    .map(({ body }) => body)
    .slice(0, given.length);
  if (!isSame(given, bodies)) return difference("Handlers read something else", given, bodies);
  const fault = faultOfService(served);
  if (fault !== undefined || network.resetAt !== undefined) return fault;
  return faultOfFarewell(client.output, expected, reference);
}

/** With which status the server says farewell: too slow, or stopping. */
const FAREWELLS = [408, 503];

/**
 * What is wrong with answers that end early: they must be the first of those that were expected, and then at most a farewell.
 * The last one may be cut off, by a server that does not wait for a client that is too slow to take it.
 */
function faultOfFarewell(
  output: string,
  expected: readonly ExpectedAnswer[],
  { isHeadAwaited }: ReferenceReading,
): string | undefined {
  const isHeadRequest = [...expected.map((answer) => answer.isHeadRequest), isHeadAwaited];
  let responses: readonly ReadResponse[];
  try {
    ({ responses } = readResponses(output, isHeadRequest));
  } catch (error) {
    if (error instanceof CutOffError) ({ responses } = error);
    else return `The answers cannot be read: ${error}\n  ${JSON.stringify(output.slice(0, 2_000))}`;
  }
  for (const [index, { status, body, fields }] of responses.entries()) {
    const wanted = expected.at(index);
    const isLast = index === responses.length - 1;
    if (isLast && FAREWELLS.includes(status)) {
      const closes = fields.some(([name, value]) => name === "Connection" && value === "close");
      return closes ? undefined : "A farewell without Connection: close";
    }
    if (status !== wanted?.status) {
      return difference(`Answer ${index + 1} has another status`, status, wanted?.status);
    }
    if (wanted.body !== undefined && !wanted.isHeadRequest && body !== wanted.body) {
      return difference(`Answer ${index + 1} has another body`, body, wanted.body);
    }
  }
  return undefined;
}

/** What is wrong with how a connection served, whoever was at the other end. */
function faultOfService({ panics, faults, requestsInFlight }: Served): string | undefined {
  if (panics.length > 0) return `A handler has panicked: ${panics.map(String)}`;
  if (faults.length > 0) return `The connection reports a fault: ${faults.map(String)}`;
  if (requestsInFlight !== 0) return `${requestsInFlight} requests are counted as in flight`;
  return undefined;
}

/** An answer as it must be. `body` is undefined where the text is the server's own. */
interface ExpectedAnswer {
  readonly status: number;
  readonly isHeadRequest: boolean;
  readonly connection: readonly string[];
  readonly body: string | undefined;
}

function expectedAnswer(outcome: ReferenceOutcome): ExpectedAnswer {
  if (outcome.kind === "refused") {
    const { status, isHeadRequest } = outcome;
    return { status, isHeadRequest, connection: ["close"], body: undefined };
  }
  const isHeadRequest = outcome.method === "HEAD";
  if (outcome.kind === "declined") {
    const connection = outcome.persists ? [] : ["close"];
    return { status: outcome.status, isHeadRequest, connection, body: undefined };
  }
  const { method, target, minorVersion, fields, persists } = outcome;
  const connection = persists ? minorVersion === 1 ? [] : ["keep-alive"] : ["close"];
  if (method === "OPTIONS" && target === "*") {
    return { status: 204, isHeadRequest, connection, body: "" };
  }
  const headers = new Headers(fields.map(([name, value]) => [name, value]));
  // RFC 9113, section 8.2.3: cookies that came in several lines are joined as if they had come in one.
  const cookies = fields.filter(([name]) => name.toLowerCase() === "cookie");
  if (cookies.length > 1) headers.set("cookie", cookies.map(([, value]) => value).join("; "));
  const body = utf8Of(answerTo(method, target, headers, outcome.body));
  return { status: 200, isHeadRequest, connection, body };
}

/** A text as the bytes that it goes out as, a character each. */
function utf8Of(text: string): string {
  return isAscii(text) ? text : textOf(new TextEncoder().encode(text));
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

/** What is wrong with the answers: their number, their order, or one of them. */
function faultOfAnswers(
  output: string,
  reference: ReferenceReading,
  expected: readonly ExpectedAnswer[],
): string | undefined {
  let responses: readonly ReadResponse[];
  let continuesBehind: number;
  try {
    const isHeadRequest = expected.map((answer) => answer.isHeadRequest);
    ({ responses, continuesBehind } = readResponses(output, isHeadRequest));
  } catch (error) {
    return `The answers cannot be read: ${error}\n  ${JSON.stringify(output.slice(0, 2_000))}`;
  }
  const statuses = responses.map(({ status }) => status);
  const expectedStatuses = expected.map(({ status }) => status);
  if (!isSame(statuses, expectedStatuses)) {
    return difference("The answers have other statuses", statuses, expectedStatuses);
  }
  for (const [index, response] of responses.entries()) {
    const { connection, body, isHeadRequest } = expected[index];
    const options = valuesOf(response, "connection");
    if (!isSame(options, connection)) {
      return difference(`Answer ${index + 1} has another Connection`, options, connection);
    }
    const length = Number(valuesOf(response, "content-length")[0] ?? 0);
    if (body !== undefined && length !== body.length) {
      return difference(`Answer ${index + 1} has another length`, length, body.length);
    }
    if (body !== undefined && !isHeadRequest && response.body !== body) {
      return difference(`Answer ${index + 1} has another body`, response.body, body);
    }
  }
  const continues = [...responses.map((response) => response.continues), continuesBehind];
  for (const [index, count] of continues.entries()) {
    const most = reference.continues.some(({ before }) => before === index) ? 1 : 0;
    if (count > most) {
      const where = `Before answer ${
        index + 1
      } the client is told to go on another number of times`;
      return difference(where, count, most);
    }
  }
  return undefined;
}
