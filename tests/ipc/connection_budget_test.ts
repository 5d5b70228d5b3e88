// The connections that all workers may have together, and what a shortage of descriptors makes of them.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ConnectionBudget, RESERVED_DESCRIPTORS } from "../../src/ipc/connection_budget.ts";

function enter(budget: ConnectionBudget, count: number): void {
  for (let i = 0; i < count; i++) budget.enter();
}

describe("ConnectionBudget", () => {
  it("has room until as many are open as it allows", () => {
    const budget = ConnectionBudget.of(2, 1);
    enter(budget, 1);
    assert(budget.hasRoom);
    enter(budget, 1);
    assertFalse(budget.hasRoom);
    budget.leave();
    assert(budget.hasRoom);
    assertEquals(budget.open, 1);
  });

  it("has room without end where no limit is known", () => {
    const budget = ConnectionBudget.of(undefined, 2);
    enter(budget, 100_000);
    assert(budget.hasRoom);
    assertEquals(budget.excess, 0);
  });

  it("is one for all who look at its memory", () => {
    const budget = ConnectionBudget.of(3, 2);
    const workers = ConnectionBudget.in(budget.memory);
    enter(budget, 1);
    enter(workers, 2);
    assertEquals([budget.open, workers.open, workers.limit], [3, 3, 3]);
    assertFalse(budget.hasRoom);
    budget.leave(2);
    assert(workers.hasRoom);
  });

  it("has no excess in the one connection for which each worker waits already", () => {
    const budget = ConnectionBudget.of(10, 2);
    enter(budget, 12);
    assertEquals(budget.excess, 0);
    enter(budget, 1);
    assertEquals(budget.excess, 1);
  });

  it("keeps descriptors free for a worker from a shortage on", () => {
    const budget = ConnectionBudget.of(undefined, 2);
    enter(budget, 200);
    budget.noteShortage();
    assertFalse(budget.hasRoom);
    assertEquals(budget.excess, RESERVED_DESCRIPTORS);
    budget.leave(RESERVED_DESCRIPTORS);
    assertEquals(budget.excess, 0);
    assertFalse(budget.hasRoom);
    assertEquals(budget.shortages, 1);
  });

  it("never allows more because of a shortage, and always one", () => {
    const budget = ConnectionBudget.of(50, 1);
    enter(budget, 500);
    budget.noteShortage();
    assertEquals(budget.limit, 50);
    budget.leave(499);
    budget.noteShortage();
    assertEquals(budget.limit, 1);
  });

  it("allows what it is told to from then on", () => {
    const budget = ConnectionBudget.of(50, 1);
    enter(budget, 50);
    budget.noteShortage();
    budget.setLimit(60);
    assert(budget.hasRoom);
    budget.setLimit();
    enter(budget, 1_000);
    assert(budget.hasRoom);
  });
});
