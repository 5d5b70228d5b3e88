// A worker's life: first message, accept, drain, end.
// Nothing crosses threads on a request's way: the worker has a listener, a clock and counters of its own, and speaks with
// the supervisor only when it begins, panics, and ends.

import { bodyFaultOf } from "../handler/body_faults.ts";
import { UNWANTED } from "../handler/body_stream.ts";
import { ConnectionBudget } from "../ipc/connection_budget.ts";
import type { Handler } from "../handler/handler.ts";
import { Dispatcher } from "../routing/dispatcher.ts";
import { InFlightRequests } from "../ipc/in_flight_requests.ts";
import { BufferPool } from "../http1/buffer_pool.ts";
import { ResponseEncoder } from "../http1/response_encoder.ts";
import {
  type DrainOrder,
  FAREWELL_MS,
  MIN_CALLBACKS_MS,
  MIN_WORK_MS,
  type ShutdownReason,
} from "../ipc/drain_order.ts";
import { isTooLate, listenAt } from "../net/listener.ts";
import {
  bodyFaultLine,
  describeError,
  escapeForLog,
  lastError,
  logToStandardError,
  PanicLog,
} from "../telemetry/log.ts";
import { counterIndex, Scoreboard } from "../ipc/scoreboard.ts";
import type { ProbeReport, WorkerConfiguration } from "../ipc/messages.ts";
import { platformAddress, type WorkerAddress } from "../net/worker_address.ts";
import type { RunOptions } from "../options/run_options.ts";
import {
  accessLogFormat,
  overrideServerSettings,
  type ServerSettings,
} from "../options/server_options.ts";
import { NOT_SENT, type WebRequest } from "../handler/request.ts";
import { WrittenId } from "../telemetry/request_id.ts";
import { RequestMetrics } from "../telemetry/request_metrics.ts";
import { phraseResponse, type WebResponse } from "../handler/response.ts";
import { METHODS, routeNames, type Router } from "../routing/router.ts";
import { AcceptLoop, type ConnectionSource } from "./accept_loop.ts";
import { ConnectionLimit } from "./connection_limit.ts";
import { AccessLog } from "../telemetry/access_log.ts";
import type { BackgroundTasks } from "../connection/background_tasks.ts";
import {
  type ClientConn,
  Connection,
  type ConnectionContext,
  IDLE_GRACE_MS,
  NEW_GRACE_MS,
} from "../connection/connection.ts";
import { DateField } from "./date_field.ts";
import { Deadlines, tickFor } from "../connection/deadlines.ts";
import { dispatchEndEvents } from "./end_events.ts";
import { Heartbeat } from "./heartbeat.ts";
import { dieOf, watchForUncaught } from "./panic_watch.ts";
import { ConnectionList } from "../connection/connection_list.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import { writeToStandardOutput } from "../runtime/standard_output.ts";
import type { ShutdownCallbacks } from "./shutdown_callbacks.ts";
import type { SupervisorLink } from "./supervisor_link.ts";
import { RequestClock } from "../connection/request_clock.ts";
import { ReadFairness } from "../connection/read_fairness.ts";

/** How often a worker says that it cannot accept. */
const TROUBLE_LOG_INTERVAL_MS = 10_000;

/** What promises reject with of which nothing is wrong but that a client has gone. */
const CLIENT_GONE_REASONS: readonly unknown[] = [UNWANTED, NOT_SENT];

const PANICS = counterIndex("panics");
const CONNECTIONS_ACCEPTED = counterIndex("connectionsAccepted");
const CONNECTIONS_OPEN = counterIndex("connectionsOpen");

/** What a worker serves. */
export interface WorkerProgram {
  readonly settings: ServerSettings;
  readonly router: Router<Handler>;
  /** What `run()` was called with. */
  readonly runOptions: RunOptions;
  /** Called when the worker listens, before it accepts. */
  readonly onListen?: (address: Deno.Addr) => void;
  /** What goes on after responses, and is waited for at the end. */
  readonly background: BackgroundTasks;
  /** Called at the end. */
  readonly shutdownCallbacks: ShutdownCallbacks;
}

/**
 * Serves until the supervisor has the worker drain, or tells what would be served. Resolves then; what the user's module does
 * behind `run()` still runs.
 */
export async function serveAsWorker(
  program: WorkerProgram,
  number: number,
  link: SupervisorLink,
): Promise<void> {
  link.noteRun();
  const assignment = await link.assigned;
  switch (assignment.kind) {
    case "probe":
      // What its module has left floating is thrown in between, and ends the worker. On a busy machine a timer alone may be due before.
      await shortTurns();
      link.say({ kind: "probed", report: reportOf(program) });
      // Not awaited: the module waits for run() to come back.
      link.moduleHasRun.then(() => link.end());
      return;
    case "serve": {
      const { configuration } = assignment;
      const settings = overrideServerSettings(program.settings, configuration.serverOptions);
      await new ServingWorker({ ...program, settings }, number, configuration, link).live();
    }
  }
}

/** What a worker would serve. */
function reportOf({ router, runOptions }: WorkerProgram): ProbeReport {
  const { entry, onEvent, ...others } = runOptions;
  return {
    routes: router.routes.map(({ pattern, isExact, target }) => ({
      pattern,
      isExact,
      allow: target.kind === "methods" ? target.allow : undefined,
    })),
    runOptions: entry === undefined ? others : { ...others, entry: String(entry) },
    hasOnEvent: onEvent !== undefined,
  };
}

class ServingWorker {
  readonly #settings: ServerSettings;
  readonly #onListen: WorkerProgram["onListen"];
  readonly #name: string;
  readonly #panicLog: PanicLog;
  readonly #configuration: WorkerConfiguration;
  readonly #link: SupervisorLink;
  readonly #background: BackgroundTasks;
  readonly #shutdownCallbacks: ShutdownCallbacks;
  readonly #scoreboard: Scoreboard;
  readonly #budget: ConnectionBudget;
  readonly #limit: ConnectionLimit;
  readonly #context: ConnectionContext;
  readonly #tickMs: number;
  readonly #connections = new ConnectionList<Connection>();
  #onEmpty: (() => void) | undefined;
  #troubleLoggedAt = -Infinity;
  /** The panic that this worker is going to die of. */
  #fatal: { readonly error: unknown } | undefined;

  constructor(
    program: WorkerProgram,
    number: number,
    configuration: WorkerConfiguration,
    link: SupervisorLink,
  ) {
    const { settings, router, onListen, background, shutdownCallbacks } = program;
    this.#settings = settings;
    this.#onListen = onListen;
    this.#name = `worker ${number}`;
    this.#panicLog = new PanicLog(this.#name, logToStandardError);
    this.#configuration = configuration;
    this.#link = link;
    this.#background = background;
    this.#shutdownCallbacks = shutdownCallbacks;
    this.#scoreboard = new Scoreboard(configuration.scoreboard);
    this.#budget = ConnectionBudget.in(configuration.connectionBudget);
    this.#limit = new ConnectionLimit(settings.maxConnections, this.#budget);
    this.#tickMs = Math.min(tickFor(timeLimitsOf(settings)), configuration.heartbeatMs);
    this.#context = {
      settings,
      pool: new BufferPool(),
      encoder: new ResponseEncoder(
        new Date().toUTCString(),
        Math.floor(settings.keepAliveTimeout / 1_000),
      ),
      dispatcher: new Dispatcher(
        router,
        (error, request) => this.#answerPanic(error, request),
        ({ answer }, request, consequence) =>
          logToStandardError(bodyFaultLine(this.#name, request, consequence, answer)),
      ),
      deadlines: new Deadlines(this.#tickMs, performance.now()),
      readFairness: new ReadFairness(),
      requestClock: new RequestClock(),
      writtenId: new WrittenId(),
      scoreboard: this.#scoreboard,
      background,
      inFlightRequests: new InFlightRequests(configuration.inFlightRequests),
      accessLog: openAccessLog(settings, number),
      requestMetrics: configuration.requestMetrics === undefined
        ? undefined
        : new RequestMetrics(configuration.requestMetrics, routeNames(router.routes), METHODS),
      onClosed: () => {
        this.#scoreboard.add(CONNECTIONS_OPEN, -1);
        this.#limit.leave();
      },
      onFault: (error) => this.#panic("on a connection", error),
      onStack: undefined,
      isDraining: false,
    };
  }

  async live(): Promise<void> {
    const { address } = this.#configuration;
    const drain = Promise.withResolvers<DrainOrder>();
    this.#link.onDrain = drain.resolve;
    const listener = await this.#listen(address);
    if (listener === undefined) return;
    const stopWatching = watchForUncaught(
      (during, error) => this.#noteUncaught(during, error),
      CLIENT_GONE_REASONS,
    );
    const acceptLoop = new AcceptLoop(listener, {
      limit: this.#limit,
      isQueueShared: address.listen === "shared",
      serve: (connection) => void this.#serve(connection),
      onFull: () => this.#logTrouble(this.#describeFullness()),
      onTrouble: (error, isShortage) => {
        const trouble = error instanceof Error ? error.message : describeError(error);
        this.#logTrouble(`cannot accept, going on trying: ${trouble}`);
        if (isShortage) this.#budget.noteShortage();
        this.#closeExcess();
      },
    });
    const stopTicking = this.#startTicking(stopWatching);
    const accepting = acceptLoop.run();
    this.#link.say({ kind: "accepting" });

    const order = await drain.promise;
    const workEndsAt = performance.now() + order.workMs;
    acceptLoop.stop();
    // The socket is closed only when the accepting that was under way has come to its end.
    await accepting;
    // Not before: whoever is told to go comes back at once, and would come to the socket that is being closed.
    this.#context.isDraining = true;
    this.#link.say({ kind: "draining" });
    await this.#drain(order.connectionsMs);
    await this.#finishWork(order.reason, workEndsAt);
    // The runtime reports a promise that the callbacks have left floating after this turn.
    await shortTurns();
    stopTicking();
    await this.#context.accessLog?.flush();
    stopWatching();
    // After this, the user's module goes on after `await server.run()`.
    this.#endAfterModule();
  }

  /** Waits for what goes on after the last response, then calls the `onShutdown` callbacks. They share the time. */
  async #finishWork(reason: ShutdownReason, workEndsAt: number): Promise<void> {
    const endsAt = Math.max(workEndsAt, performance.now() + MIN_WORK_MS);
    const background = this.#background;
    await background.settleUntil(endsAt);
    const callbacksEndAt = Math.max(endsAt, performance.now() + MIN_CALLBACKS_MS);
    await this.#shutdownCallbacks.call(reason, callbacksEndAt, (line) => this.#log(line));
    // Also for what the callbacks have given to it.
    await background.settleUntil(endsAt);
    background.logUnfinished(performance.now());
  }

  /**
   * Undefined where it cannot, which the supervisor logs, and ends the worker. To throw would have the runtime write the same once more,
   * with a stack.
   */
  async #listen(address: WorkerAddress): Promise<ConnectionSource | undefined> {
    try {
      return await listenAt(address, () => this.#onListen?.(platformAddress(address)));
    } catch (error) {
      const isFinal = isTooLate(address, error);
      this.#link.say({ kind: "failed", isFinal, message: describeError(error) });
      return undefined;
    }
  }

  async #serve(conn: ClientConn): Promise<void> {
    const scoreboard = this.#scoreboard;
    const connection = new Connection(conn, this.#context);
    this.#limit.enter();
    this.#connections.add(connection);
    scoreboard.add(CONNECTIONS_ACCEPTED, 1);
    scoreboard.add(CONNECTIONS_OPEN, 1);
    await connection.serve();
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** One timer for the whole worker: the clock, the Date field, the heartbeat, the log. */
  #startTicking(stopWatching: () => void): () => void {
    const context = this.#context;
    const { deadlines, encoder, inFlightRequests, accessLog } = context;
    const tickMs = this.#tickMs;
    const date = new DateField();
    const heartbeat = new Heartbeat(
      this.#scoreboard,
      this.#configuration.heartbeatMs,
      performance.now(),
    );
    let expectedAt = performance.now();
    const tick = () => {
      if (context.onStack !== undefined) {
        // The runtime has ended a handler that ran out of memory, and would let the thread go on without telling anybody.
        stopWatching();
        clearInterval(timer);
        this.#endUnlessDead();
        const { method, target } = context.onStack;
        dieOf(new Error(`Out of memory in ${method} ${target}`));
      }
      const now = performance.now();
      const wall = new Date();
      inFlightRequests.now = wall.getTime();
      const text = date.renew(inFlightRequests.now);
      if (text !== undefined) encoder.setDate(text);
      heartbeat.tick(now, Math.max(0, now - expectedAt));
      expectedAt = now + tickMs;
      deadlines.tick(now, this.#connections.members());
      this.#closeExcess();
      accessLog?.tick(wall);
    };
    const timer = setInterval(tick, tickMs);
    tick();
    return () => clearInterval(timer);
  }

  /**
   * Closes as many idle connections as are more than the process can have: they have no request to lose. The newest go first,
   * since a front end's were there before the crowd.
   */
  #closeExcess(): void {
    let { excess } = this.#budget;
    if (excess === 0) return;
    for (const connection of this.#connections.members().reverse()) {
      if (connection.closeIfIdle({ evenIfNew: true }) && --excess === 0) return;
    }
  }

  /** Lets what is under way finish; whoever is not answered when the time is over gets a 503. */
  async #drain(timeoutMs: number): Promise<void> {
    const closeIdle = async (evenIfNew: boolean) => {
      // Who has sent a request that nobody has read yet only looks idle.
      await shortTurns();
      for (const connection of this.#connections.members()) connection.closeIfIdle({ evenIfNew });
    };
    const timers = [
      setTimeout(() => closeIdle(false), Math.min(IDLE_GRACE_MS, timeoutMs)),
      setTimeout(() => closeIdle(true), Math.min(NEW_GRACE_MS, timeoutMs)),
    ];
    const isEmpty = await this.#emptyWithin(timeoutMs);
    for (const timer of timers) clearTimeout(timer);
    if (isEmpty) return;
    for (const connection of this.#connections.members()) connection.abandon();
    // Handlers that do not end may have this thread ended before it comes to its own end.
    await Promise.all([this.#emptyWithin(FAREWELL_MS), this.#context.accessLog?.flush()]);
  }

  /** Waits until no connection is left; false when that takes too long. */
  async #emptyWithin(timeoutMs: number): Promise<boolean> {
    if (this.#connections.size === 0) return true;
    const outcome = Promise.withResolvers<boolean>();
    this.#onEmpty = () => outcome.resolve(true);
    const timer = setTimeout(() => outcome.resolve(false), timeoutMs);
    const isEmpty = await outcome.promise;
    clearTimeout(timer);
    this.#onEmpty = undefined;
    return isEmpty;
  }

  /** A panic, unless the error is that of a client's bad body: no client must be able to have workers replaced at will. */
  #noteUncaught(during: string, error: unknown): void {
    const fault = bodyFaultOf(error);
    if (fault === undefined) return this.#panic(during, error);
    const { of: request, answer } = fault;
    logToStandardError(
      bodyFaultLine(this.#name, request, "has a body that cannot be read", answer),
    );
  }

  #answerPanic(error: unknown, request: WebRequest): WebResponse {
    this.#panic(`in ${request.method} ${request.target}`, error);
    // The worker is on its way out: its client does well to come back by another connection.
    return phraseResponse(
      500,
      this.#settings.onPanic === "replace" ? { connection: "close" } : undefined,
    );
  }

  #panic(during: string, error: unknown): void {
    this.#scoreboard.add(PANICS, 1);
    // The supervisor first, whatever becomes of the log; what is said is sent behind this turn, and so behind the line.
    if (this.#settings.onPanic === "replace" && this.#fatal === undefined) {
      this.#fatal = { error };
      this.#link.say({ kind: "panicked", error: describeError(error) });
    }
    this.#panicLog.note(during, error, performance.now());
  }

  /** Ends the worker when the user's module has run to its end: of its panic, if it had one, or with a word to the supervisor. */
  async #endAfterModule(): Promise<void> {
    await this.#link.moduleHasRun;
    // Code after a `run()` that the module does not await has begun by then.
    await new Promise((resolve) => setTimeout(resolve));
    const fatal = this.#fatal;
    await dispatchEndEvents(
      fatal === undefined ? 0 : 1,
      (during, error) => this.#log(`failed ${during}: ${describeError(error)}`),
    );
    if (fatal === undefined) return this.#link.end();
    // Thrown where nothing catches it, so that the supervisor's `error` event carries it.
    setTimeout(() => {
      this.#endUnlessDead();
      dieOf(lastError(fatal.error));
    });
  }

  /** Ends the worker in the next turn, if it still runs: the application may keep an error from all other listeners. */
  #endUnlessDead(): void {
    setTimeout(() => this.#link.end());
  }

  #log(line: string): void {
    logToStandardError(escapeForLog(`${this.#name}: ${line}`));
  }

  #describeFullness(): string {
    const { limit, hasRoom } = this.#budget;
    return hasRoom
      ? `maxConnections (${this.#settings.maxConnections}) are open; the next ones wait until one ends`
      : `all ${limit} connections are open for which the process has file descriptors; ` +
        "the next ones wait until one ends (raise ulimit -n)";
  }

  /** What stops a worker from accepting may do so many times a second. */
  #logTrouble(trouble: string): void {
    const now = performance.now();
    if (now - this.#troubleLoggedAt < TROUBLE_LOG_INTERVAL_MS) return;
    this.#troubleLoggedAt = now;
    this.#log(trouble);
  }
}

/** The limits that connections have, in milliseconds. */
function timeLimitsOf(settings: ServerSettings): number[] {
  const { headTimeout, bodyTimeout, keepAliveTimeout, writeTimeout, handlerTimeout } = settings;
  const { lingerReadTimeout, lingerTimeout } = settings;
  return [
    headTimeout,
    bodyTimeout,
    keepAliveTimeout,
    writeTimeout,
    handlerTimeout,
    lingerReadTimeout,
    lingerTimeout,
  ];
}

function openAccessLog(settings: ServerSettings, worker: number): AccessLog | undefined {
  const format = accessLogFormat(settings);
  if (format === "off") return undefined;
  return new AccessLog({
    format,
    worker,
    exclude: settings.accessLogExclude,
    write: (bytes) => writeToStandardOutput(bytes),
    onFailure: (error) =>
      logToStandardError(
        escapeForLog(`worker ${worker}: requests cannot be logged: ${describeError(error)}`),
      ),
  });
}
