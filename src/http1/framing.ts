// Decides how the body of a message is delimited, of a request and of a response (RFC 9112, section 6.3).
// A request that can be read in two ways is refused, never repaired: request smuggling lives on the difference.
// It decides and does nothing else: chunked_decoder.ts and chunked_encoder.ts read and write the chunks.

import { isToken, parseDecimal, parseList } from "./grammar.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";
import { type RequestHead, Seen } from "./request_head.ts";
import { statusHasBody } from "./status.ts";

/** How the recipient of a message knows where its body ends. */
type Framing =
  /** With the head: there is no body. */
  | { readonly kind: "none" }
  /** After so many bytes, which Content-Length declares. */
  | { readonly kind: "length"; readonly length: number }
  /** With the last chunk. */
  | { readonly kind: "chunked" };

/** How the body of a request is delimited, or why the request is refused. */
export type RequestFraming = Framing | { readonly kind: "refused"; readonly refusal: Refusal };

/** How the body of a response is delimited. */
export type ResponseFraming =
  | Framing
  /** With the connection: an HTTP/1.0 client knows no chunks (RFC 9112, section 6.1). */
  | { readonly kind: "until close" };

const NONE: Framing = { kind: "none" };
const EMPTY: Framing = { kind: "length", length: 0 };
const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: ResponseFraming = { kind: "until close" };

/** Whether a response with that status declares the length of its body; others end with their head (RFC 9110, section 8.6). */
export function hasContentLength(status: number): boolean {
  return status !== 204 && status !== 304;
}

/**
 * Decides how a response is delimited. `length` is the number of bytes of its body; undefined if it is not known before the
 * body is sent.
 */
export function decideResponseFraming(
  status: number,
  minorVersion: 0 | 1,
  length: number | undefined,
): ResponseFraming {
  if (!hasContentLength(status)) return NONE;
  // 205 has no body, and has to declare that (RFC 9110, section 15.3.6).
  if (!statusHasBody(status)) return EMPTY;
  if (length !== undefined) return { kind: "length", length };
  return minorVersion === 1 ? CHUNKED : UNTIL_CLOSE;
}

// A tab around a value is white space by the letter of RFC 9110, section 5.6.3, and a part of it to parsers that trim spaces
// alone: no number then, and not "chunked". So in the two fields that frame a message it is refused.

/** Decides how a request is delimited, by Content-Length and Transfer-Encoding alone: the method does not matter. */
export function decideRequestFraming(head: RequestHead): RequestFraming {
  if ((head.seen & (Seen.ContentLength | Seen.TransferEncoding)) === 0) return NONE;
  if ((head.seen & Seen.TransferEncoding) !== 0) return decideByTransferEncoding(head);
  return decideByContentLength(head);
}

function decideByContentLength(head: RequestHead): RequestFraming {
  // RFC 9110, section 8.6, lets equal values pass as one; the strict choice is to take none of them.
  if ((head.repeated & Seen.ContentLength) !== 0) return refused(REFUSALS.severalContentLengths);
  if (head.hasTab("content-length")) return refused(REFUSALS.badContentLength);
  const text = head.header("content-length") ?? "";
  // "010" is ten to the grammar, and eight to whoever reads it as C does.
  const hasLeadingZero = text.length > 1 && text.startsWith("0");
  const length = parseDecimal(text);
  if (length === undefined || hasLeadingZero) return refused(REFUSALS.badContentLength);
  return length === 0 ? NONE : { kind: "length", length };
}

function decideByTransferEncoding(head: RequestHead): RequestFraming {
  // RFC 9112, section 6.1: HTTP/1.0 has no transfer codings, so a front end that speaks it may have ignored this one.
  if (head.minorVersion === 0) return refused(REFUSALS.transferEncodingInHttp10);
  if ((head.seen & Seen.ContentLength) !== 0) return refused(REFUSALS.lengthWithTransferEncoding);
  if (head.hasTab("transfer-encoding")) return refused(REFUSALS.badTransferEncoding);
  const codings = parseList(head.header("transfer-encoding") ?? "");
  // Other codings may have parameters, which do not matter here; chunked has none (RFC 9112, section 7.1).
  const names = codings.map((coding) => coding.replace(/ ?;.*/, ""));
  if (!names.every(isToken)) return refused(REFUSALS.badTransferEncoding);
  const chunkedAt = names.indexOf("chunked");
  if (chunkedAt >= 0 && chunkedAt !== codings.length - 1) {
    return refused(REFUSALS.badTransferEncoding);
  }
  if (chunkedAt >= 0 && codings[chunkedAt] !== "chunked") {
    return refused(REFUSALS.badTransferEncoding);
  }
  return codings.length === 1 && chunkedAt === 0
    ? CHUNKED
    : refused(REFUSALS.unknownTransferCoding);
}

function refused(refusal: Refusal): RequestFraming {
  return { kind: "refused", refusal };
}
