// What becomes of new connections while workers close their listening sockets: a server is reloaded all the while, and every request
// has a connection of its own. In a network of its own, where `net.ipv4.tcp_migrate_req` can be set.
//
//   deno run -A tests/bench/closings.ts '{"listen":"reuseport","closings":200,"clients":32}'
//
// It prints a ClosingsResult as JSON.

import { countEvents } from "../support/servers/capacity.ts";
import { canMakeNetworks, inOwnNetwork } from "../support/servers/network_namespace.ts";
import { startApp } from "../support/servers/started_app.ts";
import { failuresByKind, Load } from "../support/clients/load.ts";
import type { RoundOptions } from "./rounds.ts";
import { markdownTable } from "./table.ts";

/** What is to be done. */
export interface Closings {
  readonly listen: "reuseport" | "shared";
  /** How many sockets are to be closed, at least. */
  readonly closings: number;
  /** How many clients ask all the while, each with a connection for each request. */
  readonly clients: number;
}

/** What came of it. */
export interface ClosingsResult {
  /** How many workers have closed their listening socket. */
  readonly closings: number;
  readonly seconds: number;
  readonly connections: number;
  /** The requests that failed, by kind. */
  readonly lost: Readonly<Record<string, number>>;
}

const WORKERS = 2;

/** How many connections are made before the first socket is closed. */
const CONNECTIONS_BEFORE = 100;

/** Reloads a server until as many sockets as wanted are closed, while clients make connections. */
async function closeUnderLoad({ listen, closings, clients }: Closings): Promise<ClosingsResult> {
  await using app = await startApp("under_load.ts", { run: { listen, workers: WORKERS } });
  const begun = performance.now();
  await using load = Load.start({ port: app.port, keptClients: 0, clients });
  await load.answers(CONNECTIONS_BEFORE);
  while (countEvents(app.events.all, "draining") < closings) await app.running.reload();
  const counts = await load.stop();
  return {
    closings: countEvents(app.events.all, "draining"),
    seconds: (performance.now() - begun) / 1_000,
    connections: counts.connections,
    lost: failuresByKind(counts),
  };
}

/** Does the same in a process and a network of its own. */
export async function closingsInOwnNetwork(
  wanted: Closings,
  migrates: boolean,
): Promise<ClosingsResult> {
  const deno = [Deno.execPath(), "run", "-A", "--no-check"];
  const command = [...deno, import.meta.filename!, JSON.stringify(wanted)];
  const [program, ...args] = inOwnNetwork(migrates, command);
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const [output, log] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`The run has failed: ${output}${log}`);
  return JSON.parse(output);
}

const ROWS = [
  { listen: "reuseport", migrates: false },
  { listen: "reuseport", migrates: true },
  { listen: "shared", migrates: false },
] as const;

/** The closings of a row: each reload of two workers closes two sockets and takes a quarter of a second. */
const CLOSINGS = 200;
const CLIENTS = 32;

/** The connections that are lost. */
export async function lostConnections(
  _options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const title =
    `### closings: new connections while ${CLOSINGS} sockets are closed (target: 0 lost ` +
    "in shared, and hardly any in reuseport with tcp_migrate_req)";
  if (!canMakeNetworks()) return `${title}\n\nNo network of its own can be made here.\n`;
  const rows: Record<string, string>[] = [];
  for (const { listen, migrates } of ROWS) {
    const wanted = { listen, closings: CLOSINGS, clients: CLIENTS };
    const { closings, connections, seconds, lost } = await closingsInOwnNetwork(wanted, migrates);
    tell(`closings, ${listen}, tcp_migrate_req=${Number(migrates)}: ${JSON.stringify(lost)}`);
    rows.push({
      "listen mode": listen,
      "tcp_migrate_req": `${Number(migrates)}`,
      "closings": `${closings}`,
      "connections": connections.toLocaleString("en"),
      "connections/s": Math.round(connections / seconds).toLocaleString("en"),
      "lost": `${Object.values(lost).reduce((sum, count) => sum + count, 0)}`,
    });
  }
  return `${title}\n\n${markdownTable(rows)}\n`;
}

if (import.meta.main) console.log(JSON.stringify(await closeUnderLoad(JSON.parse(Deno.args[0]))));
