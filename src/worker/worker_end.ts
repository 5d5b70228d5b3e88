// The end of a worker, after its connections: background work, callbacks, the module's own end, the
// end events, and the end of the thread. A worker without a panic sends "ended" and is terminated;
// a worker with one dies of its error, which the supervisor receives as the thread's `error` event.

import type { BackgroundTasks } from "../connection/background_tasks.ts";
import { MIN_CALLBACKS_MS, MIN_WORK_MS, type ShutdownReason } from "../ipc/drain_order.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import { describeError, lastError, type LogSink } from "../telemetry/log.ts";
import { dispatchEndEvents } from "./end_events.ts";
import type { PanicWatch } from "./panic_watch.ts";
import type { ShutdownCallbacks } from "./shutdown_callbacks.ts";
import type { SupervisorLink } from "./supervisor_link.ts";

/** The work that a worker finishes at its end. */
export interface LastWork {
  readonly background: Pick<BackgroundTasks, "settleUntil" | "logUnfinished">;
  readonly shutdownCallbacks: Pick<ShutdownCallbacks, "call">;
  readonly onDrained?: (time: number, log: LogSink) => Promise<void>;
}

/**
 * Waits for the work that continues after the last response, then for what the program does then,
 * and calls the `onShutdown` callbacks.
 * They share the time until `workEndsAt`, and have a minimum each.
 */
export async function finishWork(
  { background, shutdownCallbacks, onDrained }: LastWork,
  reason: ShutdownReason,
  workEndsAt: number,
  log: LogSink,
): Promise<void> {
  const endsAt = Math.max(workEndsAt, performance.now() + MIN_WORK_MS);
  await background.settleUntil(endsAt);
  await onDrained?.(endsAt, log);
  const callbacksEndAt = Math.max(endsAt, performance.now() + MIN_CALLBACKS_MS);
  await shutdownCallbacks.call(reason, callbacksEndAt, log);
  // Once more, for the work that the callbacks have added.
  await background.settleUntil(endsAt);
  background.logUnfinished(performance.now());
  // After this turn, the runtime reports a rejection of a promise that the callbacks do not await.
  await shortTurns();
}

/**
 * Ends the worker when the user's module has run to its end. With a panic, the worker dies of it.
 * Without one, it sends a message to the supervisor.
 */
export async function endAfterModule(
  link: Pick<SupervisorLink, "moduleHasRun" | "end">,
  panics: Pick<PanicWatch, "fatal">,
  log: LogSink,
): Promise<void> {
  await link.moduleHasRun;
  // By then, code after a `run()` that the module does not await has begun.
  await new Promise((resolve) => setTimeout(resolve));
  const panic = panics.fatal;
  await dispatchEndEvents(
    panic === undefined ? 0 : 1,
    (during, error) => log(`failed ${during}: ${describeError(error)}`),
  );
  if (panic === undefined) return link.end();
  // Thrown in a timer, where no code catches it.
  setTimeout(() => dieOf(lastError(panic.error), link));
}

/**
 * Ends this thread with an error, even if the application handles all errors: no listener receives
 * what a listener throws. If the thread still runs in the next turn, ends it by a message: the
 * application may also keep errors from all listeners that come after its own.
 */
export function dieOf(error: Error, link: Pick<SupervisorLink, "end">): never {
  setTimeout(() => link.end());
  globalThis.addEventListener("error", () => {
    throw error;
  });
  throw error;
}
