// The main thread's part of the command line: reads what the user asks for, does it, and prints the
// result. Only this file writes to the terminal and ends the process.

import { environmentVariable } from "../runtime/environment.ts";
import { wordedOptions } from "../options/worded_options.ts";
import { locate } from "./application.ts";
import { check } from "./check.ts";
import { flagsFor } from "./flags.ts";
import { helpText } from "./help.ts";
import { readInvocation, type ServeInvocation } from "./arguments.ts";
import { serve } from "./serve.ts";

/**
 * Does what the arguments ask for. `entry` is the module that loads the application in a worker.
 */
export async function main(args: readonly string[], entry: string): Promise<void> {
  const flags = flagsFor(wordedOptions());
  const invocation = readInvocation(args, flags, environmentVariable);
  switch (invocation.kind) {
    case "help":
      return console.log(helpText(flags, invocation.isWhole).trimEnd());
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
  const places = { app: location.url, entry };
  if (invocation.kind === "check") {
    const { isGood, text } = await check(invocation, places);
    if (!isGood) return fail(text);
    console.log(text);
    // A thread of the application's may go on for ever.
    Deno.exit();
  }
  const failure = await serve(invocation, places);
  if (failure !== undefined) fail(failure);
}

/** Ends the process, whatever the application has left running in it. */
function fail(reason: string): never {
  console.error(`mudpie: ${reason}`);
  Deno.exit(1);
}
