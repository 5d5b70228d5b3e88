// Selects what is measured: which workloads, and which servers with each of them.

import type { BenchOptions } from "./arguments.ts";
import { type Pair, PAIRS } from "./pairs.ts";
import { DENO_SERVE, MUDPIE, type Peer, PEERS } from "./servers.ts";

/** The part of the options that selects. */
export type Selection = Pick<BenchOptions, "workloads" | "peers" | "pairs">;

/** The pairs that are named, all without any names. */
export function wantedPairs({ pairs }: Selection): readonly Pair[] {
  return PAIRS.filter(({ name }) => pairs?.includes(name) ?? true);
}

/** Whether something is measured: what is named, or otherwise what the named pairs compare, or otherwise everything. */
export function isWanted(name: string, options: Selection): boolean {
  if (options.workloads !== undefined) return options.workloads.includes(name);
  return options.pairs === undefined || wantedPairs(options).some(({ rows }) => name in rows);
}

/**
 * The servers that are measured with a workload, or with any: `Deno.serve` always. If pairs are named, the two of each
 * pair that has the workload, and the named servers. Otherwise Mudpie, and the named servers or all.
 */
export function peersOf(options: Selection, workload?: string): readonly Peer[] {
  const { peers, pairs } = options;
  if (pairs === undefined) {
    return PEERS.filter((peer) =>
      peer === MUDPIE || peer === DENO_SERVE || (peers?.includes(peer.name) ?? true)
    );
  }
  const sides = wantedPairs(options)
    .filter(({ rows }) => workload === undefined || workload in rows)
    .flatMap(({ own, base }) => [own.peer, base.peer]);
  return PEERS.filter((peer) =>
    peer === DENO_SERVE || sides.includes(peer) || peers?.includes(peer.name)
  );
}
