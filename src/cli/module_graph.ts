// Finds the local modules of an application, as `deno info` follows the imports. It has to resolve them as the workers do, so it
// gets the flags that Deno itself was started with, as far as they decide where an import leads.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { denoArguments } from "../runtime/deno_arguments.ts";

/** The local modules of an application. */
export interface ModuleGraph {
  readonly files: readonly string[];
  /** Whether every module could be read. */
  readonly isWhole: boolean;
}

/** What `deno info --json` reports of a module, as far as it matters here. */
interface ModuleInfo {
  readonly specifier?: string;
  readonly local?: string | null;
  readonly error?: string;
}

/** The flags of `deno run` that decide where an import leads, and that `deno info` knows, too. */
const FLAGS_WITH_VALUE: ReadonlySet<string> = new Set(["--config", "-c", "--import-map"]);
const OTHER_FLAGS =
  /^(?:--no-config|--no-npm|--no-remote|--node-modules-dir|--vendor|--unstable(?:-[a-z-]+)?)(?:=|$)/;

/**
 * Chooses the flags for `deno info` from the arguments that Deno was started with, whose last one is the script. Paths become
 * absolute, from `folder`.
 */
export function graphFlags(args: readonly string[], folder: string): string[] {
  const flags: string[] = [];
  const words = args.slice(0, -1).values();
  for (const word of words) {
    const [name, ...rest] = word.split("=");
    if (FLAGS_WITH_VALUE.has(name)) {
      const value = rest.length > 0 ? rest.join("=") : words.next().value ?? "";
      flags.push(`${name === "-c" ? "--config" : name}=${absolute(value, folder)}`);
    } else if (OTHER_FLAGS.test(word)) flags.push(word);
  }
  return flags;
}

function absolute(value: string, folder: string): string {
  return /^[a-z]{2,}:/i.test(value) ? value : resolve(folder, value);
}

/** Finds the modules that an application is made of; undefined where `deno info` may not be run, or does not know. */
export async function findModules(app: string): Promise<ModuleGraph | undefined> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  if (state !== "granted") return undefined;
  const { success, stdout } = await new Deno.Command(command, {
    args: ["info", "--json", ...graphFlags(denoArguments() ?? [], Deno.cwd()), app],
    // deno.json is looked for from the main module by `deno run`, and from the working folder by `deno info`.
    cwd: Deno.mainModule.startsWith("file:") ? dirname(fileURLToPath(Deno.mainModule)) : undefined,
    stdin: "null",
    stderr: "null",
  }).output();
  return success ? readGraph(new TextDecoder().decode(stdout)) : undefined;
}

/** Reads the modules of a graph that are files here, as `deno info --json` reports them. Of packages there is only a copy. */
export function readGraph(json: string): ModuleGraph {
  const { modules = [] } = JSON.parse(json) as { modules?: readonly ModuleInfo[] };
  const own = modules.filter(({ specifier }) => specifier?.startsWith("file:") === true);
  return {
    files: own.map(({ specifier, local }) => local ?? fileURLToPath(specifier ?? "")),
    isWhole: own.every(({ error }) => error === undefined),
  };
}
