// What the benchmark can be told on the command line.

export const USAGE = `deno task bench [options]

  --workloads=a,b   only these (all)
  --peers=a,b       beside Mudpie and Deno.serve only these (all)
  --rounds=N        how often each server is measured (5)
  --seconds=S       for how long each time (3)
  --other=FOLDER    beside the Mudpie of another checkout, which has this benchmark, too
  --warm-up=S       how long each server is loaded before it is measured (2)
  --list            say which workloads and peers there are`;

export interface BenchOptions {
  /** Undefined: all. */
  readonly workloads: readonly string[] | undefined;
  readonly peers: readonly string[] | undefined;
  /** Another checkout of Mudpie. */
  readonly other: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly isList: boolean;
}

/** Reads the arguments. Throws an error whose message is for whoever typed them. */
export function parseArguments(
  args: readonly string[],
  known: { readonly workloads: readonly string[]; readonly peers: readonly string[] },
): BenchOptions {
  const given = new Map<string, string>();
  for (const argument of args) {
    const match = /^--([a-z-]+)(?:=(.*))?$/.exec(argument);
    if (match === null || !NAMES.has(match[1])) {
      throw new TypeError(`Cannot understand ${JSON.stringify(argument)}\n\n${USAGE}`);
    }
    given.set(match[1], match[2] ?? "");
  }
  const list = (name: "workloads" | "peers") => {
    const names = given.get(name)?.split(",");
    const unknown = names?.find((each) => !known[name].includes(each));
    if (unknown === undefined) return names;
    throw new TypeError(
      `No ${name} are called ${JSON.stringify(unknown)}; there are ${known[name].join(", ")}`,
    );
  };
  const number = (name: string, fallback: number, least: number) => {
    const value = Number(given.get(name) ?? fallback);
    if (Number.isInteger(value) && value >= least) return value;
    throw new RangeError(
      `--${name} must be a whole number from ${least} on, and was ${given.get(name)}`,
    );
  };
  return {
    workloads: list("workloads"),
    peers: list("peers"),
    other: given.get("other"),
    rounds: number("rounds", 5, 1),
    seconds: number("seconds", 3, 1),
    warmUpSeconds: number("warm-up", 2, 0),
    isList: given.has("list"),
  };
}

const NAMES = new Set(["workloads", "peers", "rounds", "seconds", "warm-up", "other", "list"]);
