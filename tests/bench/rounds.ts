// The rounds: each server is started, checked, warmed up and measured, one after the other, and again in another order. Each
// round has new processes, because two runs of the same program are not compiled alike.

import { checkAnswers } from "./answers_check.ts";
import { ProcessorClock } from "./processes.ts";
import { BenchServer, type Peer } from "./servers.ts";
import { orderOfRound } from "./statistics.ts";
import type { Workload } from "./workloads.ts";
import { runWrk } from "./wrk.ts";

/** The server's processor, and that of the load. */
export const SERVER_PROCESSOR = 0;
export const LOAD_PROCESSOR = 1;

/** How long a server that is to have lived answers each workload of its life: long enough to be compiled for it. */
const LIFE_SECONDS = 1;

export interface RoundOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/**
 * How many answers a server gives before it is measured. Over the first 30,000 or so, the engine compiles what is asked often: with
 * a connection for each request that is 2 to 3 s, in which a request costs 1.4 to 1.7 times as much as later.
 */
const WARM_UP_ANSWERS = 50_000;

/** How many times the time of a warm-up it takes at most: some answers take long. */
const MAX_WARM_UPS = 4;

/** Puts load on a server, each time for as long as the warm-up is, until it is warm. */
export async function warmUp(
  load: (seconds: number) => Promise<{ readonly requests: number }>,
  seconds: number,
): Promise<void> {
  if (seconds === 0) return;
  let answers = 0;
  for (let times = 0; times < MAX_WARM_UPS && answers < WARM_UP_ANSWERS; times++) {
    answers += (await load(seconds)).requests;
  }
}

/** Who is measured with what. */
export interface Contestant {
  readonly peer: Peer;
  readonly workload: Workload;
}

/** What one round has shown of one contestant. */
export interface Sample {
  readonly processorUs: number;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The share of its processor that the server has used: well below 1, it was the load that was too slow. */
  readonly use: number;
}

/** The samples of all rounds, for each of the contestants in their own order. */
export async function runRounds(
  contestants: readonly Contestant[],
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<Sample[][]> {
  const samples = contestants.map((): Sample[] => []);
  const indexes = contestants.map((_, index) => index);
  for (let round = 0; round < options.rounds; round++) {
    for (const index of orderOfRound(indexes, round)) {
      const contestant = contestants[index];
      const sample = await measure(contestant, options);
      samples[index].push(sample);
      tell(
        `${contestant.workload.name}, round ${round + 1}, ${contestant.peer.name}: ` +
          `${sample.processorUs.toFixed(2)} us, ${Math.round(sample.requestsPerSecond)} a second`,
      );
    }
  }
  return samples;
}

async function measure({ peer, workload }: Contestant, options: RoundOptions): Promise<Sample> {
  await using server = await BenchServer.start(peer, {
    routes: workload.routes,
    processors: `${SERVER_PROCESSOR}`,
    closes: workload.isLast,
  });
  const loadOf = ({ requests, isLast, connections }: Workload, seconds: number) =>
    runWrk({
      port: server.port,
      requests,
      connections,
      seconds,
      processors: `${LOAD_PROCESSOR}`,
      isLast,
    });
  const load = (seconds: number) => loadOf(workload, seconds);
  for (const earlier of workload.life) {
    await checkAnswers(server.port, earlier);
    await loadOf(earlier, LIFE_SECONDS);
  }
  await checkAnswers(server.port, workload);
  await warmUp(load, options.warmUpSeconds);
  const clock = new ProcessorClock(server.pid);
  const { requests, seconds, requestsPerSecond, p50Us, p99Us } = await load(options.seconds);
  const nanoseconds = clock.elapsed();
  return {
    processorUs: nanoseconds / requests / 1e3,
    requestsPerSecond,
    p50Us,
    p99Us,
    use: nanoseconds / seconds / 1e9,
  };
}
