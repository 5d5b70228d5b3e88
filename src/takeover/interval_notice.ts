// Notices a program that calls `setInterval` while it loads: the timer runs in every worker, which
// the program may not expect.

/** Calls `onCall` once, at the first call. Returns the function that ends the watch. */
export function watchForIntervals(onCall: () => void): () => void {
  const own = globalThis.setInterval;
  let hasCalled = false;
  const watched = ((...args: Parameters<typeof setInterval>) => {
    if (!hasCalled) onCall();
    hasCalled = true;
    return own(...args);
  }) as typeof setInterval;
  globalThis.setInterval = watched;
  return () => {
    // A program may have put its own in the place of this one.
    if (globalThis.setInterval === watched) globalThis.setInterval = own;
  };
}
