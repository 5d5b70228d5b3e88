// One connection of a worker, over a connection without a socket and with a clock that is a number: what the tests of connections share.

import type { ConnectionHooks } from "../../../src/handler/connection_hooks.ts";
import type { Handler } from "../../../src/handler/handler.ts";
import { Dispatcher, type PanicListener } from "../../../src/routing/dispatcher.ts";
import { InFlightRequests } from "../../../src/ipc/in_flight_requests.ts";
import { BufferPool } from "../../../src/http1/buffer_pool.ts";
import { ResponseEncoder } from "../../../src/http1/response_encoder.ts";
import { Scoreboard } from "../../../src/ipc/scoreboard.ts";
import {
  resolveServerOptions,
  type WebServerOptions,
} from "../../../src/options/server_options.ts";
import type { RequestMetrics } from "../../../src/telemetry/request_metrics.ts";
import type { Router } from "../../../src/routing/router.ts";
import { ReasonLog } from "../../../src/telemetry/reason_log.ts";
import { ErrorResponses } from "../../../src/routing/error_responses.ts";
import { AccessLog } from "../../../src/telemetry/access_log.ts";
import { Admission } from "../../../src/connection/admission.ts";
import { BackgroundTasks } from "../../../src/connection/background_tasks.ts";
import { Connection } from "../../../src/connection/connection.ts";
import type { ConnectionContext } from "../../../src/connection/connection_context.ts";
import { HandlerCalls } from "../../../src/connection/handler_calls.ts";
import { Deadlines } from "../../../src/connection/deadlines.ts";
import { RequestClock } from "../../../src/connection/request_clock.ts";
import { LazyWebSockets } from "../../../src/connection/lazy_web_sockets.ts";
import { loadWebSockets } from "../../../src/connection/web_sockets.ts";
import { ReadFairness } from "../../../src/connection/read_fairness.ts";
import { FakeConn, settle } from "./fake_conn.ts";

/** The Date of every answer. */
export const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

/** A connection that is served. */
export interface ServedConnection {
  readonly fake: FakeConn;
  readonly connection: Connection;
  readonly context: ConnectionContext;
  readonly served: Promise<void>;
  readonly logged: string[];
  /** The lines about reasons, which go to standard error. */
  readonly reasons: string[];
  /** What has gone wrong in `onErrorResponse`. */
  readonly failures: unknown[];
  /** The faults of the server's own that came to light. */
  readonly faults: unknown[];
  /** What handlers have panicked with. */
  readonly panics: unknown[];
  /** What handlers have given to `waitUntil`, and what was logged of it. */
  readonly background: BackgroundTasks;
  readonly backgroundLines: string[];
  /** Moves the clock on, tick by tick, and lets happen what then happens. */
  pass(ms: number): Promise<void>;
}

/** How a connection is served. Of the limits that are not given, `writeTimeout` has its default, and the other ones are off. */
export interface ServingOptions {
  readonly router: Router<Handler>;
  readonly limits: WebServerOptions;
  readonly tickMs: number;
  readonly pool?: BufferPool;
  readonly readFairness?: ReadFairness;
  readonly requestMetrics?: RequestMetrics;
  /** What the program takes part in beside the handlers. Nothing by default. */
  readonly hooks?: ConnectionHooks;
  /** Whether requests are logged, which gives their answers an `X-Request-Id`. Not by default. */
  readonly isLogged?: boolean;
  /** The lag of the event loop, for `maxEventLoopLag`. None by default. */
  readonly lagMs?: () => number;
  /** The address of the peer, as the socket names it. 192.0.2.1 by default. */
  readonly peerHostname?: string;
}

/** Serves a connection, and lets it begin. */
export async function serveConnection(options: ServingOptions): Promise<ServedConnection> {
  const { router, limits, tickMs, pool = new BufferPool(), readFairness = new ReadFairness() } =
    options;
  const logged: string[] = [];
  const faults: unknown[] = [];
  const accessLog = new AccessLog({
    format: "text",
    worker: 1,
    exclude: limits.accessLogExclude ?? [],
    write: (bytes) => {
      logged.push(...new TextDecoder().decode(bytes).trimEnd().split("\n"));
      return Promise.resolve();
    },
    onFailure: (error) => faults.push(error),
  });
  const panics: unknown[] = [];
  const reasons: string[] = [];
  const failures: unknown[] = [];
  const backgroundLines: string[] = [];
  const background = new BackgroundTasks("worker 1", (line) => backgroundLines.push(line));
  const fake = new FakeConn(options.peerHostname);
  const onPanic: PanicListener = (error) => {
    panics.push(error);
    return { connection: "close" };
  };
  const settings = resolveServerOptions({
    headTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 0,
    ...limits,
  });
  const errors = new ErrorResponses(settings, (_during, error) => void failures.push(error));
  const dispatcher = new Dispatcher(router, onPanic, undefined, errors);
  const scoreboard = new Scoreboard();
  const inFlightRequests = new InFlightRequests();
  const context: ConnectionContext = {
    settings,
    pool,
    encoder: new ResponseEncoder(DATE, Math.floor((limits.keepAliveTimeout ?? 0) / 1_000)),
    dispatcher,
    handlerCalls: new HandlerCalls(dispatcher),
    deadlines: new Deadlines(tickMs, 0),
    readFairness,
    requestClock: new RequestClock(),
    scoreboard,
    background,
    admission: Admission.of({
      settings,
      scoreboard,
      lagMs: options.lagMs ?? (() => 0),
      onShed: () => {},
    }),
    webSockets: new LazyWebSockets(() =>
      loadWebSockets({ settings, pool, scoreboard, inFlightRequests })
    ),
    inFlightRequests,
    accessLog: options.isLogged ? accessLog : undefined,
    reasonLog: new ReasonLog("worker 1", (line) => void reasons.push(line)),
    requestMetrics: options.requestMetrics,
    observation: undefined,
    hooks: options.hooks,
    onFault: (error) => faults.push(error),
    onClosed: () => {},
    isDraining: false,
    drainsFor: "shutdown",
  };
  const connection = new Connection(fake.conn, context);
  const served = connection.serve();
  await settle();
  const pass = async (ms: number) => {
    const { deadlines } = context;
    for (const end = deadlines.now + ms; deadlines.now < end;) {
      deadlines.tick(deadlines.now + tickMs, [connection]);
      await settle();
    }
  };
  return {
    fake,
    connection,
    context,
    served,
    logged,
    reasons,
    failures,
    faults,
    panics,
    background,
    backgroundLines,
    pass,
  };
}
