// Serves an application: a first worker loads it and introduces it, and the fleet that starts then
// adopts that worker. The application runs in the workers alone. Only if it calls run() with an
// onEvent, which belongs to this thread, this thread loads it as well.

import { type Introduction, isServingCall } from "../ipc/messages.ts";
import { everyInterface } from "../net/every_interface.ts";
import { environmentVariable } from "../runtime/environment.ts";
import { messageOf } from "../runtime/error_message.ts";
import { handOver, WebServer } from "../server.ts";
import type { FirstOutcome, FirstWorker } from "../supervisor/first_worker.ts";
import { isWrittenInFull, LinkedModules } from "../supervisor/start_folder.ts";
import { isAddressError } from "../supervisor/supervisor.ts";
import { escapeForLog, logToStandardError } from "../telemetry/log.ts";
import type { ServeInvocation } from "./arguments.ts";
import { type Places, startFirstWorker } from "./first_load.ts";
import type { ModuleWatch } from "./module_watch.ts";
import { fillAddress, type FilledAddress } from "./platform_address.ts";

/** Why an application cannot be served. */
type Failure = Exclude<FirstOutcome, { kind: "introduced" }>;

/**
 * Serves until the server has stopped. Resolves with the failure, if there is one; else the process
 * ends with the fleet, or with what the application has left on this thread.
 */
export async function serve(
  invocation: ServeInvocation,
  places: Places,
  firstWorker: FirstWorker,
): Promise<string | undefined> {
  let first = firstWorker;
  let watch: ModuleWatch | undefined;
  try {
    watch = await openWatch(invocation, places);
  } catch (error) {
    return `Cannot watch ${invocation.app}: ${messageOf(error)}`;
  }
  for (;;) {
    const outcome = await first.outcome;
    if (outcome.kind === "introduced") {
      const { introduction } = outcome;
      const address = fillFor(invocation, introduction);
      if (address.kind === "refused") return address.reason;
      if (address.notice !== undefined) logToStandardError(escapeForLog(address.notice));
      handOver({
        ...commandLineOf(invocation, places),
        firstWorker: first,
        fallbackOptions: address.options,
        addressSource: addressSource(invocation, introduction, address),
        isPathLinked: isServingCall(introduction.servedBy),
        onStarted: (running) => watch?.attend(running),
      });
      const failure = await serveIntroduced(introduction, places);
      if (mayCatch(invocation, failure) && first.refuse(failure)) continue;
      return failure === undefined ? undefined : await describeFailure(failure);
    }
    const reason = failureOf(invocation.app, outcome);
    if (watch === undefined) return reason;
    first.terminate();
    logToStandardError(escapeForLog(reason));
    await watch.change();
    first = startFirstWorker(invocation, places);
  }
}

/**
 * Whether the call in the application is to throw an error: it is about the address that the
 * application names. For one that the user names, no other try of the application would help.
 */
function mayCatch({ addressSource }: ServeInvocation, failure: unknown): failure is Error {
  return addressSource === undefined && isAddressError(failure);
}

async function openWatch(
  { app, watch }: ServeInvocation,
  places: Places,
): Promise<ModuleWatch | undefined> {
  if (watch === undefined) return undefined;
  const { ModuleWatch } = await import("./module_watch.ts");
  const links = LinkedModules.find(isWrittenInFull(app) ? [places.app] : []);
  return await ModuleWatch.open({ app: places.app, links, paths: watch });
}

/** Returns what the server takes from the words of the command line. */
function commandLineOf(
  { app, runOptions, serverOptions, workersSource }: ServeInvocation,
  places: Places,
) {
  const isAppWrittenInFull = isWrittenInFull(app);
  return { ...places, isAppWrittenInFull, runOptions, serverOptions, workersSource };
}

/** Returns what fills in the address that an application asks for. */
export function fillFor(
  { runOptions }: Pick<ServeInvocation, "runOptions">,
  { runOptions: coded, servedBy }: Introduction,
): FilledAddress {
  return fillAddress({ coded, winning: runOptions, servedBy }, environmentVariable, everyInterface);
}

/** Returns where the port of an application comes from, or the path of its socket, in words. */
export function addressSource(
  { addressSource: source }: Pick<ServeInvocation, "addressSource">,
  { runOptions: { port, path }, servedBy }: Introduction,
  { isPortOfPlatform }: { readonly isPortOfPlatform: boolean },
): string {
  if (source !== undefined) return source;
  if ((port ?? path) !== undefined) return `as ${servedBy} says`;
  return isPortOfPlatform ? "as PORT says" : "by default";
}

/** Serves an application that is known. Resolves with the error, if it cannot be served. */
async function serveIntroduced(
  { runOptions, hasOnEvent }: Introduction,
  places: Places,
): Promise<unknown> {
  if (hasOnEvent) {
    // Its run() starts the fleet.
    // What there is to note, the first worker has logged.
    const { loadApplication } = await import("./application.ts");
    const loaded = await loadApplication(places.app, () => {});
    return loaded.kind === "failed" ? loaded.error : undefined;
  }
  try {
    await new WebServer().run(runOptions);
  } catch (error) {
    return error;
  }
  Deno.exit();
}

async function describeFailure(error: unknown): Promise<string> {
  if (error instanceof TypeError || error instanceof RangeError) return error.message;
  const { describeLoadFailure } = await import("./application.ts");
  return describeLoadFailure(error);
}

/** Returns why an application cannot be served. */
export function failureOf(app: string, outcome: Failure): string {
  if (outcome.kind === "failed") return `Cannot load ${app}: ${outcome.reason}`;
  const { found, limitMs } = outcome;
  const within = limitMs === undefined ? "" : `within startTimeout (${limitMs} ms) `;
  return `Nothing to serve in ${app}: ${found}, and ${within}no call of Deno.serve() or run() has succeeded; ` +
    'expected Deno.serve(handler), "export default { fetch }", a WebServer as default export, or await server.run()';
}
