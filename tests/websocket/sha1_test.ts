import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createHash } from "node:crypto";
import { sha1 } from "../../src/websocket/sha1.ts";
import { bytesOf, numbersFrom } from "../http1/reading.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe("sha1() (RFC 3174)", () => {
  const cases = [
    { message: "", hash: "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { message: "abc", hash: "a9993e364706816aba3e25717850c26c9cd0d89d" },
    {
      message: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      hash: "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    },
    { message: "a".repeat(1_000_000), hash: "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
  ];
  for (const { message, hash } of cases) {
    it(`sha1() hashes ${message.length} bytes of FIPS 180's examples`, () => {
      assertEquals(hex(sha1(bytesOf(message))), hash);
    });
  }

  it("sha1() returns what the platform returns, for each length up to three blocks", () => {
    const random = numbersFrom(18);
    for (let length = 0; length <= 192; length++) {
      const message = Uint8Array.from({ length }, () => random() * 256);
      const expected = createHash("sha1").update(message).digest("hex");
      assertEquals(hex(sha1(message)), expected, `${length} bytes`);
    }
  });
});
