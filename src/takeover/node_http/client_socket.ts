// The socket of a client as listeners of `node:http` see it: `req.socket` and `res.socket`. One object
// stands for a connection, so what a program keeps in it is there for the next request. The bytes of
// the connection are this server's, so nothing is read from it or written to it here.

import { EventEmitter } from "node:events";
import { isAtSocket } from "../../handler/client_origin.ts";
import type { ClientConnection, ConnectionCompanion } from "../../handler/request.ts";
import { nextTick } from "./next_tick.ts";
import { frameworkRoute } from "./framework_route.ts";
import { codedError } from "./node_errors.ts";
import { EXCHANGE, type NodeResponse, type NodeServer } from "./node_types.ts";
import { SocketTimeout } from "./socket_timeout.ts";

/** How much may wait for a client before `res.write` asks the program to pause. */
export const HIGH_WATER_MARK = 65_536;

/** The address of a server, as `address()` of it returns that. */
interface BoundServer {
  address(): { readonly address: string; readonly port: number } | string | null;
}

/** The socket of one connection. */
export class ClientSocket extends EventEmitter implements ConnectionCompanion {
  readonly server: NodeServer;
  readonly #connection: ClientConnection | undefined;
  readonly #remoteAddr: Deno.NetAddr;
  readonly #timeout: SocketTimeout;
  #requests = 0;
  readonly #onGone: (socket: ClientSocket) => void;
  /** The response that is under way, where frameworks look for it. */
  _httpMessage: NodeResponse | null = null;
  /** `http.OutgoingMessage` looks at it. What waits to be sent is counted in the response. */
  readonly _writableState = { corked: 0, length: 0, needDrain: false };
  readonly connecting = false;
  destroyed = false;
  /** What stands for the connection while the program answers to a refused request. */
  refused: { destroy(): unknown } | undefined;

  /** Calls `onGone` when the connection has ended. */
  constructor(
    server: NodeServer,
    connection: ClientConnection | undefined,
    remoteAddr: Deno.NetAddr,
    onGone: (socket: ClientSocket) => void,
  ) {
    super();
    this.server = server;
    this.#connection = connection;
    this.#remoteAddr = remoteAddr;
    this.#timeout = new SocketTimeout(() => this.#onTimeout());
    this.#onGone = onGone;
  }

  /** Begins an exchange on the connection. Returns whether the program wants it to be the last one. */
  begin(response: NodeResponse): boolean {
    this._httpMessage = response;
    const { timeout, maxRequestsPerSocket } = this.server;
    if (timeout > 0) this.#timeout.set(timeout);
    return maxRequestsPerSocket > 0 && ++this.#requests >= maxRequestsPerSocket;
  }

  /** Ends the exchange. The time limit was for that. */
  end(response: NodeResponse): void {
    if (this._httpMessage === response) this._httpMessage = null;
    if (this.#timeout.limitMs > 0) this.#timeout.set(0);
  }

  /** Notes that bytes have come or were sent. */
  noteActivity(): void {
    this.#timeout.refresh();
  }

  get route(): string | null | undefined {
    const response = this._httpMessage;
    return response === null ? undefined : frameworkRoute(response.req, this.server);
  }

  get readable(): boolean {
    return !this.destroyed;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  get closed(): boolean {
    return this.destroyed;
  }

  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  get remoteAddress(): string | undefined {
    const isKnown = !this.destroyed && !isAtSocket(this.#remoteAddr);
    return isKnown ? this.#remoteAddr.hostname : undefined;
  }

  get remotePort(): number | undefined {
    return this.remoteAddress === undefined ? undefined : this.#remoteAddr.port;
  }

  get remoteFamily(): string | undefined {
    const { remoteAddress } = this;
    if (remoteAddress === undefined) return undefined;
    return remoteAddress.includes(":") ? "IPv6" : "IPv4";
  }

  get localAddress(): string | undefined {
    const bound = this.address();
    return typeof bound === "object" ? bound?.address : undefined;
  }

  get localPort(): number | undefined {
    const bound = this.address();
    return typeof bound === "object" ? bound?.port : undefined;
  }

  /** The address of the server. */
  address(): ReturnType<BoundServer["address"]> {
    return (this.server as unknown as BoundServer).address();
  }

  get readableHighWaterMark(): number {
    return HIGH_WATER_MARK;
  }

  get writableHighWaterMark(): number {
    return HIGH_WATER_MARK;
  }

  get writableLength(): number {
    return 0;
  }

  /** The writes of one turn share a write of the connection anyway. */
  get writableCorked(): number {
    return 1;
  }

  get timeout(): number {
    return this.#timeout.limitMs;
  }

  /** Has `timeout` emitted when nothing happens for so many milliseconds; 0 is never. */
  setTimeout(limitMs: number, callback?: () => void): this {
    this.#timeout.setFor(this, limitMs, callback);
    return this;
  }

  #onTimeout(): void {
    const { _httpMessage: response, server } = this;
    const isSeen = this.emit("timeout");
    const isSeenByRequest = response?.req.complete === false &&
      response.req.emit("timeout", this);
    const isSeenByResponse = response?.emit("timeout", this) === true;
    const isSeenByServer = server.emit("timeout", this);
    if (isSeen || isSeenByRequest || isSeenByResponse || isSeenByServer) return;
    this.destroy();
  }

  cork(): void {}

  uncork(): void {}

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  setEncoding(): never {
    throw codedError(
      Error,
      "ERR_HTTP_SOCKET_ENCODING",
      "Changing the socket encoding is not allowed per RFC7230 Section 3.",
    );
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Closes the connection at once. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.noteGone(error);
    this.#connection?.hangUp();
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  takeUncaught(error: unknown): boolean {
    return this._httpMessage?.[EXCHANGE]?.takeUncaught(error) === true;
  }

  onClosed(): void {
    this.noteGone();
  }

  /** Notes that the connection has ended. The events come later: no listener runs in the caller. */
  noteGone(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#timeout.set(0);
    this.refused?.destroy();
    this.#onGone(this);
    if (this.listenerCount("close") + this.listenerCount("error") === 0) return;
    nextTick(() => {
      if (error !== undefined && this.listenerCount("error") > 0) this.emit("error", error);
      this.emit("close", error !== undefined);
    });
  }
}
