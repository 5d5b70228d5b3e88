// What a handler gives and gets when it upgrades its request to a WebSocket.

/** The options of `WebRequest.upgradeWebSocket`. Times are numbers of milliseconds; 0 is no limit. */
export interface UpgradeWebSocketOptions {
  /**
   * The subprotocol. It has to be one of those that the client offers (`Sec-WebSocket-Protocol`);
   * otherwise the client gets 400. None by default.
   */
  readonly protocol?: string;
  /** Header fields of the 101, such as `Set-Cookie`. */
  readonly headers?: HeadersInit;
  /** How long the client may be silent before it gets a ping; the server's option by default. */
  readonly pingInterval?: number;
  /** How long it may be silent after a ping; the server's option by default. */
  readonly pongTimeout?: number;
  /**
   * The pages whose scripts may open the WebSocket: `"any"`, or a list of origins such as
   * `"https://example.com"` in addition to that of the server itself. The server's option by default.
   */
  readonly allowedOrigins?: "any" | readonly string[];
}

/** A WebSocket, and the response with which it begins. */
export interface WebSocketUpgrade {
  /**
   * The WebSocket, which opens when the handler has returned `response`. Its type, its methods and
   * its events are those of the platform; `binaryType` is `"arraybuffer"` at first.
   */
  readonly socket: WebSocket;
  /** The response of status 101. The handler has to return it. */
  readonly response: Response;
}
