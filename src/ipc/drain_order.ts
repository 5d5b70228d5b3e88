// The order with which a worker ends, and the times that both sides keep.

/**
 * Why a worker ends. `"shutdown"`: the server stops. `"reload"`: a worker with newer code replaces
 * it. `"recycling"`: it has passed `maxRequestsPerWorker`, `maxAgePerWorker` or
 * `maxHeapBytesPerWorker`, its program has closed its server, or there are to be fewer workers (SIGTTOU). `"panic"`: something in it
 * has panicked, and a new worker replaces it.
 *
 * @example Keep a cache on disk, unless it may be what has failed
 * ```ts
 * import { type ShutdownReason, WebServer } from "@mudpie/server";
 *
 * const cache = new Map<string, string>();
 * const server = new WebServer();
 * server.onShutdown(async (reason: ShutdownReason) => {
 *   if (reason === "panic") return;
 *   await Deno.writeTextFile("cache.json", JSON.stringify([...cache]));
 * });
 * ```
 */
export type ShutdownReason = "shutdown" | "reload" | "recycling" | "panic";

/** How a worker is to end. Times are numbers of milliseconds. */
export interface DrainOrder {
  readonly reason: ShutdownReason;
  /** How long its connections may take. */
  readonly connectionsMs: number;
  /** How long all of its work may take, connections included; see {@linkcode MIN_WORK_MS}. */
  readonly workMs: number;
}

/**
 * Background work and `onShutdown` callbacks have at least this long after the last connection,
 * whatever that took.
 */
export const MIN_WORK_MS = 1_000;

/**
 * `onShutdown` callbacks have at least this long of their own, even if the background work has used
 * up its time.
 */
export const MIN_CALLBACKS_MS = 500;

/**
 * How long the last responses may take to reach their clients once the time of the connections is
 * over.
 */
export const FINAL_RESPONSES_MS = 500;

/**
 * What a worker may need beyond all of its work: for the code after `run()`, and for its last
 * message.
 */
const ENDING_MS = 1_000;

/** How long after `workMs` a worker that keeps to its order has surely ended. */
export const MAX_OVERTIME_MS = FINAL_RESPONSES_MS + MIN_WORK_MS + MIN_CALLBACKS_MS + ENDING_MS;
