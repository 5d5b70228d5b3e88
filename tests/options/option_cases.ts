// The cases that hold for every option of a table: its default, values that fit, values that do not.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

/** One option, with values that it may have, and values that it may not. */
export interface OptionCase {
  name: string;
  default: unknown;
  good: unknown[];
  bad: unknown[];
  /** Other options that it cannot be without. */
  goesWith?: Record<string, unknown>;
  /** Whether this is made of a value that fits, where the value is not kept as it is. */
  kept?: (resolved: unknown) => boolean;
}

/** Values of other types. Among them is one that looks like a number. */
export const notNumbers = ["8", true, null, {}, [], 8n];
export const times = {
  good: [0, 1, 0.5, 60_000, 2 ** 31 - 1],
  bad: [-1, 2 ** 31, NaN, Infinity, -Infinity, ...notNumbers],
};
/** A limit of 0 would let nothing through. */
export const limits = { good: [64, 1_000_000], bad: [0, -1, 0.5, NaN, Infinity, ...notNumbers] };
/** Of these, 0 means something: no body at all, or that it is off. */
export const sizes = { good: [0, 1, 1_000_000], bad: [-1, 0.5, NaN, Infinity, ...notNumbers] };

/** Registers the tests of a table. `where` names the options' owner in messages. */
export function describeOptions<Options extends object>(
  where: string,
  resolve: (options: Options) => object,
  cases: readonly OptionCase[],
): void {
  const resolved = (options: object) =>
    resolve(options as Options) as Readonly<Record<string, unknown>>;
  for (const option of cases) describeOption(where, resolved, option);
  describeTable(where, resolved, cases);
}

type Resolve = (options: object) => Readonly<Record<string, unknown>>;

function describeOption(where: string, resolve: Resolve, option: OptionCase): void {
  const { name, default: byDefault, good, bad, goesWith = {}, kept } = option;
  const resolved = (value: unknown) => resolve({ ...goesWith, [name]: value })[name];
  const isNumber = typeof good[0] === "number";
  describe(`The option ${name} of ${where}`, () => {
    it(`is ${byDefault} by default, and when it is undefined`, () => {
      assertEquals(resolve({})[name], byDefault);
      assertEquals(resolved(undefined), byDefault);
    });

    it("keeps each value that fits", () => {
      for (const value of good) {
        if (kept === undefined) assertEquals(resolved(value), value);
        else assert(kept(resolved(value)), show(value));
      }
    });

    for (const value of bad) {
      it(`cannot be ${typeof value} ${show(value)}`, () => {
        const isOutOfRange = isNumber && typeof value === "number";
        const Expected = isOutOfRange ? RangeError : TypeError;
        const { message } = assertThrows(() => resolved(value), Expected);
        assertStringIncludes(message, `"${name}"`, "which option");
        assertStringIncludes(message, where, "of what");
        assertStringIncludes(message, show(value), "what was got");
        assertStringIncludes(message, "expected", "what was expected");
      });
    }
  });
}

function describeTable(where: string, resolve: Resolve, cases: readonly OptionCase[]): void {
  describe(`The options of ${where}`, () => {
    it("are these, each with its value", () => {
      assertEquals(Object.keys(resolve({})).toSorted(), cases.map(({ name }) => name).toSorted());
    });

    for (
      const name of ["threads", "Port", "maxBodyByte", "", "toString", "constructor", "__proto__"]
    ) {
      it(`have none by the name of ${JSON.stringify(name)}, which the message shows beside those that there are`, () => {
        const options = Object.fromEntries([[name, 1]]);
        const { message } = assertThrows(() => resolve(options), TypeError);
        assertStringIncludes(message, JSON.stringify(name));
        for (const known of cases) assertStringIncludes(message, known.name);
      });
    }

    for (const value of [null, 7, "options", true]) {
      it(`cannot be ${show(value)}`, () => {
        assertThrows(() => resolve(value as unknown as object), TypeError, show(value));
      });
    }
  });
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
