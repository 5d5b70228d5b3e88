// How long it takes from before the process is made to the first answer: by one worker, and by ten. On all processors, as a
// server is started.

import type { RoundOptions } from "./rounds.ts";
import {
  BARE_THREAD,
  BARE_WORKER,
  BenchServer,
  commandLineWith,
  DENO_SERVE,
  MUDPIE,
  MUDPIE_COMMAND_LINE,
  type Peer,
} from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";

const STARTS = 9;
const MANY = 10;

/** A server, and what its start is compared with. */
interface Contestant {
  readonly peer: Peer;
  /** A worker of the same kind that only accepts: no server with workers can start faster. */
  readonly floor: Peer;
  /** The same server with one worker. */
  readonly single: Peer;
}

const CONTESTANTS: readonly Contestant[] = [
  { peer: DENO_SERVE, floor: BARE_WORKER, single: DENO_SERVE },
  { peer: BARE_WORKER, floor: BARE_WORKER, single: BARE_WORKER },
  { peer: BARE_THREAD, floor: BARE_WORKER, single: BARE_THREAD },
  { peer: MUDPIE, floor: BARE_WORKER, single: MUDPIE },
  {
    peer: { ...MUDPIE, name: "mudpie-10", what: `Mudpie, ${MANY} workers`, workers: MANY },
    floor: BARE_WORKER,
    single: MUDPIE,
  },
  { peer: MUDPIE_COMMAND_LINE, floor: BARE_THREAD, single: MUDPIE_COMMAND_LINE },
  { peer: commandLineWith(MANY), floor: BARE_THREAD, single: MUDPIE_COMMAND_LINE },
];

/** They have no moment at which all workers accept. */
const WITHOUT_FLEET = [DENO_SERVE, BARE_WORKER, BARE_THREAD];

interface Start {
  readonly firstMs: number;
  /** When all workers accept. */
  readonly allMs: number;
}

async function start(peer: Peer): Promise<Start> {
  const begun = performance.now();
  await using server = await BenchServer.start(peer);
  if (!WITHOUT_FLEET.includes(peer)) await server.allAccept();
  return { firstMs: server.startMs, allMs: performance.now() - begun };
}

/** The times from spawn to the first 200. */
export async function startTimes(
  _options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = new Map(CONTESTANTS.map(({ peer }) => [peer, [] as Start[]]));
  // The first start compiles what the later ones find in the cache.
  for (const { peer } of CONTESTANTS) await start(peer);
  for (let round = 0; round < STARTS; round++) {
    for (const { peer } of orderOfRound(CONTESTANTS, round)) {
      const sample = await start(peer);
      samples.get(peer)?.push(sample);
      tell(`start, round ${round + 1}, ${peer.name}: ${Math.round(sample.firstMs)} ms`);
    }
  }
  const firsts = (peer: Peer) => (samples.get(peer) ?? []).map(({ firstMs }) => firstMs);
  const rows = CONTESTANTS.map(({ peer, floor, single }) => ({
    "server": peer.what,
    "ms to the first 200": digits(median(firsts(peer))),
    "ratio to a bare worker": ratioText(ratioByRound(firsts(peer), firsts(BARE_WORKER))),
    "ratio to one of its kind": ratioText(ratioByRound(firsts(peer), firsts(floor))),
    "ratio to one worker": ratioText(ratioByRound(firsts(peer), firsts(single))),
    "ms until all accept": digits(median((samples.get(peer) ?? []).map(({ allMs }) => allMs))),
  }));
  return `### start: spawn to the first 200, ${STARTS} times (targets: 2.0 of a bare worker; ten workers within 3 of one)\n\n` +
    `${markdownTable(rows)}\n`;
}
