// Has a first worker load the application, as early as possible: it loads this library meanwhile, as
// this thread does.

import { resolveRunOptions } from "../options/run_options.ts";
import { FirstWorker } from "../supervisor/first_worker.ts";
import { commandLineDefaults } from "../supervisor/launch.ts";
import { escapeForLog, logToStandardError } from "../telemetry/log.ts";
import type { ServeInvocation } from "./arguments.ts";

/** How long an application that was loaded may serve nothing before the log mentions it. */
const WAITING_AFTER_MS = 1_000;

/** How long an application may load before the log mentions it. */
const LOADING_AFTER_MS = 2_000;

/** Where things are. */
export interface Places {
  /** The application's module. */
  readonly app: string;
  /** The command line's own module, which loads the application in a worker. */
  readonly entry: string;
}

/**
 * Has one worker load the application.
 *
 * @throws {TypeError} or {RangeError} when the options of the command line do not fit
 */
export function startFirstWorker(
  { app, runOptions }: ServeInvocation,
  places: Places,
): FirstWorker {
  const { isolation, fastResponse, heapLimitBytesPerWorker, startTimeout } = resolveRunOptions({
    ...commandLineDefaults(),
    ...runOptions,
  });
  return new FirstWorker({
    ...places,
    isolation,
    fastResponse,
    heapLimitBytes: heapLimitBytesPerWorker,
    timeoutMs: startTimeout,
    waitingAfterMs: WAITING_AFTER_MS,
    loadingAfterMs: LOADING_AFTER_MS,
    onWaiting: (isLoaded) =>
      logToStandardError(
        escapeForLog(
          `${app} is ${
            isLoaded ? "loaded" : "still loading (an import, or a top-level await in it or in one)"
          } and serves nothing yet; ${
            startTimeout === 0
              ? "startTimeout is off, so there is no limit to the wait"
              : `waiting until startTimeout (${startTimeout} ms)`
          }`,
        ),
      ),
  });
}
