// One connection: read, parse, dispatch, encode, write, and again.
// All that has come is answered before anything is written, so that pipelined requests share one write, and answers leave in
// the order of their requests because nothing else is possible. What cannot wait for the loop (a time limit, the end of a
// drain) says its farewell from outside; the loop sees that and ends.

import { type BodyStream, UNWANTED } from "../handler/body_stream.ts";
import { clientHostname, createPeer, type Peer } from "../handler/client_origin.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { InFlightRequests } from "../ipc/in_flight_requests.ts";
import type { BufferPool } from "../http1/buffer_pool.ts";
import { decideResponseFraming, type ResponseFraming } from "../http1/framing.ts";
import { type LargeBody, MAX_WAITING_BYTES, Output } from "../http1/output.ts";
import { type ConnectionOption, connectionOption } from "../http1/persistence.ts";
import type { Refusal } from "../http1/refusal.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { type ParserOutcome, RequestParser } from "../http1/request_parser.ts";
import { CONTINUE_BYTES, type ResponseEncoder } from "../http1/response_encoder.ts";
import { reasonPhrase, statusHasBody } from "../http1/status.ts";
import { counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";
import type { ServerSettings } from "../options/server_options.ts";
import {
  type BackgroundWork,
  createRequest,
  type ExchangeWatch,
  idInUse,
  NOT_SENT,
  releaseRequest,
  routeIndexOf,
  type WebRequest,
  writeId,
} from "../handler/request.ts";
import { requestIdFrom, type WrittenId } from "../telemetry/request_id.ts";
import type { RequestMetrics } from "../telemetry/request_metrics.ts";
import { outgoing, type OutgoingResponse, WebResponse } from "../handler/response.ts";
import { queueMicrotask, SETTLED } from "../runtime/async_context.ts";
import { settlesWithin } from "../runtime/event_loop.ts";
import type { AccessLog } from "../telemetry/access_log.ts";
import type { Deadlines, TimeLimited } from "./deadlines.ts";
import { lingerBeforeClose } from "./lingering_close.ts";
import type { ListedConnection } from "./connection_list.ts";
import { type BodySink, StreamedBody } from "./streamed_body.ts";
import type { RequestClock } from "./request_clock.ts";
import type { ReadFairness } from "./read_fairness.ts";

/** A connection of either kind of socket. */
export type ClientConn = Deno.TcpConn | Deno.UnixConn;

/** What the connections of one worker share. */
export interface ConnectionContext {
  readonly settings: ServerSettings;
  readonly pool: BufferPool;
  readonly encoder: ResponseEncoder;
  readonly dispatcher: Dispatcher;
  readonly deadlines: Deadlines;
  /** Lets the connections take turns when more of them are busy than one turn of the event loop serves. */
  readonly readFairness: ReadFairness;
  /** Tells how long requests take, where somebody wants to know. */
  readonly requestClock: RequestClock;
  /** What the exchange is called whose answer is being written, as bytes. */
  readonly writtenId: WrittenId;
  readonly scoreboard: Scoreboard;
  /** Takes what handlers do after their responses. */
  readonly background: BackgroundWork;
  /** The requests that are being handled, for the supervisor to see. */
  readonly inFlightRequests: InFlightRequests;
  /** Undefined where requests are not logged. */
  readonly accessLog: AccessLog | undefined;
  /** Undefined where requests are not counted by route. */
  readonly requestMetrics: RequestMetrics | undefined;
  /** Told of each connection, once, when it is closed; a handler that was given up may go on without it. */
  readonly onClosed: () => void;
  /** Told of an error that is none of the client's doing: a fault in this library. */
  readonly onFault: (error: unknown) => void;
  /**
   * The request whose handler is running just now. Nobody else runs meanwhile; who finds one here all the same knows that the
   * handler was cut off, as the runtime does to a thread that is out of memory.
   */
  onStack: RequestHead | undefined;
  /** Whether each answer from now on is the last one of its connection. */
  isDraining: boolean;
}

/** What the connection waits for: which of the time limits holds, and what its passing means. */
type Phase =
  /** No byte of a request has come on the connection yet. */
  | "new"
  /** No byte of the next request has come. */
  | "idle"
  | "head"
  | "body"
  | "handling"
  | "streaming"
  | "writing"
  | "leaving";

/** A request that the parser has read. */
type ReceivedRequest = ParserOutcome & { kind: "request" };

/** A request that is on its way to its answer. */
interface Exchange {
  readonly request: WebRequest;
  readonly head: RequestHead;
  readonly startedAt: number;
}

/** A request whose handler takes its time. It is the loop that waits for it: another async function is dear for each of them. */
class HandledExchange implements Exchange {
  constructor(
    readonly request: WebRequest,
    readonly head: RequestHead,
    readonly startedAt: number,
    readonly persists: boolean,
    /** Its place among the in-flight requests. */
    readonly place: number,
    /** It does not reject: what goes wrong in a handler is a response, too. */
    readonly response: Promise<WebResponse>,
  ) {}
}

/** An answer whose body is made while it is sent: nothing of it is in the output yet. */
interface StreamedAnswer extends Exchange {
  readonly response: OutgoingResponse;
  readonly stream: BodyStream;
  readonly persists: boolean;
}

/** What of an answer does not fit the output: it is sent behind it. */
type Overflow = LargeBody | StreamedAnswer;

/** How a connection goes on after an answer. */
type Ending =
  | "stay"
  /** The client asked for the end and has nothing more to say. */
  | "close"
  /** The client may still be sending. */
  | "linger";

/**
 * How long a draining worker leaves idle connections open: a client may have sent a request in the moment in which the
 * worker decided to go, and would lose it.
 */
export const IDLE_GRACE_MS = 250;

/** The same for a connection that is new: its client has not sent its first request yet, and surely means to. */
export const NEW_GRACE_MS = 1_000;

/** How much of a body a client has to send in each `bodyTimeout`: one that sends a byte at a time must not stay for ever. */
const BYTES_PER_BODY_TIMEOUT = 65_536;

/** How much of an answer a client has to take in each `writeTimeout`: one that sips a byte at a time must not stay for ever. */
const BYTES_PER_WRITE_TIMEOUT = 65_536;

/**
 * How long each part of a streamed body may take when its client has ended its side of the connection: it may still be reading,
 * but most often it is gone, and nobody can tell before something is written.
 */
const PART_AFTER_END_MS = 1_000;

/** What surely goes out in one segment: the size that every host takes (RFC 9293, section 3.7.1: 536 bytes). */
const ONE_SEGMENT_BYTES = 536;

/** How many turns of the microtask queue a promise gets that may settle without really waiting for anything. */
const SETTLING_TURNS = 3;

const REQUESTS = counterIndex("requests");
const REQUESTS_IN_FLIGHT = counterIndex("requestsInFlight");
const CONNECTIONS_UNUSED = counterIndex("connectionsUnused");

const TEXT = "text/plain; charset=utf-8";

/** One connection of a worker. */
export class Connection implements TimeLimited, ListedConnection, ExchangeWatch {
  deadline: number;
  listIndex = 0;
  readonly background: BackgroundWork;
  readonly #conn: ClientConn;
  readonly #context: ConnectionContext;
  readonly #parser: RequestParser;
  readonly #output: Output;
  readonly #peer: Peer;
  /** Whether the log, or the counters by route, need the time that requests take. */
  readonly #isTimed: boolean;
  #phase: Phase = "new";
  /** How much of the body had come when the time limit for its next bytes began. */
  #bodyBytesAtStart = 0;
  #ending: Ending = "stay";
  /** What is said from outside of the loop; when it is there, the loop has nothing more to say. */
  #farewell: Promise<void> | undefined;
  /** The body that is being sent, where it is made meanwhile. */
  #streamed: StreamedBody | undefined;
  /** The request whose handler is called by the next microtask. */
  #received: ReceivedRequest | undefined;
  /** What has come of the last call of a handler, until the loop takes it. */
  #answer: HandledExchange | Overflow | undefined;
  /** An error that is none of the handler's doing, until the loop takes it. */
  #fault: { readonly error: unknown } | undefined;
  /** The exchange whose handler is being waited for. */
  #handled: Exchange | undefined;
  /** Of the request that is being handled, where its handler has asked for the signal. */
  #controller: AbortController | undefined;
  /** Of the same request, where its handler wants to know when its answer is sent. */
  #completion: PromiseWithResolvers<void> | undefined;
  /** The same for answers that are in the output, or behind it; undefined where there are none. */
  #unsent: PromiseWithResolvers<void>[] | undefined;
  /** A read that goes on while a handler works, to see the client go. It has already told the parser what has come. */
  #watchedRead: Promise<number | null> | undefined;
  /** Whether such a read has brought bytes, while an answer was written, that the parser has not been asked about. */
  #hasUnparsedBytes = false;
  #hasClientEnded = false;
  /** What was written so far, as far as Nagle's algorithm is concerned: see `#sendAtOnce`. */
  #sent: "nothing" | "one segment" | "whatever comes" = "nothing";
  #isClosed = false;
  /** Why nothing can be written any more, where that was seen while a handler worked. */
  #broken: { readonly error: unknown } | undefined;

  constructor(conn: ClientConn, context: ConnectionContext) {
    this.#conn = conn;
    this.#context = context;
    this.background = context.background;
    this.#isTimed = context.accessLog !== undefined || context.requestMetrics !== undefined;
    this.#parser = new RequestParser(context.settings, context.pool);
    this.#output = new Output(context.pool);
    const { remoteAddr } = conn;
    // A Unix socket waits for no acknowledgement.
    if (!("hostname" in remoteAddr)) this.#sent = "whatever comes";
    this.#peer = createPeer(remoteAddr, "http", context.settings);
    this.deadline = context.deadlines.after(context.settings.headTimeout);
  }

  /** Serves the connection to its end. It never rejects: what goes wrong between us and a client concerns nobody else. */
  async serve(): Promise<void> {
    const { readFairness } = this.#context;
    readFairness.enter();
    try {
      await this.#serveRequests();
    } catch (error) {
      // A client that is gone, or was too slow to take its answer, concerns nobody else. A fault of our own does.
      if (!isEndOfConnection(error)) this.#context.onFault(error);
    }
    this.#abort(CLIENT_GONE);
    this.#reportUnsent();
    readFairness.leave();
    this.#close();
    // Until the closing has reached them, a read may still go into this memory, and a write come out of it.
    if (this.#watchedRead !== undefined) await this.#watchedRead.catch(() => {});
    if (this.#farewell !== undefined) await this.#farewell.catch(() => {});
    this.#output.clear();
    this.#parser.release();
  }

  async #serveRequests(): Promise<void> {
    const conn = this.#conn;
    const parser = this.#parser;
    const output = this.#output;
    const { readFairness } = this.#context;
    for (;;) {
      let hasEnded = false;
      const turn = readFairness.pause();
      if (turn !== undefined) await turn;
      // Looked at behind the pause, in which the read that watches the client may have brought them.
      if (!this.#hasUnparsedBytes) {
        const watched = this.#watchedRead;
        const count = this.#hasClientEnded ? null : await (watched ?? conn.read(parser.space));
        readFairness.noteRead();
        if (count === null) hasEnded = true;
        else if (watched === undefined) parser.received(count);
      }
      if (this.#farewell !== undefined) return this.#farewell;
      this.#hasUnparsedBytes = false;
      let outcome = hasEnded ? parser.cutShort("ended") : parser.next();
      while (outcome.kind !== "incomplete") {
        let overflow: HandledExchange | Overflow | undefined;
        if (outcome.kind !== "request") this.#answerWithoutHandler(outcome);
        else {
          this.#prepareCall(outcome);
          // Two microtasks are queued here, before the handler has run: its call, and the rest of this loop. Whatever async
          // context the handler enters, the loop goes on in its own (see runtime/async_context.ts).
          queueMicrotask(this.#callHandler);
          await SETTLED;
          overflow = this.#takeAnswer();
        }
        if (overflow instanceof HandledExchange) {
          const exchange = overflow;
          if (output.length > 0) await this.#writeUnlessSettled(exchange);
          overflow = this.#finishHandled(exchange, await exchange.response);
        }
        if (this.#farewell !== undefined) return this.#farewell;
        if (overflow !== undefined || output.length > MAX_WAITING_BYTES) {
          await this.#write(overflow);
        }
        this.#hasUnparsedBytes = false;
        outcome = this.#ending === "stay" ? parser.next() : END;
      }
      if (output.length > 0) {
        // What `#write` does, without the turns of the event loop that another async function would cost.
        this.#beginWriting();
        const { bytes } = output;
        if (this.#sent !== "whatever comes") this.#sendAtOnce(bytes.length);
        const written = await conn.write(bytes);
        if (written < bytes.length) await this.#writeRest(bytes, written);
        output.clear();
        if (this.#unsent !== undefined) this.#reportSent();
      }
      if (this.#ending !== "stay" || hasEnded) return this.#leave();
      this.#await(outcome.awaiting);
    }
  }

  /** Appends the response to what no handler gets to see. */
  #answerWithoutHandler(
    outcome: Exclude<ParserOutcome, { kind: "incomplete" | "request" }>,
  ): void {
    switch (outcome.kind) {
      case "continue":
        return this.#output.append(CONTINUE_BYTES);
      case "declined": {
        const { refusal, head, persists } = outcome;
        return this.#refuse(refusal, head, persists, head.method === "HEAD");
      }
      case "refused":
        return this.#refuse(outcome.refusal, outcome.head, false, outcome.isHeadRequest);
    }
  }

  /** The connection counts as busy from here on: a drain must not close it before the handler is called. */
  #prepareCall(received: ReceivedRequest): void {
    this.#received = received;
    this.#phase = "handling";
  }

  /** Calls the handler of the request that was received, unless a drain has sent a final response meanwhile. */
  readonly #callHandler = (): void => {
    const received = this.#received;
    this.#received = undefined;
    if (received === undefined || this.#farewell !== undefined) return;
    try {
      this.#answer = this.#answerRequest(received);
    } catch (error) {
      this.#fault = { error };
    }
  };

  /** What has come of the call. */
  #takeAnswer(): HandledExchange | Overflow | undefined {
    if (this.#fault !== undefined) throw this.#fault.error;
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }

  /** Appends the response to one request; returns a body that does not fit the output, or a handler that takes its time. */
  #answerRequest(
    { head, body, persists }: ReceivedRequest,
  ): HandledExchange | Overflow | undefined {
    const { dispatcher, scoreboard, inFlightRequests, requestClock } = this.#context;
    const startedAt = this.#isTimed ? requestClock.takeUp() : 0;
    const request = createRequest(head, body, this.#peer, this);
    scoreboard.add(REQUESTS_IN_FLIGHT, 1);
    const place = inFlightRequests.begin(this.#parser, head);
    this.#context.onStack = head;
    const response = dispatcher.dispatch(request);
    this.#context.onStack = undefined;
    if (response instanceof WebResponse) {
      return this.#finishRequest(request, head, response, persists, startedAt, place);
    }
    if (this.#isTimed) requestClock.forget();
    const exchange = new HandledExchange(request, head, startedAt, persists, place, response);
    this.#beginHandling(exchange);
    return exchange;
  }

  /** The same for a handler that has taken its time. */
  #finishHandled(exchange: HandledExchange, response: WebResponse): Overflow | undefined {
    const { request, head, persists, startedAt, place } = exchange;
    this.#handled = undefined;
    const overflow = this.#finishRequest(request, head, response, persists, startedAt, place);
    if (this.#broken !== undefined) throw this.#broken.error;
    return overflow;
  }

  /** Answers that are ready do not have to wait for a handler that takes its time, unless it only seems to. */
  async #writeUnlessSettled(exchange: HandledExchange): Promise<void> {
    if (await settlesWithin(exchange.response, SETTLING_TURNS)) return;
    await this.#writeAhead();
    this.#beginHandling(exchange);
  }

  /**
   * Writes what waits while a handler works. When that fails, the client is gone and the handler is not: it has its request,
   * whose body may be in the connection's memory, so the connection ends only when the handler does.
   */
  async #writeAhead(): Promise<void> {
    try {
      await this.#write(undefined);
    } catch (error) {
      this.#broken = { error };
      this.#hasClientEnded = true;
      this.#abort(CLIENT_GONE);
    }
  }

  #beginHandling(exchange: Exchange): void {
    this.#handled = exchange;
    this.#phase = "handling";
    this.deadline = this.#context.deadlines.after(this.#context.settings.handlerTimeout);
  }

  #finishRequest(
    request: WebRequest,
    head: RequestHead,
    response: WebResponse,
    persists: boolean,
    startedAt: number,
    place: number,
  ): Overflow | undefined {
    const message = outgoing(response);
    const { stream } = message;
    this.#context.inFlightRequests.end(place);
    // The client has had its answer from outside, or is gone; this one came too late.
    const isLate = this.#farewell !== undefined || this.#broken !== undefined;
    if (stream !== undefined) {
      if (!isLate) return { request, head, response: message, stream, persists, startedAt };
      stream.cancel(UNWANTED);
    }
    if (isLate) this.#rejectCompletion();
    this.#endExchange(request);
    return isLate ? undefined : this.#encode(request, head, message, persists, startedAt);
  }

  /** The handler is done with a request, and so is whoever has made the body of its answer. */
  #endExchange(request: WebRequest): void {
    const { scoreboard } = this.#context;
    this.#controller = undefined;
    if (this.#completion !== undefined) this.#awaitSending(this.#completion);
    scoreboard.add(REQUESTS_IN_FLIGHT, -1);
    scoreboard.add(REQUESTS, 1);
    releaseRequest(request);
  }

  /** Puts an answer behind the output; returns a body that is too large for it. */
  #encode(
    request: WebRequest,
    head: RequestHead,
    message: OutgoingResponse,
    persists: boolean,
    startedAt: number,
  ): LargeBody | undefined {
    const { encoder } = this.#context;
    const isHeadRequest = head.method === "HEAD";
    const staysOpen = this.#decideEnding(message.wantsClose, persists);
    const option = this.#connectionOption(head.minorVersion, staysOpen, message.offersUpgrade);
    const requestId = this.#nameExchange(request, message);
    const overflow = encoder.encode(this.#output, message, option, isHeadRequest, requestId);
    if (this.#isTimed) {
      this.#note(
        { request, head, startedAt },
        message.status,
        encoder.bodyBytes,
        this.#context.requestClock.finish(),
      );
    }
    return overflow;
  }

  /**
   * Writes down what the exchange is called, where there is a log or its handler has asked. Gives back what the answer says in X-Request-Id:
   * nothing where that has no name, or the handler has said another one.
   */
  #nameExchange(
    request: WebRequest,
    { fields }: Pick<OutgoingResponse, "fields">,
  ): WrittenId | undefined {
    const { accessLog, writtenId } = this.#context;
    if (accessLog === undefined && idInUse(request) === "") return undefined;
    writeId(request, writtenId);
    return fields !== null && fields.some(isRequestId) ? undefined : writtenId;
  }

  /** Who asks, for the log. */
  #clientHostname(head: RequestHead | undefined): string {
    return head === undefined ? this.#peer.addr.hostname : clientHostname(head, this.#peer);
  }

  #noteStream(exchange: Exchange, status: number, bodyBytes: number): void {
    if (!this.#isTimed) return;
    const { accessLog, writtenId } = this.#context;
    if (accessLog !== undefined) writeId(exchange.request, writtenId);
    this.#note(exchange, status, bodyBytes, performance.now());
  }

  /** Tells the log, and the counters, of a request that was answered at that time, and whose name is the one that was written last. */
  #note(
    { request, head, startedAt }: Exchange,
    status: number,
    bodyBytes: number,
    endedAt: number,
  ): void {
    const { accessLog, requestMetrics, writtenId } = this.#context;
    accessLog?.note(
      this.#clientHostname(head),
      head,
      writtenId,
      status,
      bodyBytes,
      startedAt,
      endedAt,
    );
    requestMetrics?.note(head.method, routeIndexOf(request), status, endedAt - startedAt);
  }

  #connectionOption(
    minorVersion: 0 | 1,
    staysOpen: boolean,
    offersUpgrade: boolean,
  ): ConnectionOption {
    const { announceKeepAlive } = this.#context.settings;
    return connectionOption(minorVersion, staysOpen, offersUpgrade, announceKeepAlive);
  }

  /** Decides whether the connection stays open after this answer. When the server ends it, the client may be sending already. */
  #decideEnding(wantsClose: boolean, persists: boolean): boolean {
    if (!persists) {
      this.#ending = this.#parser.hasUnreadBytes ? "linger" : "close";
      return false;
    }
    if (!this.#context.isDraining && !wantsClose) return true;
    this.#parser.stop();
    this.#ending = "linger";
    return false;
  }

  /**
   * Puts the answer to what no handler gets to see, or has not answered in time, behind the output. The head is known where the
   * request was well-framed.
   */
  #refuse(
    refusal: Refusal,
    head: RequestHead | undefined,
    persists: boolean,
    isHeadRequest: boolean,
    exchange?: Exchange,
  ): void {
    const { encoder, accessLog, requestMetrics, isDraining, writtenId } = this.#context;
    const staysOpen = persists && !isDraining;
    if (!staysOpen) this.#ending = "linger";
    const option = this.#connectionOption(head?.minorVersion ?? 1, staysOpen, false);
    const message = refusalMessage(refusal);
    let requestId: WrittenId | undefined;
    if (exchange !== undefined) requestId = this.#nameExchange(exchange.request, message);
    else if (accessLog !== undefined) {
      writtenId.write(requestIdFrom(head?.header("x-request-id") ?? null));
      requestId = writtenId;
    }
    encoder.encode(this.#output, message, option, isHeadRequest, requestId);
    accessLog?.note(
      this.#clientHostname(head),
      head,
      writtenId,
      refusal.status,
      encoder.bodyBytes,
      exchange?.startedAt,
    );
    if (requestMetrics !== undefined) {
      noteRefusal(requestMetrics, exchange, head, refusal.status);
    }
  }

  /** Writes what waits in the output, and what of the last answer did not fit it. */
  async #write(overflow: Overflow | undefined): Promise<void> {
    let large: LargeBody | undefined;
    if (overflow === undefined || !("stream" in overflow)) large = overflow;
    else {
      await this.#sendStream(overflow);
      if (this.#output.length === 0) this.#reportSent();
      if (this.#output.length <= MAX_WAITING_BYTES) return;
    }
    this.#beginWriting();
    await this.#writeRest(this.#output.bytes, 0);
    this.#output.clear();
    if (large !== undefined) {
      this.#beginWriting();
      await this.#writeRest(large.bytes, 0, large.length);
    }
    if (this.#unsent !== undefined) this.#reportSent();
  }

  /** Its answer is made, and has to be written. */
  #awaitSending(completion: PromiseWithResolvers<void>): void {
    this.#completion = undefined;
    (this.#unsent ??= []).push(completion);
  }

  /** All answers that waited to be written have been. */
  #reportSent(): void {
    for (const completion of this.#unsent ?? []) completion.resolve();
    this.#unsent = undefined;
  }

  #rejectCompletion(): void {
    this.#completion?.reject(NOT_SENT);
    this.#completion = undefined;
  }

  /** Nothing that is left will be written. */
  #reportUnsent(): void {
    this.#rejectCompletion();
    for (const completion of this.#unsent ?? []) completion.reject(NOT_SENT);
    this.#unsent = undefined;
  }

  /** Sends an answer whose body is made while it is sent. The request goes on meanwhile, and its client is watched. */
  async #sendStream(answer: StreamedAnswer): Promise<void> {
    const { request, head, response, stream, persists, startedAt } = answer;
    const { status } = response;
    const framing = decideResponseFraming(status, head.minorVersion, response.declaredLength);
    if (head.method === "HEAD" || !statusHasBody(status)) {
      stream.cancel(UNWANTED);
      this.#endExchange(request);
      if (!statusHasBody(status)) {
        return void this.#encode(request, head, response, persists, startedAt);
      }
      this.#beginStream(answer, framing);
      return this.#noteStream(answer, status, 0);
    }
    const body = this.#streamed = new StreamedBody(stream, framing);
    let hasOtherAnswer = false;
    this.#watchClient();
    const sink: BodySink = {
      output: this.#output,
      write: (behind) => this.#write(behind),
      onWaiting: () => this.#awaitPart(),
    };
    try {
      const startOfAnswer = this.#output.length;
      const begin = () => this.#beginStream(answer, framing);
      const end = await body.send(sink, begin);
      switch (end.kind) {
        case "sent":
          return this.#noteStream(answer, status, body.sentBytes);
        case "failed": {
          const { dispatcher } = this.#context;
          if (end.hasLeft) {
            dispatcher.reportBrokenBody(end.error, request);
            await this.#write(undefined);
            throw new Deno.errors.Interrupted(BODY_FAILED);
          }
          const failure = dispatcher.recover(end.error, request);
          stream.cancel(UNWANTED);
          // Nothing of the answer has left, so its client gets another one.
          hasOtherAnswer = true;
          this.#output.length = startOfAnswer;
          const canPersist = persists && this.#ending === "stay";
          const large = this.#encode(request, head, outgoing(failure), canPersist, startedAt);
          if (large !== undefined) await this.#write(large);
          return;
        }
        case "cut off":
          throw new Deno.errors.Interrupted(CLIENT_GONE);
      }
    } catch (error) {
      if (!hasOtherAnswer) this.#noteStream(answer, status, body.sentBytes);
      this.#abort(CLIENT_GONE);
      stream.cancel(UNWANTED);
      throw error;
    } finally {
      this.#streamed = undefined;
      this.#endExchange(request);
    }
  }

  /** Puts the head of a streamed answer behind the output. */
  #beginStream(answer: StreamedAnswer, framing: ResponseFraming): void {
    const { request, head, response, persists } = answer;
    const wantsClose = response.wantsClose || framing.kind === "until close";
    const staysOpen = this.#decideEnding(wantsClose, persists);
    const connection = this.#connectionOption(head.minorVersion, staysOpen, response.offersUpgrade);
    const requestId = this.#nameExchange(request, response);
    const delivery = { framing, connection, requestId };
    this.#context.encoder.encodeStreamHead(this.#output, response, delivery);
  }

  /**
   * Sets the time limit for the next part of a streamed body: there is none as long as the client is there to wait. A client that has
   * sent so much behind its request that there is no room to watch it may be gone, and has as long as an idle one.
   */
  #awaitPart(): void {
    const { deadlines, settings } = this.#context;
    this.#phase = "streaming";
    this.deadline = deadlines.after(
      this.#hasClientEnded
        ? PART_AFTER_END_MS
        : this.#watchedRead === undefined
        ? settings.keepAliveTimeout
        : 0,
    );
  }

  #beginWriting(): void {
    this.#phase = "writing";
    this.deadline = this.#context.deadlines.after(this.#context.settings.writeTimeout);
  }

  /**
   * Has the kernel send what is written without waiting for the client to acknowledge what was sent before (Nagle's algorithm,
   * RFC 9293, section 3.7.4). The first small write has nothing before it that it could wait for, and often is the only one: a
   * connection for one request does without this system call, which is one of its ten.
   */
  #sendAtOnce(length: number): void {
    if (this.#sent === "nothing" && length <= ONE_SEGMENT_BYTES) {
      this.#sent = "one segment";
      return;
    }
    if ("setNoDelay" in this.#conn) this.#conn.setNoDelay(true);
    this.#sent = "whatever comes";
  }

  /** Writes bytes to the last one. The time that was begun with the first one is for so many of them, and then begins anew. */
  async #writeRest(bytes: Uint8Array, from: number, length = bytes.length): Promise<void> {
    let begunAt = 0;
    for (let at = from; at < length;) {
      // Short of what its head has told, the answer would go on with the next one's bytes.
      if (bytes.length < length) throw new TypeError(BYTES_GONE);
      if (at - begunAt >= BYTES_PER_WRITE_TIMEOUT) {
        this.#beginWriting();
        begunAt = at;
      }
      if (this.#sent !== "whatever comes") this.#sendAtOnce(length - at);
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  /**
   * Sets the time limit for what is awaited now. That of a head that has begun goes on; that of a body begins anew when
   * enough of it has come.
   */
  #await(awaiting: "request" | "head" | "body"): void {
    const { settings, deadlines, isDraining } = this.#context;
    switch (awaiting) {
      case "request":
        // An empty line is no request, and moves no limit.
        if (this.#phase === "new" || this.#phase === "idle") return;
        this.#phase = "idle";
        this.deadline = deadlines.after(isDraining ? IDLE_GRACE_MS : settings.keepAliveTimeout);
        return;
      case "head": {
        if (this.#phase === "head") return;
        // The time for the first head began with the connection.
        if (this.#phase !== "new") this.deadline = deadlines.after(settings.headTimeout);
        this.#phase = "head";
        return;
      }
      case "body": {
        const { bodyBytes } = this.#parser;
        const hasBegun = this.#phase === "body";
        if (hasBegun && bodyBytes - this.#bodyBytesAtStart < BYTES_PER_BODY_TIMEOUT) return;
        this.#phase = "body";
        this.#bodyBytesAtStart = bodyBytes;
        this.deadline = deadlines.after(settings.bodyTimeout);
      }
    }
  }

  /** Hangs up, in the way that the last answer calls for. */
  async #leave(): Promise<void> {
    this.#phase = "leaving";
    if (this.#ending !== "linger") return;
    const { settings, deadlines, readFairness } = this.#context;
    const end = deadlines.after(settings.lingerTimeout);
    const awaitRead = () => {
      this.deadline = Math.min(deadlines.after(settings.lingerReadTimeout), end);
    };
    awaitRead();
    await lingerBeforeClose(this.#conn, readFairness, awaitRead);
  }

  /** The time for what the connection waits for is over. */
  onDeadline(): void {
    switch (this.#phase) {
      case "new":
        // An answer would wait in the client's kernel, and be taken for that to the request which it sends in the end.
        this.#context.scoreboard.add(CONNECTIONS_UNUSED, 1);
        return this.#close();
      case "idle":
      case "writing":
      case "leaving":
        return this.#close();
      case "head":
      case "body":
        return this.#cutShort();
      case "streaming":
        return this.#streamed?.cutOff();
      case "handling":
        this.#abort("The handler took longer than handlerTimeout", "TimeoutError");
        return this.#sayFarewell(OVERDUE, this.#headInHand?.method === "HEAD");
    }
  }

  /** Refuses a request that has not come whole: as too slow, or for another reason. */
  #cutShort(reason?: Refusal): void {
    const outcome = this.#parser.cutShort("too slow");
    if (outcome.kind !== "refused") return this.#close();
    this.#sayFarewell(reason ?? outcome.refusal, outcome.isHeadRequest, outcome.head);
  }

  /** The drain is over, and the worker with it: whoever is still waiting for an answer gets a 503. */
  abandon(): void {
    switch (this.#phase) {
      case "new":
      case "idle":
      case "writing":
      case "leaving":
        return this.#close();
      case "streaming":
        this.#abort("The server is stopping");
        return this.#streamed?.cutOff();
      case "head":
      case "body":
        return this.#cutShort(STOPPING);
      case "handling":
        this.#abort("The server is stopping");
        return this.#sayFarewell(STOPPING, this.#headInHand?.method === "HEAD");
    }
  }

  /** Closes the connection if nothing is being asked for, or if it is new and nothing has been yet; says whether it has. */
  closeIfIdle({ evenIfNew }: { readonly evenIfNew: boolean }): boolean {
    const closes = this.#phase === "idle" || (this.#phase === "new" && evenIfNew);
    if (closes) this.#close();
    return closes;
  }

  /** Whoever waits for a place gets this one, although a handler that does not end may keep the loop waiting for ever. */
  #close(): void {
    close(this.#conn);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.deadline = Infinity;
    this.#context.onClosed();
  }

  /** Of the request that a handler works on, or is about to. */
  get #headInHand(): RequestHead | undefined {
    return (this.#handled ?? this.#received)?.head;
  }

  /** Writes a last answer while the loop waits for something that may never come, and hangs up. */
  #sayFarewell(
    refusal: Refusal,
    isHeadRequest: boolean,
    head: RequestHead | undefined = this.#headInHand,
  ): void {
    if (this.#farewell !== undefined) return this.#close();
    this.#parser.stop();
    this.#refuse(refusal, head, false, isHeadRequest, this.#handled);
    this.#farewell = this.#write(undefined).then(() => this.#leave());
    // The loop waits for it too, and is where its failure is caught; but the loop may not have come there yet.
    this.#farewell.catch(() => {}).then(() => this.#close());
  }

  /** From now on the handler wants to know when the client goes. */
  onSignalWanted(controller: AbortController): void {
    this.#controller = controller;
    if (this.#hasClientEnded) this.#abort(CLIENT_GONE);
    else this.#watchClient();
  }

  /** From now on the handler wants to know when its answer has been sent. */
  onCompletionWanted(): Promise<void> {
    return (this.#completion ??= Promise.withResolvers()).promise;
  }

  /** Tells the handler that nobody waits for its answer any more. */
  #abort(reason: string, name: "AbortError" | "TimeoutError" = "AbortError"): void {
    this.#controller?.abort(new DOMException(reason, name));
  }

  /** Reads while a handler works. Bytes are pipelined requests, for later; an end or an error means that the client goes. */
  #watchClient(): void {
    if (this.#watchedRead !== undefined) return;
    const space = this.#parser.spaceWithoutMoving;
    // A client that has filled the buffer is there, and sends.
    if (space === undefined) return;
    const read = this.#conn.read(space).then((count) => {
      this.#watchedRead = undefined;
      if (count === null) {
        this.#hasClientEnded = true;
        this.#abort(CLIENT_GONE);
        if (this.#phase === "streaming") this.#awaitPart();
        return count;
      }
      this.#parser.received(count);
      this.#hasUnparsedBytes = true;
      if (this.#controller !== undefined || this.#streamed !== undefined) this.#watchClient();
      return count;
    }, (error) => {
      this.#watchedRead = undefined;
      this.#hasClientEnded = true;
      this.#abort(CLIENT_GONE);
      this.#streamed?.cutOff();
      throw error;
    });
    this.#watchedRead = read;
    // Whoever waits for it gets the error; nobody may be waiting.
    read.catch(() => {});
  }
}

/** Counts what is refused; a handler that has had its request and its time is counted where its route is. */
function noteRefusal(
  metrics: RequestMetrics,
  exchange: Exchange | undefined,
  head: RequestHead | undefined,
  status: number,
): void {
  if (exchange === undefined) return metrics.noteRefusal(head?.method, status);
  const { request, startedAt } = exchange;
  metrics.note(request.method, routeIndexOf(request), status, performance.now() - startedAt);
}

const BYTES_GONE =
  "Cannot go on sending a response: its bytes were transferred to another thread, or resized, while it was sent";
const BODY_FAILED =
  "The body of an answer has failed, which its client sees by the connection's end";
const CLIENT_GONE = "The client has ended the connection";

/** After the last answer of a connection nothing is parsed any more. */
const END: ParserOutcome = { kind: "incomplete", awaiting: "request" };

const OVERDUE: Refusal = { status: 503, reason: "The request took longer than this server allows" };
const STOPPING: Refusal = { status: 503, reason: "The server is stopping" };

function refusalMessage({ status, reason }: Refusal) {
  return {
    status,
    contentType: TEXT,
    fields: null,
    body: `${status} ${reasonPhrase(status)}: ${reason}\n`,
    declaredLength: undefined,
  };
}

/** The errors with which a read or a write tells that the connection is no more; `Interrupted` and `BadResource`: by our own closing. */
const CONNECTION_ERRORS = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
  Deno.errors.Interrupted,
  Deno.errors.BadResource,
];

function isRequestId([name]: readonly [name: string, value: string]): boolean {
  return name.length === 12 && name.toLowerCase() === "x-request-id";
}

function isEndOfConnection(error: unknown): boolean {
  return CONNECTION_ERRORS.some((errorClass) => error instanceof errorClass) ||
    // What has no class of its own in Deno, such as EHOSTUNREACH, has the system's number in its message.
    (error instanceof Error && error.message.includes("(os error "));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed already, by a time limit that was faster or by the runtime after an error.
  }
}
