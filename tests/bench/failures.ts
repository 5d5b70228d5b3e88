// Does the same harm to `deno serve --parallel`, node:cluster and Mudpie, each a process of its own that others are asking all the
// while, and tells what comes of it: see README.md.
//
//   deno task bench:failures [--failures=a,b] [--peers=a,b] [--rounds=N] [--list]
//
// Two tables go to standard output, the short one of which stands in the project's README; what happens meanwhile goes to standard
// error.

import { Arguments } from "./arguments.ts";
import { FAILURES } from "./failures/failures.ts";
import { type Observation, observe } from "./failures/observe.ts";
import {
  FAILING_PEERS,
  type FailingPeer,
  HANG_TIMEOUT_MS,
  HEAP_LIMIT_MEGABYTES,
  WORKERS,
} from "./failures/servers.ts";
import { detailRow, summaryCell } from "./failures/verdict.ts";
import { outputOf, presentPeers } from "./servers.ts";
import { orderOfRound } from "./statistics.ts";
import { markdownTable, type Row } from "./table.ts";

const USAGE = `deno task bench:failures [options]

  --failures=a,b    only these (all)
  --peers=a,b       only these servers (all)
  --rounds=N        how often each thing is done to each server (5)
  --list            say which failures and servers there are`;

const NAMES = new Set(["failures", "peers", "rounds", "list"]);

const known = {
  failures: FAILURES.map(({ name }) => name),
  peers: FAILING_PEERS.map(({ name }) => name),
};

function tell(line: string): void {
  console.error(line);
}

function readArguments() {
  try {
    const given = new Arguments(Deno.args, NAMES, USAGE);
    return {
      failures: given.list("failures", known.failures) ?? known.failures,
      peers: given.list("peers", known.peers) ?? known.peers,
      rounds: given.wholeNumber("rounds", 5, 1),
      isList: given.has("list"),
    };
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    Deno.exit(2);
  }
}

async function describeConditions(rounds: number): Promise<string> {
  const model = /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ??
    "unknown";
  return [
    `${new Date().toISOString().slice(0, 10)}: Deno ${Deno.version.deno},`,
    `Node ${await outputOf("node", "--version") ?? "is not there"}, Linux ${Deno.osRelease()},`,
    `${navigator.hardwareConcurrency} processors (${model}), load ${Deno.loadavg()[0].toFixed(1)}`,
    `at the start. ${WORKERS} workers each, ${rounds} rounds; Mudpie's hangTimeout is`,
    `${HANG_TIMEOUT_MS / 1e3} s, and every worker's heap ends at ${HEAP_LIMIT_MEGABYTES} MB.\n`,
  ].join(" ");
}

/** What was seen of each of the servers that are there. */
type ByPeer = ReadonlyMap<FailingPeer, readonly Observation[]>;

async function observeAll(
  failure: typeof FAILURES[number],
  peers: readonly FailingPeer[],
  rounds: number,
): Promise<ByPeer> {
  const able = peers.filter(({ reloads }) => reloads || failure.signal !== "SIGHUP");
  const seen = new Map<FailingPeer, Observation[]>(able.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of orderOfRound(able, round)) {
      const observation = await observe(peer, failure);
      seen.get(peer)?.push(observation);
      tell(`${failure.name}, round ${round + 1}, ${peer.name}: ${summaryCell([observation])}`);
    }
  }
  return seen;
}

async function run({ failures, peers: wanted, rounds }: ReturnType<typeof readArguments>) {
  const candidates = FAILING_PEERS.filter(({ name }) => wanted.includes(name));
  const present = await presentPeers(candidates, tell);
  const peers = candidates.filter((peer) => present.includes(peer));
  const conditions = await describeConditions(rounds);
  const summary: Row[] = [];
  const details: Row[] = [];
  for (const failure of FAILURES.filter(({ name }) => failures.includes(name))) {
    const seen = await observeAll(failure, peers, rounds);
    const cell = (peer: FailingPeer) => {
      const observations = seen.get(peer);
      return observations === undefined ? "there is none" : summaryCell(observations);
    };
    const cells = peers.map((peer) => [peer.what, cell(peer)]);
    summary.push({ "what happens": failure.what, ...Object.fromEntries(cells) });
    for (const [peer, observations] of seen) {
      details.push(detailRow(failure, peer.what, observations));
    }
  }
  console.log(conditions);
  console.log(`${markdownTable(summary)}\n`);
  console.log(markdownTable(details));
}

const options = readArguments();
if (options.isList) {
  console.log(`Failures: ${known.failures.join(", ")}\nServers: ${known.peers.join(", ")}`);
} else if (Deno.build.os !== "linux") {
  tell("The comparison of failures runs on Linux only: it reads /proc");
  Deno.exit(2);
} else {
  await run(options);
}
