// A reload replaces workers one at a time, the new one first. This file decides which worker is
// next. It only reads states: the fleet retires the worker, and the usual replacement does the
// rest.

import type { WorkerState } from "./fleet_protocol.ts";

type States = ReadonlyMap<number, WorkerState>;

/** What a reload does next. */
export type ReloadStep =
  /** A replacement is under way. */
  | { readonly kind: "wait" }
  | { readonly kind: "retire"; readonly worker: number }
  | { readonly kind: "done" };

/** A reload that is under way. */
export class RollingReload {
  /** The workers with older code, in the order in which they are replaced. */
  readonly #old: number[];

  /**
   * Begins with all workers that exist now, also those that an earlier reload has brought: their
   * code is older, too.
   */
  constructor(states: States) {
    this.#old = [...states]
      .filter(([, { kind }]) => kind === "accepting" || kind === "starting")
      .map(([worker]) => worker);
  }

  /** Returns what to do next. A worker is returned at most once. */
  next(states: States): ReloadStep {
    const others = [...states.values()];
    if (others.some(({ kind }) => kind === "starting" || kind === "retiring")) {
      return { kind: "wait" };
    }
    for (let worker = this.#old.shift(); worker !== undefined; worker = this.#old.shift()) {
      if (states.get(worker)?.kind === "accepting") return { kind: "retire", worker };
    }
    // Until it stops accepting, an old worker may take one more connection and serve it with old
    // code.
    const oldAccepts = others.some((state) =>
      state.kind === "draining" && !state.hasStoppedAccepting
    );
    return { kind: oldAccepts ? "wait" : "done" };
  }
}
