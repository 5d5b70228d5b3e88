// Holds the workers of a fleet: their handles, their slots, and what they have counted.
// It does what the fleet decides, and decides nothing but which slot is free.

import type { ConnectionBudget } from "../ipc/connection_budget.ts";
import type { DrainOrder } from "../ipc/drain_order.ts";
import type { Fault, WorkerConfiguration, WorkerMessage } from "../ipc/messages.ts";
import type { Counter } from "../ipc/scoreboard.ts";
import { NOTHING_SHED, sumShed } from "../ipc/shed_reason.ts";
import { endWebSockets, NO_WEB_SOCKETS, sumWebSockets } from "../ipc/web_socket_counters.ts";
import type { ReservedAddress } from "../net/listener.ts";
import type { HandledRequest } from "../telemetry/fleet_event.ts";
import { RequestTotals } from "../telemetry/request_totals.ts";
import type { FleetInput, WorkerState } from "./fleet_protocol.ts";
import type { FleetStats, WorkerCounters, WorkerStats } from "./running_server.ts";
import type { SpawnOptions, ThreadEnd, WorkerHandle } from "./worker_handle.ts";

/** How long a terminated thread may take to end, and how often to look. */
const TERMINATE_MS = 500;
const TERMINATE_POLL_MS = 10;

/** The counters that only grow. Those of workers that are gone are kept. */
const TOTALS = [
  "requests",
  "panics",
  "connectionsAccepted",
  "connectionsUnused",
] as const satisfies readonly Counter[];

/** What is the same for all workers of a pool. */
export interface PoolOptions {
  readonly spawn: (options: SpawnOptions) => WorkerHandle;
  readonly isolation: "web" | "thread";
  readonly fastResponse: boolean;
  readonly heapLimitBytes: number;
  /** Whether requests are counted by route. */
  readonly countsByRoute: boolean;
  readonly address: ReservedAddress;
  readonly budget: ConnectionBudget;
  /** What each worker gets beside its own memory, its address and its application. */
  readonly configuration: Pick<
    WorkerConfiguration,
    "heartbeatMs" | "mainStartupMs" | "serverOptions" | "socketPanicHold"
  >;
  readonly onMessage: (worker: number, message: WorkerMessage) => void;
  /** Called when a thread has ended by itself, with the requests that it was handling. */
  readonly onGone: (worker: number, end: ThreadEnd, handling: readonly HandledRequest[]) => void;
}

type Heartbeat = Extract<FleetInput, { kind: "heartbeat" }>;
type States = ReadonlyMap<number, WorkerState>;

/** What a new worker loads, and what for. */
export interface SpawnedProgram {
  readonly entry: string;
  readonly isStandby: boolean;
}

/** A worker that exists. */
interface PooledWorker {
  readonly handle: WorkerHandle;
  readonly spawnedAt: number;
  /**
   * Where it listens, from 1. Its replacement gets the same slot. Undefined until it has loaded.
   */
  slot: number | undefined;
  /** Whether it has received its configuration. */
  isConfigured: boolean;
  heartbeats: number;
  heartbeatAt: number;
}

/** The workers of one fleet. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #workers = new Map<number, PooledWorker>();
  /** Threads that were terminated and may still run. */
  #ending: WorkerHandle[] = [];
  readonly #goneCounters = {
    requests: 0,
    panics: 0,
    connectionsAccepted: 0,
    connectionsUnused: 0,
  };
  #goneShed = NOTHING_SHED;
  #goneWebSockets = NO_WEB_SOCKETS;
  readonly #goneRequests = new RequestTotals();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Spawns a worker that loads `entry`. A standby waits when it has loaded. */
  spawn(worker: number, { entry, isStandby }: SpawnedProgram, now: number): void {
    const { spawn, isolation, fastResponse, heapLimitBytes, countsByRoute, onMessage } =
      this.#options;
    const handle = spawn({
      worker,
      entry,
      isStandby,
      isolation,
      fastResponse,
      heapLimitBytes,
      countsByRoute,
      onMessage: (message) => onMessage(worker, message),
      onGone: (end) => this.#noteGone(worker, end),
    });
    this.#workers.set(worker, {
      handle,
      spawnedAt: now,
      slot: undefined,
      isConfigured: false,
      heartbeats: 0,
      heartbeatAt: now,
    });
  }

  /**
   * Tells a worker that has loaded where to listen, and which application to serve. Returns its
   * slot, the lowest that no worker has that stays; undefined for a standby.
   */
  configure(worker: number, app: string | undefined, states: States): number | undefined {
    const pooled = this.#workers.get(worker);
    if (pooled === undefined) return undefined;
    const { address, budget, configuration } = this.#options;
    const { handle } = pooled;
    const state = states.get(worker);
    const isStandby = state?.kind === "starting" && state.isStandby;
    pooled.slot = isStandby ? undefined : this.#freeSlot(states);
    pooled.isConfigured = true;
    handle.send({
      kind: "configure",
      configuration: {
        ...configuration,
        address: address.addressOf(pooled.slot ?? 1),
        place: pooled.slot,
        scoreboard: handle.scoreboard.memory,
        inFlightRequests: handle.inFlightRequests.memory,
        requestMetrics: handle.requestMetrics,
        connectionBudget: budget.memory,
        app,
      },
    });
    return pooled.slot;
  }

  /**
   * Has a standby serve. Returns its slot; undefined for one that has no configuration yet, and
   * gets the slot with that.
   */
  promote(worker: number, states: States, now: number): number | undefined {
    const pooled = this.#workers.get(worker);
    if (pooled === undefined) return undefined;
    // While it waited it had no reason to show that it is alive.
    pooled.heartbeatAt = now;
    if (!pooled.isConfigured) return undefined;
    const slot = this.#freeSlot(states);
    pooled.slot = slot;
    const address = this.#options.address.addressOf(slot);
    pooled.handle.send({ kind: "promote", assignment: { address, place: slot } });
    return slot;
  }

  #freeSlot(states: States): number {
    const taken = this.#takenSlots(states);
    let slot = 1;
    while (taken.has(slot)) slot++;
    return slot;
  }

  #takenSlots(states: States): ReadonlySet<number | undefined> {
    const staying = [...this.#workers].filter(([worker]) => {
      const kind = states.get(worker)?.kind;
      return kind === "starting" || kind === "accepting";
    });
    return new Set(staying.map(([, { slot }]) => slot));
  }

  /** Has a worker drain. It gives up its slot, unless its replacement has taken it over. */
  drain(worker: number, order: DrainOrder, states: States): void {
    const pooled = this.#workers.get(worker);
    if (pooled === undefined) return;
    const { handle, slot } = pooled;
    if (slot !== undefined && !this.#takenSlots(states).has(slot)) {
      this.#options.address.vacate(slot);
    }
    handle.send({ kind: "drain", order });
  }

  /** Terminates a worker. Its thread may run on for a while, or for ever. */
  terminate(worker: number): void {
    const handle = this.#workers.get(worker)?.handle;
    if (handle === undefined) return;
    this.#forget(worker, handle);
    handle.terminate();
    this.#ending.push(handle);
  }

  /** Has a worker fail, as a test asked for. */
  injectFault(worker: number, fault: Fault): void {
    this.#workers.get(worker)?.handle.send({ kind: "inject_fault", fault });
  }

  #noteGone(worker: number, end: ThreadEnd): void {
    const handle = this.#workers.get(worker)?.handle;
    if (handle === undefined) return;
    this.#options.budget.leave(handle.scoreboard.read().connectionsOpen);
    const handling = handle.inFlightRequests.read(Date.now());
    this.#forget(worker, handle);
    this.#options.onGone(worker, end, handling);
  }

  /** Forgets a worker, but not what it has counted. */
  #forget(worker: number, { scoreboard, requestMetrics }: WorkerHandle): void {
    this.#workers.delete(worker);
    const counters = scoreboard.read();
    for (const name of TOTALS) this.#goneCounters[name] += counters[name];
    this.#goneShed = sumShed([this.#goneShed, scoreboard.readShed()]);
    const webSockets = endWebSockets(scoreboard.readWebSockets());
    this.#goneWebSockets = sumWebSockets([this.#goneWebSockets, webSockets]);
    if (requestMetrics !== undefined) this.#goneRequests.addEnded(requestMetrics);
  }

  /** Returns how many WebSockets of a worker are open. */
  webSocketsOpen(worker: number): number {
    return this.#workers.get(worker)?.handle.scoreboard.read().webSocketsOpen ?? 0;
  }

  /** Returns the requests that a worker is handling. */
  handling(worker: number): readonly HandledRequest[] {
    return this.#workers.get(worker)?.handle.inFlightRequests.read(Date.now()) ?? [];
  }

  /**
   * Returns a heartbeat for each worker whose number of heartbeats has grown since the last call.
   * The number is shared memory: a worker sends nothing.
   */
  heartbeats(now: number): Heartbeat[] {
    const heartbeats: Heartbeat[] = [];
    for (const [worker, pooled] of this.#workers) {
      const counters = pooled.handle.scoreboard.read();
      const { heartbeats: count, requests, heapBytes, webSocketsOpen } = counters;
      if (count === pooled.heartbeats) continue;
      pooled.heartbeats = count;
      pooled.heartbeatAt = now;
      heartbeats.push({ kind: "heartbeat", worker, requests, heapBytes, webSocketsOpen });
    }
    return heartbeats;
  }

  /** Forgets terminated threads that have ended since. Their connections have ended, too. */
  forgetEnded(): void {
    const running: WorkerHandle[] = [];
    for (const handle of this.#ending) {
      if (handle.isGone) this.#options.budget.leave(handle.scoreboard.read().connectionsOpen);
      else running.push(handle);
    }
    this.#ending = running;
  }

  /** How many threads run on although they were terminated. */
  get endingCount(): number {
    return this.#ending.filter((handle) => !handle.isGone).length;
  }

  /** Waits for terminated threads to end. Returns how many have not: they spin. */
  async waitForEnds(): Promise<number> {
    for (let waited = 0; this.endingCount > 0 && waited < TERMINATE_MS;) {
      await new Promise((resolve) => setTimeout(resolve, TERMINATE_POLL_MS));
      waited += TERMINATE_POLL_MS;
    }
    return this.endingCount;
  }

  /** Returns the counters of each worker, and the sums over all that ever were. */
  stats(states: States, now: number): Pick<FleetStats, "workers" | "total"> {
    const workers = [...this.#workers].flatMap(([worker, pooled]) => {
      const state = states.get(worker);
      return state === undefined ? [] : [workerStats(worker, pooled, state, now)];
    });
    const sum = (name: Exclude<keyof WorkerCounters, "shed" | "webSockets">) =>
      workers.reduce((total, counters) => total + counters[name], 0);
    const gone = this.#goneCounters;
    return {
      workers,
      total: {
        requests: gone.requests + sum("requests"),
        panics: gone.panics + sum("panics"),
        connectionsAccepted: gone.connectionsAccepted + sum("connectionsAccepted"),
        connectionsUnused: gone.connectionsUnused + sum("connectionsUnused"),
        connectionsOpen: sum("connectionsOpen"),
        requestsInFlight: sum("requestsInFlight"),
        heapBytes: sum("heapBytes"),
        shed: sumShed([this.#goneShed, ...workers.map(({ shed }) => shed)]),
        webSockets: sumWebSockets([
          this.#goneWebSockets,
          ...workers.map(({ webSockets }) => webSockets),
        ]),
      },
    };
  }

  /** Returns the requests by route of all workers that ever were. */
  requestTotals(): RequestTotals {
    const totals = this.#goneRequests.copy();
    for (const { handle } of this.#workers.values()) {
      if (handle.requestMetrics !== undefined) totals.add(handle.requestMetrics);
    }
    return totals;
  }
}

function workerStats(
  worker: number,
  { handle, spawnedAt, heartbeatAt }: PooledWorker,
  state: WorkerState,
  now: number,
): WorkerStats {
  const counters = handle.scoreboard.read();
  return {
    worker,
    status: state.kind,
    ageMs: now - spawnedAt,
    heartbeatAgeMs: state.kind === "standby" ? 0 : now - heartbeatAt,
    requests: counters.requests,
    panics: counters.panics,
    connectionsAccepted: counters.connectionsAccepted,
    connectionsUnused: counters.connectionsUnused,
    connectionsOpen: counters.connectionsOpen,
    requestsInFlight: counters.requestsInFlight,
    heapBytes: counters.heapBytes,
    eventLoopLagMs: counters.eventLoopLagMs,
    shed: handle.scoreboard.readShed(),
    webSockets: handle.scoreboard.readWebSockets(),
  };
}
