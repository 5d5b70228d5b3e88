// Has the upgraded connections of a worker end, by a schedule: a WebSocket sends its close frame
// then. It does not wait for their ends: the drain of all connections does.

import type { UpgradeDrain } from "../handler/upgrade.ts";
import { CLOSE_STEP_MS, CloseSchedule } from "./close_schedule.ts";

/** A connection that may be upgraded. It is told once, and nothing happens if it has ended. */
export interface DrainableConnection {
  drainUpgrade(why: UpgradeDrain): void;
}

/**
 * Has each of the connections end, the last one at most `withinMs` from now. Returns a function that
 * stops this.
 */
export function drainUpgrades(
  connections: readonly DrainableConnection[],
  why: UpgradeDrain,
  withinMs: number,
): () => void {
  const schedule = new CloseSchedule(connections.length, withinMs);
  const beganAt = performance.now();
  let drained = 0;
  const step = (): void => {
    const due = schedule.dueAfter(performance.now() - beganAt);
    while (drained < due) connections[drained++].drainUpgrade(why);
    if (drained === connections.length) clearInterval(timer);
  };
  const timer = setInterval(step, CLOSE_STEP_MS);
  step();
  return () => clearInterval(timer);
}
