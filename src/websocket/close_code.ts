// The codes of Close frames (RFC 6455, section 7.4, and the IANA registry): their names, and who
// may use which. A code that stands for the absence of a Close frame is never sent, so a peer that
// sends it is wrong.

/** Why a WebSocket connection ends. */
export const CloseCode = {
  /** The purpose of the connection is fulfilled. */
  Normal: 1000,
  /** The server shuts down, or the client leaves the page. */
  GoingAway: 1001,
  /** The peer broke a rule of RFC 6455. */
  ProtocolError: 1002,
  /** The peer sent a type of message that the endpoint does not accept. */
  UnsupportedData: 1003,
  /** The Close frame had no code. It never stands in a frame. */
  NoStatus: 1005,
  /** The connection ended without a Close frame. It never stands in a frame. */
  Abnormal: 1006,
  /** A message did not fit its type: text that is not UTF-8, data that cannot be decompressed. */
  InvalidPayload: 1007,
  /** A message broke a rule of the endpoint for which there is no other code. */
  PolicyViolation: 1008,
  /** A message was too large. */
  MessageTooBig: 1009,
  /** The client expected an extension that the server did not accept. */
  MandatoryExtension: 1010,
  /** The server failed. */
  InternalError: 1011,
  /** The server is restarted: the client may connect again at once. */
  ServiceRestart: 1012,
  /** The server is overloaded: the client may connect again later. */
  TryAgainLater: 1013,
  /** A gateway received an invalid response from its server. */
  BadGateway: 1014,
} as const;

/** Whether a peer may send this code in a Close frame (RFC 6455, section 7.4). */
export function isReceivableCloseCode(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= CloseCode.Normal && code <= CloseCode.BadGateway && code !== 1004 &&
    code !== CloseCode.NoStatus && code !== CloseCode.Abnormal;
}

/** Whether a program may close a socket with this code (WHATWG WebSockets Standard, `close()`). */
export function isProgramCloseCode(code: number): boolean {
  return code === CloseCode.Normal || (code >= 3_000 && code <= 4_999);
}
