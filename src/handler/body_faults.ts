// The faults of a client in the body of its request, as answers, and the errors by which a request's readers report them.
// An error counts as a client's fault by its identity alone: exactly the object that a reader of the request threw. An error of the
// same class or with the same message may come from anything else that the application reads, and stays a panic.

import { HttpError, type HttpErrorOptions, withLogReason } from "./errors.ts";

/** What was wrong with a body that a reader of a request could not parse. */
export interface BodyFault {
  /** The request whose body it is. */
  readonly of: { readonly method: string; readonly target: string };
  /** What its client gets. */
  readonly answer: HttpError;
}

const faults = new WeakMap<object, BodyFault>();

/** Notes that the client is at fault for `error`, which is about to be thrown. */
export function noteBodyFault(error: object, fault: BodyFault): void {
  faults.set(error, fault);
}

/** The client's fault that `error` stands for; undefined for every other error. It only looks the error up, and never into it. */
export function bodyFaultOf(error: unknown): BodyFault | undefined {
  return faults.get(error as object);
}

const FORM_TYPE = /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/** Whether a body of this `Content-Type` is a form. */
export function isFormType(contentType: string): boolean {
  return FORM_TYPE.test(contentType);
}

function badBody(status: number, message: string, options: HttpErrorOptions): HttpError {
  return withLogReason(new HttpError(status, message, options), "bad_body");
}

/** What the client gets for a body that is not JSON. */
export function notJson(cause: unknown): HttpError {
  return badBody(400, "The body of the request is not JSON", { cause });
}

/** What the client gets for a body of another type, where a form was expected. */
export function notOfFormType(cause?: unknown): HttpError {
  return badBody(
    415,
    "The body of the request has to be application/x-www-form-urlencoded or multipart/form-data",
    { cause },
  );
}

/** What the client gets for a body in a content coding that is not undone (RFC 9110, sections 12.5.3 and 15.5.16). */
export function unknownContentCoding(): HttpError {
  return badBody(
    415,
    "The body of the request may have one content coding: gzip, deflate or br",
    { headers: { "accept-encoding": "gzip, deflate, br" } },
  );
}

/** What the client gets for a body that is not what its content coding says, or a part of it only. */
export function damagedBody(coding: string, cause: unknown): HttpError {
  return badBody(
    400,
    `The body of the request is not the ${coding} data that its Content-Encoding says`,
    { cause },
  );
}

/** What the client gets for a body that is small enough on the wire, and too large once its content coding is undone. */
export function decodedBodyTooLarge(): HttpError {
  return withLogReason(
    new HttpError(413, "The decoded body of the request is larger than this server takes"),
    "body_too_large",
  );
}

/** What the client gets for a form that cannot be parsed. */
export function malformedForm(cause: unknown): HttpError {
  return badBody(
    400,
    "The body of the request is not the form that its Content-Type says",
    { cause },
  );
}

/** What the client gets for a body with that `Content-Type` that is not the form that a reader expected. */
export function notTheForm(contentType: string, cause: unknown): HttpError {
  return isFormType(contentType) ? malformedForm(cause) : notOfFormType(cause);
}
