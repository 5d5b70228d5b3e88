// Finds out whether a thread has two copies of this library. The command line's copy claims the
// thread; a copy that the application brings would not get the command line's options.

/** Where the claim is: a place that all copies can see. */
const COPY = Symbol.for("@mudpie/server: the copy of the command line");

/** Claims this thread for a copy of the library, which the address of one of its modules identifies. */
export function claimThread(copy: string): void {
  Object.defineProperty(globalThis, COPY, { value: copy });
}

/**
 * Checks that a copy is the one that has claimed this thread, if one has.
 *
 * @throws {TypeError} when it is another copy: both would answer the supervisor
 */
export function checkCopy(copy: string): void {
  const claimed = (globalThis as { [COPY]?: string })[COPY];
  if (claimed === undefined || claimed === copy) return;
  const error = new TypeError(
    `The application has another copy of @mudpie/server (${copy}) than the command line (${claimed}): ` +
      "name the same version in both",
  );
  // The stack would show where the check is, which explains nothing.
  error.stack = `${error.name}: ${error.message}`;
  throw error;
}
