// Workers that die young, again and again: the server waits longer each time, spawns few, and gives up where no worker ever came
// up, with the first cause as the last thing that it says. The decisions themselves are tables in tests/supervisor; here they
// are seen to reach the real thing.

import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { FleetEvent, RunOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import {
  CAN_START_APPS,
  CAN_START_PROGRAMS,
  EventLog,
  startApp,
} from "../support/servers/started_app.ts";

/**
 * Within this time a crash loop is not to spawn more than that, for each worker that is wanted. A fleet that is not complete after
 * ten seconds gives up, which is not what is looked at here.
 */
const LOOP_MS = 8_000;
/** Panics are counted apart from deaths that leave a gap: 5 of the one and 8 of the other fit into that time, if both are seen. */
const MAX_SPAWNS = 13;

/** What the log says of a delay: how long, and after how many deaths. */
const DELAY_LINE = /waiting (\d+) ms before the next worker: (\d+) in a row died young/;

/** A program whose workers fail in that way, so many milliseconds after they began to run. */
function startFailing(way: "throws" | "exits", milliseconds: number, run: RunOptions): Program {
  const app = new URL("../support/apps/fails_soon.ts", import.meta.url);
  const entry = new URL(app);
  entry.searchParams.set("way", way);
  entry.searchParams.set("milliseconds", String(milliseconds));
  const options = { run: { port: 0, drainTimeout: 1_000, ...run, entry: entry.href } };
  return Program.deno(["run", "-A", app.pathname, JSON.stringify(options)]);
}

function countSpawned(program: Program): number {
  return program.stdout.all.filter((line) => line.startsWith("spawned ")).length;
}

interface Delay {
  readonly ms: number;
  readonly deaths: number;
}

/** Not in order: deaths that leave a gap and panics, of which the worker serves on for a while, are counted apart. */
function areGrowing(delays: readonly Delay[]): boolean {
  return delays.some(({ ms, deaths }) => deaths > delays[0].deaths && ms > delays[0].ms);
}

/** What the log says of the delays so far. */
function delaysIn(program: Program): Delay[] {
  return program.stderr.all.flatMap((line) => {
    const match = DELAY_LINE.exec(line);
    return match === null ? [] : [{ ms: Number(match[1]), deaths: Number(match[2]) }];
  });
}

/** Each worker that was spawned has a number one higher than the one before it; those that are there count too. */
function countSpawns(events: readonly FleetEvent[]): number {
  const numbers = events.flatMap((event) => "worker" in event ? [event.worker] : []);
  return Math.max(...numbers) - Math.min(...numbers) + 1;
}

/** `firstDelayMs` is the longest of the first delay: a worker that has panicked serves on, so its replacement can wait. */
const loops = [
  { what: "throw at once", way: "throws", milliseconds: 0, firstDelayMs: 1_000 },
  { what: "throw 100 ms later", way: "throws", milliseconds: 100, firstDelayMs: 1_000 },
  { what: "exit at once", way: "exits", milliseconds: 0, firstDelayMs: 100 },
  { what: "exit 100 ms later", way: "exits", milliseconds: 100, firstDelayMs: 100 },
] as const;

describe("a program whose workers come up and fail", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const isolation of ["web", "thread"] as const) {
    for (const workers of [1, 4]) {
      it(`spawns few of ${workers} workers, and waits longer each time (isolation ${isolation})`, async () => {
        // All at once: each is looked at for as long as the bound is for.
        await Promise.all(loops.map(async ({ what, way, milliseconds, firstDelayMs }) => {
          await using program = startFailing(way, milliseconds, { workers, isolation });
          await program.stdout.find(/^spawned /);
          const startedAt = performance.now();
          let hasGivenUp = false;
          program.stderr.find(/^error: .*No worker could start/).then(
            () => hasGivenUp = true,
            () => {
              // It has not: it ends in another manner, below.
            },
          );
          await eventually(
            () => hasGivenUp || performance.now() - startedAt > LOOP_MS,
            "eight seconds of a loop",
          );
          assert(countSpawned(program) <= MAX_SPAWNS * workers, `${what}: ${program.stdout.text}`);
          // A machine that is busy takes longer over it.
          await eventually(
            () => hasGivenUp || (countSpawned(program) > workers && areGrowing(delaysIn(program))),
            `delays that grow: ${what}: ${program.stderr.text}`,
          );
          if (hasGivenUp) {
            // On a machine that is busy each may fail before it accepts; then no worker ever came up.
            assertEquals((await program.ended()).code, 1, what);
            return;
          }
          const delays = delaysIn(program);
          for (const { ms, deaths } of delays) {
            const wholeMs = Math.min(firstDelayMs * 2 ** (deaths - 2), 10_000);
            // From here on nothing is known of how much was over already when it was told.
            assert(ms <= wholeMs, `${what}: ${ms} ms after ${deaths} deaths`);
          }
          program.signal("SIGTERM");
          assertEquals((await program.ended()).code, 0, what);
        }));
      });
    }
  }
});

describe("start() with workers that never come up", { ignore: !CAN_START_APPS }, () => {
  for (const isolation of ["web", "thread"] as const) {
    for (const workers of [1, 4]) {
      for (const name of ["throws_at_load.ts", "rejects_at_load.ts"]) {
        it(`rejects with the first cause, after few spawns (${name}, ${workers} workers, isolation ${isolation})`, async () => {
          const events = new EventLog();
          let message = "it started";
          try {
            await using _app = await startApp(name, {
              run: { workers, isolation, onEvent: events.note },
            });
          } catch (error) {
            message = (error as Error).message;
          }
          assertMatch(message, /^No worker could start: .*no database today/);
          assertLess(countSpawns(events.all), 10 * workers);
          // One that fails leaves nobody behind.
          const numbers = new Set<number>();
          for (const event of events.all) if (event.kind === "ended") numbers.add(event.worker);
          assertEquals(numbers.size, countSpawns(events.all));
        });
      }
    }
  }
});

describe("a program whose workers never come up", { ignore: !CAN_START_PROGRAMS }, () => {
  // With one worker this is in bad_input_test.ts.
  for (const isolation of ["web", "thread"] as const) {
    for (const name of ["throws_at_load.ts", "rejects_at_load.ts"]) {
      it(`ends with exit code 1, and the first cause last, also with 4 workers (${name}, isolation ${isolation})`, async () => {
        const path = new URL(`../support/apps/${name}`, import.meta.url).pathname;
        const run = { port: 0, workers: 4, isolation };
        await using program = Program.deno(["run", "-A", path, JSON.stringify({ run })]);
        assertEquals((await program.ended()).code, 1);
        const lines = program.stderr.all.filter((line) => line !== "");
        assertMatch(
          lines[lines.length - 1],
          /^error: .*No worker could start: .*no database today$/,
        );
      });
    }
  }
});
