// Lists the options that can be written in words, and names the variables of the environment that
// set them. The command line makes its flags of the same words.

import type { OptionRule, OptionTable } from "./option_rule.ts";
import { RUN_RULES } from "./run_options.ts";
import { SERVER_RULES } from "./server_options.ts";

/** An option that can be written in words. */
export interface WordedOption {
  /** Whether it belongs to `RunOptions` or to `WebServerOptions`. */
  readonly owner: "server" | "run";
  /** Its name. The name of its group comes first, if it has one. */
  readonly path: readonly string[];
  readonly rule: OptionRule<unknown>;
}

/** Returns all options that can be written in words, in the order of their tables. */
export function wordedOptions(): WordedOption[] {
  return [...wordedOptionsOf("run", RUN_RULES), ...wordedOptionsOf("server", SERVER_RULES)];
}

/** Returns those of one table. `group` names the table's group, if it is one. */
export function wordedOptionsOf(
  owner: "server" | "run",
  table: OptionTable,
  group: readonly string[] = [],
): WordedOption[] {
  return Object.entries(table).flatMap(([name, rule]) => {
    const path = [...group, name];
    switch (rule.form.kind) {
      case "code":
        return [];
      case "group":
        return wordedOptionsOf(owner, rule.form.members, path);
      case "number":
      case "boolean":
      case "choice":
      case "text":
      case "list":
        return [{ owner, path, rule }];
    }
  });
}

/** What the name of each variable of this server begins with. */
export const VARIABLE_PREFIX = "MUDPIE_";

/** Returns the words of an option's name, in which its flag and its variable are written. */
export function wordsOf({ path }: Pick<WordedOption, "path">): string[] {
  return path.flatMap((name) => name.split(/(?=[A-Z])/));
}

/**
 * Returns the variables that set an option, such as `MUDPIE_MAX_BODY_BYTES`. If several are set,
 * the first one wins.
 */
export function variablesOf(option: Pick<WordedOption, "path" | "rule">): readonly string[] {
  const own = VARIABLE_PREFIX + wordsOf(option).join("_").toUpperCase();
  return [own, ...option.rule.otherVariables ?? []];
}
