// The errors that a user of Mudpie throws or catches. Everything else that goes wrong has one of the language's own classes.

import type { LogReason } from "../http1/log_reason.ts";
import type { Refusal } from "../http1/refusal.ts";

/** What else an {@linkcode HttpError} carries. */
export interface HttpErrorOptions {
  /** Header fields of the answer, such as `WWW-Authenticate` of a 401. Checked like those of a `WebResponse`. */
  readonly headers?: HeadersInit;
  /**
   * Members of the problem (RFC 9457) that the client gets if the server's `errorFormat` is
   * "problem": `type`, `title`, `instance`, and any others. The status is always the error's own.
   */
  readonly problem?: Readonly<Record<string, unknown>>;
  /** The error behind this one. It never leaves the process. */
  readonly cause?: unknown;
}

/** Returns the log's word for an error that this library has made; undefined for all others. */
export let logReasonOf: (error: HttpError) => LogReason | undefined;

/** Has the log give a reason for the response that an error becomes. Returns the error. */
export let withLogReason: (error: HttpError, reason: LogReason) => HttpError;

/** Makes the error that becomes the response to a refused request. */
export function refusalError({ status, reason, logReason }: Refusal): HttpError {
  return withLogReason(new HttpError(status, reason), logReason);
}

/**
 * An error that a handler throws to answer with a status: an answer, not a panic.
 *
 * The client gets the status with the message as plain text, or as the `detail` of a problem if the server's `errorFormat` is
 * "problem". It works wherever it is thrown while the handler runs, and nothing is logged as a failure.
 *
 * @example Answer 404
 * ```ts
 * import { HttpError, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/users/:id", (req) => {
 *   throw new HttpError(404, `no user ${req.params.id}`);
 * });
 *
 * const response = await server.fetch(new Request("http://localhost/users/7"));
 * console.log(response.status, await response.text()); // 404 no user 7
 * ```
 *
 * @example Answer with fields and with members of a problem
 * ```ts
 * import { HttpError, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer({ errorFormat: "problem" });
 * server.addPath("/pay", () => {
 *   throw new HttpError(402, "the balance is 30", {
 *     headers: { "retry-after": "60" },
 *     problem: { type: "https://example.com/out-of-credit", balance: 30 },
 *   });
 * });
 *
 * const response = await server.fetch(new Request("http://localhost/pay"));
 * console.log((await response.json()).balance); // 30
 * ```
 */
export class HttpError extends Error {
  /** The class's name, as it stands in logs. */
  override readonly name: string = "HttpError";
  /** The status code of the answer, 400 to 599 (RFC 9110, sections 15.5 and 15.6). */
  readonly status: number;
  /** The header fields of the answer, as they were given. */
  readonly headers: HeadersInit | undefined;
  /** The members of the problem that the client gets, as they were given. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;
  #logReason: LogReason | undefined;

  static {
    logReasonOf = (error) => #logReason in error ? error.#logReason : undefined;
    withLogReason = (error, reason) => {
      error.#logReason = reason;
      return error;
    };
  }

  /**
   * Makes an error that answers with `status`, and with `message` as the text that the client gets; an empty one stands for
   * the status's own phrase, such as `Not Found`.
   *
   * @throws {RangeError} when the status is not a whole number from 400 to 599
   */
  constructor(status: number, message = "", options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(
        `Cannot make an HttpError with status ${status}: it must be a whole number from 400 to 599`,
      );
    }
    this.status = status;
    this.headers = options.headers;
    this.problem = options.problem;
  }
}

/** Makes the error of a body that is first read after the response was sent. */
export function lateReadError(
  { method, target }: { readonly method: string; readonly target: string },
): TypeError {
  return new TypeError(
    `Cannot read the body of ${method} ${JSON.stringify(target)}: ` +
      "the response was sent already; read the body before the handler returns",
  );
}
