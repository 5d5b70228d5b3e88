// Compares what has come of a case under Deno.serve with what has come of it elsewhere, value by
// value. A table has the differences that are wanted, each with both of its values.

import type { Answer, CaseOutcome, Way } from "./way.ts";
import type { Json } from "./notes.ts";

/** A value in the table: this very one, text of this form, any value, or none. */
export type Expected = Json | RegExp | typeof ANY | typeof AS_PLAIN | undefined;

/** Any value, also none. */
export const ANY: unique symbol = Symbol("any value");

/** The value that is seen if there is no server, and the application gets a plain Request. */
export const AS_PLAIN: unique symbol = Symbol("as plain");

/** A difference that is wanted. */
export interface Difference {
  /** The cases that show it. */
  readonly cases: RegExp;
  /** Where in the outcome, as in `answers[0].status` or `seen.text()`. */
  readonly at: RegExp;
  /** The ways that show it; all ways of Mudpie by default. */
  readonly ways?: RegExp;
  readonly deno: Expected;
  readonly mudpie: Expected;
  readonly why: string;
  /** Whether it is not seen in each run. */
  readonly isOptional?: boolean;
}

/** A value that differs from the one under Deno.serve. */
export interface Deviation {
  readonly at: string;
  readonly deno: Json | undefined;
  readonly here: Json | undefined;
  /** The value without a server. */
  readonly plain: Json | undefined;
}

/** Returns all values that differ between two outcomes, in the order of their places. */
export function deviationsOf(
  deno: CaseOutcome,
  here: CaseOutcome,
  plain: CaseOutcome,
): Deviation[] {
  const [theirs, ours, plainly] = [deno, here, plain].map((each) => new Map(placesOf(each)));
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .map((at) => ({ at, deno: theirs.get(at), here: ours.get(at), plain: plainly.get(at) }))
    .filter(({ deno, here }) => JSON.stringify(deno) !== JSON.stringify(here));
}

/** Returns what was noted, and each part of each answer, by its place. */
function* placesOf({ seen, answers, connection }: CaseOutcome): Generator<[string, Json]> {
  for (const [label, value] of Object.entries(seen)) yield [`seen.${label}`, value];
  for (const [index, answer] of answers.entries()) {
    const place = `answers[${index}]`;
    if (typeof answer === "string") yield [place, answer];
    else yield* partsOf(answer, place);
  }
  yield ["connection", connection];
}

function* partsOf({ fields, ...others }: Answer, place: string): Generator<[string, Json]> {
  for (const [name, part] of Object.entries(others)) yield [`${place}.${name}`, part];
  for (const [name, values] of Object.entries(fields)) yield [`${place}.fields.${name}`, values];
}

/** Finds the line of the table that explains a deviation. */
export function explanationOf(
  table: readonly Difference[],
  name: string,
  way: string,
  { at, deno, here, plain }: Deviation,
): Difference | undefined {
  return table.find((difference) =>
    difference.cases.test(name) && difference.at.test(at) &&
    (difference.ways?.test(way) ?? true) &&
    isExpected(difference.deno, deno, plain) && isExpected(difference.mudpie, here, plain)
  );
}

function isExpected(
  expected: Expected,
  value: Json | undefined,
  plain: Json | undefined,
): boolean {
  if (expected === ANY) return true;
  if (expected === AS_PLAIN) return JSON.stringify(plain) === JSON.stringify(value);
  if (expected instanceof RegExp) return value !== undefined && expected.test(textOf(value));
  return JSON.stringify(expected) === JSON.stringify(value);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How many deviations a message shows: one fault often shows in many places. */
const MAX_SHOWN = 10;

/** Returns deviations as text for the message of a test that fails, those of several ways once. */
export function describeDeviations(problems: ReadonlyMap<Way, readonly Deviation[]>): string {
  const ways = new Map<string, string[]>();
  for (const [{ name }, deviations] of problems) {
    for (const { at, deno, here } of deviations) {
      const text = `at ${at}\n  Deno.serve: ${show(deno)}\n  here:       ${show(here)}`;
      ways.set(text, [...ways.get(text) ?? [], name]);
    }
  }
  const lines = [...ways].map(([text, names]) => `${text}\n  under:      ${names.join(", ")}`);
  const more = lines.length > MAX_SHOWN ? [`and at ${lines.length - MAX_SHOWN} more places`] : [];
  return [...lines.slice(0, MAX_SHOWN), ...more].join("\n");
}

function show(value: Json | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
