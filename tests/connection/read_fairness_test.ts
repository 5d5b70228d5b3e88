import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { TurnGate } from "../../src/connection/read_fairness.ts";
import { within } from "../support/deadline.ts";

const FULL_TURN = 100;

/** A gate with so many connections. */
function gateWith(connections: number): TurnGate {
  const gate = new TurnGate();
  for (let i = 0; i < connections; i++) gate.enter();
  return gate;
}

/** A turn of the event loop in which so many connections have read something. */
async function turn(gate: TurnGate, reads: number): Promise<void> {
  for (let i = 0; i < reads; i++) gate.noteRead();
  await undefined;
}

/** So many connections that want to read on: whether each has been let through, and all that they wait for. */
function pauses(gate: TurnGate, count: number) {
  const promises = Array.from({ length: count }, () => gate.pause());
  const waited = promises.filter((promise) => promise !== undefined);
  let isOver = false;
  const over = Promise.all(waited).then(() => isOver = true);
  return { waiting: waited.length, over, isOver: () => isOver };
}

describe("TurnGate", () => {
  it("TurnGate lets everybody through where one turn can serve all connections", async () => {
    const gate = gateWith(FULL_TURN);
    await turn(gate, FULL_TURN);
    assertEquals(pauses(gate, FULL_TURN).waiting, 0);
  });

  it("TurnGate lets everybody through after a turn that was not full", async () => {
    const gate = gateWith(1_000);
    await turn(gate, FULL_TURN - 1);
    assertEquals(pauses(gate, FULL_TURN - 1).waiting, 0);
  });

  it("TurnGate has those wait who were served in a full turn, until a turn is not full", async () => {
    const gate = gateWith(1_000);
    await turn(gate, FULL_TURN);
    const first = pauses(gate, FULL_TURN);
    assertEquals(first.waiting, FULL_TURN);
    await turn(gate, FULL_TURN);
    const second = pauses(gate, FULL_TURN);
    assertEquals(second.waiting, FULL_TURN);
    assertFalse(first.isOver());
    await turn(gate, 1);
    await within(Promise.all([first.over, second.over]), "the end of the round");
    assertEquals(pauses(gate, 1).waiting, 0);
  });

  it("TurnGate ends the round when all connections wait", async () => {
    const gate = gateWith(2 * FULL_TURN);
    await turn(gate, FULL_TURN);
    const first = pauses(gate, FULL_TURN);
    await turn(gate, FULL_TURN);
    const second = pauses(gate, FULL_TURN);
    // The last one has nobody to wait for.
    assertEquals([first.waiting, second.waiting], [FULL_TURN, FULL_TURN - 1]);
    await first.over;
    await second.over;
  });

  it("TurnGate counts the connections that are open", async () => {
    const gate = gateWith(FULL_TURN + 1);
    gate.leave();
    await turn(gate, FULL_TURN);
    assertEquals(pauses(gate, 1).waiting, 0);
    gate.enter();
    await turn(gate, FULL_TURN);
    assertEquals(pauses(gate, 1).waiting, 1);
  });

  it("TurnGate ends the round when nothing more comes", async () => {
    const gate = gateWith(1_000);
    await turn(gate, FULL_TURN);
    const waiting = pauses(gate, FULL_TURN);
    assertFalse(waiting.isOver());
    await within(waiting.over, "the end of the round");
    assertEquals(pauses(gate, 1).waiting, 0);
  });

  it("TurnGate ends every round, whoever comes and goes", async () => {
    const gate = gateWith(300);
    for (let round = 0; round < 20; round++) {
      await turn(gate, FULL_TURN + round);
      const waiting = pauses(gate, FULL_TURN + round);
      assert(waiting.waiting > 0);
      gate.leave();
      if (round % 3 === 0) await turn(gate, round % 2);
      await within(waiting.over, `the end of round ${round}`);
    }
  });
});
