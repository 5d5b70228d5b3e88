// The runtime's OpenTelemetry, made up: it keeps spans and measurements for a test to look at.

import type {
  Attributes,
  Context,
  Histogram,
  Meter,
  Observable,
  ObservableCallback,
  OpenTelemetry,
  Span,
  SpanOptions,
} from "../../../src/telemetry/opentelemetry.ts";
import { RequestTelemetry } from "../../../src/telemetry/request_telemetry.ts";

/** A span as it was made and ended. */
interface NotedSpan {
  name: string;
  readonly attributes: Attributes;
  readonly events: Attributes[];
  status: number;
  ends: number;
}

class FakeContext implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new FakeContext(new Map([...this.#values, [key, value]]));
  }
}

/** A meter with observable instruments alone, and what it exports. */
export class FakeMeter implements Meter {
  readonly #callbacks = new Map<string, Set<ObservableCallback>>();

  createHistogram(): Histogram {
    return { record: () => {} };
  }

  createObservableCounter = (name: string): Observable => this.#create(name);
  createObservableGauge = (name: string): Observable => this.#create(name);
  createObservableUpDownCounter = (name: string): Observable => this.#create(name);

  #create(name: string): Observable {
    const callbacks = new Set<ObservableCallback>();
    this.#callbacks.set(name, callbacks);
    return {
      addCallback: (callback) => void callbacks.add(callback),
      removeCallback: (callback) => void callbacks.delete(callback),
    };
  }

  /** What an instrument reports now: each value with its attributes. */
  read(name: string): [value: number, attributes: Attributes][] {
    const points: [number, Attributes][] = [];
    const observe = (value: number, attributes: Attributes = {}) =>
      void points.push([value, attributes]);
    for (const callback of this.#callbacks.get(name) ?? []) callback({ observe });
    return points;
  }
}

/** What of the platform a test sees: the spans, the measurements, the active context. */
export function fakePlatform(without: "tracing" | "metrics" | "nothing" = "nothing") {
  const spans: NotedSpan[] = [];
  const measured: [name: string, value: number, attributes: Attributes][] = [];
  let active: Context = new FakeContext();
  const startSpan = (name: string, { attributes }: SpanOptions): Span => {
    const noted: NotedSpan = {
      name,
      attributes: { ...attributes },
      events: [],
      status: 0,
      ends: 0,
    };
    spans.push(noted);
    const span: Span = {
      spanContext: () => ({ traceId: "t", spanId: String(spans.indexOf(noted)), traceFlags: 1 }),
      setAttribute: (key, value) => {
        noted.attributes[key] = value;
        return span;
      },
      updateName: (newName) => {
        noted.name = newName;
        return span;
      },
      setStatus: ({ code }) => {
        noted.status = code;
        return span;
      },
      addEvent: (_event, values) => {
        noted.events.push(values);
        return span;
      },
      end: () => void noted.ends++,
    };
    return span;
  };
  const fakeMeter = new FakeMeter();
  const meter: Meter = {
    createHistogram: (name) => ({
      record: (value, attributes) => void measured.push([name, value, { ...attributes }]),
    }),
    createObservableCounter: fakeMeter.createObservableCounter,
    createObservableGauge: fakeMeter.createObservableGauge,
    createObservableUpDownCounter: fakeMeter.createObservableUpDownCounter,
  };
  const platform: OpenTelemetry = {
    tracing: without === "tracing" ? undefined : {
      tracer: { startSpan },
      contexts: {
        active: () => active,
        with: (context, call, _this, ...args) => {
          const before = active;
          active = context;
          try {
            return call(...args);
          } finally {
            active = before;
          }
        },
      },
      propagator: undefined,
    },
    meter: without === "metrics" ? undefined : meter,
  };
  return {
    platform,
    telemetry: new RequestTelemetry(platform),
    spans,
    measured,
    active: () => active,
  };
}
