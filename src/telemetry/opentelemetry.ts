// OpenTelemetry as the runtime provides it: `Deno.telemetry` has the tracer, the meter and the
// contexts, and the environment (`OTEL_DENO=true`, `OTEL_*`) decides which of them work. The types
// have what is used here of OpenTelemetry's own API, which the runtime declares as `any`.

/** The identity of a span. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  traceState?: unknown;
}

/** The value of an attribute. The runtime exports a number as a double, and a bigint as an integer. */
export type AttributeValue = string | number | bigint | boolean;

/** The attributes of a span, an event or a measurement. */
export type Attributes = Record<string, AttributeValue>;

/** A link of a span to another one. */
export interface SpanLink {
  readonly context: SpanContext;
  readonly attributes?: Attributes;
}

/** The options of a new span. */
export interface SpanOptions {
  readonly kind?: number;
  readonly attributes?: Attributes;
  readonly links?: SpanLink[];
  /** In milliseconds since 1970. */
  readonly startTime?: number;
  /** Whether the span begins a trace of its own. */
  readonly root?: boolean;
}

/** A span of a trace. */
export interface Span {
  spanContext(): SpanContext;
  setAttribute(name: string, value: AttributeValue): this;
  updateName(name: string): this;
  setStatus(status: { readonly code: number; readonly message?: string }): this;
  addEvent(name: string, attributes: Attributes): this;
  end(): void;
}

/** An immutable set of values that code passes on to all that it calls. */
export interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}

/** Starts spans. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions, context: Context): Span;
}

/** Knows the active context. */
export interface ContextManager {
  active(): Context;
  with<Arguments extends unknown[], Result>(
    context: Context,
    call: (...args: Arguments) => Result,
    thisArgument: undefined,
    ...args: Arguments
  ): Result;
}

/** Reads the fields of a carrier. */
export interface CarrierGetter<Carrier> {
  get(carrier: Carrier, key: string): string | undefined;
  keys(carrier: Carrier): string[];
}

/** Moves contexts between processes, in header fields. */
export interface Propagator {
  fields(): string[];
  extract<Carrier>(context: Context, carrier: Carrier, getter: CarrierGetter<Carrier>): Context;
}

/** The options of a new instrument. */
export interface InstrumentOptions {
  readonly unit: string;
  readonly description: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** Records the distribution of a value. */
export interface Histogram {
  record(value: number, attributes: Attributes): void;
}

/** Receives the present values of an observable instrument. */
export interface ObservableResult {
  observe(value: number, attributes?: Attributes): void;
}

/** Reports the present values of an observable instrument. */
export type ObservableCallback = (result: ObservableResult) => void;

/** An instrument whose values are read whenever metrics are exported. */
export interface Observable {
  addCallback(callback: ObservableCallback): void;
  removeCallback(callback: ObservableCallback): void;
}

/** Makes instruments. */
export interface Meter {
  createHistogram(name: string, options: InstrumentOptions): Histogram;
  createObservableCounter(name: string, options: InstrumentOptions): Observable;
  createObservableGauge(name: string, options: InstrumentOptions): Observable;
  createObservableUpDownCounter(name: string, options: InstrumentOptions): Observable;
}

/** What traces are made with. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly contexts: ContextManager;
  /** Undefined if `OTEL_PROPAGATORS` is "none". */
  readonly propagator: Propagator | undefined;
}

/** What of OpenTelemetry is on. */
export interface OpenTelemetry {
  readonly tracing: Tracing | undefined;
  readonly meter: Meter | undefined;
}

/** The kind of a span that is about a request which this process serves. */
export const SERVER_KIND = 1;

/** The status of a span whose operation has failed. */
export const ERROR_STATUS = 2;

/** The key of the active span in a context: the runtime looks it up there. */
export const SPAN_KEY: symbol = Symbol.for("OpenTelemetry Context Key SPAN");

/** Under this name OpenTelemetry's API, and the runtime in its place, register what is on. */
const GLOBAL_API = Symbol.for("opentelemetry.js.api.1");

/** The name and the conventions of all that this server reports. */
const SCOPE = "mudpie";
const SCHEMA = { schemaUrl: "https://opentelemetry.io/schemas/1.38.0" };

interface GlobalApi {
  readonly trace?: unknown;
  readonly metrics?: unknown;
  readonly propagation?: Propagator;
}

/**
 * Returns what is on; undefined if the runtime's OpenTelemetry is off. A program may register an
 * SDK of its own under the same name, so the runtime's objects are recognised by identity.
 */
export function openTelemetry(): OpenTelemetry | undefined {
  const api = (globalThis as { [GLOBAL_API]?: GlobalApi })[GLOBAL_API];
  if (api === undefined) return undefined;
  const { tracerProvider, meterProvider, contextManager } = Deno.telemetry;
  const tracing = api.trace !== tracerProvider ? undefined : {
    tracer: tracerProvider.getTracer(SCOPE, undefined, SCHEMA),
    contexts: contextManager,
    propagator: api.propagation,
  };
  const meter = api.metrics !== meterProvider
    ? undefined
    : meterProvider.getMeter(SCOPE, undefined, SCHEMA);
  return tracing === undefined && meter === undefined ? undefined : { tracing, meter };
}
