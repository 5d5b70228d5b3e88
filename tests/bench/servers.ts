// The servers that are compared: how each is started, and what it needs that may not be there. Those that are not there are left
// out, with a word about it.

import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { freePort } from "../support/servers/free_port.ts";
import type { Workload } from "./workloads.ts";

/** How a server is to run. */
export interface ServerOptions {
  readonly workers?: number;
  readonly routes?: number;
  readonly listen?: "reuseport" | "shared";
  /** The processors that it may use, as `taskset` takes them; all where there are none. */
  readonly processors?: string;
  /** Whether it ends each connection behind its answer; only the loop that parses nothing has to be told. */
  readonly closes?: boolean;
}

/** One of the servers. */
export interface Peer {
  readonly name: string;
  readonly what: string;
  /** How many threads, or processes, answer. */
  readonly workers: number;
  readonly command: (port: number) => readonly string[] | Promise<readonly string[]>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it is a program that listens by node:http, which answers only the workloads for such programs. */
  readonly isNodeProgram?: boolean;
  /** Says what is missing; undefined where all is there. It may install what it needs into the cache, never into the project. */
  readonly missing?: () => Promise<string | undefined>;
}

/** The path of a file in peers/. */
export function peerFile(name: string): string {
  return new URL(`peers/${name}`, import.meta.url).pathname;
}

const deno = (name: string) => () => [Deno.execPath(), "run", "-A", "--no-check", peerFile(name)];

/** The applications that are served by more than one server, each from one file. */
const FETCH_APP = "fetch_app.js";
const HONO_APP = "hono_app.js";
const H3_APP = "h3_app.js";

const denoServe = (port: number) => {
  const address = ["--host", "127.0.0.1", "--port", `${port}`];
  const file = peerFile(FETCH_APP);
  return [Deno.execPath(), "serve", "-A", "--no-check", "--parallel", ...address, file];
};

/** Mudpie's command line, with its default options but the number of workers. */
const commandLine = (file: string, workers = 1) => (port: number) => {
  const flags = ["--port", `${port}`, "--workers", `${workers}`, "--access-log", "off"];
  const cli = new URL("../../src/cli.ts", import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--no-check", cli, peerFile(file), ...flags];
};

const node = () => ["node", peerFile("node_cluster.mjs")];

export const MUDPIE: Peer = {
  name: "mudpie",
  what: "Mudpie, one worker",
  workers: 1,
  command: deno("mudpie.ts"),
};

/** What is written to standard output goes nowhere, as fast as a log can be written; by way of a shell that becomes the server. */
const QUIET_SHELL = ["sh", "-c", 'exec "$0" "$@" > /dev/null'];

function logging(what: string, log: "off" | "text" | "json", hasAdmin: boolean): Peer {
  return {
    name: "mudpie",
    what: `Mudpie, ${what}`,
    workers: 1,
    command: () => [...QUIET_SHELL, ...deno("mudpie.ts")()],
    environment: {
      BENCH_LOG: log,
      // What the tests' programs are started with turns the log off.
      MUDPIE_LOGGING: "1",
      ...hasAdmin ? { BENCH_ADMIN: "" } : {},
    },
  };
}

/** Mudpie without a log first, and then with what is told of requests. */
export const LOGGING_PEERS: readonly Peer[] = [
  logging("no log", "off", false),
  logging("text", "text", false),
  logging("JSON", "json", false),
  logging("no log, operator's port", "off", true),
  logging("JSON, operator's port", "json", true),
];

/** Fetch-style applications on Mudpie: mounted by a program, and as the default export that the command line serves. */
export const MUDPIE_FETCH: Peer = {
  name: "mudpie-fetch",
  what: "fetchHandler on Mudpie",
  workers: 1,
  command: deno("mudpie_fetch.ts"),
  environment: { BENCH_APP: FETCH_APP },
};
export const MUDPIE_COMMAND_LINE: Peer = {
  name: "mudpie-cli",
  what: "default export on Mudpie",
  workers: 1,
  command: commandLine(FETCH_APP),
};

/** An application that is easily overloaded, with these flags. */
export function overloaded(flags: readonly string[]): Peer {
  const command = commandLine("overload_app.js");
  return {
    name: "mudpie-overloaded",
    what: "Mudpie, one worker",
    workers: 1,
    command: (port) => [...command(port), ...flags],
  };
}

/** The same with several workers. */
export function commandLineWith(workers: number): Peer {
  return {
    ...MUDPIE_COMMAND_LINE,
    name: `mudpie-cli-${workers}`,
    what: `default export on Mudpie, ${workers} workers`,
    workers,
    command: commandLine(FETCH_APP, workers),
  };
}

/** The Mudpie of another checkout, to see what a change has brought: own handlers, and a fetch-style application. */
export function mudpieIn(folder: string): Peer[] {
  const other = (peer: Peer, file: string): Peer => {
    const path = `${folder}/tests/bench/peers/${file}`;
    return {
      ...peer,
      name: peer.name.replace("mudpie", "other"),
      what: `${peer.what}, in ${folder}`,
      command: () => [Deno.execPath(), "run", "-A", "--no-check", path],
      missing: async () => await isFile(path) ? undefined : `${path} does not exist`,
    };
  };
  return [other(MUDPIE, "mudpie.ts"), other(MUDPIE_FETCH, "mudpie_fetch.ts")];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A program in which things go wrong. */
export interface FailingApp {
  readonly name: string;
  readonly what: string;
  readonly file: string;
}

export const FAILING_APPS: readonly FailingApp[] = [
  { name: "small", what: "a default export", file: "failing_fetch.js" },
  { name: "express", what: "Express", file: "failing_express.js" },
];

/** Two workers of the command line that run such a program, with these flags. */
export function failingApp({ name, what, file }: FailingApp, flags: readonly string[]): Peer {
  return {
    name,
    what,
    workers: 2,
    command: (port) => [
      ...commandLine(file, 2)(port),
      ...flags,
    ],
  };
}

export const DENO_SERVE: Peer = {
  name: "deno-serve",
  what: "Deno.serve",
  workers: 1,
  command: deno("deno_serve.ts"),
};

/** A program with WebSockets, run by Deno and by Mudpie's command line. */
const WEBSOCKET_APP = "websocket_app.js";

export const WEBSOCKET_PEERS: readonly [own: Peer, base: Peer] = [
  {
    name: "mudpie-cli",
    what: "Mudpie",
    workers: 1,
    command: commandLine(WEBSOCKET_APP),
    // For 10,000 idle ones, and a few more.
    environment: { MUDPIE_MAX_WEB_SOCKETS: "12000", MUDPIE_MAX_CONNECTIONS: "12000" },
  },
  { name: "deno-serve", what: "Deno.serve", workers: 1, command: deno(WEBSOCKET_APP) },
];

export const BARE: Peer = {
  name: "bare",
  what: "a loop that parses nothing",
  workers: 1,
  command: deno("bare.ts"),
};

/** The floors of a start: the same loop in a worker of either kind. */
export const BARE_WORKER: Peer = {
  name: "bare-worker",
  what: "a bare Web Worker",
  workers: 1,
  command: deno("bare_worker.ts"),
};
export const BARE_THREAD: Peer = {
  name: "bare-thread",
  what: "a bare thread of node:worker_threads",
  workers: 1,
  command: deno("bare_thread.ts"),
};

/** Two workers beside two of others. */
export const MUDPIE_2: Peer = {
  ...MUDPIE,
  name: "mudpie-2",
  what: "Mudpie, 2 workers",
  workers: 2,
};
export const PARALLEL_2: Peer = {
  name: "deno-parallel-2",
  what: "deno serve --parallel, 2 threads",
  workers: 2,
  command: denoServe,
  environment: { DENO_JOBS: "2" },
};
export const NODE_2: Peer = {
  name: "node-2",
  what: "Node http, node:cluster, 2 workers",
  workers: 2,
  command: node,
  missing: missingNode,
};

/** An application of a framework, on Deno.serve and on Mudpie. */
function framework(name: string, what: string, app: string): { onDeno: Peer; onMudpie: Peer } {
  const shared = {
    workers: 1,
    environment: { BENCH_APP: app },
    missing: () => missingPackage(name),
  };
  return {
    onDeno: { ...shared, name, what: `${what} on Deno.serve`, command: deno("deno_serve_app.ts") },
    onMudpie: {
      ...shared,
      name: `${name}-mudpie`,
      what: `${what} on Mudpie`,
      command: deno("mudpie_fetch.ts"),
    },
  };
}

export const HONO = framework("hono", "Hono", HONO_APP);
export const H3 = framework("h3", "h3", H3_APP);

/** A program that listens by node:http, on Deno's own, on Node and on Mudpie. */
interface NodePeers {
  readonly onDeno: Peer;
  readonly onNode: Peer;
  readonly onMudpie: Peer;
}

function nodeProgram(name: string, what: string, app: string): NodePeers {
  const shared = { workers: 1, isNodeProgram: true, environment: { NODE_ENV: "production" } };
  const missing = () => missingPackage(name);
  return {
    onDeno: { ...shared, name, what: `${what} on Deno's node:http`, command: deno(app), missing },
    onNode: {
      ...shared,
      name: `${name}-node`,
      what: `${what} on Node`,
      command: () => nodeCommand(app),
      missing: () => missingForNode(name),
    },
    onMudpie: {
      ...shared,
      name: `${name}-mudpie`,
      what: `${what} on Mudpie`,
      command: commandLine(app),
      missing,
    },
  };
}

export const EXPRESS = nodeProgram("express", "Express", "express_app.js");
export const FASTIFY = nodeProgram("fastify", "Fastify", "fastify_app.js");

/** Whether a server is measured with a workload. */
export function canAnswer(peer: Peer, workload: Workload): boolean {
  if (peer === BARE) return workload.isForBare;
  if (peer === DENO_SERVE) return true;
  return workload.isForNode === (peer.isNodeProgram ?? false);
}

export const BUN_FETCH: Peer = {
  name: "bun-fetch",
  what: "Bun.serve, fetch",
  workers: 1,
  command: async () => [await bunPath() ?? "bun", peerFile("bun_fetch.js")],
  missing: missingBun,
};

/** All that have one worker, or one thread. */
export const PEERS: readonly Peer[] = [
  MUDPIE,
  MUDPIE_FETCH,
  MUDPIE_COMMAND_LINE,
  DENO_SERVE,
  {
    name: "deno-parallel",
    what: "deno serve --parallel, 1 thread",
    workers: 1,
    command: denoServe,
    environment: { DENO_JOBS: "1" },
  },
  { ...NODE_2, name: "node", what: "Node http, node:cluster, 1 worker", workers: 1 },
  HONO.onDeno,
  HONO.onMudpie,
  H3.onDeno,
  H3.onMudpie,
  {
    name: "bun",
    what: "Bun.serve, routes",
    workers: 1,
    command: async () => [await bunPath() ?? "bun", peerFile("bun.js")],
    missing: missingBun,
  },
  BUN_FETCH,
  EXPRESS.onDeno,
  EXPRESS.onNode,
  EXPRESS.onMudpie,
  FASTIFY.onDeno,
  FASTIFY.onNode,
  FASTIFY.onMudpie,
  BARE,
];

/** What is printed by a command that succeeds; undefined where it does not, or is not there. */
export async function outputOf(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args,
      stdout: "piped",
      stderr: "null",
      stdin: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    // There is no such command.
    return undefined;
  }
}

/** Whether a command is there that says its version. */
export async function hasCommand(command: string): Promise<boolean> {
  return await outputOf("which", command) !== undefined;
}

/** Says so where there is no Node. */
export async function missingNode(): Promise<string | undefined> {
  return await outputOf("node", "--version") === undefined ? "node is not on the path" : undefined;
}

/** Reports a package of the project's that cannot be loaded. */
async function missingPackage(name: string): Promise<string | undefined> {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const script = `await import(${JSON.stringify(name)})`;
  const output = await outputOf(Deno.execPath(), "eval", "--config", config, script);
  return output === undefined ? `${name} cannot be loaded` : undefined;
}

/** The version of a package that the project's own configuration names. */
async function configuredVersion(name: string): Promise<string> {
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  return imports[name].replace(`npm:${name}@`, "");
}

/** Where what is installed for the benchmark goes: not into the project. */
function cacheFolder(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  return `${home}/mudpie-bench`;
}

/**
 * Runs a file of peers/ by Node. Node looks for packages in the folders above a file: through a link in the cache, these are the
 * folders of the cache.
 */
function nodeCommand(file: string): string[] {
  const links = ["--preserve-symlinks", "--preserve-symlinks-main"];
  return ["node", ...links, `${cacheFolder()}/bench/peers/${file}`];
}

/** Installs a package for Node into the cache, unless it is there, and reports if that fails. */
async function missingForNode(name: string): Promise<string | undefined> {
  const missing = await missingNode();
  if (missing !== undefined) return missing;
  const folder = cacheFolder();
  if (!await isFile(`${folder}/node_modules/${name}/package.json`)) {
    const version = await configuredVersion(name);
    const quiet = ["--no-audit", "--no-fund"];
    await outputOf("npm", "install", ...quiet, "--prefix", folder, `${name}@${version}`);
    if (!await isFile(`${folder}/node_modules/${name}/package.json`)) {
      return `npm cannot install ${name}`;
    }
  }
  await Deno.remove(`${folder}/bench`).catch(() => {});
  await Deno.symlink(new URL(".", import.meta.url).pathname, `${folder}/bench`);
  return undefined;
}

/** Bun as it is on the path, or in the cache. */
async function bunPath(): Promise<string | undefined> {
  for (const path of ["bun", `${cacheFolder()}/node_modules/.bin/bun`]) {
    if (await outputOf(path, "--version") !== undefined) return path;
  }
  return undefined;
}

async function missingBun(): Promise<string | undefined> {
  if (await bunPath() !== undefined) return undefined;
  const quiet = ["--no-audit", "--no-fund"];
  await outputOf("npm", "install", ...quiet, "--prefix", cacheFolder(), "bun@^1");
  return await bunPath() === undefined ? "npm cannot install bun" : undefined;
}

/** Those of the peers that are there. Tells of each of the others why it is not. */
export async function presentPeers(
  peers: readonly Peer[],
  tell: (line: string) => void,
): Promise<Peer[]> {
  const present: Peer[] = [];
  for (const peer of peers) {
    const missing = await peer.missing?.();
    if (missing === undefined) present.push(peer);
    else tell(`Without ${peer.what}: ${missing}`);
  }
  return present;
}

/** How long to wait before a server is asked again whether it is there: a small part of any start. */
const ASK_AGAIN_MS = 1;

/** A server at work. */
export class BenchServer implements AsyncDisposable {
  readonly port: number;
  /** From before its process was made to the first answer. */
  readonly startMs: number;
  readonly #program: Program;

  private constructor(program: Program, port: number, startMs: number) {
    this.#program = program;
    this.port = port;
    this.startMs = startMs;
  }

  /** Starts a server, and waits for its first answer. */
  static async start(peer: Peer, options: ServerOptions = {}): Promise<BenchServer> {
    const port = freePort();
    const command = await peer.command(port);
    const pinned = options.processors === undefined
      ? command
      : ["taskset", "-c", options.processors, ...command];
    const begun = performance.now();
    const program = Program.start(pinned[0], pinned.slice(1), {
      env: {
        ...peer.environment,
        BENCH_PORT: `${port}`,
        BENCH_WORKERS: `${options.workers ?? peer.workers}`,
        BENCH_ROUTES: `${options.routes ?? 0}`,
        ...options.listen === undefined ? {} : { BENCH_LISTEN: options.listen },
        ...options.closes ? { BENCH_CLOSES: "" } : {},
      },
    });
    try {
      await firstAnswer(program, port);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw new Error(`${peer.what} does not start: ${program.stderr.text}`, { cause: error });
    }
    return new BenchServer(program, port, performance.now() - begun);
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Waits until Mudpie says that all of its workers accept. */
  async allAccept(): Promise<void> {
    await this.#program.listening();
  }

  /** Waits for a line of its log that is not among the first `from` ones. */
  async logLine(pattern: RegExp, from: number): Promise<void> {
    await this.#program.stderr.find(pattern, from);
  }

  /** How many lines of its log match. */
  countLog(pattern: RegExp): number {
    return this.#program.stderr.all.filter((line) => pattern.test(line)).length;
  }

  /** How many lines it has logged. */
  get logLength(): number {
    return this.#program.stderr.all.length;
  }

  signal(signal: Deno.Signal): void {
    this.#program.signal(signal);
  }

  /** Resolves when its process is gone, for whatever reason. */
  get end(): Promise<Deno.CommandStatus> {
    return this.#program.end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Longer than any of them takes, with 100,000 routes and on a busy machine. */
const START_DEADLINE_MS = 60_000;

/** Who looks whether it may listen, before it does, resets whoever connects in that moment. */
const NOT_YET = [Deno.errors.ConnectionRefused, Deno.errors.ConnectionReset];

async function firstAnswer(program: Program, port: number): Promise<void> {
  let hasEnded = false;
  const ending = Promise.all([program.stdout.ended, program.stderr.ended]).then(() =>
    hasEnded = true
  );
  ending.catch(() => {});
  for (const end = performance.now() + START_DEADLINE_MS; performance.now() < end;) {
    if (hasEnded) throw new Error("It has ended");
    try {
      // Who listens may have no worker yet: the answer is what counts.
      using client = await RawClient.connect(port);
      const { status } = await client.ask(get("/hello"));
      if (status !== 200) throw new Error(`Got status ${status} in place of 200`);
      return;
    } catch (error) {
      if (!NOT_YET.some((errorClass) => error instanceof errorClass)) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
  throw new Error(`It did not answer within ${START_DEADLINE_MS} ms`);
}
