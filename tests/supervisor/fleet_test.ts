// The fleet: tables of what happens and when, with a number for a clock, and what is to be done; and a model test, which
// lets anything happen in any order.

import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { ShutdownReason } from "../../src/ipc/drain_order.ts";
import { Fleet } from "../../src/supervisor/fleet.ts";
import type {
  FleetAction,
  FleetInput,
  FleetSettings,
} from "../../src/supervisor/fleet_protocol.ts";
import { runs } from "../support/runs.ts";

const SETTINGS: FleetSettings = {
  workers: 2,
  standby: 0,
  startTimeoutMs: 1_000,
  loadTimeoutMs: 500,
  firstAloneMs: 0,
  drainTimeoutMs: 5_000,
  hangTimeoutMs: 2_000,
  hangOutcome: "stopped",
  shutdownDelayMs: 0,
  maxRequests: 0,
  maxAgeMs: 0,
  maxHeapBytes: 0,
  socketPanicIntervalMs: 60_000,
};

/** No chance: limits and delays are what they say. */
const NO_JITTER = () => 0;

/** Makes a fleet whose workers are counted after `lastWorker`. */
function makeFleet(settings: FleetSettings, lastWorker = 0, random = NO_JITTER): Fleet {
  let last = lastWorker;
  return new Fleet(settings, { nextWorker: () => ++last, random });
}

/** A message that is told elsewhere (bad_input_test.ts). */
const NOT_LOADED = /^the workers' module does not load @mudpie\/server: .*/;

/** An action in a few words, without what is told. */
function briefly(action: FleetAction): string[] {
  switch (action.kind) {
    case "spawn":
      return [`spawn ${action.isStandby ? "standby " : ""}${action.worker}`];
    case "promote":
    case "terminate":
      return [`${action.kind} ${action.worker}`];
    case "drain":
      return [`drain ${action.worker}`];
    case "report":
      return [];
    case "reload_failed":
    case "give_up":
      return [`${action.kind}: ${action.reason.replace(NOT_LOADED, "not loaded")}`];
    case "finished":
      return [action.kind + (action.failure === undefined ? "" : `: ${action.failure}`)];
    case "ready":
    case "stop":
    case "reloaded":
      return [action.kind];
    default:
      return [(action as { kind: string }).kind];
  }
}

/** What has happened, in a few words: "accepting 3", "tick". */
function inputOf(text: string): FleetInput {
  const [, name, number, rest] = /^([a-z_ ]+?)(?: (\d+))?(?:: (.*))?$/.exec(text) ?? [];
  const worker = Number(number);
  switch (name) {
    case "start":
    case "inspected":
    case "reload":
    case "cut_short":
    case "tick":
      return { kind: name };
    case "loaded":
      return { kind: name, worker, slot: rest === undefined ? undefined : Number(rest) };
    case "placed":
      return { kind: name, worker, slot: Number(rest) };
    case "standby":
    case "accepting":
    case "draining":
    case "ended":
      return { kind: name, worker };
    case "shutdown":
      return { kind: name, reason: "a test" };
    case "stop_signal":
      return { kind: name, signal: "SIGTERM" };
    case "gone":
      return { kind: name, worker, hasThrown: true, detail: rest ?? "" };
    case "exited":
      return { kind: "gone", worker, hasThrown: false, detail: rest ?? "" };
    case "panicked":
      return { kind: name, worker, error: rest ?? "boom", webSocketsOpen: 0 };
    case "panicked with sockets":
      return { kind: "panicked", worker, error: "boom", webSocketsOpen: Number(rest) };
    case "closing":
      return { kind: name, worker, call: rest ?? "server.shutdown()" };
    case "failed":
      return { kind: name, worker, message: rest, isFinal: false };
    case "failed for good":
      return { kind: "failed", worker, message: rest, isFinal: true };
    case "no room":
      return { kind: "room", hasRoom: false };
    case "room":
      return { kind: name, hasRoom: true };
    case "more":
      return { kind: "resize", by: 1 };
    case "fewer":
      return { kind: "resize", by: -1 };
    case "heartbeat": {
      const [requests = 0, heapBytes = 0, webSocketsOpen = 0] = (rest ?? "").split(" ").map(Number);
      return { kind: name, worker, requests, heapBytes, webSocketsOpen };
    }
    default:
      throw new Error(`Not an input: ${text}`);
  }
}

/** What happens at a time, and what is to be done then. */
type Step = readonly [at: number, input: string, ...actions: string[]];

interface Case {
  readonly what: string;
  readonly settings?: Partial<FleetSettings>;
  readonly steps: readonly Step[];
}

/** Two workers that accept since 10. */
const UP: readonly Step[] = [
  [0, "start", "spawn 1", "spawn 2"],
  [5, "loaded 1"],
  [5, "loaded 2"],
  [10, "accepting 1"],
  [10, "accepting 2", "ready"],
];

/** The same with a standby, the third worker, which waits since 30. */
const UP_WITH_STANDBY: readonly Step[] = [
  ...UP,
  [20, "tick", "spawn standby 3"],
  [25, "loaded 3"],
  [30, "standby 3"],
];

/** Heartbeats of these workers, often enough that none hangs. */
function beats(workers: readonly number[], from: number, to: number, rest: string): Step[] {
  const steps: Step[] = [];
  for (let at = from; at <= to; at += 1_500) {
    for (const worker of workers) steps.push([at, `heartbeat ${worker}: ${rest}`]);
  }
  return steps;
}

const cases: readonly Case[] = [
  {
    what: "spawns the workers that are wanted, and is ready when all of them accept",
    settings: { workers: 3 },
    steps: [
      [0, "start", "spawn 1", "spawn 2", "spawn 3"],
      [5, "loaded 2"],
      [10, "accepting 2"],
      [10, "accepting 1"],
      [20, "tick"],
      [30, "accepting 3", "ready"],
      [40, "tick"],
    ],
  },
  {
    what: "spawns the other workers when the first one accepts",
    settings: { workers: 3, firstAloneMs: 150 },
    steps: [
      [0, "start", "spawn 1"],
      [40, "loaded 1"],
      [50, "accepting 1", "spawn 2", "spawn 3"],
      [90, "accepting 3"],
      [95, "accepting 2", "ready"],
    ],
  },
  {
    what: "spawns the other workers when the first one takes longer than a program of usual size",
    settings: { workers: 3, firstAloneMs: 150 },
    steps: [
      [0, "start", "spawn 1"],
      [100, "tick"],
      [200, "tick", "spawn 2", "spawn 3"],
      [250, "accepting 1"],
    ],
  },
  {
    what: "tries another first worker when the first one fails, and gives up after three",
    settings: { workers: 3, firstAloneMs: 150 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "failed 1: no database", "terminate 1", "spawn 2"],
      [20, "failed 2: no database", "terminate 2"],
      [120, "tick", "spawn 3"],
      [130, "failed 3: no database", "terminate 3", "give_up: no database"],
    ],
  },
  {
    what: "fills all gaps at once in a fleet that was complete before",
    settings: { workers: 2, firstAloneMs: 150 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "accepting 1", "spawn 2"],
      [20, "accepting 2", "ready"],
      [30, "gone 1: x", "spawn 3"],
      [31, "gone 2: x", "spawn 4"],
    ],
  },

  // Replacement first.
  {
    what: "replaces a worker whose program has closed its server, and drains it then",
    steps: [
      ...UP,
      [100, "closing 1", "spawn 3"],
      [150, "closing 1"],
      [200, "accepting 3", "drain 1"],
      [210, "ended 1", "terminate 1"],
    ],
  },
  {
    what: "replaces a worker that has panicked, and drains it when the replacement accepts",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [110, "tick"],
      [120, "loaded 3"],
      [150, "accepting 3", "drain 1"],
      [160, "tick"],
      [200, "gone 1"],
      [210, "tick"],
    ],
  },
  {
    what: "takes a second panic of the same worker for the same",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [101, "panicked 1"],
      [150, "accepting 3", "drain 1"],
      [151, "panicked 1"],
      [200, "gone 1"],
    ],
  },
  {
    what:
      "replaces all workers at once when all have panicked, and lets each serve until there is another",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [100, "panicked 2", "spawn 4"],
      [150, "accepting 3", "drain 1"],
      [151, "accepting 4", "drain 2"],
    ],
  },
  {
    what: "lets go of the worker first whose slot another one has taken over",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1: 1"],
      [5, "loaded 2: 2"],
      [10, "accepting 1"],
      [10, "accepting 2", "ready"],
      [100, "panicked 2", "spawn 3"],
      [120, "loaded 3: 2"],
      [130, "panicked 1", "spawn 4"],
      [150, "accepting 3", "drain 2"],
      [160, "loaded 4: 1"],
      [170, "accepting 4", "drain 1"],
    ],
  },
  {
    what:
      "does not spend itself on spawning when all that it spawns panics: later and later, and one at a time",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [100, "panicked 2", "spawn 4"],
      [150, "accepting 3", "drain 1"],
      [150, "accepting 4", "drain 2"],
      [160, "panicked 3"],
      [160, "panicked 4"],
      [1_159, "tick"],
      [1_160, "tick", "spawn 5"],
      [1_200, "accepting 5", "drain 3", "spawn 6"],
      [1_210, "panicked 5"],
      [1_250, "accepting 6", "drain 4"],
      [1_260, "panicked 6"],
      [3_209, "tick"],
      [3_210, "tick", "spawn 7"],
    ],
  },
  {
    what: "fills a gap at once while panics are to be waited for",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [160, "panicked 3"],
      [170, "tick"],
      [200, "gone 2", "spawn 4"],
      [250, "accepting 4"],
      [1_159, "tick"],
      [1_160, "tick", "spawn 5"],
      [1_200, "accepting 5", "drain 3"],
    ],
  },
  {
    what: "fills gaps later and later, too, when workers panic and are gone at once",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0, workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "accepting 1", "ready"],
      [100, "panicked 1", "spawn 2"],
      [101, "exited 1"],
      [150, "accepting 2"],
      // It was spawned before the other one was gone.
      [160, "panicked 2"],
      [161, "exited 2", "spawn 3"],
      [210, "accepting 3"],
      [220, "panicked 3"],
      [221, "exited 3"],
      [320, "tick"],
      [321, "tick", "spawn 4"],
      [370, "accepting 4"],
      [380, "panicked 4"],
      [381, "exited 4"],
      [580, "tick"],
      [581, "tick", "spawn 5"],
    ],
  },
  {
    what: "replaces a worker that has crashed at once",
    steps: [
      ...UP,
      [100, "gone 2: it ended without a word", "spawn 3"],
      [150, "accepting 3"],
      [160, "tick"],
    ],
  },
  {
    what: "drains nobody when a worker that has panicked is gone before its replacement accepts",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [120, "gone 1"],
      [150, "accepting 3"],
    ],
  },
  {
    what: "starts another replacement when the first one cannot start",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [120, "failed 3: no memory", "terminate 3", "spawn 4"],
      [130, "failed 4: no memory", "terminate 4"],
      [229, "tick"],
      [230, "tick", "spawn 5"],
      [250, "accepting 5", "drain 1"],
    ],
  },
  {
    what: "mends a death that it hears of late: what it hears of unknown workers changes nothing",
    steps: [
      ...UP,
      [100, "gone 7"],
      [100, "loaded 7"],
      [100, "accepting 7"],
      [100, "panicked 7"],
      [100, "failed 7: late"],
      [100, "heartbeat 7"],
      [100, "draining 7"],
      [100, "draining 1"],
      [100, "tick"],
    ],
  },

  // Standbys.
  {
    what:
      "loads standbys one at a time when every worker accepts, and no more than there are to be",
    settings: { standby: 2 },
    steps: [
      ...UP,
      [20, "tick", "spawn standby 3"],
      [25, "loaded 3"],
      [28, "tick"],
      [30, "standby 3", "spawn standby 4"],
      [40, "standby 4"],
      [50, "tick"],
    ],
  },
  {
    what: "promotes a standby after a panic, drains the worker then, and loads another standby",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "panicked 1", "promote 3"],
      [100, "placed 3: 1"],
      [104, "accepting 3", "drain 1", "spawn standby 4"],
      [150, "standby 4"],
      [200, "gone 1"],
    ],
  },
  {
    what: "promotes a standby after a silent death, and fills a second gap as ever",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "exited 1", "promote 3"],
      [101, "exited 2", "spawn 4"],
      [104, "accepting 3"],
      [150, "accepting 4", "spawn standby 5"],
    ],
  },
  {
    what: "promotes a standby when a worker hangs, and terminates that when the standby accepts",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [1_500, "heartbeat 2"],
      [2_010, "tick", "promote 3"],
      [2_014, "accepting 3", "terminate 1", "spawn standby 4"],
    ],
  },
  {
    what: "has a standby that still loads serve at once when that is needed",
    settings: { standby: 1 },
    steps: [
      ...UP,
      [20, "tick", "spawn standby 3"],
      [30, "gone 2", "promote 3"],
      [40, "loaded 3: 2"],
      [60, "standby 3"],
      [70, "accepting 3", "spawn standby 4"],
    ],
  },
  {
    what: "fills a gap with a standby at once, and has the next standby wait while deaths recur",
    settings: { standby: 1, startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "gone 1", "promote 3"],
      [104, "accepting 3", "spawn standby 4"],
      [130, "standby 4"],
      [140, "gone 3", "promote 4"],
      [144, "accepting 4"],
      [239, "tick"],
      [240, "tick", "spawn standby 5"],
      [250, "gone 4", "promote 5"],
      [260, "gone 5", "terminate 5"],
      [659, "tick"],
      [660, "tick", "spawn 6"],
      [670, "accepting 6", "spawn standby 7"],
    ],
  },
  {
    what: "waits after recurring panics although there is a standby: new workers are cold",
    settings: { standby: 1, startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "panicked 1", "promote 3"],
      [104, "accepting 3", "drain 1", "spawn standby 4"],
      [130, "standby 4"],
      [140, "panicked 3"],
      [1_139, "tick"],
      [1_140, "tick", "promote 4"],
      [1_144, "accepting 4", "drain 3", "spawn standby 5"],
      [1_160, "panicked 4"],
      [1_180, "standby 5"],
      [3_159, "tick"],
      [3_160, "tick", "promote 5"],
    ],
  },
  {
    what:
      "sets a standby that waits no limit of time, and one that loads or was promoted the usual one",
    settings: { standby: 1, hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [20, "tick", "spawn standby 3"],
      [1_019, "tick"],
      [1_020, "tick", "terminate 3", "spawn standby 4"],
      [1_050, "standby 4"],
      [500_000, "tick"],
      [500_010, "gone 1", "promote 4"],
      [501_009, "tick"],
      [501_010, "tick", "terminate 4", "spawn 5"],
    ],
  },
  {
    what: "replaces a standby that has died, later and later if that recurs",
    settings: { standby: 1, startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP_WITH_STANDBY,
      [40, "exited 3", "spawn standby 4"],
      [60, "standby 4"],
      [70, "gone 4"],
      [169, "tick"],
      [170, "tick", "spawn standby 5"],
      [180, "failed 5: the program cannot be loaded", "terminate 5"],
      [379, "tick"],
      [380, "tick", "spawn standby 6"],
      [400, "standby 6"],
      [100_000, "gone 6", "spawn standby 7"],
    ],
  },
  {
    what: "fills a gap at once while standbys cannot be loaded, and does not give up",
    settings: { standby: 1, startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [20, "tick", "spawn standby 3"],
      [30, "failed 3: no memory", "terminate 3", "spawn standby 4"],
      [40, "failed 4: no memory", "terminate 4"],
      [50, "gone 1", "spawn 5"],
      [60, "accepting 5"],
      [140, "tick", "spawn standby 6"],
    ],
  },
  {
    what: "ends the standby before a reload, and loads one with the new code after it",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "reload", "drain 3", "spawn 4"],
      [105, "ended 3", "terminate 3"],
      [150, "accepting 4", "drain 1", "spawn 5"],
      [155, "draining 1"],
      [160, "ended 1", "terminate 1"],
      [200, "accepting 5", "drain 2"],
      [205, "draining 2", "reloaded", "spawn standby 6"],
      [210, "ended 2", "terminate 2"],
    ],
  },
  {
    what: "spawns no standby during a reload, and replaces a worker that dies then with new code",
    settings: { standby: 1 },
    steps: [
      ...UP,
      [20, "tick", "spawn standby 3"],
      [30, "reload", "terminate 3", "spawn 4"],
      [40, "gone 2", "spawn 5"],
      [50, "accepting 4"],
      [60, "accepting 5", "drain 1"],
      [65, "draining 1", "reloaded", "spawn standby 6"],
    ],
  },
  {
    what: "loads a standby after a reload that has failed",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "reload", "drain 3", "spawn 4"],
      [110, "ended 3", "terminate 3"],
      [
        120,
        "failed 4: a mistake",
        "terminate 4",
        "reload_failed: a mistake",
        "spawn standby 5",
      ],
    ],
  },
  {
    what: "promotes a standby for a worker more, and drains a worker that serves for one less",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "more", "promote 3"],
      [104, "accepting 3", "spawn standby 4"],
      [150, "standby 4"],
      [200, "fewer", "drain 3"],
      [210, "tick"],
    ],
  },
  {
    what: "promotes a standby for a worker that has handled its number of requests",
    settings: { standby: 1, maxRequests: 10 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "heartbeat 1: 10", "promote 3"],
      [104, "accepting 3", "drain 1", "spawn standby 4"],
    ],
  },
  {
    what: "drains the standby and terminates one that loads when the fleet stops",
    settings: { standby: 2 },
    steps: [
      ...UP_WITH_STANDBY.slice(0, -1),
      [30, "standby 3", "spawn standby 4"],
      [100, "shutdown", "stop", "stop_listening", "drain 3", "terminate 4", "drain 1", "drain 2"],
      [110, "ended 1", "terminate 1"],
      [111, "ended 2", "terminate 2"],
      [112, "ended 3", "terminate 3", "finished"],
    ],
  },
  {
    what: "promotes a standby until a delayed shutdown begins, and loads no other",
    settings: { standby: 1, shutdownDelayMs: 1_000 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "shutdown", "stop"],
      [200, "gone 1", "promote 3"],
      [204, "accepting 3"],
      [300, "tick"],
      [1_100, "tick", "stop_listening", "drain 2", "drain 3"],
    ],
  },
  {
    what: "terminates a standby that does not end in time",
    settings: { standby: 1, drainTimeoutMs: 100 },
    steps: [
      ...UP_WITH_STANDBY,
      [100, "shutdown", "stop", "stop_listening", "drain 3", "drain 1", "drain 2"],
      [101, "gone 1"],
      [102, "gone 2"],
      [3_199, "tick"],
      [3_200, "tick", "terminate 3", "finished"],
    ],
  },
  {
    what: "loads no standby without descriptors, and promotes one that has them already",
    settings: { standby: 1 },
    steps: [
      ...UP_WITH_STANDBY,
      [90, "no room"],
      [100, "gone 1", "promote 3"],
      [104, "accepting 3"],
      [110, "tick"],
      [120, "room", "spawn standby 4"],
    ],
  },
  {
    what: "gives up the start of a program that cannot be loaded without a standby",
    settings: { standby: 1, workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "failed for good 1: no", "terminate 1", "give_up: no"],
    ],
  },

  // Descriptors.
  {
    what: "spawns nobody while the process has no descriptors, and lets the others serve",
    settings: { startTimeoutMs: 0 },
    steps: [
      ...UP,
      [90, "no room"],
      [100, "panicked 1"],
      [110, "tick"],
      [120, "reload"],
      [500, "gone 2"],
      [900, "room", "spawn 3", "spawn 4"],
      [910, "accepting 3"],
      [920, "accepting 4", "drain 1"],
    ],
  },
  {
    what: "drains and ends without descriptors",
    steps: [
      ...UP,
      [90, "no room"],
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [110, "ended 1", "terminate 1"],
      [120, "ended 2", "terminate 2", "finished"],
    ],
  },

  {
    what:
      "gives up, with the first cause, when its workers come up and die for so long that it is never complete",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "accepting 1"],
      [11, "gone 1: the first cause", "spawn 3"],
      [15, "accepting 3"],
      [20, "gone 3: another cause"],
      [120, "tick", "spawn 4"],
      [130, "accepting 4"],
      [131, "gone 4: another cause"],
      [400, "tick", "spawn 5"],
      [9_990, "accepting 5"],
      [9_999, "gone 5: another cause"],
      [10_000, "tick"],
      [10_800, "tick", "spawn 6"],
      [10_810, "accepting 6"],
      [10_811, "gone 6: another cause", "terminate 2", "give_up: the first cause"],
    ],
  },
  {
    what: "goes on for as long as it takes when it was complete once",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0, workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "accepting 1", "ready"],
      [11, "gone 1", "spawn 2"],
      [20, "accepting 2"],
      [21, "gone 2"],
      [121, "tick", "spawn 3"],
      [130, "accepting 3"],
      [131, "gone 3"],
      [20_000, "tick", "spawn 4"],
    ],
  },
  {
    what: "waits for a worker that only takes long to start",
    settings: { startTimeoutMs: 0, hangTimeoutMs: 0 },
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "accepting 1"],
      [11, "gone 1", "spawn 3"],
      [20, "accepting 3"],
      [20_000, "tick"],
      [20_010, "accepting 2", "ready"],
    ],
  },

  // Hangs.
  {
    what: "replaces a worker without heartbeats, and terminates it when the replacement accepts",
    steps: [
      ...UP,
      [1_000, "heartbeat 2"],
      [2_009, "tick"],
      [2_010, "tick", "spawn 3"],
      [2_500, "heartbeat 2"],
      [2_501, "loaded 3"],
      [2_600, "accepting 3", "terminate 1"],
      [2_700, "gone 1"],
    ],
  },
  {
    what: "takes a worker that hangs while it is to be replaced for hung",
    settings: { startTimeoutMs: 0 },
    steps: [
      ...UP,
      [1_000, "panicked 1", "spawn 3"],
      [1_500, "heartbeat 2"],
      [2_010, "tick"],
      [2_100, "accepting 3", "terminate 1"],
    ],
  },
  {
    what: "lets hung workers go first when several are to be replaced",
    settings: { startTimeoutMs: 0 },
    steps: [
      ...UP,
      [1_000, "heartbeat 1"],
      [1_500, "panicked 1", "spawn 3"],
      [2_010, "tick", "spawn 4"],
      [2_100, "accepting 3", "terminate 2"],
      [2_200, "accepting 4", "drain 1"],
    ],
  },
  {
    what: "never takes a worker for hung when there is no limit",
    settings: { hangTimeoutMs: 0 },
    steps: [...UP, [1_000_000, "tick"]],
  },

  {
    what: "replaces a hung worker that cannot be stopped like any other",
    settings: { hangOutcome: "spins_on" },
    steps: [
      ...UP,
      [1_000, "heartbeat 2"],
      [2_010, "tick", "spawn 3"],
      [2_600, "accepting 3", "terminate 1"],
    ],
  },
  {
    what: "drains the others and ends for the sake of a hung worker that cannot be stopped",
    settings: { hangOutcome: "exit", shutdownDelayMs: 1_000 },
    steps: [
      ...UP,
      [1_000, "heartbeat 2"],
      [2_010, "tick", "terminate 1", "stop", "stop_listening", "drain 2"],
      [2_020, "tick"],
      [2_100, "ended 2", "terminate 2", "finished: worker 1 hangs and cannot be stopped"],
    ],
  },
  {
    what: "ends for the first of several that hang, and for one that was to be replaced",
    settings: { hangOutcome: "exit", startTimeoutMs: 0 },
    steps: [
      ...UP,
      [1_000, "panicked 2", "spawn 3"],
      [
        2_010,
        "tick",
        "terminate 1",
        "stop",
        "terminate 2",
        "stop_listening",
        "terminate 3",
        "finished: worker 1 hangs and cannot be stopped",
      ],
    ],
  },
  {
    what: "ends as it was asked to when a worker hangs meanwhile",
    settings: { hangOutcome: "exit", shutdownDelayMs: 5_000 },
    steps: [
      ...UP,
      [1_000, "heartbeat 2"],
      [1_500, "shutdown", "stop"],
      [2_010, "tick", "terminate 1", "spawn 3"],
      [2_100, "cut_short", "terminate 2", "terminate 3", "finished"],
    ],
  },

  // Recycling.
  {
    what: "replaces a worker that has answered enough requests",
    settings: { maxRequests: 100 },
    steps: [
      ...UP,
      [100, "heartbeat 1: 99"],
      [200, "heartbeat 1: 100", "spawn 3"],
      [210, "heartbeat 1: 120"],
      [250, "accepting 3", "drain 1"],
      [260, "heartbeat 1: 130"],
      [300, "ended 1", "terminate 1"],
    ],
  },
  {
    what: "replaces a worker that is old enough",
    settings: { maxAgeMs: 1_000 },
    steps: [
      ...UP,
      [1_009, "heartbeat 2"],
      [1_010, "heartbeat 1", "spawn 3"],
      [1_100, "accepting 3", "drain 1"],
    ],
  },
  {
    what: "replaces a worker whose heap is over the limit, and no earlier",
    settings: { maxHeapBytes: 1_000 },
    steps: [
      ...UP,
      [100, "heartbeat 1: 5 1000"],
      [200, "heartbeat 2: 5 1001", "spawn 3"],
      [250, "accepting 3", "drain 2"],
    ],
  },
  {
    what: "does not delay replacements for housekeeping",
    settings: { maxRequests: 1, workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [10, "accepting 1", "ready"],
      [11, "heartbeat 1: 1", "spawn 2"],
      [12, "accepting 2", "drain 1"],
      [13, "heartbeat 2: 1", "spawn 3"],
      [14, "accepting 3", "drain 2"],
      [15, "heartbeat 3: 1", "spawn 4"],
      [16, "accepting 4", "drain 3"],
    ],
  },

  // Reload.
  {
    what: "reloads one worker at a time, the new one first",
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [101, "tick"],
      [150, "accepting 3", "drain 1", "spawn 4"],
      [155, "draining 1"],
      [160, "ended 1", "terminate 1"],
      [200, "accepting 4", "drain 2"],
      // Until then it may still answer with the old code.
      [205, "draining 2", "reloaded"],
      [250, "ended 2", "terminate 2"],
    ],
  },
  {
    what: "keeps the old workers when a new one cannot start during a reload",
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [150, "accepting 3", "drain 1", "spawn 4"],
      [200, "failed 4: a mistake", "terminate 4", "reload_failed: a mistake"],
      [1_000, "tick"],
      [1_001, "reload", "spawn 5"],
      [1_050, "accepting 5", "drain 2", "spawn 6"],
      [1_100, "accepting 6", "drain 3"],
      [1_105, "draining 3"],
      [1_110, "draining 2"],
      [1_120, "ended 1", "terminate 1", "reloaded"],
    ],
  },
  {
    what: "keeps the old workers when a new one does not come up in time during a reload",
    settings: { hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [1_099, "tick"],
      [
        1_100,
        "tick",
        "terminate 3",
        "reload_failed: a worker did not accept within startTimeout (1000 ms)",
      ],
      [1_200, "tick"],
    ],
  },
  {
    what: "lets an old worker serve on when another dies of something else during a reload",
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [110, "gone 2", "spawn 4"],
      [150, "accepting 3"],
      [160, "accepting 4", "drain 1"],
      [170, "gone 1", "reloaded"],
    ],
  },
  {
    what:
      "reloads what an earlier reload has replaced already, when it is asked for again meanwhile",
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [150, "accepting 3", "drain 1", "spawn 4"],
      // The code on disk may have changed since 3 was loaded.
      [160, "reload"],
      [200, "accepting 4", "drain 2", "spawn 5"],
      [250, "accepting 5", "drain 3", "spawn 6"],
      [300, "accepting 6", "drain 4"],
      [310, "draining 1"],
      [310, "draining 2"],
      [310, "draining 3"],
      [320, "draining 4", "reloaded"],
    ],
  },
  {
    what: "reloads workers that are still starting, too",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "accepting 1"],
      [11, "reload"],
      [20, "accepting 2", "spawn 3"],
      [30, "accepting 3", "drain 1", "spawn 4"],
      [40, "accepting 4", "drain 2", "ready"],
      [45, "draining 1"],
      [45, "draining 2", "reloaded"],
    ],
  },

  // Resize.
  {
    what: "adds a worker",
    steps: [
      ...UP,
      [100, "more", "spawn 3"],
      [150, "accepting 3"],
      [160, "tick"],
    ],
  },
  {
    what: "removes the newest worker, and never the last one",
    steps: [
      ...UP,
      [100, "fewer", "drain 2"],
      [110, "fewer"],
      [120, "tick"],
    ],
  },
  {
    what: "removes a worker that is to be replaced in place of replacing it",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [110, "fewer", "drain 1"],
      [150, "accepting 3", "drain 3"],
    ],
  },

  // Starting.
  {
    what: "terminates a worker that does not accept in time, and tries another",
    settings: { hangTimeoutMs: 0 },
    steps: [
      ...UP,
      [100, "gone 1", "spawn 3"],
      [101, "loaded 3"],
      [1_099, "tick"],
      [1_100, "tick", "terminate 3"],
      [1_200, "tick", "spawn 4"],
    ],
  },
  {
    what: "has no limit on the time to start when it is switched off",
    settings: { startTimeoutMs: 0 },
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [1, "loaded 1"],
      [1_000_000, "tick"],
    ],
  },
  {
    what: "gives up at once when no worker has loaded the library in time",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [499, "tick"],
      [
        500,
        "tick",
        "terminate 1",
        "terminate 2",
        "give_up: not loaded",
      ],
    ],
  },
  {
    what: "waits longer for the others when one worker has loaded the library",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [400, "loaded 2"],
      [600, "tick"],
      [999, "tick"],
    ],
  },
  {
    what: "gives up at once on a failure that is final, with its cause",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [
        10,
        "failed for good 1: it never runs",
        "terminate 1",
        "terminate 2",
        "give_up: it never runs",
      ],
    ],
  },
  {
    what: "gives up at once when a worker ends that has neither loaded the library nor thrown",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [
        10,
        "exited 1: it exited with code 0",
        "terminate 1",
        "terminate 2",
        "give_up: not loaded",
      ],
    ],
  },
  {
    what:
      "takes a worker that ends while it starts for a failure when another has loaded the library",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "exited 2: it exited with code 0", "terminate 2"],
      [20, "accepting 1", "spawn 3"],
    ],
  },
  {
    what: "goes on after a final failure of a later worker",
    steps: [
      ...UP,
      [100, "gone 1", "spawn 3"],
      [110, "failed for good 3: it never runs", "terminate 3"],
      [210, "tick", "spawn 4"],
    ],
  },
  {
    what: "gives up after three rounds in which no worker came up, with the first cause",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "gone 1: the first cause", "terminate 1"],
      // The second one was spawned with the first: it is of the same round.
      [11, "gone 2: another cause", "terminate 2", "spawn 3"],
      [20, "gone 3: another cause", "terminate 3"],
      [119, "tick"],
      [120, "tick", "spawn 4"],
      [130, "gone 4: another cause", "terminate 4", "give_up: the first cause"],
      [140, "tick"],
    ],
  },
  {
    what: "tries one worker after a round of failures, and all when it comes up",
    settings: { workers: 3 },
    steps: [
      [0, "start", "spawn 1", "spawn 2", "spawn 3"],
      [5, "loaded 1"],
      [10, "gone 1: a cause", "terminate 1"],
      [10, "gone 2: a cause", "terminate 2"],
      [10, "gone 3: a cause", "terminate 3", "spawn 4"],
      [15, "loaded 4"],
      [20, "accepting 4", "spawn 5", "spawn 6"],
      [30, "accepting 5"],
      [30, "accepting 6", "ready"],
    ],
  },
  {
    what: "delays replacements that keep dying young, longer each time",
    settings: { workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [1, "accepting 1", "ready"],
      [10, "gone 1", "spawn 2"],
      [11, "accepting 2"],
      [20, "gone 2"],
      [119, "tick"],
      [120, "tick", "spawn 3"],
      [121, "accepting 3"],
      [130, "gone 3"],
      [329, "tick"],
      [330, "tick", "spawn 4"],
    ],
  },
  {
    what: "does not delay a reload, which brings other code",
    settings: { workers: 1 },
    steps: [
      [0, "start", "spawn 1"],
      [1, "accepting 1", "ready"],
      [10, "reload", "spawn 2"],
      [20, "gone 2: a cause", "terminate 2", "reload_failed: a cause"],
      [30, "reload", "spawn 3"],
      [40, "gone 3: a cause", "terminate 3", "reload_failed: a cause"],
      [50, "reload", "spawn 4"],
      [60, "gone 4: a cause", "terminate 4", "reload_failed: a cause"],
      [70, "panicked 1", "spawn 5"],
      [80, "accepting 5", "drain 1"],
      [90, "panicked 5"],
      [100, "reload", "spawn 6"],
    ],
  },
  {
    what: "does not delay the replacement of a worker that ran well for a minute",
    settings: { workers: 1, hangTimeoutMs: 0 },
    steps: [
      [0, "start", "spawn 1"],
      [1, "accepting 1", "ready"],
      [60_001, "gone 1", "spawn 2"],
      [60_002, "accepting 2"],
      [120_002, "gone 2", "spawn 3"],
      [120_003, "accepting 3"],
      [180_003, "gone 3", "spawn 4"],
    ],
  },

  // A debugger.
  {
    what: "takes no worker for hung or for too slow while a debugger may stop it",
    settings: { workers: 2, startTimeoutMs: 3_000, loadTimeoutMs: 1_000 },
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [1, "inspected"],
      [4_000, "tick"],
      [4_001, "loaded 1"],
      [4_002, "accepting 1"],
      [60_000, "tick"],
      [60_001, "loaded 2"],
      [60_002, "accepting 2", "ready"],
      [120_000, "tick"],
      [120_001, "heartbeat 1"],
      [120_002, "panicked 1", "spawn 3"],
      [180_000, "tick"],
    ],
  },

  // The end.
  {
    what: "is cut short by the first signal to stop where a hang has stopped it",
    settings: { hangOutcome: "exit" },
    steps: [
      ...UP,
      [1_000, "heartbeat 2"],
      [2_010, "tick", "terminate 1", "stop", "stop_listening", "drain 2"],
      [
        2_020,
        "stop_signal",
        "terminate 2",
        "finished: worker 1 hangs and cannot be stopped",
      ],
    ],
  },
  {
    what: "drains all workers at a shutdown, and has finished when all are gone",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [110, "tick"],
      [120, "ended 2", "terminate 2"],
      [130, "gone 1", "finished"],
      [140, "tick"],
    ],
  },
  {
    what: "serves on for the delay at a shutdown, and still replaces",
    settings: { shutdownDelayMs: 200 },
    steps: [
      ...UP,
      [100, "shutdown", "stop"],
      [110, "panicked 1", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [299, "tick"],
      [300, "tick", "stop_listening", "drain 2", "drain 3"],
      [310, "gone 1"],
      [310, "gone 2"],
      [310, "gone 3", "finished"],
    ],
  },
  {
    what:
      "terminates what has not ended 3 s after the drain timeout: the last work has its time, too",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [200, "ended 2", "terminate 2"],
      [8_099, "tick"],
      [8_100, "tick", "terminate 1", "finished"],
    ],
  },
  {
    what: "terminates a worker that was replaced and has not ended 3 s after the drain timeout",
    steps: [
      ...UP,
      [100, "panicked 1", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [2_000, "heartbeat 2"],
      [2_000, "heartbeat 3"],
      [3_900, "heartbeat 2"],
      [3_900, "heartbeat 3"],
      [5_800, "heartbeat 2"],
      [5_800, "heartbeat 3"],
      [7_700, "heartbeat 2"],
      [7_700, "heartbeat 3"],
      [8_149, "tick"],
      [8_150, "tick", "terminate 1"],
    ],
  },
  {
    what: "terminates workers that are starting at a shutdown",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [5, "loaded 1"],
      [10, "accepting 1"],
      [20, "shutdown", "stop", "stop_listening", "drain 1", "terminate 2"],
      [30, "ended 1", "terminate 1", "finished"],
    ],
  },
  {
    what: "replaces a worker with open WebSockets at its first panic",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [200, "gone 1"],
    ],
  },
  {
    what:
      "replaces one worker with open WebSockets in socketPanicInterval, and the next one after it",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [200, "gone 1"],
      [300, "panicked with sockets 2: 5"],
      [400, "panicked with sockets 3: 5"],
      ...beats([2, 3], 1_500, 60_000, "0 0 5"),
      [60_099, "tick"],
      [60_100, "tick", "spawn 4"],
      [60_150, "accepting 4", "drain 2"],
      [60_200, "gone 2"],
      ...beats([3, 4], 61_000, 119_500, "0 0 5"),
      [120_099, "tick"],
      [120_100, "tick", "spawn 5"],
    ],
  },
  {
    what: "replaces a worker that waits for socketPanicInterval when its WebSockets are closed",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [200, "gone 1"],
      [300, "panicked with sockets 2: 5"],
      [1_000, "heartbeat 2: 0 0 1"],
      [1_500, "heartbeat 2: 0 0 0", "spawn 4"],
    ],
  },
  {
    what: "replaces a worker without WebSockets at each panic, also within socketPanicInterval",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [300, "panicked 2", "spawn 4"],
    ],
  },
  {
    what: "replaces workers with WebSockets at each panic if socketPanicInterval is off",
    settings: { socketPanicIntervalMs: 0 },
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [300, "panicked with sockets 2: 5", "spawn 4"],
    ],
  },
  {
    what: "replaces a worker that waits for socketPanicInterval in a reload, like the others",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [200, "gone 1"],
      [300, "panicked with sockets 2: 5"],
      [400, "reload", "spawn 4"],
      [450, "accepting 4", "drain 2", "spawn 5"],
      [500, "accepting 5", "drain 3"],
      [505, "draining 2"],
      [510, "draining 3", "reloaded"],
    ],
  },
  {
    what: "takes a worker that waits for socketPanicInterval and hangs for one that hangs",
    steps: [
      ...UP,
      [100, "panicked with sockets 1: 5", "spawn 3"],
      [150, "accepting 3", "drain 1"],
      [200, "gone 1"],
      [300, "panicked with sockets 2: 5"],
      [1_200, "heartbeat 3"],
      [2_010, "tick", "spawn 4"],
    ],
  },
  {
    what: "replaces nobody after a shutdown",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [110, "panicked 1"],
      [120, "gone 1"],
      [130, "more"],
      [140, "reload"],
      [150, "gone 2", "finished"],
    ],
  },
  {
    what: "is cut short: all are terminated at once",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [200, "cut_short", "terminate 1", "terminate 2", "finished"],
      [210, "gone 1"],
    ],
  },
  {
    what: "is cut short during the delay",
    settings: { shutdownDelayMs: 10_000 },
    steps: [
      ...UP,
      [100, "shutdown", "stop"],
      [200, "cut_short", "terminate 1", "terminate 2", "finished"],
    ],
  },
  {
    what:
      "takes signals to stop within 500 ms of the first for the first, and cuts short at a later one",
    steps: [
      ...UP,
      [100, "stop_signal", "stop", "stop_listening", "drain 1", "drain 2"],
      [102, "stop_signal"],
      [350, "stop_signal"],
      [599, "stop_signal"],
      [600, "stop_signal", "terminate 1", "terminate 2", "finished"],
    ],
  },
  {
    what: "counts the time of signals to stop from the first, during the delay as well",
    settings: { shutdownDelayMs: 550 },
    steps: [
      ...UP,
      [100, "stop_signal", "stop"],
      [599, "stop_signal"],
      [650, "tick", "stop_listening", "drain 1", "drain 2"],
      [651, "stop_signal", "terminate 1", "terminate 2", "finished"],
    ],
  },
  {
    what: "takes a signal to stop that comes with a shutdown for the same",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [101, "stop_signal"],
      [700, "stop_signal", "terminate 1", "terminate 2", "finished"],
    ],
  },
  {
    what: "begins each reload that is asked for, however soon it follows another",
    steps: [
      [0, "start", "spawn 1", "spawn 2"],
      [10, "accepting 1"],
      [10, "accepting 2", "ready"],
      [100, "reload", "spawn 3"],
      [101, "reload"],
      [120, "accepting 3", "drain 1", "spawn 4"],
      [130, "draining 1"],
      [140, "accepting 4", "drain 2", "spawn 5"],
      [150, "draining 2"],
      [160, "accepting 5", "drain 3"],
      [170, "draining 3", "reloaded"],
    ],
  },
  {
    what: "ends a reload at a shutdown",
    steps: [
      ...UP,
      [100, "reload", "spawn 3"],
      [
        110,
        "shutdown",
        "stop",
        "reload_failed: the server is stopping",
        "stop_listening",
        "drain 1",
        "drain 2",
        "terminate 3",
      ],
      [120, "gone 1"],
      [120, "gone 2", "finished"],
    ],
  },
  {
    what: "takes a second shutdown for the same",
    steps: [
      ...UP,
      [100, "shutdown", "stop", "stop_listening", "drain 1", "drain 2"],
      [110, "shutdown"],
    ],
  },
];

describe("Fleet", () => {
  for (const { what, settings, steps } of cases) {
    it(`${what}`, () => {
      const fleet = makeFleet({ ...SETTINGS, ...settings });
      for (const [at, text, ...expected] of steps) {
        const actions = fleet.after(inputOf(text), at).flatMap(briefly);
        assertEquals(actions, expected, `at ${at}, after "${text}"`);
      }
    });
  }
});

/** What is told, in a few words. */
function told(action: FleetAction): string[] {
  if (action.kind !== "report") return [];
  const { event } = action;
  switch (event.kind) {
    case "accepting":
      return [`${event.worker} accepting after ${event.startMs}`];
    case "panicked":
      return [`${event.worker} panicked: ${event.error}`];
    case "postponing":
      return [`${event.worker} postponing for ${event.delayMs}: ${event.webSocketsOpen}`];
    case "hung":
      return [`${event.worker} hung: ${event.outcome}`];
    case "replacing":
    case "draining":
      return [`${event.worker} ${event.kind}: ${event.cause}`];
    case "ended":
      return [`${event.worker} ended: ${event.cause}, ${event.detail}`];
    case "delaying":
      return [`delaying for ${event.delayMs} after ${event.consecutiveFailures}`];
    case "resized":
      return [`resized to ${event.workers}`];
    case "stopping":
    case "reload_failed":
      return [`${event.kind}: ${event.reason}`];
    default:
      return [event.kind];
  }
}

const stories: readonly Case[] = [
  {
    what: "a panic that waits for socketPanicInterval, once for each worker",
    steps: [
      ...UP.map(([at, input]): Step => [at, input]).slice(0, 3),
      [10, "accepting 1", "1 accepting after 10"],
      [12, "accepting 2", "2 accepting after 12"],
      [100, "panicked with sockets 1: 5", "1 panicked: boom", "1 replacing: panic"],
      [150, "accepting 3", "3 accepting after 50"],
      [
        ...[200, "panicked with sockets 2: 7", "2 panicked: boom"] as const,
        "2 postponing for 59900: 7",
      ],
      [300, "tick"],
      [400, "heartbeat 2: 0 0 0", "2 replacing: panic"],
    ],
  },
  {
    what: "a panic",
    steps: [
      ...UP.map(([at, input]): Step => [at, input]).slice(0, 3),
      [10, "accepting 1", "1 accepting after 10"],
      [12, "accepting 2", "2 accepting after 12"],
      [100, "panicked 1: boom", "1 panicked: boom", "1 replacing: panic"],
      [101, "panicked 1: boom again", "1 panicked: boom again"],
      [150, "accepting 3", "3 accepting after 50"],
      [155, "draining 1", "1 draining: panic"],
      [200, "gone 1: Uncaught boom", "1 ended: panic, Uncaught boom"],
    ],
  },
  {
    what: "a crash, and another",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [20, "gone 1: it ended without a word", "1 ended: crash, it ended without a word"],
      [30, "accepting 2", "2 accepting after 10"],
      [40, "gone 2: once more", "2 ended: crash, once more", "delaying for 100 after 2"],
      [50, "tick"],
      [140, "tick"],
      [150, "accepting 3", "3 accepting after 10"],
    ],
  },
  {
    what: "a hang",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [2_010, "tick", "1 hung: stopped", "1 replacing: hang"],
      [2_050, "accepting 2", "2 accepting after 40", "1 ended: hang, terminated"],
    ],
  },
  {
    what: "a hang for which the fleet ends",
    settings: { workers: 1, hangOutcome: "exit" },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [
        2_010,
        "tick",
        "1 hung: exit",
        "1 ended: hang, terminated",
        "stopping: worker 1 hangs and cannot be stopped",
        "stopped",
      ],
    ],
  },
  {
    what: "a want of descriptors",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [20, "no room"],
      [30, "panicked 1: boom", "1 panicked: boom", "1 replacing: panic", "out_of_descriptors"],
      [40, "tick"],
      [50, "room"],
    ],
  },
  {
    what: "a start that fails",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "failed 1: no memory", "1 ended: start_failed, no memory"],
      [20, "loaded 2"],
      [
        1_010,
        "tick",
        "2 ended: start_timeout, a worker did not accept within startTimeout (1000 ms)",
        "delaying for 100 after 2",
      ],
    ],
  },
  {
    what: "a reload",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [20, "reload", "reloading", "1 replacing: reload"],
      [30, "accepting 2", "2 accepting after 10"],
      [35, "draining 1", "1 draining: reload", "reloaded"],
      [40, "ended 1", "1 ended: reload, "],
      [50, "reload", "reloading", "2 replacing: reload"],
      [60, "failed 3: a mistake", "3 ended: start_failed, a mistake", "reload_failed: a mistake"],
    ],
  },
  {
    what: "a resize, and the end",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [20, "more", "resized to 2"],
      [30, "accepting 2", "2 accepting after 10"],
      [40, "fewer", "resized to 1"],
      [50, "ended 2", "2 ended: resize, "],
      [60, "shutdown", "stopping: a test"],
      [65, "draining 1", "1 draining: shutdown"],
      [70, "ended 1", "1 ended: shutdown, ", "stopped"],
    ],
  },
  {
    what: "an end that is cut short",
    settings: { workers: 1 },
    steps: [
      [0, "start"],
      [10, "accepting 1", "1 accepting after 10"],
      [20, "shutdown", "stopping: a test"],
      [30, "cut_short", "1 ended: shutdown, terminated", "stopped"],
    ],
  },
];

describe("Fleet", () => {
  for (const { what, settings, steps } of stories) {
    it(`tells of ${what}`, () => {
      const fleet = makeFleet({ ...SETTINGS, ...settings });
      for (const [at, text, ...expected] of steps) {
        assertEquals(fleet.after(inputOf(text), at).flatMap(told), expected, `after "${text}"`);
      }
    });
  }

  it("numbers workers as it is told to", () => {
    const fleet = makeFleet(SETTINGS, 40);
    assertEquals(fleet.after({ kind: "start" }, 0).flatMap(briefly), ["spawn 41", "spawn 42"]);
  });

  it("tells how many workers are wanted, what each does, and how long the next one has to wait", () => {
    const fleet = makeFleet({ ...SETTINGS, workers: 3 });
    const steps = ["start", "accepting 1", "accepting 2", "accepting 3", "panicked 2", "more"];
    for (const step of steps) fleet.after(inputOf(step), 10);
    assertEquals([...fleet.states()].map(([worker, { kind }]) => `${worker} ${kind}`), [
      "1 accepting",
      "2 retiring",
      "3 accepting",
      "4 starting",
      "5 starting",
    ]);
    assertEquals([fleet.desired, fleet.delayMs(10)], [4, 0]);
    fleet.after(inputOf("gone 4"), 20);
    fleet.after(inputOf("gone 6"), 30);
    assertEquals([fleet.delayMs(30), fleet.delayMs(80), fleet.delayMs(1_000)], [100, 50, 0]);
  });

  it("Fleet gives connections less than the drain time, and all of the work that time", () => {
    for (const [drainTimeoutMs, connectionsMs] of [[30_000, 29_000], [5_000, 4_500], [0, 0]]) {
      const fleet = makeFleet({ ...SETTINGS, workers: 1, drainTimeoutMs });
      fleet.after(inputOf("start"), 0);
      fleet.after(inputOf("accepting 1"), 0);
      const actions = fleet.after(inputOf("shutdown"), 0);
      const drain = actions.find(({ kind }) => kind === "drain");
      const order = { reason: "shutdown", connectionsMs, workMs: drainTimeoutMs } as const;
      assertEquals(drain, { kind: "drain", worker: 1, order });
    }
  });

  const reasons: readonly { cause: string; steps: readonly string[]; reason: ShutdownReason }[] = [
    { cause: "a shutdown", steps: ["shutdown"], reason: "shutdown" },
    { cause: "a reload", steps: ["reload", "accepting 2"], reason: "reload" },
    { cause: "a panic", steps: ["panicked 1", "accepting 2"], reason: "panic" },
    { cause: "its requests", steps: ["heartbeat 1: 100", "accepting 2"], reason: "recycling" },
    { cause: "its heap", steps: ["heartbeat 1: 1 2000", "accepting 2"], reason: "recycling" },
    { cause: "fewer workers", steps: ["more", "accepting 2", "fewer"], reason: "recycling" },
    { cause: "a shutdown after a panic", steps: ["panicked 1", "shutdown"], reason: "shutdown" },
  ];
  for (const { cause, steps, reason } of reasons) {
    it(`Fleet orders a worker to drain with the reason ${reason} because of ${cause}`, () => {
      const settings = { ...SETTINGS, workers: 1, maxRequests: 100, maxHeapBytes: 1_000 };
      const fleet = makeFleet(settings);
      const actions = ["start", "accepting 1", ...steps]
        .flatMap((step, index) => fleet.after(inputOf(step), index));
      const drained = actions.flatMap((action) =>
        action.kind === "drain" ? [action.order.reason] : []
      );
      assertEquals(drained, [reason]);
    });
  }

  it("Fleet orders a worker to drain with the reason recycling because of its age", () => {
    const fleet = makeFleet({ ...SETTINGS, workers: 1, maxAgeMs: 1_000 });
    const steps: readonly [number, string][] = [
      [0, "start"],
      [0, "accepting 1"],
      [1_000, "heartbeat 1"],
      [1_010, "accepting 2"],
    ];
    const drains = steps
      .flatMap(([at, input]) => fleet.after(inputOf(input), at))
      .filter((action) => action.kind === "drain");
    assertEquals(drains.map(({ order }) => order.reason), ["recycling"]);
  });

  const phases: readonly {
    what: string;
    steps: readonly Step[];
    phase: string;
    isReady: boolean;
    hasHung: boolean;
  }[] = [
    {
      what: "has workers that start",
      steps: UP.slice(0, 4),
      phase: "starting",
      isReady: false,
      hasHung: false,
    },
    { what: "is complete", steps: UP, phase: "serving", isReady: true, hasHung: false },
    {
      what: "has lost a worker since it was complete",
      steps: [...UP, [20, "gone 1"]],
      phase: "serving",
      isReady: true,
      hasHung: false,
    },
    {
      what: "serves on before it stops",
      steps: [...UP, [20, "shutdown"]],
      phase: "stopping",
      isReady: false,
      hasHung: false,
    },
    {
      what: "is complete only after the stop has begun",
      steps: [...UP.slice(0, 4), [20, "shutdown"], [30, "accepting 2"]],
      phase: "stopping",
      isReady: false,
      hasHung: false,
    },
    {
      what: "ends because of a hang",
      steps: [...UP, [2_010, "tick"]],
      phase: "stopping",
      isReady: false,
      hasHung: true,
    },
    {
      what: "has given up",
      steps: [[0, "start"], [5, "failed for good 1: it never runs"]],
      phase: "stopping",
      isReady: false,
      hasHung: false,
    },
  ];
  for (const { what, steps, ...answers } of phases) {
    it(`answers for its phase when it ${what}`, () => {
      const fleet = makeFleet({ ...SETTINGS, hangOutcome: "exit", shutdownDelayMs: 1_000 });
      for (const [at, input] of steps) fleet.after(inputOf(input), at);
      const { phase, isReady, hasHung } = fleet;
      assertEquals({ phase, isReady, hasHung }, answers);
      assertEquals(fleet.isStopping, phase === "stopping");
    });
  }

  it("tells each event with the phase in which it happened", () => {
    const fleet = makeFleet({ ...SETTINGS, workers: 1 });
    const phases = [["start", 0], ["accepting 1", 10], ["panicked 1", 20], [
      "shutdown",
      30,
    ]] as const;
    const events = phases.flatMap(([input, at]) =>
      fleet.after(inputOf(input), at).flatMap((action) =>
        action.kind === "report" ? [`${action.event.kind}: ${action.phase}`] : []
      )
    );
    assertEquals(events, [
      "accepting: starting",
      "panicked: serving",
      "replacing: serving",
      "stopping: stopping",
      "ended: stopping",
    ]);
  });

  it("spreads the limits of recycling by chance, below what they say", () => {
    for (const [chance, last] of [[0, 100], [0.5, 95], [0.999, 91]]) {
      const settings = { ...SETTINGS, workers: 1, maxRequests: 100 };
      const fleet = makeFleet(settings, 0, () => chance);
      fleet.after(inputOf("start"), 0);
      fleet.after(inputOf("accepting 1"), 0);
      assertEquals(fleet.after(inputOf(`heartbeat 1: ${last - 1}`), 1).flatMap(briefly), []);
      assertEquals(fleet.after(inputOf(`heartbeat 1: ${last}`), 2).flatMap(briefly), ["spawn 2"]);
    }
  });
});

/** What the model test does next: after a pause, something happens to one of the workers, or to the fleet. */
interface Move {
  readonly pauseMs: number;
  readonly what: (typeof MOVES)[number];
  readonly pick: number;
}

const MOVES = [
  "accepting",
  "accepting",
  "accepting",
  "heartbeat",
  "loaded",
  "panicked",
  "panicked with sockets",
  "failed",
  "gone",
  "exited",
  "draining",
  "ended",
  "standby",
  "standby",
  "fat heartbeat",
  "reload",
  "more",
  "fewer",
  "no room",
  "room",
  "tick",
] as const;

/** A fleet in a world that does what it is told, and in which anything happens. */
class World {
  readonly fleet: Fleet;
  now = 0;
  /** The threads that run: spawned, and neither terminated nor gone. */
  readonly threads = new Set<number>();
  /** The workers that were spawned as standbys and not promoted. */
  readonly standbys = new Set<number>();
  /** How often the end of each spawned worker was told. */
  readonly ends = new Map<number, number>();
  /** The open WebSockets of each worker, as the fleet was told last. */
  readonly webSocketsOpen = new Map<number, number>();
  socketPanicAt = -Infinity;
  mostDesired: number;
  hasRoom = true;
  isStopping = false;
  hasBeenReady = false;
  hasGivenUp = false;
  hasFinished = false;

  constructor(readonly settings: FleetSettings) {
    this.fleet = makeFleet(settings);
    this.mostDesired = settings.workers;
  }

  count(...kinds: string[]): number {
    return [...this.fleet.states().values()].filter(({ kind }) => kinds.includes(kind)).length;
  }

  /** Has something happen, does what is to be done then, and sees to it that the fleet keeps its promises. */
  happen(input: FleetInput): void {
    const servingBefore = new Set(
      [...this.fleet.states()].filter(([, { kind }]) => isServing(kind)).map(([worker]) => worker),
    );
    if (input.kind === "shutdown" || input.kind === "cut_short") this.isStopping = true;
    if (input.kind === "room") this.hasRoom = input.hasRoom;
    const endsByItself = input.kind === "gone" || input.kind === "ended" ? input.worker : undefined;
    if (input.kind === "gone") this.threads.delete(input.worker);
    if (input.kind === "heartbeat" || input.kind === "panicked") {
      this.webSocketsOpen.set(input.worker, input.webSocketsOpen);
    }
    const actions = this.fleet.after(input, this.now);
    this.mostDesired = Math.max(this.mostDesired, this.fleet.desired);
    for (const action of actions) this.#perform(action);

    assertEquals(
      [...this.threads].toSorted(),
      [...this.fleet.states().keys()].toSorted(),
      "the fleet does not know which threads there are",
    );
    if (this.hasGivenUp || this.isStopping) return;
    const accepting = this.count("accepting");
    const serving = this.count("accepting", "retiring");
    const states = [...this.fleet.states().values()];
    const loading = states.filter((state) => state.kind === "starting" && state.isStandby).length;
    const starting = this.count("starting") - loading;
    assertLessOrEqual(serving, this.fleet.desired, "more workers serve than are wanted");
    assertLessOrEqual(loading, 1, "more than one standby loads");
    assertLessOrEqual(loading + this.count("standby"), this.settings.standby, "too many standbys");
    assertLessOrEqual(starting + accepting, this.mostDesired, "too many workers");
    const letGo = actions.some((action) =>
      (action.kind === "drain" || action.kind === "terminate") &&
      servingBefore.has(action.worker) && action.worker !== endsByItself
    );
    if (letGo) assertEquals(serving, this.fleet.desired, "a worker went before another accepted");
  }

  #perform(action: FleetAction): void {
    switch (action.kind) {
      case "spawn":
        assert(this.hasRoom, `worker ${action.worker} is spawned without descriptors`);
        assert(!this.ends.has(action.worker), `worker ${action.worker} is spawned twice`);
        this.ends.set(action.worker, 0);
        if (action.isStandby) this.standbys.add(action.worker);
        this.threads.add(action.worker);
        return;
      case "promote":
        assert(this.threads.has(action.worker), `worker ${action.worker} is not there to promote`);
        assert(this.standbys.delete(action.worker), `worker ${action.worker} is not a standby`);
        return;
      case "drain":
        assert(this.threads.has(action.worker), `worker ${action.worker} is not there to drain`);
        return;
      case "terminate":
        this.threads.delete(action.worker);
        return;
      case "report":
        if (action.event.kind === "replacing") this.#noteReplacement(action.event);
        if (action.event.kind !== "ended") return;
        this.ends.set(action.event.worker, (this.ends.get(action.event.worker) ?? 0) + 1);
        return;
      case "ready":
        this.hasBeenReady = true;
        return;
      case "give_up":
        this.hasGivenUp = true;
        return;
      case "finished":
        this.hasFinished = true;
        return;
      default:
        return;
    }
  }

  #noteReplacement({ worker, cause }: { worker: number; cause: string }): void {
    if (cause !== "panic" || (this.webSocketsOpen.get(worker) ?? 0) === 0) return;
    const sinceMs = this.now - this.socketPanicAt;
    assertGreaterOrEqual(
      sinceMs,
      this.settings.socketPanicIntervalMs,
      "WebSockets closed too soon",
    );
    this.socketPanicAt = this.now;
  }

  make({ what, pick, pauseMs }: Move): void {
    this.now += pauseMs;
    // Also of workers that are no more, or never were.
    const worker = 1 + pick % (this.ends.size + 1);
    switch (what) {
      case "fat heartbeat":
        return this.happen(inputOf(`heartbeat ${worker}: ${pick} 2000`));
      case "panicked with sockets":
        return this.happen(inputOf(`${what} ${worker}: ${pick % 3}`));
      case "reload":
      case "more":
      case "fewer":
      case "no room":
      case "room":
      case "tick":
        return this.happen(inputOf(what));
      case "gone":
      case "exited":
      case "failed":
        return this.happen(inputOf(`${what} ${worker}: of a cause`));
      case "accepting":
        this.happen({ kind: "loaded", worker });
        return this.happen({ kind: what, worker });
      default:
        return this.happen(inputOf(`${what} ${worker}`));
    }
  }

  /** From now on every worker does what it should. */
  prosper(forMs: number): void {
    for (const end = this.now + forMs; this.now < end; this.now += 100) {
      for (const [worker, { kind }] of this.fleet.states()) {
        if (kind === "starting") {
          const isStandby = this.standbys.has(worker);
          this.happen({ kind: isStandby ? "standby" : "accepting", worker });
        } else if (kind === "standby") continue;
        else if (kind === "draining") this.happen({ kind: "ended", worker });
        else this.happen(inputOf(`heartbeat ${worker}`));
      }
      this.happen({ kind: "tick" });
    }
  }
}

function isServing(kind: string): boolean {
  return kind === "accepting" || kind === "retiring";
}

const arbitrarySettings: fc.Arbitrary<FleetSettings> = fc.record({
  workers: fc.integer({ min: 1, max: 4 }),
  standby: fc.integer({ min: 0, max: 2 }),
  startTimeoutMs: fc.constantFrom(0, 1_000),
  loadTimeoutMs: fc.constantFrom(500, Infinity),
  firstAloneMs: fc.constantFrom(0, 150),
  drainTimeoutMs: fc.constantFrom(0, 3_000),
  hangTimeoutMs: fc.constantFrom(0, 2_000),
  hangOutcome: fc.constantFrom("stopped", "spins_on"),
  shutdownDelayMs: fc.constantFrom(0, 1_000),
  maxRequests: fc.constantFrom(0, 10),
  maxAgeMs: fc.constantFrom(0, 100_000),
  maxHeapBytes: fc.constantFrom(0, 1_000),
  socketPanicIntervalMs: fc.constantFrom(0, 5_000),
});

const arbitraryMoves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 })),
    what: fc.constantFrom(...MOVES),
    pick: fc.nat(50),
  }),
  { maxLength: 60, size: "max" },
);

describe("Fleet, whatever happens in whatever order,", () => {
  it("has never too many workers, never lets one go before another accepts, and comes back to what is wanted", () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryMoves, (settings, moves) => {
        const world = new World({ ...settings, maxAgeMs: 0 });
        world.happen({ kind: "start" });
        for (const move of moves) world.make(move);
        if (world.hasGivenUp) return;
        world.happen(inputOf("room"));
        world.prosper(12_000);
        const kinds = [...world.fleet.states().values()].map(({ kind }) => kind).toSorted();
        assertEquals(kinds, [
          ...Array(world.fleet.desired).fill("accepting"),
          ...Array(settings.standby).fill("standby"),
        ]);
      }),
      { numRuns: runs(300) },
    );
  });

  it("has nobody left after a shutdown, and tells each worker's end once", () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryMoves, arbitraryMoves, (settings, before, after) => {
        const world = new World(settings);
        world.happen({ kind: "start" });
        for (const move of before) world.make(move);
        world.happen({ kind: "shutdown", reason: "a test" });
        for (const move of after) world.make(move);
        world.now += 10_000;
        world.happen({ kind: "tick" });
        world.now += 10_000;
        world.happen({ kind: "tick" });
        assert(world.hasGivenUp || world.hasFinished, "the fleet has not come to an end");
        assertEquals([...world.threads], []);
        assertEquals([...world.ends.values()], Array(world.ends.size).fill(1));
      }),
      { numRuns: runs(300) },
    );
  });

  it("has nobody left when it is cut short", () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryMoves, (settings, moves) => {
        const world = new World(settings);
        world.happen({ kind: "start" });
        for (const move of moves) world.make(move);
        world.happen({ kind: "cut_short" });
        assert(world.hasGivenUp || world.hasFinished, "the fleet has not come to an end");
        assertEquals([...world.threads], []);
      }),
    );
  });

  it("gives up only a fleet that was never complete", () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryMoves, (settings, moves) => {
        const world = new World(settings);
        world.happen({ kind: "start" });
        for (const move of moves) world.make(move);
        assert(!(world.hasGivenUp && world.hasBeenReady), "it gave up a fleet that was complete");
      }),
    );
  });
});
