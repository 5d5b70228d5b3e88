// RunOptions and AdminOptions, their tables, and the checks of options that depend on one another.
// Each option is declared once: its name and meaning in the interface; its default, its check and
// its written form in the table.

import type { FleetEvent } from "../telemetry/fleet_event.ts";
import {
  address,
  alsoSetBy,
  boolean,
  bytes,
  choice,
  code,
  common,
  count,
  group,
  optional,
  type OptionRule,
  type OptionTable,
  type Resolved,
  resolveOptions,
  type RulesFor,
  time,
  turnsOn,
  underCommandLine,
  wholeNumber,
} from "./option_rule.ts";

/**
 * The options of the operator's port: `RunOptions.admin`.
 *
 * @example An operator's port for a monitoring system on another machine
 * ```ts
 * import type { AdminOptions, RunOptions } from "@mudpie/server";
 *
 * const admin: AdminOptions = { hostname: "0.0.0.0", port: 9000 };
 * const options: RunOptions = { port: 8080, admin };
 * console.log(options.admin?.port); // 9000
 * ```
 */
export interface AdminOptions {
  /**
   * The address to listen on. 127.0.0.1 by default: every client that reaches the port can read all
   * that it shows, which includes the messages of errors.
   */
  readonly hostname?: string;
  /** The port to listen on, 0 to 65,535; 0 picks a free one. 9000 by default. */
  readonly port?: number;
}

/**
 * The options of `WebServer.run` and `WebServer.start`. Times are numbers of milliseconds, sizes
 * numbers of bytes.
 *
 * @example The options of a service on port 8080
 * ```ts
 * import type { RunOptions } from "@mudpie/server";
 *
 * const options: RunOptions = { port: 8080, workers: 4, drainTimeout: 10_000 };
 * console.log(options.port);
 * ```
 */
export interface RunOptions {
  /** The address to listen on: an IP address or a name of this machine. `127.0.0.1` by default. */
  readonly hostname?: string;
  /** The port to listen on, 0 to 65,535; 0 picks a free one. 8000 by default. */
  readonly port?: number;
  /**
   * How many workers serve, 1 to 1,024. By default the environment's `MUDPIE_WORKERS` or
   * `MUDPIE_THREADS`, which mean the same, then `WEB_CONCURRENCY`, then the number of the machine's
   * cores. Under the command line these two win over this option, as all its variables do.
   */
  readonly workers?: number;
  /**
   * How many workers are loaded and wait beside those that serve, 0 to 16; 0 by default. A standby
   * has loaded the program and accepts a few milliseconds after a worker panics, dies, hangs or runs
   * out of memory; then another one is loaded. Each takes the memory of a worker that has served
   * nothing yet. What runs at the top level of the program runs in a standby, too; see `standby.md`
   * of the documentation.
   */
  readonly standby?: number;
  /**
   * How the workers share the port. `"reuseport"`: each has a listening socket of its own and the
   * kernel spreads the connections evenly; on Linux, and only with `--unstable-net` (or
   * `"unstable": ["net"]` in `deno.json`). `"shared"`: all accept from one socket, which loses no
   * connection when a worker ends. By default `"reuseport"` if it is possible.
   */
  readonly listen?: "reuseport" | "shared";
  /**
   * How many connections may wait until a worker accepts them, 1 to 65,535. It is the length of the
   * kernel's queue of each listening socket: one for each worker in `"reuseport"`, one for all in
   * `"shared"`. The kernel takes no more than `net.core.somaxconn`, and a client whose connection
   * does not fit tries again by itself, most often after a second. 511 by default. It cannot be
   * used with `path`: the runtime sets the queue of a Unix socket.
   */
  readonly backlog?: number;
  /**
   * Unix sockets in place of an address and a port, one for each worker. `{n}` in the path stands
   * for the worker's slot, from 1. A path without it gets it before the extension, so that
   * `/run/app.sock` gives `/run/app.1.sock`, `/run/app.2.sock` and so on. The next worker in a
   * slot takes over the socket of the one before it. Sockets of an earlier process are removed,
   * also those for which there is no worker any more. Anything else at a worker's path, or another
   * process that listens there, is an error. At the end the server removes its own sockets; what
   * another process has put in their place by then stays.
   */
  readonly path?: string;
  /**
   * The permissions of the Unix sockets, such as `0o660`: to connect, a client needs the right to
   * write. By default what the process's umask leaves.
   */
  readonly pathMode?: number;
  /**
   * The module that the workers load, and that calls `run()` in them. The main module by default.
   */
  readonly entry?: string | URL;
  /**
   * How long a worker may take to finish its requests, its background work (`waitUntil`) and its
   * `onShutdown` callbacks, in milliseconds, after it was told to stop accepting. Requests that are
   * left shortly before the end are answered with 503. 30,000 by default. Work and callbacks have
   * at least 1 s after the last connection, so a worker can take 3 s longer in all.
   */
  readonly drainTimeout?: number;
  /**
   * How long a worker may send no heartbeat before it counts as hung; 0 for no limit. 30,000 by
   * default. It does not hold while the process has an inspector (`--inspect`, `--inspect-brk`,
   * `--inspect-wait`): a worker at a breakpoint is not hung. Without `--allow-sys` the server
   * cannot know of the inspector.
   */
  readonly hangTimeout?: number;
  /**
   * What happens to the server when a worker hangs that cannot be stopped, as a Web Worker cannot.
   * `"exit"`: the others are drained, and the process ends with exit code 75, so that its service
   * manager starts it again. `"continue"`: the worker is replaced, and its thread goes on using a
   * core. By default `"exit"` in listen mode `reuseport`, because the hung worker's socket goes on
   * getting connections that no thread answers, and `"continue"` in `shared` and with Unix sockets.
   */
  readonly onHang?: "exit" | "continue";
  /**
   * What a worker is. `"web"`: a Web Worker, the default of `run`. `"thread"`: one of
   * `node:worker_threads`, which starts more slowly, but can be stopped when it hangs and dies
   * alone when it runs out of memory; the default of the command line.
   */
  readonly isolation?: "web" | "thread";
  /**
   * Whether workers have another `Response` in their global scope, which the server sends faster.
   * A program sees no difference; see `fetch-applications.md` of the documentation. False leaves
   * the global scope alone. True by default.
   */
  readonly fastResponse?: boolean;
  /**
   * How long a worker may take until it accepts; then it counts as failed. 30,000 by default, and
   * less for an `entry` that does not load this library at all: `run` gives up on that after about
   * two seconds, unless this option is given.
   */
  readonly startTimeout?: number;
  /**
   * How long the server goes on serving after the signal to stop, for load balancers that learn of
   * it late. 0 by default.
   */
  readonly shutdownDelay?: number;
  /** Replaces a worker after about that many requests; off (0) by default. */
  readonly maxRequestsPerWorker?: number;
  /** Replaces a worker after about that time; off (0) by default. */
  readonly maxAgePerWorker?: number;
  /** Replaces a worker whose heap and external memory pass that size; off (0) by default. */
  readonly maxHeapBytesPerWorker?: number;
  /**
   * The size of heap at which a worker dies; only with `isolation: "thread"`. The runtime's own
   * limit (0) by default.
   */
  readonly heapLimitBytesPerWorker?: number;
  /**
   * How often a panic may cost WebSockets. Of all workers with open WebSockets, one is replaced
   * within this time because of a panic. Until it is over, the panics of the others are answered as
   * under `onPanic: "keep"`: the client gets 500, the error is logged and counted, and the worker
   * stays. After that they are replaced in turn, and at once if their WebSockets have closed. So a
   * client that can cause panics cannot disconnect all others again and again. 60,000 by default; 0
   * sets no limit. A panic in a callback of a WebSocket costs that WebSocket alone.
   */
  readonly socketPanicInterval?: number;
  /**
   * Whether the server listens to the process's signals. SIGTERM and SIGINT stop it; one more cuts
   * the shutdown short if it comes more than 500 ms after the first. SIGHUP reloads, SIGTTIN and
   * SIGTTOU add and remove a worker, SIGUSR2 prints the fleet (and SIGUSR1, at which Deno opens its
   * inspector, too). True by default in `run`, false in `start`.
   */
  readonly signals?: boolean;
  /**
   * The operator's port: the state of the fleet, served over HTTP by the main thread even when
   * every worker is stuck. `/healthz`, `/readyz`, `/stats` (JSON), `/metrics` (for Prometheus), and
   * a page for people at `/`; nothing can be changed there. Off by default.
   */
  readonly admin?: AdminOptions;
  /**
   * Called with each event of the fleet: the same that is logged, as values. What the function
   * throws, or rejects with, is logged and ignored.
   */
  readonly onEvent?: (event: FleetEvent) => void;
}

const ADMIN_RULES = {
  hostname: address("The operator's port's address"),
  port: turnsOn(common(count(9000, "Opens the operator's port", 0, 65_535))),
} satisfies RulesFor<AdminOptions>;

/** More threads help no machine, and such a number is most likely a port in the wrong place. */
const MAX_WORKERS = 1_024;

/**
 * A standby is used once, and the next one is loaded in a fraction of a second. So this is the number
 * of workers that may die within that time. A higher number costs memory for nothing, and most likely
 * was meant for `workers`.
 */
const MAX_STANDBY = 16;

const PATH: OptionRule<string | undefined> = {
  default: undefined,
  expect: (value) =>
    typeof value === "string" && value !== "" && !value.endsWith("/") && !value.includes("\0")
      ? undefined
      : 'the path of a socket, such as "/run/app.{n}.sock"',
  form: { kind: "text", what: "path" },
  summary: "Unix sockets instead, such as a.{n}.sock",
};

const isPermissions = wholeNumber(0, 0o777);

const PATH_MODE: OptionRule<number | undefined> = {
  default: undefined,
  expect: (value) =>
    isPermissions(value) && "the permissions of a file from 0 to 0o777, such as 0o660",
  form: { kind: "number", unit: "octal" },
  summary: "Their permissions, such as 660",
};

/** The rules of `RunOptions`. */
export const RUN_RULES = {
  hostname: common(address("Address to listen on")),
  port: common(count(8000, "Port to listen on; 0 picks one", 0, 65_535)),
  workers: alsoSetBy(
    ["MUDPIE_THREADS"],
    common(optional(count(1, "Worker threads (one for each core)", 1, MAX_WORKERS))),
  ),
  standby: count(0, "Workers that are loaded and wait", 0, MAX_STANDBY),
  listen: optional(choice("How workers share the port", "reuseport", "shared")),
  backlog: count(511, "Waiting in the kernel to be accepted", 1, 65_535),
  path: PATH,
  pathMode: PATH_MODE,
  entry: code<string | URL>((value) =>
    (typeof value === "string" && URL.canParse(value)) || value instanceof URL
      ? undefined
      : "the URL of a module, such as import.meta.url"
  ),
  drainTimeout: common(time(30_000, "For requests to finish at the end")),
  hangTimeout: common(time(30_000, "Silent for so long: it hangs")),
  onHang: optional(choice("When a hung worker cannot be stopped", "exit", "continue")),
  isolation: common(
    underCommandLine("thread", choice("Web Workers, or threads of Node", "web", "thread")),
  ),
  fastResponse: boolean("A Response that is sent faster", true),
  startTimeout: time(30_000, "For a worker to accept"),
  shutdownDelay: time(0, "Serve on so long after SIGTERM"),
  maxRequestsPerWorker: count(0, "Replace it after so many", 0),
  maxAgePerWorker: time(0, "Replace it at that age"),
  maxHeapBytesPerWorker: bytes(0, "Replace it at that size", 0),
  heapLimitBytesPerWorker: bytes(0, "It dies there; thread only", 0),
  socketPanicInterval: time(60_000, "Between panics that cost sockets"),
  signals: optional(boolean("Heed the process's signals (true)")),
  admin: group<AdminSettings>(ADMIN_RULES, "an object such as { port: 9000 }"),
  onEvent: code<(event: FleetEvent) => void>((value) =>
    typeof value === "function" ? undefined : "a function that takes an event"
  ),
} satisfies RulesFor<RunOptions>;

/** The options of the operator's port, each with a value. */
export type AdminSettings = Resolved<typeof ADMIN_RULES>;

/** The options of a run, each with a value, or undefined if its value is decided later. */
export type RunSettings = Resolved<typeof RUN_RULES>;

/**
 * Checks the options of a run and fills in the defaults.
 *
 * @throws {RangeError} when a number is out of its range; the message names the option
 * @throws {TypeError} when an option is unknown, has another value that does not fit, or cannot be
 * used together with another one
 */
export function resolveRunOptions(options: RunOptions): RunSettings {
  const settings = resolveOptions("run()", options, RUN_RULES) as unknown as RunSettings;
  checkHeapLimit(settings);
  checkAdmin(settings);
  checkPath(options, settings);
  return settings;
}

function checkHeapLimit({ heapLimitBytesPerWorker, isolation }: RunSettings): void {
  if (heapLimitBytesPerWorker === 0 || isolation === "thread") return;
  throw new TypeError(
    'Cannot use option "heapLimitBytesPerWorker" of run(): it needs isolation: "thread", because a Web Worker that runs out of ' +
      "memory takes the process with it",
  );
}

/** Two listeners cannot have one address. */
function checkAdmin({ hostname, port, path, admin }: RunSettings): void {
  if (admin === undefined || path !== undefined || port === 0) return;
  if (admin.port !== port || admin.hostname !== hostname) return;
  throw new TypeError(
    `Cannot use ${port} as option "port" of run() and of its option "admin" at once: expected two ports`,
  );
}

/** A server listens in one way. */
function checkPath(options: RunOptions, { path, pathMode }: RunSettings): void {
  if (path === undefined && pathMode !== undefined) {
    throw new TypeError('Cannot use option "pathMode" of run(): it goes with "path"');
  }
  const other = portOptionBesidePath(options);
  if (other === undefined) return;
  throw new TypeError(
    `Cannot use options "path" and "${other}" of run() together: ${ONE_ADDRESS}`,
  );
}

/** The options that set where a server listens, in either of two ways. */
const PORT_OPTIONS = ["hostname", "port", "listen"] as const;
const PATH_OPTIONS = ["path", "pathMode"] as const;

/** The options that have no meaning beside `path`. The last one does not set where to listen. */
const OPTIONS_OF_A_PORT = [...PORT_OPTIONS, "backlog"] as const;

/**
 * Returns the options of code that no longer hold: the command line sets the other way to listen.
 */
export function replacedOptions(isGiven: (name: keyof RunOptions) => boolean): readonly string[] {
  if (isGiven("path")) return OPTIONS_OF_A_PORT;
  return PORT_OPTIONS.some(isGiven) ? PATH_OPTIONS : [];
}

/**
 * Puts options that win over those of the code: option by option, and in a group member by member.
 */
export function overrideRunOptions(
  coded: RunOptions,
  winning: RunOptions,
  table: OptionTable = RUN_RULES,
): RunOptions {
  const replaced = replacedOptions((name) => winning[name] !== undefined);
  const kept = Object.entries(coded).filter(([name]) => !replaced.includes(name));
  const merged: Record<string, unknown> = { ...Object.fromEntries(kept), ...winning };
  for (const [name, { form }] of Object.entries(table)) {
    if (form.kind !== "group" || merged[name] === undefined) continue;
    const key = name as keyof RunOptions;
    merged[name] = { ...coded[key] as object | undefined, ...winning[key] as object | undefined };
  }
  return merged;
}

/** Returns the option of a port that is given beside `path`; undefined if there is none. */
export function portOptionBesidePath(options: RunOptions): string | undefined {
  if (options.path === undefined) return undefined;
  return OPTIONS_OF_A_PORT.find((name) => options[name] !== undefined);
}

/** The reason in a message about two such options. */
export const ONE_ADDRESS = "a server listens on Unix sockets or on a port; leave one out";
