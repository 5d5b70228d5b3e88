// Reports on standard error why requests get error responses: the first of each reason in a minute,
// with the option that an operator can change, and then how many more there were. A client that
// causes many errors cannot fill the log. No clock: the time comes in.

import type { LogReason } from "../http1/log_reason.ts";
import { escapeForLog, type LogSink } from "./log.ts";

/** How long requests with the same reason share one line. */
const SHARED_LINE_MS = 60_000;

/** How much of a request target a line has. */
const MAX_TARGET_CHARACTERS = 200;

/**
 * What happened, and the option that changes it. Undefined where no option would, or where the
 * failure has lines of its own.
 */
const EXPLANATIONS: Readonly<Record<LogReason, string | undefined>> = {
  bad_request: undefined,
  bad_body: undefined,
  unsupported: undefined,
  head_timeout: "the head did not come whole within headTimeout",
  body_timeout: "64 KiB of the body, or its end, did not come within bodyTimeout",
  head_too_large: "the head is larger than maxHeadBytes",
  too_many_fields: "the head has more fields than maxHeaderCount",
  target_too_long: "the request target is longer than maxTargetBytes",
  body_too_large: "the body is larger than maxBodyBytes, or than maxStreamedBodyBytes if streamed",
  handler_timeout: "the handler did not return its response within handlerTimeout",
  write_timeout: "the client did not take 64 KiB of a response, or its end, within writeTimeout",
  too_many_websockets: "the worker has as many WebSockets as maxWebSockets",
  overloaded: undefined,
  draining: "the request was not answered within drainTimeout, and its worker had to end",
  panic: undefined,
  client_gone: undefined,
};

/** What a line shows of a request. */
export interface ReasonedRequest {
  readonly method: string;
  readonly target: string;
}

/** The reasons of one worker. */
export class ReasonLog {
  readonly #worker: string;
  readonly #sink: LogSink;
  /** The reasons that have had a line in the last minute. */
  readonly #shared = new Map<LogReason, { readonly since: number; count: number }>();

  constructor(worker: string, sink: LogSink) {
    this.#worker = worker;
    this.#sink = sink;
  }

  /**
   * Notes that a request got an error response. `request` is undefined if its head was not whole.
   * `now` is in milliseconds, on any clock that only goes forward.
   */
  note(reason: LogReason, request: ReasonedRequest | undefined, now: number): void {
    const explanation = EXPLANATIONS[reason];
    if (explanation === undefined) return;
    this.tick(now);
    const shared = this.#shared.get(reason);
    if (shared !== undefined) {
      shared.count++;
      return;
    }
    this.#shared.set(reason, { since: now, count: 0 });
    const what = request === undefined
      ? "a request"
      : `${request.method} ${request.target.slice(0, MAX_TARGET_CHARACTERS)}`;
    this.#sink(escapeForLog(`${this.#worker}: ${reason} of ${what}: ${explanation}`));
  }

  /** Reports how many requests were left out, for each reason whose minute is over. */
  tick(now: number): void {
    for (const [reason, { since, count }] of this.#shared) {
      if (now - since < SHARED_LINE_MS) continue;
      this.#shared.delete(reason);
      this.#reportCount(reason, count);
    }
  }

  /** The same for all reasons, at the end of the worker. */
  flush(): void {
    for (const [reason, { count }] of this.#shared) this.#reportCount(reason, count);
    this.#shared.clear();
  }

  #reportCount(reason: LogReason, count: number): void {
    if (count === 0) return;
    const requests = count === 1 ? "1 more request" : `${count} more requests`;
    this.#sink(`${this.#worker}: ${reason} of ${requests}: ${EXPLANATIONS[reason]}`);
  }
}
