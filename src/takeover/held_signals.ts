// The program's own listeners to SIGTERM and SIGINT, held back until its worker ends. In a worker
// they would fire at the signal itself, before the last requests are answered. `process.on` of
// node:process listens by the functions that are replaced here, so it needs nothing of its own.

import { keepContext } from "../runtime/async_context.ts";

/** The signals that stop a server, the usual one first. */
const HELD = ["SIGTERM", "SIGINT"] as const;

type HeldSignal = typeof HELD[number];
type Listener = () => unknown;

function isHeld(signal: unknown): signal is HeldSignal {
  return HELD.some((held) => held === signal);
}

/** What ends the worker when the program wants to end its process. */
export interface ProcessEnd {
  /** Reports that the worker has ended. The thread ends right after it. */
  readonly report: () => void;
}

/** Holds back the listeners of this thread. */
export class HeldSignals {
  readonly #listeners: Record<HeldSignal, Listener[]> = { SIGTERM: [], SIGINT: [] };

  /** Replaces the runtime's functions. */
  constructor() {
    const add = Deno.addSignalListener;
    const remove = Deno.removeSignalListener;
    Deno.addSignalListener = (signal, listener) => {
      if (!isHeld(signal)) return add(signal, listener);
      const listeners = this.#listeners[signal];
      if (!listeners.includes(listener)) listeners.push(listener);
    };
    Deno.removeSignalListener = (signal, listener) => {
      if (!isHeld(signal)) return remove(signal, listener);
      this.#listeners[signal] = this.#listeners[signal].filter((each) => each !== listener);
    };
  }

  /**
   * Calls the listeners, as one signal does: those to SIGTERM, or those to SIGINT if there are no
   * others. None sees the async context that another one enters. Waits for the promises that they
   * return, until `time`. From then on, an end of the process that the program asks for ends this
   * thread alone. Calls `onFailure` with what a listener throws. Never rejects.
   */
  async call(
    end: ProcessEnd,
    time: number,
    onFailure: (signal: string, error: unknown) => void,
  ): Promise<void> {
    const signal = HELD.find((each) => this.#listeners[each].length > 0);
    if (signal === undefined) return;
    await endThreadAlone(end);
    const calls = [...this.#listeners[signal]].map(async (listener) => {
      try {
        await keepContext(listener);
      } catch (error) {
        onFailure(signal, error);
      }
    });
    const timeOver = Promise.withResolvers<void>();
    const timer = setTimeout(timeOver.resolve, Math.max(0, time - performance.now()));
    await Promise.race([Promise.all(calls), timeOver.promise]);
    clearTimeout(timer);
  }
}

/**
 * Has the ways to end a process end this thread, after its end events and a report. The events are
 * the runtime's: `exit` and `unload` for `process.exit()`, and `unload` alone for `Deno.exit()`.
 */
async function endThreadAlone({ report }: ProcessEnd): Promise<void> {
  const { default: process } = await import("node:process");
  // The thread may be terminated right after the report, so the program's listeners come first.
  const reportLast = () => globalThis.addEventListener("unload", report);
  const exit = Deno.exit;
  const exitProcess = process.exit;
  const leave = (code?: number): never => {
    reportLast();
    return exit(code);
  };
  const kill = Deno.kill;
  const killOrLeave = (pid: number, signal: Deno.Signal = "SIGTERM") => {
    // Listeners that have done their work often send the signal once more.
    if (pid === Deno.pid && isHeld(signal)) leave();
    kill(pid, signal);
  };
  Object.assign(Deno, { exit: leave, kill: killOrLeave });
  Object.assign(process, {
    exit: (code?: number | string | null): never => {
      reportLast();
      return exitProcess.call(process, code);
    },
    kill: (pid: number, signal?: Deno.Signal) => {
      killOrLeave(pid, signal);
      return true;
    },
  });
}
