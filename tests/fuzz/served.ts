// A connection of the server for the fuzzer: everything from bytes to bytes, without a socket, a thread or a clock. What many
// connections of a worker share is made once, as in a worker: a fault in one of them may show in the next.

import { setImmediate } from "node:timers";
import type { Handler } from "../../src/handler/handler.ts";
import { Dispatcher } from "../../src/routing/dispatcher.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import type { RequestLimits } from "../../src/http1/request_parser.ts";
import { ResponseEncoder } from "../../src/http1/response_encoder.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { Router } from "../../src/routing/router.ts";
import { Connection } from "../../src/connection/connection.ts";
import type { ConnectionContext } from "../../src/connection/connection_context.ts";
import { HandlerCalls } from "../../src/connection/handler_calls.ts";
import { Deadlines } from "../../src/connection/deadlines.ts";
import { RequestClock } from "../../src/connection/request_clock.ts";
import { ReadFairness } from "../../src/connection/read_fairness.ts";
import { ReasonLog } from "../../src/telemetry/reason_log.ts";
import { SpoilingPool } from "../http1/reading.ts";
import type { ByteConn } from "./byte_conn.ts";

const encoder = new ResponseEncoder("Sun, 06 Nov 1994 08:49:37 GMT");
const deadlines = new Deadlines(10, 0);
const scoreboard = new Scoreboard();
const inFlightRequests = new InFlightRequests();
const SETTINGS = resolveServerOptions({
  // A content coding is no framing: the handlers compare the bytes that were sent.
  decodeRequestBodies: false,
  headTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 0,
  writeTimeout: 0,
});

/** What happens to a connection from outside: its time is over, the worker drains, has drained, or has no use for idle ones. */
export const DISTURBANCES = ["time over", "drain", "abandon", "close if idle"] as const;

export type Disturbance = typeof DISTURBANCES[number];

/** How a connection goes, and what it had to report. */
export class Served {
  hasEnded = false;
  /** Has something happen to the connection. */
  disturb: (disturbance: Disturbance) => void = () => {};
  readonly #requestsBefore = countRequestsInFlight();
  /** The faults of the server's own that came to light. */
  readonly faults: unknown[] = [];
  /** What handlers have thrown. */
  readonly panics: unknown[] = [];

  /** Waits for the end, for so many turns of the event loop; says whether it has come. */
  async ends(maxTurns: number): Promise<boolean> {
    for (let turn = 0; turn < maxTurns && !this.hasEnded; turn++) await nextTurn();
    return this.hasEnded;
  }

  /** How many requests are being handled that were not before: as the counters have it, or the board, whichever has more. */
  get requestsInFlight(): number {
    return countRequestsInFlight() - this.#requestsBefore;
  }
}

function countRequestsInFlight(): number {
  return Math.max(scoreboard.read().requestsInFlight, inFlightRequests.read(0).length);
}

/** How much of a request's first line, up to its query, the board keeps. */
const MAX_BOARD_BYTES = 100;

/** Whether the board, from which the supervisor knows what a worker that hangs was doing, names the request. */
function isOnBoard({ method, target }: WebRequest): boolean {
  const line = `${method} ${target.replace(/\?.*/, "")}`.slice(0, MAX_BOARD_BYTES);
  return inFlightRequests.read(0).some(({ method, path }) =>
    `${method} ${path}`.trim() === line.trim()
  );
}

/** Serves a client; `handler` gets all of its requests, their bodies as streams if `streamsBody` says so. */
export function serve(
  client: ByteConn,
  handler: Handler,
  limits?: RequestLimits,
  streamsBody = false,
): Served {
  const served = new Served();
  const router = new Router<Handler>(percentDecode);
  const target: Handler = (request) => {
    if (!isOnBoard(request)) served.faults.push(new Error(`${request.target} is not on the board`));
    return handler(request);
  };
  router.add("/", false, target, () => "the fuzzer", { streamsBody });
  const dispatcher = new Dispatcher(router, (error) => {
    served.panics.push(error);
    return undefined;
  });
  const context: ConnectionContext = {
    settings: { ...SETTINGS, ...limits },
    pool: new SpoilingPool(),
    encoder,
    dispatcher,
    handlerCalls: new HandlerCalls(dispatcher),
    deadlines,
    admission: undefined,
    readFairness: new ReadFairness(),
    requestClock: new RequestClock(),
    scoreboard,
    background: { add() {}, addEnding() {} },
    webSockets: undefined,
    inFlightRequests,
    reasonLog: new ReasonLog("the fuzzer", () => {}),
    requestMetrics: undefined,
    observation: undefined,
    accessLog: undefined,
    onFault: (error) => served.faults.push(error),
    onClosed: () => {},
    isDraining: false,
    drainsFor: "shutdown",
  };
  const connection = new Connection(client.conn, context);
  served.disturb = (disturbance) => {
    switch (disturbance) {
      case "time over":
        return connection.onDeadline();
      case "drain":
        context.isDraining = true;
        return;
      case "abandon":
        return connection.abandon();
      case "close if idle":
        connection.closeIfIdle({ evenIfNew: true });
        return;
    }
  };
  connection.serve().then(() => served.hasEnded = true);
  return served;
}

/** Lets everything happen that waits for nothing but its turn. A timer would do so, too, and take a hundred times as long. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(() => resolve()));
}
