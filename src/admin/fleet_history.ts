// The last minutes of the fleet: one sample a second, and the latest events. Counters come in, and
// rates go out. No clock: the times come in with the counters.

import { fleetLine } from "../telemetry/fleet_log.ts";
import { escapeForLog } from "../telemetry/log.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { FleetStats, WorkerStats } from "../supervisor/running_server.ts";
import { quantile } from "./quantile.ts";

/** How many samples are kept: five minutes. */
const MAX_SAMPLES = 300;
/** How many events are kept. */
const MAX_EVENTS = 50;

/** How much of a panic's error is shown: the log has the whole. */
const MAX_ERROR_CHARACTERS = 300;

/**
 * How much of any event is kept: errors may quote all that a client has sent. With many events of
 * that length, the first message to a new stream would be longer than the limit of what may wait
 * for a client.
 */
const MAX_EVENT_CHARACTERS = 2_000;

const MILLISECONDS_PER_SECOND = 1_000;

/** The counters at one moment. */
export interface Counted {
  readonly stats: FleetStats;
  /** The histogram of durations, over all routes; see `RequestTotals`. */
  readonly buckets: readonly number[];
  /** The histogram of queue times. */
  readonly queueBuckets: readonly number[];
}

/** One point of the plots. */
export interface Sample {
  /**
   * The time in milliseconds since 1970. It never goes back: changes of the wall clock are ignored.
   */
  readonly at: number;
  readonly requestsPerSecond: number;
  /** The median duration since the last sample; null without requests. */
  readonly p50Ms: number | null;
  /** The 99th percentile. */
  readonly p99Ms: number | null;
  /** The 99th percentile of the queue times since the last sample; null if none is known. */
  readonly queueP99Ms: number | null;
  readonly heapBytes: number;
}

/** A worker with its current rate. */
export interface WorkerNow extends WorkerStats {
  readonly requestsPerSecond: number;
}

/** The current fleet. */
export interface FleetNow extends FleetStats {
  readonly workers: readonly WorkerNow[];
}

/** An event as one line. */
export interface NotedEvent {
  readonly at: number;
  /** How serious it is, for the page. */
  readonly weight: "bad" | "good" | "plain";
  readonly text: string;
}

interface Previous {
  readonly now: number;
  readonly buckets: readonly number[];
  readonly queueBuckets: readonly number[];
  readonly requests: ReadonlyMap<number, number>;
  readonly total: number;
}

/** The last minutes of one fleet. */
export class FleetHistory {
  readonly #samples: Sample[] = [];
  readonly #events: NotedEvent[] = [];
  #previous: Previous | undefined;
  /** How far the wall clock was ahead of the monotonic one at the first sample. */
  #wallOffsetMs: number | undefined;
  /** The requests a second of each worker, as of the last sample. */
  #rates: ReadonlyMap<number, number> = new Map();

  /** The kept samples, the oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The kept events, the oldest first. */
  get events(): readonly NotedEvent[] {
    return this.#events;
  }

  /** Returns the current fleet, with the rates of the last sample. */
  now(stats: FleetStats): FleetNow {
    const workers = stats.workers.map((worker) => ({
      ...worker,
      requestsPerSecond: this.#rates.get(worker.worker) ?? 0,
    }));
    return { ...stats, workers };
  }

  /**
   * Takes a sample. `now` is the time on a monotonic clock, `at` the wall clock's, in milliseconds.
   */
  take({ stats, buckets, queueBuckets }: Counted, now: number, at: number): Sample {
    const previous = this.#previous;
    const seconds = previous === undefined ? 0 : (now - previous.now) / MILLISECONDS_PER_SECOND;
    const perSecond = (count: number) => seconds > 0 ? Math.max(0, count) / seconds : 0;
    const since = growthOf(buckets, previous?.buckets);
    const queueSince = growthOf(queueBuckets, previous?.queueBuckets);
    this.#wallOffsetMs ??= at - now;
    const sample = {
      at: Math.round(this.#wallOffsetMs + now),
      requestsPerSecond: perSecond(stats.total.requests - (previous?.total ?? 0)),
      p50Ms: milliseconds(quantile(since, 0.5)),
      p99Ms: milliseconds(quantile(since, 0.99)),
      queueP99Ms: milliseconds(quantile(queueSince, 0.99)),
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
      queueBuckets,
      requests: new Map(stats.workers.map(({ worker, requests }) => [worker, requests])),
      total: stats.total.requests,
    };
    return sample;
  }

  /** Keeps an event, and returns it in the kept form. */
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

/** Returns how much each count has grown; nothing has before the first sample. */
function growthOf(counts: readonly number[], previous: readonly number[] = counts): number[] {
  return counts.map((count, i) => count - previous[i]);
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * MILLISECONDS_PER_SECOND;
}

/**
 * Describes an event as the log does, with the error of a panic: the log has that in another line.
 */
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
    case "standby":
    case "listening":
    case "reloaded":
      return "good";
    case "listen_fallback":
    case "replacing":
    case "draining":
    case "reloading":
    case "postponing":
    case "resized":
    case "stopping":
    case "stopped":
      return "plain";
  }
}

function isFailure(cause: string): boolean {
  return ["panic", "crash", "hang", "start_failed", "start_timeout"].includes(cause);
}
