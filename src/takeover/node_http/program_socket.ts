// A stream of bytes that a program gets in place of the socket of a connection. It has what programs
// use of a `net.Socket` beside the bytes: the addresses, the time limit, and methods without effect.

import { Duplex } from "node:stream";
import type { ClientSocket } from "./client_socket.ts";
import { SocketTimeout } from "./socket_timeout.ts";

/** The part of `ClientSocket` that has the addresses of a connection. */
export type Addressed = Pick<
  ClientSocket,
  "remoteAddress" | "remotePort" | "remoteFamily" | "localAddress" | "localPort" | "address"
>;

/** The socket of a connection, as a program reads and writes it. */
export abstract class ProgramSocket extends Duplex {
  readonly connecting = false;
  readonly #client: Addressed;
  protected readonly timeLimit: SocketTimeout;
  bytesRead = 0;
  bytesWritten = 0;

  constructor(client: Addressed) {
    super();
    this.#client = client;
    this.timeLimit = new SocketTimeout(() => void this.emit("timeout"));
  }

  get remoteAddress(): string | undefined {
    return this.#client.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#client.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#client.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#client.localAddress;
  }

  get localPort(): number | undefined {
    return this.#client.localPort;
  }

  address(): ReturnType<Addressed["address"]> {
    return this.#client.address();
  }

  get readyState(): string {
    if (this.destroyed) return "closed";
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  get timeout(): number {
    return this.timeLimit.limitMs;
  }

  /** Has `timeout` emitted when nothing happens for so many milliseconds; 0 is never. */
  setTimeout(limitMs: number, callback?: () => void): this {
    this.timeLimit.setFor(this, limitMs, callback);
    return this;
  }

  /** The connection sends without delay anyway. */
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

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}
