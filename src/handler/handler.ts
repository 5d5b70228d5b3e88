// The types of what a server calls: handlers of its own kind, and fetch-style ones.

import type { WebRequest } from "./request.ts";
import type { WebResponse } from "./response.ts";

/** What a {@linkcode Handler} answers with, now or later. */
export type HandlerResult = WebResponse | Response | Promise<WebResponse | Response>;

/**
 * A function that answers requests. It gets a request whose `params` have the type of the route's
 * path, and returns a `WebResponse` or a platform `Response`, or a promise of one.
 *
 * It may run many times at once in one worker, between its own `await`s, and in several workers at
 * the same time; workers share no variables. To answer with an error status it can throw an
 * `HttpError`. Anything else that it throws or rejects with is a panic: the client gets a 500, and
 * the worker is replaced. The one exception is an error that `json()` or `formData()` of
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

/**
 * What a {@linkcode FetchHandler} gets as its second argument, as a handler of `Deno.serve` does.
 */
export interface FetchInfo {
  /**
   * The address of the client, as `WebRequest.clientAddr` has it: if `trustProxy` names the front
   * end, the address that the front end reports. Reading it throws when `clientAddr` throws; a
   * handler that does not read it gets its request.
   */
  readonly remoteAddr: Deno.NetAddr;
  /**
   * Resolves when the whole response, its body included, has been handed to the system. Rejects
   * with a `Deno.errors.Interrupted` when the client has gone before, or gets another response. A
   * rejection that nothing handles is no panic. Through `WebServer.fetch` the response counts as
   * sent when its body is made.
   */
  readonly completed: Promise<void>;
  /** Has the worker wait for work that goes on after the response; see `WebRequest.waitUntil`. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void;
}

/**
 * What a {@linkcode FetchHandler} gets as its third argument, as applications for Cloudflare
 * Workers expect it. Hono has it as `c.executionCtx`.
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
  /**
   * Does nothing: there is no other server to pass the request on to, so what a handler throws
   * stays a panic.
   */
  readonly passThroughOnException: () => void;
  /** An empty object. Cloudflare Workers have the configuration of a deployment here. */
  readonly props: Readonly<Record<string, unknown>>;
}

/**
 * The web-standard form of a handler: what Hono's `app.fetch` and an `export default { fetch }`
 * are. Like a handler of `Deno.serve` it may take a second argument, with the client's address.
 *
 * @example A handler that reads the client's address
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
