// A reload on its own: tables of the states of workers, and the worker that is replaced next.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WorkerState } from "../../src/supervisor/fleet_protocol.ts";
import { RollingReload } from "../../src/supervisor/rolling_reload.ts";

const STATES = {
  starting: { kind: "starting", hasLoaded: true, isStandby: false },
  accepting: { kind: "accepting", since: 0, lastHeartbeat: 0 },
  retiring: { kind: "retiring", since: 0, lastHeartbeat: 0, cause: "reload" },
  draining: { kind: "draining", cause: "reload", deadline: 9, hasStoppedAccepting: false },
  stopped: { kind: "draining", cause: "reload", deadline: 9, hasStoppedAccepting: true },
} satisfies Record<string, WorkerState>;

type Fleet = Readonly<Record<number, keyof typeof STATES>>;

function statesOf(fleet: Fleet): Map<number, WorkerState> {
  return new Map(Object.entries(fleet).map(([worker, state]) => [Number(worker), STATES[state]]));
}

/** What the fleet is like, and what the reload does then: "retire 1", "wait", "done". */
type Step = readonly [fleet: Fleet, does: string];

const cases: readonly { what: string; begin: Fleet; steps: readonly Step[] }[] = [
  {
    what: "replaces one worker at a time, and is done when the last one accepts no more",
    begin: { 1: "accepting", 2: "accepting" },
    steps: [
      [{ 1: "accepting", 2: "accepting" }, "retire 1"],
      [{ 1: "retiring", 2: "accepting", 3: "starting" }, "wait"],
      [{ 1: "draining", 2: "accepting", 3: "accepting" }, "retire 2"],
      [{ 1: "stopped", 2: "retiring", 3: "accepting", 4: "starting" }, "wait"],
      [{ 1: "stopped", 2: "draining", 3: "accepting", 4: "accepting" }, "wait"],
      [{ 2: "stopped", 3: "accepting", 4: "accepting" }, "done"],
    ],
  },
  {
    what: "replaces a worker that was starting, as soon as it accepts",
    begin: { 1: "starting" },
    steps: [
      [{ 1: "starting" }, "wait"],
      [{ 1: "accepting" }, "retire 1"],
    ],
  },
  {
    what: "leaves out workers that were on their way out, or have ended since",
    begin: { 1: "retiring", 2: "draining", 3: "accepting", 4: "accepting" },
    steps: [
      [{ 2: "stopped", 4: "accepting", 5: "accepting" }, "retire 4"],
      [{ 4: "stopped", 5: "accepting", 6: "accepting" }, "done"],
    ],
  },
  {
    what: "is done at once where no worker exists",
    begin: {},
    steps: [[{}, "done"]],
  },
];

describe("RollingReload", () => {
  for (const { what, begin, steps } of cases) {
    it(what, () => {
      const reload = new RollingReload(statesOf(begin));
      for (const [fleet, does] of steps) {
        const step = reload.next(statesOf(fleet));
        assertEquals(step.kind === "retire" ? `retire ${step.worker}` : step.kind, does);
      }
    });
  }
});
