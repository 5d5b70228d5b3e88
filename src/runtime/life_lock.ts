// A Web Lock that a worker holds for life. The runtime lets go of it when the thread ends, in whatever way it ends, and so
// it tells of deaths that raise no event: `close()`, `Deno.exit()`. A thread can be terminated while it spins, too, only
// while it holds one.

/** The part of the Web Locks API that is used here; the runtime has it, its types do not. */
interface LockManager {
  request(
    name: string,
    options: { readonly signal?: AbortSignal },
    callback: () => Promise<unknown> | void,
  ): Promise<unknown>;
}

const { locks } = navigator as unknown as { readonly locks: LockManager };

/** Takes the lock and never lets go of it. `onHeld` is called once it is held. */
export function holdLifeLock(name: string, onHeld: () => void): void {
  locks.request(name, {}, () => {
    onHeld();
    return new Promise(() => {});
  });
}

/** Calls `onFree` when the holder of the lock is gone; the signal ends the waiting. */
export function onLifeLockFree(name: string, signal: AbortSignal, onFree: () => void): void {
  locks.request(name, { signal }, onFree).catch(() => {
    // Only the signal makes it reject, and whoever gave it knows.
  });
}
