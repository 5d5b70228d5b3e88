// The spans and the metrics of one worker's requests, by way of the runtime's OpenTelemetry. A
// request is described when it begins, and a trace of it ends when the last byte of its response is
// written, or when it is certain that this will not happen. Nothing here knows connections.

import type { RequestHead } from "../http1/request_head.ts";
import {
  type DescribedRequest,
  knownMethods,
  OTHER_METHOD,
  protocolVersion,
  spanAttributes,
  spanName,
} from "./http_attributes.ts";
import { describeError } from "./log.ts";
import type { RequestMetrics } from "./request_metrics.ts";
import {
  type Attributes,
  type CarrierGetter,
  type Context,
  ERROR_STATUS,
  type Histogram,
  type Meter,
  type OpenTelemetry,
  SERVER_KIND,
  type Span,
  SPAN_KEY,
  type SpanContext,
  type Tracing,
} from "./opentelemetry.ts";

/** The bounds that the conventions have for durations, in seconds. */
const DURATION_BOUNDS = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
];

/** Powers of ten, as the runtime's own server has them. */
const SIZE_BOUNDS = [0, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const MILLISECONDS_PER_SECOND = 1_000;

/** From this status on, a response is an error of the server. */
const FIRST_SERVER_ERROR = 500;

/** Set in the span of a request whose client left before its end, if nothing else went wrong. */
const CLIENT_GONE = "mudpie.client_gone";

const HEAD_GETTER: CarrierGetter<RequestHead> = {
  get: (head, key) => head.header(key) ?? undefined,
  keys: (head) => Array.from({ length: head.fieldCount }, (_, i) => head.fieldName(i)),
};

/** The histograms that the conventions have for servers. */
class RequestHistograms {
  readonly duration: Histogram;
  readonly requestBody: Histogram;
  readonly responseBody: Histogram;

  constructor(meter: Meter) {
    this.duration = meter.createHistogram("http.server.request.duration", {
      unit: "s",
      description: "Duration of HTTP server requests.",
      advice: { explicitBucketBoundaries: DURATION_BOUNDS },
    });
    const ofBodies = (name: string, description: string) =>
      meter.createHistogram(name, {
        unit: "By",
        description,
        advice: { explicitBucketBoundaries: SIZE_BOUNDS },
      });
    this.requestBody = ofBodies(
      "http.server.request.body.size",
      "Size of HTTP server request bodies.",
    );
    this.responseBody = ofBodies(
      "http.server.response.body.size",
      "Size of HTTP server response bodies.",
    );
  }
}

/** Makes the spans and counts the metrics of one worker's requests. */
export class RequestTelemetry {
  readonly #tracing: Tracing | undefined;
  readonly #histograms: RequestHistograms | undefined;
  readonly #propagatedFields: readonly string[];
  readonly #knownMethods = knownMethods();

  constructor({ tracing, meter }: OpenTelemetry) {
    this.#tracing = tracing;
    this.#histograms = meter === undefined ? undefined : new RequestHistograms(meter);
    this.#propagatedFields = tracing?.propagator?.fields() ?? [];
  }

  /** Begins the trace of a request. It has to be settled. */
  begin(request: DescribedRequest): RequestTrace {
    const { head, scheme, route } = request;
    const known = head !== undefined && this.#knownMethods.has(head.method);
    const method = known ? head.method : OTHER_METHOD;
    const measured: Attributes = {
      "http.request.method": method,
      "url.scheme": scheme,
      "network.protocol.version": protocolVersion(head),
    };
    if (route !== undefined) measured["http.route"] = route;
    const active = this.#tracing && this.#startSpan(this.#tracing, request, method);
    return new RequestTrace(active, measured, this.#histograms);
  }

  #startSpan(tracing: Tracing, request: DescribedRequest, method: string): ActiveSpan {
    const parent = this.#parentOf(tracing, request.head);
    const span = tracing.tracer.startSpan(spanName(method, request.route), {
      kind: SERVER_KIND,
      attributes: spanAttributes(request, method),
    }, parent);
    const remote = parent.getValue(SPAN_KEY) as Span | undefined;
    const traceState = remote?.spanContext().traceState;
    // The runtime gives its spans no trace state, so it would end here.
    if (traceState !== undefined) span.spanContext().traceState = traceState;
    return { span, context: parent.setValue(SPAN_KEY, span) };
  }

  /** Returns the context that the client has sent. Reading it costs as much as a small response. */
  #parentOf({ contexts, propagator }: Tracing, head: RequestHead | undefined): Context {
    const context = contexts.active();
    if (head === undefined || propagator === undefined) return context;
    if (!this.#propagatedFields.some((name) => head.header(name) !== null)) return context;
    return propagator.extract(context, head, HEAD_GETTER);
  }

  /** Calls a function in the context of a trace. */
  run<Argument, Result>(
    trace: RequestTrace | undefined,
    call: (argument: Argument) => Result,
    argument: Argument,
  ): Result {
    const context = trace?.context;
    if (context === undefined || this.#tracing === undefined) return call(argument);
    return this.#tracing.contexts.with(context, call, undefined, argument);
  }
}

/** A span, and the context in which it is the active one. */
interface ActiveSpan {
  readonly span: Span;
  readonly context: Context;
}

/** The trace of one request. It settles like a promise: when its response is sent, or cannot be. */
export class RequestTrace {
  readonly #active: ActiveSpan | undefined;
  readonly #measured: Attributes;
  readonly #histograms: RequestHistograms | undefined;
  readonly #startedAt = performance.now();
  #requestBytes = 0;
  #responseBytes = 0;
  /** The class of what has gone wrong; undefined if nothing has. */
  #errorType: string | undefined;
  #isClientGone = false;
  /** Where the request is counted as one that is under way; undefined if it is not. */
  #metrics: RequestMetrics | undefined;
  #activeAt = 0;

  constructor(
    active: ActiveSpan | undefined,
    measured: Attributes,
    histograms: RequestHistograms | undefined,
  ) {
    this.#active = active;
    this.#measured = measured;
    this.#histograms = histograms;
  }

  /** The context in which the handler runs; undefined if there are no spans. */
  get context(): Context | undefined {
    return this.#active?.context;
  }

  /** The ids of the span; undefined if there are no spans. */
  get ids(): SpanContext | undefined {
    return this.#active?.span.spanContext();
  }

  /** Counts the request as one that is under way, until the trace ends. */
  countActive(metrics: RequestMetrics, route: number | undefined): void {
    const { "http.request.method": method, "url.scheme": scheme } = this.#measured;
    this.#metrics = metrics;
    this.#activeAt = metrics.beginActive(String(method), route, String(scheme));
  }

  /** Notes the route that the program's own framework has matched. */
  noteRoute(pattern: string): void {
    const method = String(this.#measured["http.request.method"]);
    this.#measured["http.route"] = pattern;
    this.#active?.span.setAttribute("http.route", pattern).updateName(spanName(method, pattern));
  }

  /** Notes a panic of the handler. */
  notePanic(error: unknown): void {
    const type = typeOf(error);
    this.#errorType = type;
    this.#active?.span.addEvent("exception", {
      "exception.type": type,
      "exception.message": messageOf(error),
      "exception.stacktrace": describeError(error),
    });
  }

  /** Notes that the client has left. What the handler answers after that is no error. */
  noteClientGone(): void {
    this.#isClientGone = true;
  }

  /** Notes that the server has ended the response before its end. */
  noteCutOff(why: string): void {
    this.#errorType ??= why;
  }

  /** Notes the response. It may still have to be written. */
  noteResponse(status: number, requestBytes: number, responseBytes: number): void {
    this.#requestBytes = requestBytes;
    this.#responseBytes = responseBytes;
    const code = BigInt(status);
    this.#measured["http.response.status_code"] = code;
    this.#active?.span.setAttribute("http.response.status_code", code);
    if (status >= FIRST_SERVER_ERROR && !this.#isClientGone) this.#errorType ??= String(status);
  }

  /** Ends the trace: the last byte of the response is written. */
  resolve(): void {
    const errorType = this.#errorType;
    const span = this.#active?.span;
    if (errorType !== undefined) {
      this.#measured["error.type"] = errorType;
      span?.setAttribute("error.type", errorType).setStatus({ code: ERROR_STATUS });
    } else if (this.#isClientGone) span?.setAttribute(CLIENT_GONE, true);
    this.#end();
  }

  /**
   * Ends the trace: the client does not receive the whole response. Unless an error was noted, the
   * client has left.
   */
  reject(): void {
    this.noteClientGone();
    this.resolve();
  }

  #end(): void {
    this.#active?.span.end();
    this.#metrics?.endActive(this.#activeAt);
    const histograms = this.#histograms;
    if (histograms === undefined) return;
    const measured = this.#measured;
    const durationMs = performance.now() - this.#startedAt;
    histograms.duration.record(durationMs / MILLISECONDS_PER_SECOND, measured);
    histograms.requestBody.record(this.#requestBytes, measured);
    histograms.responseBody.record(this.#responseBytes, measured);
  }
}

/** Returns the class of an error. A handler may throw anything, also what throws when it is read. */
function typeOf(error: unknown): string {
  try {
    return error instanceof Error ? error.name : typeof error;
  } catch {
    return "Error";
  }
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "";
  }
}
