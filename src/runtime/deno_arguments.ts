// Reads the arguments of Deno itself, as they were written: `run`, `-A`, `--config`, `./deno.json`,
// `./main.ts`. Deno shows a program only the arguments after these (`Deno.args`), and the main
// module as a URL. Linux shows all arguments in /proc.

/** The permissions that Deno requires to read a file in /proc. */
const ALL_PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

/**
 * Returns the arguments of Deno up to the script, which is the last one. Returns undefined if the
 * system hides them: on systems other than Linux, in a compiled program, and without `--allow-all`.
 * Never prompts for a permission.
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
    // This system has no /proc.
    return undefined;
  }
}

/**
 * Splits the text of /proc/self/cmdline, in which a zero byte follows each argument. The program's
 * own arguments are the last ones, and are left out.
 */
export function argumentsOf(commandLine: string, programArgumentCount: number): string[] {
  const words = commandLine.split("\0").slice(1, -1);
  return words.slice(0, words.length - programArgumentCount);
}
