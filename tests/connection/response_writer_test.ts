// How the output of a connection is written: writes that are cut short, large bodies, Nagle's algorithm, time limits, and the
// promises that a response is sent.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ResponseWriter, type WritableConn } from "../../src/connection/response_writer.ts";
import { SpoilingPool } from "../http1/reading.ts";
import { notSent } from "../../src/handler/client_gone.ts";

/** A writer to a socket that takes so many bytes of each write. */
function createWriter(
  { writeLimit = Infinity, isUnixSocket = false, pool = new SpoilingPool() } = {},
) {
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
  const writer = new ResponseWriter(conn, pool, timer);
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

describe("ResponseWriter.takesTurns", () => {
  it("is true after output of more than 16 KiB, and only then", async () => {
    const { writer } = createWriter();
    for (const [length, isLarge] of [[16_384, false], [16_385, true], [1, false]] as const) {
      writer.output.append(new Uint8Array(length));
      await writer.write();
      assertEquals(writer.takesTurns, isLarge);
    }
  });
});

describe("ResponseWriter.beginTurn()", () => {
  /** Two writers of one worker, the first of which has its turn. */
  async function twoWriters() {
    const pool = new SpoilingPool();
    const [first, second] = [createWriter({ pool }), createWriter({ pool })];
    await first.writer.beginTurn();
    let hasBegun = false;
    const begins = second.writer.beginTurn().then(() => {
      hasBegun = true;
    });
    for (let turn = 0; turn < 5; turn++) await undefined;
    assert(!hasBegun);
    return { first, second, begins };
  }

  it("waits until the output of the turn before is written and its buffer is free", async () => {
    const { first, second, begins } = await twoWriters();
    first.append("x".repeat(20_000));
    const { buffer } = first.writer.output.bytes;
    const writing = first.writer.write();
    await begins;
    second.append("x".repeat(20_000));
    assertEquals(second.writer.output.bytes.buffer, buffer);
    await writing;
  });

  it("does not wait for a client that takes nothing", async () => {
    const { first, begins } = await twoWriters();
    first.conn.write = () => new Promise(() => {});
    first.append("one");
    first.writer.write();
    await begins;
  });

  it("does not wait for a write that fails", async () => {
    const { first, begins } = await twoWriters();
    first.conn.fails = true;
    first.append("one");
    await assertRejects(() => first.writer.write(), Deno.errors.BrokenPipe);
    await begins;
  });

  it("returns at once to a writer that has its turn", async () => {
    const { first } = await twoWriters();
    await first.writer.beginTurn();
  });
});

describe("ResponseWriter.endTurnUnlessSettled()", () => {
  it("ends the turn for a handler that waits, and keeps it for one that does not", async () => {
    for (
      const [response, ends] of [[new Promise(() => {}), true], [Promise.resolve(), false]] as const
    ) {
      const pool = new SpoilingPool();
      const { writer } = createWriter({ pool });
      await writer.beginTurn();
      await writer.endTurnUnlessSettled(response);
      assertEquals(pool.turns.queue().before === undefined, ends);
    }
  });
});

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
    assertEquals(await completion.promise.catch((error) => error), notSent());
  });
});
