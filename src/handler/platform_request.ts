// Makes the `Request` of fetch-style handlers: on demand (`lazy_request.ts`), or at once where this
// Deno keeps the state of a `Request` in a way that `lazy_request.ts` does not know. A self-test
// finds that out, with the first request of each thread.

import { lateReadError } from "./errors.ts";
import { addFields } from "./lazy_headers.ts";
import {
  defineLazyRequest,
  isBodiless,
  type RequestMaker,
  type RequestParts,
  sourceOfLazy,
} from "./lazy_request.ts";
import { testRequestMaker } from "./lazy_self_test.ts";
import { urlOf } from "./request_url.ts";
import { createServedRequest, type RequestSource, sourceOfServed } from "./served_request.ts";
import { logToStandardError } from "../telemetry/log.ts";

/** Returns where a request of this server comes from; undefined for any other request. */
export function sourceOf(request: Request): RequestSource | undefined {
  return sourceOfLazy(request) ?? sourceOfServed(request);
}

let maker: RequestMaker | undefined;

/** Makes a request for a fetch-style handler. */
export function createPlatformRequest(parts: RequestParts): Request {
  maker ??= chooseMaker();
  return maker(parts);
}

/** Does what the first request would have to wait for: the maker of requests is tested. */
export function preparePlatformRequests(): void {
  maker ??= chooseMaker();
}

function chooseMaker(): RequestMaker {
  try {
    const lazy = defineLazyRequest();
    testRequestMaker(lazy).catch(giveUpLaziness);
    return lazy;
  } catch (error) {
    return giveUpLaziness(error);
  }
}

/** The first request that is whole for this reason is logged. */
function giveUpLaziness(reason: unknown): RequestMaker {
  return maker = (parts) => {
    maker = createWholeRequest;
    logToStandardError(
      "Fetch-style handlers get whole Requests, which take longer: " +
        `this Deno's Request cannot be made on demand (${reason})`,
    );
    return createWholeRequest(parts);
  };
}

/** Makes a whole request of the platform, which writes its method in upper case. */
export function createWholeRequest(parts: RequestParts): Request {
  const { head, incoming, origin, headers, source } = parts;
  const { method } = head;
  const hasNoBody = isBodiless(method.toUpperCase());
  const body = hasNoBody ? undefined : incoming?.stream ?? parts.body.give();
  if (body === undefined && !hasNoBody) throw lateReadError(source);
  const request = createServedRequest(urlOf(origin, head), { method, body }, source, incoming);
  addFields(request.headers, headers ?? head);
  return request;
}
