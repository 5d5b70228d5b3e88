// Catches what the server logs, so that a test can look at it and a run of the tests stays quiet.

/** What was written to standard error while `body` ran: an element for each call of `console.error`. */
export async function standardErrorOf(body: () => unknown): Promise<string[]> {
  const written: string[] = [];
  const original = console.error;
  console.error = (...values: unknown[]) => {
    written.push(values.map(String).join(" "));
  };
  try {
    await body();
  } finally {
    console.error = original;
  }
  return written;
}
