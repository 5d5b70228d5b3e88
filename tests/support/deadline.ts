// How long a test waits for what it can observe. No test waits for a fixed time: this is where waiting ends in a failure.

/** Far more than anything here takes, also on a machine that is busy with something else. */
export const DEADLINE_MS = 20_000;

/** The promise's outcome, or an error that names what did not come. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => overdue.reject(new Error(`Waited ${deadlineMs} ms in vain: ${what}`)),
    deadlineMs,
  );
  try {
    return await Promise.race([promise, overdue.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks until there is something to see: for what raises no event, such as a counter. */
export async function eventually<T>(look: () => T | undefined | false, what: string): Promise<T> {
  const start = performance.now();
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() - start > DEADLINE_MS) {
      throw new Error(`Looked ${DEADLINE_MS} ms in vain: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
