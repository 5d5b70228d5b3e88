import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NOTHING_SHED, sumShed } from "../../src/ipc/shed_reason.ts";

describe("sumShed()", () => {
  it("adds up the counts of each reason", () => {
    const one = { max_requests_in_flight: 1, max_event_loop_lag: 2 };
    const two = { max_requests_in_flight: 10, max_event_loop_lag: 20 };
    assertEquals(sumShed([one, two]), { max_requests_in_flight: 11, max_event_loop_lag: 22 });
    assertEquals(sumShed([]), NOTHING_SHED);
  });
});
