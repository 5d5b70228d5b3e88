// The reasons with which work for a client ends that has gone. A program that starts such work often
// does not await it, so it never handles these errors. They are no faults of the program, and are
// recognised by their identity. Each is made when it is first needed: the engine computes the place
// of a new error by compiling the module again, which costs time at the start of each worker.

let unwantedReason: DOMException | undefined;
let notSentReason: Error | undefined;

/** Returns the reason with which the source of a body is cancelled that no client reads. */
export function unwanted(): DOMException {
  return unwantedReason ??= new DOMException(
    "Nobody waits for the rest of this body",
    "AbortError",
  );
}

/** Returns the reason with which `completed` rejects if the response was not sent whole. */
export function notSent(): Error {
  return notSentReason ??= new Deno.errors.Interrupted(
    "The client has gone before all of its answer was sent",
  );
}

/** Returns whether an error only shows that a client has gone. */
export function isClientGone(error: unknown): boolean {
  return error !== undefined && (error === unwantedReason || error === notSentReason);
}
