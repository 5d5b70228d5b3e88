import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readinessOf } from "../../src/admin/readiness.ts";
import type { FleetPhase } from "../../src/telemetry/fleet_log.ts";
import type { WorkerStats } from "../../src/supervisor/running_server.ts";
import { worker } from "./fleet.ts";

const HANG_MS = 30_000;

describe("readinessOf()", () => {
  const cases: {
    what: string;
    phase?: FleetPhase;
    ready?: boolean;
    workers: WorkerStats[];
    hangTimeoutMs?: number;
    reason: string;
  }[] = [
    { what: "a fleet that serves", workers: [worker(1), worker(2)], reason: "" },
    {
      what: "a fleet of which one worker is to be replaced, and serves meanwhile",
      workers: [worker(1, { status: "retiring" })],
      reason: "",
    },
    {
      what: "a fleet of which one worker lives",
      workers: [worker(1, { heartbeatAgeMs: 20_000 }), worker(2)],
      reason: "",
    },
    {
      what: "a fleet that is not complete yet",
      phase: "starting",
      ready: false,
      workers: [worker(1), worker(2, { status: "starting" })],
      reason: "the workers are starting",
    },
    {
      what: "a fleet that is stopping, even while it serves",
      phase: "stopping",
      ready: false,
      workers: [worker(1)],
      reason: "the server is stopping",
    },
    { what: "a fleet whose workers are all gone", workers: [], reason: "no worker accepts" },
    {
      what: "a fleet that only has workers which start or drain",
      workers: [worker(1, { status: "starting" }), worker(2, { status: "draining" })],
      reason: "no worker accepts",
    },
    {
      what: "a fleet in which every worker is stuck",
      workers: [worker(1, { heartbeatAgeMs: 5_001 }), worker(2, { heartbeatAgeMs: 9_000 })],
      reason: "no worker shows a sign of life",
    },
    {
      what: "a fleet that is stuck, where hanging is tolerated for ever",
      workers: [worker(1, { heartbeatAgeMs: 5_001 })],
      hangTimeoutMs: 0,
      reason: "no worker shows a sign of life",
    },
    {
      what: "a fleet that is stuck for as long as is taken for hanging",
      workers: [worker(1, { heartbeatAgeMs: 1_001 })],
      hangTimeoutMs: 1_000,
      reason: "no worker shows a sign of life",
    },
    {
      what: "a fleet whose one lively worker drains",
      workers: [worker(1, { heartbeatAgeMs: 9_000 }), worker(2, { status: "draining" })],
      reason: "no worker shows a sign of life",
    },
  ];
  for (
    const { what, phase = "serving", ready = true, workers, hangTimeoutMs = HANG_MS, reason }
      of cases
  ) {
    it(`says of ${what} ${reason === "" ? "that it is ready" : JSON.stringify(reason)}`, () => {
      assertEquals(readinessOf(phase, ready, workers, hangTimeoutMs), {
        isReady: reason === "",
        reason,
      });
    });
  }
});
