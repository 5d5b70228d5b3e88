// How the server ends a connection whose client may still send. tests/slow/lingering_close_test.ts does so with real sockets.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { lingerBeforeClose } from "../../src/connection/lingering_close.ts";
import { ReadFairness } from "../../src/connection/read_fairness.ts";

/** A connection that notes what is called, and whose reads come to these ends. */
function fakeConnection(reads: (number | null | Error)[]) {
  const calls: string[] = [];
  return {
    calls,
    closeWrite(): Promise<void> {
      calls.push("closeWrite");
      return Promise.resolve();
    },
    read(space: Uint8Array): Promise<number | null> {
      const end = reads.shift() ?? null;
      calls.push(`read ${end instanceof Error ? end.message : end}`);
      assertEquals(space.length > 0, true);
      return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
    },
  };
}

describe("lingerBeforeClose()", () => {
  it("ends its own side first, and then reads until the client ends its side", async () => {
    const connection = fakeConnection([100, 65_536, 1, null, 5]);
    let reads = 0;
    await lingerBeforeClose(connection, new ReadFairness(), () => reads++);
    assertEquals(connection.calls, ["closeWrite", "read 100", "read 65536", "read 1", "read null"]);
    assertEquals(reads, 3);
  });

  it("rejects when the connection fails, without a further read", async () => {
    const connection = fakeConnection([1, new Deno.errors.ConnectionReset("reset"), 5]);
    await assertRejects(
      () => lingerBeforeClose(connection, new ReadFairness(), () => {}),
      Deno.errors.ConnectionReset,
    );
    assertEquals(connection.calls, ["closeWrite", "read 1", "read reset"]);
  });

  it("waits with each read for its turn, and counts it", async () => {
    const connection = fakeConnection([1, null]);
    const turns = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isBegun = 0;
    let noted = 0;
    class Fairness extends ReadFairness {
      override pause(): Promise<void> {
        return turns[isBegun++].promise;
      }
      override noteRead(): void {
        noted++;
      }
    }
    const lingering = lingerBeforeClose(connection, new Fairness(), () => turns[1].resolve());
    await Promise.resolve();
    await Promise.resolve();
    assertEquals([isBegun, connection.calls], [1, ["closeWrite"]]);
    turns[0].resolve();
    await lingering;
    assertEquals([isBegun, noted], [2, 2]);
  });
});
