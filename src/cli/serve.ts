// Serves an application from the main thread: loads it, and runs the fleet, unless it does so
// itself. It may call run() by itself, and may have code for the main thread alone. If it has a
// default export, workers load the command line's own module, which serves it; if it calls run(),
// they load the application.

import { escapeForLog, logToStandardError, panicLine } from "../telemetry/log.ts";
import type { ProbeReport } from "../ipc/messages.ts";
import { resolveRunOptions, type RunOptions } from "../options/run_options.ts";
import { handOver, WebServer } from "../server.ts";
import { isWrittenInFull, LinkedModules } from "../supervisor/start_folder.ts";
import type { CommandLine } from "../supervisor/launch.ts";
import { probe, type ProbeOutcome } from "../supervisor/probe.ts";
import { describeLoadFailure, loadApplication } from "./application.ts";
import type { ServeInvocation } from "./arguments.ts";
import { ModuleWatch } from "./module_watch.ts";

const NO_DEFAULT_EXPORT = "it has no default export with a fetch function";

/** Where things are. */
export interface Places {
  /** The application's module. */
  readonly app: string;
  /** The command line's own module, which serves a default export in a worker. */
  readonly entry: string;
}

/** The one server that this process runs: the command line's, or that of the application. */
class OnlyServer {
  #hasBegun = false;

  /** Whether a server runs, or has begun to start. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Notes that a server begins. Throws if one has begun before. */
  begin(what: string): void {
    if (this.#hasBegun) {
      throw new TypeError(`Cannot call ${what}: the command line runs a server here already`);
    }
    this.#hasBegun = true;
  }
}

/**
 * Serves until the server has stopped, or leaves that to the application, if that calls `run()`
 * itself. Resolves with the failure, if there is one.
 */
export async function serve(
  invocation: ServeInvocation,
  places: Places,
): Promise<string | undefined> {
  let watch: ModuleWatch | undefined;
  try {
    watch = await openWatch(invocation, places);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Cannot watch ${invocation.app}: ${reason}`;
  }
  const server = new OnlyServer();
  handOver(commandLineOf(invocation, places, {
    onBegin: (what) => server.begin(what),
    onStarted: (running) => watch?.attend(running),
  }));
  const loaded = await loadApplication(places.app);
  if (server.hasBegun) return loaded.kind === "failed" ? loaded.reason : undefined;
  if (loaded.kind === "servable") return await runFleet({ entry: places.entry });
  // It may call run() in a worker, where import.meta.main is true.
  const outcome = loaded.kind === "failed"
    ? loaded
    : await probeModule(invocation, places.app, places.app);
  // It may have called it by itself meanwhile, in a function that its module does not await.
  if (server.hasBegun) return undefined;
  if (outcome.kind === "probed") {
    return await runProbed(invocation, { ...outcome, entry: places.app });
  }
  const found = loaded.kind === "failed" ? undefined : loaded.found;
  const failure = failureOf(invocation.app, outcome, found);
  return watch === undefined ? failure : await serveOnceMended(invocation, places, watch, failure);
}

async function openWatch(
  { app, watch }: ServeInvocation,
  places: Places,
): Promise<ModuleWatch | undefined> {
  if (watch === undefined) return undefined;
  const links = LinkedModules.find(isWrittenInFull(app) ? [places.app] : []);
  return await ModuleWatch.open({ app: places.app, links, paths: watch });
}

/** Makes the value that the server takes from the command line. */
function commandLineOf(
  { app, runOptions, serverOptions, workersSource }: ServeInvocation,
  places: Places,
  callbacks: Pick<CommandLine, "onBegin" | "onStarted">,
): CommandLine {
  return {
    app: places.app,
    isAppWrittenInFull: isWrittenInFull(app),
    runOptions,
    serverOptions,
    workersSource,
    ...callbacks,
  };
}

/**
 * Runs a fleet. Resolves with the failure, if there is one; else the process ends with the fleet.
 */
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

/**
 * The copy of the application on this thread serves no client, so its errors must not end the
 * process.
 */
function surviveApplication(): void {
  globalThis.addEventListener("error", logError);
  globalThis.addEventListener("unhandledrejection", logRejection);
}

function logError(event: ErrorEvent): void {
  event.preventDefault();
  logToStandardError(panicLine("main thread", "outside of any request", event.error));
}

function logRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  logToStandardError(panicLine("main thread", "in a promise that nobody awaits", event.reason));
}

/**
 * Waits under --watch until the application can be served. A module that has failed on this thread
 * cannot be loaded here once more, so workers probe it, and this thread goes without it.
 */
async function serveOnceMended(
  invocation: ServeInvocation,
  places: Places,
  watch: ModuleWatch,
  failure: string,
): Promise<string | undefined> {
  surviveApplication();
  for (let reason = failure;;) {
    logToStandardError(escapeForLog(reason));
    await watch.change();
    const outcome = await probeApp(invocation, places);
    if (outcome.kind === "probed") return await runProbed(invocation, outcome);
    reason = failureOf(invocation.app, outcome);
  }
}

type Failure = Exclude<ProbeOutcome, { kind: "probed" }>;

/**
 * Returns why an application cannot be served; `found` describes what it has in place of an export.
 */
export function failureOf(app: string, outcome: Failure, found = NO_DEFAULT_EXPORT): string {
  return outcome.kind === "failed"
    ? cannotLoad(app, outcome.reason)
    : `Nothing to serve in ${app}: ${found}, and it does not call run(); ` +
      'expected "export default { fetch }", a WebServer as default export, or await server.run()';
}

function cannotLoad(app: string, reason: string): string {
  return `Cannot load ${app}: ${reason}`;
}

/**
 * What is to be known of an application that was not loaded on this thread, and which module its
 * workers load.
 */
type ProbedApp = Failure | {
  readonly kind: "probed";
  readonly report: ProbeReport;
  readonly entry: string;
};

/**
 * Probes what loads the application's default export. If there is none, probes the application as a
 * program.
 */
export async function probeApp(
  invocation: ServeInvocation,
  { app, entry }: Places,
): Promise<ProbedApp> {
  const byExport = await probeModule(invocation, entry, app);
  if (byExport.kind === "probed") return { ...byExport, entry };
  if (byExport.kind === "failed") return byExport;
  // There import.meta.main is true.
  const byItself = await probeModule(invocation, app, app);
  return byItself.kind === "probed" ? { ...byItself, entry: app } : byItself;
}

/** Runs a fleet of an application that this thread has not loaded. */
async function runProbed(
  { app }: ServeInvocation,
  { report: { hasOnEvent, runOptions }, entry }: ProbedApp & { kind: "probed" },
): Promise<string | undefined> {
  if (hasOnEvent) {
    logToStandardError(`nobody calls the onEvent of ${app}: its run() is called in workers only`);
  }
  return await runFleet({ ...runOptions, entry: runOptions.entry ?? entry });
}

/** Has one worker report what would be served, with the command line's options for workers. */
async function probeModule(
  { runOptions }: ServeInvocation,
  entry: string,
  app: string,
): Promise<ProbeOutcome> {
  const { isolation, startTimeout } = resolveRunOptions({
    isolation: runOptions.isolation,
    startTimeout: runOptions.startTimeout,
  });
  return await probe({ entry, app, isolation, timeoutMs: startTimeout });
}
