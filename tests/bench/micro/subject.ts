// A piece of the hot path, to be timed by `deno bench`, and to be held to its right answer by a test: what is fast and wrong
// must not look like progress.

/** Something to time. */
export interface Subject<Result = unknown> {
  readonly name: string;
  /** What is timed. What it returns is kept, so that nothing can be optimised away. */
  readonly run: () => Result | Promise<Result>;
  /** What its result says, in plain values. */
  readonly tell: (result: Result) => unknown;
  readonly expected: unknown;
}

/** Puts a subject of any kind of result among others. */
export function subject<Result>(given: Subject<Result>): Subject {
  return given as Subject;
}

/** The last result. It is global, so the engine cannot know that nobody looks. */
let kept: unknown;

/** `deno bench` awaits only what is declared `async`. */
const AsyncFunction = (async () => {}).constructor;

/** Says which subjects `deno bench` times, and under which heading. */
export function benchAll(group: string, subjects: readonly Subject[]): void {
  for (const { name, run } of subjects) {
    const fn = run instanceof AsyncFunction
      ? async () => {
        kept = await run();
      }
      : () => {
        kept = run();
      };
    Deno.bench({ name, group, fn });
  }
  if (kept === benchAll) throw new Error("It is only looked at so that it is kept");
}
