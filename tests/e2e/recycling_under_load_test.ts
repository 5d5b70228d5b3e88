// Workers that are replaced while clients ask all the while: by recycling, which nobody may notice, and by deaths without a
// word, which only those may notice whose requests were in the worker that died.

import { assert, assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions, WorkerEndCause } from "../../mod.ts";
import { countEvents, fewestServing } from "../support/servers/capacity.ts";
import {
  assertAcceptedWereAnswered,
  assertOnlyResetsOfClosing,
} from "../support/clients/closing_resets.ts";
import { eventually } from "../support/deadline.ts";
import { Load } from "../support/clients/load.ts";
import { get } from "../support/clients/raw_client.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

const WORKERS = 2;

/** So often each worker has been replaced on the average. */
const GENERATIONS = 2;

/** A short `hangTimeout` makes heartbeats frequent: the supervisor knows of requests and memory by them. */
const FREQUENT = { hangTimeout: 2_000 };

async function replaced(app: StartedApp, cause: WorkerEndCause): Promise<void> {
  const count = () => app.running.stats().replacements[cause] ?? 0;
  await eventually(() => count() >= GENERATIONS * WORKERS, `replacements (${cause})`);
}

describeEachWay((way) => {
  const start = (run: RunOptions) =>
    startApp("under_load.ts", { run: { ...way, ...FREQUENT, workers: WORKERS, ...run } });

  const limits = [
    { option: "maxRequestsPerWorker", limit: 100, cause: "max_requests" },
    { option: "maxAgePerWorker", limit: 300, cause: "max_age" },
  ] as const;
  for (const { option, limit, cause } of limits) {
    it(`its ${option} costs no request`, async () => {
      await using app = await start({ [option]: limit });
      await using load = Load.start({ port: app.port, keptClients: 8, clients: 4 });
      await replaced(app, cause);
      await load.answers(100);
      const counts = await load.stop();
      assertOnlyResetsOfClosing(counts, countEvents(app.events.all, "draining"), way);
      assertAcceptedWereAnswered(app, counts);
      assertGreaterOrEqual(fewestServing(app.events.all), WORKERS, "recycling costs no capacity");
    });
  }

  it("its maxHeapBytesPerWorker keeps a handler that leaks within bounds, and costs no request", async () => {
    const maxHeapBytesPerWorker = 30_000_000;
    await using app = await start({ maxHeapBytesPerWorker });
    let largest = 0;
    const watch = setInterval(() => {
      for (const { heapBytes } of app.running.stats().workers) {
        largest = Math.max(largest, heapBytes);
      }
    }, 20);
    try {
      await using load = Load.start({
        port: app.port,
        keptClients: 2,
        clients: 0,
        targetOf: () => "/leak",
      });
      await replaced(app, "max_heap");
      const counts = await load.stop();
      assertOnlyResetsOfClosing(counts, countEvents(app.events.all, "draining"), way);
      assertAcceptedWereAnswered(app, counts);
      // Without being replaced, two workers would have had to hold all of it.
      const leakedBytes = counts.answered["/leak"] * LEAK_BYTES;
      assertGreater(leakedBytes, GENERATIONS * maxHeapBytesPerWorker / 2);
      assertGreater(largest, maxHeapBytesPerWorker / 2);
      assertGreater(leakedBytes, largest, "what was leaked, and what a worker ever had");
    } finally {
      clearInterval(watch);
    }
  });
}, TWO_WAYS);

/** How much each request to `/leak` of the app keeps. */
const LEAK_BYTES = 20_000;

describeEachWay((way) => {
  for (const target of ["/close", "/exit"]) {
    it(`replaces a worker that ends without a word (${target}), and only requests in that worker fail`, async () => {
      await using app = await startApp("under_load.ts", {
        // Nobody looks at heartbeats, so that it is not by them that the death is seen.
        run: { ...way, workers: WORKERS, hangTimeout: 0 },
      });
      await using load = Load.start({ port: app.port, keptClients: 16, clients: 4 });
      const dead = new Set<string>();
      for (let round = 0; round < 2; round++) {
        await load.answers(200);
        using client = await app.connect();
        const worker = (await client.ask(get("/hello"))).headers.get("x-worker");
        assert(worker !== null);
        dead.add(worker);
        const from = app.events.all.length;
        await client.send(get(target));
        const ended = await app.events.find("ended", () => true, from);
        assertEquals([`mudpie:${ended.worker}`, ended.cause], [worker, "crash"]);
        await app.events.find("accepting", () => true, from);
        await load.answers(200);
      }
      const { failures, endedEarlyBy } = await load.stop();
      // Whoever had not been answered yet may have been in any worker; those that had, tell.
      const others = failures.filter(({ worker }) => worker !== undefined && !dead.has(worker));
      assertEquals(others, []);
      assertEquals([...endedEarlyBy].filter((worker) => !dead.has(worker)), []);
      // Every client can have had one request there when it died.
      assertGreaterOrEqual(20 * dead.size, failures.length, JSON.stringify(failures));
      assertGreaterOrEqual(fewestServing(app.events.all), WORKERS - 1);
      assertEquals(app.running.stats().replacements, { crash: 2 });
    });
  }
});
