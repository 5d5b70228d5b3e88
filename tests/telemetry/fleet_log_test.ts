// The log lines of fleet events, and the choice of events that get a line.

import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { FleetEvent } from "../../src/telemetry/fleet_event.ts";
import { fleetLine, isWorthALine } from "../../src/telemetry/fleet_log.ts";
import { assertIsOneLine, hostileText } from "./hostile_text.ts";

const events: { event: FleetEvent; says: (string | RegExp)[] }[] = [
  {
    event: {
      kind: "listening",
      url: "http://127.0.0.1:8000/",
      hostname: "127.0.0.1",
      port: 8000,
      workers: 4,
      workersSource: "as MUDPIE_THREADS says",
      listenMode: "reuseport",
      isolation: "web",
    },
    says: ["http://127.0.0.1:8000/", "4 workers", "as MUDPIE_THREADS says", "reuseport", "web"],
  },
  {
    event: { kind: "listen_fallback", listenMode: "shared", reason: "the flag is missing" },
    says: ["shared", "the flag is missing"],
  },
  { event: { kind: "accepting", worker: 3, startMs: 41.7 }, says: ["worker 3", "42 ms"] },
  {
    event: { kind: "postponing", worker: 3, webSocketsOpen: 120, delayMs: 48_200 },
    says: ["worker 3", "120", "48.2 s", "socketPanicInterval"],
  },
  { event: { kind: "panicked", worker: 3, error: "Error: a" }, says: ["worker 3", "panicked"] },
  {
    event: {
      kind: "hung",
      worker: 3,
      outcome: "stopped",
      handling: [
        { method: "GET", path: "/waits", ageMs: 61_000 },
        { method: "POST", path: "/spins", ageMs: 30_040 },
      ],
    },
    says: [/worker 3: hung while handling POST \/spins \(30\.0 s\), GET \/waits \(61\.0 s\); /],
  },
  {
    event: { kind: "hung", worker: 3, outcome: "spins_on", handling: [] },
    says: [/worker 3: hung; /, "core", 'isolation "thread"'],
  },
  {
    event: {
      kind: "hung",
      worker: 3,
      outcome: "exit",
      handling: Array(12).fill({ method: "GET", path: "/", ageMs: 0 }),
    },
    says: [
      /(GET \/ \(0\.0 s\), ){7}GET \/ \(0\.0 s\) and 4 more; /,
      "onHang",
      'isolation "thread"',
    ],
  },
  {
    event: {
      kind: "ended",
      worker: 3,
      cause: "crash",
      detail: "out of memory",
      handling: [{ method: "GET", path: "/grows", ageMs: 1_250 }],
    },
    says: [/out of memory while handling GET \/grows \(1\.3 s\)$/],
  },
  { event: { kind: "replacing", worker: 3, cause: "max_age" }, says: ["worker 3", "max age"] },
  {
    event: { kind: "replacing", worker: 3, cause: "closed_by_program", detail: "shutdown()" },
    says: ["worker 3", /\(closed by program\): shutdown\(\)$/],
  },
  {
    event: { kind: "ended", worker: 3, cause: "crash", detail: "out of memory" },
    says: ["worker 3", "crash", "out of memory"],
  },
  { event: { kind: "ended", worker: 3, cause: "reload", detail: "" }, says: [/reload\)$/] },
  { event: { kind: "delaying", delayMs: 1_600, consecutiveFailures: 5 }, says: ["1600 ms", "5"] },
  { event: { kind: "out_of_descriptors" }, says: ["file descriptors", "ulimit -n"] },
  { event: { kind: "reloading" }, says: ["reloading"] },
  { event: { kind: "reloaded" }, says: ["reloaded"] },
  { event: { kind: "reload_failed", reason: "it does not parse" }, says: ["it does not parse"] },
  { event: { kind: "resized", workers: 5 }, says: ["5"] },
  { event: { kind: "stopping", reason: "SIGTERM" }, says: ["stopping", "SIGTERM"] },
  { event: { kind: "stopped" }, says: ["stopped"] },
];

describe("fleetLine()", () => {
  for (const { event, says } of events) {
    it(`tells of ${JSON.stringify(event)}`, () => {
      const line = fleetLine(event);
      for (const part of says) {
        if (typeof part === "string") assertStringIncludes(line, part);
        else assertMatch(line, part);
      }
    });
  }

  it("tells of one worker as of one", () => {
    const [{ event }] = events;
    assert(event.kind === "listening");
    assertMatch(fleetLine({ ...event, workers: 1 }), /\b1 worker\b/);
  });

  it("is one line, whatever the event quotes", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        assertIsOneLine(fleetLine({ kind: "ended", worker: 1, cause: "crash", detail: text }));
        assertIsOneLine(fleetLine({ kind: "reload_failed", reason: text }));
      }),
    );
  });
});

describe("isWorthALine()", () => {
  const of = (kind: FleetEvent["kind"]) => {
    const found = events.find(({ event }) => event.kind === kind)?.event;
    if (found === undefined) throw new Error(`There is no event ${kind} in the table`);
    return found;
  };
  const phases = ["starting", "serving", "stopping"] as const;

  it("is never said of a panic, which had its line when it happened", () => {
    for (const phase of phases) assertFalse(isWorthALine(of("panicked"), phase));
  });

  it("is said of a worker that accepts while the fleet serves, and not of a fleet that starts", () => {
    const event = of("accepting");
    assertEquals(phases.map((phase) => isWorthALine(event, phase)), [false, true, false]);
  });

  it("is said of a worker's end while the fleet serves", () => {
    const event: FleetEvent = { kind: "ended", worker: 3, cause: "reload", detail: "" };
    assertEquals(phases.map((phase) => isWorthALine(event, phase)), [false, true, false]);
  });

  it("is said of a worker that had to be terminated, even at the end", () => {
    const event: FleetEvent = { kind: "ended", worker: 3, cause: "shutdown", detail: "terminated" };
    assert(isWorthALine(event, "stopping"));
  });

  it("is said of a hang once", () => {
    const hung: FleetEvent = { kind: "hung", worker: 3, outcome: "stopped", handling: [] };
    const replacing: FleetEvent = { kind: "replacing", worker: 3, cause: "hang" };
    for (const phase of phases) assert(isWorthALine(hung, phase), phase);
    for (const phase of phases) assertFalse(isWorthALine(replacing, phase), phase);
  });

  it("is said of all that concerns the fleet, at any time", () => {
    const kinds = [
      "listening",
      "listen_fallback",
      "replacing",
      "delaying",
      "out_of_descriptors",
      "reloading",
      "stopped",
    ] as const;
    for (const kind of kinds) {
      for (const phase of phases) assert(isWorthALine(of(kind), phase), `${kind}, ${phase}`);
    }
  });
});
