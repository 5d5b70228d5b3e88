// A request to its response: route, call, HttpError, panic. The workers and `fetch()` both go this way, so a handler is
// called in the same manner whether there is a socket or not. It never throws and never rejects: what goes wrong in a
// handler becomes a response here, and a report to whoever runs the handler.

import { type BodyFault, bodyFaultOf } from "../handler/body_faults.ts";
import { HttpError } from "../handler/errors.ts";
import { fromPlatformResponse } from "../fetch/platform.ts";
import {
  completionOf,
  decodeAhead,
  isAbort,
  needsDecodingAhead,
  setRoute,
  type WebRequest,
} from "../handler/request.ts";
import { checkSendable, nameOfType, phraseResponse, WebResponse } from "../handler/response.ts";
import { METHODS, type Router } from "./router.ts";

/** What a {@linkcode Handler} answers with, now or later. */
export type HandlerResult = WebResponse | Response | Promise<WebResponse | Response>;

/**
 * A function that answers requests. It gets a request whose `params` have the type of the route's path, and returns a
 * `WebResponse` or a platform `Response`, or a promise of one.
 *
 * It may run many times at once in one worker, between its own `await`s, and in several workers at the same time; workers
 * share no variables. To answer with an error status it can throw an `HttpError`. Anything else that it throws or rejects
 * with is a panic: the client gets a 500, and the worker is replaced. The one exception is an error that `json()` or `formData()` of
 * `toRequest()` threw because the client's body cannot be parsed: see {@linkcode fetchHandler}.
 *
 * @example A handler of its own, with the type of its path
 * ```ts
 * import { type Handler, WebResponse, WebServer } from "@mudpie/server";
 *
 * const user: Handler<"/users/:id"> = (req) => WebResponse.text(`user ${req.params.id}`);
 *
 * const server = new WebServer();
 * server.addPath("/users/:id", user);
 * ```
 */
export type Handler<Path extends string = string> = (req: WebRequest<Path>) => HandlerResult;

/** What a {@linkcode FetchHandler} gets behind the request; `Deno.serve` has the same there. */
export interface FetchInfo {
  /**
   * The address of the client, as `WebRequest.clientAddr` has it: behind a front end whom `trustProxy` names, the one that it tells of.
   * Reading it throws where that throws; a handler that does not read it gets its request.
   */
  readonly remoteAddr: Deno.NetAddr;
  /**
   * Resolves when the whole answer, its body included, has been handed to the system, and rejects with a `Deno.errors.Interrupted` when
   * the client has gone before, or gets another answer. That nobody listens to its rejection is no panic. Through `WebServer.fetch`
   * the answer counts as sent when its body is made.
   */
  readonly completed: Promise<void>;
  /** Has the worker wait for work that goes on after the response; see `WebRequest.waitUntil`. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void;
}

/**
 * What a {@linkcode FetchHandler} gets as its third argument: what applications for Cloudflare Workers expect there. Hono has it as
 * `c.executionCtx`.
 *
 * @example Work that goes on after the response
 * ```ts
 * import { type FetchHandler, fetchHandler, WebServer } from "@mudpie/server";
 *
 * async function report(_url: string): Promise<void> {}
 *
 * const fetch: FetchHandler = (request, _info, context) => {
 *   context.waitUntil(report(request.url));
 *   return new Response("thank you");
 * };
 * const server = new WebServer();
 * server.addPath("/", fetchHandler(fetch));
 * ```
 */
export interface FetchContext {
  /** Has the worker wait for work that goes on after the response; see `WebRequest.waitUntil`. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void;
  /** Does nothing: there is no other server to pass the request on to, so what a handler throws stays a panic. */
  readonly passThroughOnException: () => void;
  /** An empty object. Cloudflare Workers have the configuration of a deployment here. */
  readonly props: Readonly<Record<string, unknown>>;
}

/**
 * The web-standard form of a handler: what Hono's `app.fetch` and an `export default { fetch }` are. Like a handler of `Deno.serve` it
 * may take, behind the request, who asks.
 *
 * @example A handler that wants to know who asks
 * ```ts
 * import type { FetchHandler } from "@mudpie/server";
 *
 * const fetch: FetchHandler = (_request, { remoteAddr }) => new Response(remoteAddr.hostname);
 * const remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 5000 } as const;
 * const waitUntil = () => {};
 * const info = { remoteAddr, completed: Promise.resolve(), waitUntil };
 * const context = { waitUntil, passThroughOnException: () => {}, props: {} };
 * const response = await fetch(new Request("http://localhost/"), info, context);
 * console.log(await response.text()); // 192.0.2.1
 * ```
 */
export type FetchHandler = (
  request: Request,
  info: FetchInfo,
  context: FetchContext,
) => Response | Promise<Response>;

/**
 * Makes a {@linkcode Handler} of any fetch-style application, such as Hono's `app.fetch` or `serveDir` of `@std/http`. The
 * application sees the whole path, its mount point included, and gets the request's `signal`.
 *
 * A body that the client got wrong is no panic: if the application lets an error of the request's own `json()` or `formData()`, or of
 * one of its clones, through, the client gets 400, or 415 for a form of another media type. Only that very error object counts. Another
 * error made from it, `JSON.parse(await request.text())`, and a reader of `new Request(request)` are panics where they fail, and so is
 * a body that is read twice.
 *
 * @example Mount an application
 * ```ts
 * import { fetchHandler, WebServer } from "@mudpie/server";
 *
 * const app = { fetch: (request: Request) => new Response(new URL(request.url).pathname) };
 * const server = new WebServer();
 * server.addPath("/", fetchHandler(app.fetch));
 *
 * const response = await server.fetch(new Request("http://localhost/a/b"));
 * console.log(await response.text()); // /a/b
 * ```
 *
 * @example A body that is not JSON
 * ```ts
 * import { fetchHandler, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/", fetchHandler(async (request) => Response.json(await request.json())));
 *
 * const bad = await server.fetch(new Request("http://localhost/", { method: "POST", body: "{" }));
 * console.log(bad.status); // 400
 * ```
 */
export function fetchHandler(fetch: FetchHandler): Handler {
  if (typeof fetch !== "function") {
    throw new TypeError(
      `Cannot make a handler of a value of type ${
        nameOfType(fetch)
      }: pass a function that takes a Request, such as app.fetch`,
    );
  }
  const handler: Handler = (req) => {
    const info = new HandlerInfo(req);
    return fetch(req.toRequest(), info, info);
  };
  fetchHandlers.add(handler);
  return handler;
}

/** The handlers that hand bodies on as they were sent, so that nothing has to be decoded for them. */
const fetchHandlers = new WeakSet<Handler>();

const NO_PROPS = Object.freeze({});

/** What a handler gets besides the request: both arguments are one object. What it does not ask for is not made. */
class HandlerInfo implements FetchInfo, FetchContext {
  readonly #request: WebRequest;

  constructor(request: WebRequest) {
    this.#request = request;
  }

  get remoteAddr(): Deno.NetAddr {
    return this.#request.clientAddr;
  }

  get completed(): Promise<void> {
    return completionOf(this.#request);
  }

  /** A function of its own: handlers take it out of its object. */
  get waitUntil(): (promise: PromiseLike<unknown>) => void {
    const request = this.#request;
    return (promise) => request.waitUntil(promise);
  }

  get passThroughOnException(): () => void {
    return ignore;
  }

  get props(): Readonly<Record<string, unknown>> {
    return NO_PROPS;
  }
}

function ignore(): void {}

/** Told of every panic; says what its client gets. */
export type PanicListener = (error: unknown, request: WebRequest) => WebResponse;

/**
 * Called with each bad body whose error a fetch-style application did not catch. `consequence` is what becomes of the request, as a
 * predicate such as "gets 400".
 */
export type BodyFaultListener = (
  fault: BodyFault,
  request: WebRequest,
  consequence: string,
) => void;

/** Calls the handlers of one server. */
export class Dispatcher {
  readonly #router: Router<Handler>;
  readonly #onPanic: PanicListener;
  readonly #onBodyFault: BodyFaultListener;

  constructor(
    router: Router<Handler>,
    onPanic: PanicListener,
    onBodyFault: BodyFaultListener = () => {},
  ) {
    this.#router = router;
    this.#onPanic = onPanic;
    this.#onBodyFault = onBodyFault;
  }

  /** The response to a request. It is no promise where the handler is none, so that a plain handler costs no turn of the loop. */
  dispatch(request: WebRequest): WebResponse | Promise<WebResponse> {
    // RFC 9110, section 9.3.7: "*" asks about the server as a whole, and is no path.
    if (request.method === "OPTIONS" && request.target === "*") {
      return optionsResponse(METHODS.join(", "));
    }
    const match = this.#router.match(request.method, request.path);
    switch (match.kind) {
      case "found":
        setRoute(request, match.route);
        if (needsDecodingAhead(request) && !fetchHandlers.has(match.target)) {
          return decodeAhead(request).then(() => this.#call(match.target, request));
        }
        return this.#call(match.target, request);
      case "no path":
        return phraseResponse(404);
      case "no method":
        setRoute(request, match.route);
        if (request.method === "OPTIONS") return optionsResponse(match.allow);
        return phraseResponse(405, { allow: match.allow });
    }
  }

  #call(handler: Handler, request: WebRequest): WebResponse | Promise<WebResponse> {
    try {
      const result = handler(request);
      if (result instanceof WebResponse) return checkSendable(result);
      return isThenable(result) ? this.#await(result, request) : this.#complete(result, request);
    } catch (error) {
      return this.recover(error, request);
    }
  }

  /** By callbacks, which take less than another async function would for each request whose handler is one. */
  #await(result: PromiseLike<unknown>, request: WebRequest): Promise<WebResponse> {
    return Promise.resolve(result).then(
      (settled) => {
        try {
          return settled instanceof WebResponse
            ? checkSendable(settled)
            : this.#complete(settled, request);
        } catch (error) {
          return this.recover(error, request);
        }
      },
      (error) => this.recover(error, request),
    );
  }

  /** A result that is not a `WebResponse`: a platform response, or a fault of the handler. */
  #complete(result: unknown, request: WebRequest): WebResponse | Promise<WebResponse> {
    if (!(result instanceof Response)) {
      throw new TypeError(
        `The handler of ${request.method} ${
          JSON.stringify(request.path)
        } returned a value of type ${nameOfType(result)}: ` +
          "it must return a WebResponse or a Response, or a promise of one",
      );
    }
    // What Deno.upgradeWebSocket() gives. It is no fault of a handler that serves others as well, so it costs no worker.
    if (result.status === 101 && asksForWebSocket(request)) {
      throw new HttpError(501, "WebSockets are not served here");
    }
    const response = fromPlatformResponse(result);
    if (response instanceof WebResponse) return response;
    return response.catch((error) => this.recover(error, request));
  }

  /**
   * The body of an answer has failed that has begun already. That is a panic, even for an `HttpError`: it can be no answer any more,
   * and without a word nobody would know why the client has got a part of it.
   */
  reportBrokenBody(error: unknown, request: WebRequest): void {
    if (this.#noteBodyFault(error, request, "is cut off") !== undefined) return;
    if (!isAbort(request, error)) this.#onPanic(error, request);
  }

  /** The client's fault that the error stands for: a body of this very request that a platform request could not read. */
  #noteBodyFault(
    error: unknown,
    request: WebRequest,
    consequence?: string,
  ): HttpError | undefined {
    const fault = bodyFaultOf(error);
    if (fault === undefined || fault.of !== request) return undefined;
    this.#onBodyFault(fault, request, consequence ?? `gets ${fault.answer.status}`);
    return fault.answer;
  }

  /** What the client gets in place of the response of a handler that has failed. */
  recover(thrown: unknown, request: WebRequest): WebResponse {
    // An `HttpError` answers in silence, even that of a body; other errors leave no trace in the answer, and get a line in the log.
    const error = isHttpError(thrown) ? thrown : this.#noteBodyFault(thrown, request) ?? thrown;
    if (isHttpError(error)) {
      try {
        const { status, message, headers } = error;
        return message === ""
          ? phraseResponse(status, headers)
          : WebResponse.text(message, { status, headers });
      } catch (fault) {
        // Its headers may not be sent, which is the handler's fault like any other.
        return this.#onPanic(fault, request);
      }
    }
    // Nobody waits for this answer any more: the client has gone, or has had its 503.
    if (isAbort(request, error)) return phraseResponse(503);
    return this.#onPanic(error, request);
  }
}

/** A handler may throw anything, even a proxy that throws when it is looked at. */
function isHttpError(error: unknown): error is HttpError {
  try {
    return error instanceof HttpError;
  } catch {
    return false;
  }
}

/** RFC 6455, section 4.1. Whoever answers anything else with 101 is at fault. */
function asksForWebSocket(request: WebRequest): boolean {
  return request.header("upgrade")?.toLowerCase() === "websocket";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function optionsResponse(allow: string): WebResponse {
  return WebResponse.empty(204, { headers: { allow } });
}
