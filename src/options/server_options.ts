// WebServerOptions, their table, and what becomes of them. Each option is declared once: its name
// and meaning in the interface; its default, its check and its written form in the table.

import type { ErrorFormat, ErrorResponder } from "../handler/problem.ts";
import { type AddressRange, AddressRanges, parseRange } from "../net/address_ranges.ts";
import { environmentVariable } from "../runtime/environment.ts";
import {
  boolean,
  bytes,
  choice,
  code,
  common,
  count,
  list,
  optional,
  type OptionRule,
  type Resolved,
  resolveOptions,
  type RulesFor,
  show,
  time,
} from "./option_rule.ts";

/**
 * The options of a `WebServer`: limits, time limits, logging, and what a panic does. All have safe
 * defaults. Times are numbers of milliseconds, sizes numbers of bytes; a time of 0 means no limit.
 *
 * @example A server for larger uploads, with a limit on its handlers' time
 * ```ts
 * import { WebServer } from "@mudpie/server";
 *
 * const server = new WebServer({ maxBodyBytes: 10_000_000, handlerTimeout: 5_000 });
 * console.log(server instanceof WebServer); // true
 * ```
 */
export interface WebServerOptions {
  /** The longest request target; a longer one gets 414. 8,192 by default. */
  readonly maxTargetBytes?: number;
  /**
   * The largest head, request line included; a larger one gets 431. The limit holds for a trailer
   * section as well. 16,384 by default.
   */
  readonly maxHeadBytes?: number;
  /** The most header fields; more get 431. 100 by default. */
  readonly maxHeaderCount?: number;
  /**
   * The largest request body in memory; a larger one gets 413. The limit also holds for the readers
   * of a streamed body that collect it, such as `json()` of a fetch-style handler's request.
   * 1,000,000 by default.
   */
  readonly maxBodyBytes?: number;
  /**
   * The largest request body that is streamed: one that a fetch-style handler reads while it comes,
   * or a handler of a path that was added with `streamBody: true`. If the client declares a larger
   * length, it gets 413 before the handler is called; in a body of unknown length, the stream fails
   * at the limit with an `HttpError` 413. If `maxBodyBytes` is larger, that is the limit.
   * 100,000,000 by default.
   */
  readonly maxStreamedBodyBytes?: number;
  /**
   * Whether `text()`, `json()` and `formData()` of a `WebRequest` decode a body by its
   * `Content-Encoding`: gzip, deflate or br. A body of more than `maxBodyBytes` decoded bytes gets
   * 413. `WebRequest.body` and the platform's `Request` always have the body as it was sent. True
   * by default.
   */
  readonly decodeRequestBodies?: boolean;
  /**
   * How long a head may take to be whole, from its first byte (the first head of a connection from
   * the connection's start); then the client gets 408. A connection on which nothing has come in
   * this time, or only empty lines, is closed without an answer and not logged: a browser that
   * connects ahead would show the 408 as the answer to its next request. `stats()` counts it in
   * `connectionsUnused`. 10,000 by default.
   */
  readonly headTimeout?: number;
  /**
   * How long the client may take over each 64 KiB of a body, and over what is left at its end, from
   * the end of the head; then it gets 408. A large upload may take longer in all, as long as it
   * makes progress. Of a chunked body only the data counts, not what delimits it. 30,000 by
   * default.
   */
  readonly bodyTimeout?: number;
  /**
   * The largest message of a WebSocket, before and after decompression; a larger one closes the
   * WebSocket with 1009. 16,777,216 (16 MiB) by default.
   */
  readonly maxMessageBytes?: number;
  /**
   * In how many frames a client may send one message of a WebSocket; more close it with 1008. 65,536
   * by default.
   */
  readonly maxMessageFragments?: number;
  /**
   * How many bytes may wait to be sent to a client (`bufferedAmount` of a WebSocket) when the program
   * sends another message. If more wait, the client does not read what it is sent: the WebSocket
   * closes with 1013, and what waits is dropped. A single message may be larger. 16,777,216 (16 MiB)
   * by default.
   */
  readonly maxBufferedBytes?: number;
  /**
   * How many WebSockets each worker has at a time; a client beyond that gets 503. It should be less
   * than `maxConnections`, so that there is room for requests. 9,000 by default.
   */
  readonly maxWebSockets?: number;
  /**
   * How long the client of a WebSocket may be silent before it gets a ping. Front ends close
   * connections on which nothing is sent, most often after 60 s, so it should be less than their
   * limit. `idleTimeout` of `Deno.upgradeWebSocket`, in seconds, takes the place of this option and
   * of `pongTimeout` for that WebSocket. 30,000 by default.
   */
  readonly pingInterval?: number;
  /**
   * How long the client of a WebSocket may be silent after a ping. Then it is gone: the WebSocket has
   * an `error` event, and closes with 1006. 30,000 by default.
   */
  readonly pongTimeout?: number;
  /**
   * The pages whose scripts may open a WebSocket: `"any"`, or a list of origins such as
   * `["https://example.com"]` in addition to the server's own, which is the host that the request
   * asks for. Pages of other origins get 403. A request without `Origin` passes: it comes from no
   * browser.
   *
   * A browser lets any page open a WebSocket to any server, and sends the cookies of that server
   * along. So a server that knows its users by cookies has to check the origin. By default
   * `WebRequest.upgradeWebSocket` accepts the server's own pages alone, and `Deno.upgradeWebSocket`
   * accepts all, as it does elsewhere: programs that use it check by themselves. If the option is
   * given, both keep to it.
   */
  readonly allowedOrigins?: "any" | readonly string[];
  /**
   * Whether messages of WebSockets are compressed for clients that offer `permessage-deflate` (RFC
   * 7692); all browsers do. Each message is compressed by itself, and short ones are not. It saves
   * bytes and costs time: compressing 1 KiB takes longer than all the rest of sending it. Do not
   * turn it on if messages contain secrets beside text of others: the length shows what repeats.
   * False by default.
   */
  readonly compressMessages?: boolean;
  /** How long a connection may wait for its next request; then it is closed. 75,000 by default. */
  readonly keepAliveTimeout?: number;
  /**
   * Whether responses on a connection that stays open announce for how long: `Connection:
   * keep-alive` and `Keep-Alive: timeout=75`, which is `keepAliveTimeout` in whole seconds, rounded
   * down. Clients and front ends that read it close an idle connection before the server does, and
   * so send no request into its closing. HTTP/1.0 clients that ask for a persistent connection get
   * the field in any case. It is left out if `keepAliveTimeout` is off or less than a second. False
   * by default.
   */
  readonly announceKeepAlive?: boolean;
  /**
   * How long the client may take over each 64 KiB of a response; then the connection is closed.
   * 30,000 by default.
   */
  readonly writeTimeout?: number;
  /**
   * How long a connection waits for more bytes of a client that is still sending when the server
   * has sent its last response, such as a 413. What comes is discarded: closing earlier would reset
   * the connection, and the client would lose the response (RFC 9112, section 9.6). 5,000 by
   * default.
   */
  readonly lingerReadTimeout?: number;
  /**
   * How long a connection reads and discards in all after such a response, however much comes; then
   * it is closed. A drain that ends earlier ends it, too. 30,000 by default.
   */
  readonly lingerTimeout?: number;
  /**
   * How long a handler may take; then the client gets 503 and the request's `signal` aborts. Off
   * (0) by default.
   */
  readonly handlerTimeout?: number;
  /**
   * The most connections in one worker. A worker with as many stops accepting until one ends.
   * 10,000 by default. All workers together never have more than the process has file descriptors
   * for.
   */
  readonly maxConnections?: number;
  /**
   * The most requests that one worker handles at a time. A further request gets 503 with
   * `Retry-After: 1` at once, and its handler is not called: it waits in no queue. Use it for
   * handlers that mostly wait, such as for a database. A request is in flight from the call of its
   * handler to the end of its response, so a streamed response counts as long as it is sent.
   * Upgraded connections, such as WebSockets, do not count. A handler that never ends counts until
   * `handlerTimeout`. `stats()` counts the shed requests in `shed`. Off (0) by default.
   */
  readonly maxRequestsInFlight?: number;
  /**
   * For how many milliseconds a request may have to wait for the event loop of its worker. If the
   * loop is later, requests get 503 with `Retry-After: 1` at once. Use it for handlers that compute:
   * while one of them does, all other requests of the worker wait. A request that comes while a
   * single handler computes for longer than this gets 503, too, so the value has to be larger than
   * the longest computation, and less than 100 times the usual one. `stats()` counts the shed
   * requests in `shed`. Off (0) by default.
   */
  readonly maxEventLoopLag?: number;
  /**
   * The paths of health checks, which are served even if `maxRequestsInFlight` or `maxEventLoopLag`
   * sheds other requests: an orchestrator must not restart a server because it is busy. These paths
   * alone, and nothing under them. `"/health"`, `"/healthz"`, `"/livez"` and `"/readyz"` by default.
   */
  readonly healthPaths?: readonly string[];
  /**
   * What a panic does to its worker. `"replace"` (the default): a fresh worker takes its place.
   * `"keep"`: the server answers 500, logs, and keeps the worker.
   */
  readonly onPanic?: "replace" | "keep";
  /**
   * The form of the server's own error responses, among them those to an `HttpError`: `"text"` (the
   * default), or `"problem"`: `application/problem+json` (RFC 9457), for clients of a JSON API. No
   * form has anything about a panic. An `HttpError` with a `Content-Type` of its own is sent as it
   * is.
   */
  readonly errorFormat?: ErrorFormat;
  /**
   * Called before the server sends an error response of its own: for an unknown path or method, an
   * `HttpError`, a panic, a body that is refused, a handler that takes too long. It gets the status,
   * the request, and the problem that `errorFormat: "problem"` would send. The response that it
   * returns is sent in place of the server's; for `undefined`, the server sends its own. Fields that
   * the status needs, such as `Allow` of a 405, are added to a response with the same status.
   *
   * It is called once for a request, with the body of a request that was refused left out. It is not
   * called if no whole head has come, at the end of a drain, nor for a request that an overloaded
   * worker refuses. It has `handlerTimeout` to answer, or 5 s if that is off. If it throws, answers too
   * late, or with something other than a response in memory, that is logged, and the client gets the
   * server's own response; the worker stays.
   */
  readonly onErrorResponse?: ErrorResponder;
  /**
   * The log of requests, on standard output. `"text"` (the default): the combined log format,
   * followed by the duration in milliseconds, the request's id, the worker, and the reason for an
   * error response of the server, such as `handler_timeout`. `"json"`: an object in each line, with
   * the same. `"off"`: none. The environment's `MUDPIE_LOGGING=0` turns the log
   * off, whatever this option is.
   */
  readonly accessLog?: "text" | "json" | "off";
  /**
   * The paths that are left out of the log of requests, such as `"/healthz"`: these alone, and
   * nothing under them. None by default.
   */
  readonly accessLogExclude?: readonly string[];
  /**
   * The proxies whose `X-Forwarded-For`, `-Proto` and `-Host` or `Forwarded` fields (RFC 7239) are
   * trusted: `"loopback"` (127.0.0.0/8 and ::1), or a list of IP addresses and CIDR ranges such as
   * `"10.0.0.0/8"`, in which `"loopback"` may be, too. From all other peers these fields are
   * ignored. No proxy is trusted by default.
   *
   * The option decides what `clientAddr`, `scheme`, `host` and `toRequest()` of a `WebRequest`
   * return. List the proxies alone: a client whose own address is in a range can pass for any
   * other. A proxy has to set all fields of the one kind and to delete those of the other, since it
   * passes on what it does not touch; with `forwardedBy` it need not delete any. A peer on a Unix
   * socket counts as `"loopback"`.
   *
   * `X-Request-Start` of these proxies, such as `t=${msec}` of nginx, gives the time that a request
   * has waited there, in the access log, the metrics and the page of the operator's port.
   */
  readonly trustProxy?: "loopback" | readonly string[];
  /**
   * The kind of fields that the proxies of `trustProxy` write: `"forwarded"` for `Forwarded`,
   * `"x-forwarded"` for `X-Forwarded-For`, `-Proto` and `-Host`. The other kind is then ignored, so
   * a proxy may pass it on as the client has sent it. Without `trustProxy` this option changes
   * nothing: no field is trusted.
   *
   * By default both kinds are read. If a request has both, they are trusted only if each kind, read
   * alone, gives the same client; and of port, scheme and host only what both kinds give. If they
   * give different clients, reading the client's address throws an `HttpError` 400.
   */
  readonly forwardedBy?: "forwarded" | "x-forwarded";
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

/**
 * Returns the ranges that `"loopback"` or a list stands for; if it is neither, what is expected.
 */
function trustedRanges(value: unknown): AddressRange[] | string {
  const expected = '"loopback", or a list of IP addresses and CIDR ranges such as ["10.0.0.0/8"]';
  const entries = value === "loopback" ? [value] : value;
  if (!Array.isArray(entries)) return expected;
  const ranges: AddressRange[] = [];
  for (const entry of entries.flatMap((one) => one === "loopback" ? LOOPBACK : [one])) {
    if (typeof entry !== "string") return `${expected}; ${show(entry)} is none of these`;
    const outcome = parseRange(entry);
    if (outcome.kind === "wrong") return `${expected}; ${outcome.why}`;
    ranges.push(outcome.range);
  }
  return ranges;
}

const TRUST: OptionRule<AddressRanges | undefined> = {
  default: undefined,
  expect: (value) => {
    const ranges = trustedRanges(value);
    return typeof ranges === "string" ? ranges : undefined;
  },
  read: (value) => {
    const ranges = trustedRanges(value);
    return typeof ranges === "string" ? undefined : new AddressRanges(ranges);
  },
  form: { kind: "list", what: "range", words: ["loopback"] },
  summary: "Front ends that tell who the client is",
};

/** Returns what is expected, if a value is neither `"any"` nor a list of origins. */
function expectOrigins(value: unknown): string | undefined {
  const expected = '"any", or a list of origins such as ["https://example.com"]';
  if (value === "any") return undefined;
  if (!Array.isArray(value)) return expected;
  const wrong = value.find((one) => typeof one !== "string" || URL.parse(one)?.origin !== one);
  return wrong === undefined ? undefined : `${expected}; ${show(wrong)} is no origin`;
}

const ORIGINS: OptionRule<"any" | readonly string[] | undefined> = {
  default: undefined,
  expect: expectOrigins,
  // The command line has a list for a single word, too.
  read: (value) =>
    Array.isArray(value) && value.length === 1 && value[0] === "any"
      ? "any"
      : value as "any" | readonly string[],
  form: { kind: "list", what: "origin", words: ["any"] },
  summary: "Pages that may open WebSockets",
};

const PATHS_EXPECTED = 'a list of paths that begin with "/", such as ["/healthz"]';

function isPath(text: string): boolean {
  return text.startsWith("/");
}

/** The rules of `WebServerOptions`. */
export const SERVER_RULES = {
  maxTargetBytes: bytes(8_192, "Longest request target, else 414"),
  // Below this a request line with a short path and a Host field would not fit.
  maxHeadBytes: bytes(16_384, "Largest request head, else 431", 64),
  maxHeaderCount: count(100, "Most header fields, else 431"),
  maxBodyBytes: common(bytes(1_000_000, "Largest request body, else 413", 0)),
  maxStreamedBodyBytes: bytes(100_000_000, "Streamed body, else 413", 0),
  decodeRequestBodies: boolean("Undo gzip, deflate and br", true),
  headTimeout: time(10_000, "For a head to be whole, else 408"),
  bodyTimeout: time(30_000, "For 64 KiB of a body, else 408"),
  maxMessageBytes: bytes(16_777_216, "WebSocket message, else 1009"),
  maxMessageFragments: count(65_536, "Frames of a message, else 1008"),
  maxBufferedBytes: bytes(16_777_216, "Unsent to a client, else 1013"),
  maxWebSockets: count(9_000, "Open at once in each worker", 0),
  pingInterval: time(30_000, "WebSockets: silence before a ping"),
  pongTimeout: time(30_000, "WebSockets: silence after a ping"),
  allowedOrigins: ORIGINS,
  compressMessages: boolean("Compress those of WebSockets"),
  keepAliveTimeout: common(time(75_000, "Waits for the next request")),
  announceKeepAlive: boolean("Send Keep-Alive: timeout="),
  writeTimeout: time(30_000, "For a client to take 64 KiB"),
  lingerReadTimeout: time(5_000, "For more of what is discarded"),
  lingerTimeout: time(30_000, "To discard what is sent, in all"),
  handlerTimeout: common(time(0, "For a handler, else 503")),
  maxConnections: count(10_000, "Open at once in each worker"),
  maxRequestsInFlight: count(0, "In each worker, else 503", 0),
  maxEventLoopLag: time(0, "A request may wait for it, else 503"),
  healthPaths: {
    ...list("path", isPath, PATHS_EXPECTED, "Served even if others get 503"),
    default: ["/health", "/healthz", "/livez", "/readyz"],
  },
  onPanic: choice("What a panic does to its worker", "replace", "keep"),
  errorFormat: choice("Form of error responses", "text", "problem"),
  onErrorResponse: code<ErrorResponder>((value) =>
    typeof value === "function" ? undefined : "a function"
  ),
  accessLog: common(choice("Log of requests", "text", "json", "off")),
  accessLogExclude: list(
    "path",
    isPath,
    PATHS_EXPECTED,
    "Leave these paths out of the log",
  ),
  trustProxy: TRUST,
  forwardedBy: optional(choice("The kind of fields that they write", "forwarded", "x-forwarded")),
} satisfies RulesFor<WebServerOptions>;

/** The options of a server, each with a value. */
export type ServerSettings = Resolved<typeof SERVER_RULES>;

/**
 * Checks the options of a server and fills in the defaults.
 *
 * @throws {RangeError} when a number is out of its range; the message names the option
 * @throws {TypeError} when an option is unknown or has another value that does not fit
 */
export function resolveServerOptions(options: WebServerOptions): ServerSettings {
  return resolveOptions("new WebServer()", options, SERVER_RULES) as unknown as ServerSettings;
}

/**
 * Returns the settings with these options in place of theirs. Throws as {@linkcode
 * resolveServerOptions} does.
 */
export function overrideServerSettings(
  settings: ServerSettings,
  options: WebServerOptions,
): ServerSettings {
  const given = Object.entries(resolveServerOptions(options))
    .filter(([name]) => options[name as keyof WebServerOptions] !== undefined);
  return { ...settings, ...Object.fromEntries(given) };
}

/** Returns how requests are logged. The environment can only turn the log off. */
export function accessLogFormat({ accessLog }: ServerSettings): ServerSettings["accessLog"] {
  return environmentVariable("MUDPIE_LOGGING") === "0" ? "off" : accessLog;
}
