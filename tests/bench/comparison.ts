// Compares servers with each other, and Mudpie with many routes with itself: the rows of processor time. The pairs of servers
// that the summaries compare are in pairs.ts.

import type { Mean, Pair } from "./pairs.ts";
import { type Contestant, type RoundOptions, runRounds, type Sample } from "./rounds.ts";
import { canAnswer, DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { geometricMean, median, type Ratio, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText, type Row } from "./table.ts";
import { ROUTED_WORKLOADS, type Workload } from "./workloads.ts";

/** What the rounds have shown of one workload. */
export interface Measured {
  readonly workload: Workload;
  readonly samples: ReadonlyMap<Peer, readonly Sample[]>;
}

/** The medians of one side. */
interface SideVerdict {
  /** Processor time for a request, in microseconds. */
  readonly processorUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** What came of one workload for a pair. */
export interface Verdict {
  readonly workload: string;
  readonly base: SideVerdict;
  readonly own: SideVerdict;
  readonly processor: Ratio;
  readonly throughput: Ratio;
  readonly p99: Ratio;
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

/** Measures one workload with all peers. Gives the table, and what was measured. */
export async function compare(
  workload: Workload,
  peers: readonly Peer[],
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<{ readonly text: string; readonly measured: Measured }> {
  const able = peers.filter((peer) => canAnswer(peer, workload));
  const contestants = able.map((peer): Contestant => ({ peer, workload }));
  const samples = await runRounds(contestants, options, tell);
  const base = samples[able.indexOf(DENO_SERVE)];
  const rows = rowsOf(able.map((peer) => peer.what), samples, base);
  const measured = {
    workload,
    samples: new Map(able.map((peer, index) => [peer, samples[index]])),
  };
  return { text: `### ${workload.name}: ${workload.what}\n\n${markdownTable(rows)}\n`, measured };
}

function sideVerdict(samples: readonly Sample[]): SideVerdict {
  const middle = (name: keyof Sample) => median(column(samples, name));
  return {
    processorUs: middle("processorUs"),
    p50Us: middle("p50Us"),
    p99Us: middle("p99Us"),
  };
}

/** What came of the rows of a pair, as far as both of its sides were measured. */
export function verdictsOf({ rows, own, base }: Pair, measured: readonly Measured[]): Verdict[] {
  return measured.flatMap(({ workload, samples }) => {
    const ours = samples.get(own.peer);
    const theirs = samples.get(base.peer);
    if (!(workload.name in rows) || ours === undefined || theirs === undefined) return [];
    const ratio = (name: keyof Sample) => ratioByRound(column(ours, name), column(theirs, name));
    return [{
      workload: workload.name,
      base: sideVerdict(theirs),
      own: sideVerdict(ours),
      processor: ratio("processorUs"),
      throughput: ratio("requestsPerSecond"),
      p99: ratio("p99Us"),
    }];
  });
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

/** The mean of those rows that were measured; undefined if none was. */
function meanText({ what, rows, target }: Mean, verdicts: readonly Verdict[]): string | undefined {
  const found = verdicts.filter(({ workload }) => rows.includes(workload));
  if (found.length === 0) return undefined;
  const mean = geometricMean(found.map(({ processor }) => processor.median));
  const count = found.length === rows.length
    ? `${rows.length}`
    : `${found.length} of ${rows.length}`;
  const aim = target === undefined ? "" : ` (target ${target.toFixed(2)})`;
  return `Geometric mean of the CPU ratios, ${what} (${count}): ${mean.toFixed(3)}${aim}\n`;
}

/** All rows of a pair in one table, beside the targets, and their means. */
export function summary(pair: Pair, verdicts: readonly Verdict[]): string {
  const { own, base, p99Target } = pair;
  const p99Ratio = p99Target === undefined
    ? "p99 ratio"
    : `p99 ratio (target ${p99Target.toFixed(2)})`;
  const rows = verdicts.map((verdict) => ({
    "workload": verdict.workload,
    [`${base.name} us`]: digits(verdict.base.processorUs),
    [`${own.name} us`]: digits(verdict.own.processorUs),
    "CPU ratio": ratioText(verdict.processor),
    "target": pair.rows[verdict.workload]?.toFixed(2) ?? "-",
    "throughput ratio": ratioText(verdict.throughput),
    "p50 us (base, own)": `${digits(verdict.base.p50Us)}, ${digits(verdict.own.p50Us)}`,
    "p99 us (base, own)": `${digits(verdict.base.p99Us)}, ${digits(verdict.own.p99Us)}`,
    [p99Ratio]: ratioText(verdict.p99),
  }));
  const means = pair.means.flatMap((mean) => meanText(mean, verdicts) ?? []);
  return `### Summary: ${own.name} beside ${base.name} (${pair.name})\n\n` +
    `${markdownTable(rows)}\n\n${means.join("\n")}`;
}
