// Load from thousands of connections at full speed, with a count for each: the one thing that wrk does not tell. It asks the
// kernel itself which connections are ready, because Deno's sockets have the very unfairness that is looked for (some 128 of
// them get their turn before the others), and because a client has to be cheaper than the server that it is to keep busy:
// Node's sockets are not. Linux and glibc alone.
//
//   deno run -A tests/bench/epoll_load.ts '{"port":8000,"connections":256,"seconds":3,"request":"GET ..."}'
//
// It prints an EpollResult as JSON.

import { EpollSockets, pinnedResult } from "./epoll_sockets.ts";
import { quantile } from "./statistics.ts";

/** What is to be done. */
export interface EpollLoad {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** What is asked on each connection, again when it was answered; all answers must have the same length. */
  readonly request: string;
}

/** What came of it. */
export interface EpollResult {
  readonly answers: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly longestUs: number;
  /** How many answers the connections have got: the one with the fewest, the middle one, the one with the most. */
  readonly least: number;
  readonly middle: number;
  readonly most: number;
}

/** The first bytes of every answer that is a right one. */
const GOOD_START = new TextEncoder().encode("HTTP/1.1 200 ");

/** Asks on all connections, for as long as it is told, and counts. */
export function runEpollLoad(load: EpollLoad): EpollResult {
  const request = new TextEncoder().encode(load.request);
  const answer = new Uint8Array(65_536);
  const sockets = new EpollSockets(load.port);
  const take = (index: number) => {
    const count = sockets.receive(index, answer);
    if (GOOD_START.some((byte, at) => answer[at] !== byte)) {
      throw new Error(`Not a good answer: ${new TextDecoder().decode(answer.subarray(0, count))}`);
    }
    return count;
  };
  for (let index = 0; index < load.connections; index++) sockets.connect();

  const askedAt = new Float64Array(load.connections);
  const answers = new Uint32Array(load.connections);
  const latencies: number[] = [];
  const begun = performance.now();
  for (let index = 0; index < load.connections; index++) {
    askedAt[index] = performance.now();
    sockets.send(index, request);
  }
  /** Of the first answer; small answers come whole, and one that did not would be found out here. */
  let length = 0;
  let now = begun;
  for (const end = begun + load.seconds * 1e3; now < end;) {
    const ready = sockets.wait();
    now = performance.now();
    for (let i = 0; i < ready; i++) {
      const index = sockets.ready(i);
      const count = take(index);
      length ||= count;
      if (count !== length) throw new Error(`An answer of ${count} bytes among those of ${length}`);
      now = performance.now();
      latencies.push(now - askedAt[index]);
      answers[index]++;
      askedAt[index] = now;
      sockets.send(index, request);
    }
  }
  // Who has been waiting since then has waited for so long at least.
  for (const asked of askedAt) latencies.push(now - asked);
  const counts = [...answers];
  const inMicroseconds = (share: number) => Math.round(quantile(latencies, share) * 1e3);
  return {
    answers: latencies.length - load.connections,
    seconds: (now - begun) / 1e3,
    p50Us: inMicroseconds(0.5),
    p99Us: inMicroseconds(0.99),
    longestUs: inMicroseconds(1),
    least: quantile(counts, 0),
    middle: quantile(counts, 0.5),
    most: quantile(counts, 1),
  };
}

/** Runs it as a process of its own on those processors, as `taskset` takes them. */
export async function startEpollLoad(
  load: EpollLoad,
  processors: string,
): Promise<EpollResult> {
  return await pinnedResult(import.meta.url, load, processors);
}

if (import.meta.main) console.log(JSON.stringify(runEpollLoad(JSON.parse(Deno.args[0]))));
