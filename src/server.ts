// WebServer: takes routes and options; run, start, fetch. On the main thread it supervises, in a
// worker it serves.

import { installFastResponse } from "./fetch/fast_response.ts";
import { FetchExchange } from "./fetch/fetch_exchange.ts";
import type { AdminPort } from "./admin/admin_port.ts";
import type { ConnectionHooks } from "./handler/connection_hooks.ts";
import type { Handler } from "./handler/handler.ts";
import { Dispatcher } from "./routing/dispatcher.ts";
import { ErrorResponses } from "./routing/error_responses.ts";
import type { Refusal } from "./http1/refusal.ts";
import type { ServedBy } from "./ipc/messages.ts";
import { decodePath } from "./http1/target.ts";
import { checkCopy, claimThread } from "./runtime/library_copy.ts";
import {
  bodyFaultLine,
  escapeForLog,
  type LogSink,
  logToStandardError,
  panicLine,
  PanicLog,
} from "./telemetry/log.ts";
import { openTelemetry } from "./telemetry/opentelemetry.ts";
import { type PathOptions, resolvePathOptions } from "./options/path_options.ts";
import { type AdminSettings, resolveRunOptions, type RunOptions } from "./options/run_options.ts";
import {
  resolveServerOptions,
  type ServerSettings,
  type WebServerOptions,
} from "./options/server_options.ts";
import { isUnderTestRunner } from "./runtime/test_runner.ts";
import { VARIABLE_PREFIX } from "./options/worded_options.ts";
import { fromPlatformRequest, type PeerInfo } from "./fetch/platform_request.ts";
import { toPlatformResponse } from "./fetch/platform_response.ts";
import { idInUse, releaseRequest, WebRequest } from "./handler/request.ts";
import { nameOfType } from "./handler/type_name.ts";
import { type Wrapper, Wrappers } from "./routing/around.ts";
import { parsePattern, type PathPattern } from "./routing/route_pattern.ts";
import { parseTarget, type RouteTarget } from "./routing/route_target.ts";
import { Router } from "./routing/router.ts";
import type { RunningServer } from "./supervisor/running_server.ts";
import { type CommandLine, launchOptions, planLaunch } from "./supervisor/launch.ts";
import { denoArguments } from "./runtime/deno_arguments.ts";
import { environmentVariables } from "./runtime/environment.ts";
import type { SupervisedServer } from "./supervisor/supervisor.ts";
import { holdCron } from "./takeover/cron.ts";
import { replaceUpgradeWebSocket } from "./takeover/upgrade.ts";
import { BackgroundTasks } from "./connection/background_tasks.ts";
import {
  checkShutdownCallback,
  type ShutdownCallback,
  ShutdownCallbacks,
} from "./worker/shutdown_callbacks.ts";
import type { SideServers } from "./worker/side_servers.ts";
import { ownWorkerName, SupervisorLink } from "./worker/supervisor_link.ts";
import { serveAsWorker } from "./worker/worker.ts";

checkCopy(import.meta.url);

/** What the command line asks for; undefined where the program was not started by it. */
let commandLine: CommandLine | undefined;

/**
 * Hands the value of the command line over, before the application is loaded: a `run()` that the
 * application calls by itself takes it. Makes this thread the command line's: an application that
 * has another copy of this library cannot be loaded in it.
 */
export function handOver(value: CommandLine): void {
  claimThread(import.meta.url);
  commandLine = value;
}

const workerName = ownWorkerName();
const workerNumber = workerName?.worker;

// Before the application is loaded, as far as its module imports this library first.
if (workerName?.fastResponse) installFastResponse();
if (workerName !== undefined) replaceUpgradeWebSocket();

/**
 * Opened as soon as this library is loaded in a worker, whatever the user's module does before
 * `run()`.
 */
const supervisorLink = workerNumber === undefined ? undefined : new SupervisorLink();

if (workerName?.isStandby && supervisorLink !== undefined) holdCron(supervisorLink.assigned);

/**
 * The background work of this thread: of the server that runs, and of those that are mounted in it
 * with `fetch`.
 */
const backgroundTasks = new BackgroundTasks(
  workerNumber === undefined ? "fetch()" : `worker ${workerNumber}`,
  logToStandardError,
);

/** What all servers of this worker want to have called at its end. */
const shutdownCallbacks = new ShutdownCallbacks();

/** A worker has one listener and one supervisor, so one server runs in it. */
let isWorkerTaken = false;

const UNGUARDED_RUN =
  "run() serves until it is stopped, so the tests that import this program never begin: guard it, as in " +
  '"if (import.meta.main) await server.run()", and test it with server.fetch() or startServer()';

/** How a worker serves an application that does not call `run()`. */
export interface ServedHere {
  readonly servedBy: ServedBy;
  readonly runOptions: RunOptions;
  /** What the handlers need before they are called. */
  readonly prepared?: Promise<void>;
  /** Returns what the program changes of the settings until the worker serves. */
  readonly lateOptions?: () => WebServerOptions;
  /** Returns what the program takes part in beside its handlers, when they are prepared. */
  readonly hooks?: () => ConnectionHooks;
  /** Called when the worker listens, before it accepts. */
  readonly onListen: ((address: Deno.Addr) => void) | undefined;
}

/** A path that a program adds. */
interface AddedPath {
  readonly isExact: boolean;
  readonly target: unknown;
  readonly options: PathOptions;
}

/** Does what `run()` does in a worker, for a server whose `run()` was not called. */
let serveHere: (server: WebServer, served: ServedHere) => Promise<void>;

/** Returns the routes of a server that does not run by itself. */
let routerOf: (server: WebServer) => Router<Handler>;

/** What a worker of the command line adds to the server of its application. */
export interface HostParts {
  /** What the application serves by further calls. */
  readonly sideServers: SideServers;
  /** Called when the worker has drained. */
  readonly onDrained: (time: number, log: LogSink) => Promise<void>;
}

/** What this worker does for an application that does not call `run()`. */
export interface HostingWorker {
  readonly link: SupervisorLink;
  /** Whether a server runs in this worker. */
  readonly isTaken: boolean;
  /** Does what `run()` does, for a server whose `run()` was not called. */
  serve(server: WebServer, served: ServedHere): Promise<void>;
  /** Returns the routes of a server that does not run by itself. */
  routerOf(server: WebServer): Router<Handler>;
}

let hostParts: HostParts | undefined;

/**
 * Makes this worker, and so its thread, the command line's: an application that has another copy of
 * this library cannot be loaded in it. For `cli/hosted_application.ts`, which only such a worker
 * loads.
 */
export function hostApplication(parts: HostParts): HostingWorker {
  const { link } = thisWorker();
  claimThread(import.meta.url);
  hostParts = parts;
  return {
    link,
    get isTaken() {
      return isWorkerTaken;
    },
    serve: serveHere,
    routerOf,
  };
}

/** Returns what identifies this worker, and links it to its supervisor. */
function thisWorker(): { readonly number: number; readonly link: SupervisorLink } {
  if (workerNumber === undefined || supervisorLink === undefined) {
    throw new TypeError("Cannot serve an application here: this is none of Mudpie's workers");
  }
  return { number: workerNumber, link: supervisorLink };
}

/**
 * An HTTP/1.1 server for every core: add paths, then `run`.
 *
 * On the main thread, `run` spawns worker threads from the same module and watches over them; in
 * each of those, the module runs again, adds the same paths, and `run` accepts connections. A
 * worker in which a handler panics is replaced, and only the client of that handler notices.
 *
 * @example The whole program
 * ```ts ignore
 * import { type WebRequest, WebResponse, WebServer } from "jsr:@mudpie/server";
 *
 * function hello(_req: WebRequest): WebResponse {
 *   return WebResponse.html("<h1>Hello World!</h1>");
 * }
 *
 * const server = new WebServer();
 * server.addPath("/hello", hello);
 * await server.run("127.0.0.1", 8000, 10); // 10 worker threads
 * ```
 *
 * @example A test of a handler, without a socket
 * ```ts
 * import { WebResponse, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/hello", () => WebResponse.html("<h1>Hello World!</h1>"));
 *
 * const response = await server.fetch(new Request("http://localhost/hello"));
 * console.log(response.status, await response.text()); // 200 <h1>Hello World!</h1>
 * ```
 */
export class WebServer {
  static {
    routerOf = (server) => server.#router;
    serveHere = async (server, served) => {
      server.#begin(served.servedBy);
      await server.#serveAsWorker(served);
    };
  }

  readonly #settings: ServerSettings;
  readonly #router = new Router<Handler>(decodePath);
  readonly #wrappers = new Wrappers();
  readonly #dispatcher: Dispatcher;
  #hasRun = false;
  /** Whether a method was called after `run()` that has to be called before it. */
  #wasMisused = false;

  /**
   * Makes a server that has no paths yet.
   *
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when a number is out of its range
   */
  constructor(options: WebServerOptions = {}) {
    this.#settings = resolveServerOptions(options);
    const failures = new PanicLog("fetch()", logToStandardError, "failure");
    this.#dispatcher = new Dispatcher(
      this.#router,
      (error, request) => {
        logToStandardError(panicLine("fetch()", `in ${request.method} ${request.target}`, error));
        return undefined;
      },
      ({ answer }, request, consequence) => {
        logToStandardError(bodyFaultLine("fetch()", request, consequence, answer));
      },
      new ErrorResponses(this.#settings, (during, error) => {
        failures.note(during, error, performance.now());
      }),
    );
  }

  /** Whether this module runs inside one of Mudpie's workers, rather than on the main thread. */
  static readonly isWorker: boolean = workerNumber !== undefined;

  /**
   * The place of this worker in the fleet, from 1 to the number of workers. It passes to the worker
   * that replaces this one, so for a moment two workers have one place: a job that must never run
   * twice at once takes a Web Lock (`navigator.locks`) as well.
   *
   * Undefined on the main thread, and in a standby, which gets its place when it is promoted. Under
   * the command line it is known from the start of the program, and otherwise once `run()` has
   * begun to serve. So a job asks for it each time, and not once at the start.
   *
   * @example A job of one worker
   * ```ts
   * import { WebServer } from "@mudpie/server";
   *
   * function cleanUp() {}
   *
   * const timer = setInterval(() => {
   *   if (WebServer.workerPlace === 1) cleanUp();
   * }, 60_000);
   * clearInterval(timer); // at the end of the job
   * ```
   */
  static get workerPlace(): number | undefined {
    return supervisorLink?.place;
  }

  /**
   * Adds a prefix: `target` answers everything at or under it. Prefixes match whole segments, so
   * `/hello` matches `/hello`, `/hello/` and `/hello/a/b`, but not `/helloworld`; `/` matches all.
   * A segment that begins with ":" is a parameter and matches any one segment that is not empty.
   * The longest match wins, whatever the order in which paths were added; a literal segment beats a
   * parameter, and an exact path a prefix of the same length.
   *
   * @throws {TypeError} when the path is malformed, is there already (the message names both
   * places), or `run` was called already; when the target is neither a function nor a table of
   * methods; when an option is unknown or of the wrong type
   *
   * @example A parameter, and the rest of a path
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/users/:id", (req) => WebResponse.text(`${req.params.id} ${req.rest}`));
   *
   * const response = await server.fetch(new Request("http://localhost/users/7/posts"));
   * console.log(await response.text()); // 7 /posts
   * ```
   */
  addPath<const Path extends PathPattern>(
    prefix: Path,
    target: RouteTarget<NoInfer<Path>>,
    options: PathOptions = {},
  ): void {
    this.#add(prefix, { isExact: false, target, options }, callerOf(this.addPath));
  }

  /**
   * Adds a path that stands for itself alone: `/` is the front page and nothing else.
   *
   * @throws {TypeError} what {@linkcode addPath} throws
   *
   * @example A front page
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addExactPath("/", () => WebResponse.text("front page"));
   *
   * const response = await server.fetch(new Request("http://localhost/elsewhere"));
   * console.log(response.status); // 404
   * ```
   */
  addExactPath<const Path extends PathPattern>(
    path: Path,
    target: RouteTarget<NoInfer<Path>>,
    options: PathOptions = {},
  ): void {
    this.#add(path, { isExact: true, target, options }, callerOf(this.addExactPath));
  }

  /**
   * Surrounds the handlers of a prefix, or all handlers: `wrap` is called in their place, and calls
   * `next()` for the response of the handler. What it returns is sent: that response, with other
   * fields perhaps, or another one. It may answer without `next()`, such as with 401.
   *
   * It surrounds every request whose path is at or under the prefix, whatever the order in which
   * paths are added, also if it gets 404 or 405, or an `OPTIONS` that the server answers. The wrapper
   * that was added first is the outermost. The handlers may be of either kind, and wrappers cost only
   * the requests that they surround. If wrapper and handler are plain functions, so is the whole.
   *
   * `next()` returns the response of the handler, or a promise if the handler does. An `HttpError`
   * comes out of it as the response that it becomes, and the response to a body that the client got
   * wrong, too. Any other error is thrown, and is a panic unless the wrapper catches it. What the
   * wrapper throws counts as thrown by the handler. `next()` can be called once, before the wrapper
   * has ended: then it throws a `TypeError`. `handlerTimeout` holds for wrappers and handler together.
   *
   * @throws {TypeError} when the prefix is malformed, `wrap` is not a function, or `run` was called
   * already
   *
   * @example A key for each request to an API
   * ```ts
   * import { HttpError, WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.around("/api", (req, next) => {
   *   if (req.header("authorization") !== "Bearer 7") throw new HttpError(401);
   *   return next();
   * });
   * server.addPath("/api/users", () => WebResponse.json([]));
   *
   * const response = await server.fetch(new Request("http://localhost/api/users"));
   * console.log(response.status); // 401
   * ```
   */
  around(wrap: Wrapper): void;
  /** The same for the requests at or under a prefix. */
  around(prefix: PathPattern, wrap: Wrapper): void;
  around(first: PathPattern | Wrapper, second?: Wrapper): void {
    const [prefix, wrap] = typeof first === "function" ? ["/", first] : [first, second];
    if (typeof prefix !== "string" || typeof wrap !== "function") {
      throw new TypeError(
        `Cannot add a wrapper of type ${nameOfType(wrap)}: pass a function, after a prefix such ` +
          'as "/api" or alone',
      );
    }
    this.#refuseAfterRun(`the wrapper of ${JSON.stringify(prefix)}`, "add all wrappers");
    const segments = parsePattern(prefix, false, decodePath);
    this.#wrappers.add(segments, wrap, callerOf(this.around));
    this.#router.surround((target, paths) => this.#wrappers.surround(target, paths));
  }

  #refuseAfterRun(what: string, advice: string): void {
    if (!this.#hasRun) return;
    this.#wasMisused = true;
    throw new TypeError(
      `Cannot add ${what} after run(): ${advice} before, so that every worker has them`,
    );
  }

  #add(pattern: string, { isExact, target, options }: AddedPath, place: () => string): void {
    if (typeof pattern !== "string") {
      throw new TypeError(
        `Cannot add a path of type ${nameOfType(pattern)}: it must be a string such as "/hello"`,
      );
    }
    this.#refuseAfterRun(`path ${JSON.stringify(pattern)}`, "add all paths");
    const { streamBody } = resolvePathOptions(options);
    const traits = { streamsBody: streamBody };
    this.#router.add(pattern, isExact, parseTarget(pattern, target), place, traits);
  }

  /**
   * Has each worker call `callback` at its end, to close a database or to send what is left of a
   * report. It gets the reason for which the worker ends. A worker that ends in order (shutdown,
   * reload, recycling, panic) first finishes its requests, then waits for what was given to
   * `waitUntil`, then calls all callbacks at once and awaits them. After that come the code after
   * `run()`, one `unload` event, and one `exit` of `process`.
   *
   * Callbacks and `waitUntil` share what is left of `drainTimeout`, at least 1 s; the callbacks
   * have at least 500 ms of their own. A callback that throws or rejects is logged and delays
   * nothing; one that has not ended in time is cut off and logged. A standby calls them, too, when
   * it ends. Callbacks are not called in a worker that could not start, that crashes, hangs or ends
   * itself, nor when a second signal cuts the shutdown short.
   *
   * It may be called several times, and also after `run()`, for instance by a handler that opens
   * something. On the main thread, which serves nothing, the callbacks are never called.
   *
   * @throws {TypeError} when the callback is not a function; when the worker has called its
   * callbacks already
   *
   * @example Close a database
   * ```ts
   * import { WebServer } from "@mudpie/server";
   *
   * const database = { close() {} };
   * const server = new WebServer();
   * server.onShutdown(() => database.close());
   * ```
   */
  onShutdown(callback: ShutdownCallback): void {
    checkShutdownCallback(callback);
    // Elsewhere nothing would ever call it.
    if (WebServer.isWorker) shutdownCallbacks.add(callback);
  }

  /**
   * Serves until the process is told to stop, and resolves then. On the main thread it spawns the
   * workers and watches over them; in a worker it accepts. Await it at the top level of the main
   * module, without a guard other than `import.meta.main`, which is true in workers as well. The
   * code after it runs in every thread, when the thread has drained.
   *
   * SIGTERM and SIGINT stop the server: it stops accepting, answers what was accepted, and `run`
   * resolves. One more cuts short. Those within 500 ms of the first count as the first: a terminal
   * and `deno task` may each send the same Ctrl-C.
   *
   * When a worker hangs that cannot be stopped, as a Web Worker cannot, it resolves after the
   * others have drained, and the process ends with exit code 75, unless `onHang` decides otherwise.
   *
   * @throws {RangeError} when the port or the number of workers is out of range
   * @throws {TypeError} when an option is wrong, or `run` or `start` was called already
   * @throws {Error} when the address cannot be listened on (one of `Deno.errors`, as `Deno.listen`
   * has it); when no worker can start, or workers keep dying for 10 s before all have accepted
   * once; the message says what to do
   */
  run(hostname?: string, port?: number, workers?: number): Promise<void>;
  /** The same, with all options. */
  run(options: RunOptions): Promise<void>;
  async run(first?: string | RunOptions, port?: number, workers?: number): Promise<void> {
    const coded = typeof first === "object" && first !== null
      ? first
      : { hostname: first, port, workers };
    if (WebServer.isWorker) {
      // The main thread checks the options, together with those of the command line.
      const served = { servedBy: "run()", runOptions: coded, onListen: undefined } as const;
      return await serveHere(this, served);
    }
    const running = await this.#launch("run", coded);
    const { HANG_EXIT_CODE } = await loadSupervisor();
    await running.finished.catch((error) => {
      if (!running.hasHung) throw error;
      // The process is to end with a code of its own, which a rejection would keep it from.
      Deno.exitCode = HANG_EXIT_CODE;
    });
    const stuckThreads = await running.countStuckThreads();
    if (stuckThreads > 0 || running.hasHung) endProcessSoon(stuckThreads);
  }

  /**
   * Starts the workers, and resolves once each of them accepts. For programs that do more on the
   * main thread than to serve, and for tests; it listens to no signals unless told to. On the main
   * thread only: the workers' module calls `run`.
   *
   * @throws {TypeError} in a worker; and all that {@linkcode run} throws
   */
  async start(options: RunOptions = {}): Promise<RunningServer> {
    if (WebServer.isWorker) {
      resolveRunOptions(options);
      throw new TypeError(
        "Cannot start() a server in a worker: start it on the main thread only (WebServer.isWorker tells), and run() it here",
      );
    }
    return await this.#launch("start", options);
  }

  #begin(what: string): void {
    if (this.#hasRun || isWorkerTaken) {
      this.#wasMisused = true;
      throw new TypeError(
        `Cannot call ${what}: a server runs here already; call run() once, and make one server with all paths`,
      );
    }
    this.#hasRun = true;
    isWorkerTaken = WebServer.isWorker;
  }

  async #serveAsWorker(served: ServedHere): Promise<void> {
    const { number, link } = thisWorker();
    await serveAsWorker(
      {
        ...served,
        settings: this.#settings,
        router: this.#router,
        background: backgroundTasks,
        ...hostParts,
        shutdownCallbacks,
      },
      number,
      link,
    );
  }

  /** Starts a fleet. The value of the command line is read here, and passed on from here alone. */
  async #launch(startedBy: "run" | "start", coded: RunOptions): Promise<SupervisedServer> {
    const options = launchOptions(coded, commandLine);
    const settings = resolveRunOptions(options);
    this.#begin(`${startedBy}()`);
    const launch = planLaunch({
      startedBy,
      options,
      settings,
      commandLine,
      mainModule: Deno.mainModule,
      mainArgument: denoArguments()?.at(-1),
    });
    if (startedBy === "run" && settings.entry === undefined && isUnderTestRunner()) {
      logToStandardError(UNGUARDED_RUN);
    }
    // It is the first to open, so that it can report on the rest of the start.
    const admin = settings.admin === undefined ? undefined : await openAdminPort(settings.admin);
    try {
      if (commandLine === undefined) await logVariableNotices();
      const { supervise } = await loadSupervisor();
      const running = await supervise({
        ...launch,
        wasMisused: () => this.#wasMisused,
        log: logToStandardError,
        observer: admin,
        meter: openTelemetry()?.meter,
      });
      commandLine?.onStarted(running);
      return running;
    } catch (error) {
      admin?.close();
      throw error;
    }
  }

  /**
   * Answers a `Request` with the same routes, handlers and limits, without a socket and without
   * workers: for unit tests, and to mount the server in another one, as in
   * `Deno.serve(server.fetch)`; it is bound. A panic is logged and answered with a 500. It never
   * rejects for what a handler does. A body that is made while it is read is handed on part by
   * part, and where its source fails, so does the reading, with the response's own status before
   * it: over a socket a source that fails at once is a 500.
   *
   * @example Mount it in `Deno.serve`
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/", (req) => WebResponse.text(req.remoteAddr.hostname));
   *
   * const { fetch } = server;
   * console.log(await (await fetch(new Request("http://localhost/"))).text()); // 127.0.0.1
   * ```
   */
  readonly fetch: (request: Request, info?: PeerInfo) => Promise<Response> = (request, info) =>
    this.#fetch(request, info);

  async #fetch(request: Request, info: PeerInfo | undefined): Promise<Response> {
    const exchange = new FetchExchange(
      request,
      backgroundTasks,
      (error, request) => this.#dispatcher.answerTo(error, request),
    );
    const { isStreamed } = this.#dispatcher;
    const options = { info, watch: exchange, isStreamed };
    const received = await fromPlatformRequest(request, this.#settings, options);
    const isHeadRequest = request.method === "HEAD";
    if (!(received instanceof WebRequest)) {
      const response = await this.#dispatcher.refuse(received.refusal, received.request);
      return toPlatformResponse(response, isHeadRequest);
    }
    const handled = this.#handle(received, exchange, isHeadRequest);
    const replace = async (refusal: Refusal) =>
      toPlatformResponse(await this.#dispatcher.refuse(refusal, received), isHeadRequest);
    return await exchange.within(this.#settings.handlerTimeout, { handled, replace }, received);
  }

  /**
   * The exchange is over when the handler is, and its body is made, even if its client has had a
   * 503 before.
   */
  async #handle(
    request: WebRequest,
    exchange: FetchExchange,
    isHeadRequest: boolean,
  ): Promise<Response> {
    const response = await this.#dispatcher.dispatch(request);
    const platformResponse = toPlatformResponse(response, isHeadRequest, {
      onFailure: (error) => this.#dispatcher.reportBrokenBody(error, request),
      onEnd: () => {
        exchange.end();
        releaseRequest(request);
      },
    });
    const { headers } = platformResponse;
    const id = idInUse(request);
    if (id !== "" && !headers.has("x-request-id")) headers.set("x-request-id", id);
    return platformResponse;
  }
}

/**
 * The operator's port is loaded only where there is one: it would take a tenth of the time in which
 * a server starts.
 */
async function openAdminPort(options: AdminSettings): Promise<AdminPort> {
  const { AdminPort } = await import("./admin/admin_port.ts");
  return AdminPort.open(options);
}

/** Logs which variables of the environment have no effect. Loads nothing if there are none. */
async function logVariableNotices(): Promise<void> {
  const variables = environmentVariables(VARIABLE_PREFIX);
  if (Object.keys(variables).length === 0) return;
  const { variableNotices } = await import("./options/variable_notices.ts");
  for (const line of variableNotices(variables, "run")) logToStandardError(escapeForLog(line));
}

/** The supervisor is loaded only on the main thread: a worker would start later for it. */
async function loadSupervisor() {
  return await import("./supervisor/supervisor.ts");
}

/** How long the code after `run()` may take in a process that cannot end by itself. */
const LAST_CODE_MS = 1_000;

/** A Web Worker that spins keeps its process alive for ever, and nothing in Deno can stop it. */
function endProcessSoon(stuckThreads: number): void {
  if (stuckThreads > 0) {
    logToStandardError(
      `${stuckThreads} of the workers hang and cannot be stopped, so the process is ended in ${LAST_CODE_MS} ms; ` +
        'with isolation: "thread" they could have been',
    );
  }
  setTimeout(() => Deno.exit(), LAST_CODE_MS);
}

/** A place in a file, as stack traces name it. */
const PLACE = /\(?((?:[a-z]+:\/\/|data:|blob:)[^\s()]+:\d+:\d+)\)?$/m;

/**
 * Returns where `method` was called. The place is found when it is read: most routes never need it.
 */
function callerOf(method: (...args: never[]) => unknown): () => string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, method);
  return () => PLACE.exec(trace.stack ?? "")?.[1] ?? "an unknown place";
}
