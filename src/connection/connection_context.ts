// What the connections of one worker share: its settings, its memory, its clocks, and where it
// counts and logs.

import type { BufferPool } from "../http1/buffer_pool.ts";
import type { ResponseEncoder } from "../http1/response_encoder.ts";
import type { ConnectionHooks } from "../handler/connection_hooks.ts";
import type { UpgradeDrain } from "../handler/upgrade.ts";
import type { BackgroundWork } from "../handler/request.ts";
import type { InFlightRequests } from "../ipc/in_flight_requests.ts";
import type { Scoreboard } from "../ipc/scoreboard.ts";
import type { ServerSettings } from "../options/server_options.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { AccessLog } from "../telemetry/access_log.ts";
import type { ReasonLog } from "../telemetry/reason_log.ts";
import type { RequestMetrics } from "../telemetry/request_metrics.ts";
import type { Admission } from "./admission.ts";
import type { Deadlines } from "./deadlines.ts";
import type { HandlerCalls } from "./handler_calls.ts";
import type { LazyWebSockets } from "./lazy_web_sockets.ts";
import type { Observation } from "./observation.ts";
import type { ReadFairness } from "./read_fairness.ts";
import type { RequestClock } from "./request_clock.ts";

/** What the connections of one worker share. */
export interface ConnectionContext {
  readonly settings: ServerSettings;
  readonly pool: BufferPool;
  readonly encoder: ResponseEncoder;
  readonly dispatcher: Dispatcher;
  /** Calls handlers by way of the dispatcher. */
  readonly handlerCalls: HandlerCalls;
  readonly deadlines: Deadlines;
  /** Decides which requests are shed. Undefined if no option limits the work of the worker. */
  readonly admission: Admission | undefined;
  /**
   * Lets connections take turns if more of them are busy than one turn of the event loop serves.
   */
  readonly readFairness: ReadFairness;
  /** Measures how long requests take. Undefined if they are neither logged nor counted by route. */
  readonly requestClock: RequestClock | undefined;
  readonly scoreboard: Scoreboard;
  /** Takes the work that handlers leave to be done after their responses. */
  readonly background: BackgroundWork;
  /** Upgrades requests to WebSockets. Undefined if they cannot be. */
  readonly webSockets: LazyWebSockets | undefined;
  /** The requests that are being handled, for the supervisor to see. */
  readonly inFlightRequests: InFlightRequests;
  /** Undefined if requests are not logged. */
  readonly accessLog: AccessLog | undefined;
  /** Reports the reasons for which requests get error responses. */
  readonly reasonLog: ReasonLog;
  /** Undefined if requests are not counted by route. */
  readonly requestMetrics: RequestMetrics | undefined;
  /** What requests have traces by. Undefined if OpenTelemetry is off. */
  readonly observation: Observation | undefined;
  /**
   * Called once for each connection when it is closed. A handler that was given up may still be
   * running.
   */
  readonly onClosed: () => void;
  /** Called with an error that no client has caused: a fault in this library. */
  readonly onFault: (error: unknown) => void;
  /**
   * What the program takes part in beside its handlers; undefined for nothing. If there are any,
   * uncaught errors concern the requests in whose connection they arise: the handlers call
   * listeners, which cannot be awaited.
   */
  readonly hooks?: ConnectionHooks;
  /** Whether the worker drains. If so, each response is the last one of its connection. */
  isDraining: boolean;
  /** Why it drains, if it does. A connection that is upgraded meanwhile ends for that reason. */
  drainsFor: UpgradeDrain;
}
