// The main thread: events in from workers, signals and timers; actions out. fleet.ts decides. Here
// each event goes to the fleet as it comes, and the actions that it returns are performed at once,
// in order. An event that an action causes itself, as when `onEvent` shuts the server down, waits
// until all of them are done: they were decided without it.

import { AddressAnswer } from "../ipc/address_answer.ts";
import type { Fault, WorkerMessage } from "../ipc/messages.ts";
import { SocketPanicHold } from "../ipc/socket_panic_hold.ts";
import { httpOrigin } from "../net/host_port.ts";
import { chooseListenMode } from "../net/listen_mode.ts";
import { reserveAddress, type ReservedAddress } from "../net/listener.ts";
import { withoutStack } from "../net/socket_errors.ts";
import { isNumbered, socketPath } from "../net/socket_path.ts";
import type { RunSettings } from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import type { WorkerCount } from "../options/worker_count.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { FleetPhase } from "../telemetry/fleet_log.ts";
import type { Meter } from "../telemetry/opentelemetry.ts";
import { escapeForLog, type LogSink } from "../telemetry/log.ts";
import type { RequestTotals } from "../telemetry/request_totals.ts";
import { DescriptorBudget } from "./descriptor_budget.ts";
import { EventPublisher } from "./event_publisher.ts";
import type { FirstWorker } from "./first_worker.ts";
import { Fleet } from "./fleet.ts";
import type { FleetAction, FleetInput } from "./fleet_protocol.ts";
import { FleetInstruments } from "./fleet_instruments.ts";
import { fleetReport } from "./fleet_report.ts";
import { fleetSettings } from "./fleet_settings.ts";
import type { FleetObserver, ObservedFleet } from "./fleet_observer.ts";
import { INSPECTOR_NOTICE, isInspectorOpen } from "./inspector.ts";
import { ReloadRequest } from "./reload_request.ts";
import type { FleetStats, RunningServer } from "./running_server.ts";
import { SdNotify } from "./sd_notify.ts";
import { listenToSignals, type SignalMeaning } from "./signals.ts";
import { LinkedModules } from "./start_folder.ts";
import { SideAddresses } from "./side_addresses.ts";
import { StartProgress } from "./start_progress.ts";
import { SteadyClock } from "./steady_clock.ts";
import { losesQueueOnClose } from "./system_limits.ts";
import { type SpawnOptions, spawnWorker, type WorkerHandle } from "./worker_handle.ts";
import { FleetModules } from "./worker_modules.ts";
import { claimWorkerNumber } from "./worker_numbers.ts";
import { WorkerPool } from "./worker_pool.ts";

/** How often the fleet compares. A time limit of the fleet can be late by as much. */
const TICK_MS = 100;

/** How often a worker sends a heartbeat, unless a short `hangTimeout` asks for more. */
const HEARTBEAT_MS = 1_000;
/** How many heartbeats a worker has to miss before it counts as hung, at least. */
const MIN_MISSED_HEARTBEATS = 4;

/** How long a program that has made a mistake is given to end because of it. */
const MISUSE_MS = 250;

/** What to supervise. */
export interface SupervisorOptions {
  readonly settings: RunSettings;
  readonly workerCount: WorkerCount;
  readonly entry: string;
  /** Whether the entry is known to load this library. */
  readonly isEntryKnown: boolean;
  /** What the command line sets of the server's own options. */
  readonly serverOptions: WebServerOptions;
  /** The application that the command line's own module loads. */
  readonly app: string | undefined;
  /** Where the port comes from, for the line at the start; undefined where only code can name it. */
  readonly addressSource: string | undefined;
  /** Whether a path without a number leads to a socket itself, as a program expects that names it. */
  readonly isPathLinked: boolean;
  /** The worker that has loaded the application already; undefined where there is none. */
  readonly firstWorker: FirstWorker | undefined;
  /**
   * The modules, of these two, whose whole path or URL was written by the user: no link moves them.
   */
  readonly fixedModules: readonly string[];
  readonly listensToSignals: boolean;
  /** Whether the program has done something after `run()` that is an error there. */
  readonly wasMisused: () => boolean;
  /** Which of the two the program has called. */
  readonly startedBy: "run" | "start";
  /** Whether `startTimeout` was given. Then it limits loading as well. */
  readonly isStartTimeoutGiven: boolean;
  readonly log: LogSink;
  /** The operator's port. */
  readonly observer: FleetObserver | undefined;
  /** The meter for the fleet's metrics; undefined if OpenTelemetry is off. */
  readonly meter: Meter | undefined;
}

/** What a supervisor works with, beside its options. A test passes its own. */
export interface SupervisorParts {
  readonly address: ReservedAddress;
  /** Why the usual listen mode is not possible; undefined where it is. */
  readonly fallbackReason: string | undefined;
  readonly spawn: (options: SpawnOptions) => WorkerHandle;
  readonly nextWorker: () => number;
}

/**
 * The exit code of a process that ends because a worker hangs and cannot be stopped, so that a
 * process manager starts it again: EX_TEMPFAIL of sysexits(3), "try again later".
 */
export const HANG_EXIT_CODE = 75;

/** A running server as `run()` sees it. */
export interface SupervisedServer extends RunningServer {
  /**
   * Whether the server ends because a worker hangs that cannot be stopped. `finished` has rejected
   * then.
   */
  readonly hasHung: boolean;
  /**
   * Resolves with the number of threads that spin on although they were terminated: the process
   * cannot end by itself then.
   */
  countStuckThreads(): Promise<number>;
}

/**
 * Starts a fleet and watches over it. Resolves when every worker accepts. Rejects when the address
 * cannot be listened on, or no worker can start.
 */
export async function supervise(options: SupervisorOptions): Promise<SupervisedServer> {
  const { address, fallbackReason } = await reserve(options);
  const parts = { address, fallbackReason, ...workerSource(options) };
  return await new Supervisor(options, parts).start();
}

/** The errors with which an address could not be reserved. */
const addressErrors = new WeakSet<object>();

/** Returns whether an error of a start is about the address of the server itself. */
export function isAddressError(error: unknown): error is Error {
  return error instanceof Error && addressErrors.has(error);
}

async function reserve(
  { settings, workerCount, isPathLinked }: SupervisorOptions,
): Promise<Pick<SupervisorParts, "address" | "fallbackReason">> {
  const { listen, hostname, port, path, pathMode, backlog } = settings;
  const { mode, fallbackReason } = chooseListenMode(listen);
  try {
    if (path !== undefined) {
      const { reserveSockets } = await import("../net/reserved_sockets.ts");
      const address = await reserveSockets({
        pattern: path,
        isLinked: isPathLinked,
        mode: pathMode,
        slots: workerCount.workers,
      });
      return { address, fallbackReason: undefined };
    }
    return { address: reserveAddress({ listen: mode, hostname, port, backlog }), fallbackReason };
  } catch (error) {
    if (error instanceof Error) addressErrors.add(error);
    throw error;
  }
}

/** Returns how to get workers: first the one that is there already, if it is what is wanted. */
function workerSource(
  { entry, settings, firstWorker }: SupervisorOptions,
): Pick<SupervisorParts, "spawn" | "nextWorker"> {
  const { isolation, fastResponse, heapLimitBytesPerWorker: heapLimitBytes } = settings;
  const kind = { entry, isolation, fastResponse, heapLimitBytes };
  if (firstWorker === undefined || !firstWorker.isOfKind(kind)) {
    firstWorker?.terminate();
    return { spawn: spawnWorker, nextWorker: claimWorkerNumber };
  }
  const { number } = firstWorker;
  let isNumberTaken = false;
  return {
    nextWorker: () => {
      if (isNumberTaken) return claimWorkerNumber();
      isNumberTaken = true;
      return number;
    },
    spawn: (options) =>
      options.worker === number ? firstWorker.adopt(options) : spawnWorker(options),
  };
}

/** Injects a fault into a worker of a server that was started here. For testing.ts alone. */
export let injectFault: (server: RunningServer, worker: number, fault: Fault) => void;
/**
 * Whether a terminated thread may still run, and get connections from the kernel. For testing.ts
 * alone.
 */
export let isAnyThreadEnding: (server: RunningServer) => boolean;

/** Supervises the workers of one server. */
export class Supervisor implements SupervisedServer, ObservedFleet {
  static {
    injectFault = (server, worker, fault) => {
      (server as Supervisor).#pool.injectFault(worker, fault);
    };
    isAnyThreadEnding = (server) => (server as Supervisor).#pool.endingCount > 0;
  }

  readonly addr: Deno.NetAddr;
  readonly #options: SupervisorOptions;
  readonly #parts: SupervisorParts;
  readonly #fleet: Fleet;
  readonly #pool: WorkerPool;
  readonly #events: EventPublisher;
  readonly #budget: DescriptorBudget;
  readonly #socketPanicHold = new SocketPanicHold();
  readonly #modules: FleetModules;
  readonly #sideAddresses: SideAddresses;
  readonly #reload = new ReloadRequest(() => this.#handle({ kind: "reload" }));
  readonly #clock = new SteadyClock(performance.now());
  /** Inputs that the fleet has not got yet. */
  readonly #inputs: FleetInput[] = [];
  /** The input whose actions are performed; undefined between inputs. */
  #turn: { readonly wasStopping: boolean } | undefined;
  readonly #started = Promise.withResolvers<SupervisedServer>();
  readonly #finished = Promise.withResolvers<void>();
  /** Stops the timer and the listening to signals. */
  #stopHearing: () => void = () => {};
  /** Undefined if OpenTelemetry is off. */
  #instruments: FleetInstruments | undefined;
  /** Undefined until the workers are spawned. */
  #startProgress: StartProgress | undefined;
  /** Undefined where no service manager has asked for reports. */
  readonly #sdNotify: SdNotify | undefined;

  constructor(options: SupervisorOptions, parts: SupervisorParts) {
    const { settings, workerCount, observer, log } = options;
    const { address } = parts;
    const mainStartupMs = performance.now();
    const links = LinkedModules.find(options.fixedModules);
    this.#options = options;
    this.#parts = parts;
    this.addr = { transport: "tcp", hostname: address.hostname, port: address.port };
    this.#modules = new FleetModules(links, options.entry, options.app);
    this.#sideAddresses = new SideAddresses({
      listen: address.listen === "unix" ? chooseListenMode(undefined).mode : address.listen,
      backlog: settings.backlog,
      own: address,
      onReserved: (url) => this.#log(`a further server of the program listens on ${url}`),
    });
    this.#budget = DescriptorBudget.measure({
      workers: workerCount.workers,
      standby: settings.standby,
      hasObserver: observer !== undefined,
    });
    this.#fleet = new Fleet(
      fleetSettings({ ...options, listenMode: address.listen, mainStartupMs }),
      { nextWorker: parts.nextWorker, random: Math.random },
    );
    this.#pool = this.#createPool(mainStartupMs);
    this.#events = new EventPublisher({
      log,
      onEvent: settings.onEvent,
      observer,
      losesQueueOnClose: () => losesQueueOnClose(address.listen),
    });
    this.#sdNotify = options.startedBy === "run" ? SdNotify.connect(log) : undefined;
    // A caller of `start()` gets the failure from there, and may never look at this promise.
    this.#finished.promise.catch(() => {});
  }

  #createPool(mainStartupMs: number): WorkerPool {
    const { settings, serverOptions, observer, meter } = this.#options;
    const { address, spawn } = this.#parts;
    return new WorkerPool({
      spawn,
      address,
      isolation: settings.isolation,
      fastResponse: settings.fastResponse,
      heapLimitBytes: settings.heapLimitBytesPerWorker,
      countsByRoute: observer !== undefined || meter !== undefined,
      budget: this.#budget.connections,
      configuration: {
        heartbeatMs: heartbeatInterval(settings.hangTimeout),
        mainStartupMs,
        serverOptions,
        socketPanicHold: this.#socketPanicHold.memory,
      },
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onGone: (worker, end, handling) => this.#handle({ kind: "gone", worker, ...end, handling }),
    });
  }

  get adminAddr(): Deno.NetAddr | undefined {
    return this.#options.observer?.addr;
  }

  get listenMode(): RunningServer["listenMode"] {
    return this.#parts.address.listen;
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get hasHung(): boolean {
    return this.#fleet.hasHung;
  }

  get ready(): boolean {
    return this.#fleet.isReady;
  }

  get phase(): FleetPhase {
    return this.#fleet.phase;
  }

  get hangTimeoutMs(): number {
    return this.#options.settings.hangTimeout;
  }

  /**
   * Spawns the workers. Resolves when every worker accepts, or when the server was stopped before.
   */
  async start(): Promise<SupervisedServer> {
    const { observer, meter } = this.#options;
    observer?.watch(this, this.#budget.forObserver);
    if (meter !== undefined) this.#instruments = new FleetInstruments(meter, this);
    // A mistake of the program after run(), in the same turn of the event loop, most likely ends
    // it. It must not spawn workers that would report the same mistake once more.
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#options.wasMisused()) await new Promise((resolve) => setTimeout(resolve, MISUSE_MS));
    this.#reportFallback();
    this.#reportLink();
    const stopSignals = this.#options.listensToSignals
      ? listenToSignals((meaning, signal) => this.#onSignal(meaning, signal))
      : () => {};
    const { entry, app, workerCount, settings } = this.#options;
    this.#startProgress = new StartProgress({
      module: app ?? entry,
      workers: workerCount.workers,
      startTimeoutMs: settings.startTimeout,
    }, performance.now());
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#stopHearing = () => {
      stopSignals();
      clearInterval(timer);
    };
    this.#handle({ kind: "start" });
    this.#noteInspector();
    return await this.#started.promise;
  }

  #reportFallback(): void {
    const { listenMode } = this;
    const { fallbackReason } = this.#parts;
    if (fallbackReason === undefined || listenMode === "unix") return;
    this.#report({ kind: "listen_fallback", listenMode, reason: fallbackReason }, this.phase);
  }

  /** A link leads to one socket, and each worker has one of its own. */
  #reportLink(): void {
    const { isPathLinked, settings: { path }, workerCount: { workers }, log } = this.#options;
    if (!isPathLinked || path === undefined || isNumbered(path) || workers === 1) return;
    const [first, last] = [1, workers].map((slot) => socketPath(path, slot));
    log(
      escapeForLog(
        `${path} leads to one of the workers; a front end that names ${first} to ${last} uses all of them`,
      ),
    );
  }

  /** Looks for an inspector while the workers load, so that the start takes no longer. */
  async #noteInspector(): Promise<void> {
    if (!await isInspectorOpen()) return;
    this.#options.log(INSPECTOR_NOTICE);
    this.#handle({ kind: "inspected" });
  }

  /** Gives an input to the fleet and performs its actions, after those that are under way. */
  #handle(input: FleetInput): void {
    this.#inputs.push(input);
    if (this.#turn !== undefined) return;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        this.#noteRoom();
        this.#take(next);
      }
    } finally {
      this.#turn = undefined;
    }
  }

  /** The fleet has to know before it decides: a worker without descriptors ends the process. */
  #noteRoom(): void {
    const { hasRoom } = this.#budget;
    if (hasRoom !== this.#fleet.hasRoom) this.#take({ kind: "room", hasRoom });
  }

  #take(input: FleetInput): void {
    this.#turn = { wasStopping: this.#fleet.isStopping };
    const now = this.#clock.at(performance.now());
    const actions = this.#fleet.after(input, now);
    this.#socketPanicHold.isOn = this.#fleet.holdsSocketPanics(now);
    for (const action of actions) this.#perform(action);
  }

  #perform(action: FleetAction): void {
    switch (action.kind) {
      case "spawn":
        return this.#pool.spawn(
          action.worker,
          { entry: this.#modules.current.entry, isStandby: action.isStandby },
          performance.now(),
        );
      case "promote":
        return this.#promote(action.worker);
      case "drain":
        return this.#pool.drain(action.worker, action.order, this.#fleet.states());
      case "terminate":
        return this.#pool.terminate(action.worker);
      case "report":
        return this.#report(action.event, action.phase);
      case "ready":
        return this.#becomeReady();
      case "stop":
        return this.#sdNotify?.stopping();
      case "stop_listening":
        this.#sideAddresses.release();
        return this.#parts.address.release();
      case "reloaded":
        this.#modules.keep();
        this.#sdNotify?.ready();
        return this.#reload.resolve();
      case "reload_failed":
        this.#modules.revert();
        // The old workers serve as before.
        if (!this.#fleet.isStopping) this.#sdNotify?.ready();
        return this.#reload.reject(action.reason);
      case "give_up":
        return void this.#giveUp(action.reason);
      case "finished":
        return this.#finish(action.failure);
    }
  }

  #promote(worker: number): void {
    const slot = this.#pool.promote(worker, this.#fleet.states(), performance.now());
    if (slot !== undefined) this.#handle({ kind: "placed", worker, slot });
  }

  #onMessage(worker: number, message: WorkerMessage): void {
    switch (message.kind) {
      case "loaded": {
        const { app } = this.#modules.current;
        const slot = this.#pool.configure(worker, app, this.#fleet.states());
        return this.#handle({ kind: "loaded", worker, slot });
      }
      case "reserve": {
        const result = this.#sideAddresses.reserve(worker, message.place);
        return new AddressAnswer(message.answer).settle(result);
      }
      case "panicked": {
        const webSocketsOpen = this.#pool.webSocketsOpen(worker);
        return this.#handle({ ...message, worker, webSocketsOpen });
      }
      case "introduced":
      case "idle":
        // Nothing follows: the start of the fleet, and the worker's time limit, have decided.
        return;
      default:
        return this.#handle({ ...message, worker });
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const heartbeat of this.#pool.heartbeats(now)) this.#handle(heartbeat);
    this.#pool.forgetEnded();
    this.#budget.renew(now);
    this.#handle({ kind: "tick" });
    this.#reportStart(now);
    this.#notifySystem(now);
  }

  /** Logs what a start that takes long waits for. */
  #reportStart(now: number): void {
    if (this.phase !== "starting") return;
    this.#log(this.#startProgress?.after(now, () => this.#fleet.states().values()));
  }

  /**
   * Reports that the service is alive as long as a worker is. If all hang, it may be started again.
   */
  #notifySystem(now: number): void {
    if (this.#sdNotify === undefined) return;
    let serving = 0;
    for (const state of this.#fleet.states().values()) {
      if (state.kind === "accepting") serving++;
      else if (state.kind === "retiring" && state.cause !== "hang") serving++;
    }
    this.#sdNotify.status(`${serving} of ${this.#fleet.desired} workers accept`);
    if (serving > 0 || this.phase !== "serving") this.#sdNotify.alive(now);
  }

  #report(event: FleetEvent, phase: FleetPhase): void {
    switch (event.kind) {
      case "hung": {
        const handling = this.#pool.handling(event.worker);
        return this.#events.publish({ ...event, handling }, phase);
      }
      case "reloading":
        this.#sdNotify?.reloading();
        this.#events.publish(event, phase);
        return this.#log(this.#modules.follow());
      case "resized":
        this.#budget.connections.setWorkers(event.workers);
        return this.#events.publish(event, phase);
      default:
        return this.#events.publish(event, phase);
    }
  }

  #log(line: string | undefined): void {
    if (line !== undefined) this.#options.log(escapeForLog(line));
  }

  #becomeReady(): void {
    const { settings, workerCount, addressSource } = this.#options;
    const { address } = this.#parts;
    const { adminAddr, listenMode } = this;
    const { hostname, port } = this.addr;
    address.workersAccept();
    this.#sideAddresses.workersAccept();
    this.#report({
      kind: "listening",
      url: address.url,
      hostname,
      port,
      workers: workerCount.workers,
      workersSource: workerCount.source,
      listenMode,
      isolation: settings.isolation,
      ...(addressSource !== undefined && { addressSource }),
      ...(adminAddr && { adminUrl: httpOrigin(adminAddr.hostname, adminAddr.port) }),
    }, this.phase);
    this.#sdNotify?.ready();
    this.#started.resolve(this);
  }

  /**
   * Rejects after the runtime has printed its own line for each thread that has ended: the cause
   * comes last.
   */
  async #giveUp(reason: string): Promise<void> {
    this.#endAll();
    await this.countStuckThreads();
    const error = withoutStack(new Error(`No worker could start: ${reason}`));
    this.#started.reject(error);
    this.#finished.reject(error);
  }

  #finish(failure: string | undefined): void {
    this.#endAll();
    // A server that was stopped while it started has not failed.
    this.#started.resolve(this);
    if (failure === undefined) return this.#finished.resolve();
    this.#finished.reject(withoutStack(new Error(`The server has ended: ${failure}`)));
  }

  #endAll(): void {
    this.#stopHearing();
    this.#parts.address.release();
    this.#sideAddresses.release();
    this.#reload.reject("the server has stopped");
    this.#sdNotify?.close();
    this.#options.observer?.close();
    this.#instruments?.close();
  }

  #onSignal(meaning: SignalMeaning, signal: Deno.Signal): void {
    switch (meaning) {
      case "shutdown":
        return this.#handle({ kind: "stop_signal", signal });
      case "reload":
        this.#handle({ kind: "reload" });
        // A reload by signal brings a new release. The operator has to know if it was not found.
        return this.#fleet.isStopping ? undefined : this.#log(this.#modules.folderAdvice());
      case "add_worker":
        return this.#handle({ kind: "resize", by: 1 });
      case "remove_worker":
        return this.#handle({ kind: "resize", by: -1 });
      case "print_fleet":
        return fleetReport(this.stats()).forEach((line) => this.#log(line));
    }
  }

  stats(): FleetStats {
    const now = performance.now();
    return {
      desired: this.#fleet.desired,
      standby: this.#options.settings.standby,
      ...this.#pool.stats(this.#fleet.states(), now),
      replacements: this.#events.replacements,
      delayMs: this.#fleet.delayMs(this.#clock.at(now)),
    };
  }

  requestTotals(): RequestTotals {
    return this.#pool.requestTotals();
  }

  countStuckThreads(): Promise<number> {
    return this.#pool.waitForEnds();
  }

  reload(): Promise<void> {
    if (!this.#fleet.isStopping) return this.#reload.ask();
    return Promise.reject(new Error("Cannot reload: the server is stopping"));
  }

  shutdown(): Promise<void> {
    // A program that calls this in `onEvent`, for an event of the turn in which the stop begins,
    // cannot know of the stop, and must not cut it short.
    const isSecondStop = this.#turn?.wasStopping ?? this.#fleet.isStopping;
    this.#handle(isSecondStop ? { kind: "cut_short" } : { kind: "shutdown", reason: "shutdown()" });
    return this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#fleet.isStopping) this.shutdown();
    await this.finished;
    // A test's sanitizers look for threads that are left when the test is over.
    await this.countStuckThreads();
  }
}

/** Returns how often a worker sends a heartbeat, in milliseconds. */
function heartbeatInterval(hangTimeoutMs: number): number {
  if (hangTimeoutMs === 0) return HEARTBEAT_MS;
  return Math.min(HEARTBEAT_MS, hangTimeoutMs / MIN_MISSED_HEARTBEATS);
}
