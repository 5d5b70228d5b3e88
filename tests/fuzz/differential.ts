// The differential run: `deno task differential`. It sends every wire case to Mudpie, to `Deno.serve` and to Node's `http`, each a
// process of its own that answers with what it has understood, and compares. What one server reads and another one refuses
// is where request smuggling begins; README.md, beside this file, lists all that Mudpie reads and a peer does not.

import { WIRE_GROUPS, type WireCase } from "../http1/wire_cases.ts";
import { Program } from "../support/servers/program.ts";
import { exchange, isNext, type Outcome } from "./differential_exchange.ts";
import { compare, shortJson, type Verdict, VERDICTS } from "./differential_verdict.ts";

/** The servers that Mudpie is compared with. */
export const PEERS = ["Deno.serve", "node:http"] as const;
export type PeerName = typeof PEERS[number];
export type ServerName = "Mudpie" | PeerName;
export const SERVERS: readonly ServerName[] = ["Mudpie", ...PEERS];

/** How long a server may say nothing before the client ends its side. */
const PATIENCE_MS = 300;
/** The same where a case is looked at once more, so that no busy machine is taken for a strict server. */
const GREAT_PATIENCE_MS = 2_000;
/** How many cases are under way at once. */
const CASES_AT_ONCE = 64;

/** All that was seen of one case. */
export interface ComparedCase {
  readonly about: string;
  readonly what: string;
  readonly bytes: string;
  readonly outcomes: Readonly<Record<ServerName, Outcome>>;
  readonly verdicts: Readonly<Record<PeerName, Verdict>>;
}

/** What a run has come to. */
export interface Differences {
  readonly compared: readonly ComparedCase[];
  /** Cases with limits of their own. Where a peer draws its lines says nothing about ours, so they are sent to nobody. */
  readonly leftOut: readonly string[];
  readonly versions: Readonly<Record<PeerName, string>>;
}

/** The servers, each a process of its own. */
class Servers implements AsyncDisposable {
  readonly #programs: Program[] = [];
  readonly #ports = new Map<ServerName, number>();

  static async start(): Promise<Servers> {
    const servers = new Servers();
    const file = (name: string) =>
      new URL(`./differential_servers/${name}`, import.meta.url).pathname;
    try {
      await Promise.all([
        servers.#add("Mudpie", Program.deno(["run", "-A", file("mudpie.ts")])),
        servers.#add("Deno.serve", Program.deno(["run", "-A", file("deno_serve.ts")])),
        servers.#add("node:http", Program.start("node", [file("node_http.mjs")])),
      ]);
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
    return servers;
  }

  async #add(name: ServerName, program: Program): Promise<void> {
    this.#programs.push(program);
    const [, port] = await program.stdout.find(/^port (\d+)$/);
    this.#ports.set(name, Number(port));
  }

  port(name: ServerName): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`The server ${name} is not there`);
    return port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()));
  }
}

/** The version of Node that is on the path; undefined where there is none. */
export async function nodeVersion(): Promise<string | undefined> {
  try {
    const { stdout, success } = await new Deno.Command("node", { args: ["--version"] }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

async function compareCase(
  servers: Servers,
  about: string,
  { what, bytes }: WireCase,
  patienceMs: number,
): Promise<ComparedCase> {
  const [ours, ...theirs] = await Promise.all(
    SERVERS.map((name) => exchange(servers.port(name), bytes, patienceMs)),
  );
  const [denoServe, nodeHttp] = theirs;
  return {
    about,
    what,
    bytes,
    outcomes: { "Mudpie": ours, "Deno.serve": denoServe, "node:http": nodeHttp },
    verdicts: { "Deno.serve": compare(ours, denoServe), "node:http": compare(ours, nodeHttp) },
  };
}

/** Whether a case has come to something that README.md would have to explain. */
function isNotable({ verdicts }: ComparedCase): boolean {
  return PEERS.some((peer) => ["more lenient", "different"].includes(verdicts[peer].kind));
}

/** Calls `work` with every item, and with so many at once. */
async function forEachAtOnce<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = Iterator.from(items);
  await Promise.all(Array.from({ length: limit }, async () => {
    for (const item of rest) await work(item);
  }));
}

/** Sends every case to every server and compares. What is notable is looked at once more, with great patience. */
export async function findDifferences(): Promise<Differences> {
  const all = WIRE_GROUPS.flatMap(({ about, cases }) =>
    cases.map((wireCase) => ({ about, wireCase }))
  );
  const sent = all.filter(({ wireCase }) => wireCase.limits === undefined);
  const leftOut = all.filter(({ wireCase }) => wireCase.limits !== undefined);
  await using servers = await Servers.start();
  const compared: ComparedCase[] = new Array(sent.length);
  await forEachAtOnce(sent.entries(), CASES_AT_ONCE, async ([index, { about, wireCase }]) => {
    compared[index] = await compareCase(servers, about, wireCase, PATIENCE_MS);
  });
  const notable = [...compared.entries()].filter(([, one]) => isNotable(one));
  await forEachAtOnce(notable, CASES_AT_ONCE, async ([index]) => {
    const { about, wireCase } = sent[index];
    compared[index] = await compareCase(servers, about, wireCase, GREAT_PATIENCE_MS);
  });
  return {
    compared,
    leftOut: leftOut.map(({ wireCase }) => wireCase.what),
    versions: { "Deno.serve": Deno.version.deno, "node:http": await nodeVersion() ?? "none" },
  };
}

/** What a server has made of a case, in a word. */
function summaryOf({ answers, ending }: Outcome) {
  if (answers.some(({ kind }) => kind === "refused")) return "refused";
  if (answers.some(isNext)) return "read, and the next";
  if (answers.length > 0) return "read";
  return ending === "closed" ? "hung up" : "waited";
}

/** How many there are of each. */
export function count<Name extends string>(
  names: readonly Name[],
  all: readonly Name[],
): Record<Name, number> {
  const counts = Object.fromEntries(all.map((name) => [name, 0])) as Record<Name, number>;
  for (const name of names) counts[name]++;
  return counts;
}

/** Prints how many cases came to what, and those whose verdict is one of `kinds`, with their bytes. */
function report({ compared, leftOut, versions }: Differences, kinds: readonly string[]): void {
  console.log(
    `${compared.length} cases, sent to Mudpie, to Deno.serve (Deno ${
      versions["Deno.serve"]
    }) and to ` +
      `node:http (Node ${versions["node:http"]})`,
  );
  console.log(`${leftOut.length} cases left out, because they have limits of their own`);
  const groups = [
    ...Map.groupBy(compared, ({ about }) => about),
    ["all", compared] as const,
  ];
  const summaries = ["read, and the next", "read", "refused", "hung up", "waited"] as const;
  console.table(SERVERS.flatMap((server) =>
    groups.map(([about, cases]) => ({
      server,
      about,
      ...count(cases.map(({ outcomes }) => summaryOf(outcomes[server])), summaries),
      "left open": cases.filter(({ outcomes }) => outcomes[server].ending === "open").length,
    }))
  ));
  console.table(PEERS.flatMap((peer) =>
    groups.map(([about, cases]) => ({
      "Mudpie, against": peer,
      about,
      ...count(cases.map(({ verdicts }) => verdicts[peer].kind), VERDICTS),
    }))
  ));
  for (const peer of PEERS) {
    for (const { what, bytes, verdicts } of compared) {
      const verdict = verdicts[peer];
      if (verdict.kind === "same" || !kinds.includes(verdict.kind)) continue;
      console.log(
        `${verdict.kind} (${peer}): ${what}\n  Mudpie ${verdict.why}\n  ${shortJson(bytes)}`,
      );
    }
  }
}

if (import.meta.main) {
  const kinds = Deno.args.length > 0 ? Deno.args : ["different", "more lenient"];
  report(await findDifferences(), kinds);
}
