// A request to its response: route, call, HttpError, panic. The workers and `fetch()` both go this way, so a handler is
// called in the same manner whether there is a socket or not. It never throws and never rejects: what goes wrong in a
// handler becomes a response here, and a report to whoever runs the handler.

import { type BodyFault, bodyFaultOf } from "../handler/body_faults.ts";
import { HttpError } from "../handler/errors.ts";
import { isFetchHandler } from "../fetch/fetch_handler.ts";
import type { Handler } from "../handler/handler.ts";
import { fromPlatformResponse } from "../fetch/platform_response.ts";
import {
  decodeAhead,
  isAbort,
  needsDecodingAhead,
  setRoute,
  type WebRequest,
} from "../handler/request.ts";
import { checkSendable, phraseResponse, WebResponse } from "../handler/response.ts";
import { nameOfType } from "../handler/type_name.ts";
import { METHODS, type Router } from "./router.ts";

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
        if (needsDecodingAhead(request) && !isFetchHandler(match.target)) {
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
