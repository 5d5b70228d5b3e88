// The events of the fleet, which the log, `onEvent` and the operator's port receive.
// Types only: the fleet makes the events, and each receiver words them for its own readers.

/**
 * A request that a worker was handling at some moment.
 *
 * @example Print what a worker hangs in
 * ```ts
 * import type { FleetEvent, HandledRequest } from "@mudpie/server";
 *
 * const describe = ({ method, path, ageMs }: HandledRequest) => `${method} ${path} for ${ageMs} ms`;
 * const onEvent = (event: FleetEvent) => {
 *   if (event.kind === "hung") console.log(event.handling.map(describe).join(", "));
 * };
 * onEvent({
 *   kind: "hung",
 *   worker: 3,
 *   outcome: "stopped",
 *   handling: [{ method: "GET", path: "/report", ageMs: 31_000 }],
 * }); // GET /report for 31000 ms
 * ```
 */
export interface HandledRequest {
  /**
   * The method; with a long path, both are cut off after some hundred characters. For a callback of
   * a WebSocket it is `websocket.` and the event, such as `websocket.message`.
   */
  readonly method: string;
  /** The path as it was sent, without the query, which may hold what belongs in no log. */
  readonly path: string;
  /**
   * For how long it had been handled, in milliseconds, give or take a tick of the worker's clock.
   */
  readonly ageMs: number;
}

/**
 * What becomes of a worker that hangs. `"stopped"`: it is replaced, and its thread ended.
 * `"spins_on"`: it is replaced, and its thread, which cannot be ended, goes on taking a core.
 * `"exit"`: for its sake the whole process ends.
 *
 * @example Raise an alert when a core is lost
 * ```ts
 * import type { HangOutcome } from "@mudpie/server";
 *
 * const isWorthAnAlert = (outcome: HangOutcome) => outcome !== "stopped";
 * console.log(isWorthAnAlert("spins_on")); // true
 * ```
 */
export type HangOutcome = "stopped" | "spins_on" | "exit";

/** Why a worker is replaced, or is gone. */
export type WorkerEndCause =
  | "panic"
  | "crash"
  | "hang"
  | "closed_by_program"
  | "start_failed"
  | "start_timeout"
  | "reload"
  | "max_requests"
  | "max_age"
  | "max_heap"
  | "resize"
  | "shutdown";

/**
 * An event of the fleet, as `onEvent` and the log receive it. Workers are named by their number,
 * which counts the workers that were ever spawned; times are numbers of milliseconds.
 *
 * @example Count replacements by cause
 * ```ts
 * import type { FleetEvent } from "@mudpie/server";
 *
 * const replacements = new Map<string, number>();
 * const onEvent = (event: FleetEvent) => {
 *   if (event.kind !== "replacing") return;
 *   replacements.set(event.cause, (replacements.get(event.cause) ?? 0) + 1);
 * };
 * onEvent({ kind: "replacing", worker: 3, cause: "panic" });
 * console.log(replacements.get("panic")); // 1
 * ```
 */
export type FleetEvent =
  | {
    /** Every worker accepts for the first time. */
    readonly kind: "listening";
    /** The server's URL; or `unix:` and the path, with `{n}` for the slots of the workers. */
    readonly url: string;
    /** For a Unix socket 127.0.0.1, and 0 for the port, as in a request's `remoteAddr`. */
    readonly hostname: string;
    readonly port: number;
    readonly workers: number;
    /** Where the number of workers comes from. */
    readonly workersSource: string;
    /** How the workers share the port; or that each has a Unix socket of its own. */
    readonly listenMode: "reuseport" | "shared" | "unix";
    readonly isolation: "web" | "thread";
    /** Where the address comes from, under the command line; absent in any other program. */
    readonly addressSource?: string;
    /** Where the operator's port is; absent if there is none. */
    readonly adminUrl?: string;
  }
  | {
    /** The listen mode that was asked for, or is the usual one, is not possible here. */
    readonly kind: "listen_fallback";
    readonly listenMode: "reuseport" | "shared";
    readonly reason: string;
  }
  | {
    readonly kind: "accepting";
    readonly worker: number;
    /** How long it took since it was spawned, or promoted. */
    readonly startMs: number;
    /** Whether it was a standby; absent if not. */
    readonly isPromoted?: boolean;
  }
  /** It has loaded the program, and waits until a worker has to be replaced. */
  | { readonly kind: "standby"; readonly worker: number; readonly loadMs: number }
  | { readonly kind: "panicked"; readonly worker: number; readonly error: string }
  | {
    /**
     * It has panicked, and has open WebSockets, and another worker with WebSockets was replaced
     * within `socketPanicInterval`. It stays until that time is over, or its WebSockets are closed.
     */
    readonly kind: "postponing";
    readonly worker: number;
    readonly webSocketsOpen: number;
    /** The longest that it stays, if no other worker has to wait as well. */
    readonly delayMs: number;
  }
  | {
    /** It has sent no heartbeat for `hangTimeout`. */
    readonly kind: "hung";
    readonly worker: number;
    readonly outcome: HangOutcome;
    /**
     * What it hangs in is among these, the oldest of which comes first: most likely it is the last.
     */
    readonly handling: readonly HandledRequest[];
  }
  | {
    readonly kind: "replacing";
    readonly worker: number;
    readonly cause: WorkerEndCause;
    /** What the program did, if it asked for the end of its server itself. */
    readonly detail?: string;
  }
  /** It has stopped accepting, and finishes what is under way. */
  | { readonly kind: "draining"; readonly worker: number; readonly cause: WorkerEndCause }
  | {
    readonly kind: "ended";
    readonly worker: number;
    readonly cause: WorkerEndCause;
    /** The runtime's words for the end; empty where it has none. */
    readonly detail: string;
    /** What it was handling when it died of a crash. */
    readonly handling?: readonly HandledRequest[];
  }
  | {
    /** Workers keep dying young, so the next replacement has to wait. */
    readonly kind: "delaying";
    readonly delayMs: number;
    readonly consecutiveFailures: number;
  }
  | {
    /**
     * The process has no file descriptors left for another worker; those that are there serve on.
     */
    readonly kind: "out_of_descriptors";
  }
  | { readonly kind: "reloading" }
  | { readonly kind: "reloaded" }
  | { readonly kind: "reload_failed"; readonly reason: string }
  | { readonly kind: "resized"; readonly workers: number }
  | { readonly kind: "stopping"; readonly reason: string }
  | { readonly kind: "stopped" };
