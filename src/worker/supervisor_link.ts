// How a worker talks with its supervisor, whichever kind of thread it is. It opens when this
// library is loaded, before the user's module does anything that takes time: messages that come to
// a thread which does not listen yet are lost, so the worker speaks first, and is answered.

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

/** The name that the supervisor gives to each of its workers, with the worker's number. */
const WORKER_NAME = /^mudpie:([1-9][0-9]*)$/;

/**
 * The number of the worker that this module runs in; undefined on the main thread, and in other
 * people's workers.
 */
export function ownWorkerNumber(): number | undefined {
  // Only the main thread has a main module; `name` is a worker's own name, and anybody's variable
  // on the main thread.
  if (Deno.mainModule !== undefined) return undefined;
  const { name } = globalThis as { name?: unknown };
  const match = typeof name === "string" ? WORKER_NAME.exec(name) : null;
  return match === null ? undefined : Number(match[1]);
}

/** The two ends of a channel, for both kinds of worker. */
interface Port {
  post(post: WorkerPost): void;
  listen(onMessage: (message: SupervisorMessage) => void): void;
  /** Stops listening, which would keep the thread from ending by itself. */
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
 * How long a module that has run to its end may take until `run()` is called, at least: it may have
 * started something.
 */
const MIN_RUN_GRACE_MS = 1_000;
/** The same, in times of what the main thread took for the same module. */
const RUN_GRACE_SHARE = 3;

/** What a worker is there for: to serve, or to tell what it would serve. */
export type Assignment =
  | { readonly kind: "serve"; readonly configuration: WorkerConfiguration }
  | { readonly kind: "probe"; readonly order: ProbeOrder };

/** A worker's connection with its supervisor. */
export class SupervisorLink {
  /** What this worker is told before it does anything. */
  readonly assigned: Promise<Assignment>;
  /**
   * Resolves when the worker's module has run to its end, or has failed to; with false where
   * nothing is known of that.
   */
  readonly moduleHasRun: Promise<boolean>;
  /** Called when the worker is to drain. */
  onDrain: (order: DrainOrder) => void = () => {};
  readonly #port: Promise<Port>;
  #isRunning = false;

  constructor() {
    const assigned = Promise.withResolvers<Assignment>();
    this.assigned = assigned.promise;
    this.#port = openPort();
    const lock = `mudpie-${crypto.randomUUID()}`;
    holdLifeLock(lock, () => this.#say({ kind: "loaded", lock }));
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

  /** Says something to the supervisor. */
  say(message: Exclude<WorkerMessage, { kind: "loaded" }>): void {
    this.#say(message);
  }

  #say(message: WorkerMessage): void {
    this.#port.then((port) => port.post({ mudpie: message }));
  }

  /** Whether `run()` was called. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Notes that `run()` was called. */
  noteRun(): void {
    this.#isRunning = true;
  }

  /** Says that this worker has come to its end, and hears nothing more. */
  end(): void {
    this.#say({ kind: "ended" });
    this.#port.then((port) => port.close());
  }

  /**
   * A module that has run to its end, and does not call `run()` within a time in which the main
   * thread would have, is not going to: better one clear line than a fleet that never comes up.
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
    this.#say({
      kind: "failed",
      isFinal: true,
      message:
        `${location.href} has run to its end in the worker and did not call run(): call server.run() there too, guarded ` +
        "by nothing but import.meta.main, which is true in a worker",
    });
  }
}

/**
 * Waits for the worker's own module, which is being evaluated already: importing it once more gives
 * the same evaluation. It has to be asked for while this library is loaded, before the module's own
 * code runs; later, Deno 2.9 takes a module that awaits something for one that has run. False for a
 * module of a scheme of which nobody runs a server's main module (`data:`, `blob:`): then nothing
 * is known.
 */
async function waitForModule(entry: string): Promise<boolean> {
  try {
    return await importModule(entry) !== undefined;
  } catch {
    // The thread dies of the same error, which is how everybody hears of it.
    return true;
  }
}
