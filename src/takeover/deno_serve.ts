// `Deno.serve` in the workers of the command line: a call hands its handler over to this server, and
// returns what the runtime's own returns. The replacement reads the arguments as the runtime does.
// It opens no socket: a host, which the worker implements, begins to serve.

import { isUnsentNoted } from "../fetch/noted_response.ts";
import { withCompression } from "./compression.ts";
import { isAtSocket } from "../handler/client_origin.ts";
import type { FetchHandler, FetchInfo } from "../handler/handler.ts";
import { nameOfType } from "../handler/type_name.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import type { FetchServer, HostedServer, ServeHost } from "./serve_host.ts";

/** The handler of `Deno.serve`. */
type ServeHandler = (request: Request, info: FetchInfo) => Response | Promise<Response>;

/** The options of `Deno.serve`, of every overload, as they may come. */
interface ServeOptions {
  readonly handler?: unknown;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string;
  readonly cid?: number;
  readonly cert?: string;
  readonly key?: string;
  readonly automaticCompression?: boolean;
  readonly signal?: AbortSignal;
  readonly onListen?: (address: Deno.Addr) => void;
  readonly onError?: (error: unknown) => Response | Promise<Response>;
}

/** Replaces `Deno.serve` in this thread. Programs that keep the function get this one, too. */
export function replaceDenoServe(host: ServeHost<FetchServer>): void {
  let current: unknown = (first: unknown, second: unknown) => serve(host, first, second);
  // The runtime's own is such a property, too.
  Object.defineProperty(Deno, "serve", {
    get: () => current,
    set: (value: unknown) => {
      current = value;
    },
    enumerable: true,
    configurable: true,
  });
}

function serve(host: ServeHost<FetchServer>, first: unknown, second: unknown): TakenHttpServer {
  const { handler, options } = readArguments(first, second);
  refuseUnsupported(options);
  checkCallbacks(options);
  const place = placeOf(options);
  const { signal, onError, automaticCompression } = options;
  let isSocket = false;
  const call: ServeHandler = (request, info) =>
    handler(request, isSocket ? new SocketInfo(info, hosted) : info);
  const answer = onError === undefined ? call : withErrorHandler(call, onError);
  const hosted = host.begin({
    servedBy: "Deno.serve()",
    handler: automaticCompression === true ? withCompression(answer) : answer,
    place,
    onListen: options.onListen && ((address) => options.onListen?.(address)),
  });
  isSocket = hosted.addr.transport === "unix";
  const server = new TakenHttpServer(hosted);
  const abort = () => hosted.close("the abort of its signal");
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return server;
}

/** Checks before the start what the runtime would call in its course: nothing is half-started. */
function checkCallbacks({ onListen, signal }: ServeOptions): void {
  if (onListen !== undefined && typeof onListen !== "function") {
    throw new TypeError(
      `Cannot serve HTTP requests: onListen must be a function, received ${nameOfType(onListen)}`,
    );
  }
  const isSignal = typeof (signal as Partial<AbortSignal> | undefined)?.addEventListener;
  if (signal !== undefined && signal !== null && isSignal !== "function") {
    throw new TypeError(
      `Cannot serve HTTP requests: signal must be an AbortSignal, received ${nameOfType(signal)}`,
    );
  }
}

function readArguments(
  first: unknown,
  second: unknown,
): { readonly handler: ServeHandler; readonly options: ServeOptions } {
  // The runtime ignores options after a handler.
  const options = typeof first === "function" ? undefined : first;
  const isGiven = typeof options === "object" && options !== null;
  const given: ServeOptions = isGiven ? options : {};
  const handler = [first, second].find((each) => typeof each === "function") ?? given.handler;
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot serve HTTP requests: handler must be a function, received ${nameOfType(handler)}`,
    );
  }
  return { handler: handler as ServeHandler, options: given };
}

function refuseUnsupported(options: ServeOptions): void {
  if (options.cert !== undefined || options.key !== undefined) {
    throw new TypeError(
      'Cannot use options "cert" and "key" of Deno.serve(): Mudpie does no TLS; leave them out, and have a front end such as nginx do it',
    );
  }
  if (options.cid !== undefined) {
    throw new TypeError('Cannot use option "cid" of Deno.serve(): Mudpie serves no vsock');
  }
}

function placeOf({ hostname, port, path }: ServeOptions): FetchServer["place"] {
  if (path !== undefined) {
    checkText("path", path);
    return { path };
  }
  const checkedPort = portOf(port ?? undefined);
  if (hostname !== undefined && hostname !== null) checkText("hostname", hostname);
  return {
    ...hostname === undefined || hostname === null ? {} : { hostname },
    ...checkedPort === undefined ? {} : { port: checkedPort },
  };
}

function checkText(name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  const received = value === "" ? "an empty string" : nameOfType(value);
  throw new TypeError(`Invalid ${name}: expected a string that is not empty, received ${received}`);
}

/** Returns a port, which may be written as text. Throws the runtime's errors for any other value. */
function portOf(port: unknown): number | undefined {
  if (port === undefined) return undefined;
  if (typeof port !== "number" && typeof port !== "string") {
    throw new TypeError(`Invalid port (expected number): ${String(port)}`);
  }
  const number = port === "" ? NaN : Number(port);
  if (!Number.isInteger(number)) {
    throw new TypeError(`Invalid port: ${typeof port === "string" ? `'${port}'` : port}`);
  }
  if (number < 0 || number > 65_535) {
    throw new RangeError(`Invalid port (out of range): ${number}`);
  }
  return number;
}

/** What a handler gets beside its request, at a Unix socket: the runtime names the socket there. */
class SocketInfo implements FetchInfo {
  readonly #info: FetchInfo;
  readonly #hosted: Pick<HostedServer, "addr">;

  constructor(info: FetchInfo, hosted: Pick<HostedServer, "addr">) {
    this.#info = info;
    this.#hosted = hosted;
  }

  get remoteAddr(): Deno.NetAddr {
    const { remoteAddr } = this.#info;
    // The types of such a handler have the other kind of address.
    return isAtSocket(remoteAddr) ? this.#hosted.addr as Deno.NetAddr : remoteAddr;
  }

  get completed(): Promise<void> {
    return this.#info.completed;
  }

  get waitUntil(): FetchInfo["waitUntil"] {
    return this.#info.waitUntil;
  }
}

/** Has `onError` make the response when the handler fails, or returns what is no response. */
function withErrorHandler(
  handler: ServeHandler,
  onError: (error: unknown) => Response | Promise<Response>,
): FetchHandler {
  return async (request, info) => {
    try {
      const response = await handler(request, info);
      checkResponse(response);
      return response;
    } catch (error) {
      return await onError(error);
    }
  };
}

/** Throws what the runtime throws for a value that cannot be sent, so that `onError` gets it. */
function checkResponse(response: Response): void {
  if (!(response instanceof Response)) {
    throw new TypeError(
      "Return value from serve handler must be a response or a promise resolving to a response",
    );
  }
  if (isUnsentNoted(response)) return;
  if (!isGenuine(response)) {
    throw new TypeError(
      "Return value from serve handler must be a Response constructed via the Response constructor in this realm",
    );
  }
  if (response.type === "error") {
    throw new TypeError(
      "Return value from serve handler must not be an error response (like Response.error())",
    );
  }
  if (response.bodyUsed) {
    throw new TypeError(
      "The body of the Response returned from the serve handler has already been consumed",
    );
  }
}

/** Whether a response was made by a constructor: the getters of the platform refuse all others. */
function isGenuine(response: Response): boolean {
  try {
    Reflect.get(platformClass("Response").prototype, "status", response);
    return true;
  } catch {
    return false;
  }
}

/** What `Deno.serve` returns. */
class TakenHttpServer implements Deno.HttpServer {
  readonly #hosted: HostedServer;

  constructor(hosted: HostedServer) {
    this.#hosted = hosted;
  }

  get addr(): Deno.NetAddr {
    return this.#hosted.addr as Deno.NetAddr;
  }

  get finished(): Promise<void> {
    return this.#hosted.finished;
  }

  shutdown(): Promise<void> {
    this.#hosted.close("server.shutdown()");
    return this.finished;
  }

  /** Nothing follows: a worker lives until it is told to end. */
  ref(): void {}

  unref(): void {}

  [Symbol.asyncDispose](): Promise<void> {
    this.#hosted.close("server[Symbol.asyncDispose]()");
    return this.finished;
  }
}

/** Makes an error of the class that `Deno.errors` has by this name; a plain one for any other name. */
export function platformError(name: string, message: string): Error {
  const errorClass = (Deno.errors as Record<string, new (message: string) => Error>)[name];
  return errorClass === undefined ? new Error(message) : new errorClass(message);
}
