import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SocketPanicLimit } from "../../src/supervisor/socket_panics.ts";

describe("SocketPanicLimit", () => {
  it("SocketPanicLimit delays nothing before the first replacement", () => {
    assertEquals(new SocketPanicLimit(60_000).delayMs(0), 0);
  });

  it("SocketPanicLimit delays each replacement until the interval after the last one is over", () => {
    const limit = new SocketPanicLimit(60_000);
    limit.noteReplacement(1_000);
    assertEquals([1_000, 31_000, 61_000, 90_000].map((now) => limit.delayMs(now)), [
      60_000,
      30_000,
      0,
      0,
    ]);
  });

  it("SocketPanicLimit delays nothing with an interval of 0", () => {
    const limit = new SocketPanicLimit(0);
    limit.noteReplacement(1_000);
    assertEquals(limit.delayMs(1_000), 0);
  });
});
