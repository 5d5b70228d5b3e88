// Asks one worker what an application would serve, without serving anything: no address is listened on.
// For the command line, which has to know before it starts a fleet, and for whoever wants to see an application checked.

import type { ProbeReport, WorkerMessage } from "../ipc/messages.ts";
import { loadTimeoutInProgram } from "./fleet_settings.ts";
import { spawnWorker, type ThreadEnd } from "./worker_handle.ts";
import { claimWorkerNumber } from "./worker_numbers.ts";

/** What is to be surveyed, and how. */
export interface ProbeOptions {
  readonly entry: string;
  /** The application that the entry is to load, where the entry is the command line's own module. */
  readonly app: string | undefined;
  readonly isolation: "web" | "thread";
  /** How long the worker may take, in milliseconds; 0 for as long as it likes. */
  readonly timeoutMs: number;
}

/** What has come of it. */
export type ProbeOutcome =
  | { readonly kind: "probed"; readonly report: ProbeReport }
  /** The module has nothing that could be served, or does not even load this library. */
  | { readonly kind: "nothing_to_serve" }
  | { readonly kind: "failed"; readonly reason: string };

/** How long a module may take over what stands behind its `run()`. */
const LAST_CODE_MS = 1_000;

/** Loads the entry in one worker and has it tell what it would serve. The worker is gone when the promise resolves, or as good as gone. */
export async function probe(options: ProbeOptions): Promise<ProbeOutcome> {
  const mainStartupMs = performance.now();
  const outcome = Promise.withResolvers<ProbeOutcome>();
  const ended = Promise.withResolvers<void>();
  let hasLoaded = false;

  const onMessage = (message: WorkerMessage): void => {
    switch (message.kind) {
      case "loaded":
        hasLoaded = true;
        return worker.send({ kind: "probe", order: { mainStartupMs, app: options.app } });
      case "probed":
        return outcome.resolve({ kind: "probed", report: message.report });
      case "nothing_to_serve":
        return outcome.resolve({ kind: "nothing_to_serve" });
      case "failed":
        return outcome.resolve(
          message.isFinal
            ? { kind: "nothing_to_serve" }
            : { kind: "failed", reason: message.message },
        );
      case "ended":
        return ended.resolve();
      case "accepting":
      case "panicked":
      case "draining":
        // Only a worker that serves says these.
        return;
    }
  };
  const onGone = ({ hasThrown, detail }: ThreadEnd): void => {
    ended.resolve();
    outcome.resolve(
      hasThrown || hasLoaded ? { kind: "failed", reason: detail } : { kind: "nothing_to_serve" },
    );
  };

  const worker = spawnWorker({
    worker: claimWorkerNumber(),
    entry: options.entry,
    isolation: options.isolation,
    heapLimitBytes: 0,
    countsByRoute: false,
    onMessage,
    onGone,
  });
  const timers = [
    setTimeout(() => {
      if (!hasLoaded) outcome.resolve({ kind: "nothing_to_serve" });
    }, loadTimeoutInProgram(mainStartupMs)),
  ];
  if (options.timeoutMs > 0) {
    const reason =
      `it took longer than startTimeout (${options.timeoutMs} ms) to load, or to call run()`;
    timers.push(
      setTimeout(
        () =>
          outcome.resolve(hasLoaded ? { kind: "failed", reason } : { kind: "nothing_to_serve" }),
        options.timeoutMs,
      ),
    );
  }
  const result = await outcome.promise;
  // A worker that is stopped in the middle of its module leaves descriptors behind.
  if (result.kind === "probed") {
    timers.push(setTimeout(ended.resolve, LAST_CODE_MS));
    await ended.promise;
  }
  for (const timer of timers) clearTimeout(timer);
  worker.terminate();
  return result;
}
