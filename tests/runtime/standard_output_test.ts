// Writing to standard output: all bytes, in order, or the error.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { writeToStandardOutput } from "../../src/runtime/standard_output.ts";

/** An output that accepts a few bytes at a time. Its first writes fail with the given errors. */
function slowOutput(...failures: Error[]) {
  const written: number[] = [];
  return {
    written,
    write(bytes: Uint8Array): Promise<number> {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      written.push(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  };
}

describe("writeToStandardOutput()", () => {
  const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);

  it("writes all bytes, however few the system accepts at a time", async () => {
    const output = slowOutput();
    await writeToStandardOutput(bytes, output);
    assertEquals(output.written, [...bytes]);
  });

  it("tries again while the pipe is full", async () => {
    const full = () => new Deno.errors.WouldBlock("full");
    const output = slowOutput(full(), full());
    await writeToStandardOutput(bytes, output);
    assertEquals(output.written, [...bytes]);
  });

  it("rejects with any other error", async () => {
    const output = slowOutput(new Deno.errors.BrokenPipe("gone"));
    await assertRejects(() => writeToStandardOutput(bytes, output), Deno.errors.BrokenPipe);
  });

  it("writes nothing for no bytes", async () => {
    const output = slowOutput(new Error("not to be called"));
    await writeToStandardOutput(new Uint8Array(), output);
    assertEquals(output.written, []);
  });
});
