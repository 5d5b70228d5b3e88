// WebSocket clients: the runtime's own, and one that never answers a close frame.

import { within } from "../deadline.ts";
import { get, RawClient } from "./raw_client.ts";

/** How a WebSocket has ended, and when, by `performance.now()`. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
  readonly at: number;
}

/** A WebSocket of the runtime. */
export class SocketClient implements Disposable {
  readonly closed: Promise<SocketEnd>;
  readonly #socket: WebSocket;
  readonly #messages: unknown[] = [];
  #onMessage: (() => void) | undefined;
  #end: SocketEnd | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#messages.push(data);
      this.#onMessage?.();
    };
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => {
        this.#end = { code, reason, at: performance.now() };
        resolve(this.#end);
        this.#onMessage?.();
      };
    });
  }

  /** Resolves when it is open. */
  static async open(port: number, target = "/socket"): Promise<SocketClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`);
    const opened = Promise.withResolvers<void>();
    const client = new SocketClient(socket);
    socket.onopen = () => opened.resolve();
    socket.onerror = (event) =>
      opened.reject((event as ErrorEvent).error ?? new Error("no socket"));
    await within(opened.promise, `a WebSocket at ${target}`);
    // What an open one fails of shows in its end.
    socket.onerror = () => {};
    return client;
  }

  /** How it has ended; undefined as long as it has not. */
  get end(): SocketEnd | undefined {
    return this.#end;
  }

  send(data: string): void {
    this.#socket.send(data);
  }

  /** Returns the next message. */
  async next(): Promise<unknown> {
    while (this.#messages.length === 0) {
      if (this.#end !== undefined) throw new Error(`It is closed: ${JSON.stringify(this.#end)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onMessage = resolve;
      await within(promise, "a message");
    }
    return this.#messages.shift();
  }

  /** Sends a message and returns the next one. */
  async ask(data: string): Promise<unknown> {
    this.send(data);
    return await this.next();
  }

  /** Closes it, and waits for its end. */
  async close(): Promise<SocketEnd> {
    this.#socket.close(1000);
    return await within(this.closed, "the end of a WebSocket");
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** The fields of a handshake (RFC 6455, section 1.2). */
export const HANDSHAKE: readonly string[] = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** Opens a WebSocket whose client sends nothing, and answers nothing. */
export async function openSilent(port: number, target = "/socket"): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.send(get(target, ...HANDSHAKE));
  const { status } = await client.readResponse();
  if (status !== 101) throw new Error(`The handshake got ${status}`);
  return client;
}
