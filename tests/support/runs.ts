// How thorough a run of the tests is. All runs are made, unless the arguments of the tests ask for few, as in
// `deno test tests/http1 -- --few-runs`. `deno task test:unit` asks for few, `deno task test` for all.

/** One of so many runs is made where few are asked for. */
const SHARE = 20;

const areFew = Deno.args.includes("--few-runs");

/** Returns how often to check a property: `all` times, or a twentieth of that where few runs are asked for. */
export function runs(all: number): number {
  return areFew ? Math.ceil(all / SHARE) : all;
}

/** Returns all cases, or the first and every twentieth where few runs are asked for. */
export function cases<T>(all: readonly T[]): readonly T[] {
  return areFew ? all.filter((_, index) => index % SHARE === 0) : all;
}

/** Returns `large`, or `small` where few runs are asked for. */
export function size(large: number, small: number): number {
  return areFew ? small : large;
}
