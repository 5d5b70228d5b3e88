// Errors as `node:http` and `node:net` have them: programs look at their `code`.

/** An error of a call of the system, as Node reports it. */
export interface SystemError extends Error {
  code: string;
  errno?: number;
  syscall: string;
  address?: string;
  port?: number;
}

/** Makes an error with a code. */
export function codedError(
  errorClass: new (message: string) => Error,
  code: string,
  message: string,
): Error & { code: string } {
  return Object.assign(new errorClass(message), { code });
}

/** The codes of the system's errors that listening can fail with, by the class that Deno has for them. */
const CODES: Readonly<Record<string, { readonly code: string; readonly errno: number }>> = {
  AddrInUse: { code: "EADDRINUSE", errno: -98 },
  AddrNotAvailable: { code: "EADDRNOTAVAIL", errno: -99 },
  PermissionDenied: { code: "EACCES", errno: -13 },
};

/** What a server was to listen on. */
export interface ListenPlace {
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string;
}

/** Makes the error of Node for a failure to listen. */
export function listenError(error: Error, { hostname, port, path }: ListenPlace): Error {
  const known = CODES[error.name];
  if (known === undefined) return error;
  const address = path ?? hostname ?? "::";
  const place = path === undefined ? `${address}:${port ?? 0}` : path;
  const message = `listen ${known.code}: ${error.message} ${place}`;
  const nodeError: SystemError = Object.assign(new Error(message, { cause: error }), {
    ...known,
    syscall: "listen",
    address,
  });
  if (path === undefined) nodeError.port = port ?? 0;
  return nodeError;
}

/** The error of a request that does not come to its end: its client has gone, or is at fault. */
export function abortedError(cause: unknown): Error {
  const error = codedError(Error, "ECONNRESET", "aborted");
  if (cause !== undefined) error.cause = cause;
  return error;
}
