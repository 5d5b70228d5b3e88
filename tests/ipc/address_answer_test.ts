// The answer for which a worker blocks, in one thread: it is settled before the wait.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AddressAnswer, type AddressResult } from "../../src/ipc/address_answer.ts";

describe("AddressAnswer", () => {
  const address = { transport: "tcp", hostname: "::1", port: 8_000 } as const;
  const results: readonly AddressResult[] = [
    { kind: "reserved", address },
    { kind: "reserved", address: { transport: "unix", path: "/run/ü.sock" } },
    { kind: "pretended", address },
    { kind: "failed", name: "AddrInUse", message: "the address is in use" },
  ];
  for (const result of results) {
    it(`wait() returns what settle() was called with: ${JSON.stringify(result)}`, () => {
      const answer = new AddressAnswer();
      new AddressAnswer(answer.memory).settle(result);
      assertEquals(answer.wait(), result);
    });
  }

  it("settle() keeps the first result", () => {
    const answer = new AddressAnswer();
    answer.settle({ kind: "reserved", address });
    answer.settle({ kind: "failed", name: "Error", message: "too late" });
    assertEquals(answer.wait(), { kind: "reserved", address });
  });

  it("settle() shortens a message that does not fit", () => {
    const answer = new AddressAnswer();
    answer.settle({ kind: "failed", name: "Error", message: "\u0001".repeat(100_000) });
    const result = answer.wait();
    assertEquals(result.kind === "failed" && result.message.length, 2_000);
  });
});
