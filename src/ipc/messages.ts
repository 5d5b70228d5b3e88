// Every message between the supervisor and its workers. A number that only grows is no message: see
// scoreboard.ts.

import type { DrainOrder } from "./drain_order.ts";
import type { WorkerAddress } from "../net/worker_address.ts";
import type { RunOptions } from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";

/** What a worker needs before it listens. */
export interface WorkerConfiguration {
  readonly address: WorkerAddress;
  /** The worker's counters; see {@linkcode Scoreboard}. */
  readonly scoreboard: SharedArrayBuffer;
  /** The requests that it handles: the memory of an `InFlightRequests`. */
  readonly inFlightRequests: SharedArrayBuffer;
  /**
   * Where its requests are counted by route: the memory of a `RequestMetrics`. Undefined if they
   * are not counted.
   */
  readonly requestMetrics: SharedArrayBuffer | undefined;
  /** How many connections all workers may have: the memory of a `ConnectionBudget`. */
  readonly connectionBudget: SharedArrayBuffer;
  /** How often the worker shows that it is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /**
   * How long the main thread took from its start to `run()`, in milliseconds: the worker, which
   * runs the same module, judges by it whether `run()` is still to come.
   */
  readonly mainStartupMs: number;
  /** What the command line sets of the server's own options: it wins over the code. */
  readonly serverOptions: WebServerOptions;
  /**
   * The application that the command line's own module is to load in the worker, where that is the
   * worker's entry.
   */
  readonly app: string | undefined;
}

/** What a worker needs that reports what it would serve, and serves nothing. */
export interface ProbeOrder {
  readonly mainStartupMs: number;
  readonly app: string | undefined;
}

/** What an application would serve. */
export interface ProbeReport {
  readonly routes: readonly ProbedRoute[];
  /** The options that it calls `run()` with, as far as they can be sent; its entry as text. */
  readonly runOptions: Omit<RunOptions, "entry" | "onEvent"> & { readonly entry?: string };
  /** Whether there is an `onEvent` among them, which cannot be sent. */
  readonly hasOnEvent: boolean;
}

/** One of the paths of an application. */
export interface ProbedRoute {
  readonly pattern: string;
  readonly isExact: boolean;
  /** The value of the Allow field; undefined where every method is answered. */
  readonly allow: string | undefined;
}

/** What the supervisor sends to a worker. */
export type SupervisorMessage =
  | { readonly kind: "configure"; readonly configuration: WorkerConfiguration }
  /** Report what would be served, and end. Sent in place of `configure`. */
  | { readonly kind: "probe"; readonly order: ProbeOrder }
  /** Stop accepting, finish what is under way within these times, then end. */
  | { readonly kind: "drain"; readonly order: DrainOrder }
  /** Fail, for a test of what becomes of the others. */
  | { readonly kind: "inject_fault"; readonly fault: Fault };

/**
 * A way for a worker to die: to spin for ever, to throw where nothing catches it, to exit without a
 * word.
 */
export type Fault = "hang" | "crash" | "exit";

/** What a worker sends to the supervisor. */
export type WorkerMessage =
  /** This library is loaded. The worker holds a Web Lock of that name for as long as it lives. */
  | { readonly kind: "loaded"; readonly lock: string }
  /** It listens, and takes connections. */
  | { readonly kind: "accepting" }
  /** It cannot start. `isFinal`: another try would fail, too. */
  | { readonly kind: "failed"; readonly message: string; readonly isFinal: boolean }
  /** The answer to a probe. */
  | { readonly kind: "probed"; readonly report: ProbeReport }
  /**
   * It has loaded the application, which neither calls `run()` nor has a default export that can be
   * served.
   */
  | { readonly kind: "nothing_to_serve" }
  /** A panic has happened in it, and it wants to be replaced. */
  | { readonly kind: "panicked"; readonly error: string }
  /** It has stopped accepting, and finishes what is under way. */
  | { readonly kind: "draining" }
  /** It has drained, and its module has run to the end. */
  | { readonly kind: "ended" };

/**
 * What a worker posts. The application in it may post something, too, to which the supervisor must
 * not listen.
 */
export interface WorkerPost {
  readonly mudpie: WorkerMessage;
}

/** Returns the message of a worker; undefined for anything else that was posted. */
export function messageIn(post: unknown): WorkerMessage | undefined {
  const isOurs = typeof post === "object" && post !== null && "mudpie" in post;
  return isOurs ? (post as WorkerPost).mudpie : undefined;
}
