// Finds variables of the environment that were meant for this server and have no effect. They are
// no mistake that stops a server: another release of it may know them.

import { ownNameOf, suggest } from "./suggestion.ts";
import {
  VARIABLE_PREFIX,
  variablesOf,
  type WordedOption,
  wordedOptions,
} from "./worded_options.ts";

/** The variable that turns the log of requests off. It is no option's own. */
export const LOGGING_VARIABLE = "MUDPIE_LOGGING";

/** What reads the variables: the command line, or a program that calls `run()` by itself. */
export type VariableReader = "command_line" | "run";

/** The options whose variables a program reads without the command line. */
const OPTIONS_OF_RUN: readonly string[] = ["workers"];

/**
 * What Kubernetes sets for each Service in the namespace. That of a Service "mudpie" begins as the
 * variables of this server do, and is not meant for it.
 */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_.+)?)$/;

/** The value of the variable of a Service that is named as an option's might be: MUDPIE_WEB_PORT. */
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/** Returns a line for each variable that has no effect, in the order of their names. */
export function variableNotices(
  variables: Readonly<Record<string, string>>,
  reader: VariableReader,
): string[] {
  const options = wordedOptions();
  return Object.keys(variables).sort().flatMap((name) => {
    if (name === LOGGING_VARIABLE || variables[name] === "") return [];
    const option = options.find((each) => variablesOf(each).includes(name));
    if (option !== undefined) return noticeOfKnown(name, option, variables, reader);
    if (SERVICE_LINK.test(name) || SERVICE_ADDRESS.test(variables[name])) return [];
    return [`unknown environment variable ${name}: ${adviceFor(name, options)}`];
  });
}

function noticeOfKnown(
  name: string,
  option: WordedOption,
  variables: Readonly<Record<string, string>>,
  reader: VariableReader,
): string[] {
  const winner = variablesOf(option).find((each) => (variables[each] ?? "") !== "") ?? name;
  if (winner !== name) {
    if (variables[winner] === variables[name]) return [];
    return [
      `environment variable ${name} has no effect beside ${winner}: both set ${nameOf(option)}`,
    ];
  }
  if (reader === "command_line" || OPTIONS_OF_RUN.includes(nameOf(option))) return [];
  if (SERVICE_ADDRESS.test(variables[name])) return [];
  return [
    `environment variable ${name} has no effect on a program that serves by itself: only the ` +
    `command line (deno run -A jsr:@mudpie/server/cli) reads it; here, set ${
      nameOf(option)
    } in the code`,
  ];
}

/** Returns the name of an option as code has it. */
function nameOf({ path }: WordedOption): string {
  return path.join(".");
}

function adviceFor(name: string, options: readonly WordedOption[]): string {
  const words = new Map(
    [LOGGING_VARIABLE, ...options.flatMap(variablesOf)].map((each) => [flagWords(each), each]),
  );
  const candidates = [...words.keys()];
  const word = flagWords(name);
  const own = ownNameOf(word, candidates);
  if (own !== undefined) return `use ${words.get(own)}`;
  const near = suggest(word, candidates);
  if (near !== undefined) return `did you mean ${words.get(near)}?`;
  return "no option has this name; --help all of the command line lists all options";
}

/** Returns the part of a variable's name that a flag would have: `max-body-bytes`. */
function flagWords(variable: string): string {
  return variable.slice(VARIABLE_PREFIX.length).toLowerCase().replaceAll("_", "-");
}
