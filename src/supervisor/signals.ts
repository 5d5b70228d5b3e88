// Which signal means what (design page, section 2; after gunicorn and unicorn).

/** What a signal asks of the fleet. */
export type SignalMeaning = "shutdown" | "reload" | "add worker" | "remove worker" | "print fleet";

const MEANINGS: ReadonlyMap<Deno.Signal, SignalMeaning> = new Map([
  ["SIGTERM", "shutdown"],
  ["SIGINT", "shutdown"],
  ["SIGHUP", "reload"],
  ["SIGTTIN", "add worker"],
  ["SIGTTOU", "remove worker"],
  ["SIGUSR2", "print fleet"],
  // At this one Deno opens its inspector, too, whatever a program does.
  ["SIGUSR1", "print fleet"],
]);

/** The only ones that Windows has. */
const WINDOWS_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGBREAK"];

/** Calls `onSignal` for each signal from now on. Returns how to stop that. */
export function listenToSignals(
  onSignal: (meaning: SignalMeaning, signal: Deno.Signal) => void,
): () => void {
  const listeners = new Map<Deno.Signal, () => void>();
  if (Deno.build.os === "windows") {
    for (const signal of WINDOWS_SIGNALS) listeners.set(signal, () => onSignal("shutdown", signal));
  } else {
    for (const [signal, meaning] of MEANINGS) {
      listeners.set(signal, () => onSignal(meaning, signal));
    }
  }
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  };
}
