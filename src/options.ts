// Every option once: its name and meaning in an interface, its default and its check in a table of the same names. An
// option that is wrong is refused before anything starts: what was got, what was expected.

import type { FleetEvent } from "./messages.ts";

/**
 * The options of a `WebServer`: limits, time limits, logging, and what a panic does. All have safe defaults. Times are
 * numbers of milliseconds, sizes numbers of bytes; a time of 0 means no limit.
 *
 * @example A server for larger uploads, with a limit on its handlers' time
 * ```ts
 * import { WebServer } from "@mudpie/server";
 *
 * const server = new WebServer({ maxBodyBytes: 10_000_000, handlerTimeout: 5_000 });
 * console.log(server instanceof WebServer); // true
 * ```
 */
export interface WebServerOptions {
  /** The longest request target; a longer one gets 414. 8,192 by default. */
  readonly maxTargetBytes?: number;
  /** The largest head, request line included; a larger one gets 431. It bounds a trailer section as well. 16,384 by default. */
  readonly maxHeadBytes?: number;
  /** The most header fields; more get 431. 100 by default. */
  readonly maxHeaderCount?: number;
  /** The largest request body; a larger one gets 413. 1,000,000 by default. */
  readonly maxBodyBytes?: number;
  /** How long a head may take to be whole, from its first byte (or from the connection's start); then 408. 10,000 by default. */
  readonly headTimeout?: number;
  /** How long a body may take to be whole, from the end of its head; then 408. 30,000 by default. */
  readonly bodyTimeout?: number;
  /** How long a connection may wait for its next request; then it is closed. 75,000 by default. */
  readonly keepAliveTimeout?: number;
  /** How long the client may take over each 64 KiB of a response; then the connection is closed. 30,000 by default. */
  readonly writeTimeout?: number;
  /** How long a handler may take; then the client gets 503 and the request's `signal` aborts. Off (0) by default. */
  readonly handlerTimeout?: number;
  /**
   * The most connections in one worker; with as many, it stops accepting until one ends. 10,000 by default; all workers
   * together never have more than the process has file descriptors for.
   */
  readonly maxConnections?: number;
  /**
   * What a panic does to its worker: `"replace"` (the default) puts a fresh worker in its place, `"keep"` answers 500, logs,
   * and keeps the worker.
   */
  readonly onPanic?: "replace" | "keep";
  /**
   * The log of requests, on standard output. `"text"` (the default): the combined log format, and behind it the duration in
   * milliseconds, the request's id, and the worker. `"json"`: an object in each line, with the same. `"off"`: none. The environment's
   * `MUDPIE_LOGGING=0` turns it off, whatever stands here.
   */
  readonly accessLog?: "text" | "json" | "off";
  /** The paths that are left out of the log of requests, such as `"/healthz"`: these alone, and nothing under them. None by default. */
  readonly accessLogExclude?: readonly string[];
}

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
   * The address to listen on. 127.0.0.1 by default: whoever reaches the port reads all that it tells, which includes the messages
   * of errors.
   */
  readonly hostname?: string;
  /** The port to listen on, 0 to 65,535; 0 picks a free one. 9000 by default. */
  readonly port?: number;
}

/**
 * The options of `WebServer.run` and `WebServer.start`. Times are numbers of milliseconds, sizes numbers of bytes.
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
   * How many workers serve, 1 to 1,024. By default the environment's `MUDPIE_THREADS`, then `WEB_CONCURRENCY`, then the
   * number of the machine's cores.
   */
  readonly workers?: number;
  /**
   * How the workers share the port. `"reuseport"`: each has a listening socket of its own and the kernel spreads the
   * connections evenly; on Linux, and only with `--unstable-net` (or `"unstable": ["net"]` in `deno.json`). `"shared"`: all
   * accept from one socket, which loses nothing when a worker goes. By default `"reuseport"` where it is possible.
   */
  readonly listen?: "reuseport" | "shared";
  /**
   * Unix sockets in place of an address and a port, one for each worker: `{n}` in the path stands for the worker's place, from 1, and
   * is put before the extension where it is missing, so that `/run/app.sock` gives `/run/app.1.sock`, `/run/app.2.sock` and so on. What a worker that goes
   * leaves is taken over by the next one in its place. Sockets of an earlier process are cleared away; anything else at the path, or
   * another process that listens there, is an error.
   */
  readonly path?: string;
  /** The permissions of the Unix sockets, such as `0o660`: connecting takes the right to write. What the process's umask leaves by default. */
  readonly pathMode?: number;
  /** The module that the workers load, and that calls `run()` in them. The main module by default. */
  readonly entry?: string | URL;
  /** How long a worker may take to finish its requests once it has stopped accepting. 30,000 by default. */
  readonly drainTimeout?: number;
  /** How long a worker may be without a sign of life before it is taken for hung; 0 for never. 30,000 by default. */
  readonly hangTimeout?: number;
  /**
   * What becomes of the server when a worker hangs that cannot be stopped, as a Web Worker cannot. `"exit"`: the others are
   * drained, and the process ends with exit code 75 for whoever watches it to start it again. `"continue"`: the worker is
   * replaced, and its thread goes on taking a core. By default `"exit"` in listen mode `reuseport`, where the hung worker's
   * socket goes on drawing connections that nobody answers, and `"continue"` in `shared` and with Unix sockets.
   */
  readonly onHang?: "exit" | "continue";
  /**
   * What a worker is: `"web"` (the default) a Web Worker; `"thread"` one of `node:worker_threads`, which starts more slowly,
   * but can be stopped when it hangs and dies alone when it runs out of memory.
   */
  readonly isolation?: "web" | "thread";
  /**
   * How long a worker may take until it accepts; then it counts as failed. 30,000 by default, and less for an `entry` that
   * does not load this library at all: `run` gives up on that after some two seconds, unless this option is given.
   */
  readonly startTimeout?: number;
  /** How long to go on serving after the signal to stop, for balancers that learn late. 0 by default. */
  readonly shutdownDelay?: number;
  /** Replaces a worker after about that many requests; off (0) by default. */
  readonly maxRequestsPerWorker?: number;
  /** Replaces a worker after about that time; off (0) by default. */
  readonly maxAgePerWorker?: number;
  /** Replaces a worker whose heap and external memory pass that size; off (0) by default. */
  readonly maxHeapBytesPerWorker?: number;
  /** The size of heap at which a worker dies; only with `isolation: "thread"`. Off (0) by default. */
  readonly heapLimitPerWorker?: number;
  /**
   * Whether the process's signals are listened to: SIGTERM and SIGINT stop the server, a second one cuts short, SIGHUP
   * reloads, SIGTTIN and SIGTTOU add and remove a worker, SIGUSR1 prints the fleet. True by default in `run`, false in
   * `start`.
   */
  readonly signals?: boolean;
  /**
   * The operator's port: what runs here, told by the main thread over HTTP even when every worker is stuck. `/healthz`, `/readyz`,
   * `/stats` (JSON), `/metrics` (for Prometheus), and a page for people at `/`; nothing can be changed there. Off by default.
   */
  readonly admin?: AdminOptions;
  /** Called with each event of the fleet: the same that is logged, as values. What it throws is logged and ignored. */
  readonly onEvent?: (event: FleetEvent) => void;
}

/** One option: what it is without being given, and what it may be. */
interface OptionRule<T> {
  readonly default: T;
  /** What is expected, in words; undefined where the value fits. */
  readonly expect: (value: unknown) => string | undefined;
  /** Whether it is a number, so that a number which does not fit is out of range and not of the wrong type. */
  readonly isNumber?: boolean;
}

/** The longest time that a timer can wait for. */
const MAX_TIME_MS = 2 ** 31 - 1;

function wholeNumber(from: number, to: number, unit: string) {
  return (value: unknown) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= to
      ? undefined
      : `a whole number ${unit}from ${from} to ${to}`;
}

function bytes(defaultBytes: number, from = 1): OptionRule<number> {
  return { default: defaultBytes, expect: wholeNumber(from, 2 ** 32, "of bytes "), isNumber: true };
}

function count(defaultCount: number, from = 1): OptionRule<number> {
  return { default: defaultCount, expect: wholeNumber(from, 2 ** 32, ""), isNumber: true };
}

function time(defaultMs: number): OptionRule<number> {
  return {
    default: defaultMs,
    expect: (value) =>
      typeof value === "number" && value >= 0 && value <= MAX_TIME_MS
        ? undefined
        : `a number of milliseconds from 0 to ${MAX_TIME_MS}`,
    isNumber: true,
  };
}

function choice<const Choices extends readonly string[]>(
  ...choices: Choices
): OptionRule<Choices[0]> {
  return {
    default: choices[0],
    expect: (value) =>
      choices.includes(value as string)
        ? undefined
        : choices.map((one) => JSON.stringify(one)).join(" or "),
  };
}

/** An option that is worked out from others, or from the environment, when it is not given. */
function optional<T>(expect: (value: unknown) => string | undefined): OptionRule<T | undefined> {
  return { default: undefined, expect };
}

type Rules<Options> = { readonly [Name in keyof Options]-?: OptionRule<unknown> };

const SERVER_RULES = {
  maxTargetBytes: bytes(8_192),
  // Below this a request line with a short path and a Host field would not fit.
  maxHeadBytes: bytes(16_384, 64),
  maxHeaderCount: count(100),
  maxBodyBytes: bytes(1_000_000, 0),
  headTimeout: time(10_000),
  bodyTimeout: time(30_000),
  keepAliveTimeout: time(75_000),
  writeTimeout: time(30_000),
  handlerTimeout: time(0),
  maxConnections: count(10_000),
  onPanic: choice("replace", "keep") as OptionRule<"replace" | "keep">,
  accessLog: choice("text", "json", "off") as OptionRule<"text" | "json" | "off">,
  accessLogExclude: {
    default: [],
    expect: (value: unknown) =>
      Array.isArray(value) && value.every((path) => typeof path === "string" && path[0] === "/")
        ? undefined
        : 'a list of paths that begin with "/", such as ["/healthz"]',
  } as OptionRule<readonly string[]>,
} satisfies Rules<WebServerOptions>;

/** More threads than this help no machine, and are most likely a port in the wrong place. */
const MAX_WORKERS = 1_024;

const expectWorkers = wholeNumber(1, MAX_WORKERS, "");

/** This machine alone, unless more is asked for. */
const hostname: OptionRule<string> = {
  default: "127.0.0.1",
  expect: (value) =>
    typeof value === "string" && value !== "" ? undefined : 'an address such as "127.0.0.1"',
};

function port(defaultPort: number): OptionRule<number> {
  return { default: defaultPort, expect: wholeNumber(0, 65_535, ""), isNumber: true };
}

const ADMIN_RULES = {
  hostname,
  port: port(9000),
} satisfies Rules<AdminOptions>;

const RUN_RULES = {
  hostname,
  port: port(8000),
  workers: { default: undefined, expect: expectWorkers, isNumber: true } as OptionRule<
    number | undefined
  >,
  listen: optional<"reuseport" | "shared">(choice("reuseport", "shared").expect),
  path: optional<string>((value) =>
    typeof value === "string" && value !== "" && !value.endsWith("/") && !value.includes("\0")
      ? undefined
      : 'the path of a socket, such as "/run/app.{n}.sock"'
  ),
  pathMode: {
    default: undefined,
    expect: wholeNumber(0, 0o777, ""),
    isNumber: true,
  } as OptionRule<number | undefined>,
  entry: optional<string | URL>((value) =>
    (typeof value === "string" && URL.canParse(value)) || value instanceof URL
      ? undefined
      : "the URL of a module, such as import.meta.url"
  ),
  drainTimeout: time(30_000),
  hangTimeout: time(30_000),
  onHang: optional<"exit" | "continue">(choice("exit", "continue").expect),
  isolation: choice("web", "thread") as OptionRule<"web" | "thread">,
  startTimeout: time(30_000),
  shutdownDelay: time(0),
  maxRequestsPerWorker: count(0, 0),
  maxAgePerWorker: time(0),
  maxHeapBytesPerWorker: bytes(0, 0),
  heapLimitPerWorker: bytes(0, 0),
  signals: optional<boolean>((value) => typeof value === "boolean" ? undefined : "true or false"),
  admin: optional<AdminOptions>((value) =>
    typeof value === "object" && value !== null ? undefined : "an object such as { port: 9000 }"
  ),
  onEvent: optional<(event: FleetEvent) => void>((value) =>
    typeof value === "function" ? undefined : "a function that takes an event"
  ),
} satisfies Rules<RunOptions>;

type Resolved<Rules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends OptionRule<infer T> ? T : never;
};

/** The options of a server, each with a value. */
export type ServerSettings = Resolved<typeof SERVER_RULES>;

/** The options of the operator's port, each with a value. */
export type AdminSettings = Resolved<typeof ADMIN_RULES>;

/** The options of a run, each with a value, or undefined where the environment decides. */
export type RunSettings = Omit<Resolved<typeof RUN_RULES>, "admin"> & {
  readonly admin: AdminSettings | undefined;
};

/** Checks the options of a server and fills in the defaults. Throws a `TypeError` or a `RangeError` that names the option. */
export function resolveServerOptions(options: WebServerOptions): ServerSettings {
  return resolve("new WebServer()", options, SERVER_RULES) as ServerSettings;
}

/** Checks the options of a run and fills in the defaults. Throws a `TypeError` or a `RangeError` that names the option. */
export function resolveRunOptions(options: RunOptions): RunSettings {
  const resolved = resolve("run()", options, RUN_RULES) as Resolved<typeof RUN_RULES>;
  const settings: RunSettings = { ...resolved, admin: resolveAdminOptions(resolved.admin) };
  if (settings.heapLimitPerWorker > 0 && settings.isolation !== "thread") {
    throw new TypeError(
      'Cannot use option "heapLimitPerWorker" of run(): it needs isolation: "thread", because a Web Worker that runs out of ' +
        "memory takes the process with it",
    );
  }
  checkAdmin(settings);
  checkPath(options, settings);
  return settings;
}

function resolveAdminOptions(admin: AdminOptions | undefined): AdminSettings | undefined {
  if (admin === undefined) return undefined;
  return resolve('option "admin" of run()', admin, ADMIN_RULES) as AdminSettings;
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
  if (path === undefined) {
    if (pathMode === undefined) return;
    throw new TypeError('Cannot use option "pathMode" of run(): it goes with "path"');
  }
  const other = (["hostname", "port", "listen"] as const)
    .find((name) => options[name] !== undefined);
  if (other === undefined) return;
  throw new TypeError(
    `Cannot use options "path" and "${other}" of run() together: a server listens on Unix sockets or on a port; leave one out`,
  );
}

function resolve(
  where: string,
  options: object,
  rules: Readonly<Record<string, OptionRule<unknown>>>,
): Record<string, unknown> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${show(options)} as the options of ${where}: expected an object`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new TypeError(
        `Unknown option ${JSON.stringify(name)} of ${where}: the options are ${
          Object.keys(rules).join(", ")
        }`,
      );
    }
  }
  const given = options as Readonly<Record<string, unknown>>;
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name];
    if (value === undefined) {
      resolved[name] = rule.default;
      continue;
    }
    const expected = rule.expect(value);
    if (expected !== undefined) {
      const message = `Cannot use ${
        show(value)
      } as option "${name}" of ${where}: expected ${expected}`;
      const isOutOfRange = rule.isNumber === true && typeof value === "number";
      throw isOutOfRange ? new RangeError(message) : new TypeError(message);
    }
    resolved[name] = value;
  }
  return resolved;
}

function show(value: unknown): string {
  return typeof value === "string" || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

/** How many workers there are to be, and who said so. */
export interface WorkerCount {
  readonly workers: number;
  /** For the line at the start. */
  readonly source: string;
}

/** The variables that can say how many workers there are, the first one first. */
const WORKER_VARIABLES = ["MUDPIE_THREADS", "WEB_CONCURRENCY"];

/** The number of workers: the option, then the environment, then the machine's cores. Throws a `RangeError` that names the variable. */
export function resolveWorkerCount(settings: RunSettings): WorkerCount {
  if (settings.workers !== undefined) {
    return { workers: settings.workers, source: "as run() was told" };
  }
  for (const name of WORKER_VARIABLES) {
    const text = environmentVariable(name);
    if (text === undefined || text === "") continue;
    const workers = Number(text);
    const expected = expectWorkers(workers);
    if (expected !== undefined) {
      throw new RangeError(
        `Cannot use ${show(text)} as environment variable ${name}: expected ${expected}`,
      );
    }
    return { workers, source: `as ${name} says` };
  }
  return { workers: navigator.hardwareConcurrency, source: "one for each core" };
}

/** How requests are logged: the environment can only turn it off. */
export function accessLogFormat({ accessLog }: ServerSettings): ServerSettings["accessLog"] {
  return environmentVariable("MUDPIE_LOGGING") === "0" ? "off" : accessLog;
}

/** A variable of the environment; undefined too where reading it is not allowed, rather than a question at the terminal. */
export function environmentVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
