// A worker's life: first message, listen, accept, drain, end.
// A request crosses no thread: the worker has a listener, a clock and counters of its own. It sends
// the supervisor a message only when it begins, panics, and ends.

import { Admission } from "../connection/admission.ts";
import type { ConnectionContext } from "../connection/connection_context.ts";
import { prepareFetchHandlers } from "../fetch/fetch_handler.ts";
import { ConnectionBudget } from "../ipc/connection_budget.ts";
import type { DrainOrder } from "../ipc/drain_order.ts";
import type { WorkerConfiguration } from "../ipc/messages.ts";
import { Scoreboard } from "../ipc/scoreboard.ts";
import { SocketPanicHold } from "../ipc/socket_panic_hold.ts";
import { isTooLate, listenAt } from "../net/listener.ts";
import { platformAddress, type WorkerAddress } from "../net/worker_address.ts";
import { overrideServerSettings, type ServerSettings } from "../options/server_options.ts";
import { keepContext } from "../runtime/async_context.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import { describeError, escapeForLog, logToStandardError } from "../telemetry/log.ts";
import { AcceptLoop, type ConnectionSource } from "./accept_loop.ts";
import { AcceptTroubleLog } from "./accept_trouble_log.ts";
import { ConnectionLimit } from "./connection_limit.ts";
import { EventLoopLag } from "./event_loop_lag.ts";
import { OverloadLog } from "./overload_log.ts";
import { DrainProgress } from "./drain_progress.ts";
import { PanicWatch } from "./panic_watch.ts";
import { ServedConnections } from "./served_connections.ts";
import type { SupervisorLink } from "./supervisor_link.ts";
import { tickMsFor, WorkerClock } from "./worker_clock.ts";
import { createConnectionContext, createSideContext } from "./worker_context.ts";
import { dieOf, endAfterModule, finishWork } from "./worker_end.ts";
import { introductionOf, type WorkerProgram } from "./worker_program.ts";

/**
 * The share of `drainTimeout` in which all upgraded connections are asked to end. The rest is for
 * their clients to answer.
 */
const UPGRADES_SHARE = 0.5;

/** The part of the link to the supervisor that a worker uses. */
export type WorkerLink = Pick<
  SupervisorLink,
  | "assigned"
  | "configured"
  | "end"
  | "introduce"
  | "isChecked"
  | "isFirst"
  | "isStandby"
  | "moduleHasRun"
  | "noteRun"
  | "onDrain"
  | "send"
>;

/**
 * Serves until the supervisor orders a drain. Resolves then; the module's code after `run()` still
 * runs.
 */
export async function serveAsWorker(
  program: WorkerProgram,
  number: number,
  link: WorkerLink,
): Promise<void> {
  link.noteRun();
  // A rejected promise that the module does not await ends the thread in this turn of the event
  // loop, so that --check finds it. On a busy machine a timer may come first.
  if (link.isChecked) await shortTurns();
  else if (link.isFirst) await new Promise((resolve) => setTimeout(resolve));
  link.introduce(introductionOf(program));
  prepareFetchHandlers();
  const configuration = await link.configured;
  await program.prepared;
  const ownSettings = overrideServerSettings(program.settings, program.lateOptions?.() ?? {});
  const settings = overrideServerSettings(ownSettings, configuration.serverOptions);
  await new ServingWorker({ ...program, settings }, number, configuration, link).live();
}

/** A worker that serves. */
class ServingWorker {
  readonly #name: string;
  readonly #program: WorkerProgram;
  readonly #configuration: WorkerConfiguration;
  readonly #link: WorkerLink;
  readonly #budget: ConnectionBudget;
  readonly #limit: ConnectionLimit;
  readonly #panics: PanicWatch;
  readonly #context: ConnectionContext;
  /** The context of the worker's own server, and those of the program's further servers. */
  readonly #contexts: ConnectionContext[];
  readonly #acceptLoops: { readonly loop: AcceptLoop; readonly ended: Promise<void> }[] = [];
  readonly #connections: ServedConnections;
  /** Undefined if no option needs it. */
  readonly #lag: EventLoopLag | undefined;
  readonly #clock: WorkerClock;
  /** Undefined until the worker drains. */
  #drainProgress: DrainProgress | undefined;

  constructor(
    program: WorkerProgram,
    number: number,
    configuration: WorkerConfiguration,
    link: WorkerLink,
  ) {
    const { settings } = program;
    const tickMs = tickMsFor(settings, configuration.heartbeatMs);
    this.#name = `worker ${number}`;
    this.#program = program;
    this.#configuration = configuration;
    this.#link = link;
    this.#budget = ConnectionBudget.in(configuration.connectionBudget);
    this.#limit = new ConnectionLimit(settings.maxConnections, this.#budget);
    const scoreboard = new Scoreboard(configuration.scoreboard);
    this.#panics = new PanicWatch({
      worker: this.#name,
      onPanic: settings.onPanic,
      scoreboard,
      socketPanicHold: new SocketPanicHold(configuration.socketPanicHold),
      link,
      log: logToStandardError,
    });
    this.#lag = settings.maxEventLoopLag === 0
      ? undefined
      : new EventLoopLag(settings.maxEventLoopLag);
    this.#context = createConnectionContext({
      program,
      worker: number,
      configuration,
      scoreboard,
      tickMs,
      panics: this.#panics,
      admission: this.#createAdmission(settings, scoreboard),
      onClosed: () => this.#connections.noteClosed(),
    });
    this.#contexts = [this.#context];
    this.#connections = new ServedConnections(this.#context, this.#limit);
    this.#clock = new WorkerClock({
      tickMs,
      heartbeatMs: configuration.heartbeatMs,
      context: this.#context,
      lag: this.#lag,
      members: () => this.#connections.members(),
      beforeTick: () => this.#dieIfOutOfMemory(),
      afterTick: () => {
        this.#connections.closeExcess(this.#budget.excess);
        this.#reportDrain(performance.now());
      },
    });
  }

  #createAdmission(settings: ServerSettings, scoreboard: Scoreboard): Admission | undefined {
    const log = new OverloadLog((line) => this.#log(line), settings);
    return Admission.of({
      settings,
      scoreboard,
      lagMs: () => this.#lag?.at(performance.now()) ?? 0,
      onShed: (reason) => log.note(reason, performance.now()),
    });
  }

  /** Lives from the first listening to the end of the worker's work. */
  async live(): Promise<void> {
    const drain = Promise.withResolvers<DrainOrder>();
    this.#link.onDrain = drain.resolve;
    const order = await this.#waitForPromotion(drain.promise);
    if (order !== undefined) return await this.#finish(order, performance.now() + order.workMs);
    const { address } = await this.#link.assigned;
    const listener = await this.#listen(address);
    if (listener === undefined) return;
    await this.#serve(listener, address, drain.promise);
  }

  /**
   * Waits as long as this worker is a standby. Resolves to the order to end, if that comes before
   * its promotion.
   */
  async #waitForPromotion(drain: Promise<DrainOrder>): Promise<DrainOrder | undefined> {
    if (!this.#link.isStandby) return undefined;
    this.#link.send({ kind: "standby" });
    return await Promise.race([this.#link.assigned.then(() => undefined), drain]);
  }

  async #serve(
    listener: ConnectionSource,
    address: WorkerAddress,
    drain: Promise<DrainOrder>,
  ): Promise<void> {
    this.#panics.start();
    this.#clock.start();
    this.#lag?.start();
    const isQueueShared = address.listen === "shared";
    this.#accept(listener, isQueueShared, this.#context);
    const { serverOptions } = this.#configuration;
    this.#program.sideServers?.attend((side) => {
      const { listener, isQueueShared } = side;
      const context = createSideContext(this.#context, side, serverOptions, this.#panics);
      this.#contexts.push(context);
      this.#accept(listener, isQueueShared, context);
    });
    this.#link.send({ kind: "accepting" });

    const order = await drain;
    this.#drainProgress = new DrainProgress(order, performance.now());
    const workEndsAt = performance.now() + order.workMs;
    this.#panics.noteDrain(order.reason);
    for (const { loop } of this.#acceptLoops) loop.stop();
    // A socket closes only after the `accept` that is under way.
    await Promise.all(this.#acceptLoops.map(({ ended }) => ended));
    // Not earlier: a client whose connection ends comes back at once, and must not find that
    // socket.
    const why = order.reason === "shutdown" ? "shutdown" : "replacement";
    for (const context of this.#contexts) {
      context.drainsFor = why;
      context.isDraining = true;
    }
    this.#link.send({ kind: "draining" });
    await this.#connections.drain({
      timeoutMs: order.connectionsMs,
      upgradesWithinMs: workEndsAt - order.workMs * UPGRADES_SHARE - performance.now(),
      why,
    });
    await this.#finish(order, workEndsAt);
  }

  /** Finishes the work that is left when this worker has no connections, and ends it. */
  async #finish({ reason }: DrainOrder, workEndsAt: number): Promise<void> {
    // The program may end the thread from here on.
    await this.#context.accessLog?.flush();
    await finishWork(this.#program, reason, workEndsAt, (line) => this.#log(line));
    this.#clock.stop();
    this.#lag?.stop();
    this.#context.reasonLog.flush();
    await this.#context.accessLog?.flush();
    this.#panics.stop();
    // Not awaited: the module's code after `await server.run()` runs first.
    endAfterModule(this.#link, this.#panics, (line) => this.#log(line));
  }

  /**
   * Listens at the worker's address. Returns undefined if that fails: then the supervisor logs the
   * error and ends the worker. If this threw, the runtime would print the same once more.
   */
  async #listen(address: WorkerAddress): Promise<ConnectionSource | undefined> {
    try {
      return await listenAt(address, () => this.#announce(platformAddress(address)));
    } catch (error) {
      const isFinal = isTooLate(address, error);
      this.#link.send({ kind: "failed", isFinal, message: describeError(error) });
      return undefined;
    }
  }

  /**
   * Calls the program's `onListen`. The accept loop begins in the caller's async context, so all
   * connections would see what `onListen` enters.
   */
  #announce(address: Deno.Addr): void {
    keepContext(() => this.#program.onListen?.(address));
  }

  #accept(listener: ConnectionSource, isQueueShared: boolean, context: ConnectionContext): void {
    const { maxConnections } = this.#program.settings;
    const budget = this.#budget;
    const troubles = new AcceptTroubleLog((line) => this.#log(line), maxConnections, budget);
    const loop = new AcceptLoop(listener, {
      limit: this.#limit,
      isQueueShared,
      serve: (connection) => void this.#connections.serve(connection, context),
      onFull: () => troubles.noteFull(performance.now()),
      onTrouble: (error, isShortage) => {
        troubles.noteFailure(error, performance.now());
        if (isShortage) budget.noteShortage();
        this.#connections.closeExcess(budget.excess);
      },
    });
    this.#acceptLoops.push({ loop, ended: loop.run() });
  }

  /**
   * Ends the worker if the runtime has cut off a handler that ran out of memory: the runtime raises
   * no event, and would let the thread continue.
   */
  #dieIfOutOfMemory(): void {
    const [request] = this.#contexts.flatMap(({ handlerCalls }) => handlerCalls.cutOff ?? []);
    if (request === undefined) return;
    this.#panics.stop();
    this.#clock.stop();
    this.#lag?.stop();
    dieOf(new Error(`Out of memory in ${request.method} ${request.target}`), this.#link);
  }

  /** Logs what a drain still waits for, at intervals. */
  #reportDrain(now: number): void {
    const line = this.#drainProgress?.after(now, () => ({
      connections: this.#connections.members(),
      background: this.#program.background,
    }));
    if (line !== undefined) this.#log(line);
  }

  #log(line: string): void {
    logToStandardError(escapeForLog(`${this.#name}: ${line}`));
  }
}
