// Workers without threads: a test says what they report and when they end, and sees what they were sent.

import { InFlightRequests } from "../../../src/ipc/in_flight_requests.ts";
import type { SupervisorMessage, WorkerMessage } from "../../../src/ipc/messages.ts";
import { Scoreboard } from "../../../src/ipc/scoreboard.ts";
import type { ReservedAddress } from "../../../src/net/listener.ts";
import type {
  SpawnOptions,
  ThreadEnd,
  WorkerHandle,
} from "../../../src/supervisor/worker_handle.ts";
import { createMetricsMemory } from "../../../src/telemetry/metrics_memory.ts";

/** A handle of which nothing stands behind. */
export class FakeWorker implements WorkerHandle {
  readonly scoreboard = new Scoreboard();
  readonly inFlightRequests = new InFlightRequests();
  readonly requestMetrics: SharedArrayBuffer | undefined;
  readonly options: SpawnOptions;
  readonly sent: SupervisorMessage[] = [];
  isTerminated = false;
  isGone = false;

  constructor(options: SpawnOptions) {
    this.options = options;
    this.requestMetrics = options.countsByRoute ? createMetricsMemory() : undefined;
  }

  send(message: SupervisorMessage): void {
    this.sent.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** The worker sends a message. */
  report(message: WorkerMessage): void {
    this.options.onMessage(message);
  }

  /** The worker loads, and accepts. */
  comeUp(): void {
    this.report({ kind: "loaded", lock: "" });
    this.report({ kind: "accepting" });
  }

  /** The thread ends by itself. */
  end(end: ThreadEnd): void {
    this.isGone = true;
    this.options.onGone(end);
  }

  /** The kinds of what the worker was sent. */
  get sentKinds(): string[] {
    return this.sent.map(({ kind }) => kind);
  }
}

/** Spawns fakes and keeps them, by the order in which they were spawned. */
export class FakeWorkers {
  readonly all: FakeWorker[] = [];
  readonly spawn = (options: SpawnOptions): WorkerHandle => {
    const worker = new FakeWorker(options);
    this.all.push(worker);
    return worker;
  };
}

/** An address at which nothing listens, and what was done with it. */
export function fakeAddress(): ReservedAddress & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    listen: "shared",
    hostname: "127.0.0.1",
    port: 8_000,
    url: "http://127.0.0.1:8000",
    addressOf: (slot) => {
      log.push(`slot ${slot}`);
      return { listen: "shared", hostname: "127.0.0.1", port: 8_000, backlog: 511 };
    },
    vacate: (slot) => void log.push(`vacate ${slot}`),
    release: () => void log.push("release"),
    workersAccept: () => void log.push("workersAccept"),
  };
}
