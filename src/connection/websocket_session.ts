// One WebSocket, from the 101 to the end of its connection: one loop that reads, parses, and calls
// the program. Its state is one value. What it sends, its time limits, its frames and the object that
// the program holds are types of their own (frame_output.ts, socket_clock.ts, ../websocket/,
// websocket_object.ts).

import { Buffer } from "node:buffer";
import type {
  ConnectionUpgrade,
  UpgradeDrain,
  UpgradedStream,
  UpgradeEnd,
} from "../handler/upgrade.ts";
import { CapturedContext, queueMicrotask } from "../runtime/async_context.ts";
import { nextTurn } from "../runtime/event_loop.ts";
import { CloseCode } from "../websocket/close_code.ts";
import type { Failure } from "../websocket/failure.ts";
import { FIN, Opcode, RSV1 } from "../websocket/frame.ts";
import { closeFrame } from "../websocket/frame_encoder.ts";
import {
  FrameEvent,
  FrameParser,
  type MessageInflater,
  type MessageLimits,
} from "../websocket/frame_parser.ts";
import { isEndOfConnection } from "../net/socket_errors.ts";
import type { BufferPool } from "../http1/buffer_pool.ts";
import {
  bytesOf,
  type CloseOrder,
  DelayedMessages,
  isBlob,
  type ReadyData,
} from "./delayed_messages.ts";
import { FrameOutput, type OutputOwner, type TurnFlushes } from "./frame_output.ts";
import {
  type ActivityParts,
  callForOwner,
  SocketActivity,
  type SocketOwner,
} from "./socket_activity.ts";
import { SocketClock, type SocketLimits } from "./socket_clock.ts";
import {
  createSocketObject,
  type MessageData,
  type SocketObject,
  type SocketPort,
} from "./websocket_object.ts";

/** What the sockets of one worker share. */
export interface SessionContext extends ActivityParts {
  readonly pool: BufferPool;
  readonly flushes: TurnFlushes;
}

/** The compression that a client has agreed on. */
export interface MessageCompression extends MessageInflater {
  /** Returns the compressed payload; undefined if it is to be sent as it is. */
  deflate(payload: Uint8Array): Uint8Array | undefined;
}

/** How one socket is served. */
export interface SessionOptions extends MessageLimits, SocketLimits {
  /** The target of the request. */
  readonly target: string;
  /** The subprotocol; empty if there is none. */
  readonly protocol: string;
  /** The extensions; empty if there are none. */
  readonly extensions: string;
  readonly compression: MessageCompression | undefined;
  /** The most bytes that may wait when a message is sent. */
  readonly maxBufferedBytes: number;
  /** Called once, at the end. */
  readonly onEnd: () => void;
}

/** What a socket has from its 101 on. */
interface Live {
  readonly stream: UpgradedStream;
  readonly parser: FrameParser;
  readonly output: FrameOutput;
  readonly clock: SocketClock;
  readonly activity: SocketActivity;
  readonly ended: PromiseWithResolvers<UpgradeEnd>;
}

/** What a socket is doing. */
type SessionState =
  /** The 101 is not sent. `close` is what the program has ordered meanwhile. */
  | { readonly kind: "connecting"; readonly close: CloseOrder | undefined }
  | { readonly kind: "open"; readonly live: Live }
  /** A Close frame is sent, or waits for what is sent before it. `code` is why. */
  | {
    readonly kind: "closing";
    readonly live: Live;
    readonly code: number;
    /** The Close frame of the client, if it has come. */
    readonly received: CloseOrder | undefined;
    /** Whether the client has broken the protocol, so that no answer of it counts. */
    readonly hasFailed: boolean;
  }
  /** The program has had its close event. `lingering` is there until the connection is closed. */
  | { readonly kind: "closed"; readonly lingering: Live | undefined };

/** The values of `readyState`. */
const READY_STATES: Record<SessionState["kind"], number> = {
  connecting: 0,
  open: 1,
  closing: 2,
  closed: 3,
};

const CLOSED: SessionState = { kind: "closed", lingering: undefined };

const PING = FIN | Opcode.Ping;
const PONG = FIN | Opcode.Pong;
const NO_BYTES = new Uint8Array(0);

/**
 * How many messages a WebSocket gives to its program in one turn of the event loop. It takes less
 * than a millisecond, if the program is quick.
 */
const MAX_MESSAGES_IN_TURN = 100;

/**
 * For how long it does so, if the program takes its time. The clock is read when the number of
 * messages has doubled, which costs next to nothing.
 */
const MAX_TURN_MS = 4;

const encoder = new TextEncoder();

const NOT_OPENED = "The request was not answered with the response of its WebSocket";
const SILENT = "The client has not answered a ping";

/** One WebSocket. */
export class WebSocketSession implements ConnectionUpgrade, SocketPort, SocketOwner, OutputOwner {
  readonly writesHead = false;
  readonly target: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly #context: SessionContext;
  readonly #options: SessionOptions;
  /** The async context of the handler, in which the program is called. */
  readonly #handlerContext = new CapturedContext();
  readonly #object: SocketObject;
  #state: SessionState = { kind: "connecting", close: undefined };
  /** What has to be sent after a Blob whose bytes are being read; undefined if there is none. */
  #delayed: DelayedMessages | undefined;
  #onWritten: (() => void) | undefined;
  /** What is left of the bytes that came before the upgrade, most often none. */
  #early: Uint8Array<ArrayBuffer> = NO_BYTES;
  /** How many messages of the last read were given to the program in this turn. */
  #messagesInTurn = 0;
  /** When this turn began, about; known only if there are several messages in it. */
  #turnBegan = 0;
  /** The message that the next microtask gives to the program. */
  #message: string | Uint8Array<ArrayBuffer> = "";
  readonly #dispatchMessage = (): void => this.#object.message(this.#message);
  readonly #deliver = (): void => {
    this.#liveNow()?.activity.callInContext("message", this.#dispatchMessage);
  };
  readonly #onStep = (): void => this.#step();
  readonly #onRead = (count: number | null): void => this.#received(count);
  readonly #onFailed = (error: unknown): void => this.#finish(error);

  constructor(context: SessionContext, options: SessionOptions) {
    this.#context = context;
    this.#options = options;
    // A copy: a part of the head would keep all of its text.
    this.target = Buffer.from(options.target, "latin1").toString("latin1");
    this.protocol = options.protocol;
    this.extensions = options.extensions;
    this.#object = createSocketObject(this);
  }

  /** The socket as the program holds it. */
  get socket(): WebSocket {
    return this.#object.socket;
  }

  get readyState(): number {
    return READY_STATES[this.#state.kind];
  }

  get bufferedAmount(): number {
    return (this.#liveNow()?.output.bufferedAmount ?? 0) + (this.#delayed?.bytes ?? 0);
  }

  /** A method: V8 calls into its runtime for each use of a private getter. */
  #liveNow(): Live | undefined {
    const state = this.#state;
    return state.kind === "open" || state.kind === "closing" ? state.live : undefined;
  }

  begin(stream: UpgradedStream): Promise<UpgradeEnd> {
    const { pool, flushes } = this.#context;
    const live: Live = {
      stream,
      parser: new FrameParser(this.#options, pool, this.#options.compression),
      output: new FrameOutput(stream, pool, flushes, this),
      clock: new SocketClock(stream.clock, this.#options),
      activity: this.#handlerContext.run(() => new SocketActivity(this.#context, this)),
      ended: Promise.withResolvers(),
    };
    const state = this.#state;
    this.#state = { kind: "open", live };
    stream.deadline = live.clock.deadline;
    if (state.kind === "connecting" && state.close !== undefined) this.#sendClose(state.close);
    else live.activity.call("open", () => this.#object.open());
    this.#early = stream.early;
    live.output.hold();
    live.activity.run(this.#onStep);
    return live.ended.promise;
  }

  /** Why the socket has ended. */
  #closeCode: number = CloseCode.Abnormal;

  cancel(): void {
    if (this.#state.kind !== "connecting") return;
    this.#state = CLOSED;
    this.#options.onEnd();
    // The connection goes on with what it does. The program is called afterwards.
    const call = () =>
      callForOwner(this, () => {
        this.#object.error(NOT_OPENED);
        this.#object.close(CloseCode.Abnormal, "", false);
      });
    queueMicrotask(() => this.#handlerContext.run(call));
  }

  /**
   * A step of the loop: acts on the frames that have come, and reads on. The loop is made of
   * callbacks. As an async function it would hold twice the memory of an idle socket.
   */
  #step(): void {
    const live = this.#liveNow();
    if (live === undefined) return;
    try {
      do {
        if (!this.#takeFrames(live)) {
          if (this.#hasTurn()) return queueMicrotask(this.#onStep);
          return this.#yield(live);
        }
      } while (this.#receiveEarly(live));
      this.#messagesInTurn = 0;
      live.output.flush();
      if (!this.#expectsFrames()) return void this.#close(live);
      live.stream.read(live.parser.space).then(this.#onRead, this.#onFailed);
    } catch (error) {
      // A fault of this library.
      this.#finish(error);
    }
  }

  /** Passes on more of the bytes that came before the upgrade. Returns false if none are left. */
  #receiveEarly({ parser }: Live): boolean {
    if (this.#early.length === 0) return false;
    const left = this.#early.subarray(parser.receive(this.#early));
    this.#early = left.length > 0 ? left : NO_BYTES;
    return true;
  }

  /** Counts a message. Returns whether more of them may follow in this turn. */
  #hasTurn(): boolean {
    const count = ++this.#messagesInTurn;
    if (count === 2) this.#turnBegan = performance.now();
    if (count < 4 || (count & (count - 1)) !== 0) return count < MAX_MESSAGES_IN_TURN;
    return performance.now() - this.#turnBegan < MAX_TURN_MS;
  }

  /** Lets others have their turn: one read may bring thousands of messages. */
  #yield({ output }: Live): void {
    this.#messagesInTurn = 0;
    nextTurn().then(() => {
      output.flush();
      output.hold();
      this.#step();
    });
  }

  #received(count: number | null): void {
    const live = this.#liveNow();
    if (live === undefined || count === null) return this.#finish(undefined);
    live.clock.noteHeard();
    live.parser.received(count);
    live.output.hold();
    this.#step();
  }

  /**
   * Ends the connection when all is sent. A client that was at fault may still send. To close at once
   * would reset the connection, and the client might lose the Close frame.
   */
  async #close(live: Live): Promise<void> {
    const state = this.#state;
    try {
      if (!live.output.isEmpty) await new Promise<void>((resolve) => this.#onWritten = resolve);
      this.#end(live);
      if (state.kind === "closing" && state.hasFailed) {
        this.#state = { kind: "closed", lingering: live };
        await live.stream.closeWrite();
        while (await live.stream.read(live.parser.space) !== null);
      }
      this.#settle(live, undefined);
    } catch (error) {
      this.#settle(live, error);
    }
  }

  /** The client has ended its side, or the connection has failed. */
  #finish(error: unknown): void {
    const live = this.#liveNow();
    if (live === undefined) return;
    this.#end(live);
    this.#settle(live, error);
  }

  /** Gives the connection back. That the client has left is no fault. */
  #settle({ parser, activity, ended }: Live, error: unknown): void {
    parser.release();
    if (error !== undefined && !isEndOfConnection(error)) return ended.reject(error);
    const { messagesReceived, messagesSent, bytesSent } = activity;
    const details = { messagesReceived, messagesSent, closeCode: this.#closeCode };
    ended.resolve({ status: 101, sentBytes: bytesSent, details });
  }

  #expectsFrames(): boolean {
    const state = this.#state;
    if (state.kind === "closing") return state.received === undefined && !state.hasFailed;
    return state.kind === "open";
  }

  /**
   * Acts on the frames that have come, up to the next message. The next microtask gives that to the
   * program, so that what a callback enters with `AsyncLocalStorage.enterWith()` ends with the call.
   * Returns whether there are no more frames.
   */
  #takeFrames({ parser, output }: Live): boolean {
    for (;;) {
      switch (parser.next()) {
        case FrameEvent.Incomplete:
          return true;
        case FrameEvent.Text:
          if (this.#receive(parser.text, parser.messageBytes)) return false;
          break;
        case FrameEvent.Binary:
          if (this.#receive(parser.binary!, parser.messageBytes)) return false;
          break;
        case FrameEvent.Ping:
          if (this.#state.kind === "open") this.#answerPing(parser.payload, output);
          break;
        case FrameEvent.Pong:
          break;
        case FrameEvent.Close:
          this.#receiveClose(parser.closeCode, parser.closeReason);
          break;
        case FrameEvent.Failure:
          this.#fail(parser.failure!);
          break;
      }
    }
  }

  /** Has the next microtask give a message to the program. Returns false if it is discarded. */
  #receive(message: string | Uint8Array<ArrayBuffer>, bytes: number): boolean {
    const state = this.#state;
    // A socket that closes receives no more messages (WHATWG WebSockets, section 7).
    if (state.kind !== "open") return false;
    state.live.activity.noteReceived(bytes);
    this.#message = message;
    queueMicrotask(this.#deliver);
    return true;
  }

  /** A client may send pings and take nothing, as it may send messages. */
  #answerPing(payload: Uint8Array, output: FrameOutput): void {
    if (output.waitingBytes > this.#options.maxBufferedBytes) this.#overflow();
    else output.addControl(PONG, payload);
  }

  #receiveClose(code: number, reason: string): void {
    const received = { code, reason };
    const state = this.#state;
    if (state.kind === "closing") this.#state = { ...state, received };
    if (state.kind !== "open") return;
    const { live } = state;
    this.#state = { kind: "closing", live, code, received, hasFailed: false };
    // With the reason, as other servers answer: browsers show the program what they receive.
    live.output.addWhole(closeFrame(code === CloseCode.NoStatus ? undefined : code, reason));
  }

  /** The client has broken the protocol or a limit. */
  #fail({ code, reason }: Failure): void {
    const state = this.#state;
    if (state.kind !== "open" && state.kind !== "closing") return;
    const { live } = state;
    if (state.kind === "open") live.output.addWhole(closeFrame(code, reason));
    this.#state = { kind: "closing", live, code, received: undefined, hasFailed: true };
    live.activity.call("error", () => this.#object.error(reason));
  }

  send(data: MessageData): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    const { live } = state;
    const delayed = this.#delayed?.bytes ?? 0;
    if (live.output.waitingBytes + delayed > this.#options.maxBufferedBytes) this.#overflow();
    else if (this.#delayed !== undefined || isBlob(data)) this.#sendLater(data);
    else this.#sendNow(live, data);
  }

  #sendNow({ output, activity }: Live, data: ReadyData): void {
    const { compression } = this.#options;
    if (typeof data === "string") {
      if (compression === undefined) return activity.noteSent(output.addText(data));
      const bytes = encoder.encode(data);
      addCompressed(output, Opcode.Text, bytes, compression);
      return activity.noteSent(bytes.length);
    }
    const bytes = bytesOf(data);
    if (compression === undefined) output.addBinary(bytes);
    else addCompressed(output, Opcode.Binary, bytes, compression);
    activity.noteSent(bytes.length);
  }

  /** The client does not take what is sent. What has not begun to leave is dropped. */
  #overflow(): void {
    this.#liveNow()?.output.clear();
    this.#delayed?.clear();
    this.#startClose(CloseCode.TryAgainLater, "The client does not take what it is sent");
  }

  /** Keeps the order of what is sent after a Blob, whose bytes have to be read first. */
  #sendLater(data: MessageData): void {
    const isFirst = this.#delayed === undefined;
    const delayed = this.#delayed ??= new DelayedMessages();
    delayed.add(data);
    if (isFirst) this.#sendDelayed(delayed).catch(() => this.onCallbackFailed());
  }

  async #sendDelayed(delayed: DelayedMessages): Promise<void> {
    await delayed.send({
      send: (data) => {
        const state = this.#state;
        if (state.kind === "open") this.#sendNow(state.live, data);
      },
      close: (order) => this.#sendClose(order),
    });
    this.#delayed = undefined;
  }

  close(code: number | undefined, reason: string): void {
    const state = this.#state;
    const order = { code, reason };
    if (state.kind === "connecting") this.#state = { kind: "connecting", close: order };
    else if (this.#delayed !== undefined) this.#delayed.addClose(order);
    else this.#sendClose(order);
  }

  #startClose(code: number, reason: string): void {
    this.#sendClose({ code, reason });
  }

  /** Begins the closing handshake, unless it has begun. */
  #sendClose({ code, reason }: CloseOrder): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    const { live } = state;
    this.#state = {
      kind: "closing",
      live,
      code: code ?? CloseCode.NoStatus,
      received: undefined,
      hasFailed: false,
    };
    live.output.addWhole(closeFrame(code, reason));
  }

  /** The socket has ended: the program hears of it, once. */
  #end({ activity }: Live): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    this.#state = CLOSED;
    const closing = state.kind === "closing" ? state : undefined;
    const { code, reason } = closing?.received ?? { code: CloseCode.Abnormal, reason: "" };
    this.#closeCode = closing?.code ?? CloseCode.Abnormal;
    const isClean = closing?.received !== undefined;
    activity.call("close", () => this.#object.close(code ?? CloseCode.NoStatus, reason, isClean));
    activity.end(this.#closeCode);
    this.#options.onEnd();
  }

  onCallbackFailed(): void {
    this.#startClose(CloseCode.InternalError, "The server has failed");
  }

  onDrain(why: UpgradeDrain): void {
    if (why === "shutdown") this.close(CloseCode.GoingAway, "The server stops");
    else this.close(CloseCode.ServiceRestart, "The server restarts");
  }

  abandon(): void {
    (this.#liveNow() ?? this.#lingering())?.stream.close();
  }

  /** The connection after the close event, of a client that was at fault. */
  #lingering(): Live | undefined {
    return this.#state.kind === "closed" ? this.#state.lingering : undefined;
  }

  onDeadline(): void {
    const live = this.#liveNow();
    if (live === undefined) return this.#lingering()?.stream.close();
    switch (live.clock.due()) {
      case "nothing":
        break;
      case "ping":
        live.output.addControl(PING, NO_BYTES);
        break;
      case "silent":
        live.activity.call("error", () => this.#object.error(SILENT));
        return live.stream.close();
      case "stuck":
      case "unanswered":
        return live.stream.close();
    }
    live.stream.deadline = live.clock.deadline;
  }

  onWriteBegun(): void {
    const live = this.#liveNow();
    if (live === undefined) return;
    live.clock.noteWriteBegun();
    const { deadline } = live.clock;
    if (deadline < live.stream.deadline) live.stream.deadline = deadline;
  }

  onWritten(): void {
    const live = this.#liveNow();
    if (live !== undefined) {
      live.clock.noteWritten();
      if (this.#state.kind === "closing") {
        live.clock.noteClosing();
        live.stream.deadline = live.clock.deadline;
      }
    }
    this.#onWritten?.();
  }

  onWriteFailed(): void {
    this.#liveNow()?.stream.close();
    this.#onWritten?.();
  }
}

/** Adds a message, compressed if that makes it shorter. */
function addCompressed(
  output: FrameOutput,
  opcode: Opcode,
  payload: Uint8Array,
  compression: MessageCompression,
): void {
  const deflated = compression.deflate(payload);
  if (deflated === undefined) output.addEncoded(FIN | opcode, payload);
  else output.addEncoded(FIN | RSV1 | opcode, deflated);
}
