// How much a server still serves while a client causes panics all the time, beside the peace before, in the same process: with and
// without a standby. Two workers on the first processor; the load and the client that causes panics have the second one.

import { get, RawClient } from "../support/clients/raw_client.ts";
import { HELLO_HEAD } from "./requests.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR, warmUp } from "./rounds.ts";
import { BenchServer, FAILING_APPS, failingApp } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";
import { runWrk } from "./wrk.ts";

const PANIC_EVERY_MS = 20;
const CONNECTIONS = 16;

/** Long enough for the delays between replacements to have grown to seconds. */
const MIN_SECONDS = 8;

interface Storm {
  readonly peace: number;
  readonly storm: number;
  readonly panics: number;
  readonly replacements: number;
}

/** Causes a panic every few milliseconds, on a connection of its own. Resolves to their number. */
async function causePanics(port: number, over: AbortSignal): Promise<number> {
  let panics = 0;
  while (!over.aborted) {
    try {
      using client = await RawClient.connect(port);
      await client.ask(get("/throw", "Connection: close"));
      panics++;
    } catch (error) {
      // In reuseport, a worker that stops accepting resets what is in its queue.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PANIC_EVERY_MS));
  }
  return panics;
}

async function weather(standby: number, options: RoundOptions): Promise<Storm> {
  const [app] = FAILING_APPS;
  const peer = failingApp(app, [`--standby=${standby}`]);
  await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
  await server.allAccept();
  const load = (seconds: number) =>
    runWrk({
      port: server.port,
      requests: [HELLO_HEAD],
      connections: CONNECTIONS,
      seconds,
      processors: `${LOAD_PROCESSOR}`,
    });
  await warmUp(load, options.warmUpSeconds);
  const seconds = Math.max(options.seconds, MIN_SECONDS);
  const peace = await load(seconds);
  const from = server.countLog(/: accepting after/);
  const over = new AbortController();
  const panicking = causePanics(server.port, over.signal);
  const storm = await load(seconds);
  over.abort();
  return {
    peace: peace.requestsPerSecond,
    storm: storm.requestsPerSecond,
    panics: await panicking,
    replacements: server.countLog(/: accepting after/) - from,
  };
}

/** The share of the throughput that is left. */
export async function stormOfPanics(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples: [Storm[], Storm[]] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    for (const standby of orderOfRound([0, 1], round)) {
      const one = await weather(standby, options);
      samples[standby].push(one);
      tell(`storm, round ${round + 1}, standby ${standby}: ${(one.storm / one.peace).toFixed(2)}`);
    }
  }
  const rows = samples.map((own, standby) => {
    const middle = (value: (storm: Storm) => number) => digits(median(own.map(value)));
    const storms = own.map(({ storm }) => storm);
    return {
      "standby": `${standby}`,
      "peace, requests/s": middle(({ peace }) => peace),
      "storm, requests/s": middle(({ storm }) => storm),
      "share": ratioText(ratioByRound(storms, own.map(({ peace }) => peace))),
      "panics": middle(({ panics }) => panics),
      "workers replaced": middle(({ replacements }) => replacements),
    };
  });
  return `### storm: a panic every ${PANIC_EVERY_MS} ms, two workers on one processor (target: 0.90)\n\n${
    markdownTable(rows)
  }\n`;
}
