import { assert, assertEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MEDIUM_BUFFER_BYTES } from "../../src/http1/buffer_pool.ts";
import { MAX_JOINED_BODY_BYTES, Output } from "../../src/http1/output.ts";
import { bytesOf, SpoilingPool, textOf } from "./reading.ts";

describe("Output", () => {
  it("Output keeps what is put into it, in order, however large it grows", () => {
    const output = new Output(new SpoilingPool());
    let expected = "";
    for (const length of [1, 100, MEDIUM_BUFFER_BYTES, 0, MAX_JOINED_BODY_BYTES, 5]) {
      const text = String.fromCharCode(0x61 + expected.length % 20).repeat(length);
      output.append(bytesOf(text));
      expected += text;
      assertEquals(output.length, expected.length);
      assert(textOf(output.bytes) === expected);
    }
  });

  it("Output has room for what is reserved, behind what is there", () => {
    const output = new Output(new SpoilingPool());
    output.append(bytesOf("abc"));
    for (const bytes of [0, 1, MEDIUM_BUFFER_BYTES, MAX_JOINED_BODY_BYTES * 2]) {
      const buffer = output.reserve(bytes);
      assertLessOrEqual(output.length + bytes, buffer.length);
      assertEquals(textOf(buffer.subarray(0, 3)), "abc");
      assertEquals(output.length, 3);
    }
  });

  it("Output overwrites what waits, and nothing else", () => {
    const output = new Output(new SpoilingPool());
    output.append(bytesOf("abcdef"));
    output.overwrite(2, bytesOf("XYZ"), 2);
    assertEquals(textOf(output.bytes), "abXYef");
  });

  it("Output is empty after clear(), and can be used again", () => {
    const output = new Output(new SpoilingPool());
    output.append(bytesOf("abc"));
    output.clear();
    assertEquals([output.length, output.bytes.length], [0, 0]);
    output.append(bytesOf("d"));
    assertEquals(textOf(output.bytes), "d");
    output.clear();
    output.clear();
  });

  it("Output gives each of its buffers back to the pool", () => {
    const pool = new SpoilingPool();
    const output = new Output(pool);
    output.append(bytesOf("a"));
    const medium = output.bytes.buffer;
    output.append(new Uint8Array(MEDIUM_BUFFER_BYTES));
    const large = output.bytes.buffer;
    output.clear();
    assertStrictEquals(pool.takeForOutput(1).bytes.buffer, medium);
    assertStrictEquals(pool.take(MAX_JOINED_BODY_BYTES).buffer, large);
  });
});
