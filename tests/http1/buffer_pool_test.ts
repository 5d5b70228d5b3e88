import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  BufferPool,
  LARGE_BUFFER_BYTES,
  MAX_FREE_BYTES,
  MAX_FREE_LARGE_BYTES,
  MAX_LARGE_READERS,
  MEDIUM_BUFFER_BYTES,
  OutputBuffer,
  SMALL_BUFFER_BYTES,
} from "../../src/http1/buffer_pool.ts";
import { runs } from "../support/runs.ts";

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

    const mebibytes = bytes === LARGE_BUFFER_BYTES ? 8 : 4;
    it(`BufferPool keeps no more than ${mebibytes} MiB in buffers of ${bytes} bytes`, () => {
      const pool = new BufferPool();
      const kept = Math.floor(mebibytes * 1024 * 1024 / bytes);
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

  it("BufferPool hands a buffer for answers out again, to one user at a time", () => {
    const pool = new BufferPool();
    const first = pool.takeForOutput(1);
    const second = pool.takeForOutput(MEDIUM_BUFFER_BYTES);
    assertEquals(
      [first, second].map(({ bytes }) => bytes.length),
      Array(2).fill(MEDIUM_BUFFER_BYTES),
    );
    assert(first.bytes !== second.bytes);
    pool.giveFromOutput(first);
    assertStrictEquals(pool.takeForOutput(1), first);
    assert(pool.takeForOutput(1) !== first);
  });

  it("BufferPool hands a small buffer for output out again, and a larger one if that is needed", () => {
    const pool = new BufferPool();
    const small = pool.takeForSmallOutput(SMALL_BUFFER_BYTES);
    const medium = pool.takeForSmallOutput(SMALL_BUFFER_BYTES + 1);
    assertEquals([small, medium].map(({ bytes }) => bytes.length), [
      SMALL_BUFFER_BYTES,
      MEDIUM_BUFFER_BYTES,
    ]);
    for (const buffer of [small, medium]) pool.giveFromOutput(buffer);
    assertStrictEquals(pool.takeForSmallOutput(1), small);
    assertStrictEquals(pool.takeForOutput(1), medium);
    assert(pool.takeForSmallOutput(1) !== small);
  });

  it("BufferPool keeps the memory of a large buffer for answers, for whoever needs it next", () => {
    const pool = new BufferPool();
    const large = pool.takeForOutput(MEDIUM_BUFFER_BYTES + 1);
    assertEquals(large.bytes.length, LARGE_BUFFER_BYTES);
    pool.giveFromOutput(large);
    assertStrictEquals(pool.take(LARGE_BUFFER_BYTES), large.bytes);
  });

  it("BufferPool keeps no more than 4 MiB in buffers for answers", () => {
    const pool = new BufferPool();
    const kept = 4 * 1024 * 1024 / MEDIUM_BUFFER_BYTES;
    const given = Array.from(
      { length: kept + 10 },
      () => new OutputBuffer(pool.take(MEDIUM_BUFFER_BYTES)),
    );
    for (const buffer of given) pool.giveFromOutput(buffer);
    const known = given.filter(() => given.includes(pool.takeForOutput(1)));
    assertEquals(known.length, kept);
  });
});

describe("BufferPool and its bounds", () => {
  /** What users of the pool do: read into a buffer, collect output in one, or give one of theirs back. */
  const size = fc.oneof(
    fc.nat(2 * LARGE_BUFFER_BYTES),
    fc.constantFrom(SMALL_BUFFER_BYTES, MEDIUM_BUFFER_BYTES, LARGE_BUFFER_BYTES),
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant("read" as const), bytes: size, users: fc.nat(400) }),
    fc.record({ kind: fc.constant("write" as const), bytes: size, users: fc.nat(400) }),
    fc.record({ kind: fc.constant("give" as const), users: fc.nat(600) }),
  );

  /** A buffer in use. */
  type Given = { readonly bytes: Uint8Array<ArrayBuffer>; readonly giveBack: () => void };

  it("BufferPool keeps 20 MiB at most, and no buffer has two users, whatever they do", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const pool = new BufferPool();
        const used: Given[] = [];
        const inUse = new Set<Uint8Array>();
        const known = new Set<Uint8Array>();
        const use = (bytes: Uint8Array<ArrayBuffer>, atLeast: number, giveBack: () => void) => {
          assertGreaterOrEqual(bytes.length, atLeast);
          assert(!inUse.has(bytes), "a buffer has two users");
          inUse.add(bytes);
          known.add(bytes);
          used.push({ bytes, giveBack });
        };
        const read = (bytes: number) => {
          const buffer = pool.take(bytes);
          use(buffer, bytes, () => pool.give(buffer));
        };
        const write = (bytes: number) => {
          const buffer = bytes % 2 === 0
            ? pool.takeForOutput(bytes)
            : pool.takeForSmallOutput(bytes);
          use(buffer.bytes, bytes, () => pool.giveFromOutput(buffer));
        };
        const give = () => {
          const last = used.pop();
          if (last === undefined) return;
          inUse.delete(last.bytes);
          last.giveBack();
        };
        for (const step of steps) {
          for (let i = 0; i < step.users; i++) {
            if (step.kind === "give") give();
            else if (step.kind === "read") read(step.bytes);
            else write(step.bytes);
          }
        }
        while (used.length > 0) give();
        let keptBytes = 0;
        const drain = (take: () => Uint8Array) => {
          for (let bytes = take(); known.has(bytes); bytes = take()) keptBytes += bytes.length;
        };
        for (const bytes of [SMALL_BUFFER_BYTES, MEDIUM_BUFFER_BYTES, LARGE_BUFFER_BYTES]) {
          drain(() => pool.take(bytes));
        }
        drain(() => pool.takeForOutput(1).bytes);
        assertLessOrEqual(keptBytes, 3 * MAX_FREE_BYTES + MAX_FREE_LARGE_BYTES);
        assertEquals(3 * MAX_FREE_BYTES + MAX_FREE_LARGE_BYTES, 20 * 1024 * 1024);
      }),
      { numRuns: runs(40) },
    );
  });

  it("BufferPool makes no buffer anew for 64 connections that have a large one each in every turn", () => {
    const pool = new BufferPool();
    const turn = () => Array.from({ length: 64 }, () => pool.takeForOutput(LARGE_BUFFER_BYTES));
    const first = turn();
    const memory = new Set(first.map(({ bytes }) => bytes));
    for (const buffer of first) pool.giveFromOutput(buffer);
    const second = turn();
    assert(second.every(({ bytes }) => memory.has(bytes)));
  });
});

describe("BufferPool.takeForReader()", () => {
  it(`BufferPool has ${MAX_LARGE_READERS} readers of large buffers at most at the same time`, () => {
    const pool = new BufferPool();
    const taken = Array.from({ length: MAX_LARGE_READERS }, () => pool.takeForReader());
    assert(taken.every((buffer) => buffer?.length === LARGE_BUFFER_BYTES));
    assertEquals(new Set(taken).size, MAX_LARGE_READERS);
    assertEquals(pool.takeForReader(), undefined);
    pool.giveFromReader(taken[0]);
    assertStrictEquals(pool.takeForReader(), taken[0]);
    pool.giveFromReader(undefined);
    assert(pool.takeForReader() !== undefined);
    assertEquals(pool.takeForReader(), undefined);
  });
});

describe("OutputBuffer", () => {
  it("OutputBuffer gives its first bytes, as many as are asked for", () => {
    const buffer = new OutputBuffer(Uint8Array.of(1, 2, 3, 4));
    for (const length of [2, 2, 4, 0, 3]) {
      const beginning = buffer.beginning(length);
      assertEquals([...beginning], [1, 2, 3, 4].slice(0, length));
      assertStrictEquals(beginning.buffer, buffer.bytes.buffer);
    }
  });

  it("OutputBuffer gives the same view for the same length", () => {
    const buffer = new OutputBuffer(new Uint8Array(10));
    const beginning = buffer.beginning(5);
    assertStrictEquals(buffer.beginning(5), beginning);
  });
});
