// What a worker still does at twice the load that it can bear, with and without the options that shed requests: how many users
// get their answer in time, and how long these take.

import { type OpenResult, PATIENCE_MS, startOpenLoad } from "./open_load.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import { BenchServer, overloaded } from "./servers.ts";
import { median, orderOfRound } from "./statistics.ts";
import { digits, markdownTable } from "./table.ts";

/** What the worker can bear: see peers/overload_app.js. */
const CAPACITY_PER_SECOND = 200;

const WORKS = [
  { path: "/compute", what: "5 ms of computing" },
  { path: "/wait", what: "50 ms at one of ten places" },
] as const;

const OPTIONS = [
  { what: "none", flags: [] },
  { what: "maxRequestsInFlight: 20", flags: ["--max-requests-in-flight=20"] },
  { what: "maxEventLoopLag: 100", flags: ["--max-event-loop-lag=100"] },
  { what: "both", flags: ["--max-requests-in-flight=20", "--max-event-loop-lag=100"] },
] as const;

/** One row: a work, the options of the server, and the load in shares of what the worker can bear. */
export interface OverloadCase {
  readonly work: typeof WORKS[number];
  readonly options: typeof OPTIONS[number];
  readonly load: number;
}

/** Twice the load with all options; and a load that the worker can bear, where nothing should be shed. */
export const OVERLOAD_CASES: readonly OverloadCase[] = WORKS.flatMap((work) => [
  ...OPTIONS.map((options) => ({ work, options, load: 2 })),
  ...[OPTIONS[0], OPTIONS[3]].map((options) => ({ work, options, load: 0.7 })),
]);

/** So long that a backlog without a limit is longer than users wait. */
const MIN_SECONDS = 5;

async function measure({ work, options, load }: OverloadCase, round: RoundOptions) {
  await using server = await BenchServer.start(overloaded(options.flags), {
    processors: `${SERVER_PROCESSOR}`,
  });
  const { port } = server;
  const ask = (share: number, seconds: number) =>
    startOpenLoad(
      { port, path: work.path, perSecond: CAPACITY_PER_SECOND * share, seconds },
      `${LOAD_PROCESSOR}`,
    );
  if (round.warmUpSeconds > 0) await ask(0.5, round.warmUpSeconds);
  return await ask(load, Math.max(round.seconds, MIN_SECONDS));
}

/** Goodput and p99 under overload, for the cases in turn. */
export async function overload(
  options: RoundOptions,
  tell: (line: string) => void,
  cases = OVERLOAD_CASES,
): Promise<string> {
  const samples = new Map(cases.map((each) => [each, [] as OpenResult[]]));
  for (let round = 0; round < options.rounds; round++) {
    for (const each of orderOfRound(cases, round)) {
      const sample = await measure(each, options);
      samples.get(each)?.push(sample);
      const { goodPerSecond, p99Ms } = sample;
      tell(
        `overload, ${each.work.what}, ${each.load} times, ${each.options.what}: ` +
          `${Math.round(goodPerSecond)} in time a second, p99 ${Math.round(p99Ms)} ms`,
      );
    }
  }
  const rows = [...samples].map(([each, own]) => {
    const middle = (value: (sample: OpenResult) => number) => digits(median(own.map(value)));
    return {
      "a request takes": each.work.what,
      "requests/s": `${CAPACITY_PER_SECOND * each.load}`,
      "options": each.options.what,
      "200 in time/s": middle(({ goodPerSecond }) => goodPerSecond),
      "503/s": middle(({ shedPerSecond }) => shedPerSecond),
      "p50 ms": middle(({ p50Ms }) => p50Ms),
      "p99 ms": middle(({ p99Ms }) => p99Ms),
      "p99 of 503 ms": middle(({ shedP99Ms }) => shedP99Ms),
    };
  });
  return `### overload: one worker that can bear ${CAPACITY_PER_SECOND} requests a second; users wait ${
    PATIENCE_MS / 1e3
  } s\n\n${markdownTable(rows)}\n`;
}
