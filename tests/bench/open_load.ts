// Load that does not wait for answers, as that of many users: requests come at a steady rate, however
// late the answers are. A client that waits for each answer sends less the later these come, and so
// hides that a server is overloaded. Each request gets an idle connection, or a new one, as at a front
// end. Times count from the moment in which a request was due. Linux and glibc alone.
//
//   deno run -A tests/bench/open_load.ts '{"port":8000,"path":"/","perSecond":400,"seconds":5}'
//
// It prints an OpenResult as JSON.

import { EpollSockets, pinnedResult } from "./epoll_sockets.ts";
import { quantile } from "./statistics.ts";

/** What is to be done. */
export interface OpenLoad {
  readonly port: number;
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** What came of it. */
export interface OpenResult {
  readonly sent: number;
  /** Requests a second that were answered with 200 while their users still waited. */
  readonly goodPerSecond: number;
  /** Requests a second that were answered with 503. */
  readonly shedPerSecond: number;
  /** How long the answers with 200 took, also those that came too late. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same for the answers with 503. */
  readonly shedP99Ms: number;
}

/** How long a user waits. */
export const PATIENCE_MS = 1_000;

const GOOD = "HTTP/1.1 200 ";
const SHED = "HTTP/1.1 503 ";

const decoder = new TextDecoder();

/** The requests under way, each on a connection of its own. */
class OpenRequests {
  readonly goodMs: number[] = [];
  readonly shedMs: number[] = [];
  readonly #sockets: EpollSockets;
  readonly #request: Uint8Array<ArrayBuffer>;
  readonly #answer = new Uint8Array(65_536);
  readonly #idle: number[] = [];
  /** When the request of each connection was due. */
  readonly #dueAt: number[] = [];

  constructor({ port, path }: OpenLoad) {
    this.#sockets = new EpollSockets(port);
    this.#request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  }

  send(dueAt: number): void {
    const index = this.#idle.pop() ?? this.#sockets.connect();
    this.#dueAt[index] = dueAt;
    this.#sockets.send(index, this.#request);
  }

  /** Takes the answers that come within some milliseconds. They are small, so each comes whole. */
  receive(waitMs: number): void {
    const ready = this.#sockets.wait(waitMs);
    for (let i = 0; i < ready; i++) {
      const index = this.#sockets.ready(i);
      const count = this.#sockets.receive(index, this.#answer);
      const start = decoder.decode(this.#answer.subarray(0, Math.min(count, GOOD.length)));
      if (start !== GOOD && start !== SHED) throw new Error(`Not a good answer: ${start}`);
      (start === GOOD ? this.goodMs : this.shedMs).push(performance.now() - this.#dueAt[index]);
      this.#idle.push(index);
    }
  }
}

/** Sends requests at the rate that is asked for, and counts the answers. */
export function runOpenLoad(load: OpenLoad): OpenResult {
  const requests = new OpenRequests(load);
  const count = Math.round(load.perSecond * load.seconds);
  const begun = performance.now();
  for (let sent = 0; sent < count; sent++) {
    const dueAt = begun + sent * 1e3 / load.perSecond;
    for (let now = performance.now(); now < dueAt; now = performance.now()) {
      requests.receive(Math.ceil(dueAt - now));
    }
    requests.send(dueAt);
    requests.receive(0);
  }
  const end = begun + load.seconds * 1e3;
  while (performance.now() < end + PATIENCE_MS) requests.receive(10);
  const { goodMs, shedMs } = requests;
  return {
    sent: count,
    goodPerSecond: goodMs.filter((ms) => ms <= PATIENCE_MS).length / load.seconds,
    shedPerSecond: shedMs.length / load.seconds,
    p50Ms: quantile(goodMs, 0.5),
    p99Ms: quantile(goodMs, 0.99),
    shedP99Ms: shedMs.length === 0 ? 0 : quantile(shedMs, 0.99),
  };
}

/** Runs it as a process of its own on those processors, as `taskset` takes them. */
export async function startOpenLoad(load: OpenLoad, processors: string): Promise<OpenResult> {
  return await pinnedResult(import.meta.url, load, processors);
}

if (import.meta.main) console.log(JSON.stringify(runOpenLoad(JSON.parse(Deno.args[0]))));
