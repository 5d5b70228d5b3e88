// Every message between the supervisor and its workers. A number that only grows is no message: see
// scoreboard.ts.

import type { DrainOrder } from "./drain_order.ts";
import type { WorkerAddress } from "../net/worker_address.ts";
import type { RunOptions } from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";

/** Where a worker serves. */
export interface Assignment {
  readonly address: WorkerAddress;
  /** The worker's place in the fleet, from 1, which passes to its replacement. */
  readonly place: number;
}

/** What a worker needs before it listens. */
export interface WorkerConfiguration {
  /** Where it listens. For a standby that of the first place, until it is promoted. */
  readonly address: WorkerAddress;
  /** The place of its {@linkcode Assignment}; undefined for a standby, which gets that later. */
  readonly place: number | undefined;
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
  /** Whether a worker with open WebSockets stays after a panic: see `SocketPanicHold`. */
  readonly socketPanicHold: SharedArrayBuffer;
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

/** What the first worker of the command line needs to load the application. */
export interface LoadOrder {
  /** The address of the application's module. */
  readonly app: string;
}

/** How an application serves. */
export type ServedBy = "run()" | ServingCall | "its default export";

/** A call of the platform by which an application serves. */
export type ServingCall = "Deno.serve()" | "http.Server.listen()";

/** Whether an application serves by a call of the platform. */
export function isServingCall(servedBy: ServedBy): servedBy is ServingCall {
  return servedBy === "Deno.serve()" || servedBy === "http.Server.listen()";
}

/** What an application asks for when it begins to serve. */
export interface Introduction {
  readonly servedBy: ServedBy;
  readonly routes: readonly IntroducedRoute[];
  /** The options that it serves with, as far as they can be sent; its entry as text. */
  readonly runOptions: Omit<RunOptions, "entry" | "onEvent"> & { readonly entry?: string };
  /** Whether there is an `onEvent` among them, which cannot be sent. */
  readonly hasOnEvent: boolean;
  /** The memory of an `AddressAnswer`, if the worker waits for its address. */
  readonly answer: SharedArrayBuffer | undefined;
}

/** Where a further server of an application is to listen. */
export interface SidePlace {
  /** The number of the call, from 1: each worker makes the same calls. */
  readonly call: number;
  readonly hostname: string;
  readonly port: number;
}

/** One of the paths of an application. */
export interface IntroducedRoute {
  readonly pattern: string;
  readonly isExact: boolean;
  /** The value of the Allow field; undefined where every method is answered. */
  readonly allow: string | undefined;
}

/** What the supervisor sends to a worker. */
export type SupervisorMessage =
  | { readonly kind: "configure"; readonly configuration: WorkerConfiguration }
  /** Serve there. Sent to a standby. */
  | { readonly kind: "promote"; readonly assignment: Assignment }
  /** Load the application before `configure` comes. Sent to the first worker of the command line. */
  | { readonly kind: "load"; readonly order: LoadOrder }
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
  /** It is a standby, has loaded the application, and waits to be promoted. */
  | { readonly kind: "standby" }
  /** It listens, and takes connections. */
  | { readonly kind: "accepting" }
  /** It cannot start. `isFinal`: another try would fail, too. */
  | { readonly kind: "failed"; readonly message: string; readonly isFinal: boolean }
  /** The application in the first worker begins to serve, and needs the configuration. */
  | { readonly kind: "introduced"; readonly introduction: Introduction }
  /** The application has a further server. The worker waits for the answer: an `AddressAnswer`. */
  | {
    readonly kind: "reserve";
    readonly place: SidePlace;
    readonly answer: SharedArrayBuffer;
  }
  /**
   * It has loaded the application, which serves nothing yet. It holds no lock, and ends by itself
   * if the application has nothing left to do. If that serves later, it is "loaded" once more.
   */
  | { readonly kind: "idle"; readonly found: string }
  /** The application has closed its server by a call, so the worker is to be replaced. */
  | { readonly kind: "closing"; readonly call: string }
  /** The first panic has happened in it. The supervisor decides when it is replaced. */
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
