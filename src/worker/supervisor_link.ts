// The link from a worker to its supervisor, for both kinds of threads.
// It opens when this library is loaded. A message to a thread that does not listen yet is lost, so
// the worker sends the first one, and the supervisor answers.

import type { DrainOrder } from "../ipc/drain_order.ts";
import { holdLifeLock } from "../runtime/life_lock.ts";
import type {
  ProbeOrder,
  SupervisorMessage,
  WorkerConfiguration,
  WorkerMessage,
  WorkerPost,
} from "../ipc/messages.ts";
import { importModule } from "../runtime/import_module.ts";
import { injectFault } from "./fault_injection.ts";

/** The name of a worker, with its number. */
const WORKER_NAME = /^mudpie:([1-9][0-9]*)$/;

/**
 * Returns the number of the worker that this module runs in. Returns undefined on the main thread,
 * and in workers that the server did not start.
 */
export function ownWorkerNumber(): number | undefined {
  // Only the main thread has a main module. There, `name` may be a variable of the application.
  if (Deno.mainModule !== undefined) return undefined;
  const { name } = globalThis as { name?: unknown };
  const match = typeof name === "string" ? WORKER_NAME.exec(name) : null;
  return match === null ? undefined : Number(match[1]);
}

/** The two ends of a channel, for both kinds of worker. */
interface Port {
  post(post: WorkerPost): void;
  listen(onMessage: (message: SupervisorMessage) => void): void;
  /** Stops listening: a listener would keep the thread from ending by itself. */
  close(): void;
}

/** The worker's side of a Web Worker's own channel. */
interface WebWorkerScope extends EventTarget {
  postMessage(message: unknown): void;
}

async function openPort(): Promise<Port> {
  if ("postMessage" in globalThis) {
    const scope = globalThis as unknown as WebWorkerScope;
    let listener: ((event: Event) => void) | undefined;
    return {
      post: (post) => scope.postMessage(post),
      listen: (onMessage) => {
        listener = (event) => onMessage((event as MessageEvent<SupervisorMessage>).data);
        scope.addEventListener("message", listener);
      },
      close: () => {
        if (listener !== undefined) scope.removeEventListener("message", listener);
      },
    };
  }
  const { parentPort } = await import("node:worker_threads");
  if (parentPort === null) throw new Error("A worker thread has no port to its parent");
  return {
    post: (post) => parentPort.postMessage(post),
    listen: (onMessage) => void parentPort.on("message", onMessage),
    close: () => parentPort.close(),
  };
}

/**
 * The shortest time in which a module that has run to its end must call `run()`: it may have
 * started something that calls it.
 */
const MIN_RUN_GRACE_MS = 1_000;
/** The same time as a multiple of what the main thread needed for the same module. */
const RUN_GRACE_SHARE = 3;

/** The purpose of a worker: to serve, or to report what it would serve. */
export type Assignment =
  | { readonly kind: "serve"; readonly configuration: WorkerConfiguration }
  | { readonly kind: "probe"; readonly order: ProbeOrder };

/** The link from a worker to its supervisor. */
export class SupervisorLink {
  /** Resolves to the purpose of this worker, when the supervisor has sent it. */
  readonly assigned: Promise<Assignment>;
  /**
   * Resolves when the worker's module has run to its end, or has failed. Resolves to false if that
   * cannot be known.
   */
  readonly moduleHasRun: Promise<boolean>;
  /** Called when the supervisor orders a drain. */
  onDrain: (order: DrainOrder) => void = () => {};
  readonly #port: Promise<Port>;
  #isRunning = false;

  constructor() {
    const assigned = Promise.withResolvers<Assignment>();
    this.assigned = assigned.promise;
    this.#port = openPort();
    const lock = `mudpie-${crypto.randomUUID()}`;
    holdLifeLock(lock, () => this.#post({ kind: "loaded", lock }));
    this.#port.then((port) =>
      port.listen((message) => {
        switch (message.kind) {
          case "configure":
            return assigned.resolve({ kind: "serve", configuration: message.configuration });
          case "probe":
            return assigned.resolve({ kind: "probe", order: message.order });
          case "drain":
            return this.onDrain(message.order);
          case "inject_fault":
            return injectFault(message.fault);
        }
      })
    );
    this.moduleHasRun = waitForModule(location.href);
    this.#watchForRun();
  }

  /** Sends a message to the supervisor. */
  send(message: Exclude<WorkerMessage, { kind: "loaded" }>): void {
    this.#post(message);
  }

  #post(message: WorkerMessage): void {
    this.#port.then((port) => port.post({ mudpie: message }));
  }

  /** Whether the module has called `run()`. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Notes that the module has called `run()`. */
  noteRun(): void {
    this.#isRunning = true;
  }

  /** Reports that this worker has ended, and closes the link. */
  end(): void {
    this.#post({ kind: "ended" });
    this.#port.then((port) => port.close());
  }

  /**
   * Reports a module that has run to its end without a call of `run()` in the time that the main
   * thread would have needed: one clear line is better than a fleet that never starts.
   */
  async #watchForRun(): Promise<void> {
    const assignment = await this.assigned;
    const { mainStartupMs } = assignment.kind === "serve"
      ? assignment.configuration
      : assignment.order;
    if (!await this.moduleHasRun) return;
    const graceMs = Math.max(MIN_RUN_GRACE_MS, mainStartupMs * RUN_GRACE_SHARE);
    await new Promise((resolve) => setTimeout(resolve, graceMs));
    if (this.#isRunning) return;
    this.#post({
      kind: "failed",
      isFinal: true,
      message:
        `${location.href} has run to its end in the worker and did not call run(): call server.run() there too, guarded ` +
        "by nothing but import.meta.main, which is true in a worker",
    });
  }
}

/**
 * Waits for the worker's own module, whose evaluation has begun: a second import returns the same
 * evaluation. The import has to start while this library is loaded, before the module's own code
 * runs: later, Deno 2.9 treats a module that awaits something as one that has run. Resolves to
 * false for a module of another scheme (`data:`, `blob:`), about which nothing can be known.
 */
async function waitForModule(entry: string): Promise<boolean> {
  try {
    return await importModule(entry) !== undefined;
  } catch {
    // The thread dies of the same error, and so the supervisor receives it.
    return true;
  }
}
