// What is asked of every server, and what it has to answer. A new workload is a new entry here, and a handler in each of peers/.

import { BYTES_10K, BYTES_64K, HELLO, statusOf } from "./peers/answers.js";
import { HTML_PAGES, JSON_PAGES } from "./peers/pages.js";
import {
  BROWSER,
  BROWSER_HEAD,
  BYTES_10K_HEAD,
  BYTES_64K_HEAD,
  FORM,
  HELLO_ASYNC_HEAD,
  HELLO_FIELDS_ASYNC_HEAD,
  HELLO_FIELDS_HEAD,
  HELLO_HEAD,
  LAST_HELLO_HEAD,
  MULTIPART_REQUEST,
  ORDER,
  ORDER_REQUEST,
  PIPELINE_DEPTH,
  routedRequest,
  STATUS_HEAD,
  UPLOAD_BUFFER_REQUEST,
  UPLOAD_BYTES,
  UPLOAD_REQUEST,
  URLENCODED_REQUEST,
} from "./requests.ts";
import { routePath, routesAtRandom } from "./routes.js";

/** What a server has to answer. */
export interface ExpectedAnswer {
  /** The media type, without parameters. */
  readonly contentType: string;
  readonly body: string;
  /** Fields that the response has beside those that every response has, in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
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
  /** Whether it is for programs that listen by node:http, and for no others beside `Deno.serve`. */
  readonly isForNode: boolean;
  /** How many connections are kept. */
  readonly connections: number;
  /** What the server answers before the check, the warm-up and the measurement: a server that has lived. */
  readonly life: readonly Workload[];
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

/** Kept connections; as many are open at a time where each is for one request. */
export const CONNECTIONS = 64;

const DEFAULTS = {
  depth: 1,
  isLast: false,
  routes: 0,
  isForBare: false,
  isForNode: false,
  connections: CONNECTIONS,
  life: [],
};

function bytesAnswer(bytes: Uint8Array): ExpectedAnswer {
  return { contentType: BYTES, body: new TextDecoder().decode(bytes) };
}

/** Those of our own responses, of bytes and of pipelining. */
const FIRST_WORKLOADS: readonly Workload[] = [
  {
    ...DEFAULTS,
    name: "hello-sync",
    what: "hello, by a handler that is no async function",
    requests: [HELLO_HEAD],
    answer: HELLO_ANSWER,
    isForBare: true,
  },
  {
    ...DEFAULTS,
    name: "hello-async",
    what: "hello, by an async handler",
    requests: [HELLO_ASYNC_HEAD],
    answer: HELLO_ANSWER,
    isForBare: true,
  },
  {
    ...DEFAULTS,
    name: "browser-reads",
    what:
      "a browser's head of 660 bytes; two fields, a cookie, a query value and a parameter as JSON",
    requests: [BROWSER_HEAD],
    answer: PROFILE_ANSWER,
  },
  {
    ...DEFAULTS,
    name: "json-post-1k",
    what: "1 KiB of JSON, parsed and answered",
    requests: [ORDER_REQUEST],
    answer: { contentType: JSON_TYPE, body: ORDER },
  },
  {
    ...DEFAULTS,
    name: "post-64k",
    what: "64 KiB posted, their number answered",
    requests: [UPLOAD_REQUEST],
    answer: { contentType: TEXT, body: String(UPLOAD_BYTES) },
  },
  {
    ...DEFAULTS,
    name: "response-10k",
    what: "10 KiB of bytes answered",
    requests: [BYTES_10K_HEAD],
    answer: bytesAnswer(BYTES_10K),
  },
  {
    ...DEFAULTS,
    name: "response-64k",
    what: "64 KiB of bytes answered",
    requests: [BYTES_64K_HEAD],
    answer: bytesAnswer(BYTES_64K),
  },
  {
    ...DEFAULTS,
    name: "pipelined-hello",
    what: `hello, ${PIPELINE_DEPTH} requests at a time`,
    requests: [HELLO_HEAD.repeat(PIPELINE_DEPTH)],
    depth: PIPELINE_DEPTH,
    answer: HELLO_ANSWER,
  },
  {
    ...DEFAULTS,
    name: "pipelined-browser",
    what: `a browser's head and the reads of it, ${PIPELINE_DEPTH} requests at a time`,
    requests: [BROWSER_HEAD.repeat(PIPELINE_DEPTH)],
    depth: PIPELINE_DEPTH,
    answer: PROFILE_ANSWER,
  },
  {
    ...DEFAULTS,
    name: "new-connection",
    what: "hello, one request for each connection",
    requests: [LAST_HELLO_HEAD],
    isLast: true,
    answer: HELLO_ANSWER,
    isForBare: true,
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
  };
}

/** Those in which Mudpie is compared with itself; the first one is what the others are compared with. */
export const ROUTED_WORKLOADS: readonly Workload[] = [10, 1_000, 100_000].map(routedWorkload);

const NOT_STORED = { "cache-control": "no-store" };

function formAnswer(file: number | null): ExpectedAnswer {
  const { name, message } = FORM;
  return {
    contentType: JSON_TYPE,
    body: JSON.stringify({ name, message: message.length, file }),
  };
}

/** Those of applications as the platform's documentation writes them. */
const FETCH_WORKLOADS: readonly Workload[] = [
  {
    ...DEFAULTS,
    name: "hello-fields",
    what: "hello with fields, by a handler that is no async function",
    requests: [HELLO_FIELDS_HEAD],
    answer: { ...HELLO_ANSWER, fields: NOT_STORED },
  },
  {
    ...DEFAULTS,
    name: "hello-fields-async",
    what: "hello with fields, by an async handler",
    requests: [HELLO_FIELDS_ASYNC_HEAD],
    answer: { ...HELLO_ANSWER, fields: NOT_STORED },
  },
  {
    ...DEFAULTS,
    name: "json-small",
    what: "a small object as JSON",
    requests: [STATUS_HEAD],
    answer: { contentType: JSON_TYPE, body: JSON.stringify(statusOf()) },
  },
  {
    ...DEFAULTS,
    name: "post-64k-buffer",
    what: "64 KiB posted, read as an ArrayBuffer, their number answered",
    requests: [UPLOAD_BUFFER_REQUEST],
    answer: { contentType: TEXT, body: String(UPLOAD_BYTES) },
  },
  {
    ...DEFAULTS,
    name: "form-urlencoded",
    what: "a form of two fields, read by formData()",
    requests: [URLENCODED_REQUEST],
    answer: formAnswer(null),
  },
  {
    ...DEFAULTS,
    name: "form-multipart",
    what: "a form of two fields and a file of 2 KB, read by formData()",
    requests: [MULTIPART_REQUEST],
    answer: formAnswer(FORM.file.length),
  },
];

/** Pages that are rendered anew for each request. */
const HTML_WORKLOADS = HTML_PAGES.map(({ name, path, bytes, render }): Workload => ({
  ...DEFAULTS,
  name,
  what: `a page of HTML of ${bytes.toLocaleString("en")} bytes, rendered anew`,
  requests: [routedRequest(path)],
  answer: { contentType: "text/html", body: render() },
}));
const JSON_WORKLOADS = JSON_PAGES.map(({ name, path, bytes, value }): Workload => ({
  ...DEFAULTS,
  name,
  what: `${bytes.toLocaleString("en")} bytes of JSON, made anew`,
  requests: [routedRequest(path)],
  answer: { contentType: JSON_TYPE, body: JSON.stringify(value()) },
}));

/** What a server has done that has lived: it has answered pipelined requests, at many routes, and bodies. */
const LIFE = [
  workloadNamed("pipelined-hello"),
  ROUTED_WORKLOADS[1],
  workloadNamed("json-post-1k"),
];

function workloadNamed(name: string): Workload {
  const found = [...FIRST_WORKLOADS, ...HTML_WORKLOADS].find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`No workload is called ${JSON.stringify(name)}`);
  return found;
}

const LIVED_WORKLOAD: Workload = {
  ...workloadNamed("new-connection"),
  name: "new-connection-lived",
  what: "hello, one request for each connection, by a server that has lived",
  routes: ROUTED_WORKLOADS[1].routes,
  isForBare: false,
  life: LIFE,
};

/** As many as such programs are measured with elsewhere. */
const NODE_CONNECTIONS = 16;

/** Those of programs that listen by node:http: three that they have in common with others, on fewer connections. */
const NODE_WORKLOADS = [
  workloadNamed("hello-sync"),
  workloadNamed("json-post-1k"),
  workloadNamed("html-10k-ascii"),
].map((workload): Workload => ({
  ...workload,
  name: `node-${workload.name}`,
  what: `${workload.what}; ${NODE_CONNECTIONS} connections`,
  isForBare: false,
  isForNode: true,
  connections: NODE_CONNECTIONS,
}));

/** Those in which servers are compared with each other. */
export const WORKLOADS: readonly Workload[] = [
  ...FIRST_WORKLOADS,
  ...FETCH_WORKLOADS,
  ...HTML_WORKLOADS,
  ...JSON_WORKLOADS,
  LIVED_WORKLOAD,
  ...NODE_WORKLOADS,
];
