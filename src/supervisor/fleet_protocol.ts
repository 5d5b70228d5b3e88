// The values that go into the fleet and come out of it: settings, inputs, actions, states.
// Types only. fleet.ts decides, supervisor.ts performs, and both speak in these.

import type { DrainOrder } from "../ipc/drain_order.ts";
import type { WorkerMessage } from "../ipc/messages.ts";
import type {
  FleetEvent,
  HandledRequest,
  HangOutcome,
  WorkerEndCause,
} from "../telemetry/fleet_event.ts";
import type { FleetPhase } from "../telemetry/fleet_log.ts";

/** The limits of a fleet. Times are numbers of milliseconds; 0 switches a limit off. */
export interface FleetSettings {
  readonly workers: number;
  /** How many workers are to be loaded and wait, beside those that serve. */
  readonly standby: number;
  readonly startTimeoutMs: number;
  /**
   * How long the first worker may take to load this library. `Infinity` where the workers' module
   * is known to load it.
   */
  readonly loadTimeoutMs: number;
  /**
   * How long the first worker of a fleet starts alone, unless it accepts before. All that start at
   * once share the processors, so the first answer would wait for the last of them.
   */
  readonly firstAloneMs: number;
  readonly drainTimeoutMs: number;
  readonly hangTimeoutMs: number;
  readonly hangOutcome: HangOutcome;
  readonly shutdownDelayMs: number;
  readonly maxRequests: number;
  readonly maxAgeMs: number;
  readonly maxHeapBytes: number;
  /** Within this time, one worker with open WebSockets is replaced because of a panic. */
  readonly socketPanicIntervalMs: number;
}

/** A message with the number of the worker that sent it. */
type From<Message> = Message extends unknown ? Message & { readonly worker: number } : never;

/** What a worker sends, as it arrives, except for what concerns the supervisor alone. */
type WorkerInput = From<
  Exclude<WorkerMessage, { kind: "loaded" | "introduced" | "reserve" | "idle" | "panicked" }>
>;

/** What happens to a fleet. */
export type FleetInput =
  | WorkerInput
  | { readonly kind: "start" }
  /** `slot` is where the worker will listen. No other worker that stays has it. */
  | { readonly kind: "loaded"; readonly worker: number; readonly slot?: number }
  /** A standby that was promoted has received a slot. */
  | { readonly kind: "placed"; readonly worker: number; readonly slot: number }
  | {
    readonly kind: "heartbeat";
    readonly worker: number;
    readonly requests: number;
    readonly heapBytes: number;
    readonly webSocketsOpen: number;
  }
  /** The first panic of a worker. */
  | {
    readonly kind: "panicked";
    readonly worker: number;
    readonly error: string;
    readonly webSocketsOpen: number;
  }
  | {
    readonly kind: "gone";
    readonly worker: number;
    readonly hasThrown: boolean;
    readonly detail: string;
    /** The requests that it was handling. */
    readonly handling?: readonly HandledRequest[];
  }
  | { readonly kind: "reload" }
  | { readonly kind: "resize"; readonly by: 1 | -1 }
  | { readonly kind: "shutdown"; readonly reason: string }
  /**
   * The process received a signal to stop. The first one stops the fleet, a later one cuts short.
   */
  | { readonly kind: "stop_signal"; readonly signal: string }
  | { readonly kind: "cut_short" }
  /**
   * From now on a debugger may stop any worker, so no worker counts as hung or as slow to start.
   */
  | { readonly kind: "inspected" }
  /** Whether the process has descriptors for another worker. A new fleet assumes that it has. */
  | { readonly kind: "room"; readonly hasRoom: boolean }
  | { readonly kind: "tick" };

/** What the supervisor has to do. */
export type FleetAction =
  | { readonly kind: "spawn"; readonly worker: number; readonly isStandby: boolean }
  /** Has a standby serve. One that still loads serves when it has loaded. */
  | { readonly kind: "promote"; readonly worker: number }
  | { readonly kind: "drain"; readonly worker: number; readonly order: DrainOrder }
  | { readonly kind: "terminate"; readonly worker: number }
  /** `phase` is that of the fleet when the event happened; later actions of the turn may end it. */
  | { readonly kind: "report"; readonly event: FleetEvent; readonly phase: FleetPhase }
  /** Every worker accepts for the first time. */
  | { readonly kind: "ready" }
  /** Readiness ends here; workers may go on serving for a while. */
  | { readonly kind: "stop" }
  /** No worker accepts any more. Accepted connections are still served. */
  | { readonly kind: "stop_listening" }
  | { readonly kind: "reloaded" }
  | { readonly kind: "reload_failed"; readonly reason: string }
  /** No worker can start, and all workers were terminated. */
  | { readonly kind: "give_up"; readonly reason: string }
  /**
   * The last worker of a fleet that stops is gone. `failure` is why the fleet had to stop by
   * itself.
   */
  | { readonly kind: "finished"; readonly failure: string | undefined };

/** What one worker does. A worker that is gone has no state. */
export type WorkerState =
  | {
    readonly kind: "starting";
    readonly hasLoaded: boolean;
    /** Whether it will wait when it has loaded the program. */
    readonly isStandby: boolean;
  }
  /** It has loaded the program, and waits to be promoted. No limit of time holds for it. */
  | { readonly kind: "standby"; readonly since: number }
  | { readonly kind: "accepting"; readonly since: number; readonly lastHeartbeat: number }
  /** It serves until its replacement accepts, and is drained then. */
  | {
    readonly kind: "retiring";
    readonly since: number;
    readonly lastHeartbeat: number;
    readonly cause: WorkerEndCause;
  }
  | {
    readonly kind: "draining";
    readonly cause: WorkerEndCause;
    readonly deadline: number;
    /** Whether it has reported that it accepts no more. */
    readonly hasStoppedAccepting: boolean;
  };
