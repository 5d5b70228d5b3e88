// Gives each event of the fleet to the log, to the program's `onEvent` and to the operator's port.
// It counts replacements, and advises once on connections that are reset. It decides nothing.

import type { RunOptions } from "../options/run_options.ts";
import { keepContext } from "../runtime/async_context.ts";
import type { FleetEvent, WorkerEndCause } from "../telemetry/fleet_event.ts";
import { fleetLine, type FleetPhase, isWorthALine, QUEUE_ADVICE } from "../telemetry/fleet_log.ts";
import { describeError, escapeForLog, type LogSink } from "../telemetry/log.ts";
import type { FleetObserver } from "./fleet_observer.ts";

/** Where events go. */
export interface Receivers {
  readonly log: LogSink;
  readonly onEvent: RunOptions["onEvent"];
  readonly observer: Pick<FleetObserver, "note"> | undefined;
  /** Whether a worker that closes its socket loses the connections in its queue. */
  readonly losesQueueOnClose: () => boolean;
}

/** The number of replacements by cause. */
export type Replacements = Partial<Record<WorkerEndCause, number>>;

/** Publishes the events of one fleet. */
export class EventPublisher {
  readonly #receivers: Receivers;
  readonly #replacements: Replacements = {};
  #hasAdvised = false;
  /** What has become of workers before all accepted. The error of a failed start has the cause. */
  readonly #deathsAtStart: string[] = [];

  constructor(receivers: Receivers) {
    this.#receivers = receivers;
  }

  /**
   * How many workers were replaced, by cause. A cause for which no worker was replaced has no
   * entry.
   */
  get replacements(): Replacements {
    return { ...this.#replacements };
  }

  /** Publishes an event. `phase` is what the fleet did when it happened. */
  publish(event: FleetEvent, phase: FleetPhase): void {
    const { log, observer } = this.#receivers;
    if (event.kind === "replacing") {
      this.#adviseOnce();
      this.#countReplacement(event.cause);
    }
    if (event.kind === "ended" && event.cause === "crash") this.#countReplacement(event.cause);
    this.#noteStart(event, phase);
    if (isWorthALine(event, phase)) log(fleetLine(event));
    observer?.note(event);
    this.#callHook(event);
  }

  /** Logs the deaths of workers at a start that has succeeded in the end. */
  #noteStart(event: FleetEvent, phase: FleetPhase): void {
    if (event.kind === "ended" && phase === "starting") this.#deathsAtStart.push(fleetLine(event));
    if (event.kind !== "listening") return;
    for (const line of this.#deathsAtStart.splice(0)) this.#receivers.log(line);
  }

  /** Logs the advice when it begins to matter, and never for a fleet that replaces no worker. */
  #adviseOnce(): void {
    if (this.#hasAdvised) return;
    this.#hasAdvised = true;
    if (this.#receivers.losesQueueOnClose()) this.#receivers.log(QUEUE_ADVICE);
  }

  #countReplacement(cause: WorkerEndCause): void {
    this.#replacements[cause] = (this.#replacements[cause] ?? 0) + 1;
  }

  #callHook(event: FleetEvent): void {
    const { log, onEvent } = this.#receivers;
    const complain = (error: unknown) =>
      log(escapeForLog(`onEvent threw on ${event.kind}: ${describeError(error)}`));
    try {
      // It may be an async function. A rejection that is not handled would end the process.
      Promise.resolve(keepContext(() => onEvent?.(event))).catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}
