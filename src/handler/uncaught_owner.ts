// What an uncaught error concerns: the connection in whose requests the code was started that has
// failed. Some handlers cannot be awaited, such as the listeners of an event emitter. So they are known
// by their async context, which the events of uncaught errors have as well, except those of timers.

import { AsyncLocalStorage } from "node:async_hooks";

/** What an uncaught error may concern. */
export interface UncaughtOwner {
  /**
   * Takes an uncaught error, if it can still be answered: then the error is reported as that of a
   * handler is. Returns whether it has.
   */
  takeUncaught(error: unknown): boolean;
}

const ownerInContext = new AsyncLocalStorage<UncaughtOwner>();

/** Calls a function in a context in which uncaught errors concern `owner`. */
export function runOwned<Result>(owner: UncaughtOwner, call: () => Result): Result {
  return ownerInContext.run(owner, call);
}

/** Offers an uncaught error to what it concerns. Returns whether that has taken it. */
export function offerUncaught(error: unknown): boolean {
  return ownerInContext.getStore()?.takeUncaught(error) === true;
}
