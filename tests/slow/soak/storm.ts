// The full size of what tests/e2e/ tries for a moment: storms of panics, reloads, deaths and recycling under load, for as
// long as it is told, in both listen modes and both kinds of isolation. Every request is counted. It prints tables, and ends
// with exit code 1 when a request failed that the kernel did not reset with a closing socket.
//
//   deno run -A tests/slow/soak/storm.ts [--seconds=20] [--parts=storm,throughput,reload,recycle,recovery] [--pin]
//
// The server runs as a process of its own. `--pin` gives it the first processor, and the clients the second one. The throughput
// is measured with wrk, where it is there: the clients that count are slower than the server.

import { losesQueueOnClose } from "../../../src/supervisor/system_limits.ts";
import { countOf, failuresByKind, Load, type LoadCounts } from "../../support/clients/load.ts";
import { Program } from "../../support/servers/program.ts";
import { get, RawClient } from "../../support/clients/raw_client.ts";
import type { Way } from "../../support/servers/started_app.ts";
import { hindranceTo } from "../../support/tools/installed.ts";
import type { RunOptions } from "../../../mod.ts";

const WAYS: readonly Way[] = [
  { listen: "reuseport", isolation: "web" },
  { listen: "shared", isolation: "web" },
  { listen: "reuseport", isolation: "thread" },
  { listen: "shared", isolation: "thread" },
];
const WORKERS = 2;
const CLIENTS = 64;
/** One connection for each request takes more of everything. */
const NEW_CONNECTION_CLIENTS = 16;
const PANIC_EVERY = 100;
const PANICS = ["/throw", "/timer", "/reject", "/floating"];
const RELOAD_EVERY_MS = 2_000;
/** How many times a recovery is measured, each on a server of its own: no replacement is delayed in a new one. */
const RECOVERIES = 9;

const EXPECTED = { "/throw": { status: 500 }, "/reject": { status: 500 } };

const ARGUMENTS = new Map(
  Deno.args.map((argument) => /^--(\w+)(?:=(.*))?$/.exec(argument)).filter((match) =>
    match !== null
  ).map((match): [string, string] => [match[1], match[2] ?? ""]),
);
const SECONDS = Number(ARGUMENTS.get("seconds") ?? "20");
const PARTS = (ARGUMENTS.get("parts") ?? "storm,throughput,reload,recycle,recovery").split(",");
const IS_PINNED = ARGUMENTS.has("pin");

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function panicTarget(number: number): string {
  if (number % PANIC_EVERY !== PANIC_EVERY - 1) return "/hello";
  return PANICS[Math.floor(number / PANIC_EVERY) % PANICS.length];
}

/** A server at work, with what it says of its workers. */
class Server implements AsyncDisposable {
  readonly program: Program;
  readonly port: number;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  static async start(way: Way, run: RunOptions = {}, isQuiet = true): Promise<Server> {
    const path = new URL("../../support/apps/under_load.ts", import.meta.url).pathname;
    const options = { isQuiet, run: { port: 0, workers: WORKERS, ...way, ...run } };
    const args = ["run", "-A", path, JSON.stringify(options)];
    const program = IS_PINNED
      ? Program.start("taskset", ["-c", "0", Deno.execPath(), ...args])
      : Program.deno(args);
    const { port } = await program.listening();
    return new Server(program, port);
  }

  /** How many lines of the log match. */
  count(pattern: RegExp): number {
    return this.program.stderr.all.filter((line) => pattern.test(line)).length;
  }

  residentMegabytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.program.pid}/status`);
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024);
  }

  /** The fewest workers that took connections at any time, and for how long there were fewer than all, at most. */
  capacity(): string {
    let serving = 0;
    let fewest = Infinity;
    let fewSince: number | undefined;
    let longestMs = 0;
    const ended = new Set<string>();
    // The first workers are not told of one by one.
    serving = WORKERS;
    for (const line of this.program.stderr.all) {
      const match = LOG_LINE.exec(line);
      if (match === null) continue;
      const { at, worker, what } = match.groups ?? {};
      const time = Date.parse(at);
      if (what.startsWith("accepting")) serving++;
      else if (!ended.has(worker) && /^(?:draining|ended)/.test(what)) {
        ended.add(worker);
        serving--;
      }
      fewest = Math.min(fewest, serving);
      if (serving < WORKERS) fewSince ??= time;
      else if (fewSince !== undefined) {
        longestMs = Math.max(longestMs, time - fewSince);
        fewSince = undefined;
      }
    }
    return fewest === Infinity ? `${WORKERS}` : `${fewest} (${longestMs} ms)`;
  }

  /** The time between two lines of the log, which end so or so. */
  async timeBetween(from: RegExp, to: RegExp): Promise<number> {
    const timeOf = async (end: RegExp) => {
      const match = await this.program.stderr.find(new RegExp(`^(\\S+Z) .*${end.source}`));
      return Date.parse(match[1]);
    };
    return -(await timeOf(from)) + await timeOf(to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.program.signal("SIGTERM");
    const { code } = await this.program.ended();
    if (code !== 0) console.log(`The server has ended with exit code ${code}`);
  }
}

const LOG_LINE = /^(?<at>\S+Z) mudpie: worker (?<worker>\d+): (?<what>.*)$/;

type Row = Record<string, string | number>;

let hasFailed = false;

/** What became of the requests, as columns. */
function countRow(way: Way, counts: LoadCounts): Row {
  const kinds = failuresByKind(counts);
  const isTolerable = (kind: string) =>
    losesQueueOnClose(way.listen) && (kind === "reset" || kind === "not connected");
  for (const kind of Object.keys(kinds)) if (!isTolerable(kind)) hasFailed = true;
  return {
    listen: way.listen,
    isolation: way.isolation,
    sent: counts.sent,
    answered: countOf(counts.answered),
    retried: counts.retried,
    failed: Object.entries(kinds).map(([kind, count]: [string, number]) => `${count} ${kind}`)
      .join(", ") || "0",
    connections: counts.connections,
  };
}

async function storm(way: Way): Promise<Row> {
  await using server = await Server.start(way);
  await using load = Load.start({
    port: server.port,
    keptClients: CLIENTS,
    clients: 0,
    targetOf: panicTarget,
    expected: EXPECTED,
  });
  await sleep(SECONDS * 1_000);
  const counts = await load.stop();
  const { answered } = counts;
  return {
    ...countRow(way, counts),
    "500s": (answered["/throw"] ?? 0) + (answered["/reject"] ?? 0),
    "other panics": (answered["/timer"] ?? 0) + (answered["/floating"] ?? 0),
    spawns: server.count(/: accepting after/),
    "fewest serving": server.capacity(),
  };
}

/** Reloads all the while; ends with the last reload. */
async function reload(way: Way, keeps: boolean): Promise<Row> {
  await using server = await Server.start(way);
  await using load = Load.start({
    port: server.port,
    keptClients: keeps ? CLIENTS : 0,
    clients: keeps ? 0 : NEW_CONNECTION_CLIENTS,
  });
  let reloads = 0;
  for (const end = performance.now() + SECONDS * 1_000; performance.now() < end; reloads++) {
    const from = server.program.stderr.all.length;
    const next = performance.now() + RELOAD_EVERY_MS;
    server.program.signal("SIGHUP");
    await server.program.stderr.find(/ mudpie: reloaded$/, from);
    await sleep(Math.max(0, next - performance.now()));
  }
  const counts = await load.stop();
  return {
    clients: keeps ? `${CLIENTS} kept` : `${NEW_CONNECTION_CLIENTS} new`,
    ...countRow(way, counts),
    reloads,
    closings: server.count(/: draining \(/),
    "fewest serving": server.capacity(),
  };
}

async function recycle(way: Way, option: keyof RunOptions, limit: number): Promise<Row> {
  await using server = await Server.start(way, { [option]: limit, hangTimeout: 4_000 });
  const isLeak = option === "maxHeapBytesPerWorker";
  await using load = Load.start({
    port: server.port,
    keptClients: isLeak ? 2 : CLIENTS / 2,
    clients: isLeak ? 0 : NEW_CONNECTION_CLIENTS / 2,
    targetOf: isLeak ? () => "/leak" : undefined,
  });
  let largest = 0;
  for (const end = performance.now() + SECONDS * 1_000; performance.now() < end;) {
    largest = Math.max(largest, server.residentMegabytes());
    await sleep(100);
  }
  const counts = await load.stop();
  return {
    option,
    ...countRow(way, counts),
    replacements: server.count(/: to be replaced/),
    "largest MB": largest,
    "fewest serving": server.capacity(),
  };
}

/** How long it takes from a panic, or a death, to the replacement that accepts; in a new server, under some load. */
async function recovery(way: Way, target: string, from: RegExp): Promise<Row> {
  const times: number[] = [];
  for (let i = 0; i < RECOVERIES; i++) {
    await using server = await Server.start(way);
    await using load = Load.start({ port: server.port, keptClients: 4, clients: 0 });
    await load.answers(200);
    using client = await RawClient.connect(server.port);
    await client.send(get(target));
    times.push(await server.timeBetween(from, /: accepting after/));
    await load.stop();
  }
  times.sort((left, right) => left - right);
  return {
    event: target,
    listen: way.listen,
    isolation: way.isolation,
    "median ms": times[Math.floor(times.length / 2)],
    "all ms": times.join(" "),
  };
}

const WRK_SCRIPT = `
local number = 0
local panics = { "/throw", "/timer", "/reject", "/floating" }
local every = tonumber(os.getenv("PANIC_EVERY") or "0")
request = function()
  number = number + 1
  if every > 0 and number % every == every - 1 then
    return wrk.format("GET", panics[math.floor(number / every) % 4 + 1])
  end
  return wrk.format("GET", "/hello")
end
`;

/** Requests in a second, as wrk counts them, and what it says of failures. */
async function wrk(port: number, every: number): Promise<{ rate: number; errors: string }> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  await Deno.writeTextFile(script, WRK_SCRIPT);
  const args = ["-t", "1", "-c", `${CLIENTS}`, "-d", `${SECONDS}s`, "-s", script];
  args.push(`http://127.0.0.1:${port}`);
  const command = IS_PINNED ? ["taskset", "-c", "1", "wrk", ...args] : ["wrk", ...args];
  const { stdout } = await new Deno.Command(command[0], {
    args: command.slice(1),
    env: { PANIC_EVERY: `${every}` },
  }).output();
  await Deno.remove(script);
  const text = new TextDecoder().decode(stdout);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    errors: /Socket errors: (.*)/.exec(text)?.[1] ?? "none",
  };
}

async function throughput(way: Way): Promise<Row> {
  // With the lines of panics, which are a part of what they cost.
  await using server = await Server.start(way, {}, false);
  const before = await wrk(server.port, 0);
  const during = await wrk(server.port, PANIC_EVERY);
  const after = await wrk(server.port, 0);
  return {
    listen: way.listen,
    isolation: way.isolation,
    "before /s": Math.round(before.rate),
    "during /s": Math.round(during.rate),
    "after /s": Math.round(after.rate),
    "share": `${Math.round(100 * during.rate / before.rate)} %`,
    spawns: server.count(/: accepting after/),
    "wrk's errors": during.errors,
  };
}

/** A table as Markdown has it. */
function printTable(title: string, rows: readonly Row[]): void {
  const names = Object.keys(rows[0]);
  console.log(`\n${title}\n`);
  console.log(`| ${names.join(" | ")} |`);
  console.log(`|${names.map(() => "---").join("|")}|`);
  for (const row of rows) console.log(`| ${names.map((name) => row[name]).join(" | ")} |`);
}

async function eachWay(run: (way: Way) => Promise<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const way of WAYS) rows.push(await run(way));
  return rows;
}

const machine = `${navigator.hardwareConcurrency} processors, load ${Deno.loadavg()[0].toFixed(1)}`;
console.log(`Deno ${Deno.version.deno}, ${machine}, ${WORKERS} workers, ${SECONDS} s each`);
if (PARTS.includes("storm")) {
  printTable(
    `Storm of panics: ${CLIENTS} kept connections, one request in ${PANIC_EVERY} panics`,
    await eachWay(storm),
  );
}
if (PARTS.includes("throughput") && hindranceTo("wrk") === "") {
  printTable("Throughput before, during and after a storm", await eachWay(throughput));
}
if (PARTS.includes("reload")) {
  const title = `A reload every ${RELOAD_EVERY_MS / 1_000} s`;
  printTable(title, [
    ...await eachWay((way) => reload(way, true)),
    ...await eachWay((way) => reload(way, false)),
  ]);
}
if (PARTS.includes("recycle")) {
  printTable("Recycling under load", [
    ...await eachWay((way) => recycle(way, "maxRequestsPerWorker", 5_000)),
    ...await eachWay((way) => recycle(way, "maxAgePerWorker", 1_000)),
    ...await eachWay((way) => recycle(way, "maxHeapBytesPerWorker", 60_000_000)),
  ]);
}
if (PARTS.includes("recovery")) {
  printTable(`Recovery, ${RECOVERIES} times each`, [
    ...await eachWay((way) => recovery(way, "/throw", /: to be replaced \(panic\)/)),
    ...await eachWay((way) => recovery(way, "/exit", /: ended \(crash\)/)),
  ]);
}
if (hasFailed) Deno.exitCode = 1;
