import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  LARGE_BUFFER_BYTES,
  MAX_LARGE_READERS,
  MEDIUM_BUFFER_BYTES,
  SMALL_BUFFER_BYTES,
} from "../../src/http1/buffer_pool.ts";
import { ReadBuffer } from "../../src/websocket/read_buffer.ts";
import { SpoilingPool } from "../http1/reading.ts";

/** Has a frame of that length come and go, and returns the space for the next. */
function spaceAfter(buffer: ReadBuffer, frameBytes: number): Uint8Array {
  buffer.noteFrame(frameBytes);
  buffer.end = buffer.start = Math.min(frameBytes, buffer.bytes.length);
  return buffer.space;
}

describe("ReadBuffer", () => {
  it("ReadBuffer is small at first, and has room for the frames that come", () => {
    const buffer = new ReadBuffer(new SpoilingPool());
    assertEquals(buffer.space.length, SMALL_BUFFER_BYTES);
    const steps = [
      [100, SMALL_BUFFER_BYTES],
      [SMALL_BUFFER_BYTES + 1, MEDIUM_BUFFER_BYTES],
      [MEDIUM_BUFFER_BYTES, MEDIUM_BUFFER_BYTES],
      [MEDIUM_BUFFER_BYTES + 1, LARGE_BUFFER_BYTES],
      [LARGE_BUFFER_BYTES, LARGE_BUFFER_BYTES],
      [LARGE_BUFFER_BYTES + 1, MEDIUM_BUFFER_BYTES],
      [10, SMALL_BUFFER_BYTES],
    ];
    for (const [frameBytes, expected] of steps) {
      assertEquals(spaceAfter(buffer, frameBytes).length, expected, `after ${frameBytes}`);
    }
  });

  it("ReadBuffer grows if short frames have filled it", () => {
    const buffer = new ReadBuffer(new SpoilingPool());
    buffer.noteFrame(10);
    buffer.start = buffer.end = SMALL_BUFFER_BYTES;
    assertEquals(buffer.space.length, MEDIUM_BUFFER_BYTES);
  });

  it("ReadBuffer keeps unread bytes, and moves them if little room is left", () => {
    const buffer = new ReadBuffer(new SpoilingPool());
    buffer.space.set([1, 2, 3]);
    buffer.end = 3;
    buffer.start = 1;
    assertEquals(buffer.space.byteOffset, 3);
    buffer.bytes.set([8, 9], SMALL_BUFFER_BYTES - 2);
    buffer.start = SMALL_BUFFER_BYTES - 2;
    buffer.end = SMALL_BUFFER_BYTES;
    assertEquals(buffer.space.byteOffset, 2);
    assertEquals([...buffer.bytes.subarray(buffer.start, buffer.end)], [8, 9]);
  });

  it("ReadBuffer has the words of the buffer that it has", () => {
    const buffer = new ReadBuffer(new SpoilingPool());
    const { words } = buffer;
    assertStrictEquals(words.buffer, buffer.bytes.buffer);
    assertStrictEquals(buffer.words, words);
    spaceAfter(buffer, 5_000);
    assertEquals(buffer.words === words, false);
    assertStrictEquals(buffer.words.buffer, buffer.bytes.buffer);
  });

  it("ReadBuffer is medium where enough others are large, until one of them is released", () => {
    const pool = new SpoilingPool();
    const crowd = Array.from({ length: MAX_LARGE_READERS + 1 }, () => new ReadBuffer(pool));
    const spaces = crowd.map((buffer) => spaceAfter(buffer, 60_000).length);
    assertEquals(spaces.slice(0, -1), Array(MAX_LARGE_READERS).fill(LARGE_BUFFER_BYTES));
    assertEquals(spaces.at(-1), MEDIUM_BUFFER_BYTES);
    crowd[0].release();
    assertEquals(spaceAfter(crowd.at(-1)!, 60_000).length, LARGE_BUFFER_BYTES);
  });

  it("ReadBuffer returns its memory to the pool", () => {
    const pool = new SpoilingPool();
    const buffer = new ReadBuffer(pool);
    const { bytes } = buffer;
    buffer.release();
    assertStrictEquals(pool.take(SMALL_BUFFER_BYTES), bytes);
  });
});
