// The first worker of the command line. It loads the application before the supervisor exists, and
// introduces it: how it serves, and which address it asks for. The fleet then adopts the worker as
// its first one, so the application is loaded once and not twice. Listens on nothing itself.

import { AddressAnswer } from "../ipc/address_answer.ts";
import type { Introduction, SupervisorMessage, WorkerMessage } from "../ipc/messages.ts";
import { platformAddress } from "../net/worker_address.ts";
import { createMetricsMemory } from "../telemetry/metrics_memory.ts";
import { loadTimeoutInProgram } from "./fleet_settings.ts";
import {
  type SpawnOptions,
  spawnWorker,
  type ThreadEnd,
  type WorkerHandle,
} from "./worker_handle.ts";
import { claimWorkerNumber } from "./worker_numbers.ts";

/** What decides what kind of thread a worker is. */
export type WorkerKind = Pick<
  SpawnOptions,
  "entry" | "isolation" | "fastResponse" | "heapLimitBytes"
>;

/** What to load, and how. */
export interface FirstWorkerOptions extends WorkerKind {
  /** The application that the entry, which is the command line's own module, loads. */
  readonly app: string;
  /** How long the worker may take until the application serves, in milliseconds; 0 for any time. */
  readonly timeoutMs: number;
  /**
   * Called when the application serves nothing yet: so long after it was loaded, or so long after it
   * has begun to load, which a top-level await may make endless.
   */
  readonly onWaiting: (isLoaded: boolean) => void;
  readonly waitingAfterMs: number;
  readonly loadingAfterMs: number;
}

/** What came of loading the application. */
export type FirstOutcome =
  | { readonly kind: "introduced"; readonly introduction: Introduction }
  | {
    readonly kind: "nothing_to_serve";
    /** What the application has in place of something that can be served. */
    readonly found: string;
    /** The time limit that has passed; undefined if the application had nothing left to do. */
    readonly limitMs: number | undefined;
  }
  | { readonly kind: "failed"; readonly reason: string };

/** Who receives what the worker reports. */
type Listener = Pick<SpawnOptions, "onMessage" | "onGone">;

/** A worker that has no fleet yet. */
export class FirstWorker {
  readonly number: number = claimWorkerNumber();
  readonly #options: FirstWorkerOptions;
  readonly #worker: WorkerHandle;
  readonly #mainStartupMs = performance.now();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #outcome = Promise.withResolvers<FirstOutcome>();
  #answer: AddressAnswer | undefined;
  #lock: string | undefined;
  /** Set while the application that was loaded serves nothing. */
  #found: string | undefined;
  /** Whether the worker has reported what has come of loading the application. */
  #hasReported = false;
  #end: ThreadEnd | undefined;
  /** Whether no address is reserved, because the application is only checked. */
  #isPretending = false;
  /** What only a fleet can answer. */
  readonly #unanswered: WorkerMessage[] = [];
  /** The fleet, once it has adopted the worker. */
  #fleet: Listener | undefined;

  /** Spawns the worker. A test passes its own `spawn`. */
  constructor(
    options: FirstWorkerOptions,
    spawn: (options: SpawnOptions) => WorkerHandle = spawnWorker,
  ) {
    this.#options = options;
    this.#worker = spawn({
      ...options,
      worker: this.number,
      isStandby: false,
      countsByRoute: false,
      onMessage: (message) => this.#onMessage(message),
      onGone: (end) => this.#onGone(end),
    });
    this.#limitTimes();
  }

  /** Resolves to what came of loading the application, or of what it did after a refusal. */
  get outcome(): Promise<FirstOutcome> {
    return this.#outcome.promise;
  }

  /**
   * Returns why the thread has ended by itself, if it has when `time` resolves; undefined if it
   * lives on.
   */
  async failureWithin(time: Promise<unknown>): Promise<string | undefined> {
    await time;
    return this.#end?.detail;
  }

  /**
   * Refuses the address that the application asks for. Returns whether the application waits for it:
   * then it gets the error, and may ask for another address.
   */
  refuse({ name, message }: Error): boolean {
    const answer = this.#answer;
    if (answer === undefined) return false;
    this.#answer = undefined;
    this.#outcome = Promise.withResolvers();
    answer.settle({ kind: "failed", name, message });
    return true;
  }

  /**
   * Answers the application as if it listened at an address, so that what follows its call runs.
   * Returns whether the application waits for it: then it is introduced once more at the end of its
   * turn, unless it has failed by then.
   */
  pretend(address: Deno.Addr): boolean {
    const answer = this.#answer;
    if (answer === undefined) return false;
    this.#answer = undefined;
    this.#outcome = Promise.withResolvers();
    this.#isPretending = true;
    answer.settle({ kind: "pretended", address });
    return true;
  }

  /** Whether the worker is what a fleet of such workers would spawn. */
  isOfKind({ entry, isolation, fastResponse, heapLimitBytes }: WorkerKind): boolean {
    const own = this.#options;
    return entry === own.entry && isolation === own.isolation &&
      fastResponse === own.fastResponse && heapLimitBytes === own.heapLimitBytes;
  }

  /**
   * Makes the worker one of a fleet. The fleet hears of it as of any worker: first that it has
   * loaded.
   */
  adopt({ countsByRoute, onMessage, onGone }: SpawnOptions): WorkerHandle {
    this.#stopTimers();
    this.#fleet = { onMessage, onGone };
    // The fleet has the handle by then.
    queueMicrotask(() => {
      if (this.#lock !== undefined) onMessage({ kind: "loaded", lock: this.#lock });
      for (const message of this.#unanswered) onMessage(message);
      if (this.#end !== undefined) onGone(this.#end);
    });
    const worker = this.#worker;
    return {
      scoreboard: worker.scoreboard,
      inFlightRequests: worker.inFlightRequests,
      requestMetrics: countsByRoute ? createMetricsMemory() : undefined,
      get isGone() {
        return worker.isGone;
      },
      send: (message) => this.#send(message),
      terminate: () => worker.terminate(),
    };
  }

  /** Ends the worker, which no fleet has adopted. */
  terminate(): void {
    this.#stopTimers();
    this.#worker.terminate();
  }

  #send(message: SupervisorMessage): void {
    this.#worker.send(message);
    if (message.kind !== "configure") return;
    const address = platformAddress(message.configuration.address);
    this.#answer?.settle({ kind: "reserved", address });
  }

  #onMessage(message: WorkerMessage): void {
    if (this.#fleet !== undefined) return this.#fleet.onMessage(message);
    if (message.kind !== "loaded") this.#hasReported = true;
    switch (message.kind) {
      case "loaded":
        this.#lock = message.lock;
        this.#worker.send({ kind: "load", order: { app: this.#options.app } });
        return this.#after(this.#options.loadingAfterMs, () => {
          if (!this.#hasReported) this.#options.onWaiting(false);
        });
      case "introduced": {
        const { introduction } = message;
        this.#found = undefined;
        this.#answer = introduction.answer && new AddressAnswer(introduction.answer);
        return this.#outcome.resolve({ kind: "introduced", introduction });
      }
      case "reserve": {
        if (!this.#isPretending) return void this.#unanswered.push(message);
        const { hostname, port } = message.place;
        const address = { transport: "tcp", hostname, port } as const;
        return new AddressAnswer(message.answer).settle({ kind: "pretended", address });
      }
      case "idle":
        this.#found = message.found;
        return this.#after(this.#options.waitingAfterMs, () => {
          if (this.#found !== undefined) this.#options.onWaiting(true);
        });
      case "failed":
        return this.#outcome.resolve({ kind: "failed", reason: message.message });
      case "standby":
      case "accepting":
      case "panicked":
      case "draining":
      case "ended":
        // Only a worker with a configuration reports these.
        return;
    }
  }

  #onGone(end: ThreadEnd): void {
    this.#end = end;
    if (this.#fleet !== undefined) return this.#fleet.onGone(end);
    this.#outcome.resolve(
      this.#found === undefined || end.hasThrown
        ? { kind: "failed", reason: end.detail }
        : { kind: "nothing_to_serve", found: this.#found, limitMs: undefined },
    );
  }

  #limitTimes(): void {
    const { timeoutMs } = this.#options;
    this.#after(loadTimeoutInProgram(this.#mainStartupMs), () => {
      if (this.#lock !== undefined) return;
      this.#outcome.resolve({ kind: "failed", reason: "its worker does not load @mudpie/server" });
    });
    if (timeoutMs === 0) return;
    this.#after(timeoutMs, () => {
      const found = this.#found;
      this.#outcome.resolve(
        found === undefined
          ? {
            kind: "failed",
            reason: `it took longer than startTimeout (${timeoutMs} ms) to load`,
          }
          : { kind: "nothing_to_serve", found, limitMs: timeoutMs },
      );
    });
  }

  #after(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, ms));
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
