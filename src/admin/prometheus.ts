// Writes the metrics of the fleet in Prometheus' text format (version 0.0.4). Pure: numbers come
// in, text goes out. Names follow Prometheus' conventions: base units, and `_total` for counters.

import { CLOSE_LABELS, type WebSocketCounters } from "../ipc/web_socket_counters.ts";
import { SHED_REASONS } from "../ipc/shed_reason.ts";
import { DURATION_BUCKETS, STATUS_CLASSES } from "../telemetry/metrics_memory.ts";
import type { RequestRow, TimeHistogram } from "../telemetry/request_totals.ts";
import { REPLACEMENT_CAUSES, WORKER_STATUSES } from "../supervisor/fleet_instruments.ts";
import type { FleetStats, WorkerStats } from "../supervisor/running_server.ts";

/** The content type of the format. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The values that the metrics are made of. */
export interface PrometheusSource {
  readonly stats: FleetStats;
  readonly requests: readonly RequestRow[];
  readonly queueTimes: TimeHistogram;
  readonly isReady: boolean;
  /** When the process started, in seconds since 1970. */
  readonly startedAtSeconds: number;
  readonly denoVersion: string;
}

type Labels = Readonly<Record<string, string>>;

/** One line: the suffix of the family's name, the labels, the value. */
interface Sample {
  readonly suffix?: "_bucket" | "_sum" | "_count";
  readonly labels?: Labels;
  readonly value: number;
}

/** All samples of one metric. */
interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_SECOND = 1_000_000;

/** Writes all metrics of the server. */
export function prometheusText(source: PrometheusSource): string {
  const families = [
    ...requestFamilies(source.requests),
    queueFamily(source.queueTimes),
    ...trafficFamilies(source.stats),
    ...webSocketFamilies(source.stats.total.webSockets),
    ...fleetFamilies(source.stats),
    ...workerFamilies(source.stats.workers),
    ...processFamilies(source),
  ];
  return families.filter(({ samples }) => samples.length > 0).map(familyText).join("");
}

function requestFamilies(rows: readonly RequestRow[]): Family[] {
  return [
    {
      name: "mudpie_requests_total",
      type: "counter",
      help: "Requests answered, by method, route pattern and class of status.",
      samples: rows.flatMap(({ method, route, statuses }) =>
        statuses.flatMap((value, i) =>
          value === 0 ? [] : [{ labels: { method, route, status: STATUS_CLASSES[i] }, value }]
        )
      ),
    },
    {
      name: "mudpie_request_duration_seconds",
      type: "histogram",
      help: "Time from a request that is whole to its answer, of a streamed one to its end.",
      samples: [...Map.groupBy(rows, ({ route }) => route)].flatMap(durationSamples),
    },
  ];
}

/** The metric of the times that requests wait at a front end. It is left out if none is known. */
function queueFamily(queueTimes: TimeHistogram): Family {
  return {
    name: "mudpie_request_queue_seconds",
    type: "histogram",
    help: "Time from X-Request-Start of a trusted front end to the call of the handler.",
    samples: histogramSamples({}, [queueTimes]),
  };
}

/** The histogram of one route. Refused requests have no duration. */
function durationSamples([route, rows]: [string, RequestRow[]]): Sample[] {
  return histogramSamples({ route }, rows);
}

/** The samples of a histogram, the sum of several. Each bucket includes the ones before it. */
function histogramSamples(labels: Labels, parts: readonly TimeHistogram[]): Sample[] {
  let count = 0;
  const buckets = [...DURATION_BUCKETS.map(String), "+Inf"].map((le, i): Sample => {
    for (const part of parts) count += part.buckets[i];
    return { suffix: "_bucket", labels: { ...labels, le }, value: count };
  });
  if (count === 0) return [];
  const microseconds = parts.reduce((sum, part) => sum + part.microseconds, 0);
  return [
    ...buckets,
    { suffix: "_sum", labels, value: microseconds / MICROSECONDS_PER_SECOND },
    { suffix: "_count", labels, value: count },
  ];
}

/** The metrics of requests, over all workers, also those that have ended. */
function trafficFamilies({ total }: FleetStats): Family[] {
  return [
    counter("mudpie_connections_accepted_total", "Connections accepted.", [
      { value: total.connectionsAccepted },
    ]),
    counter(
      "mudpie_connections_unused_total",
      "Connections closed because no byte of a request had come on them within headTimeout.",
      [{ value: total.connectionsUnused }],
    ),
    gauge("mudpie_connections_open", "Connections that are open.", [
      { value: total.connectionsOpen },
    ]),
    gauge("mudpie_requests_in_flight", "Requests that are being handled.", [
      { value: total.requestsInFlight },
    ]),
    counter(
      "mudpie_requests_shed_total",
      "Requests that got 503 because their worker had too much to do, by reason.",
      SHED_REASONS.map((reason) => ({ labels: { reason }, value: total.shed[reason] })),
    ),
    counter("mudpie_panics_total", "Handlers that threw, and errors that nobody caught.", [
      { value: total.panics },
    ]),
  ];
}

/** The metrics of WebSockets. Each counter exists from the start, so that its first rise shows. */
function webSocketFamilies(counters: WebSocketCounters): Family[] {
  const byDirection = (received: number, sent: number): Sample[] => [
    { labels: { direction: "received" }, value: received },
    { labels: { direction: "sent" }, value: sent },
  ];
  return [
    gauge("mudpie_websockets_open", "WebSockets that are open.", [{ value: counters.open }]),
    counter("mudpie_websockets_opened_total", "WebSockets that were opened.", [
      { value: counters.opened },
    ]),
    counter(
      "mudpie_websockets_closed_total",
      "WebSockets that have ended, by close code.",
      CLOSE_LABELS.map((code) => ({ labels: { code }, value: counters.closes[code] ?? 0 })),
    ),
    counter(
      "mudpie_websocket_messages_total",
      "Whole messages of WebSockets, by direction.",
      byDirection(counters.messagesReceived, counters.messagesSent),
    ),
    counter(
      "mudpie_websocket_message_bytes_total",
      "Bytes of the messages of WebSockets, without their frames, by direction.",
      byDirection(counters.bytesReceived, counters.bytesSent),
    ),
    counter("mudpie_websocket_panics_total", "Callbacks of WebSockets that threw.", [
      { value: counters.panics },
    ]),
  ];
}

/** The metrics of the number of workers, and of replacements. */
function fleetFamilies({ replacements, desired, standby, workers }: FleetStats): Family[] {
  return [
    counter(
      "mudpie_worker_replacements_total",
      "Workers that were to be replaced, by cause.",
      REPLACEMENT_CAUSES.map((cause) => ({ labels: { cause }, value: replacements[cause] ?? 0 })),
    ),
    gauge("mudpie_workers_wanted", "How many workers there are to be.", [{ value: desired }]),
    gauge(
      "mudpie_standbys_wanted",
      "How many further workers there are to be that are loaded and wait.",
      [{ value: standby }],
    ),
    gauge(
      "mudpie_workers",
      "Workers that are there, by what they do.",
      WORKER_STATUSES.map((status) => ({
        labels: { status },
        value: workers.filter((worker) => worker.status === status).length,
      })),
    ),
  ];
}

/** The metrics of each worker. */
function workerFamilies(workers: readonly WorkerStats[]): Family[] {
  return [
    gauge(
      "mudpie_worker_heap_bytes",
      "Heap of a worker, and memory outside of it that belongs to it.",
      ofEach(workers, ({ heapBytes }) => heapBytes),
    ),
    gauge(
      "mudpie_worker_heartbeat_age_seconds",
      "Time since a worker last showed that it is alive.",
      ofEach(workers, ({ heartbeatAgeMs }) => heartbeatAgeMs / MILLISECONDS_PER_SECOND),
    ),
    gauge(
      "mudpie_worker_event_loop_lag_seconds",
      "How late the last tick of a worker came.",
      ofEach(workers, ({ eventLoopLagMs }) => eventLoopLagMs / MILLISECONDS_PER_SECOND),
    ),
  ];
}

function processFamilies({ isReady, startedAtSeconds, denoVersion }: PrometheusSource): Family[] {
  return [
    gauge("mudpie_ready", "Whether the server should get requests: 1 or 0.", [
      { value: isReady ? 1 : 0 },
    ]),
    gauge("mudpie_info", "What runs here; always 1.", [
      { labels: { deno: denoVersion }, value: 1 },
    ]),
    gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", [
      { value: startedAtSeconds },
    ]),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}

function ofEach(
  workers: readonly WorkerStats[],
  valueOf: (worker: WorkerStats) => number,
): Sample[] {
  return workers.map((worker) => ({
    labels: { worker: String(worker.worker) },
    value: valueOf(worker),
  }));
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ suffix = "", labels = {}, value }) =>
    `${name}${suffix}${labelsText(labels)} ${value}\n`
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Escapes a label's value, which may be any text. */
export function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
