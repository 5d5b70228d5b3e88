// Finds the errors that go uncaught in a worker and that the application does not handle.
// The runtime would end the thread, so each event's default is prevented at once. The application's
// listeners run before or after ours, those of node:process last. So the event gets its own
// `preventDefault`, which notes a call, and the verdict comes when all listeners have run.

import type { EventEmitter } from "node:events";
import { queueMicrotask } from "../runtime/async_context.ts";

/** Called with an error that the application has not handled. `during` describes its origin. */
export type UncaughtListener = (during: string, error: unknown) => void;

/**
 * Watches for uncaught errors, except rejections with a reason that `isIgnored`. Returns the function
 * that stops the watch.
 */
export function watchForUncaught(
  onUncaught: UncaughtListener,
  isIgnored: (reason: unknown) => boolean,
): () => void {
  const onError = (event: ErrorEvent) =>
    judge(event, () => onUncaught("outside of any request", event.error ?? event.message));
  const onRejection = (event: PromiseRejectionEvent) => {
    const { promise, reason } = event;
    if (isIgnored(reason)) {
      event.preventDefault();
      return event.stopImmediatePropagation();
    }
    judge(event, () => offerToProcess(promise, reason, onUncaught));
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => {
    globalThis.removeEventListener("error", onError);
    globalThis.removeEventListener("unhandledrejection", onRejection);
  };
}

/** Calls `onUnhandled` after all listeners, unless one of them has prevented the default. */
function judge(event: Event, onUnhandled: () => void): void {
  if (event.defaultPrevented) return;
  event.preventDefault();
  let isHandled = false;
  Object.defineProperties(event, {
    preventDefault: {
      value: () => {
        isHandled = true;
      },
    },
    // After the dispatch, only the runtime reads this: the default stays prevented.
    defaultPrevented: { get: () => isHandled || event.eventPhase === Event.NONE },
  });
  queueMicrotask(() => {
    if (!isHandled) onUnhandled();
  });
}

/**
 * Emits the events of node:process that the runtime would emit for a rejection that no listener has
 * handled. Loads node:process only here: the first load in a Web Worker takes some milliseconds.
 */
async function offerToProcess(
  promise: Promise<unknown>,
  reason: unknown,
  onUncaught: UncaughtListener,
): Promise<void> {
  const process: EventEmitter = (await import("node:process")).default;
  try {
    if (process.listenerCount("unhandledRejection") > 0) {
      process.emit("unhandledRejection", reason, promise);
      return;
    }
    const error = reason instanceof Error ? reason : wrap(reason);
    process.emit("uncaughtExceptionMonitor", error, "unhandledRejection");
    if (process.listenerCount("uncaughtException") > 0) {
      process.emit("uncaughtException", error, "unhandledRejection");
      return;
    }
  } catch (error) {
    return onUncaught("in a listener of node:process", error);
  }
  onUncaught("in a promise that nobody awaits", reason);
}

/** Makes an `Error` of any reason of a rejection: listeners of node:process expect one. */
function wrap(reason: unknown): Error {
  const code = "ERR_UNHANDLED_REJECTION";
  const view = Deno.inspect(reason, { colors: false });
  const error = new Error(`A promise that nothing awaits was rejected with ${view}`);
  return Object.assign(error, { code, reason });
}
