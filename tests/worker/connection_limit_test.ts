// The limits on a worker's connections, and the wait for room.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { ConnectionLimit } from "../../src/worker/connection_limit.ts";
import { within } from "../support/deadline.ts";

function enterTimes(limit: ConnectionLimit, count: number): void {
  for (let i = 0; i < count; i++) limit.enter();
}

describe("ConnectionLimit", () => {
  it("has room up to its maximum, and again when a connection ends", () => {
    const limit = new ConnectionLimit(2, ConnectionBudget.of(undefined, 1));
    const rooms = [limit.hasRoom];
    for (let i = 0; i < 2; i++) {
      limit.enter();
      rooms.push(limit.hasRoom);
    }
    limit.leave();
    rooms.push(limit.hasRoom);
    assertEquals(rooms, [true, true, false, true]);
  });

  it("has no room and no descriptors while all workers together use up the budget", () => {
    const budget = ConnectionBudget.of(3, 2);
    const [first, second] = [new ConnectionLimit(10, budget), new ConnectionLimit(10, budget)];
    enterTimes(first, 2);
    enterTimes(second, 1);
    assertEquals([first.hasRoom, first.hasDescriptors], [false, false]);
    second.leave();
    assertEquals([first.hasRoom, first.hasDescriptors], [true, true]);
  });

  it("has descriptors at its own maximum", () => {
    const limit = new ConnectionLimit(1, ConnectionBudget.of(3, 1));
    limit.enter();
    assertEquals([limit.hasRoom, limit.hasDescriptors], [false, true]);
  });

  it("has more than its share from a quarter and four connections above it", () => {
    const budget = ConnectionBudget.of(undefined, 2);
    const [first, second] = [new ConnectionLimit(99, budget), new ConnectionLimit(99, budget)];
    enterTimes(first, 14);
    enterTimes(second, 2);
    // The share of 16 connections on two workers is 8: the limit is 8 * 1.25 + 4.
    assertEquals(first.hasMoreThanItsShare, false);
    first.enter();
    second.leave();
    assertEquals(first.hasMoreThanItsShare, true);
    assertEquals(second.hasMoreThanItsShare, false);
  });

  it("ends the wait for room when a connection ends", async () => {
    const limit = new ConnectionLimit(1, ConnectionBudget.of(undefined, 1));
    limit.enter();
    const room = limit.room();
    limit.leave();
    await within(room, "room");
  });

  it("ends the wait for room at wake(), though there is none", async () => {
    const limit = new ConnectionLimit(1, ConnectionBudget.of(undefined, 1));
    limit.enter();
    const room = limit.room();
    limit.wake();
    await within(room, "the end of the wait");
    assertEquals(limit.hasRoom, false);
  });

  it("ends the wait for room in the budget by itself: other workers send no message", async () => {
    const budget = ConnectionBudget.of(1, 2);
    new ConnectionLimit(10, budget).enter();
    await within(new ConnectionLimit(10, budget).room(), "the end of the wait");
  });
});
