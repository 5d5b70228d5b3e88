// One connection: read, parse, call, encode, write, and again. All requests that have come are
// answered before anything is written, so that pipelined requests share one write, in their order.
// What cannot wait for the loop (a time limit, the end of a drain) interrupts it: it sends a final
// response from outside, and the loop ends as soon as it sees that.

import { unwanted } from "../handler/client_gone.ts";
import { createPeer, type Peer } from "../handler/client_origin.ts";
import type { RefusalAnswer } from "../handler/connection_hooks.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import { type ConnectionCompanion, createRequest, type WebRequest } from "../handler/request.ts";
import { outgoing, phraseResponse } from "../handler/response.ts";
import type { UncaughtOwner } from "../handler/uncaught_owner.ts";
import type { ConnectionUpgrade, UpgradeDrain, UpgradeEnd } from "../handler/upgrade.ts";
import { decideResponseFraming, type ResponseFraming } from "../http1/framing.ts";
import type { LogReason } from "../http1/log_reason.ts";
import { type ConnectionOption, connectionOption } from "../http1/persistence.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import { RequestBody } from "../http1/request_body.ts";
import { type RequestHead, Seen } from "../http1/request_head.ts";
import { type ParserOutcome, RequestParser } from "../http1/request_parser.ts";
import { CONTINUE_BYTES, type EncodableResponse } from "../http1/response_encoder.ts";
import { statusHasBody } from "../http1/status.ts";
import { counterIndex } from "../ipc/scoreboard.ts";
import { isEndOfConnection } from "../net/socket_errors.ts";
import { queueMicrotask, SETTLED } from "../runtime/async_context.ts";
import { nextLook, settlesWithin } from "../runtime/event_loop.ts";
import { type ClientObserver, ClientWatch } from "./client_watch.ts";
import type { ListedConnection } from "./connection_list.ts";
import type { ConnectionContext } from "./connection_context.ts";
import {
  CALL_NEXT,
  CALL_OVER,
  type ConnectionState,
  DISCARDING,
  type HandlerCall,
  type Handling,
  isEnding,
  LEAVING,
  NEW,
  type PendingCall,
  readingLimit,
  type ResponseInMaking,
  stateWhenReading,
  type StreamedAnswer,
  type Streaming,
  type UpgradeAnswer,
  WRITING,
} from "./connection_state.ts";
import type { TimeLimited } from "./deadlines.ts";
import {
  Exchange,
  type ExchangeOwner,
  hasRequestId,
  type ReceivedRequest,
  type RefusedResponse,
  writeRefusedId,
} from "./exchange.ts";
import {
  CLIENT_GONE,
  DRAIN_END,
  type Interrupter,
  interruptionOf,
  TIME_LIMIT,
} from "./interruption.ts";
import { lingerBeforeClose } from "./lingering_close.ts";
import { ObservedExchange } from "./observed_exchange.ts";
import { type Completion, ResponseWriter, type WriteTimer } from "./response_writer.ts";
import { SocketBody, type SocketBodyOwner } from "./socket_body.ts";
import { type BodySink, StreamedBody } from "./streamed_body.ts";
import { ConnectionStream, type UpgradedConnection } from "./upgraded_stream.ts";

/** A connection of either kind of socket. */
export type ClientConn = Deno.TcpConn | Deno.UnixConn;

/** What a connection is busy with, for a log of what a drain waits for. */
export type ConnectionWork =
  /** `name` is the method, and the route or the path. */
  | { readonly kind: "request" | "stream"; readonly name: string }
  /** It is handed over to another protocol. */
  | { readonly kind: "socket" }
  /** Its client sends a request, or receives a response. */
  | { readonly kind: "client" };

/** How a connection goes on after its last response. */
type Ending =
  | "stay"
  /** The client asked for the end, and sends nothing more. */
  | "close"
  /** The client may still be sending. */
  | "linger";

/** A request that gets a refusal. The head is known if it was well-formed. */
interface RefusedRequest {
  readonly refusal: Refusal;
  readonly head: RequestHead | undefined;
  readonly isHeadRequest: boolean;
  readonly persists: boolean;
  /** The request as the program sees it; undefined until that is needed. */
  request?: WebRequest;
  /** Whether the program may answer in place of the server; it may if undefined. */
  readonly asksProgram?: boolean;
}

/**
 * How long each part of a streamed body may take after its client has ended its side of the
 * connection together with its request. The client may still read, or it may be gone, which only a
 * write can show.
 */
const PART_AFTER_END_MS = 1_000;

/** How many turns of the microtask queue a promise may take that settles without really waiting. */
const SETTLING_TURNS = 3;

const CONNECTIONS_UNUSED = counterIndex("connectionsUnused");

const BODY_FAILED = "The body of a response has failed, so the connection is closed";

/** The response to a request that the worker sheds. Another worker may have room at once. */
const OVERLOADED: Refusal = {
  status: 503,
  reason: "The server has more requests than it can serve in time",
  logReason: "overloaded",
  retryAfterSeconds: 1,
};

/** After the last response of a connection nothing is parsed. */
const END: ParserOutcome = { kind: "incomplete", awaiting: "request" };

/** One connection of a worker. */
export class Connection
  implements
    TimeLimited,
    ListedConnection,
    ExchangeOwner,
    ClientObserver,
    WriteTimer,
    SocketBodyOwner,
    UpgradedConnection,
    UncaughtOwner {
  listIndex = 0;
  companion: ConnectionCompanion | undefined;
  readonly context: ConnectionContext;
  readonly peer: Peer;
  readonly parser: RequestParser;
  readonly #conn: ClientConn;
  readonly #writer: ResponseWriter;
  readonly client: ClientWatch;
  readonly #exchange: Exchange;
  readonly #handling: Handling = { kind: "handling", call: CALL_OVER };
  /** For `queueMicrotask`. A bound function would use less memory, and 10 ns more in each call. */
  readonly #callLater = (): void => this.#callHandler();
  #state: ConnectionState = NEW;
  #ending: Ending = "stay";
  /** When the time is over for what the state of the connection waits for. */
  #limit: number;
  /** When the first bytes came of a request that has not come whole; 0 if there is none. */
  #receivedSince = 0;
  /** The body of the request in hand, if its handler was called before it had come. */
  #body: SocketBody | undefined;

  constructor(conn: ClientConn, context: ConnectionContext) {
    const { settings, pool, deadlines, dispatcher, hooks } = context;
    this.#conn = conn;
    this.context = context;
    const { isStreamed } = dispatcher;
    this.parser = new RequestParser(settings, pool, isStreamed, hooks?.takesExpectations);
    this.#writer = new ResponseWriter(conn, pool, this);
    this.client = new ClientWatch(conn, this.parser, this);
    this.#exchange = context.observation === undefined
      ? new Exchange(this)
      : new ObservedExchange(this, context.observation);
    this.peer = createPeer(conn.remoteAddr, "http", settings);
    this.#limit = deadlines.after(settings.headTimeout);
  }

  get deadline(): number {
    return this.#body === undefined ? this.#limit : Math.min(this.#limit, this.#body.deadline);
  }

  /**
   * Serves the connection to its end. It never rejects: a failure of one client concerns no other.
   */
  async serve(): Promise<void> {
    const { readFairness, onFault } = this.context;
    readFairness.enter();
    try {
      await this.#serveRequests();
      if (this.#state.kind === "upgraded") await this.#awaitUpgrade(this.#state.ended);
    } catch (error) {
      // A client that has left, or was too slow to take its response, is no fault of this library.
      if (!isEndOfConnection(error)) onFault(error);
    }
    this.#body?.fail(REFUSALS.endedEarly);
    // Only a fault in this library leaves an exchange under way.
    if (this.#exchange.isUnderWay) this.#exchange.drop();
    this.#writer.endTurn();
    this.#writer.rejectUnsent();
    readFairness.leave();
    this.#close();
    // Until they have seen the closing, a read may still go into this memory, and a write come out
    // of it. Most connections have neither, and each await costs some microtasks.
    const reading = this.client.settle();
    if (reading !== undefined) await reading;
    const finalResponse = this.#finalResponse();
    if (finalResponse !== undefined) await finalResponse.catch(() => {});
    this.#writer.output.clear();
    this.parser.release();
  }

  async #serveRequests(): Promise<void> {
    const { readFairness } = this.context;
    const writer = this.#writer;
    const client = this.client;
    for (;;) {
      const turn = readFairness.pause();
      if (turn !== undefined) await turn;
      let hasEnded = false;
      // The watch may have brought bytes during the pause.
      if (!client.hasUnparsedBytes) {
        const count = await client.read();
        readFairness.noteRead();
        if (count === null) hasEnded = true;
        else this.parser.received(count);
      }
      if (isEnding(this.#state)) return this.#state.finalResponse;
      let outcome = hasEnded ? this.parser.cutShort("ended") : this.#parse();
      while (outcome.kind !== "incomplete") {
        if (outcome.kind !== "request") {
          if (outcome.kind === "refused" && this.#leaveToProgram(outcome)) {
            return this.#finalResponse();
          }
          this.#answerWithoutHandler(outcome);
        } else {
          this.#beginHandling(outcome);
          if ((outcome.head.seen & Seen.Connection) !== 0) {
            const loading = this.context.webSockets?.loadFor(outcome.head);
            if (loading !== undefined) await loading;
          }
          if (writer.takesTurns) await writer.beginTurn();
          // Two microtasks are queued here, before the handler runs: its call, and the rest of this
          // loop. Whatever async context the handler enters, the loop goes on in its own (see
          // runtime/async_context.ts).
          queueMicrotask(this.#callLater);
          await SETTLED;
          let { call } = this.#handling;
          if (call !== CALL_OVER) {
            if (call.kind === "pending") {
              if (writer.takesTurns) writer.endTurnUnlessSettled(call.response);
              if (!writer.isEmpty) await this.#writeUnlessSettled(call);
              if (this.#body !== undefined) await this.#continueWhenAsked(call, this.#body);
              const response = await call.response;
              if (call.writing !== undefined) await call.writing;
              if (this.#state !== this.#handling) await this.#finalResponseMade();
              call = this.#finishPending(call, response);
            }
            if (call.kind === "stream") {
              writer.endTurn();
              await this.#sendStream(call);
            } else if (call.kind === "upgrade") return await this.#serveUpgrade(call);
            else if (call.kind === "fault") throw call.error;
          }
          if (this.#body !== undefined) await this.#finishBody(this.#body);
        }
        if (this.#mustEnd(this.#handling)) return this.#finalResponse();
        if (writer.isFull) {
          await this.#write();
          if (this.#mustEnd(WRITING)) return;
        }
        outcome = this.#ending === "stay" ? this.#parse() : END;
      }
      if (!writer.isEmpty) {
        this.#state = WRITING;
        const rest = writer.finish(await writer.begin());
        if (rest !== undefined) await rest;
        if (this.#mustEnd(WRITING)) return;
      }
      if (this.#ending !== "stay" || hasEnded) return this.#leave();
      this.#readOn(outcome.awaiting);
    }
  }

  #parse(): ParserOutcome {
    this.client.hasUnparsedBytes = false;
    return this.parser.next();
  }

  /**
   * Returns whether the loop must end. `expected` is the state in which it most often goes on, which
   * one comparison shows. It is a method, because V8 calls into its runtime for each use of a private
   * getter.
   */
  #mustEnd(expected: ConnectionState): boolean {
    const state = this.#state;
    return state !== expected && isEnding(state);
  }

  /** Returns the final response that was sent from outside; undefined if there is none. */
  #finalResponse(): Promise<void> | undefined {
    const state = this.#state;
    return isEnding(state) ? state.finalResponse : undefined;
  }

  /** Resolves when a final response is in the output; until then the exchange has to last. */
  #finalResponseMade(): Promise<void> | undefined {
    return this.#state.kind === "closing" ? this.#state.making?.made : undefined;
  }

  /** Enters another state after something was awaited, unless the connection is ending by now. */
  #enter(state: ConnectionState): void {
    if (!isEnding(this.#state)) this.#state = state;
  }

  /** Appends the response to a request that no handler is called with. */
  #answerWithoutHandler(
    outcome: Exclude<ParserOutcome, { kind: "incomplete" | "request" }>,
  ): void {
    switch (outcome.kind) {
      case "continue":
        return this.#writer.output.append(CONTINUE_BYTES);
      case "declined": {
        const { refusal, head, persists } = outcome;
        return this.#refuse({ refusal, head, isHeadRequest: head.method === "HEAD", persists });
      }
      case "refused": {
        const { refusal, head, isHeadRequest } = outcome;
        return this.#refuse({ refusal, head, isHeadRequest, persists: false });
      }
    }
  }

  /**
   * Has the program answer a request that is refused, if it takes part in that. Then the loop must
   * end. Returns whether it does.
   */
  #leaveToProgram({ refusal, head, isHeadRequest }: ParserOutcome & { kind: "refused" }): boolean {
    const answering = this.context.hooks?.answerRefusal(refusal, this, this.peer.addr);
    if (answering === undefined) return false;
    const { deadlines, settings } = this.context;
    this.#limit = deadlines.after(settings.headTimeout);
    this.#endAfter(
      this.#sendAnswer({ refusal, head, isHeadRequest, persists: false }, answering),
    );
    return true;
  }

  /** Sends what the program has answered to a refused request, after what waits to be sent. */
  async #sendAnswer(refused: RefusedRequest, answering: Promise<RefusalAnswer>): Promise<void> {
    if (!this.#writer.isEmpty) await this.#writer.write();
    const answer = await answering;
    if (this.#state.kind === "closed") return;
    if (answer === "nothing") {
      const { refusal: { status, logReason: reason }, head } = refused;
      const id = writeRefusedId(this.context, head);
      return this.#reportRefused({ head, status, bodyBytes: 0, id, reason });
    }
    const own = () => this.context.dispatcher.errors.ownRefusal(refused.refusal);
    this.#appendRefusal(refused, answer === "refusal" ? own() : answer);
    await this.#writer.write();
    await this.#leave();
  }

  /**
   * The connection counts as busy from here on: a drain must not close it before the handler is
   * called.
   */
  #beginHandling(received: ReceivedRequest): void {
    if (received.body === RequestBody.UNDER_WAY) {
      this.#body = new SocketBody(this);
      this.#exchange.receiveIncoming(received, this.#body.incoming);
    } else this.#exchange.receive(received);
    this.#receivedSince = 0;
    this.#handling.call = CALL_NEXT;
    this.#state = this.#handling;
  }

  /**
   * Calls the handler of the request that was received, unless a drain has sent a final response
   * meanwhile.
   */
  #callHandler(): void {
    if (this.#mustEnd(this.#handling)) return;
    const handling = this.#handling;
    try {
      handling.call = this.#call();
    } catch (error) {
      handling.call = { kind: "fault", error };
    }
  }

  #call(): HandlerCall {
    const exchange = this.#exchange;
    const { admission } = this.context;
    if (admission !== undefined && admission.sheds(exchange.head)) return this.#shed();
    exchange.begin();
    const response = this.context.handlerCalls.dispatch(exchange);
    if (response instanceof OutgoingResponse) return this.#answer(response, false);
    exchange.noteWaiting();
    this.#limitHandler();
    return { kind: "pending", response, writing: undefined, failure: undefined };
  }

  /** Refuses the request that was received. The connection persists if little is left of the body. */
  #shed(): HandlerCall {
    const exchange = this.#exchange;
    const { head } = exchange;
    const persists = this.#decideEnding(false, exchange.persists, false);
    const isHeadRequest = head.method === "HEAD";
    // The program is not asked: that would be more work for a worker that has too much of it.
    this.#refuse({ refusal: OVERLOADED, head, isHeadRequest, persists, asksProgram: false });
    exchange.forgo();
    return CALL_OVER;
  }

  #limitHandler(): void {
    const { deadlines, settings } = this.context;
    this.#limit = deadlines.after(settings.handlerTimeout);
  }

  /** Writes responses that wait while a handler takes its time, unless it only seems to. */
  async #writeUnlessSettled(call: PendingCall): Promise<void> {
    if (await settlesWithin(call.response, SETTLING_TURNS)) return;
    call.writing = this.#writeDuring(call, call.writing);
    await call.writing;
  }

  /** Writes the output while a handler works, after what is being written already. */
  async #writeDuring(call: PendingCall, before: Promise<void> | undefined): Promise<void> {
    await before;
    if (isEnding(this.#state) || this.#writer.isEmpty) return;
    try {
      await this.#write();
    } catch (error) {
      // The client is gone and the handler is not. The body of its request may be in the memory of
      // the connection, so the connection ends only after the handler.
      call.failure = { error };
      this.client.noteLost();
      this.#exchange.abort(clientGone());
    }
    this.#enter(this.#handling);
    this.#limitHandler();
  }

  /**
   * Sends an informational response (RFC 9110, section 15.2) while the handler works. A client of
   * HTTP/1.0 gets none, and none is sent once the response has begun.
   */
  sendInformational(bytes: Uint8Array): void {
    const { call } = this.#handling;
    if (isEnding(this.#state) || this.#exchange.head.minorVersion === 0) return;
    // The handler is being called: what it sends is written when it waits, or with its response.
    if (call === CALL_NEXT) return this.#writer.output.append(bytes);
    if (call.kind !== "pending") return;
    const append = async (before: Promise<void> | undefined) => {
      await before;
      this.#writer.output.append(bytes);
      await this.#writeDuring(call, undefined);
    };
    call.writing = append(call.writing);
  }

  /** Sends `100 Continue` if the client waits for it and the handler asks for the body before it answers. */
  async #continueWhenAsked(call: PendingCall, body: SocketBody): Promise<void> {
    if (!body.expectsContinue) return;
    await Promise.race([call.response, body.asked]);
    if (await settlesWithin(call.response, SETTLING_TURNS) || isEnding(this.#state)) return;
    if (call.writing !== undefined) await call.writing;
    this.#appendContinue(body);
    if (!this.#writer.isEmpty) await this.#writeUnlessSettled(call);
  }

  /** Appends `100 Continue`, unless the client has begun to send without it. */
  #appendContinue(body: SocketBody): void {
    if (!body.expectsContinue) return;
    body.noteContinued();
    this.#writer.output.append(CONTINUE_BYTES);
  }

  /**
   * Ends the body of a request that was answered. A reader that is at work may finish. If little is
   * left after that, the rest is read and discarded; otherwise the connection ends (RFC 9112, section
   * 9.3).
   */
  async #finishBody(body: SocketBody): Promise<void> {
    if (body.incoming.isBeingRead && !isEnding(this.#state)) {
      if (!this.#writer.isEmpty) await this.#write();
      this.#enter(DISCARDING);
      this.#limit = Infinity;
      await body.readOn();
    }
    body.detach();
    if (!body.isOver && !isEnding(this.#state)) {
      const isDiscarded = this.#ending === "stay" && await this.#discard(body);
      if (!isDiscarded) {
        this.#ending = "linger";
        this.parser.stop();
      }
    }
    this.#body = undefined;
  }

  /** Resolves to whether the rest of the body was discarded. */
  async #discard(body: SocketBody): Promise<boolean> {
    if (!body.canBeDiscarded) return false;
    if (!this.#writer.isEmpty) await this.#write();
    this.#enter(DISCARDING);
    const { deadlines, settings } = this.context;
    this.#limit = deadlines.after(settings.lingerReadTimeout);
    return await body.discard();
  }

  #finishPending(call: PendingCall, response: OutgoingResponse): HandlerCall {
    const { failure } = call;
    const next = this.#answer(response, failure !== undefined);
    this.#handling.call = next;
    if (failure !== undefined) throw failure.error;
    return next;
  }

  /**
   * Appends the response of a handler, unless it comes too late: its client is gone, or has a final
   * response.
   */
  #answer(response: OutgoingResponse, isClientGone: boolean): HandlerCall {
    const exchange = this.#exchange;
    const { stream, upgrade } = response;
    exchange.noteHandled();
    if (isClientGone || this.#mustEnd(this.#handling)) {
      stream?.cancel(unwanted());
      upgrade?.cancel();
      exchange.drop();
      return CALL_OVER;
    }
    if (stream !== undefined) return { kind: "stream", response, stream };
    if (upgrade !== undefined) return this.#answerUpgrade(response, upgrade);
    this.#encode(response, exchange.persists);
    return CALL_OVER;
  }

  /** Refuses an upgrade before the end of the request: the other protocol would read the rest of it. */
  #answerUpgrade(response: OutgoingResponse, upgrade: ConnectionUpgrade): HandlerCall {
    if (this.#body === undefined || this.#body.isOver) {
      return { kind: "upgrade", response, upgrade };
    }
    upgrade.cancel();
    this.#exchange.noteReason("bad_request");
    this.#encode(outgoing(phraseResponse(400)), false);
    return CALL_OVER;
  }

  /** Appends a response with its body, which ends the exchange. */
  #encode(response: OutgoingResponse, persists: boolean): void {
    const exchange = this.#exchange;
    const { head } = exchange;
    const staysOpen = this.#decideEnding(response.wantsClose, persists, false);
    const option = this.#connectionOption(head.minorVersion, staysOpen, response.offersUpgrade);
    const id = exchange.writeId();
    const bodyBytes = this.context.encoder.encode(
      this.#writer.output,
      response,
      option,
      head.method === "HEAD",
      hasRequestId(response) ? undefined : id,
    );
    exchange.end(response.status, bodyBytes, id);
  }

  #connectionOption(
    minorVersion: 0 | 1,
    staysOpen: boolean,
    offersUpgrade: boolean,
  ): ConnectionOption {
    const { announceKeepAlive } = this.context.settings;
    return connectionOption(minorVersion, staysOpen, offersUpgrade, announceKeepAlive);
  }

  /**
   * Decides whether the connection stays open after a response. A client may be sending when the server ends it. While a response
   * is made and sent, its handler may go on to read the body of the request.
   */
  #decideEnding(wantsClose: boolean, persists: boolean, isStreamed: boolean): boolean {
    const body = this.#body;
    if (!persists) {
      const isBodyOpen = body !== undefined && !body.isOver;
      this.#ending = isBodyOpen || this.parser.hasUnreadBytes ? "linger" : "close";
      return false;
    }
    const mayStay = body === undefined || body.isOver || maySkip(body, isStreamed);
    if (mayStay && !this.context.isDraining && !wantsClose) return true;
    if (body === undefined || body.isOver) this.parser.stop();
    this.#ending = "linger";
    return false;
  }

  /** Answers a request that no handler is called with. */
  #refuse(refused: RefusedRequest): void {
    const response = this.#refusalResponse(refused);
    if (response instanceof Promise) this.#sendWhenMade(refused, response);
    else this.#appendRefusal(refused, response);
  }

  /** Returns the response to a refused request: the server's own, or that of the program. */
  #refusalResponse(
    refused: RefusedRequest,
  ): EncodableResponse | Promise<EncodableResponse> {
    const { errors } = this.context.dispatcher;
    const { head, refusal } = refused;
    if (head === undefined || !errors.asksProgram || refused.asksProgram === false) {
      return errors.ownRefusal(refusal);
    }
    refused.request ??= createRequest(head, RequestBody.EMPTY, this.peer, undefined);
    return errors.respondToRefusal(refusal, refused.request);
  }

  /**
   * Appends the response to a request that no handler is called with, or whose handler has not
   * answered in time.
   */
  #appendRefusal(refused: RefusedRequest, response: EncodableResponse): void {
    const { refusal, head, isHeadRequest, persists } = refused;
    const { context } = this;
    const exchange = this.#exchange;
    const staysOpen = persists && !context.isDraining;
    if (!staysOpen && this.#ending === "stay") this.#ending = "linger";
    const option = this.#connectionOption(head?.minorVersion ?? 1, staysOpen, false);
    const id = exchange.isUnderWay
      ? exchange.writeId()
      : writeRefusedId(context, head, refused.request);
    const bodyBytes = context.encoder.encode(
      this.#writer.output,
      response,
      option,
      isHeadRequest,
      hasRequestId(response) ? undefined : id,
    );
    const { status } = response;
    if (exchange.isUnderWay) {
      exchange.noteReason(refusal.logReason);
      exchange.report(status, bodyBytes, id);
    } else {
      const { logReason: reason } = refusal;
      this.#reportRefused({ head, status, bodyBytes, id, reason });
    }
  }

  /** Reports the response to a request that no handler is called with. */
  #reportRefused(refused: Omit<RefusedResponse, "startedAt">): void {
    const startedAt = this.#receivedSince;
    this.#receivedSince = 0;
    this.#exchange.refuse({ ...refused, startedAt });
  }

  /** Writes all of the output. */
  #write(): Promise<void> {
    this.#enter(WRITING);
    return this.#writer.write();
  }

  restartWriteTimeout(): void {
    const { deadlines, settings } = this.context;
    this.#limit = deadlines.after(settings.writeTimeout);
  }

  get receivedBodyBytes(): number {
    return this.#body?.receivedBytes ?? 0;
  }

  settleWhenSent(completion: Completion): void {
    this.#writer.settleWhenSent(completion);
  }

  /**
   * Sends a response whose body is made meanwhile. The exchange goes on until then, and the client
   * is watched.
   */
  async #sendStream(answer: StreamedAnswer): Promise<void> {
    const { response, stream } = answer;
    const exchange = this.#exchange;
    const { head, persists } = exchange;
    const { status } = response;
    exchange.noteWaiting();
    const framing = decideResponseFraming(status, head.minorVersion, response.declaredLength);
    if (!statusHasBody(status)) {
      stream.cancel(unwanted());
      this.#encode(response, persists);
    } else if (head.method === "HEAD") {
      stream.cancel(unwanted());
      this.#beginStream(answer, framing);
      exchange.end(status, 0, exchange.writeId());
    } else {
      await this.#sendBody(answer, framing);
    }
    this.#handling.call = CALL_OVER;
  }

  async #sendBody(answer: StreamedAnswer, framing: ResponseFraming): Promise<void> {
    const { response: { status }, stream } = answer;
    const exchange = this.#exchange;
    const { output } = this.#writer;
    const startOfResponse = output.length;
    const body = new StreamedBody(stream, framing);
    const streaming: Streaming = { kind: "streaming", body, waitsFor: "part", reader: "assumed" };
    this.#enter(streaming);
    this.client.watch();
    let isReplaced = false;
    try {
      const end = await body.send(
        this.#bodySink(streaming),
        () => {
          if (this.#body?.isAsked) this.#appendContinue(this.#body);
          this.#beginStream(answer, framing);
        },
      );
      if (end.kind === "sent") {
        return exchange.end(status, body.sentBytes, exchange.writeId());
      }
      if (end.kind === "cut off") throw new Deno.errors.Interrupted(CLIENT_GONE);
      const { dispatcher } = this.context;
      if (end.hasLeft) {
        dispatcher.reportBrokenBody(end.error, exchange.request);
        await this.#write();
        throw new Deno.errors.Interrupted(BODY_FAILED);
      }
      // Nothing of the response has been written, so the client receives another one.
      stream.cancel(unwanted());
      const replacement = await dispatcher.recover(end.error, exchange.request);
      output.length = startOfResponse;
      isReplaced = true;
      this.#encode(replacement, exchange.persists && this.#ending === "stay");
    } catch (error) {
      if (!isReplaced) {
        exchange.abort(clientGone());
        this.#body?.fail(REFUSALS.endedEarly);
        const { request } = exchange;
        exchange.cutOff(status, body.sentBytes);
        const ending = stream.cancel(unwanted());
        // Earlier, a source that never ends would be kept as long as the worker lives.
        if (this.context.isDraining) this.context.background.addEnding(ending, request);
      }
      throw error;
    }
  }

  /**
   * Sends a response that hands the connection over to another protocol, and resolves at the end of
   * the response. The exchange ends there, and only the log reports it at the end.
   */
  async #serveUpgrade({ response, upgrade }: UpgradeAnswer): Promise<void> {
    const exchange = this.#exchange;
    const writer = this.#writer;
    let hasBegun = false;
    try {
      if (!upgrade.writesHead) this.#appendUpgradeHead(response);
      writer.endTurn();
      if (!writer.isEmpty) await this.#write();
      if (isEnding(this.#state)) return await this.#state.finalResponse;
      exchange.handOver(response.status);
      this.#handling.call = CALL_OVER;
      this.#limit = Infinity;
      const begun = Promise.withResolvers<UpgradeEnd>();
      this.#state = { kind: "upgraded", upgrade, ended: begun.promise };
      hasBegun = true;
      begun.resolve(upgrade.begin(new ConnectionStream(this.#conn, this)));
      // The drain has passed by: it has asked those connections to end that were upgraded before.
      if (this.context.isDraining) upgrade.onDrain(this.context.drainsFor);
    } finally {
      if (!hasBegun) upgrade.cancel();
    }
  }

  /**
   * Waits for the end of the protocol that the connection was handed over to. The loop has ended by
   * then: all that it holds would be kept for as long.
   */
  async #awaitUpgrade(ended: Promise<UpgradeEnd>): Promise<void> {
    const end = await ended;
    this.#exchange.abort(clientGone());
    this.#exchange.endUpgrade(end);
  }

  #appendUpgradeHead(response: OutgoingResponse): void {
    const requestId = hasRequestId(response) ? undefined : this.#exchange.writeId();
    this.context.encoder.encodeStreamHead(this.#writer.output, response, {
      framing: { kind: "none" },
      connection: "upgrade",
      requestId,
    });
  }

  /** The protocol that the connection was handed over to; undefined as long as that is HTTP. */
  get upgrade(): ConnectionUpgrade | undefined {
    return this.#state.kind === "upgraded" ? this.#state.upgrade : undefined;
  }

  limitUpgrade(deadline: number): void {
    if (this.#state.kind === "upgraded") this.#limit = deadline;
  }

  closeUpgraded(): void {
    this.#close();
  }

  #bodySink(streaming: Streaming): BodySink {
    return {
      output: this.#writer.output,
      write: () => {
        streaming.waitsFor = "client";
        return this.#writer.write();
      },
      onWaiting: () => {
        streaming.waitsFor = "part";
        if (streaming.reader === "gone") return streaming.body.cutOff();
        if (streaming.reader === "assumed" && !this.client.hasEnded) {
          void this.#lookForReader(streaming);
        }
        this.#limitPart();
      },
    };
  }

  /** Notes that the client reads the body if it has not ended its side together with its request. */
  async #lookForReader(streaming: Streaming): Promise<void> {
    await nextLook();
    if (!this.client.hasEnded) streaming.reader = "seen";
  }

  /** Appends the head of a streamed response. */
  #beginStream({ response, stream }: StreamedAnswer, framing: ResponseFraming): void {
    const { head, persists } = this.#exchange;
    const wantsClose = response.wantsClose || framing.kind === "until close";
    const staysOpen = this.#decideEnding(wantsClose, persists, true);
    const connection = this.#connectionOption(head.minorVersion, staysOpen, response.offersUpgrade);
    const requestId = hasRequestId(response) ? undefined : this.#exchange.writeId();
    const { trailerNames } = stream;
    const delivery = { framing, connection, requestId, trailerNames };
    this.context.encoder.encodeStreamHead(this.#writer.output, response, delivery);
  }

  /**
   * Sets the time limit for the next part of a streamed body. There is none while the client is
   * present. A client that has sent so much that there is no room to watch it may be gone, and has
   * as long as an idle one.
   */
  #limitPart(): void {
    const { deadlines, settings } = this.context;
    const limit = this.client.isWatching ? 0 : settings.keepAliveTimeout;
    this.#limit = deadlines.after(this.client.hasEnded ? PART_AFTER_END_MS : limit);
  }

  /** Enters the state in which more bytes are awaited, and sets its time limit. */
  #readOn(awaiting: "request" | "head" | "body"): void {
    const { settings, deadlines, isDraining } = this.context;
    const from = this.#state;
    if (awaiting !== "request" && this.#receivedSince === 0) {
      this.#receivedSince = performance.now();
    }
    const bodyBytes = awaiting === "body" ? this.parser.bodyBytes : 0;
    const to = stateWhenReading(from, awaiting, bodyBytes);
    const limit = readingLimit(from, to, settings, isDraining);
    if (limit !== undefined) this.#limit = deadlines.after(limit);
    this.#state = to;
  }

  /** Hangs up, in the way that the last response calls for. Returns what is left to await. */
  #leave(): Promise<void> | undefined {
    this.#enter(LEAVING);
    return this.#ending === "linger" ? this.#linger() : undefined;
  }

  async #linger(): Promise<void> {
    const { settings, deadlines, readFairness } = this.context;
    const end = deadlines.after(settings.lingerTimeout);
    const limitRead = () => {
      this.#limit = Math.min(deadlines.after(settings.lingerReadTimeout), end);
    };
    limitRead();
    await lingerBeforeClose(this.#conn, readFairness, limitRead);
  }

  /** The time for what the connection waits for is over. */
  onDeadline(): void {
    const body = this.#body;
    if (body !== undefined && body.deadline < this.#limit) return body.onDeadline();
    this.#interrupt(TIME_LIMIT);
  }

  /** The drain is over, and the worker ends: a client that waits for a response receives a 503. */
  abandon(): void {
    this.#interrupt(DRAIN_END);
  }

  #interrupt(by: Interrupter): void {
    switch (interruptionOf(this.#state)) {
      case "close unused":
        if (by.countsUnused) this.context.scoreboard.add(CONNECTIONS_UNUSED, 1);
        return this.#close();
      case "close":
        if (this.#cutShort()) return;
        this.#noteUnsent(by.closeReason);
        return this.#close();
      case "refuse": {
        const outcome = this.parser.cutShort("too slow");
        if (outcome.kind !== "refused") return this.#close();
        if (by.refusalOfPart === undefined && this.#leaveToProgram(outcome)) return;
        const { head, isHeadRequest } = outcome;
        const refusal = by.refusalOfPart ?? outcome.refusal;
        const { asksProgram } = by;
        return this.#sendFinal({ refusal, head, isHeadRequest, persists: false, asksProgram });
      }
      case "give up": {
        const { head, request } = this.#exchange;
        this.#exchange.giveUp(by.abortReason());
        this.#body?.fail(by.refusal);
        const isHeadRequest = head.method === "HEAD";
        const { refusal, asksProgram } = by;
        const final = { refusal, head, isHeadRequest, persists: false, request, asksProgram };
        return this.#sendFinal(final);
      }
      case "cut off":
        if (by.abortsBody) this.#exchange.abort(by.abortReason());
        this.#exchange.noteReason(by.cutOffReason);
        if (this.#state.kind === "streaming") this.#state.body.cutOff();
        return;
      case "leave to upgrade":
        if (this.upgrade !== undefined) by.interruptUpgrade(this.upgrade);
        return;
      case "nothing":
        return;
    }
  }

  /** Notes why the connection is closed, if its client has not taken all of a response. */
  #noteUnsent(reason: LogReason): void {
    if (this.#state.kind === "streaming") this.#exchange.noteReason(reason);
    else if (this.#state.kind === "writing") {
      this.context.reasonLog.note(reason, undefined, performance.now());
    }
  }

  /**
   * Sends a final response while the loop waits for something that may never come, and hangs up.
   */
  #sendFinal(refused: RefusedRequest): void {
    this.parser.stop();
    const response = this.#refusalResponse(refused);
    if (response instanceof Promise) return this.#sendWhenMade(refused, response);
    this.#appendRefusal(refused, response);
    this.#endAfter(this.#writer.write().then(() => this.#leave()));
  }

  /**
   * Sends a final response that the program takes its time over, and hangs up. The end of a drain
   * has the server's own response sent.
   */
  #sendWhenMade(refused: RefusedRequest, response: Promise<EncodableResponse>): void {
    this.parser.stop();
    // The program has a time limit of its own.
    this.#limit = Infinity;
    const { promise, resolve } = Promise.withResolvers<EncodableResponse>();
    const made = Promise.race([response, promise]).then((response) => {
      if (this.#state.kind === "closed") throw new Deno.errors.Interrupted(CLIENT_GONE);
      this.#appendRefusal({ ...refused, persists: false }, response);
    });
    const finalResponse = made.then(() => this.#writer.write()).then(() => this.#leave());
    this.#endAfter(finalResponse, {
      made: made.catch(() => {}),
      isCutShort: false,
      cutShort: () => resolve(this.context.dispatcher.errors.ownRefusal(refused.refusal)),
    });
  }

  /** Hangs up when the final response is sent, or cannot be. The loop must end. */
  #endAfter(finalResponse: Promise<void>, making?: ResponseInMaking): void {
    this.#state = { kind: "closing", finalResponse, making };
    // The loop awaits it too, and handles its failure there; but it may not have come there yet.
    finalResponse.catch(() => {}).then(() => this.#close());
  }

  /** Has a final response sent at once that the program takes its time over. Returns whether it has. */
  #cutShort(): boolean {
    const making = this.#state.kind === "closing" ? this.#state.making : undefined;
    if (making === undefined || making.isCutShort) return false;
    making.isCutShort = true;
    making.cutShort();
    return true;
  }

  /** What the connection is busy with; undefined if it has nothing in hand. */
  get work(): ConnectionWork | undefined {
    return this.#describeWork();
  }

  #describeWork(): ConnectionWork | undefined {
    switch (this.#state.kind) {
      case "handling":
        if (!this.#exchange.isUnderWay) return { kind: "client" };
        return { kind: "request", name: this.#exchange.routeName };
      case "streaming":
        return { kind: "stream", name: this.#exchange.routeName };
      case "upgraded":
        return { kind: "socket" };
      case "reading":
      case "writing":
      case "discarding":
        return { kind: "client" };
      case "new":
      case "idle":
      case "closing":
      case "closed":
        return undefined;
    }
  }

  /** Has the protocol that the connection was handed over to end, if there is one. */
  drainUpgrade(why: UpgradeDrain): void {
    this.upgrade?.onDrain(why);
  }

  /** Closes the connection if it is idle, or new and `evenIfNew` is set. Returns whether it has. */
  closeIfIdle({ evenIfNew }: { readonly evenIfNew: boolean }): boolean {
    const { kind } = this.#state;
    const closes = kind === "idle" || (kind === "new" && evenIfNew);
    if (closes) this.#close();
    return closes;
  }

  /** Closes the socket, which makes room for another connection even if a handler never ends. */
  #close(): void {
    close(this.#conn);
    const state = this.#state;
    if (state.kind === "closed") return;
    const finalResponse = state.kind === "closing" ? state.finalResponse : undefined;
    this.#state = { kind: "closed", finalResponse };
    this.#limit = Infinity;
    this.#body?.fail(REFUSALS.endedEarly);
    this.companion?.onClosed();
    this.context.onClosed();
  }

  onSignalWanted(): void {
    if (this.client.hasEnded) this.#exchange.abort(clientGone());
    else this.client.watch();
  }

  takeUncaught(error: unknown): boolean {
    return this.companion?.takeUncaught(error) === true;
  }

  /** Closes the connection. A body that is made meanwhile is cut off. */
  hangUp(): void {
    this.#exchange.noteHangUp();
    if (this.#state.kind === "streaming") this.#state.body.cutOff();
    this.#close();
  }

  get needsWatch(): boolean {
    // The reader of a body is about to read on.
    return this.isWatchWanted && this.#body?.isReading !== true;
  }

  get isWatchWanted(): boolean {
    return this.#state.kind === "streaming" || this.#exchange.isSignalWanted;
  }

  onClientEnded(): void {
    this.#exchange.abort(clientGone());
    const state = this.#state;
    if (state.kind !== "streaming") return;
    if (state.reader === "seen") {
      state.reader = "gone";
      state.body.cutOff();
    } else if (state.waitsFor === "part") this.#limitPart();
  }

  onClientLost(): void {
    this.#exchange.abort(clientGone());
    if (this.#state.kind === "streaming") this.#state.body.cutOff();
  }
}

/** Whether a response may promise that the connection persists, although the body of the request has not come. */
function maySkip(body: SocketBody, isStreamed: boolean): boolean {
  return isStreamed ? !body.hasFailed && !body.expectsContinue : body.canBeDiscarded;
}

function clientGone(): DOMException {
  return new DOMException(CLIENT_GONE, "AbortError");
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed before, by a time limit or by the runtime after an error.
  }
}
