// Mudpie beside the others, and with many routes beside itself: the rows of processor time.

import { type Contestant, type RoundOptions, runRounds, type Sample } from "./rounds.ts";
import { BARE, DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { geometricMean, median, type Ratio, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText, type Row } from "./table.ts";
import { ROUTED_WORKLOADS, type Workload } from "./workloads.ts";

/** What came of one workload for Mudpie. */
export interface Verdict {
  readonly workload: Workload;
  /** Processor time for a request, in microseconds. */
  readonly base: number;
  readonly own: number;
  readonly processor: Ratio;
  readonly throughput: Ratio;
}

/** Below this share of its processor a server has had to wait for the load. */
const BUSY = 0.95;

function column(samples: readonly Sample[], name: keyof Sample): number[] {
  return samples.map((sample) => sample[name]);
}

/** The rows of a table: one for each of the contestants, and how it relates to the one that is the base. */
function rowsOf(
  labels: readonly string[],
  samples: readonly Sample[][],
  base: readonly Sample[],
): Row[] {
  return labels.map((label, index) => {
    const own = samples[index];
    const ratio = (name: keyof Sample) =>
      ratioText(ratioByRound(column(own, name), column(base, name)));
    const middle = (name: keyof Sample) => median(column(own, name));
    return {
      "server": label,
      "CPU us/request": digits(middle("processorUs")),
      "CPU ratio": ratio("processorUs"),
      "requests/s": digits(middle("requestsPerSecond")),
      "throughput ratio": ratio("requestsPerSecond"),
      "p50 us": digits(middle("p50Us")),
      "p99 us": digits(middle("p99Us")),
      "core busy": `${Math.round(middle("use") * 100)} %${middle("use") < BUSY ? " (waits)" : ""}`,
    };
  });
}

/** Measures one workload with all peers. Gives the table, and what it says of Mudpie. */
export async function compare(
  workload: Workload,
  peers: readonly Peer[],
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<{ readonly text: string; readonly verdict: Verdict }> {
  const able = peers.filter((peer) => peer !== BARE || workload.isForBare);
  const contestants = able.map((peer): Contestant => ({ peer, workload }));
  const samples = await runRounds(contestants, options, tell);
  const own = samples[able.indexOf(MUDPIE)];
  const base = samples[able.indexOf(DENO_SERVE)];
  const rows = rowsOf(able.map((peer) => peer.what), samples, base);
  const verdict = {
    workload,
    base: median(column(base, "processorUs")),
    own: median(column(own, "processorUs")),
    processor: ratioByRound(column(own, "processorUs"), column(base, "processorUs")),
    throughput: ratioByRound(column(own, "requestsPerSecond"), column(base, "requestsPerSecond")),
  };
  return { text: `### ${workload.name}: ${workload.what}\n\n${markdownTable(rows)}\n`, verdict };
}

/** Mudpie with many routes beside Mudpie with few. */
export async function compareRoutes(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const contestants = ROUTED_WORKLOADS.map((workload) => ({ peer: MUDPIE, workload }));
  const samples = await runRounds(contestants, options, tell);
  const rows = rowsOf(ROUTED_WORKLOADS.map(({ name }) => name), samples, samples[0]);
  return `### routes: Mudpie with many routes, beside Mudpie with 10\n\n${markdownTable(rows)}\n`;
}

/** All of Mudpie's rows in one table, beside the targets, and their mean. */
export function summary(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ workload, base, own, processor, throughput }) => ({
    "workload": workload.name,
    "Deno.serve us": digits(base),
    "Mudpie us": digits(own),
    "CPU ratio": ratioText(processor),
    "target": workload.target?.toFixed(2) ?? "-",
    "throughput ratio": ratioText(throughput),
  }));
  const mean = geometricMean(verdicts.map(({ processor }) => processor.median));
  return `### Summary: Mudpie beside Deno.serve\n\n${markdownTable(rows)}\n\n` +
    `Geometric mean of ${verdicts.length} CPU ratios: ${mean.toFixed(3)}\n`;
}
