import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  BufferPool,
  LARGE_BUFFER_BYTES,
  MEDIUM_BUFFER_BYTES,
  SMALL_BUFFER_BYTES,
} from "../../src/http1/buffer_pool.ts";

describe("BufferPool", () => {
  const sizes: [minimumBytes: number, bytes: number][] = [
    [0, SMALL_BUFFER_BYTES],
    [1, SMALL_BUFFER_BYTES],
    [SMALL_BUFFER_BYTES, SMALL_BUFFER_BYTES],
    [SMALL_BUFFER_BYTES + 1, MEDIUM_BUFFER_BYTES],
    [MEDIUM_BUFFER_BYTES, MEDIUM_BUFFER_BYTES],
    [MEDIUM_BUFFER_BYTES + 1, LARGE_BUFFER_BYTES],
    [LARGE_BUFFER_BYTES, LARGE_BUFFER_BYTES],
    [LARGE_BUFFER_BYTES + 1, LARGE_BUFFER_BYTES + 1],
    [1_000_000, 1_000_000],
  ];
  for (const [minimumBytes, bytes] of sizes) {
    it(`BufferPool gives ${bytes} bytes to one who needs ${minimumBytes}`, () => {
      assertEquals(new BufferPool().take(minimumBytes).length, bytes);
    });
  }

  for (const bytes of [SMALL_BUFFER_BYTES, MEDIUM_BUFFER_BYTES, LARGE_BUFFER_BYTES]) {
    it(`BufferPool hands a buffer of ${bytes} bytes out again, to one user at a time`, () => {
      const pool = new BufferPool();
      const first = pool.take(bytes);
      const second = pool.take(bytes);
      assert(first !== second);
      pool.give(first);
      pool.give(second);
      const again = [pool.take(bytes), pool.take(bytes)];
      assertEquals(new Set([...again, first, second]).size, 2);
      assertEquals(new Set([pool.take(bytes), first, second]).size, 3);
    });

    it(`BufferPool keeps no more than 4 MiB in buffers of ${bytes} bytes`, () => {
      const pool = new BufferPool();
      const kept = 4 * 1024 * 1024 / bytes;
      const given = new Set<Uint8Array>();
      for (let i = 0; i < kept + 10; i++) {
        const buffer = new Uint8Array(bytes);
        given.add(buffer);
        pool.give(buffer);
      }
      let known = 0;
      for (let i = 0; i < kept + 10; i++) {
        if (given.has(pool.take(bytes))) known++;
      }
      assertEquals(known, kept);
    });
  }

  it("BufferPool keeps no buffer of another size", () => {
    const pool = new BufferPool();
    for (const bytes of [1, SMALL_BUFFER_BYTES + 1, LARGE_BUFFER_BYTES + 1]) {
      const buffer = new Uint8Array(bytes);
      pool.give(buffer);
      assert(pool.take(bytes) !== buffer);
    }
  });

  it("BufferPool does not mix its sizes", () => {
    const pool = new BufferPool();
    const medium = pool.take(MEDIUM_BUFFER_BYTES);
    pool.give(medium);
    assertEquals(pool.take(SMALL_BUFFER_BYTES).length, SMALL_BUFFER_BYTES);
    assertEquals(pool.take(LARGE_BUFFER_BYTES).length, LARGE_BUFFER_BYTES);
    assertStrictEquals(pool.take(MEDIUM_BUFFER_BYTES), medium);
  });
});
