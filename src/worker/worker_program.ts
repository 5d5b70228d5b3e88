// The program that a worker runs: what the user's module registered and called `run()` with.

import type { BackgroundTasks } from "../connection/background_tasks.ts";
import type { ProbeReport } from "../ipc/messages.ts";
import type { Handler } from "../handler/handler.ts";
import type { RunOptions } from "../options/run_options.ts";
import type { ServerSettings } from "../options/server_options.ts";
import type { Router } from "../routing/router.ts";
import type { ShutdownCallbacks } from "./shutdown_callbacks.ts";

/** What a worker serves. */
export interface WorkerProgram {
  readonly settings: ServerSettings;
  readonly router: Router<Handler>;
  /** The arguments of `run()`. */
  readonly runOptions: RunOptions;
  /** Called when the worker listens, before it accepts. */
  readonly onListen?: (address: Deno.Addr) => void;
  /** The work that continues after responses. The worker waits for it at its end. */
  readonly background: BackgroundTasks;
  /** Called at the worker's end. */
  readonly shutdownCallbacks: ShutdownCallbacks;
}

/** Reports what a worker would serve, in a form that can be sent to the supervisor. */
export function reportOf(
  { router, runOptions }: Pick<WorkerProgram, "router" | "runOptions">,
): ProbeReport {
  const { entry, onEvent, ...others } = runOptions;
  return {
    routes: router.routes.map(({ pattern, isExact, allow }) => ({ pattern, isExact, allow })),
    runOptions: entry === undefined ? others : { ...others, entry: String(entry) },
    hasOnEvent: onEvent !== undefined,
  };
}
