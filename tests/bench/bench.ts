// Measures Mudpie beside other servers, each in turn on one processor, with the load on the other: see README.md.
//
//   deno task bench [--pairs=a,b] [--workloads=a,b] [--peers=a,b] [--rounds=N] [--seconds=S]
//     [--warm-up=S] [--other=FOLDER] [--list]
//
// The tables go to standard output, what happens meanwhile to standard error. It ends with exit code 1 when a server has given a
// wrong answer, or a connection has failed.

import { type BenchOptions, parseArguments } from "./arguments.ts";
import { compare, compareRoutes, type Measured, summary, verdictsOf } from "./comparison.ts";
import { PAIRS } from "./pairs.ts";
import { LOAD_PROCESSOR, SERVER_PROCESSOR } from "./rounds.ts";
import { SCENES } from "./scenes.ts";
import { isWanted, peersOf, wantedPairs } from "./selection.ts";
import { hasCommand, mudpieIn, PEERS, presentPeers } from "./servers.ts";
import { WORKLOADS } from "./workloads.ts";

const ROUTES = "routes";

const known = {
  workloads: [...WORKLOADS, { name: ROUTES }, ...SCENES].map(({ name }) => name),
  peers: PEERS.map(({ name }) => name),
  pairs: PAIRS.map(({ name }) => name),
};

function tell(line: string): void {
  console.error(line);
}

function readArguments(): BenchOptions {
  try {
    return parseArguments(Deno.args, known);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    Deno.exit(2);
  }
}

/** What cannot be done without. */
async function missingTools(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "The benchmark runs on Linux only: it reads /proc";
  for (const command of ["wrk", "taskset"]) {
    if (!await hasCommand(command)) {
      return `The benchmark needs ${command}, which is not on the path`;
    }
  }
  if (navigator.hardwareConcurrency < 2) return "The benchmark needs two processors";
  return undefined;
}

function describeConditions(options: BenchOptions): string {
  const { rounds, seconds, warmUpSeconds } = options;
  const model = /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ??
    "unknown";
  return [
    `Deno ${Deno.version.deno}, Linux ${Deno.osRelease()}, ${navigator.hardwareConcurrency} processors (${model}),`,
    `load ${Deno.loadavg()[0].toFixed(1)} at the start;`,
    `server on processor ${SERVER_PROCESSOR}, load on ${LOAD_PROCESSOR}; ${rounds} rounds of ${seconds} s`,
    `after ${warmUpSeconds} s of warm-up or more. Medians; ratios are to Deno.serve, by round (least-most).\n`,
  ].join(" ");
}

async function bench(options: BenchOptions): Promise<void> {
  const others = options.other === undefined ? [] : mudpieIn(options.other);
  const present = await presentPeers([...peersOf(options), ...others], tell);
  console.log(describeConditions(options));
  const all: Measured[] = [];
  for (const workload of WORKLOADS.filter(({ name }) => isWanted(name, options))) {
    const wanted = peersOf(options, workload.name);
    const peers = present.filter((peer) => wanted.includes(peer) || others.includes(peer));
    const { text, measured } = await compare(workload, peers, options, tell);
    console.log(text);
    all.push(measured);
  }
  if (isWanted(ROUTES, options)) console.log(await compareRoutes(options, tell));
  for (const { name, run } of SCENES) {
    if (isWanted(name, options)) console.log(await run(options, tell));
  }
  for (const pair of wantedPairs(options)) {
    const verdicts = verdictsOf(pair, all);
    if (verdicts.length > 0) console.log(summary(pair, verdicts));
  }
}

const options = readArguments();
if (options.isList) {
  console.log(
    `Workloads: ${known.workloads.join(", ")}\nPeers: ${known.peers.join(", ")}\n` +
      `Pairs: ${known.pairs.join(", ")}`,
  );
} else {
  const missing = await missingTools();
  if (missing !== undefined) {
    tell(missing);
    Deno.exit(2);
  }
  await bench(options);
}
