// The socket of a client as listeners of `node:http` see it: `req.socket` and `res.socket`. One object
// stands for a connection, so what a program keeps in it is there for the next request. The bytes of
// the connection are this server's, so nothing is read from it or written to it here.

import { EventEmitter } from "node:events";
import { hangUp, type WebRequest } from "../../handler/request.ts";
import type { NodeResponse, NodeServer } from "./node_types.ts";

/** How much may wait for a client before `res.write` asks the program to pause. */
export const HIGH_WATER_MARK = 65_536;

/** The socket of one connection. */
export class ClientSocket extends EventEmitter {
  readonly server: NodeServer;
  /** The last request of the connection. */
  #request: WebRequest;
  /** The response that is under way, where frameworks look for it. */
  _httpMessage: NodeResponse | null = null;
  /** `http.OutgoingMessage` looks at it. What waits to be sent is counted in the response. */
  readonly _writableState = { corked: 0, length: 0, needDrain: false };
  destroyed = false;
  timeout = 0;

  constructor(server: NodeServer, request: WebRequest) {
    super();
    this.server = server;
    this.#request = request;
  }

  /** Begins an exchange on the connection. */
  begin(request: WebRequest, response: NodeResponse): void {
    this.#request = request;
    this._httpMessage = response;
  }

  get readable(): boolean {
    return !this.destroyed;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  get remoteAddress(): string | undefined {
    return this.destroyed ? undefined : this.#request.remoteAddr.hostname;
  }

  get remotePort(): number | undefined {
    return this.destroyed ? undefined : this.#request.remoteAddr.port;
  }

  get remoteFamily(): string | undefined {
    return this.remoteAddress === undefined
      ? undefined
      : this.remoteAddress.includes(":")
      ? "IPv6"
      : "IPv4";
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

  cork(): void {}

  uncork(): void {}

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
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
    hangUp(this.#request);
    this.noteClosed(error);
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  /** Notes that the connection has ended. */
  noteClosed(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (error !== undefined && this.listenerCount("error") > 0) this.emit("error", error);
    this.emit("close", error !== undefined);
  }
}
