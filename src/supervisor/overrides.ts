// What the command line has to say to the one server of its process: it wins over what the code says. It is set before the
// application is loaded, so that a run() which the application calls by itself finds it. No flags and no files here: those
// are the command line's own business.

import type { RunOptions } from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import type { RunningServer } from "./running_server.ts";

/** What the command line says, and wants to hear. */
export interface Overrides {
  /** The address of the application's module. */
  readonly app: string;
  /** Whether that was written as an address or an absolute path, which leads where it leads. */
  readonly isAppWrittenInFull: boolean;
  readonly runOptions: RunOptions;
  readonly serverOptions: WebServerOptions;
  /** Who said how many workers there are to be, where `runOptions` say it. */
  readonly workersSource: string;
  /** Called when `run()` or `start()` is; throws where that is too late. */
  readonly onBegin: (what: string) => void;
  /** Called when every worker accepts. */
  readonly onStarted: (running: RunningServer) => void;
}

let current: Overrides | undefined;

/** Sets them, on the main thread. */
export function setOverrides(overrides: Overrides): void {
  current = overrides;
}

/** What the command line says; undefined where there is none. */
export function overrides(): Overrides | undefined {
  return current;
}

/** Where a process says which copy of this library its command line is of: a place that all copies can see. */
const COPY = Symbol.for("@mudpie/server: the copy of the command line");

/** Says that this copy of the library, known by the address of one of its modules, is the command line's. */
export function claimThread(copy: string): void {
  Object.defineProperty(globalThis, COPY, { value: copy });
}

/**
 * Sees to it that the application has the same copy of this library as the command line. Another one would hear nothing of what
 * the command line says, and both would answer the supervisor.
 *
 * @throws {TypeError} when it is another one
 */
export function checkCopy(copy: string): void {
  const claimed = (globalThis as { [COPY]?: string })[COPY];
  if (claimed === undefined || claimed === copy) return;
  const error = new TypeError(
    `The application has another copy of @mudpie/server (${copy}) than the command line (${claimed}): ` +
      "name the same version in both",
  );
  // Where this was noticed says nothing: the line is all that matters.
  error.stack = `${error.name}: ${error.message}`;
  throw error;
}
