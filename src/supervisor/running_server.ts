// What `start()` returns: the fleet as the program that started it sees it.

import type { WebSocketCounters } from "../ipc/web_socket_counters.ts";
import type { ShedCounts } from "../ipc/shed_reason.ts";
import type { ListenMode } from "../net/worker_address.ts";
import type { WorkerEndCause } from "../telemetry/fleet_event.ts";

/** What a worker is doing: see the design of the fleet in `src/supervisor/fleet.ts`. */
export type WorkerStatus = "starting" | "standby" | "accepting" | "retiring" | "draining";

/**
 * The counters of one worker, or of all that ever were. Times are numbers of milliseconds, sizes
 * numbers of bytes.
 */
export interface WorkerCounters {
  /** Requests that were answered by a handler, or by the router. */
  readonly requests: number;
  /** Panics: handlers that threw, and uncaught errors. */
  readonly panics: number;
  /** Connections that were accepted. */
  readonly connectionsAccepted: number;
  /**
   * Connections that were closed because no byte of a request had come on them within
   * `headTimeout`.
   */
  readonly connectionsUnused: number;
  /** Connections that are open. */
  readonly connectionsOpen: number;
  /** Requests that are being handled. */
  readonly requestsInFlight: number;
  /**
   * The size of the heap and of the memory outside of it that belongs to it, as of the last
   * heartbeat.
   */
  readonly heapBytes: number;
  /**
   * Requests that got 503 because the worker had too much to do, by reason: `max_requests_in_flight`
   * and `max_event_loop_lag`, after the options of these names. They are not among `requests`.
   */
  readonly shed: ShedCounts;
  /** The WebSockets, and their messages. */
  readonly webSockets: WebSocketCounters;
}

/** One worker, as `stats()` returns it. */
export interface WorkerStats extends WorkerCounters {
  /** The worker's number, which counts the workers that were ever spawned. */
  readonly worker: number;
  /**
   * What it is doing. `standby`: it has loaded the program, and waits until a worker has to be
   * replaced. `retiring`: it serves until its replacement accepts.
   */
  readonly status: WorkerStatus;
  /** How long ago it was spawned. */
  readonly ageMs: number;
  /** How long ago it last showed that it is alive; 0 for a standby, which has no heartbeat. */
  readonly heartbeatAgeMs: number;
  /**
   * How late its last tick came: what a timer, and with it a request, has to wait for other work.
   */
  readonly eventLoopLagMs: number;
}

/** The fleet, as `stats()` returns it. */
export interface FleetStats {
  /** How many workers the fleet is to have. */
  readonly desired: number;
  /** How many further workers it is to have that are loaded and wait: the option `standby`. */
  readonly standby: number;
  /** The workers that exist. */
  readonly workers: readonly WorkerStats[];
  /**
   * The sums over all workers that ever were. Open connections and WebSockets, requests in flight
   * and heap are those of existing workers.
   */
  readonly total: WorkerCounters;
  /**
   * How many workers were replaced, by cause. A cause for which no worker was replaced has no
   * entry.
   */
  readonly replacements: Readonly<Partial<Record<WorkerEndCause, number>>>;
  /** How long the next replacement has to wait, because workers keep dying young. */
  readonly delayMs: number;
}

/**
 * A server whose workers accept.
 *
 * @example Start a server, ask it, and shut it down
 * ```ts ignore
 * import { WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * await using running = await server.start({ port: 0, workers: 2, entry: import.meta.resolve("./app.ts") });
 * const response = await fetch(`http://127.0.0.1:${running.addr.port}/hello`);
 * console.log(response.status, running.stats().total.requests);
 * ```
 */
export interface RunningServer extends AsyncDisposable {
  /**
   * The address that the workers listen on, with the port that was picked where it was 0. With Unix
   * sockets (`path`) it is 127.0.0.1 and port 0, as a request's `remoteAddr` is.
   */
  readonly addr: Deno.NetAddr;
  /**
   * The address of the operator's port, with the port that was picked where it was 0; undefined
   * where there is none.
   */
  readonly adminAddr: Deno.NetAddr | undefined;
  /** How the workers share the port; or that each has a Unix socket of its own. */
  readonly listenMode: ListenMode | "unix";
  /**
   * Whether the server should get requests: from when every worker accepts until it begins to stop.
   */
  readonly ready: boolean;
  /**
   * Resolves when the server has shut down. Rejects when no worker can start, and when the server
   * has ended because a worker hangs that cannot be stopped (`onHang`): its thread keeps the
   * process alive then.
   */
  readonly finished: Promise<void>;
  /** What the workers are doing, and have done, at this moment. */
  stats(): FleetStats;
  /**
   * Replaces every worker, one at a time, new one first, by one that loads the code as it is on
   * disk now. Resolves when all are replaced. Rejects with an `Error` when a new worker cannot
   * start, and the old ones go on serving; or when the server is stopping.
   */
  reload(): Promise<void>;
  /**
   * Stops accepting, answers what was accepted, and ends. Resolves with `finished`; a second call
   * cuts short.
   */
  shutdown(): Promise<void>;
}
