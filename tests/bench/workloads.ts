// What is asked of every server, and what it has to answer. A new workload is a new entry here, and a handler in each of peers/.

import { BYTES_10K, BYTES_64K, HELLO } from "./peers/answers.js";
import {
  BROWSER,
  BROWSER_HEAD,
  BYTES_10K_HEAD,
  BYTES_64K_HEAD,
  HELLO_ASYNC_HEAD,
  HELLO_HEAD,
  LAST_HELLO_HEAD,
  ORDER,
  ORDER_REQUEST,
  PIPELINE_DEPTH,
  routedRequest,
  UPLOAD_BYTES,
  UPLOAD_REQUEST,
} from "./requests.ts";
import { routePath, routesAtRandom } from "./routes.js";

/** What a server has to answer. */
export interface ExpectedAnswer {
  /** The media type, without parameters. */
  readonly contentType: string;
  readonly body: string;
}

/** One kind of load. */
export interface Workload {
  readonly name: string;
  readonly what: string;
  /** What is sent, one after the other; each is as many requests as are pipelined. */
  readonly requests: readonly string[];
  readonly depth: number;
  readonly answer: ExpectedAnswer;
  /** Whether the server ends the connection behind the answer. */
  readonly isLast: boolean;
  /** How many routes the server has beside its paths. */
  readonly routes: number;
  /** Whether the loop that parses nothing can answer it. */
  readonly isForBare: boolean;
  /** The ratio to `Deno.serve` in processor time that issue 5 asks for. */
  readonly target: number | undefined;
}

const TEXT = "text/plain";
const JSON_TYPE = "application/json";
const BYTES = "application/octet-stream";

const HELLO_ANSWER: ExpectedAnswer = { contentType: TEXT, body: HELLO };
const PROFILE_ANSWER: ExpectedAnswer = {
  contentType: JSON_TYPE,
  body: JSON.stringify({
    id: BROWSER.id,
    tab: BROWSER.tab,
    session: BROWSER.session,
    agent: BROWSER.agent,
    language: BROWSER.language,
  }),
};

const DEFAULTS = { depth: 1, isLast: false, routes: 0, isForBare: false };

function bytesAnswer(bytes: Uint8Array): ExpectedAnswer {
  return { contentType: BYTES, body: new TextDecoder().decode(bytes) };
}

/** Those in which Mudpie is compared with others. */
export const WORKLOADS: readonly Workload[] = [
  {
    ...DEFAULTS,
    name: "hello-sync",
    what: "hello, by a handler that is no async function",
    requests: [HELLO_HEAD],
    answer: HELLO_ANSWER,
    isForBare: true,
    target: 1,
  },
  {
    ...DEFAULTS,
    name: "hello-async",
    what: "hello, by an async handler",
    requests: [HELLO_ASYNC_HEAD],
    answer: HELLO_ANSWER,
    isForBare: true,
    target: 1,
  },
  {
    ...DEFAULTS,
    name: "browser-reads",
    what:
      "a browser's head of 660 bytes; two fields, a cookie, a query value and a parameter as JSON",
    requests: [BROWSER_HEAD],
    answer: PROFILE_ANSWER,
    target: 0.8,
  },
  {
    ...DEFAULTS,
    name: "json-post-1k",
    what: "1 KiB of JSON, parsed and answered",
    requests: [ORDER_REQUEST],
    answer: { contentType: JSON_TYPE, body: ORDER },
    target: 0.72,
  },
  {
    ...DEFAULTS,
    name: "post-64k",
    what: "64 KiB posted, their number answered",
    requests: [UPLOAD_REQUEST],
    answer: { contentType: TEXT, body: String(UPLOAD_BYTES) },
    target: 0.73,
  },
  {
    ...DEFAULTS,
    name: "response-10k",
    what: "10 KiB of bytes answered",
    requests: [BYTES_10K_HEAD],
    answer: bytesAnswer(BYTES_10K),
    target: 0.55,
  },
  {
    ...DEFAULTS,
    name: "response-64k",
    what: "64 KiB of bytes answered",
    requests: [BYTES_64K_HEAD],
    answer: bytesAnswer(BYTES_64K),
    target: 0.55,
  },
  {
    ...DEFAULTS,
    name: "pipelined-hello",
    what: `hello, ${PIPELINE_DEPTH} requests at a time`,
    requests: [HELLO_HEAD.repeat(PIPELINE_DEPTH)],
    depth: PIPELINE_DEPTH,
    answer: HELLO_ANSWER,
    target: 0.12,
  },
  {
    ...DEFAULTS,
    name: "pipelined-browser",
    what: `a browser's head and the reads of it, ${PIPELINE_DEPTH} requests at a time`,
    requests: [BROWSER_HEAD.repeat(PIPELINE_DEPTH)],
    depth: PIPELINE_DEPTH,
    answer: PROFILE_ANSWER,
    target: 0.55,
  },
  {
    ...DEFAULTS,
    name: "new-connection",
    what: "hello, one request for each connection",
    requests: [LAST_HELLO_HEAD],
    isLast: true,
    answer: HELLO_ANSWER,
    isForBare: true,
    target: 1.14,
  },
];

/** How many of the routes are asked for. */
const ROUTED_REQUESTS = 10_000;

function routedWorkload(routes: number): Workload {
  return {
    ...DEFAULTS,
    name: `routes-${routes}`,
    what: `hello at one of ${routes.toLocaleString("en")} routes, at random`,
    requests: routesAtRandom(routes, ROUTED_REQUESTS).map((index) =>
      routedRequest(routePath(index))
    ),
    answer: HELLO_ANSWER,
    routes,
    target: undefined,
  };
}

/** Those in which Mudpie is compared with itself; the first one is what the others are compared with. */
export const ROUTED_WORKLOADS: readonly Workload[] = [10, 1_000, 100_000].map(routedWorkload);
