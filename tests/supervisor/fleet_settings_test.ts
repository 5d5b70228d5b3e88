import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { resolveRunOptions, type RunOptions } from "../../src/options/run_options.ts";
import {
  type FleetConditions,
  fleetSettings,
  loadTimeoutInProgram,
} from "../../src/supervisor/fleet_settings.ts";

function settingsOf(options: RunOptions, conditions: Partial<FleetConditions> = {}) {
  return fleetSettings({
    settings: resolveRunOptions({ workers: 1, ...options }),
    workerCount: { workers: 3, source: "as the test says" },
    listenMode: "reuseport",
    isEntryKnown: true,
    isStartTimeoutGiven: false,
    startedBy: "run",
    mainStartupMs: 100,
    ...conditions,
  });
}

describe("fleetSettings()", () => {
  it("has the limits of the options, and the number of workers that was worked out", () => {
    const settings = settingsOf({
      isolation: "thread",
      standby: 2,
      startTimeout: 1,
      drainTimeout: 2,
      hangTimeout: 3,
      shutdownDelay: 4,
      maxRequestsPerWorker: 5,
      maxAgePerWorker: 6,
      maxHeapBytesPerWorker: 7,
      socketPanicInterval: 8,
    });
    assertEquals(settings, {
      workers: 3,
      standby: 2,
      startTimeoutMs: 1,
      loadTimeoutMs: Infinity,
      firstAloneMs: 150,
      drainTimeoutMs: 2,
      hangTimeoutMs: 3,
      hangOutcome: "stopped",
      shutdownDelayMs: 4,
      maxRequests: 5,
      maxAgeMs: 6,
      maxHeapBytes: 7,
      socketPanicIntervalMs: 8,
    });
  });

  const loadTimeouts: { what: string; conditions: Partial<FleetConditions>; ms: number }[] = [
    { what: "a module that is known to load this library", conditions: {}, ms: Infinity },
    { what: "another module, of run()", conditions: { isEntryKnown: false }, ms: 2_500 },
    {
      what: "another module, of start()",
      conditions: { isEntryKnown: false, startedBy: "start" },
      ms: 15_000,
    },
    {
      what: "another module where startTimeout is given",
      conditions: { isEntryKnown: false, isStartTimeoutGiven: true },
      ms: Infinity,
    },
  ];
  for (const { what, conditions, ms } of loadTimeouts) {
    it(`gives ${what} ${ms} ms to load`, () => {
      assertEquals(settingsOf({}, conditions).loadTimeoutMs, ms);
    });
  }

  const outcomes = [
    { isolation: "thread", listenMode: "reuseport", onHang: undefined, outcome: "stopped" },
    { isolation: "web", listenMode: "reuseport", onHang: undefined, outcome: "exit" },
    { isolation: "web", listenMode: "shared", onHang: undefined, outcome: "spins_on" },
    { isolation: "web", listenMode: "reuseport", onHang: "continue", outcome: "spins_on" },
    { isolation: "web", listenMode: "shared", onHang: "exit", outcome: "exit" },
  ] as const;
  for (const { isolation, listenMode, onHang, outcome } of outcomes) {
    it(`has ${outcome} for a ${isolation} worker that hangs at ${listenMode}, onHang ${onHang}`, () => {
      const options = onHang === undefined ? { isolation } : { isolation, onHang };
      assertEquals(settingsOf(options, { listenMode }).hangOutcome, outcome);
    });
  }
});

describe("loadTimeoutInProgram()", () => {
  it("is two seconds and five times what the program took itself", () => {
    assertEquals([0, 1_000].map(loadTimeoutInProgram), [2_000, 7_000]);
  });
});
