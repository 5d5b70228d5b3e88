// Thousands of connections that have asked once and stay: what they cost in memory, and what they cost the others.

import { connectMany } from "../support/clients/attackers.ts";
import { residentBytes } from "./processes.ts";
import { HELLO_HEAD } from "./requests.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import { BenchServer, DENO_SERVE, MUDPIE, type Peer } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";
import { CONNECTIONS } from "./workloads.ts";
import { runWrk } from "./wrk.ts";

/** As many as the default of `ulimit -n` on servers has room for, here and there. */
const CROWD = 5_000;

const PEERS: readonly Peer[] = [MUDPIE, DENO_SERVE];

/** Connections that are kept and say nothing any more. */
class Crowd implements Disposable {
  readonly #conns: Deno.TcpConn[];

  private constructor(conns: Deno.TcpConn[]) {
    this.#conns = conns;
  }

  /** Connects them, and has each of them ask once. */
  static async gather(port: number): Promise<Crowd> {
    const conns = await connectMany(port, CROWD);
    const request = new TextEncoder().encode(HELLO_HEAD);
    const answer = new Uint8Array(1_024);
    for (const conn of conns) {
      await conn.write(request);
      if (await conn.read(answer) === null) throw new Error("The server has ended a connection");
    }
    return new Crowd(conns);
  }

  [Symbol.dispose](): void {
    for (const conn of this.#conns) conn.close();
  }
}

function load(port: number, seconds: number) {
  const processors = `${LOAD_PROCESSOR}`;
  return runWrk({ port, requests: [HELLO_HEAD], connections: CONNECTIONS, seconds, processors });
}

/** Memory is quiet when it has changed by less than that within such a time. */
const QUIET_BYTES = 256 * 1_024;
const QUIET_MS = 500;
const MAX_LOOKS = 20;

/** The memory of a server once it does not change any more. */
export async function quietBytes(pid: number): Promise<number> {
  let last = residentBytes(pid);
  for (let look = 0; look < MAX_LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const next = residentBytes(pid);
    if (Math.abs(next - last) < QUIET_BYTES) return next;
    last = next;
  }
  return last;
}

/** Bytes for each connection of a crowd, in a server that has been at work before. */
async function bytesForEach(peer: Peer): Promise<number> {
  await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
  await load(server.port, 1);
  const before = await quietBytes(server.pid);
  using _crowd = await Crowd.gather(server.port);
  return (await quietBytes(server.pid) - before) / CROWD;
}

/** How much memory an idle connection takes. */
export async function idleMemory(
  { rounds }: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = new Map(PEERS.map((peer) => [peer, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of orderOfRound(PEERS, round)) {
      const bytes = await bytesForEach(peer);
      samples.get(peer)?.push(bytes);
      tell(`idle-memory, round ${round + 1}, ${peer.name}: ${Math.round(bytes)} bytes each`);
    }
  }
  const base = samples.get(DENO_SERVE) ?? [];
  const rows = [...samples].map(([peer, own]) => ({
    "server": peer.what,
    "kB for each idle connection": digits(median(own) / 1e3),
    "ratio": ratioText(ratioByRound(own, base)),
  }));
  return `### idle-memory: ${CROWD.toLocaleString("en")} idle kept connections (target 0.70)\n\n` +
    `${markdownTable(rows)}\n`;
}

/** What a crowd that does nothing costs those who are busy. */
export async function idleCrowd(
  { rounds, seconds, warmUpSeconds }: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = new Map(
    PEERS.map((peer) => [peer, { alone: [] as number[], beside: [] as number[] }]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const [peer, { alone, beside }] of orderOfRound([...samples], round)) {
      await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
      if (warmUpSeconds > 0) await load(server.port, warmUpSeconds);
      const measureBeside = async () => {
        using _crowd = await Crowd.gather(server.port);
        beside.push((await load(server.port, seconds)).requestsPerSecond);
      };
      // A server gets faster as it goes on: every other round begins with the crowd.
      if (round % 2 === 1) await measureBeside();
      alone.push((await load(server.port, seconds)).requestsPerSecond);
      if (round % 2 === 0) await measureBeside();
      tell(`idle-crowd, round ${round + 1}, ${peer.name}: ${Math.round(beside[round])} a second`);
    }
  }
  const rows = [...samples].map(([peer, { alone, beside }]) => ({
    "server": peer.what,
    "requests/s alone": digits(median(alone)),
    "beside the crowd": digits(median(beside)),
    "ratio": ratioText(ratioByRound(beside, alone)),
  }));
  return `### idle-crowd: ${CONNECTIONS} busy connections beside ${
    CROWD.toLocaleString("en")
  } idle ones\n\n` +
    `${markdownTable(rows)}\n`;
}
