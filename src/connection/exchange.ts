// A request on its way to its response. All that an exchange enters somewhere it enters when it
// begins, and leaves when it ends: the scoreboard, the in-flight requests, the access log, the
// request metrics, the handler's signal, and the promise that its response is sent. An exchange
// ends once, in one of three ways: sent, cut off, or dropped. A connection has one exchange at a
// time, so it has one object for all of them: a request costs no object of its own.

import { notSent } from "../handler/client_gone.ts";
import { clientHostname, type Peer } from "../handler/client_origin.ts";
import {
  type Abortable,
  type BackgroundWork,
  type Cancellable,
  type ClientConnection,
  createIncomingRequest,
  createRequest,
  type ExchangeWatch,
  headOf,
  idInUse,
  releaseRequest,
  routeIndexOf,
  type WebRequest,
  type WebSocketHost,
  writeId,
} from "../handler/request.ts";
import { queueTimeOf } from "../handler/queue_time.ts";
import type { IncomingBody } from "../handler/incoming_body.ts";
import type { UpgradeEnd } from "../handler/upgrade.ts";
import type { LogReason } from "../http1/log_reason.ts";
import type { EncodableResponse } from "../http1/response_encoder.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { ParserOutcome, RequestParser } from "../http1/request_parser.ts";
import { counterIndex } from "../ipc/scoreboard.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { RequestMetrics } from "../telemetry/request_metrics.ts";
import { requestIdFrom, WrittenId } from "../telemetry/request_id.ts";
import { pathOf } from "./background_tasks.ts";
import type { ConnectionContext } from "./connection_context.ts";
import type { Completion } from "./response_writer.ts";

/** What identifies the span of a request. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** A request that the parser has read. */
export type ReceivedRequest = ParserOutcome & { kind: "request" };

/** What an exchange needs of its connection. */
export interface ExchangeOwner extends ClientConnection {
  readonly context: ConnectionContext;
  readonly peer: Peer;
  readonly parser: RequestParser;
  /**
   * Called when a handler asks for its signal: the exchange has to be aborted from now on if the
   * client leaves.
   */
  onSignalWanted(): void;
  /** How many bytes have come of the body of the present request, if it did not come whole. */
  readonly receivedBodyBytes: number;
  /**
   * Resolves the completion when all that waits to be written is written, and rejects it with
   * `notSent()` if that fails.
   */
  settleWhenSent(completion: Completion): void;
}

const REQUESTS = counterIndex("requests");
const REQUESTS_IN_FLIGHT = counterIndex("requestsInFlight");

/**
 * The exchange of a connection: a request from the call of its handler until its response is in the
 * output, or cannot be sent.
 */
export class Exchange implements ExchangeWatch {
  readonly #owner: ExchangeOwner;
  /** The present request. Undefined while there is none. */
  #request: WebRequest | undefined;
  #persists = false;
  #isUnderWay = false;
  #startedAt = 0;
  /** For how many milliseconds the request has waited at a trusted front end; undefined if unknown. */
  #queueMs: number | undefined;
  /** The slot among the in-flight requests. */
  #slot = 0;
  /** Why the response is not one of the handler, or is cut off. */
  #reason: LogReason | undefined;
  /** Whether other requests may have been served since this one began. */
  #hasWaited = false;
  /** Whether the client has its final response already. */
  #isGivenUp = false;
  /** Undefined until the handler asks for its signal. */
  #controller: Abortable | undefined;
  /** Undefined until the handler asks when its response is sent. */
  #completion: PromiseWithResolvers<void> | undefined;
  /** Undefined unless the handler has prepared an upgrade. */
  #upgrade: Cancellable | undefined;

  constructor(owner: ExchangeOwner) {
    this.#owner = owner;
  }

  /** Takes the next request. Its handler is called later, so no exchange may be under way. */
  receive({ head, body, persists }: ReceivedRequest): void {
    this.#request = createRequest(head, body, this.#owner.peer, this);
    this.#persists = persists;
  }

  /** The same for a request whose body has not come whole. */
  receiveIncoming({ head, persists }: ReceivedRequest, incoming: IncomingBody): void {
    this.#request = createIncomingRequest(head, incoming, this.#owner.peer, this);
    this.#persists = persists;
  }

  /** Begins the exchange of the present request. */
  begin(): void {
    const { context, parser, peer } = this.#owner;
    this.#isUnderWay = true;
    this.#hasWaited = false;
    this.#startedAt = context.requestClock?.begin() ?? 0;
    if (peer.trust !== undefined) this.#queueMs = queueTimeOf(this.head, peer, Date.now());
    context.scoreboard.add(REQUESTS_IN_FLIGHT, 1);
    this.#slot = context.inFlightRequests.begin(parser, this.head);
  }

  /** Releases the present request: no handler is called, so no exchange begins. */
  forgo(): void {
    const { request } = this;
    this.#request = undefined;
    releaseRequest(request);
  }

  /** Whether an exchange is under way. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** The present request, as its handler sees it. Throws if there is none. */
  get request(): WebRequest {
    return this.#request ?? noRequest();
  }

  /** The method of the present request, and its route, or its path under a prefix. */
  get routeName(): string {
    const { request } = this;
    const index = routeIndexOf(request);
    const route = index === undefined ? undefined : this.#owner.context.dispatcher.routes[index];
    if (route === undefined || (!route.isExact && route.parameters.length === 0)) {
      return pathOf(request);
    }
    return `${request.method} ${route.pattern}`;
  }

  /** The head of the present request. Throws if there is none. */
  get head(): RequestHead {
    return headOf(this.request);
  }

  /** Whether the client lets the connection persist after the present request. */
  get persists(): boolean {
    return this.#persists;
  }

  get background(): BackgroundWork {
    return this.#owner.context.background;
  }

  get webSockets(): WebSocketHost | undefined {
    return this.#owner.context.webSockets;
  }

  /** Whether the handler has asked for its signal. */
  get isSignalWanted(): boolean {
    return this.#controller !== undefined && this.#isUnderWay;
  }

  onSignalWanted(controller: Abortable): void {
    this.#controller = controller;
    this.#owner.onSignalWanted();
  }

  onCompletionWanted(): Promise<void> {
    return (this.#completion ??= Promise.withResolvers()).promise;
  }

  onUpgradePrepared(upgrade: Cancellable): void {
    this.#upgrade = upgrade;
  }

  get connection(): ClientConnection {
    return this.#owner;
  }

  answerTo(error: unknown, request: WebRequest): ReturnType<Dispatcher["answerTo"]> {
    return this.#owner.context.dispatcher.answerTo(error, request);
  }

  /** Notes why the client gets an error response, or a part of its response; the last reason holds. */
  noteReason(reason: LogReason): void {
    this.#reason = reason;
  }

  /** Aborts the signal of the handler, if the handler has asked for it. */
  abort(reason: DOMException): void {
    this.#controller?.abort(reason);
  }

  /** The ids of the request's span; undefined if it has none. */
  get spanIds(): SpanIds | undefined {
    return undefined;
  }

  /** An exchange without a trace ignores it. */
  noteRoute(_pattern: string): void {}

  /** Called when the program closes the connection. An exchange without a trace ignores it. */
  noteHangUp(): void {}

  /**
   * Gives the request up: what its handler returns is not sent any more. The exchange is dropped
   * when the handler ends.
   */
  giveUp(reason: DOMException): void {
    if (this.#isUnderWay) {
      this.#isGivenUp = true;
      this.#owner.context.admission?.noteGivenUp();
    }
    this.abort(reason);
    this.#cancelUpgrade();
  }

  /** Cancels the upgrade that the handler has prepared, unless its response has begun it. */
  #cancelUpgrade(): void {
    this.#upgrade?.cancel();
    this.#upgrade = undefined;
  }

  /** Notes that the handler, or the body of its response, takes its time. */
  noteWaiting(): void {
    this.#hasWaited = true;
  }

  /** Notes that the handler has returned its response. The body may still have to be made. */
  noteHandled(): void {
    this.#owner.context.inFlightRequests.end(this.#slot);
  }

  /**
   * Returns the request's id, if requests are logged or the handler has asked for it. The bytes
   * have to be copied before another id is written.
   */
  writeId(): WrittenId | undefined {
    const isNamed = this.#owner.context.accessLog !== undefined || idInUse(this.request) !== "";
    return isNamed ? writeId(this.request) : undefined;
  }

  /** Reports a response to a request that no handler is called with. No exchange is under way. */
  refuse(refused: RefusedResponse): void {
    reportRefusal(this.#owner, refused);
  }

  /** Ends the exchange: its response is in the output. */
  end(status: number, bodyBytes: number, id: WrittenId | undefined): void {
    // A handler may have caught an error, and answered in another way.
    if (status < 400) this.#reason = undefined;
    this.report(status, bodyBytes, id);
    const completion = this.#completion;
    this.#leave();
    if (completion !== undefined) this.#owner.settleWhenSent(completion);
  }

  /**
   * Ends the exchange: the client has received a part of its response, and will receive no more. If
   * no reason was noted, the client has gone.
   */
  cutOff(status: number, bodyBytes: number): void {
    this.#reason ??= "client_gone";
    this.report(status, bodyBytes, this.writeId());
    this.drop();
  }

  /**
   * Ends the exchange: the client is gone, or has received a final response that was reported
   * already.
   */
  drop(): void {
    if (this.#isGivenUp) {
      this.#isGivenUp = false;
      this.#owner.context.admission?.noteHandlerEnded();
    }
    const completion = this.#completion;
    this.#leave();
    completion?.reject(notSent());
  }

  /**
   * Ends the exchange: its response is written, and the connection goes on with another protocol.
   * Only the log reports it later, at the end of the connection.
   */
  handOver(status: number): void {
    const { accessLog, requestMetrics } = this.#owner.context;
    const { request } = this;
    const controller = this.#controller;
    const completion = this.#completion;
    const tookMs = performance.now() - this.#startedAt;
    if (requestMetrics !== undefined) this.#count(requestMetrics, status, tookMs);
    this.#leave();
    this.#controller = controller;
    if (accessLog !== undefined) this.#request = request;
    completion?.resolve();
  }

  /** Reports the end of the connection that was handed over. */
  endUpgrade({ status, sentBytes, details }: UpgradeEnd): void {
    const { context, peer } = this.#owner;
    this.#controller = undefined;
    const request = this.#request;
    if (request === undefined) return;
    this.#request = undefined;
    const head = headOf(request);
    context.accessLog?.note({
      clientHostname: clientHostname(head, peer),
      head,
      requestId: writeId(request),
      status,
      bodyBytes: sentBytes,
      startedAt: this.#startedAt,
      endedAt: performance.now(),
      queueMs: this.#queueMs,
      trace: this.spanIds,
      details,
    });
  }

  #leave(): void {
    const { scoreboard } = this.#owner.context;
    const { request } = this;
    this.#request = undefined;
    this.#isUnderWay = false;
    this.#controller = undefined;
    this.#completion = undefined;
    if (this.#upgrade !== undefined) this.#cancelUpgrade();
    this.#reason = undefined;
    scoreboard.add(REQUESTS_IN_FLIGHT, -1);
    scoreboard.add(REQUESTS, 1);
    releaseRequest(request);
  }

  /** Enters the response into the access log and the request metrics. */
  report(status: number, bodyBytes: number, id: WrittenId | undefined): void {
    const { context, peer } = this.#owner;
    const { accessLog, requestMetrics, requestClock } = context;
    const reason = this.#reason;
    if (reason !== undefined) context.reasonLog.note(reason, this.head, performance.now());
    if (requestClock === undefined) return;
    const { head } = this;
    const startedAt = this.#startedAt;
    const endedAt = this.#hasWaited ? performance.now() : requestClock.end();
    if (id !== undefined) {
      accessLog?.note({
        clientHostname: clientHostname(head, peer),
        head,
        requestId: id,
        status,
        bodyBytes,
        startedAt,
        endedAt,
        queueMs: this.#queueMs,
        trace: this.spanIds,
        reason,
      });
    }
    if (requestMetrics !== undefined) this.#count(requestMetrics, status, endedAt - startedAt);
  }

  /** Counts the present request by the route that the program names, or that its path has matched. */
  #count(metrics: RequestMetrics, status: number, tookMs: number): void {
    const name = this.#owner.companion?.route;
    const route = typeof name === "string"
      ? metrics.numberOf(name)
      : name === null
      ? undefined
      : routeIndexOf(this.request);
    metrics.note(this.head.method, route, status, tookMs);
    metrics.noteQueueTime(this.#queueMs);
  }
}

function noRequest(): never {
  throw new TypeError("The connection has no request in hand");
}

/** Returns whether a response has an X-Request-Id of its own. */
export function hasRequestId({ fields }: Pick<EncodableResponse, "fields">): boolean {
  return fields !== null && fields.some(isRequestId);
}

function isRequestId([name]: readonly [name: string, value: string]): boolean {
  return name.length === 12 && name.toLowerCase() === "x-request-id";
}

const REFUSED_ID = new WrittenId();

/**
 * Returns the id of a request that no handler is called with, if requests are logged or the program
 * has asked for it. The head is known if it was well-formed.
 */
export function writeRefusedId(
  { accessLog }: ConnectionContext,
  head: RequestHead | undefined,
  request?: WebRequest,
): WrittenId | undefined {
  if (request !== undefined && idInUse(request) !== "") return writeId(request);
  if (accessLog === undefined) return undefined;
  REFUSED_ID.write(requestIdFrom(head?.header("x-request-id") ?? null));
  return REFUSED_ID;
}

/** The response to a request that no handler was called with. */
export interface RefusedResponse {
  readonly head: RequestHead | undefined;
  readonly status: number;
  readonly bodyBytes: number;
  readonly id: WrittenId | undefined;
  readonly reason: LogReason;
  /** When the first bytes of the request came, by `performance.now()`; 0 if all came at once, just now. */
  readonly startedAt: number;
  /** The span of the request; undefined if it has none. */
  readonly trace?: SpanIds;
}

/**
 * Enters a response to a request that no handler was called with into the access log and the
 * request metrics.
 */
export function reportRefusal(
  { context, peer }: Pick<ExchangeOwner, "context" | "peer">,
  { head, status, bodyBytes, id, reason, startedAt, trace }: RefusedResponse,
): void {
  const { accessLog, requestMetrics, reasonLog } = context;
  const endedAt = performance.now();
  reasonLog.note(reason, head, endedAt);
  const queueMs = head === undefined ? undefined : queueTimeOf(head, peer, Date.now());
  if (id !== undefined) {
    accessLog?.note({
      clientHostname: head === undefined ? peer.addr.hostname : clientHostname(head, peer),
      head,
      requestId: id,
      status,
      bodyBytes,
      startedAt: startedAt === 0 ? endedAt : startedAt,
      endedAt,
      queueMs,
      trace,
      reason,
    });
  }
  requestMetrics?.noteRefusal(head?.method, status);
  requestMetrics?.noteQueueTime(queueMs);
}
