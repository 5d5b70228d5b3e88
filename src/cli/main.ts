// The main thread's part of the command line: reads what the user asks for, does it, and prints the
// result. Only this file writes to the terminal and ends the process. It imports what the start of
// the first worker needs, and all else while that worker loads.

import { environmentVariable, environmentVariables } from "../runtime/environment.ts";
import { messageOf } from "../runtime/error_message.ts";
import type { FirstWorker } from "../supervisor/first_worker.ts";
import { variableNotices } from "../options/variable_notices.ts";
import { VARIABLE_PREFIX, wordedOptions } from "../options/worded_options.ts";
import { escapeForLog, logToStandardError } from "../telemetry/log.ts";
import { readInvocation, type ServeInvocation } from "./arguments.ts";
import { startFirstWorker } from "./first_load.ts";
import { flagsFor } from "./flags.ts";
import { locate } from "./location.ts";

/**
 * Does what the arguments ask for. `entry` is the module that loads the application in a worker.
 */
export async function main(args: readonly string[], entry: string): Promise<void> {
  const flags = flagsFor(wordedOptions());
  const invocation = readInvocation(args, flags, environmentVariable);
  switch (invocation.kind) {
    case "help": {
      const { helpText } = await import("./help.ts");
      return console.log(helpText(flags, invocation.isWhole).trimEnd());
    }
    case "version":
      return console.log(`mudpie ${await version()} (deno ${Deno.version.deno})`);
    case "refused":
      return fail(invocation.reason);
    case "serve":
    case "check":
      return await start(invocation, entry);
  }
}

async function version(): Promise<string> {
  const { default: settings } = await import("../../deno.json", { with: { type: "json" } });
  return settings.version;
}

async function start(invocation: ServeInvocation, entry: string): Promise<void> {
  const location = await locate(invocation.app);
  if (location.kind === "refused") return fail(location.reason);
  if (invocation.watch !== undefined && !location.url.startsWith("file:")) {
    return fail(`Cannot --watch ${invocation.app}: only files can be watched`);
  }
  const variables = environmentVariables(VARIABLE_PREFIX);
  for (const line of variableNotices(variables, "command_line")) {
    logToStandardError(escapeForLog(line));
  }
  const places = { app: location.url, entry };
  let first: FirstWorker;
  try {
    first = startFirstWorker(invocation, places);
  } catch (error) {
    return fail(messageOf(error));
  }
  if (invocation.kind === "check") {
    const { check } = await import("./check.ts");
    const { isGood, text } = await check(invocation, first);
    if (!isGood) return fail(text);
    console.log(text);
    // A thread of the application's may go on for ever.
    Deno.exit();
  }
  const { serve } = await import("./serve.ts");
  const failure = await serve(invocation, places, first);
  if (failure !== undefined) fail(failure);
}

/** Ends the process, whatever the application has left running in it. */
function fail(reason: string): never {
  console.error(`mudpie: ${reason}`);
  Deno.exit(1);
}
