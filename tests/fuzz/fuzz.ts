// The fuzzer as a program: `deno task fuzz [--seed N] [--executions N | --seconds N | --execution N]`. It ends with 0 when it
// has found nothing, with 1 when it has found a fault, and with 2 when it was called in a way that it does not understand.
// The same seed makes the same executions; without one it takes one from the clock, and says which.

import { describeReport, fuzz, type FuzzPlan, type FuzzReport } from "./fuzzer.ts";

const usage = (task: string) =>
  `Usage: deno task ${task} [--seed N] [--executions N | --seconds N | --execution N]

  --seed N         where the random numbers begin; from the clock where it is not given
  --executions N   how many executions to run; 200000 where nothing is said
  --seconds N      how long to run
  --execution N    run that one execution of the seed again, to see it fail`;

const DEFAULT_EXECUTIONS = 200_000;
const FLAGS = ["seed", "executions", "seconds", "execution"] as const;
const BOUNDS = ["executions", "seconds", "execution"] as const;

/** Seeds are numbers of 32 bits. */
const MAX_SEED = 0xffff_ffff;

type Flags = Partial<Record<typeof FLAGS[number], number>>;

/** Reads the flags; a text says what is wrong with them. */
export function parseFlags(texts: readonly string[]): Flags | string {
  const flags: Flags = {};
  const words = texts.flatMap((text) =>
    /^--\w+=/.test(text)
      ? [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]
      : [text]
  );
  for (let at = 0; at < words.length; at += 2) {
    const [word, value] = words.slice(at, at + 2);
    const flag = FLAGS.find((name) => word === `--${name}`);
    if (flag === undefined) return `Unknown flag ${JSON.stringify(word)}`;
    if (value === undefined || !/^\d{1,10}$/.test(value)) {
      return `${word} takes a whole number, not ${JSON.stringify(value ?? "")}`;
    }
    if (flags[flag] !== undefined) return `${word} is given twice`;
    flags[flag] = Number(value);
  }
  if ((flags.seed ?? 0) > MAX_SEED) return `--seed takes a number up to ${MAX_SEED}`;
  const bounds = BOUNDS.filter((name) => flags[name] !== undefined);
  if (bounds.length > 1) return `--${bounds[0]} and --${bounds[1]} do not go together`;
  if (flags.execution !== undefined && flags.seed === undefined) {
    return "--execution needs the --seed that it belongs to";
  }
  return flags;
}

/** Runs a fuzzer as the flags say, and returns the exit code of its program. */
export async function runFuzzer(
  task: string,
  program: string,
  fuzz: (plan: Omit<FuzzPlan, "reader">) => Promise<FuzzReport>,
): Promise<number> {
  const flags = parseFlags(Deno.args);
  if (typeof flags === "string") {
    console.error(`${flags}\n\n${usage(task)}`);
    return 2;
  }
  const { seed = Date.now() % MAX_SEED, executions = DEFAULT_EXECUTIONS, seconds, execution } =
    flags;
  console.log(`seed ${seed}`);
  const startedAt = performance.now();
  const end = seconds === undefined ? Infinity : startedAt + seconds * 1_000;
  const report = await fuzz({
    seed,
    first: execution,
    goesOn: (number) => {
      if (execution !== undefined) return number === execution;
      return seconds === undefined ? number < executions : performance.now() < end;
    },
  });
  console.log(describeReport(report, performance.now() - startedAt, program));
  return report.failure === undefined ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runFuzzer("fuzz", "fuzz.ts", fuzz));
