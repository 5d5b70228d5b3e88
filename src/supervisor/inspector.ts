// Whether a debugger may stop the threads of this process: a worker at a breakpoint looks like one
// that hangs.

/** The line of the log for a fleet whose workers may be stopped by a debugger. */
export const INSPECTOR_NOTICE =
  "an inspector is open, so no worker counts as hung or as too slow to start: " +
  "hangTimeout and startTimeout do not hold";

/**
 * Whether the process was started with `--inspect`, `--inspect-brk` or `--inspect-wait`. Only
 * `--allow-sys` lets a program know that; without it the answer is false, and no question appears
 * at the terminal. Loads a module of Node's, which takes some 5 ms: call it while the main thread
 * waits for the workers.
 */
export async function isInspectorOpen(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "sys" });
  if (state !== "granted") return false;
  const { url } = await import("node:inspector");
  return url() !== undefined;
}
