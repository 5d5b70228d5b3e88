// What the log of requests costs, and the operator's port: Mudpie beside itself. The differences are smaller than those between two runs
// of one program, so the servers of a round live side by side, and take turns of a second.

import { checkAnswers } from "./answers_check.ts";
import { ProcessorClock } from "./processes.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import { BenchServer, LOGGING_PEERS, type Peer } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";
import { CONNECTIONS, WORKLOADS } from "./workloads.ts";
import { runWrk, type WrkResult } from "./wrk.ts";

const [HELLO] = WORKLOADS;

const TURN_SECONDS = 1;

/** What the turns of one server have shown. */
interface Turns {
  readonly processorUs: number[];
  readonly requestsPerSecond: number[];
}

function load(server: BenchServer, seconds: number): Promise<WrkResult> {
  return runWrk({
    port: server.port,
    requests: HELLO.requests,
    connections: CONNECTIONS,
    seconds,
    processors: `${LOAD_PROCESSOR}`,
  });
}

async function takeTurn(server: BenchServer, { processorUs, requestsPerSecond }: Turns) {
  const clock = new ProcessorClock(server.pid);
  const result = await load(server, TURN_SECONDS);
  processorUs.push(clock.elapsed() / result.requests / 1e3);
  requestsPerSecond.push(result.requestsPerSecond);
}

/** Throughput and processor time of hello, with the log off, as text and as JSON, and with the operator's port open. */
export async function logging(
  { rounds, seconds, warmUpSeconds }: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const turns = new Map<Peer, Turns>(
    LOGGING_PEERS.map((peer) => [peer, { processorUs: [], requestsPerSecond: [] }]),
  );
  for (let round = 0; round < rounds; round++) {
    await using stack = new AsyncDisposableStack();
    const servers: [BenchServer, Turns][] = [];
    for (const [peer, own] of turns) {
      const server = stack.use(
        await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` }),
      );
      await checkAnswers(server.port, HELLO);
      if (warmUpSeconds > 0) await load(server, warmUpSeconds);
      servers.push([server, own]);
    }
    for (let turn = 0; turn < seconds; turn += TURN_SECONDS) {
      for (const [server, own] of orderOfRound(servers, turn)) await takeTurn(server, own);
    }
    tell(`logging, round ${round + 1}`);
  }
  const base = turns.get(LOGGING_PEERS[0]);
  const rows = [...turns].map(([peer, own]) => ({
    "server": peer.what,
    "CPU us/request": digits(median(own.processorUs)),
    "CPU ratio": ratioText(ratioByRound(own.processorUs, base?.processorUs ?? [])),
    "requests/s": digits(median(own.requestsPerSecond)),
    "throughput ratio": ratioText(
      ratioByRound(own.requestsPerSecond, base?.requestsPerSecond ?? []),
    ),
  }));
  return "### logging: hello with and without the log of requests (target 0.90 of the throughput), ratios by turns of 1 s\n\n" +
    `${markdownTable(rows)}\n`;
}
