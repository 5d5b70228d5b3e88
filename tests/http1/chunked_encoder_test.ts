import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { CollectedBody } from "../../src/http1/body_target.ts";
import { ChunkedDecoder } from "../../src/http1/chunked_decoder.ts";
import { beginChunk, endChunk, endChunks } from "../../src/http1/chunked_encoder.ts";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { Output } from "../../src/http1/output.ts";
import { DEFAULT_LIMITS, SpoilingPool, textOf } from "./reading.ts";

const encoder = new TextEncoder();

function chunksOf(parts: readonly Uint8Array[]): Uint8Array {
  const output = new Output(new SpoilingPool());
  for (const part of parts) {
    beginChunk(output, part.length);
    output.append(part);
    endChunk(output);
  }
  endChunks(output);
  return output.bytes.slice();
}

describe("chunked encoder", () => {
  it("writes each part as a chunk, and an empty chunk at the end", () => {
    const parts = ["a", "b".repeat(16)].map((text) => encoder.encode(text));
    assertEquals(textOf(chunksOf(parts)), `1\r\na\r\n10\r\n${"b".repeat(16)}\r\n0\r\n\r\n`);
  });

  it("writes a body of no parts as the empty chunk alone", () => {
    assertEquals(textOf(chunksOf([])), "0\r\n\r\n");
  });

  it("writes the largest size that a number can have", () => {
    const output = new Output(new SpoilingPool());
    beginChunk(output, Number.MAX_SAFE_INTEGER);
    assertEquals(textOf(output.bytes), "1fffffffffffff\r\n");
  });

  it("writes what ChunkedDecoder reads as the same body", () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }));
    fc.assert(fc.property(parts, (all) => {
      const bytes = chunksOf(all);
      const decoder = new ChunkedDecoder(DEFAULT_LIMITS, new HeadParser(DEFAULT_LIMITS));
      const collected = new CollectedBody(DEFAULT_LIMITS.maxBodyBytes);
      const outcome = decoder.decode(bytes, 0, bytes.length, collected);
      assert(outcome.kind === "complete");
      assertEquals(outcome.consumed, bytes.length);
      assertEquals(textOf(collected.bytes), all.map(textOf).join(""));
    }));
  });
});
