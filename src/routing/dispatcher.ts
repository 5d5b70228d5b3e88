// Turns a request into its response: route, call, HttpError, panic. Workers and `fetch()` both use
// it, so a handler is called in the same way with and without a socket. It never throws and never
// rejects: a failure of a handler becomes a response, and a call of a listener.

import { isFetchHandler } from "../fetch/fetch_handler.ts";
import { outgoingOfNoted } from "../fetch/noted_response.ts";
import { fromPlatformResponse, isResponse } from "../fetch/platform_response.ts";
import { type BodyFault, bodyFaultOf } from "../handler/body_faults.ts";
import { recheckedFields } from "../handler/checked_headers.ts";
import { HttpError, logReasonOf } from "../handler/errors.ts";
import type { Handler } from "../handler/handler.ts";
import { isBodiless } from "../handler/lazy_request.ts";
import {
  bodyFailureOf,
  decodeAhead,
  isAbort,
  type MatchedRoute,
  needsDecodingAhead,
  noteReason,
  setRoute,
  type WebRequest,
} from "../handler/request.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import { type ErrorReport, refusalReport } from "../handler/problem.ts";
import { outgoing, phraseResponse, WebResponse } from "../handler/response.ts";
import { takeUpgrade } from "../handler/upgrade.ts";
import type { Refusal } from "../http1/refusal.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { StreamingRule } from "../http1/request_parser.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { isThenable } from "../runtime/async_context.ts";
import { describeHandler, noResponseError } from "./around.ts";
import { ErrorResponses } from "./error_responses.ts";
import { METHODS } from "./route_target.ts";
import type { Route, RoutePaths, Router, Surround } from "./router.ts";

const ALL_PATHS: RoutePaths = { segments: [], isExact: false };

/** Called with every panic. Returns the fields that the response to the client needs. */
export type PanicListener = (error: unknown, request: WebRequest) => HeadersInit | undefined;

/**
 * Called with each bad body whose error a fetch-style application did not catch. `consequence` is
 * what happens to the request, as a predicate such as "gets 400".
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
  /** What answers requests without a handler, and the surroundings that it was made with. */
  #rest: { surroundings: Surround<Handler> | undefined; handler: Handler };
  /** What makes the responses to errors. */
  readonly errors: ErrorResponses;

  constructor(
    router: Router<Handler>,
    onPanic: PanicListener,
    onBodyFault: BodyFaultListener = () => {},
    errors: ErrorResponses = new ErrorResponses(),
  ) {
    this.errors = errors;
    this.#rest = { surroundings: undefined, handler: this.#answerRest };
    this.#router = router;
    this.#onPanic = onPanic;
    this.#onBodyFault = onBodyFault;
  }

  /** All routes, in the order in which they were added. */
  get routes(): readonly Route[] {
    return this.#router.routes;
  }

  /**
   * Whether the handler of a request is called before the body is whole. The platform's `Request`
   * has no body in a GET or a HEAD.
   */
  readonly isStreamed: StreamingRule = (head) => {
    if (isAboutServer(head)) return false;
    const match = this.#router.match(head.method, head.path);
    if (match.kind !== "found") return false;
    if (match.route.streamsBody) return true;
    return isFetchHandler(match.target) && !isBodiless(head.method);
  };

  /**
   * Returns the index of the route that a request matches. Undefined if it matches none, and if a
   * fetch-style application has all paths: it has routes of its own.
   */
  routeOf(head: RequestHead): number | undefined {
    if (isAboutServer(head)) return undefined;
    const match = this.#router.match(head.method, head.path);
    if (match.kind === "no path") return undefined;
    const { depth, isExact, index } = match.route;
    const isWhole = match.kind === "found" && depth === 0 && !isExact;
    return isWhole && isFetchHandler(match.target) ? undefined : index;
  }

  /**
   * Returns the response to a request. It is a promise only if the handler returns one, so that a
   * plain handler costs no turn of the microtask queue.
   */
  dispatch(request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    if (isAboutServer(request)) {
      return outgoing(optionsResponse(METHODS.join(", ")));
    }
    const match = this.#router.match(request.method, request.path);
    switch (match.kind) {
      case "found":
        setRoute(request, match.route);
        if (needsDecodingAhead(request) && !readsCodedBody(match.route, match.target)) {
          return decodeAhead(request).then(
            () => this.#call(match.target, request),
            (error) => this.recover(error, request),
          );
        }
        return this.#call(match.target, request);
      case "no path":
        return this.#call(this.#handlerOfRest(), request);
      case "no method":
        setRoute(request, match.route);
        return this.#call(this.#handlerOfRest(), request);
    }
  }

  /** Returns what answers requests that have no handler: the server, with what surrounds that. */
  #handlerOfRest(): Handler {
    const { surroundings } = this.#router;
    if (surroundings === undefined) return this.#answerRest;
    if (this.#rest.surroundings !== surroundings) {
      this.#rest = { surroundings, handler: surroundings(this.#answerRest, ALL_PATHS) };
    }
    return this.#rest.handler;
  }

  /** Answers a request that has no handler. */
  readonly #answerRest: Handler = (request) => {
    const match = this.#router.match(request.method, request.path);
    if (match.kind !== "no method") return this.errors.respond({ status: 404 }, request);
    const { allow } = match;
    if (request.method === "OPTIONS") return optionsResponse(allow);
    return this.errors.respond({ status: 405, headers: { allow } }, request);
  };

  #call(
    handler: Handler,
    request: WebRequest,
  ): OutgoingResponse | Promise<OutgoingResponse> {
    try {
      const result = handler(request);
      if (result instanceof WebResponse) return outgoing(result);
      return isThenable(result) ? this.#await(result, request) : this.#complete(result, request);
    } catch (error) {
      return this.recover(error, request);
    }
  }

  /** By callbacks: another async function would cost each request with an async handler more. */
  #await(result: PromiseLike<unknown>, request: WebRequest): Promise<OutgoingResponse> {
    return Promise.resolve(result).then(
      (settled) => {
        try {
          return settled instanceof WebResponse
            ? outgoing(settled)
            : this.#complete(settled, request);
        } catch (error) {
          return this.recover(error, request);
        }
      },
      (error) => this.recover(error, request),
    );
  }

  /**
   * Converts a result that is no `WebResponse`: a platform `Response`, or a fault of the handler.
   */
  #complete(
    result: unknown,
    request: WebRequest,
  ): OutgoingResponse | Promise<OutgoingResponse> {
    // Handlers of this library, such as that of `node:http`, make it themselves.
    if (result instanceof OutgoingResponse) return result;
    if (!isResponse(result)) {
      throw noResponseError(describeHandler(request), result);
    }
    const noted = outgoingOfNoted(result);
    if (noted !== undefined) return noted;
    if (result.status === 101 && ownStatus(result) === 101) return upgradeResponse(result, request);
    const response = fromPlatformResponse(result);
    if (response instanceof OutgoingResponse) return response;
    return response.catch((error) => this.recover(error, request));
  }

  /**
   * Reports that the body of a response has failed after the response has begun. That is a panic,
   * even for an `HttpError`, which can be no answer any more: without a line in the log it would be
   * unknown why the client got a part of the body.
   */
  reportBrokenBody(error: unknown, request: WebRequest): void {
    const answer = this.#noteBodyFault(error, request, "is cut off");
    if (answer !== undefined) return noteReasonOf(answer, request);
    if (!isAbort(request, error)) this.#notePanic(error, request);
  }

  /**
   * Returns the answer to a fault of the client, and reports it: a body of this very request that a
   * platform request could not read, or that has failed while it came. Undefined if the error is
   * another one.
   */
  #noteBodyFault(
    error: unknown,
    request: WebRequest,
    consequence?: string,
  ): HttpError | undefined {
    const fault = bodyFaultOf(error) ?? faultOfFetch(error, request);
    if (fault === undefined || fault.of !== request) return undefined;
    this.#onBodyFault(fault, request, consequence ?? `gets ${fault.answer.status}`);
    return fault.answer;
  }

  /**
   * Returns the response to what a handler has thrown: an `HttpError`, or the error of a body that
   * the client got wrong. Undefined if it is another error.
   *
   * @throws {TypeError} when the fields or members of an `HttpError` may not be sent
   */
  answerTo(
    thrown: unknown,
    request: WebRequest,
  ): WebResponse | Response | Promise<WebResponse | Response> | undefined {
    // An HttpError is not logged, even if it is about a body. Other errors do not show in the
    // response, so they are.
    const error = isHttpError(thrown) ? thrown : this.#noteBodyFault(thrown, request);
    if (error === undefined) return undefined;
    noteReasonOf(error, request);
    const { status, message, headers, problem } = error;
    return this.errors.respond({ status, detail: message, headers, members: problem }, request);
  }

  /** Returns what the client gets in place of the response of a handler that has failed. */
  recover(thrown: unknown, request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    try {
      const answer = this.answerTo(thrown, request);
      if (answer !== undefined) return this.#send(answer, request);
    } catch (fault) {
      return this.#panic(fault, request);
    }
    // No client waits for this response: it has gone, or has got its 503.
    if (isAbort(request, thrown)) return outgoing(phraseResponse(503));
    return this.#panic(thrown, request);
  }

  #panic(error: unknown, request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    return this.#respond({ status: 500, headers: this.#notePanic(error, request) }, request);
  }

  #notePanic(error: unknown, request: WebRequest): HeadersInit | undefined {
    noteReason(request, "panic");
    return this.#onPanic(error, request);
  }

  /**
   * Returns the response to a request that is refused. `request` is undefined if it has no whole
   * head.
   */
  refuse(
    refusal: Refusal,
    request: WebRequest | undefined,
  ): OutgoingResponse | Promise<OutgoingResponse> {
    const report = refusalReport(refusal);
    if (request === undefined) return outgoing(this.errors.own(report));
    return this.#respond(report, request);
  }

  #respond(
    report: ErrorReport,
    request: WebRequest,
  ): OutgoingResponse | Promise<OutgoingResponse> {
    try {
      return this.#send(this.errors.respond(report, request), request);
    } catch (error) {
      return this.#panic(error, request);
    }
  }

  #send(
    result: WebResponse | Response | Promise<WebResponse | Response>,
    request: WebRequest,
  ): OutgoingResponse | Promise<OutgoingResponse> {
    if (result instanceof WebResponse) return outgoing(result);
    return isThenable(result) ? this.#await(result, request) : this.#complete(result, request);
  }
}

function noteReasonOf(error: HttpError, request: WebRequest): void {
  const reason = logReasonOf(error);
  if (reason !== undefined) noteReason(request, reason);
}

/**
 * Returns the client's fault if `fetch()` was to send the body of this request on, and the body has
 * failed meanwhile: the error of the platform then has a cause with no more of the body's error than
 * the message.
 */
function faultOfFetch(error: unknown, request: WebRequest): BodyFault | undefined {
  const answer = bodyFailureOf(request);
  if (answer === undefined) return undefined;
  try {
    const isOfBody = error instanceof TypeError && error.cause instanceof Error &&
      error.cause.message === answer.message;
    return isOfBody ? { of: request, answer } : undefined;
  } catch {
    // It throws when it is looked at.
    return undefined;
  }
}

/** RFC 9110, section 9.3.7: "*" asks about the server as a whole, and is no path. */
function isAboutServer(request: Pick<RequestHead, "method" | "target">): boolean {
  // The target is cut out of the head when it is read, which most requests do not need.
  return request.method === "OPTIONS" && request.target === "*";
}

/** Whether a handler gets the body in the content coding in which it was sent. */
function readsCodedBody(route: MatchedRoute, handler: Handler): boolean {
  return route.streamsBody || isFetchHandler(handler);
}

/** A handler may throw anything, even a proxy that throws when it is looked at. */
function isHttpError(error: unknown): error is HttpError {
  try {
    return error instanceof HttpError;
  } catch {
    return false;
  }
}

/** The status that a response was made with, whatever a property of it says. */
function ownStatus(response: Response): number {
  try {
    return Reflect.get(platformClass("Response").prototype, "status", response);
  } catch {
    // It was made by another class, which has the status itself.
    return response.status;
  }
}

/**
 * Returns the response that hands the connection over to another protocol.
 *
 * @throws {HttpError} when there is no connection: Deno.upgradeWebSocket() outside of a worker makes
 * such a response. The client has asked for it, so it is no panic.
 * @throws {TypeError} when the handler has prepared no upgrade; when a field may not be sent
 */
function upgradeResponse(result: Response, request: WebRequest): OutgoingResponse {
  const fields = recheckedFields(result.headers);
  const upgrade = takeUpgrade(request);
  if (upgrade !== undefined) return new OutgoingResponse(101, null, fields, null, upgrade);
  if (asksForWebSocket(request)) throw new HttpError(501, "WebSockets are not served here");
  throw new TypeError(
    `The handler of ${request.method} ${JSON.stringify(request.path)} returned a response of ` +
      "status 101, but has upgraded no connection",
  );
}

/** See RFC 6455, section 4.1. A handler that answers another request with 101 is at fault. */
function asksForWebSocket(request: WebRequest): boolean {
  return request.header("upgrade")?.toLowerCase() === "websocket";
}

function optionsResponse(allow: string): WebResponse {
  return WebResponse.empty(204, { headers: { allow } });
}
