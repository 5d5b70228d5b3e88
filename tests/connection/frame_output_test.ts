// The frames of one socket that wait to be written: how they are joined, what is counted of them, and what is given back.

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FrameOutput, TurnFlushes } from "../../src/connection/frame_output.ts";
import {
  BufferPool,
  MEDIUM_BUFFER_BYTES,
  type OutputBuffer,
  SMALL_BUFFER_BYTES,
} from "../../src/http1/buffer_pool.ts";
import { FIN, Opcode } from "../../src/websocket/frame.ts";
import { readServerFrames, utf8 } from "../websocket/frames.ts";

/** A pool that counts what it has given out and not got back. */
class CountingPool extends BufferPool {
  out = 0;

  override takeForOutput(minimumBytes: number): OutputBuffer {
    this.out++;
    return super.takeForOutput(minimumBytes);
  }

  override takeForSmallOutput(minimumBytes: number): OutputBuffer {
    if (minimumBytes <= SMALL_BUFFER_BYTES) this.out++;
    return super.takeForSmallOutput(minimumBytes);
  }

  override giveFromOutput(buffer: OutputBuffer): void {
    this.out--;
    // Whoever still reads it reads this.
    buffer.bytes.fill(0xff);
    super.giveFromOutput(buffer);
  }
}

/** An output whose writes end when the test wants. */
function make(flushes = new TurnFlushes(), pool = new CountingPool()) {
  const writes: Uint8Array[] = [];
  const events: string[] = [];
  const pending: PromiseWithResolvers<number>[] = [];
  const output = new FrameOutput(
    {
      write: (bytes) => {
        writes.push(bytes);
        const write = Promise.withResolvers<number>();
        pending.push(write);
        return write.promise;
      },
    },
    pool,
    flushes,
    {
      onWriteBegun: () => void events.push("begun"),
      onWritten: () => void events.push("written"),
      onWriteFailed: () => void events.push("failed"),
    },
  );
  const written: Uint8Array[] = [];
  /** Ends the write under way: so many bytes of it are taken, all by default. */
  const take = async (count = writes.at(-1)!.length) => {
    written.push(writes.at(-1)!.slice(0, count));
    pending.shift()!.resolve(count);
    await Promise.resolve();
    await Promise.resolve();
  };
  const fail = async () => {
    pending.shift()!.reject(new Error("a test"));
    await Promise.resolve();
    await Promise.resolve();
  };
  const frames = () =>
    readServerFrames(Uint8Array.from(written.flatMap((part) => [...part])))
      .map(({ payload }) => payload);
  return { output, writes, events, take, fail, frames, pool };
}

/** Lets the microtask run that flushes. */
async function flushed(): Promise<void> {
  await Promise.resolve();
}

describe("FrameOutput", () => {
  it("joins the small frames of one turn in one write, and gives its buffer back", async () => {
    const { output, writes, events, take, frames, pool } = make();
    assertEquals(output.addText("ab"), 2);
    output.addBinary(Uint8Array.of(99));
    output.addControl(FIN | Opcode.Ping, new Uint8Array(0));
    assertEquals([output.bufferedAmount, output.waitingBytes, output.isEmpty], [3, 9, false]);
    assertEquals(writes.length, 0);
    await flushed();
    assertEquals([writes.length, pool.out], [1, 1]);
    await take();
    assertEquals(frames(), ["ab", "c", ""]);
    assertEquals([output.bufferedAmount, output.waitingBytes, output.isEmpty], [0, 0, true]);
    assertEquals([events, pool.out], [["begun", "written"], 0]);
  });

  it("collects what is added during a write for the next one", async () => {
    const { output, writes, take, frames } = make();
    output.addText("a");
    await flushed();
    output.addText("b");
    output.addText("c");
    await flushed();
    assertEquals(writes.length, 1);
    await take();
    assertEquals(writes.length, 2);
    await take();
    assertEquals(frames(), ["a", "b", "c"]);
  });

  it("writes when flush() is called if it was told to hold", async () => {
    const { output, writes } = make();
    output.hold();
    output.addText("a");
    await flushed();
    assertEquals(writes.length, 0);
    output.addText("b");
    output.flush();
    assertEquals(writes.length, 1);
  });

  it("returns the bytes of the payload of a text, whatever its frame is", () => {
    for (
      const [length, text] of [[100, "a"], [126, "é"], [22_000, "a"], [22_000, "€"], [
        70_000,
        "a",
      ]] as const
    ) {
      const { output } = make();
      const bytes = new TextEncoder().encode(text.repeat(length)).length;
      assertEquals(output.addText(text.repeat(length)), bytes);
      assertEquals(output.bufferedAmount, bytes);
    }
  });

  it("writes a large message after the small ones before it, of memory of its own", async () => {
    const { output, writes, take, frames, pool } = make();
    const payload = new Uint8Array(100_000).fill(97);
    output.addText("b");
    output.addBinary(payload);
    output.addText("c");
    payload.fill(0);
    await flushed();
    for (let i = 0; i < 3; i++) await take();
    assertEquals(writes.length, 3);
    assertEquals(frames(), ["b", "a".repeat(100_000), "c"]);
    assertEquals(pool.out, 0);
  });

  it("goes on where the system has stopped, and reports each 64 KiB", async () => {
    const { output, events, take, frames } = make();
    output.addBinary(new Uint8Array(200_000).fill(97));
    await flushed();
    await take(1_000);
    assertEquals([output.bufferedAmount, events], [199_010, ["begun"]]);
    await take(65_000);
    assertEquals(events, ["begun", "begun"]);
    await take();
    assertEquals(frames(), ["a".repeat(200_000)]);
    assertEquals(events, ["begun", "begun", "written"]);
  });

  it("forgets what has not begun to leave, and ends what has", async () => {
    const { output, take, frames, events, pool } = make();
    output.addText("a");
    await flushed();
    output.addText("b");
    output.addBinary(new Uint8Array(100_000));
    output.clear();
    assertEquals(output.bufferedAmount, 1);
    output.addControl(FIN | Opcode.Close, new Uint8Array(0));
    await take();
    await take();
    assertEquals(frames(), ["a", ""]);
    assertEquals([events.at(-1), output.waitingBytes, pool.out], ["written", 0, 0]);
  });

  it("forgets everything when a write fails", async () => {
    const { output, writes, fail, events, pool } = make();
    output.addText("a");
    await flushed();
    output.addText("b");
    await fail();
    assertEquals(events, ["begun", "failed"]);
    assertEquals([output.bufferedAmount, output.waitingBytes, pool.out], [0, 0, 0]);
    output.addText("c");
    await flushed();
    assertEquals([writes.length, output.waitingBytes, pool.out], [1, 0, 0]);
  });

  it("encodes a text that is sent to many sockets in one turn once, and not for ever", async () => {
    const flushes = new TurnFlushes();
    const text = "€".repeat(10_000);
    const sockets = Array.from({ length: 5 }, () => make(flushes));
    for (const { output } of sockets) assertEquals(output.addText(text), 30_000);
    await flushed();
    // The first is encoded before it is known that others follow.
    const [, second, ...others] = sockets;
    for (const { writes } of others) assertStrictEquals(writes[0], second.writes[0]);
    assertEquals(flushes.sharedFrame(text), undefined);
    for (const { take, frames } of sockets) {
      await take();
      assert(frames()[0] === utf8(text));
    }
  });

  it("copies the frame of a broadcast only if it is not alone, and writes all in one", async () => {
    const flushes = new TurnFlushes();
    const pool = new CountingPool();
    const sockets = Array.from({ length: 4 }, () => make(flushes, pool));
    for (const { output } of sockets) output.addText("to all");
    // The first has encoded it by itself.
    assertEquals(pool.out, 1);
    const [first, second, third, fourth] = sockets;
    third.output.addText("more");
    fourth.output.addText("x".repeat(5_000));
    await flushed();
    assertEquals(sockets.map(({ writes }) => writes.length), [1, 1, 1, 1]);
    for (const { take } of sockets) await take();
    assertEquals([first, second, third, fourth].map(({ frames }) => frames()), [
      ["to all"],
      ["to all"],
      ["to all", "more"],
      ["to all", "x".repeat(5_000)],
    ]);
    assertEquals(pool.out, 0);
    assertEquals(sockets.map(({ output }) => [output.isEmpty, output.bufferedAmount]), [
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 0],
    ]);
  });

  it("joins frames in a small buffer first, and moves them when it is full", async () => {
    const { output, writes, take, frames, pool } = make();
    const sizes: number[] = [];
    const takeForSmallOutput = pool.takeForSmallOutput.bind(pool);
    pool.takeForSmallOutput = (bytes) => {
      const buffer = takeForSmallOutput(bytes);
      sizes.push(buffer.bytes.length);
      return buffer;
    };
    const texts = ["a".repeat(1_500), "b".repeat(1_500), "c".repeat(12_000), "é".repeat(9_000)];
    for (const text of texts) output.addText(text);
    assertEquals(sizes, [SMALL_BUFFER_BYTES, MEDIUM_BUFFER_BYTES, MEDIUM_BUFFER_BYTES]);
    await flushed();
    for (const _ of [1, 2]) await take();
    assertEquals(writes.length, 2);
    assertEquals(frames(), texts.map(utf8));
    assertEquals(pool.out, 0);
  });

  it("sends a text that needs more room than it has characters, whatever waits before it", async () => {
    for (const before of [[], ["a"], ["a".repeat(2_000)], ["a".repeat(16_000)]]) {
      for (const length of [1, 700, 1_900, 5_000, 16_380, 30_000]) {
        const { output, take, frames, pool } = make();
        const texts = [...before, "€".repeat(length), "z"];
        for (const text of texts) output.addText(text);
        await flushed();
        while (!output.isEmpty) await take();
        assertEquals(frames(), texts.map(utf8));
        assertEquals(pool.out, 0);
      }
    }
  });

  it("encodes another text of the same length by itself", () => {
    const flushes = new TurnFlushes();
    const [a, b] = ["a", "b"].map((letter) => letter.repeat(1_000));
    assertEquals([a, b, a, b].map((text) => flushes.sharedFrame(text)), Array(4).fill(undefined));
    assert(flushes.sharedFrame(b) !== undefined);
  });
});
