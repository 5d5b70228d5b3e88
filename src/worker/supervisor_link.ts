// The link from a worker to its supervisor, for both kinds of threads.
// It opens when this library is loaded. A message to a thread that does not listen yet is lost, so
// the worker sends the first one, and the supervisor answers.

import type { DrainOrder } from "../ipc/drain_order.ts";
import { AddressAnswer, type AddressResult } from "../ipc/address_answer.ts";
import { holdLifeLock } from "../runtime/life_lock.ts";
import type {
  Assignment,
  Introduction,
  SupervisorMessage,
  WorkerConfiguration,
  WorkerMessage,
  WorkerPost,
} from "../ipc/messages.ts";
import { parseWorkerName, type WorkerName } from "../ipc/worker_name.ts";
import { renewLink } from "../net/socket_path.ts";
import { platformAddress, type WorkerAddress } from "../net/worker_address.ts";
import { importModule } from "../runtime/import_module.ts";
import { injectFault } from "./fault_injection.ts";

/**
 * Returns the name of the worker that this module runs in. Returns undefined on the main thread,
 * and in workers that the server did not start.
 */
export function ownWorkerName(): WorkerName | undefined {
  // Only the main thread has a main module. There, `name` may be a variable of the application.
  if (Deno.mainModule !== undefined) return undefined;
  return parseWorkerName((globalThis as { name?: unknown }).name);
}

/** The worker's end of the channel, the same in both kinds of worker. */
interface WorkerScope extends EventTarget {
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope & { self?: unknown };

/**
 * The shortest time in which a module that has run to its end must call `run()`: it may have
 * started something that calls it.
 */
const MIN_RUN_GRACE_MS = 1_000;
/** The same time as a multiple of what the main thread needed for the same module. */
const RUN_GRACE_SHARE = 3;

/** The link from a worker to its supervisor. */
export class SupervisorLink {
  /**
   * Resolves to the application that the command line's own module is to load, when the supervisor
   * has sent it; to undefined in a worker that another module has as its entry.
   */
  readonly app: Promise<string | undefined>;
  /** Resolves to the configuration of this worker, when the supervisor has sent it. */
  readonly configured: Promise<WorkerConfiguration>;
  /** Resolves to where this worker serves: for a standby, when it is promoted. */
  readonly assigned: Promise<Assignment>;
  /**
   * Resolves when the worker's module has run to its end, or has failed. Resolves to false if that
   * cannot be known. The command line's own module sets it: it has begun before this library.
   */
  moduleHasRun: Promise<boolean>;
  /** Called when the supervisor orders a drain. */
  onDrain: (order: DrainOrder) => void = () => {};
  readonly #app = Promise.withResolvers<string | undefined>();
  readonly #configured = Promise.withResolvers<WorkerConfiguration>();
  readonly #assigned = Promise.withResolvers<Assignment>();
  #assignment: Assignment | undefined;
  #configuration: WorkerConfiguration | undefined;
  /** Whether the supervisor does not know yet what the application asks for. */
  #isFirst = false;
  #isIntroduced = false;
  #isChecked = false;
  #isAccepting = false;
  #isRunning = false;
  #reservations = 0;
  /** What the application has called to close its server before that accepted. */
  #earlyClose: string | undefined;
  #freeLock: (() => void) | undefined;
  readonly #onMessage = (event: Event): void => {
    this.#take((event as MessageEvent<SupervisorMessage>).data);
  };

  constructor() {
    // Programs for Web Workers use it, and threads of node:worker_threads lack it.
    scope.self ??= globalThis;
    this.app = this.#app.promise;
    this.configured = this.#configured.promise;
    this.assigned = this.#assigned.promise;
    this.#open();
    this.moduleHasRun = waitForModule(location.href);
    this.#watchForRun();
  }

  #open(): void {
    const lock = `mudpie-${crypto.randomUUID()}`;
    this.#freeLock = holdLifeLock(lock, () => this.#post({ kind: "loaded", lock }));
    scope.addEventListener("message", this.#onMessage);
  }

  /** Stops listening: a listener would keep the thread from ending by itself. */
  #close(): void {
    scope.removeEventListener("message", this.#onMessage);
  }

  #take(message: SupervisorMessage): void {
    switch (message.kind) {
      case "load":
        this.#isFirst = true;
        return this.#app.resolve(message.order.app);
      case "configure": {
        const { configuration } = message;
        const { address, place } = configuration;
        this.#configuration = configuration;
        if (place !== undefined) this.#assign({ address, place });
        this.#app.resolve(configuration.app);
        return this.#configured.resolve(configuration);
      }
      case "promote":
        return this.#assign(message.assignment);
      case "drain":
        return this.onDrain(message.order);
      case "inject_fault":
        return injectFault(message.fault);
    }
  }

  #assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#assigned.resolve(assignment);
  }

  /** Sends a message to the supervisor. */
  send(
    message: Exclude<
      WorkerMessage,
      { kind: "loaded" | "introduced" | "reserve" | "idle" | "closing" }
    >,
  ): void {
    this.#post(message);
    if (message.kind !== "accepting") return;
    this.#isAccepting = true;
    if (this.#earlyClose !== undefined) this.close(this.#earlyClose);
  }

  /**
   * Reports that the application has closed its server. The supervisor replaces the worker, and has
   * it drain.
   */
  close(call: string): void {
    if (this.#isAccepting) this.#post({ kind: "closing", call });
    else this.#earlyClose ??= call;
  }

  #post(message: WorkerMessage): void {
    scope.postMessage({ mudpie: message } satisfies WorkerPost);
  }

  /** Whether this is the first worker of the command line, from which that learns what it serves. */
  get isFirst(): boolean {
    return this.#isFirst;
  }

  /** Whether the supervisor waits for an introduction, the first one or another. */
  get isIntroducing(): boolean {
    return this.#isFirst && !this.#isIntroduced;
  }

  /** The worker's place in the fleet; undefined until it is known. The first worker has the first. */
  get place(): number | undefined {
    return this.#assignment?.place ?? (this.#isFirst ? 1 : undefined);
  }

  /** Where this worker listens; undefined until it is known. */
  get address(): WorkerAddress | undefined {
    return this.#assignment?.address;
  }

  /** Whether this worker is a standby that has not been promoted. */
  get isStandby(): boolean {
    return this.#configuration !== undefined && this.#assignment === undefined;
  }

  /** Whether the application has a pretended address, because it is only checked. */
  get isChecked(): boolean {
    return this.#isChecked;
  }

  /** Reports what the application asks for, if the supervisor does not know that yet. */
  introduce(introduction: Omit<Introduction, "answer">): void {
    if (!this.isIntroducing) return;
    this.#isIntroduced = true;
    this.#post({ kind: "introduced", introduction: { ...introduction, answer: undefined } });
  }

  /**
   * The same for an application that needs its address at once: this blocks until the address is
   * reserved, or cannot be. Before that, it calls `prepare`, while the supervisor is at work.
   */
  introduceAndWait(
    introduction: Omit<Introduction, "answer">,
    prepare: () => void,
  ): AddressResult {
    const address = this.#assignment?.address ?? this.#configuration?.address;
    if (address !== undefined) {
      // Programs often remove the file of a socket before they listen.
      renewLink(address);
      return { kind: "reserved", address: platformAddress(address) };
    }
    this.#wake();
    const answer = new AddressAnswer();
    const { memory } = answer;
    this.#post({ kind: "introduced", introduction: { ...introduction, answer: memory } });
    prepare();
    const result = answer.wait();
    // After a pretended address the application is introduced once more, at the end of its turn.
    this.#isIntroduced = result.kind === "reserved";
    this.#isChecked = result.kind === "pretended";
    return result;
  }

  /** Asks for the address of a further server, and blocks until the answer is there. */
  reserve(hostname: string, port: number): AddressResult {
    this.#wake();
    const answer = new AddressAnswer();
    const place = { call: ++this.#reservations, hostname, port };
    this.#post({ kind: "reserve", place, answer: answer.memory });
    return answer.wait();
  }

  /**
   * Reports that the application serves nothing yet. From now on the thread ends by itself if the
   * application has nothing left to do, until that serves.
   */
  rest(found: string): void {
    this.#post({ kind: "idle", found });
    this.#close();
    this.#freeLock?.();
    this.#freeLock = undefined;
  }

  /** Whether the module has called `run()`. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Notes that the module has called `run()`. */
  noteRun(): void {
    this.#isRunning = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#freeLock === undefined) this.#open();
  }

  /** Reports that this worker has ended, and closes the link. */
  end(): void {
    this.#post({ kind: "ended" });
    this.#close();
  }

  /**
   * Reports a module that has run to its end without a call of `run()` in the time that the main
   * thread would have needed: one clear line is better than a fleet that never starts.
   */
  async #watchForRun(): Promise<void> {
    // The command line's own module looks for itself at what its application does.
    if (await this.app !== undefined) return;
    const { mainStartupMs } = await this.configured;
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
