// The text of --help: made of the options' own table, so that it cannot forget one. Every line fits
// a screen of 80 columns, and the short help one of 40 lines.

import type { OptionRule } from "../options/option_rule.ts";
import { type Flag, placeholder } from "./flags.ts";

const INTRODUCTION = `Usage: deno run -A jsr:@mudpie/server/cli app.ts [flags] [-- words for app.ts]

Serves a program that calls Deno.serve() or server.run(), or a module that has
"export default { fetch }", in worker threads that are replaced when they fail.

  --check                             Load it in one worker, list its routes
  --watch                             Reload when one of its modules changes
  --watch=<path,...>                  Or one of these: views,data/*.sql
  -h, --help, --help all              The flags most asked for; or all of them
  -V, --version                       The version
`;

const HEADINGS = { run: "The fleet", server: "Requests" } as const;

const CONCLUSION = `
Each flag is a variable, too: --max-body-bytes is MUDPIE_MAX_BODY_BYTES. A flag
wins over a variable, and that over the code. Numbers may be written 1_000_000,
and --signals=false may be written --no-signals.
SIGTERM stops, SIGHUP reloads. It ends with 0 when it was stopped or a check is
good; with 1 when it cannot start, for a wrong flag too; with 75 for a hang.
`;

/** The column in which the flags are explained. */
const SUMMARY_COLUMN = 38;

/** The help: all flags, or those that most people ask for first. */
export function helpText(flags: readonly Flag[], isWhole: boolean): string {
  const shown = flags.filter(({ option }) => isWhole || option.rule.isCommon === true);
  const groups = (["run", "server"] as const).map((owner) => {
    const lines = shown.filter(({ option }) => option.owner === owner).map(lineOf);
    return `\n${HEADINGS[owner]}\n${lines.join("\n")}\n`;
  });
  return INTRODUCTION + groups.join("") + CONCLUSION;
}

function lineOf({ name, option: { rule } }: Flag): string {
  const flag = `  --${name} ${placeholder(rule.form)} `;
  return flag.padEnd(SUMMARY_COLUMN) + rule.summary + describeDefault(defaultOf(rule));
}

/** Returns what holds if the flag is not given. */
function defaultOf(rule: OptionRule<unknown>): unknown {
  return rule.turnsOn ? "off" : rule.commandLineDefault ?? rule.default;
}

/** Describes a default. Nothing for an option that has none, or is off. */
function describeDefault(value: unknown): string {
  switch (typeof value) {
    case "number":
      return value === 0 ? " (off)" : ` (${groupDigits(value)})`;
    case "string":
    case "boolean":
      return ` (${value})`;
    default:
      return "";
  }
}

/** A long number as it is easy to read, and may be written. */
function groupDigits(value: number): string {
  return value < 10_000 ? String(value) : String(value).replace(/\B(?=(?:\d{3})+$)/g, "_");
}
