// The events at the end of a worker: one `unload`, then one `exit` of `process`, in both kinds of
// thread. Deno dispatches nothing when a Web Worker closes, and only `exit` when a thread of
// node:worker_threads does: what programs do there under `deno run` is done here, too. Never
// `beforeunload`: an end that was ordered cannot be put off.

/**
 * Dispatches the events. What a listener throws goes to `onFailure`, and keeps the worker from
 * nothing.
 */
export async function dispatchEndEvents(
  defaultExitCode: number,
  onFailure: (during: string, error: unknown) => void,
): Promise<void> {
  // Loaded at the end, because a Web Worker that has not touched it yet takes some milliseconds for
  // it.
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
  // The runtime emits it once more at the end of a thread.
  process.removeAllListeners("exit");
}
