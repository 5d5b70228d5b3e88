// The servers whose failures are compared, each with as many workers and as much memory as the others.

import { missingNode, type Peer, peerFile } from "../servers.ts";

/** So many that one that is missing is seen, and that others are left to be looked at. */
export const WORKERS = 4;

/** Short, so that a hang is seen within the time that is looked for; the default is 30 s. */
export const HANG_TIMEOUT_MS = 2_000;

/** Small, so that running out of memory takes a second and not a minute. */
export const HEAP_LIMIT_MEGABYTES = 256;

const HEAP_LIMIT = `--max-old-space-size=${HEAP_LIMIT_MEGABYTES}`;

/** A server that is made to fail. */
export interface FailingPeer extends Peer {
  /** Whether SIGHUP has its workers replaced, one after the other. */
  readonly reloads: boolean;
}

function mudpie(isolation: "web" | "thread"): FailingPeer {
  return {
    name: `mudpie-${isolation}`,
    what: `Mudpie, \`isolation: "${isolation}"\``,
    workers: WORKERS,
    reloads: true,
    command: () => {
      // Under threads the limit is an option of run().
      const limit = isolation === "web" ? [`--v8-flags=${HEAP_LIMIT}`] : [];
      return [
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        ...limit,
        peerFile("failing_mudpie.ts"),
      ];
    },
    environment: {
      BENCH_ISOLATION: isolation,
      BENCH_HANG_TIMEOUT_MS: `${HANG_TIMEOUT_MS}`,
      BENCH_HEAP_LIMIT_BYTES: `${HEAP_LIMIT_MEGABYTES * 1_048_576}`,
    },
  };
}

export const FAILING_DENO: FailingPeer = {
  name: "deno-parallel",
  what: "`deno serve --parallel`",
  workers: WORKERS,
  reloads: false,
  command: (port) => [
    ...[Deno.execPath(), "serve", "-A", "--no-check", `--v8-flags=${HEAP_LIMIT}`, "--parallel"],
    ...["--host", "127.0.0.1", "--port", `${port}`, peerFile("failing_deno_serve.ts")],
  ],
  environment: { DENO_JOBS: `${WORKERS}` },
};

export const FAILING_NODE: FailingPeer = {
  name: "node-cluster",
  what: "`node:cluster`",
  workers: WORKERS,
  reloads: true,
  command: () => ["node", HEAP_LIMIT, peerFile("failing_node_cluster.mjs")],
  missing: missingNode,
};

export const FAILING_MUDPIE_WEB = mudpie("web");
export const FAILING_MUDPIE_THREAD = mudpie("thread");

/** In the order of the table's columns. */
export const FAILING_PEERS: readonly FailingPeer[] = [
  FAILING_DENO,
  FAILING_NODE,
  FAILING_MUDPIE_WEB,
  FAILING_MUDPIE_THREAD,
];
