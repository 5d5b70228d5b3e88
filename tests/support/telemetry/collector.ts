// A collector of OpenTelemetry's signals, as a test needs one: it reads OTLP over HTTP in JSON, keeps all that comes, and lets
// the test wait for what it expects. Values keep their type: a status that comes as a double or a text is not a status.

import { within } from "../deadline.ts";

/** The value of an attribute. A double is not a number here, so that a test sees which one a program has sent. */
export type Value = string | number | boolean | { readonly double: number } | readonly Value[];

/** Attributes by their names. */
export type Values = Readonly<Record<string, Value>>;

/** A span that has ended. */
interface CollectedSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Values;
  readonly status: "unset" | "ok" | "error";
  readonly durationMs: number;
  readonly events: readonly { readonly name: string; readonly attributes: Values }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A line of the console, or of the server's log. */
interface CollectedLog {
  readonly text: string;
  readonly traceId: string;
  readonly spanId: string;
}

/** What was last reported of a metric for one set of attributes. */
interface CollectedPoint {
  readonly scope: string;
  readonly metric: string;
  readonly unit: string;
  readonly type: "sum" | "gauge" | "histogram";
  readonly attributes: Values;
  /** Of a sum or a gauge. */
  readonly value: number;
  /** Of a histogram. */
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
}

/** OTLP's JSON, as far as it is read: https://opentelemetry.io/docs/specs/otlp/. */
// deno-lint-ignore no-explicit-any
type Json = any;

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"] as const;
const NANOSECONDS_PER_MILLISECOND = 1e6;

function valueOf(value: Json): Value {
  if ("stringValue" in value) return value.stringValue;
  if ("intValue" in value) return Number(value.intValue);
  if ("boolValue" in value) return value.boolValue;
  if ("doubleValue" in value) return { double: value.doubleValue };
  return value.arrayValue.values.map(valueOf);
}

function valuesOf(attributes: Json): Values {
  return Object.fromEntries(attributes.map(({ key, value }: Json) => [key, valueOf(value)]));
}

function spanOf(scope: string, span: Json): CollectedSpan {
  const nanoseconds = Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano));
  return {
    scope,
    name: span.name,
    kind: KINDS[span.kind],
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? "",
    attributes: valuesOf(span.attributes),
    status: STATUSES[span.status?.code ?? 0],
    durationMs: nanoseconds / NANOSECONDS_PER_MILLISECOND,
    events: span.events.map((event: Json) => ({
      name: event.name,
      attributes: valuesOf(event.attributes),
    })),
    links: span.links.map(({ traceId, spanId }: Json) => ({ traceId, spanId })),
  };
}

function pointsOf(scope: string, metric: Json): CollectedPoint[] {
  const type = (["sum", "gauge", "histogram"] as const).find((one) => one in metric);
  if (type === undefined) return [];
  return metric[type].dataPoints.map((point: Json) => ({
    scope,
    metric: metric.name,
    unit: metric.unit,
    type,
    attributes: valuesOf(point.attributes),
    value: Number(point.asInt ?? point.asDouble ?? 0),
    count: Number(point.count ?? 0),
    sum: point.sum ?? 0,
    bounds: point.explicitBounds ?? [],
  }));
}

/** A collector that listens on this machine. It also answers GET requests: with their fields, as JSON. */
export class Collector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  readonly logs: CollectedLog[] = [];
  /** By the scope, the name and the attributes. */
  readonly #points = new Map<string, CollectedPoint>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      if (request.method === "GET") return Response.json(Object.fromEntries(request.headers));
      return this.#receive(request);
    });
  }

  async #receive(request: Request): Promise<Response> {
    const message = await request.json();
    for (const { scope, from, signal } of signalsOf(message)) {
      if (signal === "spans") this.spans.push(spanOf(scope, from));
      else if (signal === "logRecords") this.logs.push(logOf(from));
      else {
        for (const point of pointsOf(scope, from)) {
          this.#points.set(JSON.stringify([scope, point.metric, sorted(point.attributes)]), point);
        }
      }
    }
    for (const wake of this.#waiting) wake();
    return Response.json({});
  }

  /** The address of what answers GET requests. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The variables with which a program reports to this collector, and soon. */
  get variables(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "20",
      OTEL_BLRP_SCHEDULE_DELAY: "20",
      OTEL_METRIC_EXPORT_INTERVAL: "50",
    };
  }

  /** The present points of all metrics. */
  get points(): CollectedPoint[] {
    return [...this.#points.values()];
  }

  /** Waits for a span that fits. */
  span(fits: (span: CollectedSpan) => boolean, what: string): Promise<CollectedSpan> {
    return this.#find(() => this.spans.find(fits), `a span ${what}`);
  }

  /** Waits for the span of the server for a path. */
  spanOf(path: string): Promise<CollectedSpan> {
    return this.span(
      ({ kind, attributes }) => kind === "server" && attributes["url.path"] === path,
      `of a server for ${path}`,
    );
  }

  /** Waits for a line of the console that has this text. */
  log(text: string): Promise<CollectedLog> {
    return this.#find(() => this.logs.find((log) => log.text.includes(text)), `a log of ${text}`);
  }

  /** Waits for a point that fits. */
  point(fits: (point: CollectedPoint) => boolean, what: string): Promise<CollectedPoint> {
    return this.#find(() => this.points.find(fits), `a metric ${what}`);
  }

  async #find<T>(look: () => T | undefined, what: string): Promise<T> {
    const found = Promise.withResolvers<T>();
    const wake = () => {
      const seen = look();
      if (seen !== undefined) found.resolve(seen);
    };
    this.#waiting.add(wake);
    wake();
    try {
      return await within(found.promise, what);
    } finally {
      this.#waiting.delete(wake);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function logOf(record: Json): CollectedLog {
  const { body, traceId, spanId } = record;
  return { text: String(valueOf(body)), traceId: traceId ?? "", spanId: spanId ?? "" };
}

function sorted(values: Values): [string, Value][] {
  return Object.entries(values).sort(([left], [right]) => left < right ? -1 : 1);
}

interface Signal {
  readonly scope: string;
  readonly signal: "spans" | "logRecords" | "metrics";
  readonly from: Json;
}

/** The spans, records and metrics of a message, each with the name of its scope. */
function* signalsOf(message: Json): Generator<Signal> {
  const levels = [
    ["resourceSpans", "scopeSpans", "spans"],
    ["resourceLogs", "scopeLogs", "logRecords"],
    ["resourceMetrics", "scopeMetrics", "metrics"],
  ] as const;
  for (const [byResource, byScope, signal] of levels) {
    for (const resource of message[byResource] ?? []) {
      for (const { scope, [signal]: all } of resource[byScope]) {
        for (const from of all) yield { scope: scope?.name ?? "", signal, from };
      }
    }
  }
}
