// The server's own error responses: text or a problem, unless `onErrorResponse` answers in their
// place. It is called once for a request, so an error in it never calls it again. What it does wrong
// is logged, and costs nothing but its answer.

import { outgoingOfNoted } from "../fetch/noted_response.ts";
import { fromPlatformResponse, isResponse } from "../fetch/platform_response.ts";
import { unwanted } from "../handler/client_gone.ts";
import { checkedFields } from "../handler/checked_headers.ts";
import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import {
  type ErrorReport,
  errorResponse,
  problemOf,
  refusalReport,
  refusalResponse,
} from "../handler/problem.ts";
import type { WebRequest } from "../handler/request.ts";
import { outgoing, WebResponse } from "../handler/response.ts";
import { nameOfType } from "../handler/type_name.ts";
import type { Refusal } from "../http1/refusal.ts";
import type { EncodableResponse } from "../http1/response_encoder.ts";
import type { ServerSettings } from "../options/server_options.ts";
import { isThenable, keepContext } from "../runtime/async_context.ts";

/** How long `onErrorResponse` may take if handlers have no time limit. */
const DEFAULT_LIMIT_MS = 5_000;

/** The options for error responses. */
export type ErrorSettings = Pick<
  ServerSettings,
  "errorFormat" | "onErrorResponse" | "handlerTimeout"
>;

/** Called with what goes wrong in `onErrorResponse`. `during` follows a word such as "failure". */
export type ResponderFaultListener = (during: string, error: unknown) => void;

const PLAIN: ErrorSettings = { errorFormat: "text", onErrorResponse: undefined, handlerTimeout: 0 };

/** Makes the error responses of one server. */
export class ErrorResponses {
  readonly #settings: ErrorSettings;
  readonly #onFault: ResponderFaultListener;
  /** The requests about which `onErrorResponse` was asked. */
  readonly #asked = new WeakSet<WebRequest>();

  constructor(settings: ErrorSettings = PLAIN, onFault: ResponderFaultListener = () => {}) {
    this.#settings = settings;
    this.#onFault = onFault;
  }

  /** Whether the program may answer in place of the server. */
  get asksProgram(): boolean {
    return this.#settings.onErrorResponse !== undefined;
  }

  /**
   * Returns the response to an error of a request. It is a promise only if the program answers with
   * one, and that never rejects.
   *
   * @throws {TypeError} when the server's own response cannot be made of the report
   */
  respond(
    report: ErrorReport,
    request: WebRequest,
  ): WebResponse | Response | Promise<WebResponse | Response> {
    const own = this.own(report);
    const answer = this.#ask(report, request);
    return answer instanceof Promise ? answer.then((answer) => answer ?? own) : answer ?? own;
  }

  /** Returns the server's own response to an error. Throws what {@linkcode respond} throws. */
  own(report: ErrorReport): WebResponse {
    return errorResponse(this.#settings.errorFormat, report);
  }

  /** Returns the server's own response to a refused request. */
  ownRefusal(refusal: Refusal): EncodableResponse {
    return refusalResponse(this.#settings.errorFormat, refusal);
  }

  /**
   * Returns the response to a refused request with a whole head. The response is in memory, as the
   * connection ends with it. If it is a promise, that never rejects.
   */
  respondToRefusal(
    refusal: Refusal,
    request: WebRequest,
  ): EncodableResponse | Promise<EncodableResponse> {
    const own = this.ownRefusal(refusal);
    const { status } = refusal;
    const answer = this.#ask(refusalReport(refusal), request);
    if (answer === undefined) return own;
    const faults = (error: unknown) => {
      this.#reportFault(status, request, error);
      return own;
    };
    try {
      if (!(answer instanceof Promise)) {
        const response = outgoingOf(answer);
        if (!(response instanceof Promise)) return requireWhole(response);
        return response.then(requireWhole).catch(faults);
      }
      return answer.then(async (answer) =>
        answer === undefined ? own : requireWhole(await outgoingOf(answer))
      ).catch(faults);
    } catch (error) {
      return faults(error);
    }
  }

  /**
   * Asks the program for its answer, once for each request. It is undefined if the program leaves
   * the response to the server, or does something wrong. If it is a promise, that never rejects.
   */
  #ask(report: ErrorReport, request: WebRequest): ProgramAnswer | Promise<ProgramAnswer> {
    const { onErrorResponse } = this.#settings;
    if (onErrorResponse === undefined || this.#asked.has(request)) return undefined;
    this.#asked.add(request);
    const { status } = report;
    const faults = (error: unknown) => this.#reportFault(status, request, error);
    try {
      const answer = keepContext(() => onErrorResponse(status, request, problemOf(report)));
      if (!isThenable(answer)) return checkedAnswer(answer, report);
      const checked = Promise.resolve(answer).then((answer) => checkedAnswer(answer, report));
      return this.#within(checked.catch(faults), faults);
    } catch (error) {
      return faults(error);
    }
  }

  /** Resolves to the program's answer if it comes in time, and to undefined otherwise. */
  #within(
    answer: Promise<ProgramAnswer>,
    faults: (error: unknown) => undefined,
  ): Promise<ProgramAnswer> {
    const limitMs = this.#settings.handlerTimeout || DEFAULT_LIMIT_MS;
    const late = Promise.withResolvers<ProgramAnswer>();
    const timer = setTimeout(
      () => late.resolve(faults(new Error(`it did not answer in ${limitMs} ms`))),
      limitMs,
    );
    answer.then(() => clearTimeout(timer));
    return Promise.race([answer, late.promise]);
  }

  #reportFault(status: number, { method, target }: WebRequest, error: unknown): undefined {
    this.#onFault(`of onErrorResponse, for ${status} of ${method} ${target}`, error);
  }
}

/** What the program answers; undefined if the server's own response is sent. */
type ProgramAnswer = WebResponse | Response | undefined;

/**
 * Returns the program's answer with the fields that its status needs; undefined if it leaves the
 * response to the server.
 *
 * @throws {TypeError} when the answer is no response, or one that cannot take the place of another
 */
function checkedAnswer(answer: unknown, report: ErrorReport): ProgramAnswer {
  if (answer === undefined) return undefined;
  if (!(answer instanceof WebResponse || isResponse(answer))) {
    throw new TypeError(
      `it returned a value of type ${nameOfType(answer)}: it must return a WebResponse, a ` +
        "Response or undefined, or a promise of one",
    );
  }
  if (answer instanceof WebResponse ? isStream(answer) : answer.status < 200) {
    throw new TypeError("it returned a response that is not whole: its body must be text or bytes");
  }
  addNeededFields(answer, report);
  return answer;
}

function isStream({ body }: WebResponse): boolean {
  return body !== null && typeof body !== "string" && !(body instanceof Uint8Array);
}

/**
 * Adds the fields of the server's own response that the answer does not have. If it has another
 * status, that is `Connection` alone: a 405 needs an `Allow` (RFC 9110, section 15.5.6), and a 404
 * needs none.
 */
function addNeededFields(
  { status, headers }: WebResponse | Response,
  report: ErrorReport,
): void {
  if (report.headers === undefined) return;
  const missing = checkedFields(report.headers).filter(([name]) =>
    !headers.has(name) && (status === report.status || name.toLowerCase() === "connection")
  );
  for (const [name, value] of missing) headers.append(name, value);
}

function outgoingOf(
  response: WebResponse | Response,
): OutgoingResponse | Promise<OutgoingResponse> {
  if (response instanceof WebResponse) return outgoing(response);
  return outgoingOfNoted(response) ?? fromPlatformResponse(response);
}

function requireWhole(response: OutgoingResponse): OutgoingResponse {
  if (response.stream === undefined) return response;
  response.stream.cancel(unwanted());
  throw new TypeError("it returned a response that is not whole: its body must be text or bytes");
}
