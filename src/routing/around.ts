// What runs before and after the handlers of a prefix. Each handler is wrapped when it is added, so a
// handler that nothing surrounds costs nothing, and a chain of plain functions makes no promise. Only
// if a route has paths inside and outside of the prefix, each request is compared with it.

import { markAlike } from "../fetch/fetch_handler.ts";
import { isResponse } from "../fetch/platform_response.ts";
import type { Handler, HandlerResult } from "../handler/handler.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import { answerToThrown, type WebRequest } from "../handler/request.ts";
import { WebResponse } from "../handler/response.ts";
import { nameOfType } from "../handler/type_name.ts";
import { isThenable } from "../runtime/async_context.ts";
import type { PatternSegment } from "./route_pattern.ts";
import type { RoutePaths } from "./router.ts";

/**
 * Calls what a {@linkcode Wrapper} surrounds: the next wrapper, or the handler. It returns a promise
 * only if that does. An `HttpError` that is thrown there comes out as the response that it becomes.
 * Any other error is thrown: if no wrapper catches it, it is a panic.
 */
export type Next = () => HandlerResult;

/**
 * What runs before and after the handlers of a prefix; see {@linkcode WebServer.around}.
 *
 * @example Measure how long each response takes
 * ```ts
 * import { WebResponse, WebServer, type Wrapper } from "@mudpie/server";
 *
 * const timing: Wrapper = async (_req, next) => {
 *   const startedAt = performance.now();
 *   const response = await next();
 *   response.headers.set("server-timing", `app;dur=${performance.now() - startedAt}`);
 *   return response;
 * };
 * const server = new WebServer();
 * server.around(timing);
 * server.addPath("/", () => WebResponse.text("hello"));
 *
 * const response = await server.fetch(new Request("http://localhost/"));
 * console.log(response.headers.has("server-timing")); // true
 * ```
 */
export type Wrapper = (req: WebRequest, next: Next) => HandlerResult;

/** A wrapper that was added. */
interface AddedWrapper {
  readonly prefix: readonly PatternSegment[];
  readonly wrap: Wrapper;
  /** Returns where in the program it was added, for messages. */
  readonly place: () => string;
}

/** The wrappers of one server. The one that was added first is the outermost. */
export class Wrappers {
  readonly #added: AddedWrapper[] = [];

  add(prefix: readonly PatternSegment[], wrap: Wrapper, place: () => string): void {
    this.#added.push({ prefix, wrap, place });
  }

  /** Returns the handler with all wrappers of its paths around it; the handler itself if it has none. */
  surround(handler: Handler, paths: RoutePaths): Handler {
    return this.#added.reduceRight((inner, added) => {
      const coverage = coverageOf(added.prefix, paths);
      if (coverage === "none") return inner;
      const wrapped = wrapHandler(added, inner);
      if (coverage === "all") return markAlike(wrapped, inner);
      const choose: Handler = (request) =>
        isUnder(added.prefix, request.path) ? wrapped(request) : inner(request);
      return markAlike(choose, inner);
    }, handler);
  }
}

/** Which paths of a target are under a prefix. */
export function coverageOf(
  prefix: readonly PatternSegment[],
  { segments, isExact }: RoutePaths,
): "all" | "some" | "none" {
  let coverage: "all" | "some" = "all";
  for (const [index, expected] of prefix.entries()) {
    const segment = segments.at(index);
    if (segment === undefined) return isExact ? "none" : "some";
    if ("literal" in segment) {
      if (!fits(expected, segment.literal)) return "none";
    } else if ("literal" in expected) coverage = "some";
  }
  return coverage;
}

/** Whether a path (decoded, dot segments resolved) is at or under a prefix. */
function isUnder(prefix: readonly PatternSegment[], path: string): boolean {
  const segments = path.split("/");
  // The path begins with a slash, so the first segment is that before it.
  return prefix.every((expected, index) => {
    const segment = segments.at(index + 1);
    return segment !== undefined && fits(expected, segment);
  });
}

function fits(expected: PatternSegment, segment: string): boolean {
  return "literal" in expected ? expected.literal === segment : segment !== "";
}

function wrapHandler({ wrap, place }: AddedWrapper, inner: Handler): Handler {
  return (request) => {
    let state: "open" | "called" | "over" = "open";
    const next: Next = () => {
      if (state !== "open") throw lateCall(state, place());
      state = "called";
      return callInner(inner, request);
    };
    const finish = (result: unknown): WebResponse | Response => {
      state = "over";
      return requireResponse(result, () => `The wrapper that was added at ${place()}`);
    };
    try {
      const result: unknown = wrap(request, next);
      if (!isThenable(result)) return finish(result);
      return Promise.resolve(result).then(finish, (error) => {
        state = "over";
        throw error;
      });
    } catch (error) {
      state = "over";
      throw error;
    }
  };
}

function lateCall(state: "called" | "over", place: string): TypeError {
  return new TypeError(
    `Cannot call next() of the wrapper that was added at ${place}: ` +
      (state === "called" ? "it was called already" : "the wrapper has ended already"),
  );
}

/** Calls a handler for its wrapper, which sees the response to an error that has one. */
function callInner(inner: Handler, request: WebRequest): HandlerResult {
  const finish = (result: unknown) => requireResponse(result, () => describeHandler(request));
  const recover = (error: unknown): HandlerResult => {
    const answer = answerToThrown(request, error) as HandlerResult | undefined;
    if (answer === undefined) throw error;
    return answer;
  };
  try {
    const result: unknown = inner(request);
    return isThenable(result)
      ? Promise.resolve(result).then(finish).catch(recover)
      : finish(result);
  } catch (error) {
    return recover(error);
  }
}

/** Names the handler of a request for a message. */
export function describeHandler({ method, path }: WebRequest): string {
  return `The handler of ${method} ${JSON.stringify(path)}`;
}

/** Makes the error of a handler or a wrapper that returns something other than a response. */
export function noResponseError(what: string, result: unknown): TypeError {
  return new TypeError(
    `${what} returned a value of type ${nameOfType(result)}: ` +
      "it must return a WebResponse or a Response, or a promise of one",
  );
}

/**
 * Returns the result of a handler or a wrapper. A handler of this library may return a response that
 * is ready to be sent.
 *
 * @throws {TypeError} when it is no response
 */
function requireResponse(result: unknown, what: () => string): WebResponse | Response {
  const isOurs = result instanceof WebResponse || result instanceof OutgoingResponse;
  if (!isOurs && !isResponse(result)) throw noResponseError(what(), result);
  return result as WebResponse | Response;
}
