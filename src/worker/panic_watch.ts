// Hears of the errors that go uncaught in a worker, and finds out whether the application handles them.
// The runtime would end the thread, so each event is prevented from that at once. A listener of the application's may come before
// ours or after it, and those of node:process come last. So the event gets a `preventDefault` of its own that notes who calls it,
// and the verdict comes when all listeners have run.

import type { EventEmitter } from "node:events";
import { queueMicrotask } from "../runtime/async_context.ts";

/** Told of an error that the application has not handled; `during` says where it has come from. */
export type UncaughtListener = (during: string, error: unknown) => void;

/** Watches for uncaught errors until the function that it returns is called. Rejections with an `ignored` value count for nothing. */
export function watchForUncaught(
  onUncaught: UncaughtListener,
  ignored: readonly unknown[],
): () => void {
  const onError = (event: ErrorEvent) =>
    judge(event, () => onUncaught("outside of any request", event.error ?? event.message));
  const onRejection = (event: PromiseRejectionEvent) => {
    const { promise, reason } = event;
    if (ignored.includes(reason)) {
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

/** Ends this thread with an error, even if the application handles all errors: the runtime shows no listener what a listener throws. */
export function dieOf(error: Error): never {
  globalThis.addEventListener("error", () => {
    throw error;
  });
  throw error;
}

/** Calls `onUnhandled` when all listeners have run, unless one of them has prevented the default. */
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
    // Afterwards it is the runtime that asks.
    defaultPrevented: { get: () => isHandled || event.eventPhase === Event.NONE },
  });
  queueMicrotask(() => {
    if (!isHandled) onUnhandled();
  });
}

/**
 * Emits what the runtime would emit for a rejection that no listener has handled. node:process is loaded only here: a Web Worker that has
 * not touched it takes some milliseconds for that.
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

/** A listener of node:process gets an `Error`, whatever the promise was rejected with. */
function wrap(reason: unknown): Error {
  const code = "ERR_UNHANDLED_REJECTION";
  const view = Deno.inspect(reason, { colors: false });
  const error = new Error(`A promise that nothing awaits was rejected with ${view}`);
  return Object.assign(error, { code, reason });
}
