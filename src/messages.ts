// Every message between the supervisor and its workers, typed, and the scoreboard: the counters of one worker in memory
// that both sides see. What happens is a message; what merely counts on is a number there, which the supervisor can read
// even while the worker is too busy to say anything. Also the events of the fleet, which users hear of.

import type { RunOptions, WebServerOptions } from "./options.ts";

/** How the workers share the port. */
export type ListenMode = "reuseport" | "shared";

/** Where a worker listens. */
export type WorkerAddress =
  | {
    readonly listen: ListenMode;
    readonly hostname: string;
    /** The real port, never 0. */
    readonly port: number;
  }
  | {
    readonly listen: "unix";
    /** The worker's place, from 1, and the path that belongs to it. */
    readonly place: number;
    readonly path: string;
    /** The permissions of the file; undefined for what the process's umask leaves. */
    readonly mode: number | undefined;
    /** Which file the place has: the memory of a `SocketClaim`. */
    readonly claim: SharedArrayBuffer;
  };

/** What a worker is told before it listens. */
export interface WorkerConfiguration {
  readonly address: WorkerAddress;
  /** The worker's counters; see {@linkcode Scoreboard}. */
  readonly scoreboard: SharedArrayBuffer;
  /** The requests that it handles: the memory of an `ExchangeBoard`. */
  readonly exchangeBoard: SharedArrayBuffer;
  /** Where its requests are counted by route: the memory of a `RequestMetrics`. Undefined where nobody wants to know. */
  readonly requestMetrics: SharedArrayBuffer | undefined;
  /** How many connections all workers may have: the memory of a `ConnectionBudget`. */
  readonly connectionBudget: SharedArrayBuffer;
  /** How often the worker shows that it is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /**
   * How long the main thread took from its start to `run()`, in milliseconds: the worker, which runs the same module,
   * judges by it whether `run()` is still to come.
   */
  readonly mainStartupMs: number;
  /** What the command line says of the server's own options: it wins over the code. */
  readonly serverOptions: WebServerOptions;
  /** The application that the command line's own module is to load in the worker, where that is the worker's entry. */
  readonly app: string | undefined;
}

/** What is asked of a worker that is not to serve, but to tell what it would serve. */
export interface SurveyOrder {
  readonly mainStartupMs: number;
  readonly app: string | undefined;
}

/** What an application would serve. */
export interface Survey {
  readonly routes: readonly SurveyedRoute[];
  /** The options that it calls `run()` with, as far as they can be sent; its entry as text. */
  readonly runOptions: Omit<RunOptions, "entry" | "onEvent"> & { readonly entry?: string };
  /** Whether there is an `onEvent` among them, which cannot be sent. */
  readonly hasOnEvent: boolean;
}

/** One of the paths of an application. */
export interface SurveyedRoute {
  readonly pattern: string;
  readonly isExact: boolean;
  /** What the Allow field says; undefined where every method is answered. */
  readonly allow: string | undefined;
}

/** What the supervisor says to a worker. */
export type SupervisorMessage =
  | { readonly kind: "configure"; readonly configuration: WorkerConfiguration }
  /** Tell what would be served, and end. Said in place of `configure`. */
  | { readonly kind: "survey"; readonly order: SurveyOrder }
  /** Stop accepting, finish what is under way within that time, then end. */
  | { readonly kind: "drain"; readonly timeoutMs: number }
  /** Die, for a test that wants to see what becomes of the others. */
  | { readonly kind: "misbehave"; readonly how: Misbehaviour };

/** A way for a worker to die: to spin for ever, to throw where nothing catches it, to exit without a word. */
export type Misbehaviour = "hang" | "crash" | "exit";

/** What a worker says to the supervisor. */
export type WorkerMessage =
  /** This library is loaded. The worker holds a Web Lock of that name for as long as it lives. */
  | { readonly kind: "loaded"; readonly lock: string }
  /** It listens, and takes connections. */
  | { readonly kind: "accepting" }
  /** It cannot start; `isFinal` says that another try would come to the same. */
  | { readonly kind: "failed"; readonly message: string; readonly isFinal: boolean }
  /** It was asked to tell what it would serve. */
  | { readonly kind: "surveyed"; readonly survey: Survey }
  /** It has loaded the application, which neither calls `run()` nor has a default export that can be served. */
  | { readonly kind: "nothing to serve" }
  /** A panic has happened in it, and it wants to be replaced. */
  | { readonly kind: "panicked"; readonly error: string }
  /** It has stopped accepting, as it was told to, and finishes what is under way. */
  | { readonly kind: "draining" }
  /** It has drained, and its module has run to the end. */
  | { readonly kind: "ended" };

/** What a worker posts. The application in it may post something, too, to which the supervisor must not listen. */
export interface WorkerPost {
  readonly mudpie: WorkerMessage;
}

/** What a worker has said; undefined where it was something else that has posted. */
export function messageIn(post: unknown): WorkerMessage | undefined {
  const isOurs = typeof post === "object" && post !== null && "mudpie" in post;
  return isOurs ? (post as WorkerPost).mudpie : undefined;
}

/** The place of each counter of a worker. */
const COUNTERS = [
  "heartbeats",
  "requests",
  "panics",
  "connectionsAccepted",
  "connectionsOpen",
  "requestsInFlight",
  "heapBytes",
  "eventLoopLagMs",
] as const;

/** The name of a counter. */
export type Counter = typeof COUNTERS[number];

/**
 * The counters of one worker. Only the worker writes them, so no increment is ever lost; 64-bit floats count exactly up to
 * 2^53, and a reader of an aligned one sees a whole value.
 */
export class Scoreboard {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array<SharedArrayBuffer>;
  /** The same numbers for the one who counts: shared memory is slower to read than to write. */
  readonly #own: number[] = COUNTERS.map(() => 0);

  /** Makes a scoreboard, or looks at one that the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(COUNTERS.length * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  /** Reads all counters. */
  read(): Record<Counter, number> {
    const values = {} as Record<Counter, number>;
    for (let i = 0; i < COUNTERS.length; i++) values[COUNTERS[i]] = this.#values[i];
    return values;
  }

  /** Adds to a counter, by its place: see {@linkcode counterIndex}. */
  add(index: number, amount: number): void {
    this.#values[index] = this.#own[index] += amount;
  }

  /** Sets a counter, by its place. */
  set(index: number, value: number): void {
    this.#values[index] = this.#own[index] = value;
  }
}

/** The place of a counter, looked up once: the hot path counts by number. */
export function counterIndex(counter: Counter): number {
  return COUNTERS.indexOf(counter);
}

/**
 * A request that a worker was handling at some moment.
 *
 * @example Tell what a worker hangs in
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
  /** The method; with a long path, both are cut off after some hundred characters. */
  readonly method: string;
  /** The path as it was sent, without the query, which may hold what belongs in no log. */
  readonly path: string;
  /** For how long it had been handled, in milliseconds, give or take a tick of the worker's clock. */
  readonly ageMs: number;
}

/**
 * What becomes of a worker that hangs. `"stopped"`: it is replaced, and its thread ended. `"spins on"`: it is replaced, and its
 * thread, which cannot be ended, goes on taking a core. `"exit"`: for its sake the whole process ends.
 *
 * @example Alert somebody when a core is lost
 * ```ts
 * import type { HangOutcome } from "@mudpie/server";
 *
 * const isWorthAnAlert = (outcome: HangOutcome) => outcome !== "stopped";
 * console.log(isWorthAnAlert("spins on")); // true
 * ```
 */
export type HangOutcome = "stopped" | "spins on" | "exit";

/** Why a worker is replaced, or is gone. */
export type WorkerEndCause =
  | "panic"
  | "crash"
  | "hang"
  | "start failed"
  | "start timeout"
  | "reload"
  | "max requests"
  | "max age"
  | "max heap"
  | "resize"
  | "shutdown";

/**
 * An event of the fleet, as `onEvent` gets it and the log tells it. Workers are named by their number, which counts the
 * workers that were ever spawned; times are numbers of milliseconds.
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
    /** The server's URL; or `unix:` and the path, with `{n}` for the places of the workers. */
    readonly url: string;
    /** For a Unix socket 127.0.0.1, and 0 for the port, as in a request's `remoteAddr`. */
    readonly hostname: string;
    readonly port: number;
    readonly workers: number;
    /** Who said how many workers there are to be. */
    readonly workersSource: string;
    /** How the workers share the port; or that each has a Unix socket of its own. */
    readonly listen: ListenMode | "unix";
    readonly isolation: "web" | "thread";
    /** Where the operator's port is; not there where there is none. */
    readonly adminUrl?: string;
  }
  | {
    /** The listen mode that was asked for, or is the usual one, is not possible here. */
    readonly kind: "listen fallback";
    readonly listen: ListenMode;
    readonly reason: string;
  }
  | { readonly kind: "accepting"; readonly worker: number; readonly startMs: number }
  | { readonly kind: "panicked"; readonly worker: number; readonly error: string }
  | {
    /** It has shown no sign of life for `hangTimeout`. */
    readonly kind: "hung";
    readonly worker: number;
    readonly outcome: HangOutcome;
    /** What it hangs in is among these, the oldest of which comes first: most likely it is the last. */
    readonly handling: readonly HandledRequest[];
  }
  | { readonly kind: "replacing"; readonly worker: number; readonly cause: WorkerEndCause }
  /** It has stopped accepting, and finishes what is under way. */
  | { readonly kind: "draining"; readonly worker: number; readonly cause: WorkerEndCause }
  | {
    readonly kind: "ended";
    readonly worker: number;
    readonly cause: WorkerEndCause;
    /** What the runtime said of it; empty where it said nothing. */
    readonly detail: string;
    /** What it was handling when it died of a crash. */
    readonly handling?: readonly HandledRequest[];
  }
  | {
    /** Workers keep dying young, so the next replacement has to wait. */
    readonly kind: "delaying";
    readonly delayMs: number;
    readonly youngDeaths: number;
  }
  | {
    /** The process has no file descriptors left for another worker; those that are there serve on. */
    readonly kind: "out of descriptors";
  }
  | { readonly kind: "reloading" }
  | { readonly kind: "reloaded" }
  | { readonly kind: "reload failed"; readonly reason: string }
  | { readonly kind: "resized"; readonly workers: number }
  | { readonly kind: "stopping"; readonly reason: string }
  | { readonly kind: "stopped" };
