// Calls code of the application without letting its async context (`AsyncLocalStorage`) out.
// `enterWith()` changes the context of all that runs afterwards in the same microtask, and of each `await` that begins there. So such
// code runs either in a microtask of its own, since V8 restores the context for each microtask, or in a captured context, which
// is restored when the call returns. The first is cheap and comes a little later; the second is for calls that must happen at once.

import { AsyncResource } from "node:async_hooks";

/**
 * Queues a microtask, which runs in the async context of the code that queued it. The application may replace the global function, as
 * fake timers do.
 */
export const queueMicrotask: (callback: () => void) => void = globalThis.queueMicrotask;

/** A promise that has settled: to await it goes on with the next microtask. */
export const SETTLED: Promise<void> = Promise.resolve();

/** The async context in which this object was made. */
export class CapturedContext {
  readonly #resource = new AsyncResource("mudpie");

  /** Calls a function in this context. Whatever context the function enters, the caller keeps its own. */
  run<Result>(call: () => Result): Result {
    return this.#resource.runInAsyncScope(call);
  }
}

/** Calls a function in the async context of the caller, which keeps this context, whatever the function enters. */
export function keepContext<Result>(call: () => Result): Result {
  return new CapturedContext().run(call);
}

/** Makes an `AbortController` that calls its listeners in the async context in which it was made. */
export function createAbortController(): AbortController {
  const controller = new AbortController();
  const abort = controller.abort.bind(controller);
  const context = new CapturedContext();
  controller.abort = (reason) => context.run(() => abort(reason));
  return controller;
}
