// Makes handlers of fetch-style applications. An application gets the platform's Request, and two
// more arguments, which are one object. What the application does not read is not made.

import type { FetchContext, FetchHandler, FetchInfo, Handler } from "../handler/handler.ts";
import { preparePlatformRequests } from "../handler/platform_request.ts";
import { completionOf, type WebRequest } from "../handler/request.ts";
import { nameOfType } from "../handler/type_name.ts";
import { innerKeys } from "./inner_response.ts";

/**
 * Makes a {@linkcode Handler} of any fetch-style application, such as Hono's `app.fetch` or
 * `serveDir` of `@std/http`. The application sees the whole path, its mount point included, and
 * gets the request's `signal`.
 *
 * A body that the client got wrong is no panic. If the application does not catch an error of the
 * request's own `json()` or `formData()`, or of one of its clones, the client gets 400, or 415 for
 * a form of another media type. Only that very error object counts. Another error made from it,
 * `JSON.parse(await request.text())`, and a reader of `new Request(request)` are panics when they
 * fail, and so is a body that is read twice.
 *
 * @throws {TypeError} when `fetch` is not a function
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
  hasFetchHandlers = true;
  return handler;
}

const fetchHandlers = new WeakSet<Handler>();
let hasFetchHandlers = false;

/**
 * Does what the first request of a fetch-style handler would have to wait for, if there is such a
 * handler. A worker calls it while it waits for the supervisor.
 */
export function prepareFetchHandlers(): void {
  if (!hasFetchHandlers) return;
  preparePlatformRequests();
  innerKeys();
}

/**
 * Whether a handler is one of {@linkcode fetchHandler}. Such a handler passes bodies on as they
 * were sent, so none has to be decoded for it.
 */
export function isFetchHandler(handler: Handler): boolean {
  return fetchHandlers.has(handler);
}

/** Has a handler count as one of {@linkcode fetchHandler} if `other` does. Returns the handler. */
export function markAlike(handler: Handler, other: Handler): Handler {
  if (fetchHandlers.has(other)) fetchHandlers.add(handler);
  return handler;
}

const NO_PROPS = Object.freeze({});

/** The second and the third argument of a fetch-style application, in one object. */
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

  /** Not a method: handlers read it and call it without its object. */
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
