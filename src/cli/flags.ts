// The flags and the variables of the environment: one of each for every option that can be written
// in words, with names that follow from the option's own. What they may be stands in the table of
// options; here words become values.

import type { OptionForm, OptionRule } from "../options/option_rule.ts";
import { variablesOf, type WordedOption, wordsOf } from "../options/worded_options.ts";

/** An option as the command line knows it. */
export interface Flag {
  /** Without the dashes: `max-body-bytes`. */
  readonly name: string;
  /** The variables of the environment that set the same. The first one that is set wins. */
  readonly variables: readonly string[];
  readonly option: WordedOption;
}

/** The flags of these options. */
export function flagsFor(options: readonly WordedOption[]): Flag[] {
  return options.map((option) => ({
    name: wordsOf(option).join("-").toLowerCase(),
    variables: variablesOf(option),
    option,
  }));
}

/** What words have come to. */
export type Reading =
  | { readonly kind: "value"; readonly value: unknown }
  /** They do not fit; `expected` describes what would. */
  | { readonly kind: "refused"; readonly expected: string };

/** The value that the words stand for. */
export function readWords(text: string, { form, expect }: OptionRule<unknown>): Reading {
  const value = valueOf(text, form);
  const expected = expect(value);
  if (expected === undefined) return { kind: "value", value };
  return { kind: "refused", expected: form.kind === "list" ? expected + LIST_IN_WORDS : expected };
}

/** The option's own words show it as code has it, and the user may have written just that. */
const LIST_IN_WORDS = "; here it is written without brackets and quotes";

/** Digits may be parted by single underscores, as in code. */
const NUMBER = /^-?\d+(?:_\d+)*(?:\.\d+)?$/;

/** The usual ways to write permissions of files: `660`, `0660`, `0o660`. */
const OCTAL = /^(?:0o)?[0-7]+$/;

/** What is no value of the form is left as it is, for the option's check to refuse. */
function valueOf(text: string, form: OptionForm): unknown {
  switch (form.kind) {
    case "number":
      if (form.unit === "octal") {
        return OCTAL.test(text) ? parseInt(text.replace("0o", ""), 8) : text;
      }
      return NUMBER.test(text) ? Number(text.replaceAll("_", "")) : text;
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : text;
    case "list":
      if (form.words.includes(text)) return text;
      return text === "" ? [] : text.split(",").map((item) => item.trim());
    case "choice":
    case "text":
    case "group":
    case "code":
      return text;
  }
}

/** What stands for the value in a line of help, such as `<ms>`. */
export function placeholder(form: OptionForm): string {
  switch (form.kind) {
    case "number":
      return `<${form.unit}>`;
    case "boolean":
      return "<true|false>";
    case "choice":
      return `<${form.choices.join("|")}>`;
    case "text":
      return `<${form.what}>`;
    case "list":
      return `<${[`${form.what},...`, ...form.words].join("|")}>`;
    case "group":
    case "code":
      return "";
  }
}
