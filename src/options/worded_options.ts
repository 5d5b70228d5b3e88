// Lists the options that can be written in words. The command line makes its flags and its
// variables of them.

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
