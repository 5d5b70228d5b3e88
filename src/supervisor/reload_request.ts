// The promise of `reload()`. Calls share it while a reload is under way, and calls in one turn of
// the event loop begin one reload: they ask for the same code.

import { queueMicrotask } from "../runtime/async_context.ts";

/** Calls of `reload()` that wait for their reload to end. */
export class ReloadRequest {
  readonly #begin: () => void;
  #pending: PromiseWithResolvers<void> | undefined;
  #isQueued = false;

  /** `begin` is called once for the calls of one turn. */
  constructor(begin: () => void) {
    this.#begin = begin;
  }

  /** Asks for a reload. The promise settles when it ends. */
  ask(): Promise<void> {
    const { promise } = this.#pending ??= Promise.withResolvers();
    if (!this.#isQueued) {
      this.#isQueued = true;
      queueMicrotask(() => {
        this.#isQueued = false;
        this.#begin();
      });
    }
    return promise;
  }

  resolve(): void {
    this.#pending?.resolve();
    this.#pending = undefined;
  }

  reject(reason: string): void {
    this.#pending?.reject(new Error(`The reload failed: ${reason}`));
    this.#pending = undefined;
  }
}
