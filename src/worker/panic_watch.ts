// The panics of one worker: what counts as a panic, and what follows from it.
// The first panic decides that the supervisor replaces the worker; each is counted and logged. A
// client's bad body is never a panic: no client may have workers replaced at will.

import { type BodyFault, bodyFaultOf } from "../handler/body_faults.ts";
import { UNWANTED } from "../handler/body_stream.ts";
import { NOT_SENT, type WebRequest } from "../handler/request.ts";
import { phraseResponse, type WebResponse } from "../handler/response.ts";
import { counterIndex, type Scoreboard } from "../ipc/scoreboard.ts";
import type { ServerSettings } from "../options/server_options.ts";
import { bodyFaultLine, describeError, type LogSink, PanicLog } from "../telemetry/log.ts";
import type { SupervisorLink } from "./supervisor_link.ts";
import { watchForUncaught } from "./uncaught_errors.ts";

const PANICS = counterIndex("panics");

/** What promises reject with when a client has gone, which is no fault of the application. */
const CLIENT_GONE_REASONS: readonly unknown[] = [UNWANTED, NOT_SENT];

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
  readonly link: Pick<SupervisorLink, "send">;
  readonly log: LogSink;
}

/** Watches for the panics of one worker. */
export class PanicWatch {
  readonly #options: PanicWatchOptions;
  readonly #panicLog: PanicLog;
  #fatal: Panic | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(options: PanicWatchOptions) {
    this.#options = options;
    this.#panicLog = new PanicLog(options.worker, options.log);
  }

  /** The panic that ends the worker: the first one, if `onPanic` is "replace". */
  get fatal(): Panic | undefined {
    return this.#fatal;
  }

  /** Watches for errors that go uncaught. */
  start(): void {
    this.#stopWatching = watchForUncaught(
      (during, error) => this.#noteUncaught(during, error),
      CLIENT_GONE_REASONS,
    );
  }

  /** Stops watching: from then on, an uncaught error ends the thread. */
  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** Notes a handler's panic, and returns the response for its client. */
  answer(error: unknown, request: WebRequest): WebResponse {
    this.note(`in ${request.method} ${request.target}`, error);
    // The worker ends soon: the client's next request should use another connection.
    const closes = this.#options.onPanic === "replace";
    return phraseResponse(500, closes ? { connection: "close" } : undefined);
  }

  /** Notes a panic: counts it, reports the first one to the supervisor, and logs it. */
  note(during: string, error: unknown): void {
    const { scoreboard, onPanic, link } = this.#options;
    scoreboard.add(PANICS, 1);
    // First the message, which must not depend on the log. It leaves after this turn, and so after
    // the line.
    if (onPanic === "replace" && this.#fatal === undefined) {
      this.#fatal = { error };
      link.send({ kind: "panicked", error: describeError(error) });
    }
    this.#panicLog.note(during, error, performance.now());
  }

  /**
   * Logs a bad request body that the application did not handle, and what became of the request.
   */
  logBodyFault(fault: BodyFault, request: BodyFault["of"], consequence: string): void {
    const { worker, log } = this.#options;
    log(bodyFaultLine(worker, request, consequence, fault.answer));
  }

  #noteUncaught(during: string, error: unknown): void {
    const fault = bodyFaultOf(error);
    if (fault === undefined) return this.note(during, error);
    this.logBodyFault(fault, fault.of, "has a body that cannot be read");
  }
}
