// What the benchmark can be told on the command line.

export const USAGE = `deno task bench [options]

  --workloads=a,b   only these (all)
  --peers=a,b       beside Mudpie and Deno.serve only these (all)
  --pairs=a,b       only the rows and the servers of these pairs (all)
  --rounds=N        how often each server is measured (5)
  --seconds=S       for how long each time (3)
  --other=FOLDER    beside the Mudpie of another checkout, which has this benchmark, too
  --warm-up=S       how long each server is loaded before it is measured (2);
                    up to four times as long, until it has given 50,000 answers
  --list            list the workloads, peers and pairs`;

export interface BenchOptions {
  /** Undefined: all. */
  readonly workloads: readonly string[] | undefined;
  readonly peers: readonly string[] | undefined;
  readonly pairs: readonly string[] | undefined;
  /** Another checkout of Mudpie. */
  readonly other: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly isList: boolean;
}

/** Arguments of the form `--name=value`, or `--name`. What they throw has a message for whoever typed them. */
export class Arguments {
  readonly #given = new Map<string, string>();

  /** Throws where one is not among the names, with the usage. */
  constructor(args: readonly string[], names: ReadonlySet<string>, usage: string) {
    for (const argument of args) {
      const match = /^--([a-z-]+)(?:=(.*))?$/.exec(argument);
      if (match === null || !names.has(match[1])) {
        throw new TypeError(`Cannot understand ${JSON.stringify(argument)}\n\n${usage}`);
      }
      this.#given.set(match[1], match[2] ?? "");
    }
  }

  /** What was given; undefined where nothing was. */
  text(name: string): string | undefined {
    return this.#given.get(name);
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The names that were given, with commas between them; undefined where none were. */
  list(name: string, known: readonly string[]): readonly string[] | undefined {
    const names = this.#given.get(name)?.split(",");
    const unknown = names?.find((each) => !known.includes(each));
    if (unknown === undefined) return names;
    throw new TypeError(
      `No ${name} are called ${JSON.stringify(unknown)}; there are ${known.join(", ")}`,
    );
  }

  wholeNumber(name: string, fallback: number, least: number): number {
    const value = Number(this.#given.get(name) ?? fallback);
    if (Number.isInteger(value) && value >= least) return value;
    throw new RangeError(
      `--${name} must be a whole number from ${least} on, and was ${this.#given.get(name)}`,
    );
  }
}

/** Reads the arguments. Throws an error whose message is for whoever typed them. */
export function parseArguments(
  args: readonly string[],
  known: Readonly<Record<"workloads" | "peers" | "pairs", readonly string[]>>,
): BenchOptions {
  const given = new Arguments(args, NAMES, USAGE);
  return {
    workloads: given.list("workloads", known.workloads),
    peers: given.list("peers", known.peers),
    pairs: given.list("pairs", known.pairs),
    other: given.text("other"),
    rounds: given.wholeNumber("rounds", 5, 1),
    seconds: given.wholeNumber("seconds", 3, 1),
    warmUpSeconds: given.wholeNumber("warm-up", 2, 0),
    isList: given.has("list"),
  };
}

const NAMES = new Set([
  ...["workloads", "peers", "pairs"],
  ...["rounds", "seconds", "warm-up", "other", "list"],
]);
