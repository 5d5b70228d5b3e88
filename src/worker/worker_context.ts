// Makes what the connections of one worker share, from the program and the supervisor's
// configuration.

import type { Admission } from "../connection/admission.ts";
import type { ConnectionContext } from "../connection/connection_context.ts";
import { Deadlines } from "../connection/deadlines.ts";
import { ReadFairness } from "../connection/read_fairness.ts";
import { HandlerCalls } from "../connection/handler_calls.ts";
import { LazyWebSockets } from "../connection/lazy_web_sockets.ts";
import type { Observation } from "../connection/observation.ts";
import { ObservedCalls, observePanic } from "../connection/observed_exchange.ts";
import { RequestClock } from "../connection/request_clock.ts";
import { BufferPool } from "../http1/buffer_pool.ts";
import { ResponseEncoder } from "../http1/response_encoder.ts";
import type { Handler } from "../handler/handler.ts";
import { InFlightRequests } from "../ipc/in_flight_requests.ts";
import type { WorkerConfiguration } from "../ipc/messages.ts";
import type { Scoreboard } from "../ipc/scoreboard.ts";
import {
  accessLogFormat,
  overrideServerSettings,
  resolveServerOptions,
  type ServerSettings,
  type WebServerOptions,
} from "../options/server_options.ts";
import { Dispatcher, type PanicListener } from "../routing/dispatcher.ts";
import { ErrorResponses } from "../routing/error_responses.ts";
import { METHODS } from "../routing/route_target.ts";
import { routeNames, type Router } from "../routing/router.ts";
import { writeToStandardOutput } from "../runtime/standard_output.ts";
import { AccessLog } from "../telemetry/access_log.ts";
import { describeError, escapeForLog, logToStandardError } from "../telemetry/log.ts";
import { openTelemetry } from "../telemetry/opentelemetry.ts";
import { ReasonLog } from "../telemetry/reason_log.ts";
import { RequestMetrics } from "../telemetry/request_metrics.ts";
import { RequestTelemetry } from "../telemetry/request_telemetry.ts";
import type { PanicWatch } from "./panic_watch.ts";
import type { SideServer } from "./side_servers.ts";
import type { WorkerProgram } from "./worker_program.ts";

/** What the context of a worker's connections is made of. */
export interface ContextParts {
  readonly program: WorkerProgram;
  /** The worker's number. */
  readonly worker: number;
  readonly configuration: WorkerConfiguration;
  readonly scoreboard: Scoreboard;
  /** The time between two ticks of the worker's clock. */
  readonly tickMs: number;
  readonly panics: PanicWatch;
  /** Undefined if no option limits the work of the worker. */
  readonly admission: Admission | undefined;
  /** Called once for each connection, when it is closed. */
  readonly onClosed: () => void;
}

/** Makes the context of a worker's connections. */
export function createConnectionContext(parts: ContextParts): ConnectionContext {
  const { program, worker, configuration, scoreboard, tickMs, panics, admission, onClosed } = parts;
  const { settings, router, background } = program;
  const observation = observe(program);
  const dispatcher = createDispatcher(router, panics, { settings, observation });
  const accessLog = openAccessLog(settings, worker);
  const requestMetrics = configuration.requestMetrics === undefined
    ? undefined
    : new RequestMetrics(configuration.requestMetrics, routeNames(router.routes), METHODS);
  const hooks = program.hooks?.();
  if (requestMetrics !== undefined || observation !== undefined) hooks?.nameRoutes();
  const pool = new BufferPool();
  const inFlightRequests = new InFlightRequests(configuration.inFlightRequests);
  const isReported = accessLog !== undefined || requestMetrics !== undefined;
  return {
    settings,
    pool,
    encoder: new ResponseEncoder(
      new Date().toUTCString(),
      Math.floor(settings.keepAliveTimeout / 1_000),
    ),
    dispatcher,
    handlerCalls: createHandlerCalls(dispatcher, observation),
    deadlines: new Deadlines(tickMs, performance.now()),
    admission,
    readFairness: new ReadFairness(),
    requestClock: isReported ? new RequestClock() : undefined,
    scoreboard,
    background,
    webSockets: new LazyWebSockets(async () => {
      const { loadWebSockets } = await import("../connection/web_sockets.ts");
      return await loadWebSockets({ settings, pool, scoreboard, inFlightRequests });
    }),
    inFlightRequests,
    hooks,
    accessLog,
    reasonLog: new ReasonLog(`worker ${worker}`, logToStandardError),
    requestMetrics,
    observation,
    onClosed,
    onFault: (error) => panics.note("on a connection", error),
    isDraining: false,
    drainsFor: "shutdown",
  };
}

/**
 * Makes the context of the connections of a further server, which shares all but the routes and what
 * the program has set of that server. Its requests are not counted by route: the table is that of
 * the worker's own server. `options` are those of the command line, which win.
 */
export function createSideContext(
  context: ConnectionContext,
  { router, program }: Pick<SideServer, "router" | "program">,
  options: WebServerOptions,
  panics: PanicWatch,
): ConnectionContext {
  const observation = context.observation && { ...context.observation, routes: [] };
  const { settings } = context;
  const dispatcher = createDispatcher(router, panics, { settings, observation });
  return {
    ...context,
    settings: program === undefined
      ? context.settings
      : sideSettings(context.settings, program.limits(), options),
    hooks: program?.hooks,
    dispatcher,
    handlerCalls: createHandlerCalls(dispatcher, observation),
    requestMetrics: undefined,
    observation,
  };
}

/** The settings of a server whose limits are its own. */
function sideSettings(
  main: ServerSettings,
  limits: WebServerOptions,
  options: WebServerOptions,
): ServerSettings {
  const own = overrideServerSettings(resolveServerOptions({}), limits);
  const settings = overrideServerSettings(own, options);
  // The encoder, which all servers of the worker share, announces the time of the main one.
  const isAnnounced = settings.keepAliveTimeout === main.keepAliveTimeout;
  return { ...settings, announceKeepAlive: settings.announceKeepAlive && isAnnounced };
}

/**
 * Returns what the requests of a program have traces by; undefined if OpenTelemetry is off. Only a
 * program that calls `run()` has routes that are known here.
 */
function observe({ router, servedBy }: WorkerProgram): Observation | undefined {
  const platform = openTelemetry();
  if (platform === undefined) return undefined;
  return {
    telemetry: new RequestTelemetry(platform),
    routes: servedBy === "run()" ? routeNames(router.routes) : [],
  };
}

/** The calls of a server without traces have no code for them. */
function createHandlerCalls(
  dispatcher: Dispatcher,
  observation: Observation | undefined,
): HandlerCalls {
  return observation === undefined
    ? new HandlerCalls(dispatcher)
    : new ObservedCalls(dispatcher, observation.telemetry);
}

function createDispatcher(
  router: Router<Handler>,
  panics: PanicWatch,
  { settings, observation }: {
    readonly settings: ServerSettings;
    readonly observation: Observation | undefined;
  },
): Dispatcher {
  const answer: PanicListener = (error, request) => panics.noteHandler(error, request);
  return new Dispatcher(
    router,
    observation === undefined
      ? answer
      : (error, request) => observePanic(observation, error, request, () => answer(error, request)),
    (fault, request, consequence) => panics.logBodyFault(fault, request, consequence),
    new ErrorResponses(settings, (during, error) => panics.logFailure(during, error)),
  );
}

function openAccessLog(settings: ServerSettings, worker: number): AccessLog | undefined {
  const format = accessLogFormat(settings);
  if (format === "off") return undefined;
  return new AccessLog({
    format,
    worker,
    exclude: settings.accessLogExclude,
    write: (bytes) => writeToStandardOutput(bytes),
    onFailure: (error) =>
      logToStandardError(
        escapeForLog(`worker ${worker}: requests cannot be logged: ${describeError(error)}`),
      ),
  });
}
