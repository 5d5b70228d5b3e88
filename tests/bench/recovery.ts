// How long a fleet has one worker less: from when the supervisor notices the loss until another worker accepts, with and without a
// standby. Each loss is one of a new process, because losses that recur are answered later. On all processors.

import { get, RawClient } from "../support/clients/raw_client.ts";
import type { RoundOptions } from "./rounds.ts";
import { BenchServer, FAILING_APPS, type FailingApp, failingApp } from "./servers.ts";
import { median, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText, type Row } from "./table.ts";

const LOSSES = 20;

/** A way to lose a worker. */
export interface Loss {
  readonly name: string;
  readonly what: string;
  readonly path: `/${string}`;
  /** How the log reports it. */
  readonly noticed: RegExp;
  /** What makes it happen soon. */
  readonly flags: readonly string[];
}

/** Short, so that a hang is noticed soon. A busy machine may hold a worker up for as long. */
const HANG_TIMEOUT_MS = 1_000;
/** Small, so that the heap is full soon. */
const HEAP_LIMIT_BYTES = 67_108_864;

/** In Express a handler that throws is no panic, so a timer throws. */
export const LOSSES_OF_WORKERS: readonly Loss[] = [
  {
    name: "recovery-panic",
    what: "a panic",
    path: "/timer",
    noticed: /: to be replaced \(panic\)/,
    flags: [],
  },
  {
    name: "recovery-exit",
    what: "`Deno.exit()`",
    path: "/exit",
    noticed: /: ended \(crash\)/,
    flags: [],
  },
  {
    name: "recovery-hang",
    what: "a hang",
    path: "/spin",
    noticed: /: hung/,
    flags: [`--hang-timeout=${HANG_TIMEOUT_MS}`],
  },
  {
    name: "recovery-memory",
    what: "out of memory",
    path: "/allocate",
    noticed: /: ended \(crash\)/,
    flags: [`--heap-limit-bytes-per-worker=${HEAP_LIMIT_BYTES}`],
  },
];

const ACCEPTING = /: accepting after/;
const STANDBY = /: a standby after/;

interface Recovery {
  /** From the request until the supervisor has noticed the loss. */
  readonly noticedMs: number;
  /** From then until another worker accepts. */
  readonly acceptingMs: number;
}

async function recover(
  app: FailingApp,
  { path, noticed: line, flags }: Loss,
  standby: number,
): Promise<Recovery> {
  const peer = failingApp(app, [...flags, `--standby=${standby}`]);
  await using server = await BenchServer.start(peer);
  await server.allAccept();
  if (standby > 0) await server.logLine(STANDBY, 0);
  const from = server.logLength;
  const noticed = server.logLine(line, from).then(() => performance.now());
  const accepting = server.logLine(ACCEPTING, from).then(() => performance.now());
  using client = await RawClient.connect(server.port);
  const sentAt = performance.now();
  await client.send(get(path));
  const [noticedAt, acceptingAt] = await Promise.all([noticed, accepting]);
  return { noticedMs: noticedAt - sentAt, acceptingMs: acceptingAt - noticedAt };
}

/** Measures one loss in each of the programs. */
export async function recovery(
  loss: Loss,
  _options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const rows: Row[] = [];
  for (const app of FAILING_APPS) {
    // The first start compiles what the later ones find in the cache.
    await recover(app, loss, 0);
    const without: Recovery[] = [];
    const standby: Recovery[] = [];
    for (let round = 0; round < LOSSES; round++) {
      const first = round % 2;
      for (const count of [first, 1 - first]) {
        const one = await recover(app, loss, count);
        (count === 0 ? without : standby).push(one);
        tell(`${loss.name}, ${app.name}, standby ${count}: ${one.acceptingMs.toFixed(1)} ms`);
      }
    }
    const accepting = (of: readonly Recovery[]) => of.map(({ acceptingMs }) => acceptingMs);
    rows.push({
      "loss": loss.what,
      "program": app.what,
      "ms until noticed": digits(
        median([...without, ...standby].map(({ noticedMs }) => noticedMs)),
      ),
      "ms until another accepts": digits(median(accepting(without))),
      "with a standby": digits(median(accepting(standby))),
      "ratio": ratioText(ratioByRound(accepting(standby), accepting(without))),
    });
  }
  return `### ${loss.name}: ${LOSSES} times each, two workers, isolation thread\n\n${
    markdownTable(rows)
  }\n`;
}
