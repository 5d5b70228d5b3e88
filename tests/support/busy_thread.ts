// Work that keeps a thread from everything else.

/** Keeps the thread busy. */
export function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
