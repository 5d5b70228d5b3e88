// What an exchange is called in logs, here and wherever else its request passes: the client's or the front end's own name for it
// (`X-Request-Id`) where that can stand in a log as it is, or a new one.

/**
 * What a request may be called by others: UUIDs, ULIDs and what load balancers make, such as "Root=1-67891233-abcdef". Nothing that
 * has a meaning in a log, a header or a shell.
 */
const SANE_ID = /^[\w.+=:@/-]{1,128}$/;

/** How many digits of base 36 tell the threads of all processes apart: one in 36^8, which is some 2.8 * 10^12. */
const PREFIX_DIGITS = 8;

/** What this thread's own names begin with. */
const PREFIX = Array.from(
  crypto.getRandomValues(new Uint32Array(PREFIX_DIGITS)),
  (number) => (number % 36).toString(36),
).join("");

let lastNumber = 0;

/** A name that no other request has. It is no secret: whoever knows one can guess the next. */
export function makeRequestId(): string {
  return `${PREFIX}-${(++lastNumber).toString(36)}`;
}

/** The name that a request has brought along, or a new one where it has none, or one that cannot stand in a log. */
export function requestIdFrom(given: string | null): string {
  return given !== null && SANE_ID.test(given) ? given : makeRequestId();
}
