// What became of the fleet in the last minutes: a sample in each second, and the latest events. Counters come in, and rates
// go out. No clock: the times come in with them.

import { fleetLine } from "../telemetry/fleet_log.ts";
import { escapeForLog } from "../telemetry/log.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { FleetStats, WorkerStats } from "../supervisor/running_server.ts";
import { quantile } from "./quantile.ts";

/** How many samples are kept: five minutes of one a second. */
const MAX_SAMPLES = 300;
/** How many events. */
const MAX_EVENTS = 50;

/** How much of what an error says is shown of a panic: the log has the whole. */
const MAX_ERROR_CHARACTERS = 300;

/**
 * How much is kept of any event: errors are told with it, and may quote all that a client has sent. With fifty that long, whoever comes
 * to look would have to take more than is sent to anybody at once.
 */
const MAX_EVENT_CHARACTERS = 2_000;

const MILLISECONDS_PER_SECOND = 1_000;

/** The counters of a moment. */
export interface Counted {
  readonly stats: FleetStats;
  /** How many requests took how long, over all routes; see `RequestTotals`. */
  readonly buckets: readonly number[];
}

/** One moment of the plots. */
export interface Sample {
  /** When, in milliseconds since 1970, by the clock as it was set at the first sample: nothing is plotted behind what came later. */
  readonly at: number;
  readonly requestsPerSecond: number;
  /** Half of the requests since the last sample were answered in that time; null where there were none. */
  readonly p50Ms: number | null;
  /** And 99 of a hundred. */
  readonly p99Ms: number | null;
  readonly heapBytes: number;
}

/** A worker, with what it does just now. */
export interface WorkerNow extends WorkerStats {
  readonly requestsPerSecond: number;
}

/** The fleet as it is. */
export interface FleetNow extends FleetStats {
  readonly workers: readonly WorkerNow[];
}

/** An event, told in a line. */
export interface NotedEvent {
  readonly at: number;
  /** How bad it is, for those who look at it. */
  readonly weight: "bad" | "good" | "plain";
  readonly text: string;
}

interface Previous {
  readonly now: number;
  readonly buckets: readonly number[];
  readonly requests: ReadonlyMap<number, number>;
  readonly total: number;
}

/** The last minutes of one fleet. */
export class FleetHistory {
  readonly #samples: Sample[] = [];
  readonly #events: NotedEvent[] = [];
  #previous: Previous | undefined;
  /** What the wall clock said more than the one that only goes forward, at the first sample. */
  #wallOffsetMs: number | undefined;
  /** How many requests each worker answered in a second, as of the last sample. */
  #rates: ReadonlyMap<number, number> = new Map();

  /** The samples that are kept, the oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The events that are kept, the oldest first. */
  get events(): readonly NotedEvent[] {
    return this.#events;
  }

  /** The fleet as it is, with the rates of the last sample. */
  now(stats: FleetStats): FleetNow {
    const workers = stats.workers.map((worker) => ({
      ...worker,
      requestsPerSecond: this.#rates.get(worker.worker) ?? 0,
    }));
    return { ...stats, workers };
  }

  /** Takes a sample. `now` is the time on a clock that only goes forward, `at` is what people read, both in milliseconds. */
  take({ stats, buckets }: Counted, now: number, at: number): Sample {
    const previous = this.#previous;
    const seconds = previous === undefined ? 0 : (now - previous.now) / MILLISECONDS_PER_SECOND;
    const perSecond = (count: number) => seconds > 0 ? Math.max(0, count) / seconds : 0;
    const since = buckets.map((count, i) => count - (previous?.buckets[i] ?? count));
    this.#wallOffsetMs ??= at - now;
    const sample = {
      at: Math.round(this.#wallOffsetMs + now),
      requestsPerSecond: perSecond(stats.total.requests - (previous?.total ?? 0)),
      p50Ms: milliseconds(quantile(since, 0.5)),
      p99Ms: milliseconds(quantile(since, 0.99)),
      heapBytes: stats.total.heapBytes,
    };
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    this.#rates = new Map(
      stats.workers.map(({ worker, requests }) => [
        worker,
        perSecond(requests - (previous?.requests.get(worker) ?? 0)),
      ]),
    );
    this.#previous = {
      now,
      buckets,
      requests: new Map(stats.workers.map(({ worker, requests }) => [worker, requests])),
      total: stats.total.requests,
    };
    return sample;
  }

  /** Keeps an event, and gives it as it is kept. */
  note(event: FleetEvent, at: number): NotedEvent {
    const noted = {
      at,
      weight: weightOf(event),
      text: describe(event).slice(0, MAX_EVENT_CHARACTERS),
    };
    this.#events.push(noted);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    return noted;
  }
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * MILLISECONDS_PER_SECOND;
}

/** As the log has it; but the log tells of a panic in a line before, which this does not. */
function describe(event: FleetEvent): string {
  if (event.kind !== "panicked") return fleetLine(event);
  const [line] = event.error.split("\n", 1);
  return `${fleetLine(event)}: ${escapeForLog(line.slice(0, MAX_ERROR_CHARACTERS))}`;
}

function weightOf(event: FleetEvent): NotedEvent["weight"] {
  switch (event.kind) {
    case "panicked":
    case "hung":
    case "delaying":
    case "out_of_descriptors":
    case "reload_failed":
      return "bad";
    case "ended":
      return isFailure(event.cause) ? "bad" : "plain";
    case "accepting":
    case "listening":
    case "reloaded":
      return "good";
    case "listen_fallback":
    case "replacing":
    case "draining":
    case "reloading":
    case "resized":
    case "stopping":
    case "stopped":
      return "plain";
  }
}

function isFailure(cause: string): boolean {
  return ["panic", "crash", "hang", "start_failed", "start_timeout"].includes(cause);
}
