// Asks one worker what an application would serve. It serves nothing: no address is listened on.
// The command line has to know this before it starts a fleet, and `--check` prints it.

import type { ProbeReport, WorkerMessage } from "../ipc/messages.ts";
import { loadTimeoutInProgram } from "./fleet_settings.ts";
import {
  type SpawnOptions,
  spawnWorker,
  type ThreadEnd,
  type WorkerHandle,
} from "./worker_handle.ts";
import { claimWorkerNumber } from "./worker_numbers.ts";

/** What to probe, and how. */
export interface ProbeOptions {
  readonly entry: string;
  /**
   * The application that the entry is to load, where the entry is the command line's own module.
   */
  readonly app: string | undefined;
  readonly isolation: "web" | "thread";
  /** How long the worker may take, in milliseconds; 0 for any time. */
  readonly timeoutMs: number;
}

/** What a probe has found. */
export type ProbeOutcome =
  | { readonly kind: "probed"; readonly report: ProbeReport }
  /** The module has nothing that could be served, or does not even load this library. */
  | { readonly kind: "nothing_to_serve" }
  | { readonly kind: "failed"; readonly reason: string };

const NOTHING: ProbeOutcome = { kind: "nothing_to_serve" };

/** How long a module may take for the code after its `run()`. */
const LAST_CODE_MS = 1_000;

/**
 * Loads the entry in one worker, which reports what it would serve. The worker has ended when the
 * promise resolves, or is terminated. A test passes its own `spawn`.
 */
export async function probe(
  options: ProbeOptions,
  spawn: (options: SpawnOptions) => WorkerHandle = spawnWorker,
): Promise<ProbeOutcome> {
  return await new Probe(options, spawn).finish();
}

class Probe {
  readonly #options: ProbeOptions;
  readonly #worker: WorkerHandle;
  readonly #outcome = Promise.withResolvers<ProbeOutcome>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #mainStartupMs = performance.now();
  #hasLoaded = false;

  constructor(options: ProbeOptions, spawn: (options: SpawnOptions) => WorkerHandle) {
    this.#options = options;
    this.#worker = spawn({
      worker: claimWorkerNumber(),
      entry: options.entry,
      isolation: options.isolation,
      heapLimitBytes: 0,
      countsByRoute: false,
      onMessage: (message) => this.#onMessage(message),
      onGone: (end) => this.#onGone(end),
    });
    this.#limitTimes();
  }

  /** Returns the outcome when the worker has ended, or is terminated. */
  async finish(): Promise<ProbeOutcome> {
    const outcome = await this.#outcome.promise;
    // A worker that is stopped in the middle of its module leaks descriptors.
    if (outcome.kind === "probed") {
      this.#after(LAST_CODE_MS, () => this.#ended.resolve());
      await this.#ended.promise;
    }
    for (const timer of this.#timers) clearTimeout(timer);
    this.#worker.terminate();
    return outcome;
  }

  #onMessage(message: WorkerMessage): void {
    switch (message.kind) {
      case "loaded": {
        this.#hasLoaded = true;
        const order = { mainStartupMs: this.#mainStartupMs, app: this.#options.app };
        return this.#worker.send({ kind: "probe", order });
      }
      case "probed":
      case "nothing_to_serve":
        return this.#outcome.resolve(message);
      case "failed":
        return this.#outcome.resolve(
          message.isFinal ? NOTHING : { kind: "failed", reason: message.message },
        );
      case "ended":
        return this.#ended.resolve();
      case "accepting":
      case "panicked":
      case "draining":
        // Only a worker that serves reports these.
        return;
    }
  }

  #onGone({ hasThrown, detail }: ThreadEnd): void {
    this.#ended.resolve();
    const isFailure = hasThrown || this.#hasLoaded;
    this.#outcome.resolve(isFailure ? { kind: "failed", reason: detail } : NOTHING);
  }

  #limitTimes(): void {
    const { timeoutMs } = this.#options;
    this.#after(loadTimeoutInProgram(this.#mainStartupMs), () => {
      if (!this.#hasLoaded) this.#outcome.resolve(NOTHING);
    });
    if (timeoutMs === 0) return;
    const reason = `it took longer than startTimeout (${timeoutMs} ms) to load, or to call run()`;
    this.#after(timeoutMs, () => {
      this.#outcome.resolve(this.#hasLoaded ? { kind: "failed", reason } : NOTHING);
    });
  }

  #after(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, ms));
  }
}
