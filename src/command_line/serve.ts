// Serves an application from the main thread: loads it, and runs the fleet, unless it does so itself.
// The application is loaded here first, as a program that calls run() is: it may call it by itself, and what stands at its top
// for the main thread alone is done. What it offers says which module the workers load: this program's own, which loads the
// application and serves its default export; or the application, where that calls run().

import { logToStandardError, panicLine } from "../log.ts";
import { resolveRunOptions, type RunOptions } from "../options.ts";
import { setOverrides } from "../overrides.ts";
import { claimForCommandLine, WebServer } from "../server.ts";
import { survey, type SurveyOutcome } from "../supervisor/survey.ts";
import { describeLoadFailure, loadApplication } from "./application.ts";
import type { ServeInvocation } from "./invocation.ts";
import { ModuleWatch } from "./module_watch.ts";

/** Where things are. */
export interface Places {
  /** The application's module. */
  readonly app: string;
  /** The command line's own module, which serves a default export in a worker. */
  readonly entry: string;
}

/**
 * Serves until the server has stopped, or leaves that to the application, which calls `run()` itself. Resolves with what went
 * wrong.
 */
export async function serve(
  invocation: ServeInvocation,
  places: Places,
): Promise<string | undefined> {
  let watch: ModuleWatch | undefined;
  try {
    watch = invocation.watches ? await ModuleWatch.open(places.app) : undefined;
  } catch (error) {
    return `Cannot watch ${invocation.app}: ${
      error instanceof Error ? error.message : String(error)
    }`;
  }
  let isTaken = false;
  setOverrides({
    app: places.app,
    runOptions: invocation.runOptions,
    serverOptions: invocation.serverOptions,
    workersSource: invocation.workersSource,
    onBegin: (what) => {
      if (isTaken) {
        throw new TypeError(`Cannot call ${what}: the command line runs a server here already`);
      }
      isTaken = true;
    },
    onStarted: (running) => watch?.attend(running),
  });
  claimForCommandLine();
  const loaded = await loadApplication(places.app);
  if (isTaken) return loaded.kind === "failed" ? loaded.reason : undefined;
  switch (loaded.kind) {
    case "failed":
      return `Cannot load ${invocation.app}: ${loaded.reason}`;
    case "servable":
      return await runFleet({ entry: places.entry });
    case "nothing to serve": {
      const outcome = await surveyModule(invocation, places.app, places.app);
      // It may have called run() by itself meanwhile, in a function that its module does not await.
      return isTaken
        ? undefined
        : await serveGuarded(invocation, places.app, loaded.found, outcome);
    }
  }
}

/** Runs a fleet of which this thread serves nothing. Resolves with what went wrong; else the process ends with it. */
async function runFleet(options: RunOptions): Promise<string | undefined> {
  surviveApplication();
  try {
    await new WebServer().run(options);
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError
      ? error.message
      : describeLoadFailure(error);
  }
  // The application that was loaded here may have left something running.
  Deno.exit();
}

/** The copy of the application on this thread serves nobody, so nobody needs to suffer from what goes wrong in it. */
function surviveApplication(): void {
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    logToStandardError(panicLine("main thread", "outside of any request", event.error));
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    logToStandardError(panicLine("main thread", "in a promise that nobody awaits", event.reason));
  });
}

/** An application that neither has a default export nor calls `run()` may do so in a worker, where `import.meta.main` is true. */
async function serveGuarded(
  invocation: ServeInvocation,
  app: string,
  found: string,
  outcome: SurveyOutcome,
): Promise<string | undefined> {
  switch (outcome.kind) {
    case "failed":
      return `Cannot load ${invocation.app}: ${outcome.reason}`;
    case "nothing to serve":
      return nothingToServe(invocation.app, found);
    case "surveyed": {
      const { hasOnEvent, runOptions } = outcome.survey;
      if (hasOnEvent) {
        logToStandardError(
          `nobody calls the onEvent of ${invocation.app}: behind import.meta.main, its run() is called in workers only`,
        );
      }
      return await runFleet({ ...runOptions, entry: runOptions.entry ?? app });
    }
  }
}

/** Has one worker tell what would be served, with what the command line says of workers. */
export async function surveyModule(
  { runOptions }: ServeInvocation,
  entry: string,
  app: string,
): Promise<SurveyOutcome> {
  const { isolation, startTimeout } = resolveRunOptions({
    isolation: runOptions.isolation,
    startTimeout: runOptions.startTimeout,
  });
  return await survey({ entry, app, isolation, timeoutMs: startTimeout });
}

/** The line about a module in which there is nothing that could be served. */
export function nothingToServe(app: string, found: string): string {
  return `Nothing to serve in ${app}: ${found}, and it does not call run(); ` +
    'expected "export default { fetch }", a WebServer as default export, or await server.run()';
}
