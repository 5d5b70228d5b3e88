// The one timer of a worker.

import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Deadlines } from "../../src/connection/deadlines.ts";
import { ResponseEncoder } from "../../src/http1/response_encoder.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import { ReasonLog } from "../../src/telemetry/reason_log.ts";
import { tickMsFor, WorkerClock } from "../../src/worker/worker_clock.ts";
import { eventually } from "../support/deadline.ts";

/** Makes a clock that notes what it drives. One member's deadline has passed, the other's has not. */
function makeClock(beforeTick = () => {}) {
  const steps: string[] = [];
  const scoreboard = new Scoreboard();
  const inFlightRequests = new InFlightRequests();
  const clock = new WorkerClock({
    tickMs: 5,
    heartbeatMs: 1_000_000,
    context: {
      deadlines: new Deadlines(5, performance.now()),
      encoder: new ResponseEncoder("", 0),
      inFlightRequests,
      accessLog: undefined,
      reasonLog: new ReasonLog("worker 1", () => {}),
      scoreboard,
    },
    members: () => [
      { deadline: -1, onDeadline: () => steps.push("late member") },
      { deadline: Infinity, onDeadline: () => steps.push("other member") },
    ],
    beforeTick: () => {
      steps.push("before");
      beforeTick();
    },
    afterTick: () => steps.push("after"),
  });
  return { clock, steps, scoreboard, inFlightRequests };
}

describe("WorkerClock", () => {
  it("ticks at its start: beats, and calls what has to be called, in order", () => {
    const { clock, steps, scoreboard, inFlightRequests } = makeClock();
    const startedAt = Date.now();
    clock.start();
    clock.stop();
    assertEquals(steps, ["before", "late member", "after"]);
    assertEquals(scoreboard.read().heartbeats, 1);
    assertGreater(inFlightRequests.now, startedAt - 1);
  });

  it("ticks again and again until it stops", async () => {
    const { clock, steps } = makeClock();
    clock.start();
    await eventually(() => steps.filter((step) => step === "after").length > 3, "ticks");
    clock.stop();
    const { length } = steps;
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(steps.length, length);
  });

  it("does nothing more in a tick that beforeTick ends by an error", () => {
    const { clock, steps, scoreboard } = makeClock(() => {
      throw new Error("out of memory");
    });
    assertThrows(() => clock.start(), Error, "out of memory");
    clock.stop();
    assertEquals([steps, scoreboard.read().heartbeats], [["before"], 0]);
  });
});

describe("tickMsFor()", () => {
  const cases: [what: string, limits: Record<string, number>, heartbeatMs: number, is: number][] = [
    ["an eighth of the shortest limit", { handlerTimeout: 400 }, 1_000, 50],
    ["the heartbeat's interval if that is shorter", { handlerTimeout: 400 }, 20, 20],
    ["a second at most", {}, 60_000, 625],
  ];
  for (const [what, limits, heartbeatMs, expected] of cases) {
    it(`is ${what}`, () => {
      assertEquals(tickMsFor(resolveServerOptions(limits), heartbeatMs), expected);
    });
  }
});
