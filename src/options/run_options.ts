// Every option once: its name and meaning in an interface; its default, its check and how it is written in words in a table
// of the same names, from which the command line makes its flags. An option that is wrong is refused before anything starts:
// what was got, what was expected.

import { type AddressRange, AddressRanges, parseRange } from "../net/address_ranges.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";

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
  /**
   * Whether `text()`, `json()` and `formData()` of a `WebRequest` undo the `Content-Encoding` of a body: gzip, deflate or br. Its decoded
   * bytes may be no more than `maxBodyBytes`; else it gets 413. `WebRequest.body` and the platform's `Request` have the body as it was
   * sent, in any case. True by default.
   */
  readonly decodeRequestBodies?: boolean;
  /**
   * How long a head may take to be whole, from its first byte (the first head of a connection from the connection's start);
   * then 408. A connection on which nothing has come in this time, or only an empty line, is closed without an answer and
   * not logged: a browser that connects ahead would show the 408 as the answer to its next request. `stats()` counts it in
   * `connectionsUnused`. 10,000 by default.
   */
  readonly headTimeout?: number;
  /**
   * How long the client may take over each 64 KiB of a body, from the end of its head, and over what is left at its end; then
   * 408. A large upload may take longer in all, as long as it goes on. Of a chunked body only the data counts, not what
   * delimits it. 30,000 by default.
   */
  readonly bodyTimeout?: number;
  /** How long a connection may wait for its next request; then it is closed. 75,000 by default. */
  readonly keepAliveTimeout?: number;
  /**
   * Whether responses on a connection that stays open say for how long: `Connection: keep-alive` and `Keep-Alive: timeout=75`, which is
   * `keepAliveTimeout` in whole seconds, rounded down. Clients and front ends that read it close an idle connection before the server
   * does, and so send no request into its closing. HTTP/1.0 clients that ask for a persistent connection get it in any case. The
   * field is left out where `keepAliveTimeout` is off or less than a second. False by default.
   */
  readonly announceKeepAlive?: boolean;
  /** How long the client may take over each 64 KiB of a response; then the connection is closed. 30,000 by default. */
  readonly writeTimeout?: number;
  /**
   * How long a connection waits for more bytes of a client that is still sending when the server has sent its last response,
   * such as a 413. What comes is discarded: closing earlier would reset the connection, and the client would lose the response
   * (RFC 9112, section 9.6). 5,000 by default.
   */
  readonly lingerReadTimeout?: number;
  /**
   * How long a connection reads and discards in all after such a response, however much comes; then it is closed. A drain
   * that ends earlier ends it, too. 30,000 by default.
   */
  readonly lingerTimeout?: number;
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
  /**
   * Which front ends are believed when they say, in `X-Forwarded-For`, `-Proto` and `-Host` or in `Forwarded` (RFC 7239), who the
   * client is and how it asked: `"loopback"` (127.0.0.0/8 and ::1), or a list in which `"loopback"`, IP addresses and CIDR ranges such
   * as `"10.0.0.0/8"` may stand. From everybody else these fields are ignored. Nobody is believed by default.
   *
   * It decides what `WebRequest`'s `clientAddr`, `scheme`, `host` and `toRequest()` say. Name the front ends alone: a client whose own
   * address is in a range can pass for any other. A front end has to set all fields of the one kind and to delete those of the other,
   * since it passes on what it does not touch; `forwardedBy` does without the deleting. What comes over a Unix socket counts as `"loopback"`.
   */
  readonly trustProxy?: "loopback" | readonly string[];
  /**
   * The kind of fields that the front ends of `trustProxy` write: `"forwarded"` for `Forwarded`, `"x-forwarded"` for `X-Forwarded-For`,
   * `-Proto` and `-Host`. The other kind is then ignored, so a front end may pass it on as the client has sent it. Without
   * `trustProxy` this option changes nothing: no field is believed.
   *
   * By default both kinds are read. A request that has both is believed where each kind, read alone, gives the same client, and of
   * port, scheme and host only what both kinds give. Where they give different clients, who asks for the client gets an `HttpError` 400.
   */
  readonly forwardedBy?: "forwarded" | "x-forwarded";
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
   * How many connections may wait until a worker accepts them, 1 to 65,535: the kernel's queue of each listening socket, which is one for
   * each worker in `"reuseport"` and one for all in `"shared"`. The kernel takes no more than `net.core.somaxconn`, and a client whose
   * connection does not fit tries again by itself, most often after a second. 511 by default. It does not go with `path`: a Unix
   * socket's queue is the runtime's own.
   */
  readonly backlog?: number;
  /**
   * Unix sockets in place of an address and a port, one for each worker: `{n}` in the path stands for the worker's slot, from 1, and
   * is put before the extension where it is missing, so that `/run/app.sock` gives `/run/app.1.sock`, `/run/app.2.sock` and so on. What a worker that goes
   * leaves is taken over by the next one in its slot. Sockets of an earlier process are cleared away, those too of which there are no
   * workers any more; anything else at a worker's path, or another process that listens there, is an error. At the end the server
   * removes its own, and what another process has put in their place by then stays.
   */
  readonly path?: string;
  /** The permissions of the Unix sockets, such as `0o660`: connecting takes the right to write. What the process's umask leaves by default. */
  readonly pathMode?: number;
  /** The module that the workers load, and that calls `run()` in them. The main module by default. */
  readonly entry?: string | URL;
  /**
   * How long a worker may take to finish its requests, its background work (`waitUntil`) and its `onShutdown` callbacks, in
   * milliseconds, from when it is told to stop accepting. Requests that are left shortly before are answered with 503. 30,000 by
   * default. Work and callbacks have at least 1 s after the last connection, so a worker can take 3 s longer in all.
   */
  readonly drainTimeout?: number;
  /**
   * How long a worker may be without a sign of life before it is taken for hung; 0 for never. 30,000 by default. It does not hold
   * while the process has an inspector (`--inspect`, `--inspect-brk`, `--inspect-wait`): a worker at a breakpoint is not hung. Without
   * `--allow-sys` the server cannot know of the inspector.
   */
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
  /** The size of heap at which a worker dies; only with `isolation: "thread"`. The runtime's own limit (0) by default. */
  readonly heapLimitBytesPerWorker?: number;
  /**
   * Whether the process's signals are listened to: SIGTERM and SIGINT stop the server, one more cuts short if it comes more than
   * 500 ms after the first, SIGHUP reloads, SIGTTIN and SIGTTOU add and remove a worker, SIGUSR2 prints the fleet (and SIGUSR1, at which Deno opens its inspector, too). True by default in `run`, false in
   * `start`.
   */
  readonly signals?: boolean;
  /**
   * The operator's port: what runs here, told by the main thread over HTTP even when every worker is stuck. `/healthz`, `/readyz`,
   * `/stats` (JSON), `/metrics` (for Prometheus), and a page for people at `/`; nothing can be changed there. Off by default.
   */
  readonly admin?: AdminOptions;
  /** Called with each event of the fleet: the same that is logged, as values. What it throws, or rejects with, is logged and ignored. */
  readonly onEvent?: (event: FleetEvent) => void;
}

/** How an option is written where there are only words: on a command line, and in the environment. */
export type OptionForm =
  | { readonly kind: "number"; readonly unit: "bytes" | "ms" | "number" | "octal" }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** `what` is a word for it, such as "address". */
  | { readonly kind: "text"; readonly what: string }
  /** Texts with commas between them, or one of `words`, which is a value of its own. */
  | { readonly kind: "list"; readonly what: string; readonly words: readonly string[] }
  /** Options of its own, each of which is written by itself. */
  | { readonly kind: "group"; readonly members: OptionTable }
  /** It is a thing of the program, such as a function. */
  | { readonly kind: "code" };

/** One option: what it is without being given, what it may be, and how it is told of. */
export interface OptionRule<T> {
  readonly default: T;
  /** What is expected, in words; undefined where the value fits. */
  readonly expect: (value: unknown) => string | undefined;
  /** What is made of a value that fits, where it is not taken as it is. */
  readonly read?: (value: unknown) => T;
  readonly form: OptionForm;
  /** What it is for, in a few words for the help of the command line. Empty where it cannot be written there. */
  readonly summary: string;
  /** Whether it is among those that most people ask for first. */
  readonly isCommon?: boolean;
}

/** The rules of some options, by their names. */
export type OptionTable = Readonly<Record<string, OptionRule<unknown>>>;

/** The longest time that a timer can wait for. */
const MAX_TIME_MS = 2 ** 31 - 1;

function wholeNumber(from: number, to: number, unit: string) {
  return (value: unknown) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= to
      ? undefined
      : `a whole number ${unit}from ${from} to ${to}`;
}

function bytes(defaultBytes: number, summary: string, from = 1): OptionRule<number> {
  return {
    default: defaultBytes,
    expect: wholeNumber(from, 2 ** 32, "of bytes "),
    form: { kind: "number", unit: "bytes" },
    summary,
  };
}

function count(defaultCount: number, summary: string, from = 1): OptionRule<number> {
  return {
    default: defaultCount,
    expect: wholeNumber(from, 2 ** 32, ""),
    form: { kind: "number", unit: "number" },
    summary,
  };
}

function time(defaultMs: number, summary: string): OptionRule<number> {
  return {
    default: defaultMs,
    expect: (value) =>
      typeof value === "number" && value >= 0 && value <= MAX_TIME_MS
        ? undefined
        : `a number of milliseconds from 0 to ${MAX_TIME_MS}`,
    form: { kind: "number", unit: "ms" },
    summary,
  };
}

/** One of some words, of which the first is the default. */
function choice<const Choices extends readonly [string, ...string[]]>(
  summary: string,
  ...choices: Choices
): OptionRule<Choices[number]> {
  return {
    default: choices[0],
    expect: (value) =>
      choices.includes(value as string)
        ? undefined
        : choices.map((one) => JSON.stringify(one)).join(" or "),
    form: { kind: "choice", choices },
    summary,
  };
}

function boolean(summary: string, isDefault = false): OptionRule<boolean> {
  return {
    default: isDefault,
    expect: (value) => typeof value === "boolean" ? undefined : "true or false",
    form: { kind: "boolean" },
    summary,
  };
}

/** An option that is worked out from others, or from the environment, when it is not given. */
function optional<T>(rule: OptionRule<T>): OptionRule<T | undefined> {
  return { ...rule, default: undefined };
}

/** An option that most people ask for first. */
function common<T>(rule: OptionRule<T>): OptionRule<T> {
  return { ...rule, isCommon: true };
}

/** An option that no word can stand for. */
function code<T>(expect: (value: unknown) => string | undefined): OptionRule<T | undefined> {
  return { default: undefined, expect, form: { kind: "code" }, summary: "" };
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

/** The ranges that `"loopback"` or a list stands for, or what would have to stand there. */
function trustedRanges(value: unknown): AddressRange[] | string {
  const expected = '"loopback", or a list of IP addresses and CIDR ranges such as ["10.0.0.0/8"]';
  const entries = value === "loopback" ? [value] : value;
  if (!Array.isArray(entries)) return expected;
  const ranges: AddressRange[] = [];
  for (const entry of entries.flatMap((one) => one === "loopback" ? LOOPBACK : [one])) {
    if (typeof entry !== "string") return `${expected}; ${show(entry)} is none of these`;
    const outcome = parseRange(entry);
    if (outcome.kind === "wrong") return `${expected}; ${outcome.why}`;
    ranges.push(outcome.range);
  }
  return ranges;
}

const TRUST: OptionRule<AddressRanges | undefined> = {
  default: undefined,
  expect: (value) => {
    const ranges = trustedRanges(value);
    return typeof ranges === "string" ? ranges : undefined;
  },
  read: (value) => {
    const ranges = trustedRanges(value);
    return typeof ranges === "string" ? undefined : new AddressRanges(ranges);
  },
  form: { kind: "list", what: "range", words: ["loopback"] },
  summary: "Front ends that tell who the client is",
};

type Rules<Options> = { readonly [Name in keyof Options]-?: OptionRule<unknown> };

const SERVER_RULES = {
  maxTargetBytes: bytes(8_192, "Longest request target, else 414"),
  // Below this a request line with a short path and a Host field would not fit.
  maxHeadBytes: bytes(16_384, "Largest request head, else 431", 64),
  maxHeaderCount: count(100, "Most header fields, else 431"),
  maxBodyBytes: common(bytes(1_000_000, "Largest request body, else 413", 0)),
  decodeRequestBodies: boolean("Undo gzip, deflate and br", true),
  headTimeout: time(10_000, "For a head to be whole, else 408"),
  bodyTimeout: time(30_000, "For 64 KiB of a body, else 408"),
  keepAliveTimeout: common(time(75_000, "Waits for the next request")),
  announceKeepAlive: boolean("Send Keep-Alive: timeout="),
  writeTimeout: time(30_000, "For a client to take 64 KiB"),
  lingerReadTimeout: time(5_000, "For more of what is discarded"),
  lingerTimeout: time(30_000, "To discard what is sent, in all"),
  handlerTimeout: common(time(0, "For a handler, else 503")),
  maxConnections: count(10_000, "Open at once in each worker"),
  onPanic: choice("What a panic does to its worker", "replace", "keep"),
  accessLog: common(choice("Log of requests", "text", "json", "off")),
  accessLogExclude: {
    default: [],
    expect: (value: unknown) =>
      Array.isArray(value) && value.every((path) => typeof path === "string" && path[0] === "/")
        ? undefined
        : 'a list of paths that begin with "/", such as ["/healthz"]',
    form: { kind: "list", what: "path", words: [] },
    summary: "Leave these paths out of the log",
  } as OptionRule<readonly string[]>,
  trustProxy: TRUST,
  forwardedBy: optional(choice("The kind of fields that they write", "forwarded", "x-forwarded")),
} satisfies Rules<WebServerOptions>;

/** More threads than this help no machine, and are most likely a port in the wrong place. */
const MAX_WORKERS = 1_024;

const expectWorkers = wholeNumber(1, MAX_WORKERS, "");

/** This machine alone, unless more is asked for. */
function hostname(summary: string): OptionRule<string> {
  return {
    default: "127.0.0.1",
    expect: (value) =>
      typeof value === "string" && value !== "" ? undefined : 'an address such as "127.0.0.1"',
    form: { kind: "text", what: "address" },
    summary,
  };
}

function port(defaultPort: number, summary: string): OptionRule<number> {
  return {
    default: defaultPort,
    expect: wholeNumber(0, 65_535, ""),
    form: { kind: "number", unit: "number" },
    summary,
  };
}

const ADMIN_RULES = {
  hostname: hostname("The operator's port's address"),
  port: common(port(9000, "Opens the operator's port")),
} satisfies Rules<AdminOptions>;

const RUN_RULES = {
  hostname: common(hostname("Address to listen on")),
  port: common(port(8000, "Port to listen on; 0 picks one")),
  workers: common<number | undefined>({
    default: undefined,
    expect: expectWorkers,
    form: { kind: "number", unit: "number" },
    summary: "Worker threads (one for each core)",
  }),
  listen: optional(choice("How workers share the port", "reuseport", "shared")),
  backlog: {
    default: 511,
    expect: wholeNumber(1, 65_535, ""),
    form: { kind: "number", unit: "number" },
    summary: "Waiting in the kernel to be accepted",
  } as OptionRule<number>,
  path: {
    default: undefined,
    expect: (value: unknown) =>
      typeof value === "string" && value !== "" && !value.endsWith("/") && !value.includes("\0")
        ? undefined
        : 'the path of a socket, such as "/run/app.{n}.sock"',
    form: { kind: "text", what: "path" },
    summary: "Unix sockets instead, such as a.{n}.sock",
  } as OptionRule<string | undefined>,
  pathMode: {
    default: undefined,
    expect: (value: unknown) =>
      wholeNumber(0, 0o777, "")(value) &&
      "the permissions of a file from 0 to 0o777, such as 0o660",
    form: { kind: "number", unit: "octal" },
    summary: "Their permissions, such as 660",
  } as OptionRule<number | undefined>,
  entry: code<string | URL>((value) =>
    (typeof value === "string" && URL.canParse(value)) || value instanceof URL
      ? undefined
      : "the URL of a module, such as import.meta.url"
  ),
  drainTimeout: common(time(30_000, "For requests to finish at the end")),
  hangTimeout: common(time(30_000, "Silent for so long: it hangs")),
  onHang: optional(choice("When a hung worker cannot be stopped", "exit", "continue")),
  isolation: common(choice("Web Workers, or node:worker_threads", "web", "thread")),
  startTimeout: time(30_000, "For a worker to accept"),
  shutdownDelay: time(0, "Serve on so long after SIGTERM"),
  maxRequestsPerWorker: count(0, "Replace it after so many", 0),
  maxAgePerWorker: time(0, "Replace it at that age"),
  maxHeapBytesPerWorker: bytes(0, "Replace it at that size", 0),
  heapLimitBytesPerWorker: bytes(0, "It dies there; thread only", 0),
  signals: optional(boolean("Heed the process's signals (true)")),
  admin: {
    default: undefined,
    expect: (value) =>
      typeof value === "object" && value !== null ? undefined : "an object such as { port: 9000 }",
    form: { kind: "group", members: ADMIN_RULES },
    summary: "",
  } as OptionRule<AdminSettings | undefined>,
  onEvent: code<(event: FleetEvent) => void>((value) =>
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
export type RunSettings = Resolved<typeof RUN_RULES>;

/** Checks the options of a server and fills in the defaults. Throws a `TypeError` or a `RangeError` that names the option. */
export function resolveServerOptions(options: WebServerOptions): ServerSettings {
  return resolveOptions("new WebServer()", options, SERVER_RULES) as unknown as ServerSettings;
}

/** The settings with what these options say, which wins. Throws as {@linkcode resolveServerOptions} does. */
export function overrideServerSettings(
  settings: ServerSettings,
  options: WebServerOptions,
): ServerSettings {
  const given = Object.entries(resolveServerOptions(options))
    .filter(([name]) => options[name as keyof WebServerOptions] !== undefined);
  return { ...settings, ...Object.fromEntries(given) };
}

/** Checks the options of a run and fills in the defaults. Throws a `TypeError` or a `RangeError` that names the option. */
export function resolveRunOptions(options: RunOptions): RunSettings {
  const settings = resolveOptions("run()", options, RUN_RULES) as unknown as RunSettings;
  if (settings.heapLimitBytesPerWorker > 0 && settings.isolation !== "thread") {
    throw new TypeError(
      'Cannot use option "heapLimitBytesPerWorker" of run(): it needs isolation: "thread", because a Web Worker that runs out of ' +
        "memory takes the process with it",
    );
  }
  checkAdmin(settings);
  checkPath(options, settings);
  return settings;
}

/** The two ways to say where a server listens. */
const PORT_OPTIONS = ["hostname", "port", "listen"] as const;
const PATH_OPTIONS = ["path", "pathMode"] as const;

/** Those that have no meaning beside `path`. To say the last one is not to say where to listen. */
const OPTIONS_OF_A_PORT = [...PORT_OPTIONS, "backlog"] as const;

/** The options that do not hold any longer when those are said that win over them: the other way to say where to listen. */
export function replacedOptions(isSaid: (name: keyof RunOptions) => boolean): readonly string[] {
  if (isSaid("path")) return OPTIONS_OF_A_PORT;
  return PORT_OPTIONS.some(isSaid) ? PATH_OPTIONS : [];
}

/** What the code says of a run with what wins over it: option by option, and in a group member by member. */
export function overrideRunOptions(
  coded: RunOptions,
  said: RunOptions,
  table: OptionTable = RUN_RULES,
): RunOptions {
  const replaced = replacedOptions((name) => said[name] !== undefined);
  const kept = Object.entries(coded).filter(([name]) => !replaced.includes(name));
  const merged: Record<string, unknown> = { ...Object.fromEntries(kept), ...said };
  for (const [name, { form }] of Object.entries(table)) {
    if (form.kind !== "group" || merged[name] === undefined) continue;
    const key = name as keyof RunOptions;
    merged[name] = { ...coded[key] as object | undefined, ...said[key] as object | undefined };
  }
  return merged;
}

/** A server listens in one way: the option of a port that is given beside `path`; undefined where there is none. */
export function portOptionBesidePath(options: RunOptions): string | undefined {
  if (options.path === undefined) return undefined;
  return OPTIONS_OF_A_PORT.find((name) => options[name] !== undefined);
}

/** What to say of such two. */
export const ONE_ADDRESS = "a server listens on Unix sockets or on a port; leave one out";

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

/** Checks options by their table and fills in the defaults; `where` says whose they are. */
export function resolveOptions(
  where: string,
  options: unknown,
  table: OptionTable,
): Record<string, unknown> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${show(options)} as the options of ${where}: expected an object`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(table, name)) {
      throw new TypeError(
        `Unknown option ${JSON.stringify(name)} of ${where}: the options are ${
          Object.keys(table).join(", ")
        }`,
      );
    }
  }
  const given = options as Readonly<Record<string, unknown>>;
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(table)) {
    const value = given[name];
    resolved[name] = value === undefined ? rule.default : resolveOption(where, name, value, rule);
  }
  return resolved;
}

function resolveOption(
  where: string,
  name: string,
  value: unknown,
  { expect, form, read }: OptionRule<unknown>,
): unknown {
  const expected = expect(value);
  if (expected !== undefined) {
    const message = `Cannot use ${
      show(value)
    } as option "${name}" of ${where}: expected ${expected}`;
    const isOutOfRange = form.kind === "number" && typeof value === "number";
    throw isOutOfRange ? new RangeError(message) : new TypeError(message);
  }
  if (read !== undefined) return read(value);
  if (form.kind !== "group") return value;
  return resolveOptions(`option "${name}" of ${where}`, value, form.members);
}

/** An option that can be written in words. */
export interface WordedOption {
  /** Whose it is. */
  readonly owner: "server" | "run";
  /** Its name, with the name of its group before it where it has one. */
  readonly path: readonly string[];
  readonly rule: OptionRule<unknown>;
}

/** All options that can be written in words, in the order of their tables. */
export function wordedOptions(): WordedOption[] {
  return [...wordedOptionsOf("run", RUN_RULES), ...wordedOptionsOf("server", SERVER_RULES)];
}

/** Those of one table. */
export function wordedOptionsOf(
  owner: "server" | "run",
  table: OptionTable,
  group: readonly string[] = [],
): WordedOption[] {
  return Object.entries(table).flatMap(([name, rule]) => {
    const path = [...group, name];
    switch (rule.form.kind) {
      case "code":
        return [];
      case "group":
        return wordedOptionsOf(owner, rule.form.members, path);
      case "number":
      case "boolean":
      case "choice":
      case "text":
      case "list":
        return [{ owner, path, rule }];
    }
  });
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showOne).join(", ")}]`;
  return showOne(value);
}

function showOne(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** How many workers there are to be, and who said so. */
export interface WorkerCount {
  readonly workers: number;
  /** For the line at the start. */
  readonly source: string;
}

/** The variables that can say how many workers there are, the first one first. */
const WORKER_VARIABLES = ["MUDPIE_THREADS", "WEB_CONCURRENCY"];

/**
 * The number of workers: the option, of which `source` tells who has said it, then the environment, then the machine's cores.
 * Throws a `RangeError` that names the variable.
 */
export function resolveWorkerCount(
  settings: RunSettings,
  source = "as run() was told",
): WorkerCount {
  if (settings.workers !== undefined) return { workers: settings.workers, source };
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
