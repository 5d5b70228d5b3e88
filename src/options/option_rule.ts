// What a table of options consists of: for each option its default, its check and its written form.
// Checks options by such a table. Knows no option by name: server_options.ts and run_options.ts
// have the tables.

/** How an option is written in words: on a command line, and in the environment. */
export type OptionForm =
  | { readonly kind: "number"; readonly unit: "bytes" | "ms" | "number" | "octal" }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** `what` is a word for it, such as "address". */
  | { readonly kind: "text"; readonly what: string }
  /** Texts with commas between them, or one of `words`, which is a value of its own. */
  | { readonly kind: "list"; readonly what: string; readonly words: readonly string[] }
  /** A group of options, each of which is written by itself. */
  | { readonly kind: "group"; readonly members: OptionTable }
  /** A value that only code can give, such as a function. */
  | { readonly kind: "code" };

/** One option: its default, its check, and how it is written and explained. */
export interface OptionRule<T> {
  readonly default: T;
  /** The default under the command line, if it is another one there. */
  readonly commandLineDefault?: T;
  /** Returns what is expected, in words; undefined if the value fits. */
  readonly expect: (value: unknown) => string | undefined;
  /** Converts a value that fits. Without it the value is kept as it is. */
  readonly read?: (value: unknown) => T;
  readonly form: OptionForm;
  /** A few words for the command line's help. Empty if the option cannot be written there. */
  readonly summary: string;
  /** Whether the short help lists it. */
  readonly isCommon?: boolean;
  /** Whether the option turns something on by being given, so that the help shows it as off. */
  readonly turnsOn?: boolean;
  /** Further variables of the environment, of the same rank as the one with the option's name. */
  readonly otherVariables?: readonly string[];
}

/** The rules of some options, by the options' names. */
export type OptionTable = Readonly<Record<string, OptionRule<unknown>>>;

/** A table with a rule for each option of an interface. */
export type RulesFor<Options> = { readonly [Name in keyof Options]-?: OptionRule<unknown> };

/** The options of a table, each with its value. */
export type Resolved<Rules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends OptionRule<infer T> ? T : never;
};

/** The longest time that a timer can wait for. */
const MAX_TIME_MS = 2 ** 31 - 1;

/**
 * Makes the check of a whole number in a range. `unit` follows "a whole number ", with a space at
 * its end.
 */
export function wholeNumber(
  from: number,
  to: number,
  unit = "",
): (value: unknown) => string | undefined {
  return (value) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= to
      ? undefined
      : `a whole number ${unit}from ${from} to ${to}`;
}

/** Makes the rule of a size in bytes. */
export function bytes(defaultBytes: number, summary: string, from = 1): OptionRule<number> {
  return {
    default: defaultBytes,
    expect: wholeNumber(from, 2 ** 32, "of bytes "),
    form: { kind: "number", unit: "bytes" },
    summary,
  };
}

/** Makes the rule of a number of things. */
export function count(
  defaultCount: number,
  summary: string,
  from = 1,
  to = 2 ** 32,
): OptionRule<number> {
  return {
    default: defaultCount,
    expect: wholeNumber(from, to),
    form: { kind: "number", unit: "number" },
    summary,
  };
}

/** Makes the rule of a time in milliseconds. */
export function time(defaultMs: number, summary: string): OptionRule<number> {
  return {
    default: defaultMs,
    expect: (value) =>
      typeof value === "number" && value >= 0 && value <= MAX_TIME_MS
        ? undefined
        : `a number of milliseconds from 0 to ${MAX_TIME_MS}`,
    form: { kind: "number", unit: "ms" },
    summary,
  };
}

/** Makes the rule of a choice among words, of which the first is the default. */
export function choice<const Choices extends readonly [string, ...string[]]>(
  summary: string,
  ...choices: Choices
): OptionRule<Choices[number]> {
  return {
    default: choices[0],
    expect: (value) =>
      choices.includes(value as string)
        ? undefined
        : choices.map((one) => JSON.stringify(one)).join(" or "),
    form: { kind: "choice", choices },
    summary,
  };
}

/** Makes the rule of a switch, off by default. */
export function boolean(summary: string, isDefault = false): OptionRule<boolean> {
  return {
    default: isDefault,
    expect: (value) => typeof value === "boolean" ? undefined : "true or false",
    form: { kind: "boolean" },
    summary,
  };
}

/** Makes the rule of a list of texts, empty by default. `expected` describes the list in words. */
export function list(
  what: string,
  isItem: (text: string) => boolean,
  expected: string,
  summary: string,
): OptionRule<readonly string[]> {
  return {
    default: [],
    expect: (value) =>
      Array.isArray(value) && value.every((item) => typeof item === "string" && isItem(item))
        ? undefined
        : expected,
    form: { kind: "list", what, words: [] },
    summary,
  };
}

/** Makes the rule of an address to listen on. By default that is this machine alone. */
export function address(summary: string): OptionRule<string> {
  return {
    default: "127.0.0.1",
    expect: (value) =>
      typeof value === "string" && value !== "" ? undefined : 'an address such as "127.0.0.1"',
    form: { kind: "text", what: "address" },
    summary,
  };
}

/** Makes the rule of a value that only code can give. */
export function code<T>(
  expect: (value: unknown) => string | undefined,
): OptionRule<T | undefined> {
  return { default: undefined, expect, form: { kind: "code" }, summary: "" };
}

/** Makes the rule of a group of options with a table of their own. Not given by default. */
export function group<T>(members: OptionTable, expected: string): OptionRule<T | undefined> {
  return {
    default: undefined,
    expect: (value) => typeof value === "object" && value !== null ? undefined : expected,
    form: { kind: "group", members },
    summary: "",
  };
}

/**
 * Makes an option's default depend on other options, or on the environment: it is undefined here.
 */
export function optional<T>(rule: OptionRule<T>): OptionRule<T | undefined> {
  return { ...rule, default: undefined };
}

/** Gives an option another default under the command line. */
export function underCommandLine<T>(
  commandLineDefault: NoInfer<T>,
  rule: OptionRule<T>,
): OptionRule<T> {
  return { ...rule, commandLineDefault };
}

/** Marks an option that turns something on by being given. Its default is what is usual then. */
export function turnsOn<T>(rule: OptionRule<T>): OptionRule<T> {
  return { ...rule, turnsOn: true };
}

/** Gives an option further variables of the environment. */
export function alsoSetBy<T>(
  otherVariables: readonly string[],
  rule: OptionRule<T>,
): OptionRule<T> {
  return { ...rule, otherVariables };
}

/** Puts an option into the short help. */
export function common<T>(rule: OptionRule<T>): OptionRule<T> {
  return { ...rule, isCommon: true };
}

/**
 * Checks options by their table and fills in the defaults. `where` names the options' owner in
 * messages.
 *
 * @throws {RangeError} when a number is out of its range
 * @throws {TypeError} when another value does not fit; when an option is unknown; when the options
 * are no object
 */
export function resolveOptions(
  where: string,
  options: unknown,
  table: OptionTable,
): Record<string, unknown> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${show(options)} as the options of ${where}: expected an object`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(table, name)) {
      throw new TypeError(
        `Unknown option ${JSON.stringify(name)} of ${where}: the options are ${
          Object.keys(table).join(", ")
        }`,
      );
    }
  }
  const given = options as Readonly<Record<string, unknown>>;
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(table)) {
    const value = given[name];
    resolved[name] = value === undefined ? rule.default : resolveOption(where, name, value, rule);
  }
  // V8 keeps an object with many computed names as a hash table. It reads a copy of that faster, and
  // the server reads its settings in each exchange.
  return { ...resolved };
}

function resolveOption(
  where: string,
  name: string,
  value: unknown,
  { expect, form, read }: OptionRule<unknown>,
): unknown {
  const expected = expect(value);
  if (expected !== undefined) {
    const message = `Cannot use ${
      show(value)
    } as option "${name}" of ${where}: expected ${expected}`;
    const isOutOfRange = form.kind === "number" && typeof value === "number";
    throw isOutOfRange ? new RangeError(message) : new TypeError(message);
  }
  if (read !== undefined) return read(value);
  if (form.kind !== "group") return value;
  return resolveOptions(`option "${name}" of ${where}`, value, form.members);
}

/** Writes a value for a message. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showOne).join(", ")}]`;
  return showOne(value);
}

function showOne(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
