// How many connections the workers may have, before and after a shortage of descriptors.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DescriptorBudget } from "../../src/supervisor/descriptor_budget.ts";

describe("DescriptorBudget", () => {
  it("has no room for another worker while more connections are open than fit", () => {
    const budget = new DescriptorBudget(1, 2);
    for (let i = 0; i < 3; i++) budget.connections.enter();
    assertEquals(budget.hasRoom, true, "each worker may pass the limit by one connection");
    budget.connections.enter();
    assertEquals(budget.hasRoom, false);
    budget.connections.leave();
    assertEquals(budget.hasRoom, true);
  });

  it("restores the number of connections a minute after the last shortage", () => {
    const budget = new DescriptorBudget(1, 1_000);
    const { connections } = budget;
    connections.noteShortage();
    assertEquals(connections.limit, 1);
    budget.renew(1_000);
    budget.renew(60_000);
    connections.noteShortage();
    budget.renew(61_000);
    budget.renew(121_000);
    assertEquals(connections.limit, 1);
    budget.renew(121_001);
    assertEquals(connections.limit, 1_000);
  });
});
