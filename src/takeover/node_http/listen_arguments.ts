// Reads the arguments of `server.listen`, in all the forms that Node knows.

import { codedError, type ListenPlace } from "./node_errors.ts";

/** What a call of `server.listen` asks for. */
export interface ListenCall {
  readonly place: ListenPlace;
  readonly callback: (() => void) | undefined;
  /** Closes the server when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** The options of `server.listen`, as they may come. */
interface ListenOptions {
  readonly port?: unknown;
  readonly host?: unknown;
  readonly path?: unknown;
  readonly fd?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Reads the arguments of `server.listen`.
 *
 * @throws {TypeError} when they name nothing to listen on, or a socket that is open already
 * @throws {RangeError} when the port is out of range
 */
export function readListenArguments(given: readonly unknown[]): ListenCall {
  const last = given.at(-1);
  const callback = typeof last === "function" ? last as () => void : undefined;
  const options = optionsOf(callback === undefined ? given : given.slice(0, -1));
  if (isOpenSocket(options)) {
    throw codedError(
      TypeError,
      "ERR_INVALID_ARG_VALUE",
      "Cannot listen on a socket that is open already: every worker listens for itself; pass a port or a path",
    );
  }
  return { place: placeOf(options), callback, signal: options.signal };
}

function optionsOf(given: readonly unknown[]): ListenOptions {
  const [first, second] = given;
  if (given.length === 0 || first === null || first === undefined) {
    return { port: 0, host: hostOf(second) };
  }
  if (typeof first === "object") return first;
  return isPath(first) ? { path: first } : { port: first, host: hostOf(second) };
}

/** The second argument is a host, or the length of the queue, which is an option of this server. */
function hostOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A text that is no number is the path of a Unix socket. */
function isPath(value: unknown): value is string {
  return typeof value === "string" && !(Number(value) >= 0);
}

function isOpenSocket(options: ListenOptions): boolean {
  const hasHandle = "_handle" in options || "handle" in options;
  return hasHandle || (typeof options.fd === "number" && options.fd >= 0);
}

function placeOf(options: ListenOptions): ListenPlace {
  const { port, host, path } = options;
  const hostname = typeof host === "string" && host !== "" ? { hostname: host } : {};
  if (typeof port === "number" || typeof port === "string") {
    return { ...hostname, port: portOf(port) };
  }
  if (isPath(path)) return { path };
  if (port === null || (port === undefined && "port" in options)) return { ...hostname, port: 0 };
  throw codedError(
    TypeError,
    "ERR_INVALID_ARG_VALUE",
    `The argument 'options' must have the property "port" or "path". Received ${
      Deno.inspect(options)
    }`,
  );
}

function portOf(value: number | string): number {
  const port = typeof value === "string" && value.trim() === "" ? NaN : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw codedError(
    RangeError,
    "ERR_SOCKET_BAD_PORT",
    `options.port should be >= 0 and < 65536. Received ${Deno.inspect(value)}`,
  );
}
