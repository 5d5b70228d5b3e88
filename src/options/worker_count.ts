// Decides how many workers there are: the option, then the environment, then the machine's cores.

import { environmentVariable } from "../runtime/environment.ts";
import { show } from "./option_rule.ts";
import { RUN_RULES, type RunSettings } from "./run_options.ts";
import { variablesOf } from "./worded_options.ts";

/** A number of workers, and where it comes from. */
export interface WorkerCount {
  readonly workers: number;
  /** For the line that is logged at the start. */
  readonly source: string;
}

/** The variables that can give the number of workers. The first one that is set wins. */
const WORKER_VARIABLES = [
  ...variablesOf({ path: ["workers"], rule: RUN_RULES.workers }),
  "WEB_CONCURRENCY",
];

/**
 * Returns the number of workers. `source` names where the option comes from.
 *
 * @throws {RangeError} when a variable is no number of workers; the message names the variable
 */
export function resolveWorkerCount(
  settings: Pick<RunSettings, "workers">,
  source = "as run() was told",
): WorkerCount {
  if (settings.workers !== undefined) return { workers: settings.workers, source };
  for (const name of WORKER_VARIABLES) {
    const text = environmentVariable(name);
    if (text === undefined || text === "") continue;
    const workers = Number(text);
    const expected = RUN_RULES.workers.expect(workers);
    if (expected !== undefined) {
      throw new RangeError(
        `Cannot use ${show(text)} as environment variable ${name}: expected ${expected}`,
      );
    }
    return { workers, source: `as ${name} says` };
  }
  return { workers: navigator.hardwareConcurrency, source: "one for each core" };
}
