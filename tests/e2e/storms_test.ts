// A storm of panics: clients that ask all the while, and one request in a hundred that makes a handler panic, in each way in
// which it can. Whoever finds such a request must not be able to stop the service, or to cost anybody else an answer.

import { assert, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { it } from "@std/testing/bdd";
import { countEvents, fewestServing } from "../support/servers/capacity.ts";
import { eventually } from "../support/deadline.ts";
import {
  assertAcceptedWereAnswered,
  assertOnlyResetsOfClosing,
} from "../support/clients/closing_resets.ts";
import { Load } from "../support/clients/load.ts";
import { describeEachWay, startApp } from "../support/servers/started_app.ts";

const CLIENTS = 64;
const WORKERS = 2;

/** The panics take turns, so that each kind comes as often. */
const PANICS = ["/throw", "/timer", "/reject", "/floating"];
const PANIC_EVERY = 100;

function targetOf(number: number): string {
  if (number % PANIC_EVERY !== PANIC_EVERY - 1) return "/hello";
  return PANICS[Math.floor(number / PANIC_EVERY) % PANICS.length];
}

const SERVER_ERROR = { status: 500, text: "Internal Server Error" };
const expected = {
  "/hello": { status: 200, text: "Hello World!" },
  "/throw": SERVER_ERROR,
  "/reject": SERVER_ERROR,
  // These have answered before anything is thrown.
  "/timer": { status: 200, text: "answered" },
  "/floating": { status: 200, text: "answered" },
};

/**
 * How many rounds of replacements there can have been in that time: the first two are at once, and each one after that is kept
 * waiting twice as long as the one before it, three quarters of a second at the least.
 */
function roundsWithin(elapsedMs: number): number {
  return 2 + Math.log2(1 + elapsedMs / 750);
}

describeEachWay((way) => {
  it("answers every request of a storm of panics, those that panic with one 500", async () => {
    await using app = await startApp("under_load.ts", { run: { ...way, workers: WORKERS } });
    const startedAt = performance.now();
    await using load = Load.start({
      port: app.port,
      keptClients: CLIENTS,
      clients: 0,
      targetOf,
      expected,
    });
    const replaced = () => app.running.stats().replacements.panic ?? 0;
    // The third round is the first one that was kept waiting.
    await eventually(() => replaced() >= 2 * WORKERS + 1, "replacements");
    await load.answers(2_000);
    const counts = await load.stop();
    const elapsedMs = performance.now() - startedAt;

    assertOnlyResetsOfClosing(counts, countEvents(app.events.all, "draining"), way);
    assertAcceptedWereAnswered(app, counts);
    // How often a request was sent that panics was up to the clients; a failure could have been one of them.
    const { answered } = counts;
    const panicking = PANICS.map((target) => answered[target] ?? 0);
    assert(panicking.every((count) => count > 0), JSON.stringify(answered));
    // Those of timers and floating promises may not be counted any more, in a worker that is on its way out.
    const { panics } = app.running.stats().total;
    const inHandlers = answered["/throw"] + answered["/reject"];
    const inAll = panicking.reduce((sum, count) => sum + count, 0);
    assertGreaterOrEqual(panics, inHandlers);
    assertLessOrEqual(panics, inAll + counts.retried + counts.failures.length);

    const events = app.events.all;
    assertGreaterOrEqual(fewestServing(events), WORKERS, "a panic costs no capacity");
    const spawns = countEvents(events, "accepting") - WORKERS;
    assertLessOrEqual(spawns, WORKERS * roundsWithin(elapsedMs), `spawns in ${elapsedMs} ms`);
  });
});
