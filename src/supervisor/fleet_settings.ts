// Makes the settings of a fleet from the options of a run.

import type { RunSettings } from "../options/run_options.ts";
import type { WorkerCount } from "../options/worker_count.ts";
import type { HangOutcome } from "../telemetry/fleet_event.ts";
import type { FleetSettings } from "./fleet_protocol.ts";
import type { RunningServer } from "./running_server.ts";

/**
 * How long the first worker may take to load this library, if the workers' module is not the main
 * module and may not load it at all. A program that runs has its modules at hand, so it loads them
 * in a few times of what it took itself. Under `deno test`, where `start()` is called, Deno checks
 * their types first.
 */
const MIN_RUN_LOAD_TIMEOUT_MS = 2_000;
const RUN_LOAD_TIMEOUT_SHARE = 5;
const START_LOAD_TIMEOUT_MS = 15_000;

/**
 * Longer than the first worker of a small program takes to accept. A program that loads for seconds
 * is served by all workers at most this much later, rounded up to a tick of the supervisor.
 */
const FIRST_ALONE_MS = 150;

/** What the settings of a fleet depend on. */
export interface FleetConditions {
  readonly settings: RunSettings;
  readonly workerCount: WorkerCount;
  readonly listenMode: RunningServer["listenMode"];
  /** Whether the workers' module is known to load this library. */
  readonly isEntryKnown: boolean;
  /** Whether `startTimeout` was given. Then it limits loading as well. */
  readonly isStartTimeoutGiven: boolean;
  readonly startedBy: "run" | "start";
  /** How long the main thread took from its start until now. */
  readonly mainStartupMs: number;
}

/** Returns the settings of a fleet. */
export function fleetSettings(conditions: FleetConditions): FleetSettings {
  const { settings, workerCount, listenMode } = conditions;
  return {
    workers: workerCount.workers,
    standby: settings.standby,
    startTimeoutMs: settings.startTimeout,
    loadTimeoutMs: loadTimeout(conditions),
    firstAloneMs: FIRST_ALONE_MS,
    drainTimeoutMs: settings.drainTimeout,
    hangTimeoutMs: settings.hangTimeout,
    hangOutcome: hangOutcome(settings, listenMode),
    shutdownDelayMs: settings.shutdownDelay,
    maxRequests: settings.maxRequestsPerWorker,
    maxAgeMs: settings.maxAgePerWorker,
    maxHeapBytes: settings.maxHeapBytesPerWorker,
    socketPanicIntervalMs: settings.socketPanicInterval,
  };
}

/**
 * Returns how long a worker of a program may take to load this library. `mainStartupMs` is how long
 * the program itself took to come this far.
 */
export function loadTimeoutInProgram(mainStartupMs: number): number {
  return MIN_RUN_LOAD_TIMEOUT_MS + mainStartupMs * RUN_LOAD_TIMEOUT_SHARE;
}

function loadTimeout(
  { isEntryKnown, isStartTimeoutGiven, startedBy, mainStartupMs }: FleetConditions,
): number {
  if (isEntryKnown || isStartTimeoutGiven) return Infinity;
  return startedBy === "start" ? START_LOAD_TIMEOUT_MS : loadTimeoutInProgram(mainStartupMs);
}

/** Returns what becomes of a worker that hangs: a thread can be stopped, a Web Worker cannot. */
function hangOutcome(
  { isolation, onHang }: RunSettings,
  listenMode: RunningServer["listenMode"],
): HangOutcome {
  if (isolation === "thread") return "stopped";
  const effect = onHang ?? (listenMode === "reuseport" ? "exit" : "continue");
  return effect === "exit" ? "exit" : "spins_on";
}
