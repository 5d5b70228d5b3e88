// How long bystanders wait while others make trouble, beside how long they wait in peace. The server has the first processor and
// two workers, the clients have the second one, where those that make trouble are told to let the bystanders go first.

import { Program } from "../support/servers/program.ts";
import { type Waits, watchBystanders } from "./bystanders.ts";
import { HELLO_HEAD } from "./requests.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR } from "./rounds.ts";
import { BenchServer, MUDPIE_2 } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText } from "./table.ts";
import { wrkScript } from "./wrk.ts";

const RELOAD_EVERY_MS = 2_000;
const SLOW_HEADS = 2_000;
const BUSY_CONNECTIONS = 16;
const PANIC_EVERY = 100;

/** A trouble: it begins with `start`, and ends when what that gives is disposed of. */
interface Trouble {
  readonly what: string;
  /** The index of the trouble-free time that it is compared with. */
  readonly base: number;
  readonly start: (server: BenchServer) => Promise<AsyncDisposable>;
}

/** Starts a program beside the bystanders, which lets them go first. */
function startBeside(command: readonly string[]): Program {
  return Program.start("taskset", ["-c", `${LOAD_PROCESSOR}`, "nice", "-n", "10", ...command]);
}

/** Load at full speed, of these requests in turn. */
async function startLoad(port: number, requests: readonly string[]): Promise<AsyncDisposable> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  await Deno.writeTextFile(script, wrkScript(requests));
  const program = startBeside([
    ...["wrk", "-t1", `-c${BUSY_CONNECTIONS}`, "-d3600s", "-s", script],
    `http://127.0.0.1:${port}`,
  ]);
  return {
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await Deno.remove(script);
    },
  };
}

const PANIC_HEAD = HELLO_HEAD.replace("/hello", "/panic");
const ONE_IN_SO_MANY = [...Array<string>(PANIC_EVERY - 1).fill(HELLO_HEAD), PANIC_HEAD];

/** Reloads all the while, one reload after the other. */
function startReloads(server: BenchServer): AsyncDisposable {
  const over = new AbortController();
  const reloads = (async () => {
    while (!over.signal.aborted) {
      const next = performance.now() + RELOAD_EVERY_MS;
      const from = server.logLength;
      server.signal("SIGHUP");
      await server.logLine(/ mudpie: reloaded$/, from);
      while (!over.signal.aborted && performance.now() < next) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await reloads;
    },
  };
}

async function startSlowHeads(port: number): Promise<AsyncDisposable> {
  const file = new URL("slow_heads.ts", import.meta.url).pathname;
  const deno = [Deno.execPath(), "run", "-A", "--no-check"];
  const program = startBeside([...deno, file, `${port}`, `${SLOW_HEADS}`]);
  await program.stdout.find(/^attacking$/);
  return program;
}

const NOTHING: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

const TROUBLES: readonly Trouble[] = [
  { what: "peace", base: 0, start: () => Promise.resolve(NOTHING) },
  {
    what: `${BUSY_CONNECTIONS} others at full speed`,
    base: 0,
    start: ({ port }) => startLoad(port, [HELLO_HEAD]),
  },
  {
    what: `the same, one request in ${PANIC_EVERY} panics`,
    base: 1,
    start: ({ port }) => startLoad(port, ONE_IN_SO_MANY),
  },
  {
    what: `a rolling reload every ${RELOAD_EVERY_MS / 1e3} s`,
    base: 0,
    start: (server) => Promise.resolve(startReloads(server)),
  },
  {
    what: `${SLOW_HEADS.toLocaleString("en")} clients that dribble their heads`,
    base: 0,
    start: ({ port }) => startSlowHeads(port),
  },
];

/** Long enough for several reloads. */
const MIN_SECONDS = 8;

interface Sample extends Waits {
  readonly replacements: number;
}

async function measure({ start }: Trouble, options: RoundOptions): Promise<Sample> {
  await using server = await BenchServer.start(MUDPIE_2, { processors: `${SERVER_PROCESSOR}` });
  await server.allAccept();
  await watchBystanders(server.port, AbortSignal.timeout(options.warmUpSeconds * 1e3));
  await using _trouble = await start(server);
  const seconds = Math.max(options.seconds, MIN_SECONDS);
  const waits = await watchBystanders(server.port, AbortSignal.timeout(seconds * 1e3));
  return { ...waits, replacements: server.countLog(/: accepting after/) };
}

/** The p99 of bystanders, in peace and in trouble. */
export async function tailUnderTrouble(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = TROUBLES.map((): Sample[] => []);
  const indexes = TROUBLES.map((_, index) => index);
  for (let round = 0; round < options.rounds; round++) {
    for (const index of orderOfRound(indexes, round)) {
      const waits = await measure(TROUBLES[index], options);
      samples[index].push(waits);
      tell(`tail, round ${round + 1}, ${TROUBLES[index].what}: p99 ${Math.round(waits.p99Us)} us`);
    }
  }
  const rows = TROUBLES.map(({ what, base }, index) => {
    const own = samples[index];
    const p99 = (of: readonly Waits[]) => of.map((waits) => waits.p99Us);
    const middle = (value: (waits: Sample) => number) => digits(median(own.map(value)));
    return {
      "while there is": what,
      "p50 us": middle((waits) => waits.p50Us),
      "p99 us": middle((waits) => waits.p99Us),
      "longest ms": middle((waits) => waits.longestUs / 1e3),
      "p99 ratio": ratioText(ratioByRound(p99(own), p99(samples[base]))),
      "to": TROUBLES[base].what,
      "workers replaced": middle((waits) => waits.replacements),
      "answers": middle((waits) => waits.answers),
      "asked again": middle((waits) => waits.retries),
    };
  });
  return `### tail: bystanders on hello, Mudpie with 2 workers on one processor\n\n${
    markdownTable(rows)
  }\n`;
}
