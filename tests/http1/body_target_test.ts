import { assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BodyView, CollectedBody, DISCARD } from "../../src/http1/body_target.ts";
import { bytesOf, textOf } from "./reading.ts";

const BYTES = bytesOf("abcdef");

describe("CollectedBody", () => {
  it("CollectedBody has what it has taken, in order", () => {
    const body = new CollectedBody(100);
    assertEquals(body.take(BYTES, 1, 2), 2);
    assertEquals(body.take(BYTES, 0, 1), 1);
    assertEquals(textOf(body.bytes), "bca");
  });

  it("CollectedBody takes no more memory than its limit", () => {
    const body = new CollectedBody(5_000);
    for (let count = 0; count < 5_000; count += 500) body.take(new Uint8Array(500), 0, 500);
    assertEquals(body.bytes.length, 5_000);
    assertLessOrEqual(body.bytes.buffer.byteLength, 5_000);
  });
});

describe("BodyView", () => {
  it("BodyView takes what its memory has room for", () => {
    const memory = new Uint8Array(4);
    const view = new BodyView(memory);
    assertEquals([view.take(BYTES, 0, 3), view.take(BYTES, 3, 3), view.take(BYTES, 4, 2)], [
      3,
      1,
      0,
    ]);
    assertEquals([view.filled, textOf(memory)], [4, "abcd"]);
  });
});

describe("DISCARD", () => {
  it("DISCARD takes everything", () => {
    assertEquals(DISCARD.take(BYTES, 0, 6), 6);
  });
});
