// A Web Lock that a worker holds for life, and that shows the supervisor when the worker is gone.
// The runtime frees it at every end of a thread, also at `close()` and `Deno.exit()`, which raise
// no event. And `terminate()` interrupts a thread that spins only while the thread holds such a
// lock.

/** The part of the Web Locks API that is used here; the runtime has it, its types do not. */
export interface LockManager {
  /** With `ifAvailable`, the callback gets null if another thread has the lock. */
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
    callback: (lock: object | null) => Promise<unknown> | void,
  ): Promise<unknown>;
}

/** The locks that all threads of the process share. */
export const { locks } = navigator as unknown as { readonly locks: LockManager };

/**
 * Takes the lock, and calls `onHeld` once this thread holds it. Returns the function that frees it
 * before the thread's end.
 */
export function holdLifeLock(name: string, onHeld: () => void): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  locks.request(name, {}, () => {
    onHeld();
    return promise;
  });
  return resolve;
}

/** Calls `onFree` when the holder of the lock is gone. The signal ends the wait. */
export function onLifeLockFree(name: string, signal: AbortSignal, onFree: () => void): void {
  locks.request(name, { signal }, () => {
    // The runtime may have granted the lock, and not called this yet, when the signal is aborted.
    if (!signal.aborted) onFree();
  }).catch(() => {
    // It rejects only if the caller aborts the signal, so the caller knows.
  });
}
