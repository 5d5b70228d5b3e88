// The words with which the log gives the reason for an error response, or for a response that ends
// too early. Operators search for them, so a word keeps its meaning. telemetry/reason_log.ts has
// what it writes about each of them.

/** Why a request got no response of its handler, or only a part of it. */
export type LogReason =
  /** The head or the framing of the request is malformed. */
  | "bad_request"
  /** A handler asked for a body that the request does not have, such as JSON. */
  | "bad_body"
  /** The request asks for a part of HTTP that this server does not have. */
  | "unsupported"
  /** The head was not whole in `headTimeout`. */
  | "head_timeout"
  /** The body made no progress in `bodyTimeout`. */
  | "body_timeout"
  /** The head is larger than `maxHeadBytes`. */
  | "head_too_large"
  /** The head has more fields than `maxHeaderCount`. */
  | "too_many_fields"
  /** The request target is longer than `maxTargetBytes`. */
  | "target_too_long"
  /** The body is larger than `maxBodyBytes`, or `maxStreamedBodyBytes` for a streamed one. */
  | "body_too_large"
  /** The handler took longer than `handlerTimeout`. */
  | "handler_timeout"
  /** The client did not take the response in `writeTimeout`. */
  | "write_timeout"
  /** The worker has as many WebSockets as `maxWebSockets`. */
  | "too_many_websockets"
  /** The worker has more work than it accepts. */
  | "overloaded"
  /** The worker ended before the request was answered. */
  | "draining"
  /** The handler has failed. */
  | "panic"
  /** The client ended the connection too early. */
  | "client_gone";
