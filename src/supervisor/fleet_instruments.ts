// The metrics of the fleet for OpenTelemetry, and the requests under way. They are read on the main
// thread whenever metrics are exported: a worker that dies takes its own instruments with it, with
// whatever they count at that moment. Names and units follow OpenTelemetry's conventions.

import { SHED_REASONS } from "../ipc/shed_reason.ts";
import type { WorkerEndCause } from "../telemetry/fleet_event.ts";
import { ACTIVE_SCHEMES, OTHER, UNMATCHED } from "../telemetry/metrics_memory.ts";
import { OTHER_METHOD } from "../telemetry/http_attributes.ts";
import type {
  Attributes,
  InstrumentOptions,
  Meter,
  Observable,
  ObservableCallback,
} from "../telemetry/opentelemetry.ts";
import type { ObservedFleet } from "./fleet_observer.ts";
import type { WorkerStats, WorkerStatus } from "./running_server.ts";

/** All statuses, so that one without a worker is 0 and not missing. */
export const WORKER_STATUSES: readonly WorkerStatus[] = [
  "starting",
  "standby",
  "accepting",
  "retiring",
  "draining",
];

/** The causes of replacements. Each counter exists from the start, so that its first rise shows. */
export const REPLACEMENT_CAUSES: readonly WorkerEndCause[] = [
  "panic",
  "crash",
  "hang",
  "reload",
  "max_requests",
  "max_age",
  "max_heap",
  "closed_by_program",
];

const MILLISECONDS_PER_SECOND = 1_000;

/** Makes an instrument of a meter. */
type Maker = (name: string, options: InstrumentOptions) => Observable;

/** The instruments of one fleet. */
export class FleetInstruments {
  readonly #fleet: Pick<ObservedFleet, "stats" | "requestTotals">;
  /** What to undo at the end. */
  readonly #stops: (() => void)[] = [];
  /** The requests under way that were reported as more than 0, each by its attributes. */
  readonly #reported = new Map<string, Attributes>();

  /** Makes the instruments, which read the fleet from now on. */
  constructor(meter: Meter, fleet: Pick<ObservedFleet, "stats" | "requestTotals">) {
    this.#fleet = fleet;
    const gauge: Maker = (name, options) => meter.createObservableGauge(name, options);
    const sum: Maker = (name, options) => meter.createObservableUpDownCounter(name, options);
    const counter: Maker = (name, options) => meter.createObservableCounter(name, options);
    this.#observe(sum, "http.server.active_requests", {
      unit: "{request}",
      description: "Number of active HTTP server requests.",
    }, (result) => this.#observeActive(result));
    this.#observeFleet(sum, counter);
    this.#observeWorkers(sum, gauge);
  }

  #observe(make: Maker, name: string, options: InstrumentOptions, read: ObservableCallback): void {
    const instrument = make(name, options);
    instrument.addCallback(read);
    this.#stops.push(() => instrument.removeCallback(read));
  }

  #observeFleet(sum: Maker, counter: Maker): void {
    this.#observe(sum, "mudpie.worker.count", {
      unit: "{worker}",
      description: "Number of workers, by what they do.",
    }, (result) => {
      const { workers } = this.#fleet.stats();
      for (const status of WORKER_STATUSES) {
        const count = workers.filter((worker) => worker.status === status).length;
        result.observe(count, { "mudpie.worker.state": status });
      }
    });
    this.#observe(sum, "mudpie.worker.desired", {
      unit: "{worker}",
      description: "Number of workers that the fleet is to have.",
    }, (result) => result.observe(this.#fleet.stats().desired));
    this.#observe(counter, "mudpie.worker.replacements", {
      unit: "{replacement}",
      description: "Number of workers that were replaced, by cause.",
    }, (result) => {
      const { replacements } = this.#fleet.stats();
      for (const cause of REPLACEMENT_CAUSES) {
        result.observe(replacements[cause] ?? 0, { "mudpie.replacement.cause": cause });
      }
    });
    this.#observe(counter, "mudpie.request.shed", {
      unit: "{request}",
      description: "Number of requests that got 503 because their worker had too much to do.",
    }, (result) => {
      const { shed } = this.#fleet.stats().total;
      for (const reason of SHED_REASONS) {
        result.observe(shed[reason], { "mudpie.shed.reason": reason });
      }
    });
  }

  #observeWorkers(sum: Maker, gauge: Maker): void {
    this.#observeEach(
      sum,
      "mudpie.worker.memory.used",
      { unit: "By", description: "Heap of a worker, and memory outside of it that belongs to it." },
      ({ heapBytes }) => heapBytes,
    );
    this.#observeEach(
      gauge,
      "mudpie.worker.eventloop.delay",
      { unit: "s", description: "How late the last tick of a worker came." },
      ({ eventLoopLagMs }) => eventLoopLagMs / MILLISECONDS_PER_SECOND,
    );
    this.#observeEach(
      gauge,
      "mudpie.worker.heartbeat.age",
      { unit: "s", description: "Time since a worker last showed that it is alive." },
      ({ heartbeatAgeMs }) => heartbeatAgeMs / MILLISECONDS_PER_SECOND,
    );
  }

  #observeEach(
    make: Maker,
    name: string,
    options: InstrumentOptions,
    valueOf: (worker: WorkerStats) => number,
  ): void {
    this.#observe(make, name, options, (result) => {
      for (const worker of this.#fleet.stats().workers) {
        result.observe(valueOf(worker), { "mudpie.worker.id": BigInt(worker.worker) });
      }
    });
  }

  /** Observes the requests under way. One that was reported is reported as 0 from its end on. */
  #observeActive(result: Parameters<ObservableCallback>[0]): void {
    const counts = new Map<string, number>();
    for (const { method, route, active } of this.#fleet.requestTotals().allRows()) {
      for (const [i, count] of active.entries()) {
        if (count === 0) continue;
        const attributes = activeAttributes(method, route, ACTIVE_SCHEMES[i]);
        const key = JSON.stringify(attributes);
        this.#reported.set(key, attributes);
        counts.set(key, count);
      }
    }
    for (const [key, attributes] of this.#reported) {
      result.observe(counts.get(key) ?? 0, attributes);
    }
  }

  /** Stops reading the fleet. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

function activeAttributes(method: string, route: string, scheme: string): Attributes {
  const attributes: Attributes = {
    "http.request.method": method === OTHER ? OTHER_METHOD : method,
    "url.scheme": scheme,
  };
  if (route !== UNMATCHED && route !== OTHER) attributes["http.route"] = route;
  return attributes;
}
