// How long it takes from before the process is made to the first answer: by one worker, and by ten. On all processors, as a
// server is started.

import type { RoundOptions } from "./rounds.ts";
import { BenchServer, DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";

const STARTS = 9;
const MANY = 10;

const CONTESTANTS: readonly Peer[] = [
  DENO_SERVE,
  MUDPIE,
  { ...MUDPIE, name: "mudpie-10", what: `Mudpie, ${MANY} workers`, workers: MANY },
];

interface Start {
  readonly firstMs: number;
  /** When all workers accept; Deno.serve has no such moment. */
  readonly allMs: number;
}

async function start(peer: Peer): Promise<Start> {
  const begun = performance.now();
  await using server = await BenchServer.start(peer);
  if (peer !== DENO_SERVE) await server.allAccept();
  return { firstMs: server.startMs, allMs: performance.now() - begun };
}

/** The times from spawn to the first 200. */
export async function startTimes(
  _options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = new Map(CONTESTANTS.map((peer) => [peer, [] as Start[]]));
  // The first start compiles what the later ones find in the cache.
  for (const peer of CONTESTANTS) await start(peer);
  for (let round = 0; round < STARTS; round++) {
    for (const peer of orderOfRound(CONTESTANTS, round)) {
      const sample = await start(peer);
      samples.get(peer)?.push(sample);
      tell(`start, round ${round + 1}, ${peer.name}: ${Math.round(sample.firstMs)} ms`);
    }
  }
  const firsts = (peer: Peer) => (samples.get(peer) ?? []).map(({ firstMs }) => firstMs);
  const rows = CONTESTANTS.map((peer) => ({
    "server": peer.what,
    "ms to the first 200": digits(median(firsts(peer))),
    "ratio to Deno.serve": ratioText(ratioByRound(firsts(peer), firsts(DENO_SERVE))),
    "ratio to one worker": ratioText(ratioByRound(firsts(peer), firsts(MUDPIE))),
    "ms until all accept": digits(median((samples.get(peer) ?? []).map(({ allMs }) => allMs))),
  }));
  return `### start: spawn to the first 200, ${STARTS} times (targets: 1.30 of Deno.serve; ten workers within 3 of one)\n\n` +
    `${markdownTable(rows)}\n`;
}
