// Calls the application's code so that its async context (`AsyncLocalStorage`) ends with the call.
// `enterWith()` changes the context for the rest of a microtask. So the code runs in a microtask of
// its own (V8 restores the context for each; cheap, but later), or in a captured context, which is
// restored when the call returns (for calls that must happen at once).

import { AsyncResource } from "node:async_hooks";

/**
 * Queues a microtask, which runs in the async context of the code that queued it. This is the
 * runtime's own function: the application may replace the global one, as fake timers do.
 */
export const queueMicrotask: (callback: () => void) => void = globalThis.queueMicrotask;

/** A settled promise: code that awaits it continues in the next microtask. */
export const SETTLED: Promise<void> = Promise.resolve();

/** Keeps the async context in which it was made. */
export class CapturedContext {
  readonly #resource = new AsyncResource("mudpie");

  /**
   * Calls a function in this context. The caller keeps its own, even if the function enters
   * another.
   */
  run<Result>(call: () => Result): Result {
    return this.#resource.runInAsyncScope(call);
  }
}

/**
 * Calls a function in the caller's async context. The caller keeps this context, even if the
 * function enters another.
 */
export function keepContext<Result>(call: () => Result): Result {
  return new CapturedContext().run(call);
}

/**
 * Makes an `AbortController` that calls its listeners in the async context of the code that made
 * it.
 */
export function createAbortController(): AbortController {
  const controller = new AbortController();
  const abort = controller.abort.bind(controller);
  const context = new CapturedContext();
  controller.abort = (reason) => context.run(() => abort(reason));
  return controller;
}

/** Whether a value is a promise, or another object with a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
