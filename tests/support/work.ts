// Counts what a function does with text and bytes, so that a test can hold it to linear time without a clock. Every method
// through which code reads a text or a Buffer counts the characters that it may look at.

import { Buffer } from "node:buffer";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** How many characters one call may look at, by its method. */
type Cost = (subject: { length: number }, args: unknown[], result: unknown) => number;

const all: Cost = ({ length }) => length;
const ofResult: Cost = (_subject, _args, result) => (result as { length: number }).length;
const upToResult: Cost = ({ length }, [needle, from = 0], result) => {
  const end = result === -1 ? length : (result as number) + (needle as { length: number }).length;
  return Math.max(1, end - (from as number));
};

const STRING_COSTS: Readonly<Record<string, Cost>> = {
  charCodeAt: () => 1,
  indexOf: upToResult,
  includes: all,
  startsWith: (_subject, [needle]) => (needle as string).length,
  slice: ofResult,
  split: all,
  replace: all,
  toLowerCase: all,
};

const BUFFER_COSTS: Readonly<Record<string, Cost>> = {
  indexOf: upToResult,
  latin1Slice: ofResult,
  utf8Slice: ofResult,
  subarray: () => 1,
};

/** Runs `body`, and counts the characters and bytes that it looks at. */
export function countWork<Result>(body: () => Result): { result: Result; work: number } {
  let work = 0;
  const undo: (() => void)[] = [];
  const watch = (prototype: object, costs: Readonly<Record<string, Cost>>) => {
    const methods = prototype as Record<string, Method>;
    for (const [name, cost] of Object.entries(costs)) {
      const method = methods[name];
      const owned = Object.getOwnPropertyDescriptor(prototype, name);
      methods[name] = function (this: unknown, ...args) {
        const result = Reflect.apply(method, this, args);
        work += cost(this as { length: number }, args, result);
        return result;
      };
      undo.push(() => {
        if (owned === undefined) delete methods[name];
        else Object.defineProperty(prototype, name, owned);
      });
    }
  };
  watch(String.prototype, STRING_COSTS);
  watch(RegExp.prototype, { test: (_subject, [text]) => (text as string).length });
  watch(Buffer.prototype, BUFFER_COSTS);
  try {
    return { result: body(), work };
  } finally {
    for (const each of undo) each();
  }
}
