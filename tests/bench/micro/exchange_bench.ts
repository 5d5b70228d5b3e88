// Whole exchanges as a worker has them: read, parse, route, call, encode, write; all but the kernel and the runtime's sockets.
// Each time that is printed is for 100 requests: what begins and ends a run does not count in it.

import { Dispatcher } from "../../../src/routing/dispatcher.ts";
import { InFlightRequests } from "../../../src/ipc/in_flight_requests.ts";
import { BufferPool } from "../../../src/http1/buffer_pool.ts";
import { ResponseEncoder } from "../../../src/http1/response_encoder.ts";
import { Scoreboard } from "../../../src/ipc/scoreboard.ts";
import { resolveServerOptions } from "../../../src/options/server_options.ts";
import { ReasonLog } from "../../../src/telemetry/reason_log.ts";
import { AccessLog } from "../../../src/telemetry/access_log.ts";
import { Connection } from "../../../src/connection/connection.ts";
import { HandlerCalls } from "../../../src/connection/handler_calls.ts";
import { Deadlines } from "../../../src/connection/deadlines.ts";
import { RequestClock } from "../../../src/connection/request_clock.ts";
import { ReadFairness } from "../../../src/connection/read_fairness.ts";
import {
  BROWSER,
  BROWSER_HEAD,
  BYTES_10K_HEAD,
  HELLO_ASYNC_HEAD,
  HELLO_HEAD,
  ORDER,
  ORDER_REQUEST,
  PIPELINE_DEPTH,
  routedRequest,
  UPLOAD_BYTES,
  UPLOAD_REQUEST,
} from "../requests.ts";
import { EndlessConn } from "./endless_conn.ts";
import { pathsAtRandom, ROUTE_COUNTS, routerWith } from "./routed.ts";
import { benchAll, type Subject, subject } from "./subject.ts";

/** How many requests make a run. */
const REQUESTS = 100;

const TICK_MS = 1_000;

const encoder = new TextEncoder();

interface Circumstances {
  /** How many routes there are beside the benchmark's paths. */
  readonly routes: number;
  readonly log: "off" | "text" | "json";
}

/** A connection that is served. */
function serve(nextBytes: () => Uint8Array, { routes, log }: Circumstances): EndlessConn {
  const client = new EndlessConn(nextBytes);
  const dispatcher = new Dispatcher(routerWith(routes), () => undefined);
  const connection = new Connection(client.conn, {
    settings: resolveServerOptions({ accessLog: "off" }),
    pool: new BufferPool(),
    encoder: new ResponseEncoder("Sun, 06 Nov 1994 08:49:37 GMT"),
    dispatcher,
    handlerCalls: new HandlerCalls(dispatcher),
    deadlines: new Deadlines(TICK_MS, 0),
    admission: undefined,
    readFairness: new ReadFairness(),
    requestClock: log === "off" ? undefined : new RequestClock(),
    scoreboard: new Scoreboard(),
    background: { add() {}, addEnding() {} },
    webSockets: undefined,
    inFlightRequests: new InFlightRequests(),
    reasonLog: new ReasonLog("the benchmark", () => {}),
    requestMetrics: undefined,
    observation: undefined,
    accessLog: log === "off" ? undefined : accessLog(log),
    onFault: (error) => {
      throw error;
    },
    onClosed: () => {},
    isDraining: false,
    drainsFor: "shutdown",
  });
  connection.serve();
  return client;
}

/** A log that nobody reads. */
function accessLog(format: "text" | "json"): AccessLog {
  return new AccessLog({
    format,
    worker: 1,
    exclude: [],
    write: () => Promise.resolve(),
    onFailure: () => {},
  });
}

/** Exchanges, timed; the test asks once and looks at the answers. The client waits for the answers `runs` times in a run. */
function exchanges(
  what: string,
  nextBytes: () => Uint8Array,
  bodies: readonly string[],
  { runs = REQUESTS, routes = 0, log = "off" }: Partial<Circumstances & { runs: number }> = {},
): Subject {
  const client = serve(nextBytes, { routes, log });
  return subject({
    name: `${REQUESTS} times ${what}`,
    run: async () => {
      await client.exchange(runs);
      return client;
    },
    tell: async () => bodiesIn(await client.ask()),
    expected: bodies,
  });
}

/** The bodies of the answers in a text; an answer that is not a 200 with a length stands as it is. */
function bodiesIn(text: string): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < text.length;) {
    const head = /^HTTP\/1\.1 200 OK\r\n[^]*?Content-Length: (\d+)\r\n\r\n/.exec(
      text.slice(at),
    );
    if (head === null) return [...bodies, text.slice(at)];
    at += head[0].length + Number(head[1]);
    bodies.push(text.slice(at - Number(head[1]), at));
  }
  return bodies;
}

function same(text: string): () => Uint8Array {
  const bytes = encoder.encode(text);
  return () => bytes;
}

function routed(routes: number): () => Uint8Array {
  const nextPath = pathsAtRandom(routes);
  const known = new Map<string, Uint8Array>();
  return () => {
    const path = nextPath();
    let bytes = known.get(path);
    if (bytes === undefined) known.set(path, bytes = encoder.encode(routedRequest(path)));
    return bytes;
  };
}

const HELLO = "Hello World";
const PROFILE = JSON.stringify({
  id: BROWSER.id,
  tab: BROWSER.tab,
  session: BROWSER.session,
  agent: BROWSER.agent,
  language: BROWSER.language,
});

/** So many requests at a time, and the rest of a run at the end of it. */
function pipelines(what: string, text: string, body: string): Subject {
  const full = encoder.encode(text.repeat(PIPELINE_DEPTH));
  const rest = encoder.encode(text.repeat(REQUESTS % PIPELINE_DEPTH));
  const runs = Math.ceil(REQUESTS / PIPELINE_DEPTH);
  let next = 0;
  const nextBytes = () => ++next % runs === 0 ? rest : full;
  const bodies = Array<string>(PIPELINE_DEPTH).fill(body);
  return exchanges(`${what}, ${PIPELINE_DEPTH} pipelined`, nextBytes, bodies, { runs });
}

export const subjects: readonly Subject[] = [
  exchanges("hello", same(HELLO_HEAD), [HELLO]),
  exchanges("hello, logged as text", same(HELLO_HEAD), [HELLO], { log: "text" }),
  exchanges("hello, logged as JSON", same(HELLO_HEAD), [HELLO], { log: "json" }),
  exchanges("hello, by an async handler", same(HELLO_ASYNC_HEAD), [HELLO]),
  exchanges("a browser's head and the reads of it", same(BROWSER_HEAD), [PROFILE]),
  exchanges("1 KiB of JSON, parsed and answered", same(ORDER_REQUEST), [ORDER]),
  exchanges("64 KiB posted", same(UPLOAD_REQUEST), [String(UPLOAD_BYTES)]),
  exchanges("10 KiB answered", same(BYTES_10K_HEAD), ["a".repeat(10_240)]),
  pipelines("hello", HELLO_HEAD, HELLO),
  pipelines("a browser's head and the reads of it", BROWSER_HEAD, PROFILE),
  ...ROUTE_COUNTS.map((routes) => {
    const what = `one of ${routes.toLocaleString("en")} routes`;
    return exchanges(what, routed(routes), [HELLO], { routes });
  }),
];

benchAll("Exchange", subjects);
