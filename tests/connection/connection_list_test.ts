// Which members are in a connection list while members are added and deleted.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { ConnectionList, type ListedConnection } from "../../src/connection/connection_list.ts";

class Named implements ListedConnection {
  listIndex = 0;

  constructor(readonly name: number) {}
}

describe("ConnectionList", () => {
  it("members() returns the members that were added and not deleted, the oldest first", () => {
    // Each number is somebody who comes, or the how-manieth of those who are there, who goes.
    const step = fc.oneof(
      { arbitrary: fc.constant("comes" as const), weight: 5 },
      { arbitrary: fc.nat(), weight: 4 },
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const list = new ConnectionList<Named>();
      const expected: Named[] = [];
      steps.forEach((step, name) => {
        if (step === "comes") {
          const member = new Named(name);
          list.add(member);
          expected.push(member);
        } else if (expected.length > 0) {
          const [member] = expected.splice(step % expected.length, 1);
          list.delete(member);
        }
      });
      assertEquals(list.members().map(({ name }) => name), expected.map(({ name }) => name));
      assertEquals(list.size, expected.length);
    }));
  });

  it("members() may be iterated over while the list changes", () => {
    const list = new ConnectionList<Named>();
    for (let name = 0; name < 100; name++) list.add(new Named(name));
    for (const member of list.members()) {
      list.delete(member);
      if (member.name % 2 === 0) list.add(new Named(member.name + 1_000));
    }
    assertEquals(list.members().map(({ name }) => name), evenNumbers(1_000, 1_100));
  });
});

function evenNumbers(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 2 }, (_, index) => from + 2 * index);
}
