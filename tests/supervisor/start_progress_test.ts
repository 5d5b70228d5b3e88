import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WorkerState } from "../../src/supervisor/fleet_protocol.ts";
import { StartProgress } from "../../src/supervisor/start_progress.ts";

const accepting: WorkerState = { kind: "accepting", since: 0, lastHeartbeat: 0 };
const loading: WorkerState = { kind: "starting", hasLoaded: false, isStandby: false };
const inside: WorkerState = { kind: "starting", hasLoaded: true, isStandby: false };

function progress(startTimeoutMs = 30_000): StartProgress {
  return new StartProgress({ module: "file:///app.ts", workers: 4, startTimeoutMs }, 100);
}

describe("StartProgress", () => {
  it("names the module that workers wait for, after two seconds and every five", () => {
    const start = progress();
    const lines: [number, string][] = [];
    for (let now = 100; now <= 13_000; now += 100) {
      const line = start.after(now, () => [accepting, loading, inside, inside]);
      if (line !== undefined) lines.push([now, line]);
    }
    const rest = "1 of 4 workers accept; 1 worker waits for the imports of file:///app.ts, " +
      "2 workers wait for file:///app.ts to serve (a top-level await?); startTimeout is 30000 ms";
    assertEquals(lines, [
      [2_100, `starting for 2 s: ${rest}`],
      [7_100, `starting for 7 s: ${rest}`],
      [12_100, `starting for 12 s: ${rest}`],
    ]);
  });

  it("names no limit if there is none, and a worker that has yet to be spawned", () => {
    assertEquals(
      progress(0).after(2_100, () => [accepting]),
      "starting for 2 s: 1 of 4 workers accept; the next worker is not spawned yet",
    );
  });
});
