// One worker as the supervisor sees it: spawn, send, terminate, and how its thread ends. Deno has
// two kinds of worker, with different events for the same things. Above this file they are one.

import { InFlightRequests } from "../ipc/in_flight_requests.ts";
import { messageOf } from "../runtime/error_message.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import { onLifeLockFree } from "../runtime/life_lock.ts";
import { messageIn, type SupervisorMessage, type WorkerMessage } from "../ipc/messages.ts";
import { Scoreboard } from "../ipc/scoreboard.ts";
import { formatWorkerName } from "../ipc/worker_name.ts";
import { createMetricsMemory } from "../telemetry/metrics_memory.ts";

/** What a new worker is. */
export interface SpawnOptions {
  /** The worker's number; never used twice in a process. */
  readonly worker: number;
  readonly entry: string;
  readonly isolation: "web" | "thread";
  /** Whether its global scope gets the `Response` that is sent faster. */
  readonly fastResponse: boolean;
  /** Whether it is to wait when it has loaded the application. */
  readonly isStandby: boolean;
  /**
   * The size of heap at which the worker dies, in bytes; 0 for the runtime's own limit. Only for
   * threads.
   */
  readonly heapLimitBytes: number;
  /** Whether its requests are counted by route. */
  readonly countsByRoute: boolean;
  readonly onMessage: (message: WorkerMessage) => void;
  /** Called once, when the thread is no more. Not called after `terminate`. */
  readonly onGone: (end: ThreadEnd) => void;
}

/** How a thread has ended. */
export interface ThreadEnd {
  /** Whether it has thrown. One that has not has run to its end, or ended itself. */
  readonly hasThrown: boolean;
  /** The runtime's words for the end. */
  readonly detail: string;
}

/** A worker that was spawned. */
export interface WorkerHandle {
  readonly scoreboard: Scoreboard;
  readonly inFlightRequests: InFlightRequests;
  /** The memory of its `RequestMetrics`, where it has any. */
  readonly requestMetrics: SharedArrayBuffer | undefined;
  /** Whether its thread is known to be no more. A Web Worker that spins outlives `terminate`. */
  readonly isGone: boolean;
  send(message: SupervisorMessage): void;
  terminate(): void;
}

/** The kind of thread beneath a handle. */
interface Thread {
  post(message: SupervisorMessage): void;
  terminate(): void;
}

/** The events of a thread. */
interface ThreadEvents {
  /** It has posted something, or the application in it has. */
  readonly onPost: (post: unknown) => void;
  /** It has thrown, and ends. */
  readonly onError: (detail: string) => void;
  /** It has ended. */
  readonly onExit: (detail: string) => void;
}

/**
 * The lock of a thread that ends may be free before its last event arrives, and the event explains
 * more. A Web Worker that ends itself raises no event, so the wait for one is short. A worker thread
 * always raises one, which on a busy machine takes its time; the wait is only a last resort.
 */
const LAST_EVENT_MS = { web: 50, thread: 2_000 } as const;

/** What is known of a thread that was idle, and has ended. */
const HAD_NOTHING_TO_DO = "it has run to its end, and does not serve";

const BYTES_PER_MEGABYTE = 1024 * 1024;

/** Spawns a worker. */
export function spawnWorker(options: SpawnOptions): WorkerHandle {
  return new SpawnedWorker(options);
}

/** A worker and the events of its thread, of which the first that shows its end counts. */
class SpawnedWorker implements WorkerHandle {
  readonly scoreboard = new Scoreboard();
  readonly inFlightRequests = new InFlightRequests();
  readonly requestMetrics: SharedArrayBuffer | undefined;
  readonly #options: SpawnOptions;
  readonly #thread: Thread;
  /** Ends the wait for the lock that the worker holds now. */
  #lockWatch = new AbortController();
  #hasLoaded = false;
  #isIdle = false;
  #isGone = true;
  #hasEnded = false;
  #isTerminated = false;
  #lastEventTimer: ReturnType<typeof setTimeout> | undefined;
  /** Sent once more to a worker that did not listen while it was idle. */
  #promotion: SupervisorMessage | undefined;

  constructor(options: SpawnOptions) {
    this.#options = options;
    this.requestMetrics = options.countsByRoute ? createMetricsMemory() : undefined;
    this.#thread = startThread(options, {
      onPost: (post) => {
        const message = messageIn(post);
        if (message !== undefined) this.#receive(message);
      },
      onError: (detail) => this.#end(true, detail),
      onExit: (detail) => this.#end(false, detail),
    });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  send(message: SupervisorMessage): void {
    if (message.kind === "promote") this.#promotion = message;
    this.#thread.post(message);
  }

  terminate(): void {
    this.#isTerminated = true;
    clearTimeout(this.#lastEventTimer);
    this.#thread.terminate();
  }

  #receive(message: WorkerMessage): void {
    if (this.#isTerminated || this.#hasEnded) return;
    switch (message.kind) {
      case "loaded": {
        // A worker that was idle takes a lock once more, and is not announced again.
        const isFirst = !this.#hasLoaded;
        this.#noteLoaded(message.lock);
        if (isFirst) break;
        if (this.#promotion !== undefined) this.#thread.post(this.#promotion);
        return;
      }
      case "idle":
        this.#isIdle = true;
        this.#isGone = false;
        clearTimeout(this.#lastEventTimer);
        this.#lockWatch.abort();
    }
    this.#options.onMessage(message);
  }

  /** Notes that the thread holds a lock. From here on the lock shows the thread's end. */
  #noteLoaded(lock: string): void {
    this.#hasLoaded = true;
    this.#isIdle = false;
    this.#isGone = false;
    this.#lockWatch = new AbortController();
    onLifeLockFree(lock, this.#lockWatch.signal, () => this.#noteLockFree());
  }

  #noteLockFree(): void {
    this.#isGone = true;
    if (this.#isTerminated) return;
    this.#lastEventTimer = afterLastEvent(this.#options.isolation, () => {
      if (!this.#isIdle) this.#end(false, "it ended without a word");
    });
  }

  #end(hasThrown: boolean, detail: string): void {
    this.#isGone = true;
    clearTimeout(this.#lastEventTimer);
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#lockWatch.abort();
    if (this.#isTerminated) return;
    const hadNothingToDo = this.#isIdle && !hasThrown;
    this.#options.onGone({ hasThrown, detail: hadNothingToDo ? HAD_NOTHING_TO_DO : detail });
    // After an error a Web Worker is gone, but its handle keeps the process from ending.
    this.#thread.terminate();
  }
}

/** Calls back when the last event of a thread that has ended must have arrived. */
function afterLastEvent(
  isolation: SpawnOptions["isolation"],
  callback: () => void,
): ReturnType<typeof setTimeout> {
  return setTimeout(async () => {
    // This thread may have been too busy to see an event that was there in time.
    await shortTurns();
    callback();
  }, LAST_EVENT_MS[isolation]);
}

function startThread(options: SpawnOptions, events: ThreadEvents): Thread {
  switch (options.isolation) {
    case "web":
      return startWebWorker(options, events);
    case "thread":
      return startWorkerThread(options, events);
  }
}

function startWebWorker(options: SpawnOptions, events: ThreadEvents): Thread {
  const thread = new Worker(options.entry, { type: "module", name: formatWorkerName(options) });
  thread.addEventListener("message", (event) => events.onPost(event.data));
  thread.addEventListener("error", (event) => {
    // Without this the error would go on to the main thread and end the process.
    event.preventDefault();
    events.onError(event.message);
  });
  return {
    post: (message) => thread.postMessage(message),
    terminate: () => thread.terminate(),
  };
}

/**
 * Returns what a thread starts from: a file, or a line of code that imports a module from
 * elsewhere.
 */
function threadEntry(entry: string): URL {
  const url = new URL(entry);
  if (url.protocol === "file:" || url.protocol === "data:") return url;
  return new URL(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(entry)};`)}`);
}

/**
 * Node's modules, which are loaded when they are first needed: that takes some milliseconds, and
 * most fleets have no threads.
 */
async function nodeModules() {
  return { ...await import("node:worker_threads"), ...await import("node:v8") };
}

function startWorkerThread(options: SpawnOptions, events: ThreadEvents): Thread {
  const { entry, heapLimitBytes } = options;
  let isTerminated = false;
  const started = nodeModules().then(({ Worker: NodeWorker, getHeapStatistics }) => {
    if (isTerminated) return undefined;
    // A thread without a limit of its own would take the process along when it comes to the
    // runtime's.
    const limitBytes = heapLimitBytes || getHeapStatistics().heap_size_limit;
    const thread = new NodeWorker(threadEntry(entry), {
      name: formatWorkerName(options),
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(1, Math.ceil(limitBytes / BYTES_PER_MEGABYTE)),
      },
    });
    thread.on("message", events.onPost);
    thread.on("error", (error) => events.onError(messageOf(error)));
    thread.on("exit", (code) => events.onExit(`it exited with code ${code}`));
    return thread;
  });
  started.catch((error) => events.onError(String(error)));
  return {
    post: (message) => void started.then((thread) => thread?.postMessage(message)),
    terminate: () => {
      isTerminated = true;
      started.then((thread) => thread?.terminate(), () => {});
    },
  };
}
