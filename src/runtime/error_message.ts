// What messages and log lines quote of an error that is their cause.

/** Returns the message of an error, or what else was thrown as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
