// Who is in a roster, whoever comes and goes.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Roster, type RosterMember } from "../../src/connection/connection_list.ts";

class Named implements RosterMember {
  rosterPlace = 0;

  constructor(readonly name: number) {}
}

describe("Roster", () => {
  it("has the members that have come and not gone, the oldest first", () => {
    // Each number is somebody who comes, or the how-manieth of those who are there, who goes.
    const step = fc.oneof(
      { arbitrary: fc.constant("comes" as const), weight: 5 },
      { arbitrary: fc.nat(), weight: 4 },
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const roster = new Roster<Named>();
      const expected: Named[] = [];
      steps.forEach((step, name) => {
        if (step === "comes") {
          const member = new Named(name);
          roster.add(member);
          expected.push(member);
        } else if (expected.length > 0) {
          const [member] = expected.splice(step % expected.length, 1);
          roster.delete(member);
        }
      });
      assertEquals(roster.members().map(({ name }) => name), expected.map(({ name }) => name));
      assertEquals(roster.size, expected.length);
    }));
  });

  it("bears that members come and go while somebody goes through them", () => {
    const roster = new Roster<Named>();
    for (let name = 0; name < 100; name++) roster.add(new Named(name));
    for (const member of roster.members()) {
      roster.delete(member);
      if (member.name % 2 === 0) roster.add(new Named(member.name + 1_000));
    }
    assertEquals(roster.members().map(({ name }) => name), evenNumbers(1_000, 1_100));
  });
});

function evenNumbers(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 2 }, (_, index) => from + 2 * index);
}
