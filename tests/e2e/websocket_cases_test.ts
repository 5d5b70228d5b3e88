// Sends the wire cases of WebSockets to a whole server that echoes messages: what a client receives,
// frame by frame, up to the end of the connection. They are what the public suites of cases test:
// framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, codes, and limits.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FAILURES } from "../../src/websocket/failure.ts";
import { BenchServer, WEBSOCKET_PEERS } from "../bench/servers.ts";
import { bytesOf } from "../http1/reading.ts";
import { within } from "../support/deadline.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { bigEndian, close, readServerFrames, type ServerFrame } from "../websocket/frames.ts";
import type { Reading } from "../websocket/reading.ts";
import { WIRE_GROUPS, type WireCase } from "../websocket/wire_cases.ts";

const [MUDPIE] = WEBSOCKET_PEERS;

const HANDSHAKE = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" +
  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A client that sends bytes, and reads frames. */
class FrameClient implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #space = new Uint8Array(65_536);
  #received = new Uint8Array(0);

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<FrameClient> {
    const client = new FrameClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    await client.send(HANDSHAKE);
    while (!client.#text.includes("\r\n\r\n")) await client.#readMore();
    assertEquals(client.#text.slice(0, 13), "HTTP/1.1 101 ");
    client.#received = client.#received.slice(client.#text.indexOf("\r\n\r\n") + 4);
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

/** What a server that echoes has to answer to a reading. */
function answerTo(reading: Reading): ServerFrame[] {
  const frame = (first: number, payload: string) => [{ first, isMasked: false, payload }];
  if ("text" in reading) return frame(0x81, reading.text);
  if ("binary" in reading) return frame(0x82, reading.binary);
  if ("ping" in reading) return frame(0x8a, reading.ping);
  if ("pong" in reading) return [];
  if ("close" in reading) {
    const [code, reason] = reading.close;
    return frame(0x88, code === 1005 ? "" : bigEndian(code, 2) + reason);
  }
  const { code, reason } = FAILURES[reading.failure];
  return frame(0x88, bigEndian(code, 2) + reason);
}

async function runCase(port: number, { bytes, reads }: WireCase): Promise<void> {
  using client = await FrameClient.connect(port);
  await client.send(bytes);
  const expected = reads.flatMap(answerTo);
  const last = reads.at(-1);
  const isOver = last !== undefined && ("close" in last || "failure" in last);
  // A frame that is cut off would go on with what is sent after it.
  if (last !== undefined && !isOver) {
    await client.send(close(1000));
    expected.push(...answerTo({ close: [1000, ""] }));
  }
  assertEquals(await client.frames(expected.length), expected);
  if (last !== undefined) await client.ended();
}

describe("Mudpie and the wire cases of WebSockets", { ignore: !CAN_WATCH_PROCESSES }, () => {
  it("Mudpie answers every wire case as RFC 6455 demands", async () => {
    await using server = await BenchServer.start(MUDPIE);
    // Cases with limits of their own are cases of the parser alone.
    const cases = WIRE_GROUPS.flatMap(({ cases }) => cases)
      .filter(({ limits }) => limits === undefined);
    assertGreater(cases.length, 300);
    for (const wireCase of cases) {
      try {
        await runCase(server.port, wireCase);
      } catch (error) {
        throw new Error(`Wrong answer to ${wireCase.what}`, { cause: error });
      }
    }
  });
});
