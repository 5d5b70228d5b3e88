// The times and the reason that a worker gets when it has to drain.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_OVERTIME_MS } from "../../src/ipc/drain_order.ts";
import { planDrain } from "../../src/supervisor/drain_plan.ts";

describe("planDrain()", () => {
  for (const [drainTimeoutMs, connectionsMs] of [[30_000, 29_000], [5_000, 4_500], [0, 0]]) {
    it(`gives connections ${connectionsMs} of ${drainTimeoutMs} ms, and all work that time`, () => {
      assertEquals(planDrain("reload", drainTimeoutMs, 100), {
        order: { reason: "reload", connectionsMs, workMs: drainTimeoutMs },
        deadline: 100 + drainTimeoutMs + MAX_OVERTIME_MS,
      });
    });
  }

  const reasons = [
    ["shutdown", "shutdown"],
    ["reload", "reload"],
    ["max_requests", "recycling"],
    ["max_age", "recycling"],
    ["max_heap", "recycling"],
    ["resize", "recycling"],
    ["panic", "panic"],
    ["hang", "panic"],
  ] as const;
  for (const [cause, reason] of reasons) {
    it(`gives the reason ${reason} to a worker that ends because of ${cause}`, () => {
      assertEquals(planDrain(cause, 0, 0).order.reason, reason);
    });
  }
});
