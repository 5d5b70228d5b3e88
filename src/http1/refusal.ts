// What bad input gets: a status and a sentence (design page, section 2; RFC 9112, section 2.2; RFC 9110, section 15.5).
// A refusal is a value and not an error: the machine hands it on, and the connection writes it and hangs up. What it keeps
// out is any repair: after a refusal nothing more is read as a request, so what the bytes behind it might mean is never asked.

import type { LogReason } from "./log_reason.ts";

/** Why a request is not served, and what its client gets. */
export interface Refusal {
  /** The status code of the answer. */
  readonly status: number;
  /** What is wrong, in one sentence for whoever wrote the client; the body of the answer. */
  readonly reason: string;
  /** The same in a word, for the log. */
  readonly logReason: LogReason;
  /** When the client may send the request again (RFC 9110, section 10.2.3); undefined if it should not. */
  readonly retryAfterSeconds?: number;
}

/** The refusal of a request whose handler takes longer than `handlerTimeout`. */
export const HANDLER_TOO_SLOW: Refusal = {
  status: 503,
  reason: "The request took longer than this server allows",
  logReason: "handler_timeout",
};

/** The log's word for a refusal of each status, unless it has a word of its own. */
const LOG_REASONS = {
  400: "bad_request",
  408: "head_timeout",
  413: "body_too_large",
  414: "target_too_long",
  417: "unsupported",
  431: "head_too_large",
  501: "unsupported",
  505: "unsupported",
} as const satisfies Record<number, LogReason>;

function refusal(
  status: keyof typeof LOG_REASONS,
  reason: string,
  logReason: LogReason = LOG_REASONS[status],
): Refusal {
  return Object.freeze({ status, reason, logReason });
}

/** Every refusal that the machine knows, by the fault that leads to it. */
export const REFUSALS = {
  badMethod: refusal(400, "The method is not a token, or too long for one"),
  badTarget: refusal(
    400,
    "The request target is empty, or holds a byte or an encoded NUL that may not stand in one",
  ),
  badTargetForm: refusal(
    400,
    "The request target is malformed, or not of a form that its method allows",
  ),
  badVersion: refusal(400, "The request line does not end in an HTTP version and CRLF"),
  badLineEnd: refusal(400, "A line does not end in CRLF"),
  foldedLine: refusal(400, "A header line begins with white space"),
  badFieldName: refusal(
    400,
    "A header name is empty, is not a token, or is not followed by a colon at once",
  ),
  badFieldValue: refusal(400, "A header value holds a byte that may not stand in one"),
  missingHost: refusal(400, "The Host header is missing"),
  severalHosts: refusal(400, "There is more than one Host header"),
  badHost: refusal(400, "The Host header is not a host with an optional port"),
  hostDisagrees: refusal(400, "The Host header disagrees with the request target"),
  badContentLength: refusal(
    400,
    "Content-Length is not a plain decimal number, or too large for one",
  ),
  severalContentLengths: refusal(400, "There is more than one Content-Length header"),
  lengthWithTransferEncoding: refusal(
    400,
    "Content-Length and Transfer-Encoding do not go together",
  ),
  transferEncodingInHttp10: refusal(400, "Transfer-Encoding does not exist in HTTP/1.0"),
  badTransferEncoding: refusal(
    400,
    "Transfer-Encoding is malformed, or does not end in a single chunked",
  ),
  badChunkSize: refusal(
    400,
    "A chunk size is not a plain hexadecimal number, or too large for one",
  ),
  badChunkExtension: refusal(400, "A chunk extension is malformed or too long"),
  badChunkEnd: refusal(400, "A chunk is not followed by CRLF"),
  traceWithBody: refusal(400, "A TRACE request has no body"),
  badTrailer: refusal(400, "A trailer section holds a field that says how a message is read"),
  endedEarly: refusal(400, "The connection ended in the middle of a request", "client_gone"),
  headTooSlow: refusal(408, "The head of the request took too long to arrive"),
  bodyTooSlow: refusal(408, "The body of the request took too long to arrive", "body_timeout"),
  bodyTooLarge: refusal(413, "The body of the request is larger than this server takes"),
  targetTooLong: refusal(414, "The request target is longer than this server takes"),
  expectationUnknown: refusal(417, "The only expectation that this server meets is 100-continue"),
  headTooLarge: refusal(431, "The head of the request is larger than this server takes"),
  tooManyFields: refusal(
    431,
    "The request has more header fields than this server takes",
    "too_many_fields",
  ),
  unknownTransferCoding: refusal(
    501,
    "The only transfer coding that this server decodes is chunked",
  ),
  connectMethod: refusal(501, "CONNECT is for proxies, which this server is not"),
  unknownVersion: refusal(505, "The only HTTP versions that this server speaks are 1.0 and 1.1"),
} as const satisfies Record<string, Refusal>;
