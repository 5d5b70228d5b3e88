// Reads the words of the command line and of the environment, and returns one value. A flag wins
// over a variable. A mistake is refused with one line, before anything is started. Nothing is done
// here.

import { parseArgs } from "node:util";
import {
  ONE_ADDRESS,
  overrideRunOptions,
  portOptionBesidePath,
  replacedOptions,
  type RunOptions,
} from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import { ownNameOf, suggest } from "../options/suggestion.ts";
import { type Flag, readWords } from "./flags.ts";
import { type AddressOptions, readServeAddress, SERVE_ADDRESS } from "./platform_address.ts";

/** What a Service of the name "mudpie" does to the pods beside it. */
const SERVICE_LINK = "; if Kubernetes has set it, say enableServiceLinks: false";

/** What to serve, and how. */
export interface ServeInvocation {
  readonly kind: "serve" | "check";
  /** The application as it was written: a path or a URL. */
  readonly app: string;
  readonly runOptions: RunOptions;
  readonly serverOptions: WebServerOptions;
  /** Where the number of workers comes from, if `runOptions` have one. */
  readonly workersSource: string;
  /** Where the port comes from, or the path of a Unix socket, if `runOptions` have one. */
  readonly addressSource: string | undefined;
  /** What is to be watched beside the modules; undefined where nothing is. */
  readonly watch: readonly string[] | undefined;
}

/** What is asked for. */
export type Invocation =
  | { readonly kind: "help"; readonly isWhole: boolean }
  | { readonly kind: "version" }
  | ServeInvocation
  | { readonly kind: "refused"; readonly reason: string };

/** The flags that are no options of a server. They take no value. */
export const COMMANDS = ["check", "watch", "help", "version"] as const;

type Command = typeof COMMANDS[number];

/** Other names of flags, as `deno serve` has them. */
const ALIASES: Readonly<Record<string, string>> = { host: "hostname" };

/** The word after `--help` that asks for every flag. */
const WHOLE_HELP = "all";

/** One word of the command line, as `parseArgs` takes it apart. */
type Token = ReturnType<typeof tokensOf>[number];

/** What has been read so far. */
interface Reading {
  readonly commands: Set<Command>;
  readonly apps: string[];
  /** The paths that `--watch` names. */
  readonly watchPaths: string[];
  readonly said: Map<Flag, { readonly value: unknown; readonly source: string }>;
}

/**
 * Reads what the program was started with; `variable` gives a variable of the environment,
 * undefined where there is none.
 */
export function readInvocation(
  args: readonly string[],
  flags: readonly Flag[],
  variable: (name: string) => string | undefined,
): Invocation {
  const reading: Reading = { commands: new Set(), apps: [], watchPaths: [], said: new Map() };
  for (const token of tokensOf(args, flags)) {
    // The words after it are for the application, which finds them in Deno.args.
    if (token.kind === "option-terminator") break;
    const refusal = token.kind === "positional"
      ? void reading.apps.push(token.value)
      : readFlag(token, flags, reading);
    if (refusal !== undefined) return { kind: "refused", reason: refusal };
  }
  const { commands, apps } = reading;
  if (commands.has("help")) return { kind: "help", isWhole: apps.includes(WHOLE_HELP) };
  if (commands.has("version")) return { kind: "version" };
  const refusal = readVariables(flags, variable, reading) ?? findContradiction(reading);
  if (refusal !== undefined) return { kind: "refused", reason: refusal };
  const serveAddress = readServeAddress(variable);
  if (serveAddress.kind === "refused") return serveAddress;
  const invocation = moveTo(serveAddress.options, invocationOf(reading));
  const other = portOptionBesidePath(invocation.runOptions);
  if (other === undefined) return invocation;
  return { kind: "refused", reason: `Cannot use --path and --${other} together: ${ONE_ADDRESS}` };
}

/** What a flag begins with that turns an option off: `--no-fast-response`. */
const NEGATION = "no-";

/** Returns the flags of options that are true or false. */
function switches(flags: readonly Flag[]): readonly Flag[] {
  return flags.filter(({ option }) => option.rule.form.kind === "boolean");
}

function tokensOf(args: readonly string[], flags: readonly Flag[]) {
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(flags.map(({ name }) => [name, { type: "string" as const }])),
      ...Object.fromEntries(
        Object.keys(ALIASES).map((name) => [name, { type: "string" as const }]),
      ),
      ...Object.fromEntries(
        [...COMMANDS, ...switches(flags).map(({ name }) => NEGATION + name)]
          .map((name) => [name, { type: "boolean" as const }]),
      ),
      help: { type: "boolean" as const, short: "h" },
      version: { type: "boolean" as const, short: "V" },
    },
    // It would throw at the first fault, in words of its own.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

type FlagToken = Token & { kind: "option" };

/** Reads one flag. Returns what is wrong with it. */
function readFlag(
  token: FlagToken,
  flags: readonly Flag[],
  reading: Reading,
): string | undefined {
  const command = COMMANDS.find((each) => each === token.name);
  if (command !== undefined) return readCommand(command, token, reading);
  const name = ALIASES[token.name] ?? token.name;
  const flag = flags.find((each) => each.name === name);
  if (flag !== undefined) return readOption(flag, token, reading);
  const negated = switches(flags).find(({ name }) => NEGATION + name === token.name);
  if (negated === undefined) return unknownFlag(token.rawName, token.name, flags);
  const { rawName, value } = token;
  if (value !== undefined) return `${rawName} takes no value: got ${quote(value)}`;
  reading.said.set(negated, { value: false, source: `as ${rawName} says` });
  return undefined;
}

function readCommand(
  command: Command,
  { rawName, value }: FlagToken,
  { commands, apps, watchPaths }: Reading,
): string | undefined {
  commands.add(command);
  if (value === undefined) return undefined;
  if (command === "help" && value === WHOLE_HELP) apps.push(value);
  else if (command === "watch") {
    const paths = value.split(",").map((path) => path.trim());
    if (paths.includes("")) {
      return `${rawName}= needs paths with commas between them: got ${quote(value)}`;
    }
    watchPaths.push(...paths);
  } else return `${rawName} takes no value: got ${quote(value)}`;
  return undefined;
}

function readOption(
  flag: Flag,
  { rawName, value, inlineValue }: FlagToken,
  { said }: Reading,
): string | undefined {
  const { rule } = flag.option;
  const isNextFlag = !inlineValue && value?.startsWith("--");
  if (value === undefined || isNextFlag) {
    return `${rawName} needs a value: expected ${rule.expect(undefined)}`;
  }
  const reading = readWords(value, rule);
  if (reading.kind === "refused") {
    return `Cannot use ${quote(value)} as ${rawName}: expected ${reading.expected}`;
  }
  said.set(flag, {
    value: rule.form.kind === "list" ? append(said.get(flag)?.value, reading.value) : reading.value,
    source: `as ${rawName} says`,
  });
  return undefined;
}

/**
 * A flag that is there twice counts as it was last written; a list goes on, be it of one word that
 * is a value of its own.
 */
function append(before: unknown, value: unknown): unknown {
  return before === undefined ? value : [before, value].flat();
}

function unknownFlag(rawName: string, name: string, flags: readonly Flag[]): string {
  const names = [...flags.map((flag) => flag.name), ...COMMANDS];
  const own = ownNameOf(name, names);
  if (own !== undefined) return `Unknown flag ${rawName}: use --${own}`;
  const known = suggest(name, names);
  const advice = known === undefined ? "--help all lists all flags" : `did you mean --${known}?`;
  return `Unknown flag ${rawName}: ${advice}`;
}

/** Reads the variables of options that no flag has set. Returns what is wrong with one. */
function readVariables(
  flags: readonly Flag[],
  variable: (name: string) => string | undefined,
  { said }: Reading,
): string | undefined {
  const names = new Set([...said.keys()].map(({ option }) => option.path[0]));
  const replaced = replacedOptions((name) => names.has(name));
  for (const flag of flags) {
    if (said.has(flag) || replaced.includes(flag.option.path[0])) continue;
    const name = flag.variables.find((each) => (variable(each) ?? "") !== "");
    if (name === undefined) continue;
    const text = variable(name) ?? "";
    const reading = readWords(text, flag.option.rule);
    if (reading.kind === "refused") {
      return `Cannot use ${
        quote(text)
      } as environment variable ${name}: expected ${reading.expected}${
        text.startsWith("tcp://") ? SERVICE_LINK : ""
      }`;
    }
    said.set(flag, { value: reading.value, source: `as ${name} says` });
  }
  return undefined;
}

function findContradiction({ commands, apps }: Reading): string | undefined {
  // An empty word is a variable of the shell that is not set.
  if (apps.length === 0 || apps.includes("")) {
    return "Nothing to serve: name the module of an application, such as app.ts; --help tells more";
  }
  if (apps.length > 1) {
    return `Cannot serve more than one application: got ${apps.map(quote).join(" and ")}; ` +
      "what is for the application itself goes behind --";
  }
  if (commands.has("check") && commands.has("watch")) {
    return "Cannot --check and --watch at once: the one ends, the other goes on";
  }
  return undefined;
}

function invocationOf({ commands, apps, watchPaths, said }: Reading): ServeInvocation {
  const options: Record<"run" | "server", Record<string, unknown>> = { run: {}, server: {} };
  let workersSource = "";
  let addressSource: string | undefined;
  for (const [{ option, name }, { value, source }] of said) {
    place(options[option.owner], option.path, value);
    if (name === "workers") workersSource = source;
    if (name === "port" || name === "path") addressSource = source;
  }
  return {
    kind: commands.has("check") ? "check" : "serve",
    app: apps[0],
    runOptions: options.run,
    serverOptions: options.server,
    workersSource,
    addressSource,
    watch: commands.has("watch") ? watchPaths : undefined,
  };
}

/** Puts an address below what flags and variables of this server name. */
function moveTo(address: AddressOptions, invocation: ServeInvocation): ServeInvocation {
  const { runOptions, addressSource } = invocation;
  const isMoved = (address.port ?? address.path) !== undefined;
  return {
    ...invocation,
    runOptions: overrideRunOptions(address, runOptions),
    addressSource: addressSource ?? (isMoved ? `as ${SERVE_ADDRESS} says` : undefined),
  };
}

/** Puts a value where its path leads, in groups that are made as they are needed. */
function place(options: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (rest.length === 0) options[name] = value;
  else place((options[name] ??= {}) as Record<string, unknown>, rest, value);
}

function quote(text: unknown): string {
  return JSON.stringify(text);
}
