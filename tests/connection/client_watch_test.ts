// The reads from one client: one at a time, whether the loop or the watch asks.

import { assert, assertEquals, assertFalse, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ByteSink, ClientWatch } from "../../src/connection/client_watch.ts";

const BUFFER_BYTES = 8;

/** A client, a parser that counts bytes, and an observer that writes down what it hears. */
function watchClient({ needsWatch = false } = {}) {
  const reads: PromiseWithResolvers<number | null>[] = [];
  const conn = {
    read: (space: Uint8Array) => {
      assert(space.length > 0, "a read without room");
      const read = Promise.withResolvers<number | null>();
      reads.push(read);
      return read.promise;
    },
  };
  const received: number[] = [];
  const direct: number[] = [];
  const room = () => BUFFER_BYTES - received.reduce((sum, count) => sum + count, 0);
  const parser: ByteSink = {
    get space() {
      return new Uint8Array(BUFFER_BYTES);
    },
    get spaceWithoutMoving() {
      return room() > 0 ? new Uint8Array(room()) : undefined;
    },
    received: (count) => void received.push(count),
    receivedDirectly: (count) => void direct.push(count),
  };
  const heard: string[] = [];
  const client = new ClientWatch(conn, parser, {
    needsWatch,
    onClientEnded: () => heard.push("ended"),
    onClientLost: () => heard.push("lost"),
  });
  return { client, reads, received, direct, heard };
}

describe("ClientWatch.read()", () => {
  it("resolves to the bytes that the loop has to tell the parser of", async () => {
    const { client, reads, received } = watchClient();
    const read = client.read();
    reads[0].resolve(5);
    assertEquals(await read, 5);
    assertEquals(received, []);
    assert(!client.isWatching && !client.hasUnparsedBytes);
  });

  it("waits for the read of the watch, whose bytes the parser has already", async () => {
    const { client, reads, received } = watchClient();
    client.watch();
    const read = client.read();
    reads[0].resolve(5);
    assertEquals(await read, 0);
    assertEquals(received, [5]);
    assertEquals(reads.length, 1);
    assert(client.hasUnparsedBytes);
  });

  it("resolves to null when the client ends, now and afterwards", async () => {
    const { client, reads, heard } = watchClient();
    client.watch();
    const read = client.read();
    reads[0].resolve(null);
    assertEquals(await read, null);
    assertEquals(await client.read(), null);
    assertEquals([reads.length, heard], [1, ["ended"]]);
    assert(client.hasEnded);
  });

  it("rejects when the connection fails", async () => {
    const { client, reads, heard } = watchClient();
    client.watch();
    const read = client.read();
    reads[0].reject(new Deno.errors.ConnectionReset("reset"));
    await assertRejects(() => read, Deno.errors.ConnectionReset);
    assertEquals(heard, ["lost"]);
    assert(client.hasEnded);
  });

  it("resolves to null after a write has failed", async () => {
    const { client, reads } = watchClient();
    client.noteLost();
    assertEquals(await client.read(), null);
    assertEquals(reads, []);
  });
});

describe("ClientWatch.watch()", () => {
  it("reads once, however often it is called", () => {
    const { client, reads } = watchClient();
    client.watch();
    client.watch();
    assertEquals(reads.length, 1);
    assert(client.isWatching);
  });

  it("goes on after bytes while the observer needs that, and there is room", async () => {
    const { client, reads, received } = watchClient({ needsWatch: true });
    client.watch();
    for (const count of [3, 5]) {
      assert(client.isWatching);
      reads[reads.length - 1].resolve(count);
      await reads[reads.length - 1].promise;
      await undefined;
    }
    assertEquals([reads.length, received], [2, [3, 5]]);
    assert(!client.isWatching);
  });

  it("stops after bytes if the observer does not need it", async () => {
    const { client, reads } = watchClient();
    client.watch();
    reads[0].resolve(3);
    await client.settle();
    assertEquals(reads.length, 1);
    assert(!client.isWatching);
  });

  it("leaves no rejection unhandled if the loop does not read", async () => {
    const { client, reads, heard } = watchClient();
    client.watch();
    reads[0].reject(new Deno.errors.ConnectionReset("reset"));
    // The runtime reports a rejection that is not handled at the end of the turn, which fails the test.
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(heard, ["lost"]);
  });
});

describe("ClientWatch.settle()", () => {
  it("waits for the read of the watch", async () => {
    const { client, reads } = watchClient();
    client.watch();
    const order: string[] = [];
    const settled = client.settle()?.then(() => order.push("settled"));
    await undefined;
    order.push("read ends");
    reads[0].resolve(null);
    await settled;
    assertEquals(order, ["read ends", "settled"]);
  });

  it("returns undefined if there is none", () => {
    const { client } = watchClient();
    assertStrictEquals(client.settle(), undefined);
  });
});

describe("ClientWatch.readBody()", () => {
  it("reads straight into the memory of the reader", async () => {
    const { client, reads, received, direct } = watchClient();
    const read = client.readBody(new Uint8Array(100));
    reads[0].resolve(50);
    assertEquals(await read, 50);
    assertEquals([received, direct], [[], [50]]);
    assertFalse(client.hasUnparsedBytes);
  });

  it("reads for the parser where there is no such memory", async () => {
    const { client, reads, received } = watchClient();
    const read = client.readBody(undefined);
    reads[0].resolve(5);
    assertEquals(await read, 0);
    assertEquals(received, [5]);
  });

  it("waits for the read of the watch, whose bytes the parser has already", async () => {
    const { client, reads, received, direct } = watchClient();
    client.watch();
    const read = client.readBody(new Uint8Array(100));
    reads[0].resolve(5);
    assertEquals(await read, 0);
    assertEquals([received, direct, reads.length], [[5], [], 1]);
  });

  it("resolves to null at the end, and the observer hears of it", async () => {
    const { client, reads, heard } = watchClient();
    const read = client.readBody(new Uint8Array(100));
    reads[0].resolve(null);
    assertEquals(await read, null);
    assertEquals(await client.readBody(undefined), null);
    assertEquals(heard, ["ended"]);
  });

  it("rejects when the connection fails, and the observer hears of it", async () => {
    const { client, reads, heard } = watchClient();
    const read = client.readBody(new Uint8Array(100));
    reads[0].reject(new Error("failed"));
    await assertRejects(() => read, Error, "failed");
    assertEquals(heard, ["lost"]);
  });
});
