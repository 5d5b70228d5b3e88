// An exchange with a trace: what a connection uses in place of a plain exchange if OpenTelemetry is
// on. It begins the trace before the handler is called, and hands it to the writer with the response.
// A connection without telemetry has none of this code in its way.

import { isAtSocket, originOf, type Peer } from "../handler/client_origin.ts";
import type { IncomingBody } from "../handler/incoming_body.ts";
import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import { watchOf, type WebRequest } from "../handler/request.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { DescribedRequest } from "../telemetry/http_attributes.ts";
import type { WrittenId } from "../telemetry/request_id.ts";
import type { RequestTelemetry, RequestTrace } from "../telemetry/request_telemetry.ts";
import {
  Exchange,
  type ExchangeOwner,
  type ReceivedRequest,
  type RefusedResponse,
  type SpanIds,
} from "./exchange.ts";
import { type Call, HandlerCalls } from "./handler_calls.ts";
import { CLIENT_GONE, SERVER_STOPPING } from "./interruption.ts";
import type { Observation } from "./observation.ts";

/** The exchange of a connection whose requests have traces. */
export class ObservedExchange extends Exchange {
  readonly #owner: ExchangeOwner;
  readonly #observation: Observation;
  /** Undefined while there is no request, and from its response on. */
  #trace: RequestTrace | undefined;
  #requestBytes = 0;
  /** The trace of the present or the last request, for its line in the log. */
  #loggedTrace: RequestTrace | undefined;
  /** Why the server has ended the response before its end; undefined if it has not. */
  #stopReason: string | undefined;

  constructor(owner: ExchangeOwner, observation: Observation) {
    super(owner);
    this.#owner = owner;
    this.#observation = observation;
  }

  /** The trace of the present request. */
  get trace(): RequestTrace | undefined {
    return this.#trace;
  }

  override receive(received: ReceivedRequest): void {
    super.receive(received);
    this.#requestBytes = received.body.length;
  }

  override receiveIncoming(received: ReceivedRequest, incoming: IncomingBody): void {
    super.receiveIncoming(received, incoming);
    this.#requestBytes = 0;
  }

  override begin(): void {
    super.begin();
    this.#stopReason = undefined;
    const { routes, telemetry } = this.#observation;
    const { context, peer } = this.#owner;
    const { head } = this;
    const route = context.dispatcher.routeOf(head);
    const name = route === undefined ? undefined : routes[route];
    const trace = telemetry.begin(describe(head, peer, name));
    const { requestMetrics } = context;
    if (requestMetrics !== undefined) {
      trace.countActive(requestMetrics, name === undefined ? undefined : route);
    }
    this.#trace = trace;
    this.#loggedTrace = trace;
  }

  override get spanIds(): SpanIds | undefined {
    // The runtime takes 2.5 us to return them, so they are read only for a log that has them.
    return this.#owner.context.accessLog?.hasSpanIds ? this.#loggedTrace?.ids : undefined;
  }

  override abort(reason: DOMException): void {
    if (reason.message === SERVER_STOPPING) this.#stopReason ??= "server_stopping";
    else if (reason.message === CLIENT_GONE) this.#trace?.noteClientGone();
    super.abort(reason);
  }

  override noteRoute(pattern: string): void {
    this.#trace?.noteRoute(pattern);
  }

  override noteHangUp(): void {
    this.#stopReason ??= "closed_by_program";
  }

  override report(status: number, bodyBytes: number, id: WrittenId | undefined): void {
    super.report(status, bodyBytes, id);
    this.#settle(status, bodyBytes);
  }

  /** Hands the trace to the writer, which settles it when all of the response is written. */
  #settle(status: number, bodyBytes: number): void {
    const trace = this.#trace;
    if (trace === undefined) return;
    this.#trace = undefined;
    this.#noteResponse(trace, status, bodyBytes);
    this.#owner.settleWhenSent(trace);
  }

  #noteResponse(trace: RequestTrace, status: number, bodyBytes: number): void {
    trace.noteResponse(status, this.#requestBytes || this.#owner.receivedBodyBytes, bodyBytes);
  }

  override cutOff(status: number, bodyBytes: number): void {
    const trace = this.#trace;
    this.#trace = undefined;
    super.cutOff(status, bodyBytes);
    if (trace === undefined) return;
    this.#noteResponse(trace, status, bodyBytes);
    this.#abandon(trace);
  }

  /** Settles a trace whose response is not sent, or not to its end. */
  #abandon(trace: RequestTrace): void {
    if (this.#stopReason !== undefined) trace.noteCutOff(this.#stopReason);
    trace.reject();
  }

  override drop(): void {
    const trace = this.#trace;
    this.#trace = undefined;
    super.drop();
    if (trace !== undefined) this.#abandon(trace);
  }

  override handOver(status: number): void {
    const trace = this.#trace;
    this.#trace = undefined;
    super.handOver(status);
    trace?.noteResponse(status, 0, 0);
    trace?.resolve();
  }

  override refuse(refused: RefusedResponse): void {
    const { head, status, bodyBytes } = refused;
    const trace = this.#observation.telemetry.begin(describe(head, this.#owner.peer, undefined));
    this.#loggedTrace = trace;
    super.refuse({ ...refused, trace: this.spanIds });
    trace.noteResponse(status, 0, bodyBytes);
    this.#owner.settleWhenSent(trace);
  }
}

function describe(
  head: RequestHead | undefined,
  peer: Peer,
  route: string | undefined,
): DescribedRequest {
  const { addr, scheme, trust } = peer;
  const origin = head === undefined || trust === undefined
    ? undefined
    : originOf(head, peer, trust);
  const client = origin?.clientAddr ?? addr;
  return {
    head,
    scheme: origin?.scheme ?? scheme,
    host: origin?.host ?? head?.host,
    client: isAtSocket(client) ? undefined : client.hostname,
    peer: isAtSocket(addr) ? undefined : addr,
    route,
  };
}

/** Calls handlers in the contexts of their traces. */
export class ObservedCalls extends HandlerCalls {
  readonly #telemetry: RequestTelemetry;
  readonly #dispatch = (call: Call) => super.dispatch(call);

  constructor(dispatcher: Pick<Dispatcher, "dispatch">, telemetry: RequestTelemetry) {
    super(dispatcher);
    this.#telemetry = telemetry;
  }

  override dispatch(call: Call): OutgoingResponse | Promise<OutgoingResponse> {
    const trace = call instanceof ObservedExchange ? call.trace : undefined;
    return this.#telemetry.run(trace, this.#dispatch, call);
  }
}

/**
 * Notes a panic in the trace of its request, and calls `handle` in the context of that trace: the
 * panic may come from a body, which the loop of the connection sends.
 */
export function observePanic<Result>(
  { telemetry }: Observation,
  error: unknown,
  request: WebRequest,
  handle: () => Result,
): Result {
  const watch = watchOf(request);
  const trace = watch instanceof ObservedExchange ? watch.trace : undefined;
  trace?.notePanic(error);
  return telemetry.run(trace, handle, undefined);
}
