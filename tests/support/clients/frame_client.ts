// A client of WebSockets that sends bytes as they are, and reads frames: every frame can be wrong.

import { assertEquals } from "@std/assert";
import { bytesOf } from "../../http1/reading.ts";
import { readServerFrames, type ServerFrame } from "../../websocket/frames.ts";
import { within } from "../deadline.ts";

/** A handshake, up to its last field. */
const HANDSHAKE = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" +
  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** A client that sends bytes, and reads frames. */
export class FrameClient implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #space = new Uint8Array(65_536);
  #received = new Uint8Array(0);
  /** The head of the response to the handshake. */
  head = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Opens a WebSocket. The handshake has these fields beside those that it needs. */
  static async connect(port: number, ...fields: string[]): Promise<FrameClient> {
    const client = new FrameClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    await client.send(HANDSHAKE + fields.map((field) => `${field}\r\n`).join("") + "\r\n");
    while (!client.#text.includes("\r\n\r\n")) {
      if (!await client.#readMore()) throw new Error(`No WebSocket: ${client.#text}`);
    }
    const headEnd = client.#text.indexOf("\r\n\r\n") + 4;
    client.head = client.#text.slice(0, headEnd);
    assertEquals(client.head.slice(0, 13), "HTTP/1.1 101 ");
    client.#received = client.#received.slice(headEnd);
    return client;
  }

  get #text(): string {
    return String.fromCharCode(...this.#received.subarray(0, 1_000));
  }

  /** Sends bytes. What the server does not read any more is lost. */
  async send(bytes: string): Promise<void> {
    const all = bytesOf(bytes);
    try {
      for (let at = 0; at < all.length;) at += await this.#conn.write(all.subarray(at));
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
  }

  /** Reads until so many frames have come. */
  async frames(count: number): Promise<ServerFrame[]> {
    for (;;) {
      const frames = framesIn(this.#received);
      if (frames !== undefined && frames.length >= count) return frames;
      if (!await this.#readMore()) return frames ?? [];
    }
  }

  /** Reads until the server ends the connection. */
  async ended(): Promise<void> {
    while (await this.#readMore());
  }

  /** Returns false at the end. */
  async #readMore(): Promise<boolean> {
    try {
      const count = await within(this.#conn.read(this.#space), "bytes of the server");
      if (count === null) return false;
      const joined = new Uint8Array(this.#received.length + count);
      joined.set(this.#received);
      joined.set(this.#space.subarray(0, count), this.#received.length);
      this.#received = joined;
      return true;
    } catch (error) {
      if (isEnd(error)) return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

/** Returns the frames; undefined while one of them is cut off. */
function framesIn(bytes: Uint8Array): ServerFrame[] | undefined {
  try {
    return readServerFrames(bytes);
  } catch {
    return undefined;
  }
}
