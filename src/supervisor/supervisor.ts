// The main thread: events in from workers, signals and timers; actions out.
// What to do is decided in fleet.ts; here it is done: each event is taken to the fleet as it comes, and the actions that come
// back are performed at once, in order. Only what comes out of these actions themselves, as when `onEvent` shuts the server
// down, waits until all of them are done: they were decided without it.

import { ConnectionBudget } from "../ipc/connection_budget.ts";
import type { DrainOrder } from "../ipc/drain_order.ts";
import { httpOrigin } from "../net/host_port.ts";
import { chooseListenMode } from "../net/listen_mode.ts";
import { reserveAddress, type ReservedAddress, reserveSockets } from "../net/listener.ts";
import { withoutStack } from "../net/socket_errors.ts";
import { fleetLine, type FleetPhase, isWorthALine, QUEUE_ADVICE } from "../telemetry/fleet_log.ts";
import { describeError, escapeForLog, type LogSink } from "../telemetry/log.ts";
import type { Counter } from "../ipc/scoreboard.ts";
import type {
  FleetEvent,
  HandledRequest,
  HangOutcome,
  WorkerEndCause,
} from "../telemetry/fleet_event.ts";
import type { Fault, WorkerMessage } from "../ipc/messages.ts";
import { keepContext } from "../runtime/async_context.ts";
import type { RunSettings } from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import type { WorkerCount } from "../options/worker_count.ts";
import { RequestTotals } from "../telemetry/request_metrics.ts";
import { Fleet } from "./fleet.ts";
import type { FleetAction, FleetInput, WorkerState } from "./fleet_protocol.ts";
import type { FleetObserver, ObservedFleet } from "./fleet_observer.ts";
import { INSPECTOR_NOTICE, isInspectorOpen } from "./inspector.ts";
import type { FleetStats, RunningServer, WorkerCounters, WorkerStats } from "./running_server.ts";
import { SdNotify } from "./sd_notify.ts";
import { listenToSignals, type SignalMeaning } from "./signals.ts";
import { LinkedModules, sameFolderLine, type WorkerModules } from "./start_folder.ts";
import { SteadyClock } from "./steady_clock.ts";
import { connectionsThatFit, descriptorsForObserver, losesQueueOnClose } from "./system_limits.ts";
import { spawnWorker, type WorkerHandle } from "./worker_handle.ts";

/** How often the fleet is compared with what is wanted; also how late a time limit of the fleet can be. */
const TICK_MS = 100;

/** How often a worker shows that it is alive, unless a short `hangTimeout` asks for more. */
const HEARTBEAT_MS = 1_000;
/** How many heartbeats have to be missed before a worker is taken for hung, at least. */
const MIN_MISSED_HEARTBEATS = 4;

/**
 * How long to wait for the first worker to load this library, when the workers' module is another one than the main module
 * and may have nothing to do with it. A program that is run has its modules at hand, and so loads them in some times of
 * what it took itself. Under `deno test`, which is where `start()` is called, Deno checks their types first.
 */
const MIN_RUN_LOAD_TIMEOUT_MS = 2_000;
const RUN_LOAD_TIMEOUT_SHARE = 5;
const START_LOAD_TIMEOUT_MS = 15_000;

/** How long a worker of a program may take to load this library; `mainStartupMs` is what the program itself has taken to come this far. */
export function loadTimeoutInProgram(mainStartupMs: number): number {
  return MIN_RUN_LOAD_TIMEOUT_MS + mainStartupMs * RUN_LOAD_TIMEOUT_SHARE;
}

/** After that time without a shortage of descriptors, the workers may try again to have as many connections as before. */
const SHORTAGE_MS = 60_000;

/** How long a thread may take to be gone once it is terminated, and how often to look. */
const TERMINATE_MS = 500;
const TERMINATE_POLL_MS = 10;

/** How long a program that has made a mistake is given to end of it. */
const MISUSE_MS = 250;

/** The numbers of workers go on through all fleets of a process: they are in names that must not be used twice. */
let lastWorkerNumber = 0;

/** Returns a number for a new worker, of a fleet or of none. */
export function claimWorkerNumber(): number {
  return ++lastWorkerNumber;
}

/** What there is to supervise. */
export interface SupervisorOptions {
  readonly settings: RunSettings;
  readonly workerCount: WorkerCount;
  readonly entry: string;
  /** Whether the entry is known to load this library. */
  readonly isEntryKnown: boolean;
  /** What the command line says of the server's own options, and the application that its own module is to load. */
  readonly serverOptions: WebServerOptions;
  readonly app: string | undefined;
  /** The modules, of these two, whose whole path or URL was written by the user: it leads where it leads. */
  readonly fixedModules: readonly string[];
  readonly listensToSignals: boolean;
  /** Whether the program has done something behind `run()` that is an error there. */
  readonly wasMisused: () => boolean;
  /** Which of the two the program has called. */
  readonly startedBy: "run" | "start";
  /** Whether `startTimeout` was given: then it holds for loading as well. */
  readonly isStartTimeoutGiven: boolean;
  readonly log: LogSink;
  /** Undefined where nobody looks on; then requests are not counted by route. */
  readonly observer: FleetObserver | undefined;
}

/** A worker that is there. */
interface Crew {
  readonly handle: WorkerHandle;
  readonly spawnedAt: number;
  /** Its slot among those that accept, from 1, once it has been told to listen: whoever replaces it has the same. */
  slot?: number;
  heartbeats: number;
  heartbeatAt: number;
}

/** The counters that only grow: those of workers that are gone are kept. */
const TOTALS = [
  "requests",
  "panics",
  "connectionsAccepted",
  "connectionsUnused",
] as const satisfies readonly Counter[];

/**
 * With what a process ends whose worker hangs and cannot be stopped, so that whoever watches it starts it again: EX_TEMPFAIL of
 * sysexits(3), "try again later".
 */
export const HANG_EXIT_CODE = 75;

/** A running server as `run()` sees it. */
export interface SupervisedServer extends RunningServer {
  /** Whether the server ends because a worker hangs that cannot be stopped. `finished` has rejected then. */
  readonly hasHung: boolean;
  /** Resolves with the number of threads that spin on although they were terminated: the process cannot end by itself then. */
  countStuckThreads(): Promise<number>;
}

/**
 * Starts a fleet and watches over it; resolves once every worker accepts. Rejects when the address cannot be listened on, or
 * no worker can start.
 */
export async function supervise(options: SupervisorOptions): Promise<SupervisedServer> {
  const { listen, hostname, port, path, pathMode, backlog } = options.settings;
  if (path !== undefined) {
    const sockets = await reserveSockets(path, pathMode, options.workerCount.workers);
    return await new Supervisor(options, undefined, sockets).start();
  }
  const { mode, fallbackReason } = chooseListenMode(listen);
  const address = reserveAddress({ listen: mode, hostname, port, backlog });
  return await new Supervisor(options, fallbackReason, address).start();
}

/** Has a worker of a server that was started here die, without a word to the fleet beforehand. For testing.ts alone. */
export let injectFault: (server: RunningServer, worker: number, fault: Fault) => void;
/** Whether a thread that was terminated may still be there, and the kernel give its socket connections. For the same. */
export let isAnyThreadEnding: (server: RunningServer) => boolean;

class Supervisor implements SupervisedServer, ObservedFleet {
  static {
    injectFault = (server, worker, fault) => {
      (server as Supervisor).#crew.get(worker)?.handle.tell({ kind: "inject_fault", fault });
    };
    isAnyThreadEnding = (server) => (server as Supervisor).#countEnding() > 0;
  }

  readonly addr: Deno.NetAddr;
  readonly adminAddr: Deno.NetAddr | undefined;
  readonly listenMode: RunningServer["listenMode"];
  readonly finished: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #fallbackReason: string | undefined;
  readonly #address: ReservedAddress;
  readonly #fleet: Fleet;
  readonly #links: LinkedModules;
  readonly #firstModules: WorkerModules;
  /** What new workers load, and what they loaded after the last reload that succeeded. */
  #modules: WorkerModules;
  #servedModules: WorkerModules;
  readonly #observerDescriptors: number;
  readonly #maxConnections: number | undefined;
  readonly #budget: ConnectionBudget;
  #shortages = 0;
  #shortageAt = 0;
  #hasRoom = true;
  readonly #clock = new SteadyClock(performance.now());
  /** What has happened and was not taken to the fleet yet. */
  readonly #inputs: FleetInput[] = [];
  #isHandling = false;
  readonly #crew = new Map<number, Crew>();
  /** Those that may still be there, although they should not. */
  #terminated: WorkerHandle[] = [];
  readonly #gone = { requests: 0, panics: 0, connectionsAccepted: 0, connectionsUnused: 0 };
  readonly #goneRequests = new RequestTotals();
  readonly #replacements: Partial<Record<WorkerEndCause, number>> = {};
  readonly #mainStartupMs = performance.now();
  readonly #started = Promise.withResolvers<SupervisedServer>();
  readonly #finished = Promise.withResolvers<void>();
  #reload: PromiseWithResolvers<void> | undefined;
  #isReloadRequested = false;
  #isReady = false;
  #isStopping = false;
  #hasStarted = false;
  #hasHung = false;
  #hasAdvised = false;
  /** What the worker whose end is being dealt with was handling. */
  #lastHandled: readonly HandledRequest[] = [];
  #stopHearing: () => void = () => {};
  /** Undefined where nobody above the process wants to hear anything. */
  readonly #sdNotify: SdNotify | undefined;

  constructor(
    options: SupervisorOptions,
    fallbackReason: string | undefined,
    address: ReservedAddress,
  ) {
    const { settings, workerCount } = options;
    this.#options = options;
    this.#links = LinkedModules.find(options.fixedModules);
    this.#firstModules = this.#links.first(options.entry, options.app);
    this.#modules = this.#servedModules = this.#firstModules;
    this.#fallbackReason = fallbackReason;
    this.#address = address;
    this.addr = { transport: "tcp", hostname: address.hostname, port: address.port };
    this.adminAddr = options.observer?.addr;
    this.listenMode = address.listen;
    this.finished = this.#finished.promise;
    // Whoever waits for it hears of a failure; a program that never looks at it has heard of it by `start()`.
    this.finished.catch(() => {});
    this.#sdNotify = options.startedBy === "run" ? SdNotify.connect(options.log) : undefined;
    this.#observerDescriptors = options.observer === undefined ? 0 : descriptorsForObserver();
    this.#maxConnections = connectionsThatFit(workerCount.workers, this.#observerDescriptors);
    this.#budget = ConnectionBudget.of(this.#maxConnections, workerCount.workers);
    this.#fleet = new Fleet(
      {
        workers: workerCount.workers,
        startTimeoutMs: settings.startTimeout,
        loadTimeoutMs: this.#loadTimeoutMs(),
        drainTimeoutMs: settings.drainTimeout,
        hangTimeoutMs: settings.hangTimeout,
        hangOutcome: hangOutcome(settings, address.listen),
        shutdownDelayMs: settings.shutdownDelay,
        maxRequests: settings.maxRequestsPerWorker,
        maxAgeMs: settings.maxAgePerWorker,
        maxHeapBytes: settings.maxHeapBytesPerWorker,
      },
      { nextWorker: claimWorkerNumber, random: Math.random },
    );
  }

  #loadTimeoutMs(): number {
    const { isEntryKnown, startedBy, isStartTimeoutGiven } = this.#options;
    if (isEntryKnown || isStartTimeoutGiven) return Infinity;
    return startedBy === "start"
      ? START_LOAD_TIMEOUT_MS
      : loadTimeoutInProgram(this.#mainStartupMs);
  }

  get hasHung(): boolean {
    return this.#hasHung;
  }

  get ready(): boolean {
    return this.#isReady;
  }

  async start(): Promise<SupervisedServer> {
    this.#options.observer?.watch(this, this.#observerDescriptors);
    // What the program does wrong behind run(), in the same turn of the event loop, most likely ends it; before there is a
    // worker that would say the same once more.
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#options.wasMisused()) await new Promise((resolve) => setTimeout(resolve, MISUSE_MS));
    if (this.#fallbackReason !== undefined && this.listenMode !== "unix") {
      this.#tell({
        kind: "listen_fallback",
        listenMode: this.listenMode,
        reason: this.#fallbackReason,
      });
    }
    const stopSignals = this.#options.listensToSignals
      ? listenToSignals((meaning, signal) => this.#onSignal(meaning, signal))
      : () => {};
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#stopHearing = () => {
      stopSignals();
      clearInterval(timer);
    };
    this.#handle({ kind: "start" });
    this.#noteInspector();
    return await this.#started.promise;
  }

  /** Looks for an inspector while the workers load, so that the start takes no longer. */
  async #noteInspector(): Promise<void> {
    if (!await isInspectorOpen()) return;
    this.#options.log(INSPECTOR_NOTICE);
    this.#handle({ kind: "inspected" });
  }

  /** Takes an event to the fleet and does what it says, after what it may have come in the middle of. */
  #handle(input: FleetInput): void {
    this.#inputs.push(input);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        this.#noteRoom();
        this.#take(next);
      }
    } finally {
      this.#isHandling = false;
    }
  }

  /** Known before anything is decided: a worker that is spawned without descriptors ends the process. */
  #noteRoom(): void {
    const hasRoom = this.#budget.excess === 0;
    if (hasRoom === this.#hasRoom) return;
    this.#hasRoom = hasRoom;
    this.#take({ kind: "room", hasRoom });
  }

  #take(input: FleetInput): void {
    const now = this.#clock.at(performance.now());
    for (const action of this.#fleet.after(input, now)) this.#perform(action);
  }

  #perform(action: FleetAction): void {
    switch (action.kind) {
      case "spawn":
        return this.#spawn(action.worker);
      case "drain":
        return this.#drain(action.worker, action.order);
      case "terminate":
        return this.#terminate(action.worker);
      case "tell":
        return this.#tell(this.#withHandled(action.event));
      case "ready":
        return this.#becomeReady();
      case "stop":
        this.#isReady = false;
        this.#isStopping = true;
        this.#sdNotify?.stopping();
        return;
      case "stop_listening":
        return this.#address.release();
      case "reloaded":
        this.#sdNotify?.ready();
        this.#reload?.resolve();
        this.#reload = undefined;
        return;
      case "reload_failed":
        // What was there before is ready as it was.
        if (!this.#isStopping) this.#sdNotify?.ready();
        this.#reload?.reject(new Error(`The reload failed: ${action.reason}`));
        this.#reload = undefined;
        return;
      case "give_up":
        return void this.#giveUp(action.reason);
      case "finished":
        return this.#finish(action.failure);
    }
  }

  #spawn(worker: number): void {
    const { settings } = this.#options;
    const now = performance.now();
    const handle = spawnWorker({
      worker,
      entry: this.#modules.entry,
      isolation: settings.isolation,
      heapLimitBytes: settings.heapLimitBytesPerWorker,
      countsByRoute: this.#options.observer !== undefined,
      onMessage: (message) => this.#onMessage(worker, message),
      onGone: (end) => {
        this.#budget.leave(handle.scoreboard.read().connectionsOpen);
        this.#lastHandled = handle.inFlightRequests.read(Date.now());
        this.#release(worker);
        this.#handle({ kind: "gone", worker, ...end });
        this.#lastHandled = [];
      },
    });
    this.#crew.set(worker, { handle, spawnedAt: now, heartbeats: 0, heartbeatAt: now });
  }

  #onMessage(worker: number, message: WorkerMessage): void {
    switch (message.kind) {
      case "loaded":
        this.#configure(worker);
        return this.#handle({ kind: "loaded", worker, slot: this.#crew.get(worker)?.slot });
      case "accepting":
        return this.#handle({ kind: "accepting", worker });
      case "failed":
        return this.#handle({
          kind: "failed",
          worker,
          message: message.message,
          isFinal: message.isFinal,
        });
      case "nothing_to_serve":
        return this.#handle({ kind: "nothing_to_serve", worker });
      case "probed":
        // Nobody here asks for it.
        return;
      case "panicked":
        return this.#handle({ kind: "panicked", worker, error: message.error });
      case "draining":
        return this.#handle({ kind: "draining", worker });
      case "ended":
        return this.#handle({ kind: "ended", worker });
    }
  }

  #configure(worker: number): void {
    const crew = this.#crew.get(worker);
    if (crew === undefined) return;
    const { handle } = crew;
    const { settings } = this.#options;
    const slot = crew.slot = this.#freeSlot();
    const heartbeatMs = settings.hangTimeout === 0
      ? HEARTBEAT_MS
      : Math.min(HEARTBEAT_MS, settings.hangTimeout / MIN_MISSED_HEARTBEATS);
    handle.tell({
      kind: "configure",
      configuration: {
        address: this.#address.addressOf(slot),
        scoreboard: handle.scoreboard.memory,
        inFlightRequests: handle.inFlightRequests.memory,
        requestMetrics: handle.requestMetrics,
        connectionBudget: this.#budget.memory,
        heartbeatMs,
        mainStartupMs: this.#mainStartupMs,
        serverOptions: this.#options.serverOptions,
        app: this.#modules.app,
      },
    });
  }

  /** The lowest slot that nobody has who is to stay. */
  #freeSlot(): number {
    const taken = this.#takenSlots();
    let slot = 1;
    while (taken.has(slot)) slot++;
    return slot;
  }

  #takenSlots(): Set<number | undefined> {
    const states = this.#fleet.states();
    const staying = [...this.#crew].filter(([worker]) => {
      const kind = states.get(worker)?.kind;
      return kind === "starting" || kind === "accepting";
    });
    return new Set(staying.map(([, { slot }]) => slot));
  }

  #drain(worker: number, order: DrainOrder): void {
    const crew = this.#crew.get(worker);
    if (crew === undefined) return;
    const isTakenOver = this.#takenSlots().has(crew.slot);
    if (crew.slot !== undefined && !isTakenOver) this.#address.vacate(crew.slot);
    crew.handle.tell({ kind: "drain", order });
  }

  /** Looks at each worker's scoreboard: a heartbeat is a number that has grown, so none has to be sent. */
  #tick(): void {
    const now = performance.now();
    for (const [worker, crew] of [...this.#crew]) {
      const { heartbeats, requests, heapBytes } = crew.handle.scoreboard.read();
      if (heartbeats === crew.heartbeats) continue;
      crew.heartbeats = heartbeats;
      crew.heartbeatAt = now;
      this.#handle({ kind: "heartbeat", worker, requests, heapBytes });
    }
    this.#forgetTerminated();
    this.#renewBudget(now);
    this.#handle({ kind: "tick" });
    this.#notifySystem(now);
  }

  /** Says that the service lives as long as a worker does: where all of them hang, whoever watches may start it again. */
  #notifySystem(now: number): void {
    if (this.#sdNotify === undefined) return;
    let serving = 0;
    for (const state of this.#fleet.states().values()) {
      if (state.kind === "accepting") serving++;
      else if (state.kind === "retiring" && state.cause !== "hang") serving++;
    }
    this.#sdNotify.status(`${serving} of ${this.#fleet.desired} workers accept`);
    if (serving > 0 || this.#isStopping || !this.#hasStarted) this.#sdNotify.alive(now);
  }

  #forgetTerminated(): void {
    const gone = this.#terminated.filter((handle) => handle.isGone);
    for (const handle of gone) this.#budget.leave(handle.scoreboard.read().connectionsOpen);
    this.#terminated = this.#terminated.filter((handle) => !gone.includes(handle));
  }

  /** What a shortage has taught does not hold for ever: what took the descriptors may be over. */
  #renewBudget(now: number): void {
    const { shortages } = this.#budget;
    if (shortages !== this.#shortages) {
      this.#shortages = shortages;
      this.#shortageAt = now;
    } else if (shortages > 0 && now - this.#shortageAt > SHORTAGE_MS) {
      this.#budget.setLimit(this.#maxConnections);
    }
  }

  #terminate(worker: number): void {
    const crew = this.#crew.get(worker);
    this.#release(worker);
    if (crew === undefined) return;
    crew.handle.terminate();
    this.#terminated.push(crew.handle);
  }

  async countStuckThreads(): Promise<number> {
    for (
      let waited = 0;
      this.#countEnding() > 0 && waited < TERMINATE_MS;
      waited += TERMINATE_POLL_MS
    ) await new Promise((resolve) => setTimeout(resolve, TERMINATE_POLL_MS));
    return this.#countEnding();
  }

  #countEnding(): number {
    return this.#terminated.filter((handle) => !handle.isGone).length;
  }

  /** Forgets a worker that is gone, but not what it has counted. */
  #release(worker: number): void {
    const handle = this.#crew.get(worker)?.handle;
    if (handle === undefined) return;
    this.#crew.delete(worker);
    const counts = handle.scoreboard.read();
    if (handle.requestMetrics !== undefined) this.#goneRequests.add(handle.requestMetrics);
    for (const name of TOTALS) this.#gone[name] += counts[name];
  }

  /** The event with what its worker was handling, which the fleet does not know. */
  #withHandled(event: FleetEvent): FleetEvent {
    switch (event.kind) {
      case "hung": {
        const board = this.#crew.get(event.worker)?.handle.inFlightRequests;
        return { ...event, handling: board?.read(Date.now()) ?? [] };
      }
      case "ended":
        return event.cause === "crash" && this.#lastHandled.length > 0
          ? { ...event, handling: this.#lastHandled }
          : event;
      default:
        return event;
    }
  }

  #tell(event: FleetEvent): void {
    if (event.kind === "reloading") this.#sdNotify?.reloading();
    if (event.kind === "reloaded") this.#servedModules = this.#modules;
    if (event.kind === "reload_failed") this.#modules = this.#servedModules;
    if (event.kind === "replacing") this.#adviseOnce();
    if (event.kind === "resized") this.#budget.setWorkers(event.workers);
    if (event.kind === "replacing") this.#countReplacement(event.cause);
    if (event.kind === "ended" && event.cause === "crash") this.#countReplacement(event.cause);
    const { log, settings, observer } = this.#options;
    if (isWorthALine(event, this.phase)) log(fleetLine(event));
    if (event.kind === "reloading") this.#followLink();
    observer?.note(event);
    const complain = (error: unknown) =>
      log(escapeForLog(`onEvent threw on ${event.kind}: ${describeError(error)}`));
    try {
      // It may be an async function; a rejection that nobody awaits would end the process.
      Promise.resolve(keepContext(() => settings.onEvent?.(event))).catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  /** The workers from now on load the modules that the link leads to now. */
  #followLink(): void {
    const last = this.#modules;
    this.#modules = this.#links.follow(this.#firstModules, last);
    const line = this.#links.describeReload(last, this.#modules);
    if (line !== undefined) this.#options.log(escapeForLog(line));
  }

  /** A reload by signal brings a new release, and the operator has to know when it cannot be found. */
  #adviseOnFolder(): void {
    const { entry, app, log } = this.#options;
    const folder = this.#links.unknownFolder(app ?? entry);
    if (folder !== undefined && !this.#isStopping) log(escapeForLog(sameFolderLine(folder)));
  }

  /** Said when it begins to matter, and not to those whose workers are never replaced. */
  #adviseOnce(): void {
    if (this.#hasAdvised) return;
    this.#hasAdvised = true;
    if (losesQueueOnClose(this.listenMode)) this.#options.log(QUEUE_ADVICE);
  }

  get phase(): FleetPhase {
    if (this.#isStopping) return "stopping";
    return this.#hasStarted ? "serving" : "starting";
  }

  #countReplacement(cause: WorkerEndCause): void {
    this.#replacements[cause] = (this.#replacements[cause] ?? 0) + 1;
  }

  #becomeReady(): void {
    const { settings, workerCount } = this.#options;
    const { hostname, port } = this.addr;
    this.#address.workersAccept();
    this.#isReady = !this.#isStopping;
    this.#hasStarted = true;
    this.#tell({
      kind: "listening",
      url: this.#address.url,
      hostname,
      port,
      workers: workerCount.workers,
      workersSource: workerCount.source,
      listenMode: this.listenMode,
      isolation: settings.isolation,
      ...(this.adminAddr === undefined ? {} : { adminUrl: urlOf(this.adminAddr) }),
    });
    this.#sdNotify?.ready();
    this.#started.resolve(this);
  }

  /** The runtime has a last word on standard error for each thread that is ended; the cause comes behind it. */
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
    this.#hasHung = true;
    this.#finished.reject(withoutStack(new Error(`The server has ended: ${failure}`)));
  }

  #endAll(): void {
    this.#isReady = false;
    this.#stopHearing();
    this.#address.release();
    this.#reload?.reject(new Error("The reload failed: the server has stopped"));
    this.#reload = undefined;
    this.#sdNotify?.close();
    this.#options.observer?.close();
  }

  #onSignal(meaning: SignalMeaning, signal: Deno.Signal): void {
    switch (meaning) {
      case "shutdown":
        return this.#handle({ kind: "stop_signal", signal });
      case "reload":
        this.#handle({ kind: "reload" });
        return this.#adviseOnFolder();
      case "add_worker":
        return this.#handle({ kind: "resize", by: 1 });
      case "remove_worker":
        return this.#handle({ kind: "resize", by: -1 });
      case "print_fleet":
        return this.#options.log(escapeForLog(`fleet: ${JSON.stringify(this.stats())}`));
    }
  }

  stats(): FleetStats {
    const now = performance.now();
    const states = this.#fleet.states();
    const workers = [...this.#crew].flatMap(([worker, crew]) => {
      const state = states.get(worker);
      return state === undefined ? [] : [workerStats(worker, crew, state, now)];
    });
    const sum = (name: keyof WorkerCounters) =>
      workers.reduce((total, counts) => total + counts[name], 0);
    return {
      desired: this.#fleet.desired,
      workers,
      total: {
        requests: this.#gone.requests + sum("requests"),
        panics: this.#gone.panics + sum("panics"),
        connectionsAccepted: this.#gone.connectionsAccepted + sum("connectionsAccepted"),
        connectionsUnused: this.#gone.connectionsUnused + sum("connectionsUnused"),
        connectionsOpen: sum("connectionsOpen"),
        requestsInFlight: sum("requestsInFlight"),
        heapBytes: sum("heapBytes"),
      },
      replacements: { ...this.#replacements },
      delayMs: this.#fleet.delayMs(this.#clock.at(now)),
    };
  }

  get hangTimeoutMs(): number {
    return this.#options.settings.hangTimeout;
  }

  requestTotals(): RequestTotals {
    const totals = this.#goneRequests.copy();
    for (const { handle } of this.#crew.values()) {
      if (handle.requestMetrics !== undefined) totals.add(handle.requestMetrics);
    }
    return totals;
  }

  reload(): Promise<void> {
    if (this.#isStopping) {
      return Promise.reject(new Error("Cannot reload: the server is stopping"));
    }
    const { promise } = this.#reload ??= Promise.withResolvers();
    // Several calls in one turn of the event loop ask for the same code.
    if (!this.#isReloadRequested) {
      this.#isReloadRequested = true;
      queueMicrotask(() => {
        this.#isReloadRequested = false;
        this.#handle({ kind: "reload" });
      });
    }
    return promise;
  }

  shutdown(): Promise<void> {
    this.#handle(
      this.#isStopping ? { kind: "cut_short" } : { kind: "shutdown", reason: "shutdown()" },
    );
    return this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isStopping) this.shutdown();
    await this.finished;
    // Not before the threads are gone, too: a test's sanitizers look at what is left when it is over.
    await this.countStuckThreads();
  }
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return httpOrigin(hostname, port);
}

/** What becomes of workers that hang: a thread of the second kind can be ended, a Web Worker cannot. */
function hangOutcome(
  { isolation, onHang }: RunSettings,
  listen: RunningServer["listenMode"],
): HangOutcome {
  if (isolation === "thread") return "stopped";
  return (onHang ?? (listen === "reuseport" ? "exit" : "continue")) === "exit"
    ? "exit"
    : "spins_on";
}

function workerStats(worker: number, crew: Crew, state: WorkerState, now: number): WorkerStats {
  const { heartbeats: _heartbeats, ...counts } = crew.handle.scoreboard.read();
  return {
    worker,
    status: state.kind,
    ageMs: now - crew.spawnedAt,
    heartbeatAgeMs: now - crew.heartbeatAt,
    ...counts,
  };
}
