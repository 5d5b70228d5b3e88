// What an error response is about, before it has a form: text, or a problem (RFC 9457).

import type { Refusal } from "../http1/refusal.ts";
import type { EncodableResponse } from "../http1/response_encoder.ts";
import { reasonPhrase } from "../http1/status.ts";
import { checkedFields, type Field, namesContentType } from "./checked_headers.ts";
import type { WebRequest } from "./request.ts";
import { phraseResponse, problemResponse, WebResponse } from "./response.ts";

/**
 * The members of a problem (RFC 9457, section 3.1), and any number of other members. Without a
 * `type` of its own, a problem has the type `about:blank`, and the phrase of its status for a title.
 *
 * @example The problem of a path that does not exist
 * ```ts
 * import type { ProblemDetails } from "@mudpie/server";
 *
 * const problem: ProblemDetails = { type: "about:blank", title: "Not Found", status: 404 };
 * console.log(JSON.stringify(problem));
 * ```
 */
export interface ProblemDetails {
  /** A URI reference that identifies the kind of problem. */
  readonly type: string;
  /** The kind of problem in a few words. */
  readonly title: string;
  /** The status code of the response. */
  readonly status: number;
  /** What is wrong in this case, for the client to read. */
  readonly detail?: string;
  /** A URI reference that identifies this case. */
  readonly instance?: string;
  /** Members that the type of the problem defines. */
  readonly [member: string]: unknown;
}

/**
 * What may answer in place of the server's own error responses; see `onErrorResponse` of
 * {@linkcode WebServerOptions}.
 *
 * @example Errors as a form of one's own
 * ```ts
 * import { type ErrorResponder, WebResponse } from "@mudpie/server";
 *
 * const onErrorResponse: ErrorResponder = (status, req, { title, detail }) =>
 *   WebResponse.json({ error: detail ?? title, path: req.path }, { status });
 * ```
 */
export type ErrorResponder = (
  status: number,
  request: WebRequest,
  problem: ProblemDetails,
) => WebResponse | Response | undefined | Promise<WebResponse | Response | undefined>;

/** The two forms of error responses. */
export type ErrorFormat = "text" | "problem";

/** An error response before it has a form. */
export interface ErrorReport {
  readonly status: number;
  /** What is wrong, for the client to read; empty or undefined if the status is all there is to know. */
  readonly detail?: string;
  /** The fields that the response needs. */
  readonly headers?: HeadersInit;
  /** Further members of the problem. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Returns the members of a problem. No member replaces the status. */
export function problemOf({ status, detail, members }: ErrorReport): ProblemDetails {
  return {
    type: "about:blank",
    title: reasonPhrase(status) || `Status ${status}`,
    ...detail === undefined || detail === "" ? {} : { detail },
    ...members,
    status,
  };
}

/**
 * Makes the response to an error. A report with a `Content-Type` of its own keeps its text.
 *
 * @throws {TypeError} when a field may not be sent; when a member has no JSON form
 */
export function errorResponse(format: ErrorFormat, report: ErrorReport): WebResponse {
  const { status, detail, headers } = report;
  const fields = headers === undefined ? [] : checkedFields(headers).map(pairOf);
  if (format === "problem" && !namesContentType(fields)) {
    return problemResponse(JSON.stringify(problemOf(report)), { status, headers: fields });
  }
  return detail === undefined || detail === ""
    ? phraseResponse(status, fields)
    : WebResponse.text(detail, { status, headers: fields });
}

function pairOf([name, value]: Field): [name: string, value: string] {
  return [name, value];
}

/** Returns the report of a refusal. */
export function refusalReport({ status, reason, retryAfterSeconds }: Refusal): ErrorReport {
  const headers = retryAfterSeconds === undefined
    ? undefined
    : { "retry-after": `${retryAfterSeconds}` };
  return { status, detail: reason, headers };
}

/** Makes the response of a connection to a request that it refuses. */
export function refusalResponse(format: ErrorFormat, refusal: Refusal): EncodableResponse {
  const { status, reason, retryAfterSeconds } = refusal;
  const isText = format === "text";
  return {
    status,
    contentType: isText ? "text/plain; charset=utf-8" : "application/problem+json",
    fields: retryAfterSeconds === undefined ? null : [["Retry-After", `${retryAfterSeconds}`]],
    body: isText
      ? `${status} ${reasonPhrase(status)}: ${reason}\n`
      : JSON.stringify(problemOf(refusalReport(refusal))),
    declaredLength: undefined,
  };
}
