// The `onShutdown` callbacks of one worker. The worker calls all of them at once when it ends.

import type { ShutdownReason } from "../ipc/drain_order.ts";
import { describeError } from "../telemetry/log.ts";
import { nameOfType } from "../handler/type_name.ts";
import { keepContext } from "../runtime/async_context.ts";

/**
 * A function that a worker calls at its end; see `WebServer.onShutdown`. What it returns is
 * awaited.
 *
 * @example Close a pool of connections
 * ```ts
 * import { type ShutdownCallback, WebServer } from "@mudpie/server";
 *
 * const pool = { end: () => Promise.resolve() };
 * const closePool: ShutdownCallback = () => pool.end();
 * new WebServer().onShutdown(closePool);
 * ```
 */
export type ShutdownCallback = (reason: ShutdownReason) => unknown;

/** Throws a `TypeError` if a value cannot be called at a worker's end. */
export function checkShutdownCallback(callback: unknown): asserts callback is ShutdownCallback {
  if (typeof callback === "function") return;
  throw new TypeError(
    `Cannot add an onShutdown callback of type ${nameOfType(callback)}: it must be a function`,
  );
}

/** The callbacks of one worker. */
export class ShutdownCallbacks {
  readonly #callbacks: ShutdownCallback[] = [];
  #hasBegun = false;

  /**
   * Adds a callback. Throws a `TypeError` once the callbacks have been called, since this one would
   * not be.
   */
  add(callback: ShutdownCallback): void {
    if (this.#hasBegun) {
      throw new TypeError(
        "Cannot add an onShutdown callback: this worker is ending and has called them already",
      );
    }
    this.#callbacks.push(callback);
  }

  /**
   * Calls all callbacks at once and waits for them until `time`. Each has the async context of the
   * caller, and none sees what another one enters. Calls `log` with each failure, and with what is
   * cut off. Never rejects.
   */
  async call(reason: ShutdownReason, time: number, log: (line: string) => void): Promise<void> {
    this.#hasBegun = true;
    if (this.#callbacks.length === 0) return;
    const begunAt = performance.now();
    const running = new Set(this.#callbacks.map((callback) => ({ callback })));
    const calls = [...running].map(async (call) => {
      try {
        await keepContext(() => call.callback(reason));
      } catch (error) {
        const failure = describeError(error);
        log(`onShutdown callback${nameOf(call.callback)} failed: ${failure}`);
      }
      running.delete(call);
    });
    const timeOver = Promise.withResolvers<void>();
    // A time below zero fires at once, too, but after the callbacks that need no time.
    const timer = setTimeout(timeOver.resolve, time - begunAt);
    await Promise.race([Promise.all(calls), timeOver.promise]);
    clearTimeout(timer);
    if (running.size === 0) return;
    const names = [...running].map(({ callback }) => nameOf(callback)).join("");
    log(
      `${running.size} of ${calls.length} onShutdown callbacks cut off after ` +
        `${Math.round(performance.now() - begunAt)} ms${names === "" ? "" : `:${names}`}`,
    );
  }
}

/** Returns the name of a callback in quotes, after a space; empty if it has none. */
function nameOf({ name }: ShutdownCallback): string {
  return typeof name === "string" && name !== "" ? ` ${JSON.stringify(name)}` : "";
}
