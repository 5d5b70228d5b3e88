// Workers that run out of memory, or keep too much of it. A thread of the second kind with a limit of its own dies alone; a Web
// Worker takes the process with it, in a manner that whoever watches the process can know. ArrayBuffers are under neither limit,
// but are counted by maxHeapBytesPerWorker.

import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { HandlesErrorsOptions } from "../support/apps/handles_errors.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import {
  acceptingWorkers,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

const HEAP_LIMIT_BYTES = 50_000_000;

/** How many connections it may take to come to a certain worker. */
const MAX_TRIES = 2_000;

async function connectTo(app: StartedApp, worker: number): Promise<RawClient> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const client = await app.connect();
    if ((await client.ask(get("/worker"))).text === `mudpie:${worker}`) return client;
    client[Symbol.dispose]();
  }
  throw new Error(`None of ${MAX_TRIES} connections went to worker ${worker}`);
}

/** What comes on the connection until it ends; a reset is an end, too. */
async function restOf(client: RawClient): Promise<string> {
  try {
    return await client.readToEnd();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "";
    throw error;
  }
}

describeEachWay((way) => {
  it("its worker that runs out of memory dies alone, is named with its request, and is replaced, again and again", async () => {
    await using app = await startApp("keeps_bytes.ts", {
      run: { ...way, workers: 2, heapLimitBytesPerWorker: HEAP_LIMIT_BYTES },
    });
    for (let round = 0; round < 3; round++) {
      const [survivor, victim] = acceptingWorkers(app);
      const from = app.events.all.length;
      using gate = new Gate();
      using waiting = await connectTo(app, survivor);
      await waiting.send(get(`/gate/${gate.port}`));
      const visitor = await gate.reached();
      using others = await connectTo(app, survivor);
      using greedy = await connectTo(app, victim);
      await greedy.send(get("/allocate?secret"));

      let answered = 0;
      let ended = app.events.all.slice(from).find((event) => event.kind === "ended");
      while (ended === undefined) {
        assertEquals((await others.ask(get("/worker"))).text, `mudpie:${survivor}`);
        answered++;
        ended = app.events.all.slice(from).find((event) => event.kind === "ended");
      }
      assert(answered > 0);
      assertEquals([ended.kind === "ended" && ended.worker, ended.cause], [victim, "crash"]);
      assertMatch(ended.detail, /memory/i);
      assertEquals((ended.handling ?? []).map(({ method, path }) => [method, path]), [
        ["GET", "/allocate"],
      ]);
      const line = app.lines.find((line) => line.includes(`worker ${victim}: ended (crash)`)) ?? "";
      assertMatch(line, /memory.* while handling GET \/allocate \([\d.]+ s\)$/i);
      assertFalse(line.includes("secret"));
      assertEquals(await restOf(greedy), "");
      await visitor.open("untouched");
      assertEquals((await waiting.readResponse()).text, "untouched");
      await app.events.find("accepting", (event) => event.worker === victim + 1, from);
      using next = await connectTo(app, victim + 1);
      assertEquals((await next.ask(get("/worker"))).status, 200);
    }
    assertEquals(app.running.stats().replacements, { crash: 3 });
  });

  it("a worker that runs out of memory is replaced, although the application handles all errors", async () => {
    const app: HandlesErrorsOptions = { how: "uncaughtException", when: "before run()" };
    await using started = await startApp("handles_errors.ts", {
      app,
      run: { ...way, heapLimitBytesPerWorker: HEAP_LIMIT_BYTES },
    });
    using greedy = await started.connect();
    await greedy.send(get("/allocate"));
    const { worker, handling } = await started.events.find("ended");
    assertEquals(handling?.map(({ path }) => path), ["/allocate"]);
    await started.events.find("accepting", (event) => event.worker === worker + 1);
    assertEquals((await started.get("/worker")).text, `mudpie:${worker + 1}`);
  });
}, [
  { listen: "reuseport", isolation: "thread" },
  { listen: "shared", isolation: "thread" },
]);

describe("a thread that comes to the runtime's own limit of memory", {
  ignore: !CAN_START_PROGRAMS,
}, () => {
  it("dies alone, too, and is replaced", async () => {
    const path = new URL("../support/apps/keeps_bytes.ts", import.meta.url).pathname;
    const app = JSON.stringify({ run: { port: 0, workers: 2, isolation: "thread" } });
    // The flag makes it quick; it is the runtime's limit for every thread.
    const args = ["run", "-A", "--v8-flags=--max-old-space-size=64", path, app];
    await using program = Program.deno(args);
    const { port } = await program.listening();
    using greedy = await RawClient.connect(port);
    await greedy.send(get("/allocate"));
    assertEquals(await restOf(greedy), "");
    await program.stderr.find(/ended \(crash\): .*memory.* while handling GET \/allocate/i);
    await program.stderr.find(/worker 3: accepting/);
    using next = await RawClient.connect(port);
    assertEquals((await next.ask(get("/worker"))).status, 200);
  });
});

const KEPT_BYTES = 20_000_000;
const MAX_KEPT = 30;

/** Waits until the worker has shown that it is alive, or is no more. */
async function heartbeatOf(app: StartedApp, worker: number): Promise<void> {
  const age = () =>
    app.running.stats().workers.find((one) => one.worker === worker)?.heartbeatAgeMs;
  let last = age();
  await eventually(() => {
    const before = last;
    last = age();
    return before === undefined || last === undefined || last < before;
  }, `a heartbeat of worker ${worker}`);
}

describeEachWay((way) => {
  it("its maxHeapBytesPerWorker recycles a worker that keeps ArrayBuffers, and no request fails", async () => {
    const maxHeapBytesPerWorker = 60_000_000;
    await using app = await startApp("keeps_bytes.ts", {
      // A short hangTimeout makes heartbeats frequent, and with them what the supervisor knows.
      run: { ...way, workers: 1, maxHeapBytesPerWorker, hangTimeout: 2_000 },
    });
    let kept = 0;
    const ended = () =>
      app.events.all.flatMap((event) => event.kind === "ended" ? [event.cause] : []);
    await eventually(() => app.running.stats().total.heapBytes > 0, "the size of the heap");
    while (ended().length < 2) {
      const { status, text } = await app.get(`/keep-bytes/${KEPT_BYTES}`);
      assertEquals(status, 200);
      kept++;
      assert(
        kept <= MAX_KEPT,
        `${kept} times ${KEPT_BYTES} bytes are kept, and nobody is recycled`,
      );
      // No faster than the supervisor looks: what is kept between two heartbeats is beyond any limit.
      await heartbeatOf(app, Number(text.replace("mudpie:", "")));
    }
    assertEquals(ended(), ["max_heap", "max_heap"]);
    // Fewer would not have filled two workers.
    assert(kept >= 4, `${kept} times ${KEPT_BYTES} bytes`);
    const { replacements } = app.running.stats();
    assert((replacements.max_heap ?? 0) >= 2);
    assertFalse(app.events.all.some(({ kind }) => kind === "hung" || kind === "panicked"));
  });
}, TWO_WAYS);

describe("a process whose Web Worker runs out of memory", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const listen of ["reuseport", "shared"] as const) {
    it(`is ended by SIGTRAP, with all of its workers (listen ${listen})`, {
      ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
    }, async () => {
      const path = new URL("../support/apps/keeps_bytes.ts", import.meta.url).pathname;
      const app = JSON.stringify({ run: { port: 0, workers: 2, listen } });
      // The limit makes it quick; it ends in the same manner with the runtime's own.
      const args = ["run", "-A", "--v8-flags=--max-old-space-size=64", path, app];
      await using program = Program.deno(args);
      const { port } = await program.listening();
      using idle = await RawClient.connect(port);
      await idle.ask(get("/worker"));
      using greedy = await RawClient.connect(port);
      await greedy.send(get("/allocate"));
      // A shell says 133 for that.
      assertEquals((await program.ended()).signal, "SIGTRAP");
      assertEquals(await restOf(greedy), "");
      assertEquals(await restOf(idle), "");
      await program.stderr.find(/out of memory/i);
    });
  }
});
