// What happens when a worker ends its own thread without a word: nothing is thrown, and nobody is told. Each worker holds a Web
// Lock for life, so the supervisor hears of it at once, long before a heartbeat is missed.
// That its client is not left waiting and the next worker has another number is in panics_test.ts too.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { it } from "@std/testing/bdd";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get, type RawClient } from "../support/clients/raw_client.ts";
import { acceptingWorkers, describeEachWay, startApp } from "../support/servers/started_app.ts";

/** A worker shows once a second that it is alive, and is to be replaced within two of these. */
const TWO_HEARTBEATS_MS = 2_000;
/** A machine that is busy with something else may take longer to spawn; it is not that busy each time. */
const MAX_ROUNDS = 5;

/** How many connections it may take to come to a certain worker. */
const MAX_TRIES = 2_000;

/** Whether the connection ends without an answer; how it ends is the kernel's choice. */
async function endsUnanswered(client: RawClient): Promise<boolean> {
  try {
    return await client.readToEnd() === "";
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return true;
    throw error;
  }
}

describeEachWay((way) => {
  for (const target of ["/close", "/deno-exit", "/process-exit"]) {
    it(`its requests in flight fail with a worker that ends by ${target}, and the next ones are answered`, async () => {
      await using app = await startApp("dies_silently.ts", { run: { ...way } });
      const [worker] = acceptingWorkers(app);
      using gate = new Gate();
      using waiting = await app.connect();
      await waiting.send(get(`/gate/${gate.port}`));
      await gate.reached();
      using idle = await app.connect();
      await idle.ask(get("/worker"));
      using dying = await app.connect();
      await dying.send(get(target));

      const ended = await app.events.find("ended");
      assertEquals([ended.worker, ended.cause], [worker, "crash"]);
      assert(await endsUnanswered(waiting), "the request in flight");
      assert(await endsUnanswered(idle), "the idle connection");
      await app.events.find("accepting", (event) => event.worker === worker + 1);
      for (let i = 0; i < 20; i++) {
        assertEquals((await app.get("/worker")).text, `mudpie:${worker + 1}`);
      }
      assertFalse(app.events.all.some(({ kind }) => kind === "hung" || kind === "panicked"));
      const stats = () => app.running.stats();
      assertEquals(stats().workers.map((one) => one.worker), [worker + 1]);
      // The last connection is counted out when the worker has closed it, which is after its client has heard of it.
      await eventually(() => stats().total.connectionsOpen === 0, "no open connection");
      assertEquals(stats().total.requestsInFlight, 0);
    });

    it(`its worker that ends by ${target} is replaced within two heartbeats`, async () => {
      // Nobody looks for missed heartbeats here, so it has to be heard of in another way.
      await using app = await startApp("dies_silently.ts", { run: { ...way, hangTimeout: 0 } });
      const times: number[] = [];
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const [worker] = acceptingWorkers(app);
        const from = app.events.all.length;
        using dying = await app.connect();
        await dying.send(get(target));
        const sentAt = performance.now();
        const accepting = await app.events.find("accepting", () => true, from);
        assertEquals(accepting.worker, worker + 1);
        const delaysMs = app.events.all.slice(from)
          .reduce((sum, event) => event.kind === "delaying" ? sum + event.delayMs : sum, 0);
        times.push(performance.now() - sentAt - delaysMs);
        if (times[round] < TWO_HEARTBEATS_MS) return;
      }
      throw new Error(`It took ${times.map(Math.round).join(", ")} ms`);
    });
  }

  it("says what a worker was handling that ended without a word, in the event and the log", async () => {
    await using app = await startApp("dies_silently.ts", { run: { ...way } });
    const [worker] = acceptingWorkers(app);
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}?secret`));
    await gate.reached();
    using dying = await app.connect();
    await dying.send(get("/deno-exit"));
    const ended = await app.events.find("ended");
    assertEquals(
      (ended.handling ?? []).map(({ method, path }) => `${method} ${path}`).sort(),
      ["GET /deno-exit", `GET /gate/${gate.port}`],
    );
    const line = app.lines.find((line) => line.includes(`worker ${worker}: ended (crash)`)) ?? "";
    assert(line.includes("GET /deno-exit (") && line.includes(`GET /gate/${gate.port} (`), line);
    assertFalse(line.includes("secret"));
  });

  it("its other workers lose nothing when one ends without a word", async () => {
    await using app = await startApp("dies_silently.ts", { run: { ...way, workers: 2 } });
    const [first, second] = acceptingWorkers(app);
    const connectTo = async (worker: number) => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const client = await app.connect();
        if ((await client.ask(get("/worker"))).text === `mudpie:${worker}`) return client;
        client[Symbol.dispose]();
      }
      throw new Error(`None of ${MAX_TRIES} connections went to worker ${worker}`);
    };
    using gate = new Gate();
    using waiting = await connectTo(second);
    await waiting.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    using dying = await connectTo(first);
    await dying.send(get("/deno-exit"));
    await app.events.find("ended", (event) => event.worker === first);
    await visitor.open("still here");
    assertEquals((await waiting.readResponse()).text, "still here");
    await eventually(() => acceptingWorkers(app).length === 2, "two workers that accept");
    assertEquals(acceptingWorkers(app), [second, second + 1]);
    assertEquals((await waiting.ask(get("/worker"))).text, `mudpie:${second}`);
  });
});
