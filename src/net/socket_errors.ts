// Explains the errors of listening and accepting, and knows the errors of connections that are no more.
// Each error becomes one line: which address failed, why, and what to do. The stack would only hide
// that line, because the fault is in the machine and not in the program.

import { formatHostPort } from "./host_port.ts";

type ErrorClass = new (message: string) => Error;

/** What is wrong with a port, and what to do, for each class of error that `Deno.listen` throws. */
const PORT_EXPLANATIONS: readonly {
  readonly errorClass: ErrorClass;
  readonly explain: (permitted: string) => string;
}[] = [
  {
    errorClass: Deno.errors.AddrInUse,
    explain: () =>
      "the address is in use; stop the program that holds it, or pass another port (0 picks a free one)",
  },
  {
    errorClass: Deno.errors.AddrNotAvailable,
    explain: () =>
      "this machine has no such address; pass one that it has, such as 127.0.0.1, or 0.0.0.0 for all of them",
  },
  {
    errorClass: Deno.errors.NotCapable,
    explain: (permitted) =>
      `Deno was not given the permission to; run it with --allow-net=${permitted}, or with -A`,
  },
  {
    errorClass: Deno.errors.PermissionDenied,
    explain: () => "the system does not let this user have that port; pass one above 1023",
  },
];

/** A port that a program tried to listen on. */
export interface TriedPort {
  readonly hostname: string;
  readonly port: number;
  /** What the port is for: it follows the address in the message. */
  readonly purpose: string;
}

/**
 * Explains an error of `Deno.listen` on a port. Returns an error of the same class with a message
 * of ours; what is no error is returned as it is.
 */
export function explainPortError(error: unknown, { hostname, port, purpose }: TriedPort): unknown {
  if (!(error instanceof Error)) return error;
  const address = formatHostPort(hostname, port);
  const cannot = `Cannot listen on ${address}${purpose}: `;
  const known = PORT_EXPLANATIONS.find(({ errorClass }) => error instanceof errorClass);
  if (known === undefined) {
    const message =
      `${cannot}${error.message}; expected an IP address or a host name of this machine`;
    return withoutStack(new Error(message, { cause: withoutStack(error) }));
  }
  const { errorClass, explain } = known;
  // A permission for port 0 does not cover the port that the system picks.
  const permitted = port === 0 ? hostname : address;
  return withoutStack(new errorClass(`${cannot}${explain(permitted)}`));
}

/** Explains an error of the file system or of `Deno.listen` at the path of a Unix socket. */
export function explainPathError(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    return cannotListenAtPath(
      path,
      "Deno was not given the permission to; run it with --allow-net, and --allow-read and --allow-write for the folder, or with -A",
    );
  }
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return cannotListenAtPath(path, "its folder is not there; make it, or pass another path");
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return cannotListenAtPath(
      path,
      "the system does not let this user write to its folder; pass another path, or change the folder's owner",
    );
  }
  return error instanceof Error ? cannotListenAtPath(path, error.message) : error;
}

/** Makes the error of a Unix socket's path at which the server cannot listen. */
export function cannotListenAtPath(
  path: string,
  reason: string,
  errorClass: ErrorClass = Error,
): Error {
  const message = `Cannot listen on the Unix socket ${JSON.stringify(path)}: ${reason}`;
  return withoutStack(new errorClass(message));
}

/** Removes the stack of an error, so that it is shown as one line. Returns the same error. */
export function withoutStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/**
 * The system's error numbers for a lack of descriptors in the process or in the system, of buffers,
 * or of memory, on Linux, macOS and Windows.
 */
const OUT_OF_RESOURCES = /\(os error (?:24|23|105|55|12|10024|10055)\)/;

/**
 * Returns whether the process lacks a resource that accepting needs. All other errors of `accept`
 * are about one connection (accept(2)): for instance, its client hung up while it was queued. The
 * next connection waits already, so a pause then would let any client stop the service.
 */
export function isOutOfResources(error: unknown): boolean {
  return error instanceof Error && OUT_OF_RESOURCES.test(error.message);
}

/**
 * The errors with which a read or a write fails if the connection is no more. `Interrupted` and `BadResource` mean that the server
 * has closed it.
 */
const CONNECTION_ERRORS = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
  Deno.errors.Interrupted,
  Deno.errors.BadResource,
];

/** Returns whether a read or a write has failed because its connection is no more, which is no fault of the server. */
export function isEndOfConnection(error: unknown): boolean {
  return CONNECTION_ERRORS.some((errorClass) => error instanceof errorClass) ||
    // An error without a class of its own in Deno, such as EHOSTUNREACH, has the system's number in its message.
    (error instanceof Error && error.message.includes("(os error "));
}
