// How the output of a connection is written: writes that are cut short, large bodies, Nagle's algorithm, time limits, and the
// promises that a response is sent.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ResponseWriter, type WritableConn } from "../../src/connection/response_writer.ts";
import { NOT_SENT } from "../../src/handler/request.ts";
import { SpoilingPool } from "../http1/reading.ts";

/** A writer to a socket that takes so many bytes of each write. */
function createWriter({ writeLimit = Infinity, isUnixSocket = false } = {}) {
  const calls: string[] = [];
  const conn: WritableConn & { fails: boolean } = {
    fails: false,
    write: (bytes) => {
      if (conn.fails) return Promise.reject(new Deno.errors.BrokenPipe("gone"));
      const taken = bytes.subarray(0, writeLimit);
      calls.push(taken.length > 20 ? `${taken.length} bytes` : new TextDecoder().decode(taken));
      return Promise.resolve(taken.length);
    },
  };
  if (!isUnixSocket) conn.setNoDelay = () => void calls.push("setNoDelay");
  let restarts = 0;
  const timer = { restartWriteTimeout: () => void restarts++ };
  const writer = new ResponseWriter(conn, new SpoilingPool(), timer);
  const append = (text: string) => writer.output.append(new TextEncoder().encode(text));
  return { writer, conn, calls, append, restarts: () => restarts };
}

/** The two ways to write. */
const WAYS = {
  "write()": (writer: ResponseWriter) => writer.write(),
  "begin() and finish()": async (writer: ResponseWriter) => {
    await writer.finish(await writer.begin());
  },
};

for (const [way, write] of Object.entries(WAYS)) {
  describe(`ResponseWriter.${way}`, () => {
    it("writes responses that wait in one write", async () => {
      const { writer, calls, append } = createWriter();
      append("one");
      append("two");
      await write(writer);
      assertEquals(calls, ["onetwo"]);
      assert(writer.isEmpty);
    });

    it("goes on after a write that is cut short", async () => {
      const { writer, calls, append } = createWriter({ writeLimit: 4 });
      append("0123456789");
      await write(writer);
      assertEquals(calls.filter((call) => call !== "setNoDelay"), ["0123", "4567", "89"]);
      assert(writer.isEmpty);
    });

    it("writes a large body after the output", async () => {
      const { writer, calls, append } = createWriter();
      append("head");
      writer.output.largeBody = { kind: "bytes", bytes: new Uint8Array(70_000), length: 70_000 };
      assert(writer.isFull);
      await write(writer);
      assertEquals(calls, ["head", "setNoDelay", "70000 bytes"]);
      assert(writer.isEmpty && !writer.isFull);
    });

    it("writes a large text part by part, each after the one before it is written whole", async () => {
      const written: string[] = [];
      const { writer, conn, append, restarts } = createWriter();
      conn.write = (bytes) => {
        const taken = bytes.subarray(0, 50_000);
        written.push(new TextDecoder("latin1").decode(taken));
        return Promise.resolve().then(() => taken.length);
      };
      append("head");
      const text = "abcdefg".repeat(30_000);
      assertEquals(writer.output.appendText(text), text.length);
      assert(writer.isFull);
      await write(writer);
      assert(written.join("") === "head" + text);
      // Three parts of two writes each, and the rest. Each part has a time limit of its own.
      assertEquals([written.length, restarts()], [7, 4]);
      assert(writer.isEmpty && !writer.isFull);
    });

    it("rejects if the bytes of a large body are gone", async () => {
      const { writer, append } = createWriter();
      append("head");
      const bytes = new Uint8Array(70_000);
      writer.output.largeBody = { kind: "bytes", bytes, length: bytes.length };
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      const error = await assertRejects(() => write(writer), TypeError);
      assertStringIncludes(error.message, "were transferred to another thread");
    });

    it("sets TCP_NODELAY before a second write, and before one of more than a segment", async () => {
      const small = createWriter();
      for (const text of ["one", "two", "three"]) {
        small.append(text);
        await write(small.writer);
      }
      assertEquals(small.calls, ["one", "setNoDelay", "two", "three"]);
      const large = createWriter();
      large.append("x".repeat(537));
      await write(large.writer);
      assertEquals(large.calls, ["setNoDelay", "537 bytes"]);
    });

    it("sets nothing on a Unix socket", async () => {
      const { writer, calls, append } = createWriter({ isUnixSocket: true });
      for (const text of ["one", "two"]) {
        append(text);
        await write(writer);
      }
      assertEquals(calls, ["one", "two"]);
    });

    it("restarts the time limit for each 64 KiB that the client has taken", async () => {
      const { writer, append, restarts } = createWriter({ writeLimit: 32_768 });
      append("x".repeat(65_536 * 2 + 1));
      await write(writer);
      assertEquals(restarts(), 3);
    });

    it("resolves the promises of the responses that were written", async () => {
      const { writer, append } = createWriter({ writeLimit: 2 });
      const completion = Promise.withResolvers<void>();
      append("0123");
      writer.settleWhenSent(completion);
      let isSettled = false;
      completion.promise.then(() => isSettled = true);
      await undefined;
      assert(!isSettled);
      await write(writer);
      await completion.promise;
    });
  });
}

describe("ResponseWriter.settleWhenSent()", () => {
  it("resolves at once if nothing waits to be written", async () => {
    const { writer } = createWriter();
    const completion = Promise.withResolvers<void>();
    writer.settleWhenSent(completion);
    await completion.promise;
  });
});

describe("ResponseWriter.rejectUnsent()", () => {
  it("rejects the promises of responses whose write has failed", async () => {
    const { writer, conn, append } = createWriter();
    const completion = Promise.withResolvers<void>();
    conn.fails = true;
    append("one");
    writer.settleWhenSent(completion);
    await assertRejects(() => writer.write(), Deno.errors.BrokenPipe);
    writer.rejectUnsent();
    assertEquals(await completion.promise.catch((error) => error), NOT_SENT);
  });
});
