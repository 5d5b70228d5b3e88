// Sends the wire cases of WebSockets to a whole server that echoes messages: what a client receives,
// frame by frame, up to the end of the connection. They are what the public suites of cases test:
// framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, codes, and limits.

import { assertEquals, assertGreater } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { FAILURES } from "../../src/websocket/failure.ts";
import { BenchServer, WEBSOCKET_PEERS } from "../bench/servers.ts";
import { FrameClient } from "../support/clients/frame_client.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { COMPRESSED_CASES, deflated, inflated, OFFERS } from "../websocket/compressed_cases.ts";
import { bigEndian, close, frame, type ServerFrame } from "../websocket/frames.ts";
import type { Reading } from "../websocket/reading.ts";
import { WIRE_GROUPS, type WireCase } from "../websocket/wire_cases.ts";

const [MUDPIE] = WEBSOCKET_PEERS;

const OFFER = "permessage-deflate";
const AGREED = `${OFFER}; server_no_context_takeover; client_no_context_takeover`;

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

/** Returns the message that a frame of the server has. */
function readingOf({ first, payload }: ServerFrame): Reading {
  const message = (first & 0x40) === 0 ? payload : inflated(payload);
  return (first & 0x0f) === 1 ? { text: message } : { binary: message };
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

  describe("with compressMessages", () => {
    let server: BenchServer;
    beforeAll(async () => {
      const environment = { ...MUDPIE.environment, MUDPIE_COMPRESS_MESSAGES: "true" };
      server = await BenchServer.start({ ...MUDPIE, environment });
    });
    afterAll(async () => await server?.[Symbol.asyncDispose]());

    it("Mudpie answers every offer of compression", async () => {
      for (const [offer, answer] of OFFERS) {
        using client = await FrameClient.connect(server.port, `Sec-WebSocket-Extensions: ${offer}`);
        const [, agreed] = /^sec-websocket-extensions: (.*)\r$/im.exec(client.head) ?? [];
        const expected = answer === undefined ? undefined : AGREED + answer;
        assertEquals([offer, agreed], [offer, expected]);
        // A message in both directions, compressed if that was agreed on.
        const what = `2,000 bytes after the offer ${offer}`;
        const reads = { text: "a".repeat(2_000) };
        const bytes = agreed === undefined
          ? frame(1, reads.text)
          : frame(1, deflated(reads.text), { reserved: 4 });
        await client.send(bytes + close(1000));
        const [message, end] = await client.frames(2);
        assertEquals([what, readingOf(message)], [what, reads]);
        assertEquals([message.first, end.first], [agreed === undefined ? 0x81 : 0xc1, 0x88]);
      }
    });

    it("Mudpie answers every compressed case as RFC 7692 demands", async () => {
      for (const { what, bytes, reads } of COMPRESSED_CASES) {
        using client = await FrameClient.connect(server.port, `Sec-WebSocket-Extensions: ${OFFER}`);
        await client.send(bytes + close(1000));
        await client.ended();
        const frames = (await client.frames(0)).filter(({ first }) => first !== 0x8a);
        const closing = frames.at(-1);
        if ("failure" in reads) {
          assertEquals([what, closing], [what, answerTo(reads)[0]]);
          continue;
        }
        assertEquals([what, frames.length], [what, 2]);
        assertEquals([what, closing?.payload], [what, bigEndian(1000, 2)]);
        assertEquals([what, readingOf(frames[0])], [what, reads]);
      }
    });
  });
});
