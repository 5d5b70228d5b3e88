// The words with which Deno itself was started, as they were written: `run`, `-A`, `--config`, `./deno.json`, `./main.ts`.
// Deno shows a program only what follows these (`Deno.args`), and the main module as a URL. Linux shows all of them in /proc.

/** What a program needs to read anything in /proc. */
const ALL_PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

/**
 * The arguments of Deno up to the script, which is the last one. Undefined where they cannot be known: on systems other than Linux,
 * in a compiled program, and without `--allow-all`. No question appears at the terminal.
 */
export function denoArguments(): string[] | undefined {
  if (Deno.build.os !== "linux" || Deno.build.standalone) return undefined;
  const isAllowed = ALL_PERMISSIONS.every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
  if (!isAllowed) return undefined;
  try {
    return argumentsOf(Deno.readTextFileSync("/proc/self/cmdline"), Deno.args.length);
  } catch {
    // A system without /proc.
    return undefined;
  }
}

/** Splits what /proc/self/cmdline holds, each word with a zero byte after it; the program's own words are the last ones. */
export function argumentsOf(commandLine: string, programArgumentCount: number): string[] {
  const words = commandLine.split("\0").slice(1, -1);
  return words.slice(0, words.length - programArgumentCount);
}
