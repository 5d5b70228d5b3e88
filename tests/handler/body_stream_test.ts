// The parts of a body that is made while it is sent. tests/connection/streamed_body_test.ts has how they are sent.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type BodySource, BodyStream, isBodySource } from "../../src/handler/body_stream.ts";

type Part = string | Uint8Array;

/** Both kinds of source, of the same parts; `cancelled` gets what a source is told when its parts are not wanted. */
const KINDS: Record<string, (parts: Part[], cancelled?: unknown[]) => BodySource> = {
  "a stream": (parts, cancelled = []) =>
    new ReadableStream({
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
      cancel: (reason) => void cancelled.push(reason),
    }, { highWaterMark: 0 }),
  "an async iterable": (parts, cancelled = []) => ({
    [Symbol.asyncIterator]: () => ({
      next: (): Promise<IteratorResult<Part>> => {
        const value = parts.shift();
        const isDone = value === undefined;
        return Promise.resolve(isDone ? { done: true, value } : { done: false, value });
      },
      return: (reason: unknown): Promise<IteratorResult<Part>> => {
        cancelled.push(reason);
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  }),
};

async function allOf(body: BodyStream): Promise<number[][]> {
  const parts: number[][] = [];
  for (let part = await body.next(); part !== undefined; part = await body.next()) {
    parts.push([...part]);
  }
  return parts;
}

for (const [kind, make] of Object.entries(KINDS)) {
  describe(`BodyStream of ${kind}`, () => {
    it("next() gives each part as bytes, text as UTF-8, and leaves empty ones out", async () => {
      const body = new BodyStream(make(["a", "", "é", new Uint8Array(0), Uint8Array.of(0, 255)]));
      assertEquals(await allOf(body), [[97], [0xc3, 0xa9], [0, 255]]);
    });

    it("next() asks for one part at a time", async () => {
      const parts = ["a", "b", "c"];
      const body = new BodyStream(make(parts));
      assertEquals(parts.length, 3);
      await body.next();
      assertEquals(parts, ["b", "c"]);
    });

    it("next() rejects for a part that is neither text nor bytes", async () => {
      const body = new BodyStream(make([1 as unknown as string]));
      await assertRejects(() => body.next(), TypeError, "a part of type number");
    });

    it("next() rejects where the parts are not as many bytes as are declared", async () => {
      const right = new BodyStream(make(["ab", "c"]));
      right.holdTo(3);
      assertEquals((await allOf(right)).length, 2);
      const short = new BodyStream(make(["ab"]));
      short.holdTo(3);
      await assertRejects(() => allOf(short), TypeError, "of 2 bytes: its Content-Length says 3");
      const long = new BodyStream(make(["ab", "cd", "e"]));
      long.holdTo(3);
      await assertRejects(() => allOf(long), TypeError, "of 4 bytes or more: its Content-Length");
    });

    it("cancel() tells the source why, before the first part too", async () => {
      const cancelled: unknown[] = [];
      const reason = new Error("gone");
      new BodyStream(make(["a"], cancelled)).cancel(reason);
      const body = new BodyStream(make(["a", "b"], cancelled));
      await body.next();
      body.cancel(reason);
      assertEquals(cancelled.length, 2);
      assert(cancelled.every((each) => each === reason));
    });

    it("claim() succeeds once", () => {
      const body = new BodyStream(make(["a"]));
      assertEquals([body.claim(), body.claim()], [true, false]);
    });
  });
}

describe("BodyStream", () => {
  it("claim() fails for a stream that is locked", async () => {
    const stream = ReadableStream.from(["a"]);
    const reader = stream.getReader();
    assertEquals(new BodyStream(stream).claim(), false);
    await reader.cancel();
  });
});

describe("isBodySource()", () => {
  it("is true for streams and async iterables, and for nothing else", async () => {
    const stream = new ReadableStream();
    assertEquals([stream, (async function* () {})()].map(isBodySource), [true, true]);
    const others = ["a", new Uint8Array(1), ["a"], null, undefined, {}, new Blob(["a"])];
    assertEquals(others.map(isBodySource), others.map(() => false));
    await stream.cancel();
  });
});
