/**
 * Mudpie: a multi-core HTTP/1.1 application server for Deno, in which no handler takes the service down.
 *
 * You write handlers; Mudpie runs them in a number of supervised worker threads that share one port. When a handler panics,
 * its client still gets a 500, no other client notices, and a fresh worker takes the place of the one that failed. It serves
 * REST APIs and other dynamic content whose requests fit in memory, behind a front end that does TLS.
 *
 * @example Serve from ten workers
 * ```ts ignore
 * import { type WebRequest, WebResponse, WebServer } from "jsr:@mudpie/server";
 *
 * function hello(_req: WebRequest): WebResponse {
 *   return WebResponse.html("<h1>Hello World!</h1>");
 * }
 *
 * const server = new WebServer();
 * server.addPath("/hello", hello);
 * await server.run("127.0.0.1", 8000, 10); // 10 worker threads
 * ```
 *
 * @example Test a handler without a server
 * ```ts
 * import { WebResponse, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/users/:id", (req) => WebResponse.json({ id: req.params.id }));
 *
 * const response = await server.fetch(new Request("http://localhost/users/7"));
 * console.log(await response.json()); // { id: "7" }
 * ```
 *
 * @module
 */

export { fetchHandler } from "./src/fetch/fetch_handler.ts";
export type {
  FetchContext,
  FetchHandler,
  FetchInfo,
  Handler,
  HandlerResult,
} from "./src/handler/handler.ts";
export { HttpError, type HttpErrorOptions } from "./src/handler/errors.ts";
export type { ErrorFormat, ErrorResponder, ProblemDetails } from "./src/handler/problem.ts";
export type { ShutdownReason } from "./src/ipc/drain_order.ts";
export type { ShedCounts, ShedReason } from "./src/ipc/shed_reason.ts";
export type { CloseLabel, WebSocketCounters } from "./src/ipc/web_socket_counters.ts";
export type {
  FleetEvent,
  HandledRequest,
  HangOutcome,
  WorkerEndCause,
} from "./src/telemetry/fleet_event.ts";
export type { ListenMode } from "./src/net/worker_address.ts";
export type { AdminOptions, RunOptions } from "./src/options/run_options.ts";
export type { PathOptions } from "./src/options/path_options.ts";
export type { WebServerOptions } from "./src/options/server_options.ts";
export type { PeerInfo } from "./src/fetch/platform_request.ts";
export type {
  UpgradeWebSocketOptions,
  WebSocketUpgrade,
} from "./src/handler/web_socket_options.ts";
export { type ParameterNames, type PathParams, WebRequest } from "./src/handler/request.ts";
export {
  type BodySource,
  type ResponseBody,
  WebResponse,
  type WebResponseInit,
} from "./src/handler/response.ts";
export type { Next, Wrapper } from "./src/routing/around.ts";
export type { PathPattern } from "./src/routing/route_pattern.ts";
export type { Method, MethodTable, RouteTarget } from "./src/routing/route_target.ts";
export { WebServer } from "./src/server.ts";
export type {
  FleetStats,
  RunningServer,
  WorkerCounters,
  WorkerStats,
  WorkerStatus,
} from "./src/supervisor/running_server.ts";
export type { ShutdownCallback } from "./src/worker/shutdown_callbacks.ts";
