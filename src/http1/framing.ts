// Decides how the body of a request is delimited: not at all, by length, or by chunks (RFC 9112, section 6.3).
// What can be read in two ways is refused, never repaired: request smuggling lives on the difference.
// No sockets, no clocks: a head comes in, a decision goes out.

import { isToken, parseDecimal, parseList } from "./grammar.ts";
import { type RequestHead, Seen } from "./head_parser.ts";
import { type Refusal, REFUSALS } from "./refusal.ts";

/** How the body that follows a head is delimited. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };

// A tab around a value is white space by the letter of RFC 9110, section 5.6.3, and a part of it to parsers that trim spaces
// alone: no number then, and not "chunked". So in the two fields that frame a message it is refused.

/** Decides by Content-Length and Transfer-Encoding alone; the method has no say (RFC 9112, section 6.3). */
export function decideFraming(head: RequestHead): Framing {
  if ((head.seen & (Seen.ContentLength | Seen.TransferEncoding)) === 0) return NONE;
  if ((head.seen & Seen.TransferEncoding) !== 0) return decideByTransferEncoding(head);
  return decideByContentLength(head);
}

function decideByContentLength(head: RequestHead): Framing {
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

function decideByTransferEncoding(head: RequestHead): Framing {
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

function refused(refusal: Refusal): Framing {
  return { kind: "refused", refusal };
}
