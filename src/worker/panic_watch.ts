// The panics of one worker: what counts as a panic, and what follows from it.
// The first panic decides that the supervisor replaces the worker; each is counted and logged. A
// panic in a callback of a WebSocket costs that WebSocket alone. A client's bad body is never a
// panic: no client may have workers replaced at will.

import { currentSocketOwner, type SocketOwner } from "../connection/socket_activity.ts";
import { isClientGone } from "../handler/client_gone.ts";
import { type BodyFault, bodyFaultOf } from "../handler/body_faults.ts";
import type { WebRequest } from "../handler/request.ts";
import type { ShutdownReason } from "../ipc/drain_order.ts";
import { offerUncaught } from "../handler/uncaught_owner.ts";
import { counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";
import type { SocketPanicHold } from "../ipc/socket_panic_hold.ts";
import type { ServerSettings } from "../options/server_options.ts";
import { bodyFaultLine, describeError, type LogSink, PanicLog } from "../telemetry/log.ts";
import type { SupervisorLink } from "./supervisor_link.ts";
import { watchForUncaught } from "./uncaught_errors.ts";

const PANICS = counterIndex("panics");
const WEB_SOCKET_PANICS = counterIndex("webSocketPanics");
const WEB_SOCKETS_OPEN = counterIndex("webSocketsOpen");

/** A panic that ends its worker. */
export interface Panic {
  readonly error: unknown;
}

/** What a panic watch uses. */
export interface PanicWatchOptions {
  /** What the log calls the worker. */
  readonly worker: string;
  readonly onPanic: ServerSettings["onPanic"];
  readonly scoreboard: Scoreboard;
  readonly socketPanicHold: Pick<SocketPanicHold, "isOn">;
  readonly link: Pick<SupervisorLink, "send">;
  readonly log: LogSink;
}

/** Watches for the panics of one worker. */
export class PanicWatch {
  readonly #options: PanicWatchOptions;
  readonly #panicLog: PanicLog;
  readonly #failureLog: PanicLog;
  #fatal: Panic | undefined;
  /** The first panic after which the worker stays, until the supervisor replaces it for that. */
  #postponed: Panic | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(options: PanicWatchOptions) {
    this.#options = options;
    this.#panicLog = new PanicLog(options.worker, options.log);
    this.#failureLog = new PanicLog(options.worker, options.log, "failure");
  }

  /**
   * The panic that ends the worker: the first one, if `onPanic` is "replace" and no open WebSockets
   * keep the worker.
   */
  get fatal(): Panic | undefined {
    return this.#fatal;
  }

  /** Watches for errors that go uncaught. */
  start(): void {
    this.#stopWatching = watchForUncaught(
      (during, error) => this.#noteUncaught(during, error),
      isClientGone,
    );
  }

  /** Stops watching: from then on, an uncaught error ends the thread. */
  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** Notes a handler's panic, and returns the fields that the response to its client needs. */
  noteHandler(error: unknown, request: WebRequest): HeadersInit | undefined {
    this.note(`in ${request.method} ${request.target}`, error);
    // If the worker ends soon, the client's next request should use another connection.
    return this.#fatal === undefined ? undefined : { connection: "close" };
  }

  /** Notes a panic: counts it, reports the first one to the supervisor, and logs it. */
  note(during: string, error: unknown): void {
    const { scoreboard, onPanic } = this.#options;
    scoreboard.add(PANICS, 1);
    // First the message, which must not depend on the log. It leaves after this turn, and so after
    // the line.
    if (onPanic === "replace") this.#offerEnd({ error });
    this.#panicLog.note(during, error, performance.now());
  }

  /** Reports the first panic. Whether the worker stays for now is known without an answer. */
  #offerEnd(panic: Panic): void {
    const isFirst = this.#fatal === undefined && this.#postponed === undefined;
    if (this.#isHeld) this.#postponed ??= panic;
    else this.#fatal ??= panic;
    if (isFirst) this.#options.link.send({ kind: "panicked", error: describeError(panic.error) });
  }

  /** Whether the worker stays after a panic, because of its open WebSockets. */
  get #isHeld(): boolean {
    const { scoreboard, socketPanicHold } = this.#options;
    return scoreboard.own(WEB_SOCKETS_OPEN) > 0 && socketPanicHold.isOn;
  }

  /** Notes why the worker ends. If a panic is the reason, it ends of that panic. */
  noteDrain(reason: ShutdownReason): void {
    if (reason === "panic") this.#fatal ??= this.#postponed;
  }

  /**
   * Logs a bad request body that the application did not handle, and what became of the request.
   */
  logBodyFault(fault: BodyFault, request: BodyFault["of"], consequence: string): void {
    const { worker, log } = this.#options;
    log(bodyFaultLine(worker, request, consequence, fault.answer));
  }

  /** Logs a failure of the program that costs neither a response nor the worker. */
  logFailure(during: string, error: unknown): void {
    this.#failureLog.note(during, error, performance.now());
  }

  #noteUncaught(during: string, error: unknown): void {
    // The dispatcher reports it as the failure of that request, whose client gets a response.
    if (offerUncaught(error)) return;
    const fault = bodyFaultOf(error);
    if (fault !== undefined) {
      return this.logBodyFault(fault, fault.of, "has a body that cannot be read");
    }
    const owner = currentSocketOwner();
    if (owner === undefined) return this.note(during, error);
    this.#noteSocketPanic(owner, error);
  }

  /** Notes a panic in a callback of a WebSocket, which ends. The worker stays. */
  #noteSocketPanic(owner: SocketOwner, error: unknown): void {
    const { scoreboard } = this.#options;
    scoreboard.add(PANICS, 1);
    scoreboard.add(WEB_SOCKET_PANICS, 1);
    this.#panicLog.note(
      `in a callback of the WebSocket at ${owner.target}`,
      error,
      performance.now(),
    );
    owner.onCallbackFailed();
  }
}
