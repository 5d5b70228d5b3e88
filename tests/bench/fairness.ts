// Fairness: does everybody get a turn when more connections are ready at once than a worker answers in one turn?

import { ProcessorClock } from "./processes.ts";
import { type EpollResult, startEpollLoad } from "./epoll_load.ts";
import { HELLO_HEAD } from "./requests.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import { BARE, BenchServer, DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText, type Row } from "./table.ts";

const CONNECTION_COUNTS = [64, 256, 1_000];
const PEERS: readonly Peer[] = [MUDPIE, DENO_SERVE, BARE];

/** So long that the slowest of a thousand connections has its chance. */
const MIN_SECONDS = 5;

interface Sample extends EpollResult {
  readonly use: number;
}

async function measure(
  peer: Peer,
  connections: number,
  options: RoundOptions,
): Promise<Sample> {
  await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
  const load = { port: server.port, connections, request: HELLO_HEAD };
  const { warmUpSeconds } = options;
  if (warmUpSeconds > 0) {
    await startEpollLoad({ ...load, seconds: warmUpSeconds }, `${LOAD_PROCESSOR}`);
  }
  const seconds = Math.max(options.seconds, MIN_SECONDS);
  const clock = new ProcessorClock(server.pid);
  const result = await startEpollLoad({ ...load, seconds }, `${LOAD_PROCESSOR}`);
  return { ...result, use: clock.elapsed() / result.seconds / 1e9 };
}

/** The p99 and the share of the slowest connection, beside `Deno.serve` and the loop that parses nothing. */
export async function fairness(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const rows: Row[] = [];
  for (const connections of CONNECTION_COUNTS) {
    const samples = new Map(PEERS.map((peer) => [peer, [] as Sample[]]));
    for (let round = 0; round < options.rounds; round++) {
      for (const peer of orderOfRound(PEERS, round)) {
        const sample = await measure(peer, connections, options);
        samples.get(peer)?.push(sample);
        tell(`fairness, ${connections} connections, ${peer.name}: p99 ${sample.p99Us} us`);
      }
    }
    const base = samples.get(DENO_SERVE) ?? [];
    for (const [peer, own] of samples) rows.push(rowOf(peer, connections, own, base));
  }
  return `### fairness: hello on one worker, clients at full speed\n\n${markdownTable(rows)}\n`;
}

function rowOf(
  peer: Peer,
  connections: number,
  own: readonly Sample[],
  base: readonly Sample[],
): Row {
  const middle = (value: (sample: Sample) => number) => median(own.map(value));
  const p99 = (samples: readonly Sample[]) => samples.map((sample) => sample.p99Us);
  return {
    "connections": `${connections}`,
    "server": peer.what,
    "answers/s": digits(middle(({ answers, seconds }) => answers / seconds)),
    "p50 us": digits(middle(({ p50Us }) => p50Us)),
    "p99 us": digits(middle(({ p99Us }) => p99Us)),
    "p99 ratio": ratioText(ratioByRound(p99(own), p99(base))),
    "longest ms": digits(middle(({ longestUs }) => longestUs / 1e3)),
    "slowest/median connection": digits(middle(({ least, middle }) => least / middle), 2),
    "core busy": `${Math.round(middle(({ use }) => use) * 100)} %`,
  };
}
