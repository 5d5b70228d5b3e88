// Which signal means what (design page, section 2; after gunicorn and unicorn).

import { STOP_SIGNAL_WINDOW_MS } from "./fleet.ts";

/** What a signal asks of the fleet. */
export type SignalMeaning = "shutdown" | "reload" | "add_worker" | "remove_worker" | "print_fleet";

const MEANINGS: ReadonlyMap<Deno.Signal, SignalMeaning> = new Map([
  ["SIGTERM", "shutdown"],
  ["SIGINT", "shutdown"],
  ["SIGHUP", "reload"],
  ["SIGTTIN", "add_worker"],
  ["SIGTTOU", "remove_worker"],
  ["SIGUSR2", "print_fleet"],
  // At this one Deno opens its inspector, too, whatever a program does.
  ["SIGUSR1", "print_fleet"],
]);

/** The only ones that Windows has. */
const WINDOWS_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGBREAK"];

/** Calls `onSignal` for each signal from now on. Returns how to stop that. */
export function listenToSignals(
  onSignal: (meaning: SignalMeaning, signal: Deno.Signal) => void,
): () => void {
  const meanings: Iterable<readonly [Deno.Signal, SignalMeaning]> = Deno.build.os === "windows"
    ? WINDOWS_SIGNALS.map((signal) => [signal, "shutdown"] as const)
    : MEANINGS;
  let isStopping = false;
  let isOver = false;
  const listeners = [...meanings].map(([signal, meaning]) => ({
    signal,
    meaning,
    listener: () => {
      if (isOver) return;
      if (meaning === "shutdown") isStopping = true;
      onSignal(meaning, signal);
    },
  }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    isOver = true;
    for (const { signal, meaning, listener } of listeners) {
      if (meaning === "shutdown" && isStopping) removeLater(signal, listener);
      else Deno.removeSignalListener(signal, listener);
    }
  };
}

/**
 * An idle server ends sooner than the second of two signals that are one. Without a listener that
 * one would kill the process before it exits with 0. Neither the listener nor the timer keeps the
 * process alive.
 */
function removeLater(signal: Deno.Signal, listener: () => void): void {
  const timer = setTimeout(
    () => Deno.removeSignalListener(signal, listener),
    STOP_SIGNAL_WINDOW_MS,
  );
  Deno.unrefTimer(timer);
}
