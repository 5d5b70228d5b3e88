// Two workers on two processors beside one on one. The load needs a processor, too: with two of them it takes what the servers
// could have used, so what each side has used is told apart. And how kept connections spread over workers.

import { get, RawClient } from "../support/clients/raw_client.ts";
import { ProcessorClock } from "./processes.ts";
import { HELLO_HEAD } from "./requests.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import {
  BenchServer,
  MUDPIE,
  MUDPIE_2,
  NODE_2,
  PARALLEL_2,
  type Peer,
  PEERS,
  presentPeers,
} from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";
import { CONNECTIONS } from "./workloads.ts";
import { runWrk } from "./wrk.ts";

interface Sample {
  readonly requestsPerSecond: number;
  readonly serverUs: number;
  readonly loadUs: number;
}

/** Clock ticks are 10 ms wherever Linux runs. */
const TICKS_PER_SECOND = 100;

/** What the processes have used that this one has started and that have ended, in microseconds: after a run of wrk, wrk's. */
function endedChildrenUs(): number {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  // Fields 16 and 17 of proc(5), user and system; the list begins behind the second one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * (1e6 / TICKS_PER_SECOND);
}

async function measure(peer: Peer, options: RoundOptions): Promise<Sample> {
  const isOne = peer.workers === 1;
  const all = `${SERVER_PROCESSOR},${LOAD_PROCESSOR}`;
  const processors = isOne ? `${SERVER_PROCESSOR}` : all;
  await using server = await BenchServer.start(peer, { processors });
  const load = (seconds: number) =>
    runWrk({
      port: server.port,
      requests: [HELLO_HEAD],
      connections: CONNECTIONS,
      seconds,
      processors: isOne ? `${LOAD_PROCESSOR}` : all,
    });
  if (options.warmUpSeconds > 0) await load(options.warmUpSeconds);
  const clock = new ProcessorClock(server.pid);
  const loadBefore = endedChildrenUs();
  const { requests, requestsPerSecond } = await load(options.seconds);
  return {
    requestsPerSecond,
    serverUs: clock.elapsed() / requests / 1e3,
    loadUs: (endedChildrenUs() - loadBefore) / requests,
  };
}

/** Each with two workers, beside itself with one. */
async function throughput(options: RoundOptions, tell: (line: string) => void): Promise<string> {
  const named = (name: string) => PEERS.filter((peer) => peer.name === name);
  const pairs = [MUDPIE, MUDPIE_2, ...named("deno-parallel"), PARALLEL_2, ...named("node"), NODE_2];
  const contestants = await presentPeers(pairs, () => {});
  const samples = new Map(contestants.map((peer) => [peer, [] as Sample[]]));
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of orderOfRound(contestants, round)) {
      const sample = await measure(peer, options);
      samples.get(peer)?.push(sample);
      tell(`scaling, ${peer.name}: ${Math.round(sample.requestsPerSecond)} a second`);
    }
  }
  const rates = (peer: Peer) => (samples.get(peer) ?? []).map((each) => each.requestsPerSecond);
  const rows = contestants.map((peer, index) => {
    const own = samples.get(peer) ?? [];
    const serverUs = median(own.map((sample) => sample.serverUs));
    // One stands before two in the list.
    const one = peer.workers === 1 ? peer : contestants[index - 1];
    return {
      "server": peer.what,
      "requests/s": digits(median(rates(peer))),
      "ratio to one": ratioText(ratioByRound(rates(peer), rates(one))),
      "server us/request": digits(serverUs),
      "load us/request": digits(median(own.map((sample) => sample.loadUs))),
      "requests/s if the load were free": digits(peer.workers / serverUs * 1e6),
    };
  });
  return `### scaling: two workers on both processors beside one on one; the load shares the second\n\n` +
    `${markdownTable(rows)}\n`;
}

/** How many of the connections each worker has, the most first. */
async function spreadOver(listen: "reuseport" | "shared", workers: number): Promise<number[]> {
  await using server = await BenchServer.start(MUDPIE, { listen, workers });
  await server.allAccept();
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => RawClient.connect(server.port)),
  );
  const counts = new Map<string, number>();
  for (const client of clients) {
    const { text } = await client.ask(get("/worker"));
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  for (const client of clients) client[Symbol.dispose]();
  const missing = Array<number>(workers - counts.size).fill(0);
  return [...counts.values(), ...missing].sort((left, right) => right - left);
}

const SPREAD_WORKERS = [2, 10];

/** How kept connections that come all at once spread, in both listen modes: the worst of the rounds. */
async function spread({ rounds }: RoundOptions): Promise<string> {
  const rows = [];
  for (const workers of SPREAD_WORKERS) {
    for (const listen of ["reuseport", "shared"] as const) {
      const spreads: number[][] = [];
      for (let round = 0; round < rounds; round++) spreads.push(await spreadOver(listen, workers));
      const worst = spreads.reduce((left, right) => right[0] > left[0] ? right : left);
      rows.push({
        "listen": listen,
        "workers": `${workers}`,
        "connections of the fullest": digits(median(spreads.map(([most]) => most)), 2),
        "worst round": worst.join(" "),
      });
    }
  }
  return `${CONNECTIONS} kept connections, opened at once, over Mudpie's workers:\n\n${
    markdownTable(rows)
  }\n`;
}

/** Both tables. */
export async function scaling(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  return `${await throughput(options, tell)}\n${await spread(options)}`;
}
