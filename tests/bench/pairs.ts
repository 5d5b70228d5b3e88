// Which server is compared with which other one, on which workloads, with which targets. A new comparison is a new entry here.

import { HTML_PAGES, JSON_PAGES } from "./peers/pages.js";
import {
  BUN_FETCH,
  DENO_SERVE,
  EXPRESS,
  FASTIFY,
  H3,
  HONO,
  MUDPIE,
  MUDPIE_COMMAND_LINE,
  MUDPIE_FETCH,
  type Peer,
} from "./servers.ts";

/** A side of a comparison, with the name that its columns have. */
export interface Side {
  readonly peer: Peer;
  readonly name: string;
}

/** A geometric mean of the CPU ratios of some rows. */
export interface Mean {
  readonly what: string;
  /** The names of the workloads. */
  readonly rows: readonly string[];
  readonly target?: number;
}

/** Two servers, and the rows in which they are compared. */
export interface Pair {
  readonly name: string;
  readonly own: Side;
  readonly base: Side;
  /** The workloads by name, with the target of the CPU ratio, undefined if there is none. */
  readonly rows: Readonly<Record<string, number | undefined>>;
  /** The target of the ratio of the p99. */
  readonly p99Target?: number;
  readonly means: readonly Mean[];
}

const ON_DENO: Side = { peer: DENO_SERVE, name: "Deno.serve" };
const P99_TARGET = 1.5;

const PAGES = [...HTML_PAGES, ...JSON_PAGES];

/** The pages as rows; those of 1 KiB have no target. */
function pageRows(target: number | undefined): Record<string, number | undefined> {
  return Object.fromEntries(
    PAGES.map(({ name, bytes }) => [name, bytes > 1_024 ? target : undefined]),
  );
}

/** The five rows by which applications are compared with each other. */
const FIVE_ROWS = [
  "hello-fields",
  "browser-reads",
  "json-post-1k",
  "post-64k-buffer",
  "html-10k-ascii",
];

const FIVE: Record<string, undefined> = Object.fromEntries(
  FIVE_ROWS.map((name) => [name, undefined]),
);

/** Today's rows: what Mudpie's own handlers were measured by first. */
const OWN_ROWS = {
  "hello-sync": 1,
  "hello-async": 1,
  "browser-reads": 0.8,
  "json-post-1k": 0.72,
  "post-64k": 0.73,
  "response-10k": 0.55,
  "response-64k": 0.55,
  "pipelined-hello": 0.12,
  "pipelined-browser": 0.55,
  "new-connection": 1.14,
};

const FETCH_ROWS = {
  "hello-fields": 1.15,
  "hello-fields-async": 1.15,
  "json-small": 1.1,
  "browser-reads": 0.95,
  "json-post-1k": 0.85,
  "post-64k-buffer": 0.85,
  "form-urlencoded": 0.85,
  "form-multipart": 0.85,
  ...pageRows(0.95),
  "pipelined-hello": 0.3,
  "pipelined-browser": undefined,
  "new-connection": 1.25,
  "new-connection-lived": 1.25,
};

const FETCH_MEANS: readonly Mean[] = [
  { what: "five rows", rows: FIVE_ROWS, target: 0.9 },
  { what: "fetch rows", rows: Object.keys(FETCH_ROWS), target: 0.9 },
];

/** What frameworks are compared on; the target is that of the mean. */
const FRAMEWORK_ROWS = {
  ...FIVE,
  "hello-fields-async": undefined,
  "json-small": undefined,
  "form-urlencoded": undefined,
  "html-64k-ascii": undefined,
  "json-10k-unicode": undefined,
};

function framework(name: string, what: string, peers: { onDeno: Peer; onMudpie: Peer }): Pair {
  return {
    name,
    own: { peer: peers.onMudpie, name: `${what} on Mudpie` },
    base: { peer: peers.onDeno, name: `${what} on Deno.serve` },
    rows: FRAMEWORK_ROWS,
    p99Target: P99_TARGET,
    means: [
      { what: "five rows", rows: FIVE_ROWS, target: 0.95 },
      { what: `${what} rows`, rows: Object.keys(FRAMEWORK_ROWS) },
    ],
  };
}

/** What programs that listen by node:http are compared on. */
const NODE_ROWS = { "node-hello-sync": 1, "node-json-post-1k": 1, "node-html-10k-ascii": 1 };

/** A program on Mudpie beside the same one on Deno's own node:http, and beside Node. */
function nodeProgram(
  name: string,
  what: string,
  { onDeno, onNode, onMudpie }: { onDeno: Peer; onNode: Peer; onMudpie: Peer },
): Pair[] {
  const own = { peer: onMudpie, name: `${what} on Mudpie` };
  const rows = NODE_ROWS;
  const mean = { what: `${what} rows`, rows: Object.keys(rows) };
  return [
    {
      name,
      own,
      base: { peer: onDeno, name: `${what} on Deno` },
      rows,
      p99Target: P99_TARGET,
      means: [{ ...mean, target: 0.85 }],
    },
    {
      name: `${name}-node`,
      own,
      base: { peer: onNode, name: `${what} on Node` },
      rows,
      means: [mean],
    },
  ];
}

/** All of them. */
export const PAIRS: readonly Pair[] = [
  {
    name: "own",
    own: { peer: MUDPIE, name: "Mudpie" },
    base: ON_DENO,
    rows: OWN_ROWS,
    p99Target: P99_TARGET,
    means: [{ what: "rows", rows: Object.keys(OWN_ROWS), target: 0.65 }],
  },
  {
    name: "own-more",
    own: { peer: MUDPIE, name: "Mudpie" },
    base: ON_DENO,
    rows: {
      "hello-fields": undefined,
      "hello-fields-async": undefined,
      "json-small": undefined,
      "post-64k-buffer": undefined,
      "form-urlencoded": undefined,
      "form-multipart": undefined,
      ...pageRows(0.8),
      "new-connection-lived": 1.15,
    },
    p99Target: P99_TARGET,
    means: [{ what: "pages", rows: PAGES.map(({ name }) => name) }],
  },
  {
    name: "fetch",
    own: { peer: MUDPIE_FETCH, name: "fetchHandler on Mudpie" },
    base: ON_DENO,
    rows: FETCH_ROWS,
    p99Target: P99_TARGET,
    means: FETCH_MEANS,
  },
  {
    name: "command-line",
    own: { peer: MUDPIE_COMMAND_LINE, name: "default export on Mudpie" },
    base: ON_DENO,
    rows: FETCH_ROWS,
    p99Target: P99_TARGET,
    means: FETCH_MEANS,
  },
  framework("hono", "Hono", HONO),
  framework("h3", "h3", H3),
  ...nodeProgram("express", "Express", EXPRESS),
  ...nodeProgram("fastify", "Fastify", FASTIFY),
  {
    name: "bun",
    own: { peer: MUDPIE, name: "Mudpie" },
    base: { peer: BUN_FETCH, name: "Bun" },
    rows: FIVE,
    means: [{ what: "five rows", rows: FIVE_ROWS, target: 1.15 }],
  },
];
