// Dispatches the events at the end of a worker: one `unload`, then one `exit` of `process`.
// Deno dispatches none when a Web Worker closes, and only `exit` when a thread of
// node:worker_threads does. Programs expect both, as under `deno run`. There is no `beforeunload`:
// the program cannot delay an ordered end.

/** Dispatches the events. Calls `onFailure` with what a listener throws, and continues. */
export async function dispatchEndEvents(
  defaultExitCode: number,
  onFailure: (during: string, error: unknown) => void,
): Promise<void> {
  // Loaded only now: the first load in a Web Worker takes some milliseconds.
  const { default: process } = await import("node:process");
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    onFailure("in a listener of unload", event.error);
  };
  globalThis.addEventListener("error", onError);
  globalThis.dispatchEvent(new Event("unload"));
  globalThis.removeEventListener("error", onError);
  try {
    process.emit("exit", Number(process.exitCode ?? defaultExitCode));
  } catch (error) {
    onFailure("in a listener of process exit", error);
  }
  // The runtime emits `exit` once more at the end of a thread.
  process.removeAllListeners("exit");
}
