// The background work of one thread's requests: what handlers have given to `waitUntil`, and the
// ends of streams that a drain has cut off. It is observed from the moment in which it is given, so
// that a rejection is a line in the log and no panic; whether anything waits for it is up to the
// worker that ends.

import { escapeForLog, type LogSink, PanicLog } from "../telemetry/log.ts";
import { isClientGone } from "../handler/client_gone.ts";
import { type BackgroundWork, idInUse, type WebRequest } from "../handler/request.ts";

/** One piece of work that has not settled. */
interface Task {
  readonly kind: "work" | "ending";
  readonly request: WebRequest;
  readonly since: number;
}

/** How many unfinished tasks the log names, the oldest first. */
const MAX_NAMED_TASKS = 10;

/** The background work of one thread. */
export class BackgroundTasks implements BackgroundWork {
  readonly #thread: string;
  readonly #sink: LogSink;
  readonly #rejections: PanicLog;
  readonly #tasks = new Set<Task>();
  #onEmpty: (() => void) | undefined;

  /** `thread` is what the log calls this thread. */
  constructor(thread: string, sink: LogSink) {
    this.#thread = thread;
    this.#sink = sink;
    this.#rejections = new PanicLog(thread, sink, "waitUntil() rejected");
  }

  add(work: unknown, request: WebRequest): void {
    const task: Task = { kind: "work", request, since: performance.now() };
    // First of all: it throws for a promise whose properties do, and then there is nothing to wait
    // for.
    const settling = Promise.resolve(work);
    this.#tasks.add(task);
    settling.then(
      () => this.#end(task),
      (error) => {
        this.#logRejection(request, error);
        this.#end(task);
      },
    );
  }

  addEnding(ending: Promise<void>, request: WebRequest): void {
    const task: Task = { kind: "ending", request, since: performance.now() };
    this.#tasks.add(task);
    ending.then(() => this.#end(task));
  }

  #end(task: Task): void {
    this.#tasks.delete(task);
    if (this.#tasks.size === 0) this.#onEmpty?.();
  }

  #logRejection(request: WebRequest, error: unknown): void {
    // Only a client has gone.
    if (isClientGone(error)) return;
    this.#rejections.note(`in ${nameOf(request)}`, error, performance.now());
  }

  /** The work that has not settled, by kind, each with the method and the path of its request. */
  get pending(): readonly { readonly kind: "work" | "ending"; readonly name: string }[] {
    return [...this.#tasks].map(({ kind, request }) => ({ kind, name: pathOf(request) }));
  }

  /**
   * Waits until all work has settled, also what is given meanwhile, but not longer than until
   * `time`.
   */
  async settleUntil(time: number): Promise<void> {
    while (this.#tasks.size > 0) {
      const leftMs = time - performance.now();
      if (leftMs <= 0) return;
      const outcome = Promise.withResolvers<void>();
      this.#onEmpty = outcome.resolve;
      const timer = setTimeout(outcome.resolve, leftMs);
      await outcome.promise;
      clearTimeout(timer);
      this.#onEmpty = undefined;
    }
  }

  /**
   * Logs the work that has not settled: how many tasks, of which requests, and how long each has
   * taken so far.
   */
  logUnfinished(now: number): void {
    const tasks = [...this.#tasks];
    this.#logCutOff(
      tasks.filter(({ kind }) => kind === "work"),
      now,
      (count) =>
        count === 1
          ? "1 promise given to waitUntil() has not settled and is"
          : `${count} promises given to waitUntil() have not settled and are`,
    );
    this.#logCutOff(
      tasks.filter(({ kind }) => kind === "ending"),
      now,
      (count) =>
        count === 1
          ? "the source of 1 streamed body has not ended and is"
          : `the sources of ${count} streamed bodies have not ended and are`,
    );
  }

  #logCutOff(tasks: readonly Task[], now: number, describe: (count: number) => string): void {
    const count = tasks.length;
    if (count === 0) return;
    const names = tasks.slice(0, MAX_NAMED_TASKS).map(({ request, since }) =>
      `${nameOf(request)} after ${Math.round(now - since)} ms`
    );
    if (count > names.length) names.push(`${count - names.length} more`);
    this.#sink(escapeForLog(`${this.#thread}: ${describe(count)} cut off: ${names.join(", ")}`));
  }
}

/** The request as the log names it, with its id if it has one. */
function nameOf(request: WebRequest): string {
  const id = idInUse(request);
  return `${request.method} ${request.target}${id === "" ? "" : ` (request id ${id})`}`;
}

/** The method and the path of a request, without its query. */
export function pathOf({ method, target }: Pick<WebRequest, "method" | "target">): string {
  return `${method} ${target.split("?", 1)[0]}`;
}
