// Sends a second signal to stop so late that it cuts short.

import { STOP_SIGNAL_WINDOW_MS } from "../../../src/supervisor/fleet.ts";
import type { Program } from "./program.ts";

/**
 * Sends a signal that is later than the first by as much as it takes to count as another one. The program's own clock stands still
 * while the machine gives it no time, so one signal may not do.
 */
export async function signalLater(program: Program, signal: Deno.Signal): Promise<void> {
  let hasStopped = false;
  const stopped = program.stderr.find(/ mudpie: stopped$/).then(() => hasStopped = true);
  while (!hasStopped) {
    await Promise.race([stopped, delay(STOP_SIGNAL_WINDOW_MS)]);
    if (!hasStopped) program.signal(signal);
    await Promise.race([stopped, delay(STOP_SIGNAL_WINDOW_MS)]);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
