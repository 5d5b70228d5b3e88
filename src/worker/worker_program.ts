// The program that a worker runs: what the user's module registered and called `run()` with.

import type { BackgroundTasks } from "../connection/background_tasks.ts";
import type { Introduction, ServedBy } from "../ipc/messages.ts";
import type { ConnectionHooks } from "../handler/connection_hooks.ts";
import type { Handler } from "../handler/handler.ts";
import type { RunOptions } from "../options/run_options.ts";
import type { ServerSettings, WebServerOptions } from "../options/server_options.ts";
import type { Router } from "../routing/router.ts";
import type { LogSink } from "../telemetry/log.ts";
import type { SideServers } from "./side_servers.ts";
import type { ShutdownCallbacks } from "./shutdown_callbacks.ts";

/** What a worker serves. */
export interface WorkerProgram {
  readonly settings: ServerSettings;
  readonly router: Router<Handler>;
  readonly servedBy: ServedBy;
  /** The arguments of `run()`, or what another call asks for of the same. */
  readonly runOptions: RunOptions;
  /** What the handlers need before they are called. */
  readonly prepared?: Promise<void>;
  /** Returns what the program changes of the settings until the worker serves. */
  readonly lateOptions?: () => WebServerOptions;
  /** Returns what the program takes part in beside its handlers, when they are prepared. */
  readonly hooks?: () => ConnectionHooks;
  /** Called when the worker listens, before it accepts. */
  readonly onListen?: (address: Deno.Addr) => void;
  /** What the program serves beside this. */
  readonly sideServers?: SideServers;
  /** The work that continues after responses. The worker waits for it at its end. */
  readonly background: BackgroundTasks;
  /**
   * Called at the worker's end, when nothing is under way any more, before the callbacks. It
   * resolves by this time.
   */
  readonly onDrained?: (time: number, log: LogSink) => Promise<void>;
  /** Called at the worker's end. */
  readonly shutdownCallbacks: ShutdownCallbacks;
}

/** Describes what a worker would serve, in a form that can be sent to the supervisor. */
export function introductionOf(
  { servedBy, router, runOptions }: Pick<WorkerProgram, "servedBy" | "router" | "runOptions">,
): Omit<Introduction, "answer"> {
  const { entry, onEvent, ...others } = runOptions;
  return {
    servedBy,
    routes: router.routes.map(({ pattern, isExact, allow }) => ({ pattern, isExact, allow })),
    runOptions: entry === undefined ? others : { ...others, entry: String(entry) },
    hasOnEvent: onEvent !== undefined,
  };
}
