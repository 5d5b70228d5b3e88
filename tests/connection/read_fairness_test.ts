import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ReadFairness } from "../../src/connection/read_fairness.ts";
import { within } from "../support/deadline.ts";

const FULL_TURN = 100;

/** Read fairness for so many connections. */
function fairnessFor(connections: number): ReadFairness {
  const fairness = new ReadFairness();
  for (let i = 0; i < connections; i++) fairness.enter();
  return fairness;
}

/** A turn of the event loop in which so many connections have read something. */
async function turn(fairness: ReadFairness, reads: number): Promise<void> {
  for (let i = 0; i < reads; i++) fairness.noteRead();
  await undefined;
}

/** So many connections that want to read on: whether each has been let through, and all that they wait for. */
function pauses(fairness: ReadFairness, count: number) {
  const promises = Array.from({ length: count }, () => fairness.pause());
  const waited = promises.filter((promise) => promise !== undefined);
  let isOver = false;
  const over = Promise.all(waited).then(() => isOver = true);
  return { waiting: waited.length, over, isOver: () => isOver };
}

describe("ReadFairness", () => {
  it("lets every connection read if one turn can serve all connections", async () => {
    const fairness = fairnessFor(FULL_TURN);
    await turn(fairness, FULL_TURN);
    assertEquals(pauses(fairness, FULL_TURN).waiting, 0);
  });

  it("lets every connection read after a turn that was not full", async () => {
    const fairness = fairnessFor(1_000);
    await turn(fairness, FULL_TURN - 1);
    assertEquals(pauses(fairness, FULL_TURN - 1).waiting, 0);
  });

  it("holds back the connections that were served in a full turn, until a turn is not full", async () => {
    const fairness = fairnessFor(1_000);
    await turn(fairness, FULL_TURN);
    const first = pauses(fairness, FULL_TURN);
    assertEquals(first.waiting, FULL_TURN);
    await turn(fairness, FULL_TURN);
    const second = pauses(fairness, FULL_TURN);
    assertEquals(second.waiting, FULL_TURN);
    assertFalse(first.isOver());
    await turn(fairness, 1);
    await within(Promise.all([first.over, second.over]), "the end of the round");
    assertEquals(pauses(fairness, 1).waiting, 0);
  });

  it("ends the round when all connections wait", async () => {
    const fairness = fairnessFor(2 * FULL_TURN);
    await turn(fairness, FULL_TURN);
    const first = pauses(fairness, FULL_TURN);
    await turn(fairness, FULL_TURN);
    const second = pauses(fairness, FULL_TURN);
    // The last one has nobody to wait for.
    assertEquals([first.waiting, second.waiting], [FULL_TURN, FULL_TURN - 1]);
    await first.over;
    await second.over;
  });

  it("counts the connections that are open", async () => {
    const fairness = fairnessFor(FULL_TURN + 1);
    fairness.leave();
    await turn(fairness, FULL_TURN);
    assertEquals(pauses(fairness, 1).waiting, 0);
    fairness.enter();
    await turn(fairness, FULL_TURN);
    assertEquals(pauses(fairness, 1).waiting, 1);
  });

  it("ends the round when nothing more comes", async () => {
    const fairness = fairnessFor(1_000);
    await turn(fairness, FULL_TURN);
    const waiting = pauses(fairness, FULL_TURN);
    assertFalse(waiting.isOver());
    await within(waiting.over, "the end of the round");
    assertEquals(pauses(fairness, 1).waiting, 0);
  });

  it("ends every round, while connections come and leave", async () => {
    const fairness = fairnessFor(300);
    for (let round = 0; round < 20; round++) {
      await turn(fairness, FULL_TURN + round);
      const waiting = pauses(fairness, FULL_TURN + round);
      assert(waiting.waiting > 0);
      fairness.leave();
      if (round % 3 === 0) await turn(fairness, round % 2);
      await within(waiting.over, `the end of round ${round}`);
    }
  });
});
