import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BufferTurns } from "../../src/http1/buffer_turns.ts";

describe("BufferTurns", () => {
  it("begin one after another, in the order in which they were queued for", async () => {
    const turns = new BufferTurns();
    const order: string[] = [];
    const take = async (name: string) => {
      const turn = turns.queue();
      await turn.before;
      order.push(`${name} begins`);
      await undefined;
      order.push(`${name} ends`);
      turns.end(turn);
    };
    await Promise.all(["a", "b", "c"].map(take));
    assertEquals(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("begin at once when no turn is under way", () => {
    const turns = new BufferTurns();
    for (let round = 0; round < 2; round++) {
      const turn = turns.queue();
      assertEquals(turn.before, undefined);
      turns.end(turn);
    }
  });
});
