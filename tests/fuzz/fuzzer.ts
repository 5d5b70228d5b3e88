// The fuzzer's loop: executions in a row, until one shows a fault or there have been enough; and the words for what it found.
// The program is fuzz.ts, and the tests run the same loop for a short time (fuzz_test.ts).

import { BufferPool } from "../../src/http1/buffer_pool.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { type RequestLimits, RequestParser } from "../../src/http1/request_parser.ts";
import { bytesOf, numbersFrom } from "../http1/reading.ts";
import {
  execute,
  type Execution,
  makeExecution,
  MAX_DRIBBLED_BYTES,
  type Reader,
  type Verdict,
} from "./executions.ts";
import { reduce } from "./reducer.ts";
import { readReference, type ReferenceReading } from "./reference.ts";
import {
  canBeSent,
  faultOfAnswers,
  faultOfFetch,
  type MadeAnswer,
  makeAnswer,
} from "./responses.ts";

/** Every so many executions of requests, answers of handlers are looked at, too. */
const ANSWERS_EVERY = 8;

const MAX_ANSWERS = 3;

/** What to run. */
export interface FuzzPlan {
  readonly seed: number;
  /** The number of the first execution; 0 where it is not named. */
  readonly first?: number;
  /** Whether to go on with the execution of that number. */
  readonly goesOn: (number: number) => boolean;
  /** What reads requests: the parser, where nothing else is named. */
  readonly reader?: Reader;
}

/** An execution that shows a fault. */
export interface Failure {
  readonly seed: number;
  readonly number: number;
  /** What is wrong. */
  readonly fault: string;
  /** The smallest input that was found for which it is, as source code. */
  readonly input: string;
}

/** What a run has come to. */
export interface FuzzReport {
  readonly executions: number;
  /** How many bytes came to which end, by its name, such as `"refused with 400"`. */
  readonly ends: ReadonlyMap<string, number>;
  readonly failure: Failure | undefined;
}

/** Runs executions until one fails, or the plan ends. */
export async function fuzz({ seed, first = 0, goesOn, reader }: FuzzPlan): Promise<FuzzReport> {
  const ends = new Map<string, number>();
  const count = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);
  let number = first;
  for (; goesOn(number); number++) {
    const execution = makeExecution(seed, number);
    const verdict = execute(execution, reader);
    // Most need no turn of the event loop, which would take as long as all the rest.
    const { reference, fault } = verdict instanceof Promise ? await verdict : verdict;
    endsOf(reference).forEach(count);
    if (fault !== undefined) {
      const failure = await explain(seed, number, execution, fault, reader);
      return { executions: number + 1 - first, ends, failure };
    }
    if (number % ANSWERS_EVERY === 0) {
      const answers = makeAnswers(seed, number);
      const fault = await faultOfAnswers(answers) ?? await faultOfFetch(answers[0]);
      for (const answer of answers) {
        count(`handler's ${answer.kind} that ${canBeSent(answer) ? "can be sent" : "is a panic"}`);
      }
      if (fault !== undefined) {
        const failure = await explainAnswers(seed, number, answers, fault);
        return { executions: number + 1 - first, ends, failure };
      }
    }
  }
  return { executions: number - first, ends, failure: undefined };
}

/** The names of the ends that some bytes come to. */
function endsOf({ outcomes, awaiting }: ReferenceReading): string[] {
  const ends = outcomes.map((outcome) =>
    outcome.kind === "request" ? "requests read" : `${outcome.kind} with ${outcome.status}`
  );
  return awaiting === "request" ? ends : [...ends, `awaiting the rest of a ${awaiting}`];
}

// What the answers of handlers are made of.

function makeAnswers(seed: number, number: number): MadeAnswer[] {
  const random = numbersFrom(seed ^ Math.imul(number + 1, 0xc2b2ae35));
  return Array.from({ length: 1 + Math.floor(random() * MAX_ANSWERS) }, () => makeAnswer(random));
}

// Making a failure small.

/** Makes what fails smaller: how it comes first, then the bytes. */
async function explain(
  seed: number,
  number: number,
  execution: Execution,
  fault: string,
  reader: Reader | undefined,
): Promise<Failure> {
  let last: Verdict | undefined;
  const failsLikeThat = async (candidate: Execution) => {
    const verdict = await execute(candidate, reader);
    // The same kind of fault: another one is another story, whose end may be somewhere else.
    const fails = verdict.fault !== undefined && firstLine(verdict.fault) === firstLine(fault);
    if (fails) last = verdict;
    return fails;
  };
  let smallest = execution;
  for (const delivery of ["whole", "byte by byte"] as const) {
    if (execution.delivery === delivery) break;
    if (delivery === "byte by byte" && execution.bytes.length > MAX_DRIBBLED_BYTES) break;
    if (await failsLikeThat({ ...execution, delivery })) {
      smallest = { ...execution, delivery };
      break;
    }
  }
  const bytes = await reduce(smallest.bytes, (bytes) => failsLikeThat({ ...smallest, bytes }));
  smallest = { ...smallest, bytes };
  return {
    seed,
    number,
    fault: last?.fault ?? fault,
    input: describeExecution(smallest),
  };
}

async function explainAnswers(
  seed: number,
  number: number,
  answers: readonly MadeAnswer[],
  fault: string,
): Promise<Failure> {
  for (const answer of answers) {
    const alone = await faultOfAnswers([answer]) ?? await faultOfFetch(answer);
    if (alone === undefined) continue;
    return { seed, number, fault: alone, input: sourceOf(answer) };
  }
  return { seed, number, fault, input: sourceOf(answers) };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0];
}

/** The input as a wire case (tests/http1/wire_cases.ts), with what the reference expects, and how it came. */
function describeExecution({ bytes, limits, delivery, network, disturbance }: Execution): string {
  const { outcomes, awaiting } = readReference(bytes, limits);
  const requests: string[] = [];
  const rest: string[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === "refused") {
      rest.push(`refused: ${outcome.status},`);
      rest.push(`reason: ${sourceOf(reasonOf(bytes, limits, outcome.status))},`);
      if (outcome.isHeadRequest) rest.push("isHeadRequest: true,");
      continue;
    }
    const named: string[] = [];
    if (outcome.kind === "declined") named.push(`declined: ${outcome.status}`);
    if (outcome.method !== "GET") named.push(`method: ${sourceOf(outcome.method)}`);
    if (outcome.kind === "request") {
      if (outcome.target !== "/") named.push(`target: ${sourceOf(outcome.target)}`);
      if (outcome.body !== "") named.push(`body: ${sourceOf(outcome.body)}`);
    }
    if (!outcome.persists) named.push("persists: false");
    requests.push(named.length === 0 ? "{}" : `{ ${named.join(", ")} }`);
  }
  if (requests.length > 0) rest.unshift(`requests: [${requests.join(", ")}],`);
  if (awaiting !== "request") rest.push(`awaiting: ${sourceOf(awaiting)},`);
  const way = typeof delivery === "string" ? delivery : `cut at ${delivery}`;
  const over = network === undefined ? "" : `, over a connection with ${sourceOf(network)}`;
  const disturbed = disturbance === undefined ? "" : `, disturbed by ${sourceOf(disturbance)}`;
  return [
    `// Delivered ${way}${over}${disturbed}`,
    "{",
    `  what: "...",`,
    `  bytes: ${sourceOf(bytes)},`,
    `  limits: ${sourceOf(limits)},`,
    ...rest.map((line) => "  " + line),
    "},",
  ].join("\n");
}

/** The name of the refusal that the parser gives; where it gives none with that status, somebody has to find the right one. */
function reasonOf(bytes: string, limits: RequestLimits, status: number): string {
  const unknown = "...";
  try {
    const parser = new RequestParser(limits, new BufferPool());
    const all = bytesOf(bytes);
    for (let at = 0; at < all.length;) {
      const piece = all.subarray(at, at + parser.space.length);
      parser.space.set(piece);
      parser.received(piece.length);
      at += piece.length;
      for (;;) {
        const outcome = parser.next();
        if (outcome.kind === "incomplete") break;
        if (outcome.kind === "request") outcome.body.release();
        if (outcome.kind !== "refused") continue;
        const named = Object.entries(REFUSALS).find(([, refusal]) => refusal === outcome.refusal);
        return named !== undefined && outcome.refusal.status === status ? named[0] : unknown;
      }
    }
  } catch {
    // A parser that throws is what was found: it has no reason to give.
  }
  return unknown;
}

/** A value as source code, in which every byte can be seen. */
export function sourceOf(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_, inner) => inner instanceof Uint8Array ? [...inner] : inner,
  );
  return text.replace(
    /[\x7f-\xff]/g,
    (byte) => "\\u" + byte.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** What a run has come to, as text for people, with the program that shows a failure again. */
export function describeReport(
  report: FuzzReport,
  elapsedMs: number,
  program = "fuzz.ts",
): string {
  const { executions, ends, failure } = report;
  const perSecond = Math.round(executions / (elapsedMs / 1_000));
  const lines = [...ends]
    .toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([end, count]) => `${String(count).padStart(12)}  ${end}`);
  lines.push(
    `${executions} executions in ${Math.round(elapsedMs / 100) / 10} s, ${perSecond} per second`,
  );
  if (failure !== undefined) lines.push(describeFailure(failure, program));
  return lines.join("\n");
}

/** What went wrong, on what, and how to see it again. */
export function describeFailure(
  { seed, number, fault, input }: Failure,
  program = "fuzz.ts",
): string {
  return [
    `Execution ${number} of seed ${seed} shows a fault`,
    fault,
    "",
    input,
    "",
    `Again: deno run -A tests/fuzz/${program} --seed ${seed} --execution ${number}`,
  ].join("\n");
}
