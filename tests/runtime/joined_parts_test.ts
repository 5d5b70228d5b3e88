import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinedParts } from "../../src/runtime/joined_parts.ts";

describe("joinedParts()", () => {
  it("returns the bytes of all parts in their order, in memory of their own", () => {
    const memory = Uint8Array.of(1, 2, 3, 4);
    const joined = joinedParts([memory.subarray(2), new Uint8Array(0), memory.subarray(0, 1)], 3);
    memory.fill(0);
    assertEquals(joined, Uint8Array.of(3, 4, 1));
  });

  it("returns no bytes for no parts", () => {
    assertEquals(joinedParts([], 0), new Uint8Array(0));
  });
});
