// What happens when a worker hangs: in a handler, in its module, while it drains; and when it only seems to.
// Threads of the second kind can be stopped, which is proven by what the system tells of the process: its processor time and
// its descriptors come back to what they were. Web Workers cannot; what is done about them is in processes_test.ts too.

import { assert, assertEquals, assertFalse, assertLess, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import {
  acceptingWorkers,
  CAN_START_PROGRAMS,
  describeEachWay,
  EventLog,
  startApp,
  type StartedApp,
  type Way,
} from "../support/servers/started_app.ts";

const THREADS: readonly Way[] = [
  { listen: "reuseport", isolation: "thread" },
  { listen: "shared", isolation: "thread" },
];
const WEB_WORKERS: readonly Way[] = [
  { listen: "reuseport", isolation: "web" },
  { listen: "shared", isolation: "web" },
];

/** Short, so that tests are; a machine that is busy with others still gives each thread its turn within that time. */
const HANG_TIMEOUT_MS = 2_000;

/** How many connections it may take to come to a certain worker. The kernel chooses. */
const MAX_TRIES = 2_000;

/** A connection to the worker of that name. */
async function connectTo(port: number, worker: string): Promise<RawClient> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const client = await RawClient.connect(port);
    if ((await client.ask(get("/worker"))).text === worker) return client;
    client[Symbol.dispose]();
  }
  throw new Error(`None of ${MAX_TRIES} connections went to ${worker}`);
}

/** What has happened to one worker, and to the fleet, behind the first `from` events; delays aside, which are the policy's. */
function steps(app: StartedApp, from: number): string[] {
  return app.events.all.slice(from)
    .filter(({ kind }) => kind !== "delaying")
    .map((event) => "worker" in event ? `${event.kind} ${event.worker}` : event.kind);
}

describeEachWay((way) => {
  const start = (run: RunOptions = {}, name = "hangs_anywhere.ts") =>
    startApp(name, { run: { ...way, hangTimeout: HANG_TIMEOUT_MS, ...run } });

  it("tells of a hung worker what it was handling, and for how long", async () => {
    await using app = await start();
    const [worker] = acceptingWorkers(app);
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}?secret`));
    await gate.reached();
    const sentAt = performance.now();
    // A worker looks at its clock at each tick, so what comes in one tick is of one age.
    await eventually(() => performance.now() - sentAt > HANG_TIMEOUT_MS / 2, "a later tick");
    using spinning = await app.connect();
    await spinning.send(get("/spin-behind-gate/" + gate.port + "?secret"));
    await (await gate.reached()).open();

    const hung = await app.events.find("hung");
    const longestMs = performance.now() - sentAt + HANG_TIMEOUT_MS;
    assertEquals([hung.worker, hung.outcome], [worker, "stopped"]);
    assertEquals(hung.handling.map(({ method, path }) => [method, path]), [
      ["GET", `/gate/${gate.port}`],
      ["GET", `/spin-behind-gate/${gate.port}`],
    ]);
    const [waitingMs, spinningMs] = hung.handling.map(({ ageMs }) => ageMs);
    assert(waitingMs >= spinningMs + HANG_TIMEOUT_MS / 4, `${waitingMs} ms, ${spinningMs} ms`);
    assert(
      spinningMs >= HANG_TIMEOUT_MS / 2 && waitingMs <= longestMs,
      `${waitingMs} ms, ${spinningMs} ms`,
    );
    const lines = app.lines.filter((line) => line.includes(": hung"));
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0],
      /hung while handling GET \/spin-behind-gate\/\d+ \([\d.]+ s\), GET \/gate\/\d+ \([\d.]+ s\); it is replaced, and its thread ended$/,
    );
    await app.events.find("ended", (event) => event.worker === worker);
    await spinning.assertEnded();
    await waiting.assertEnded();
  });

  it("names the request that it hangs in first, before others that came with it", async () => {
    await using app = await start();
    using gate = new Gate();
    using clients = new DisposableStack();
    // More than are named in one line.
    for (let i = 0; i < 12; i++) {
      const client = clients.use(await app.connect());
      await client.send(get(`/gate/${gate.port}`));
      await gate.reached();
    }
    const spinning = clients.use(await app.connect());
    await spinning.send(get("/block/1000000000"));
    const { handling } = await app.events.find("hung");
    assertEquals(handling.length, 13);
    assertEquals(handling[12].path, "/block/1000000000");
    const line = app.lines.find((line) => line.includes(": hung")) ?? "";
    assertMatch(line, /hung while handling GET \/block\/1000000000 \(.* and 5 more;/);
  });

  it("its replacement accepts before the hung worker is terminated, again and again", async () => {
    await using app = await start();
    for (let round = 0; round < 2; round++) {
      const [worker] = acceptingWorkers(app);
      const from = app.events.all.length;
      using idle = await app.connect();
      await idle.ask(get("/worker"));
      using spinning = await app.connect();
      await spinning.send(get("/block/1000000000"));
      await app.events.find("ended", () => true, from);
      assertEquals(steps(app, from), [
        `hung ${worker}`,
        `replacing ${worker}`,
        `accepting ${worker + 1}`,
        `ended ${worker}`,
      ]);
      const ended = await app.events.find("ended", () => true, from);
      assertEquals([ended.cause, ended.detail], ["hang", "terminated"]);
      await spinning.assertEnded();
      await idle.assertEnded();
      assertEquals((await app.get("/worker")).text, `mudpie:${worker + 1}`);
    }
    assertEquals(app.running.stats().replacements, { hang: 2 });
  });

  it("replaces two workers that hang at once", async () => {
    await using app = await start({ workers: 3 });
    const [first, second, third] = acceptingWorkers(app);
    using others = await connectTo(app.port, `mudpie:${third}`);
    using one = await connectTo(app.port, `mudpie:${first}`);
    using two = await connectTo(app.port, `mudpie:${second}`);
    await one.send(get("/block/1000000000"));
    await two.send(get("/block/1000000000"));
    for (const worker of [first, second]) {
      await app.events.find("hung", (event) => event.worker === worker);
      assertEquals((await others.ask(get("/worker"))).text, `mudpie:${third}`);
      await app.events.find("ended", (event) => event.worker === worker);
    }
    await one.assertEnded();
    await two.assertEnded();
    await eventually(() => acceptingWorkers(app).length === 3, "three workers that accept");
    for (let i = 0; i < 20; i++) assertEquals((await app.get("/worker")).status, 200);
  });

  it("finds a worker that spins in its module, and names no request", async () => {
    await using app = await start();
    const [worker] = acceptingWorkers(app);
    using client = await app.connect();
    assertEquals((await client.ask(get("/spin-in-module"))).status, 200);
    const hung = await app.events.find("hung");
    assertEquals([hung.worker, hung.outcome, hung.handling], [worker, "stopped", []]);
    await app.events.find("ended", (event) => event.worker === worker);
    assert(app.lines.some((line) => line.includes(`worker ${worker}: hung; it is replaced`)));
    // Its sockets, the one that it listens on among them, are closed a moment after it was told to end.
    await client.assertEnded();
    assertEquals((await app.get("/worker")).text, `mudpie:${worker + 1}`);
  });

  it("terminates a worker that hangs while it drains, when drainTimeout is over", async () => {
    const drainTimeout = 1_500;
    // No hang is looked for: only the drain's deadline can end it.
    await using app = await start({ drainTimeout, hangTimeout: 0 });
    const [worker] = acceptingWorkers(app);
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/spin-behind-gate/${gate.port}`));
    const visitor = await gate.reached();
    const drainsFrom = performance.now();
    await app.running.reload();
    await app.events.find("draining", (event) => event.worker === worker);
    await visitor.open();
    const ended = await app.events.find("ended", (event) => event.worker === worker);
    assertEquals([ended.cause, ended.detail], ["reload", "terminated"]);
    assert(performance.now() - drainsFrom >= drainTimeout, "it had the time that it was given");
    await client.assertEnded();
    assertEquals((await app.get("/worker")).text, `mudpie:${worker + 1}`);
  });

  it("rejects within startTimeout when its workers spin at load", async () => {
    const events = new EventLog();
    let message = "";
    try {
      await using app = await start(
        { startTimeout: 1_000, onEvent: events.note },
        "spins_at_load.ts",
      );
      message = `it started: ${app.port}`;
    } catch (error) {
      message = (error as Error).message;
    }
    assertMatch(message, /^No worker could start: .*startTimeout \(1000 ms\)/);
    const causes = events.all.flatMap((event) => event.kind === "ended" ? [event.cause] : []);
    assertEquals(causes, ["start_timeout", "start_timeout", "start_timeout"]);
  });
}, THREADS);

describeEachWay((way) => {
  it("does not take a worker for hung that is blocked for less than hangTimeout", async () => {
    const blockedMs = 1_000;
    await using app = await startApp("hangs_anywhere.ts", {
      run: { ...way, hangTimeout: 6_000 },
    });
    const [worker] = acceptingWorkers(app);
    using client = await app.connect();
    const response = await client.ask(get(`/block/${blockedMs}`));
    assertEquals(response.text, "blocked for a while");
    // It has been silent, which shows that there was something to be mistaken about; and it is heard again.
    await eventually(
      () => app.running.stats().workers[0].heartbeatAgeMs < blockedMs,
      "a heartbeat",
    );
    assertEquals(acceptingWorkers(app), [worker]);
    assertFalse(app.events.all.some(({ kind }) => kind === "hung" || kind === "replacing"));
  });
});

/** The process stands still in the processor's eyes when it takes no more than this share of one core. */
const IDLE_SHARE = 0.2;
const LOOK_MS = 1_000;
const TICKS_PER_SECOND = 100;

/** Waits until the process takes hardly any processor time. */
async function processorRests(server: ServerProcess): Promise<void> {
  let ticks = server.processorTicks();
  let lookedAt = performance.now();
  await eventually(() => {
    const now = performance.now();
    if (now - lookedAt < LOOK_MS) return false;
    const before = ticks;
    const seconds = (now - lookedAt) / 1_000;
    ticks = server.processorTicks();
    lookedAt = now;
    return (ticks - before) / TICKS_PER_SECOND < IDLE_SHARE * seconds;
  }, "a process that takes no processor time");
}

/** Deno 2.9 does not close what the event loop of a thread waits with, when the thread was terminated while it ran. */
const DESCRIPTORS_LEFT_BY_A_HANG = 2;

for (const way of THREADS) {
  describe(`a process whose worker hangs (listen ${way.listen}, isolation ${way.isolation})`, {
    ignore: !CAN_WATCH_PROCESSES,
  }, () => {
    it("has its processor time and its descriptors back, and loses no new connection", async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way,
        run: { workers: 2, hangTimeout: HANG_TIMEOUT_MS },
      });
      for (let round = 0; round < 2; round++) {
        await processorRests(server);
        const descriptors = await server.settledDescriptors();
        const lineCount = server.stderr.all.length;
        const ticks = server.processorTicks();

        using spinning = await server.connect();
        const worker = (await spinning.ask(get("/worker"))).text;
        using idle = await connectTo(server.port, worker);
        await spinning.send(get("/block/1000000000"));
        const [line] = await server.stderr.find(/worker \d+: hung while handling .*/, lineCount);
        assertMatch(line, /hung while handling GET \/block\/1000000000 \([\d.]+ s\)/);
        // Otherwise what comes back below would never have been away.
        assert(server.processorTicks() - ticks > 10, "it spins");
        const number = worker.replace("mudpie:", "");
        await server.stderr.find(new RegExp(`worker ${number}: ended \\(hang\\)`), lineCount);
        const news = server.stderr.all.slice(lineCount);
        const acceptingAt = news.findIndex((line) => /: accepting after/.test(line));
        const endedAt = news.findIndex((line) => line.includes("ended (hang)"));
        assert(acceptingAt >= 0 && acceptingAt < endedAt, news.join("\n"));

        await spinning.assertEnded();
        await idle.assertEnded();
        spinning[Symbol.dispose]();
        idle[Symbol.dispose]();
        // Each on a connection of its own, and in a bunch: a listener that nobody serves any more would get its share.
        for (let bunch = 0; bunch < 30; bunch++) {
          const answers = await Promise.all(
            Array.from({ length: 10 }, () => server.text("/worker")),
          );
          for (const answer of answers) assertMatch(answer, /^mudpie:\d+$/);
          assertFalse(answers.includes(worker));
        }
        await processorRests(server);
        await server.descriptorsDownTo(descriptors + DESCRIPTORS_LEFT_BY_A_HANG);
      }
      assertEquals(await server.stop(), 0);
    });

    it("terminates a worker that spins behind run() when it has drained", async () => {
      await using server = await ServerProcess.start("spins_after_run.ts", {
        way,
        run: { drainTimeout: 1_000 },
      });
      server.program.signal("SIGHUP");
      await server.stderr.find(/worker 1: ended \(reload\): terminated/);
      assertEquals(await server.text("/worker"), "mudpie:2");
      assertEquals(await server.stop(), 0);
    });

    it("ends with exit code 0 on SIGTERM while a worker hangs", async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way,
        run: { workers: 2, hangTimeout: 60_000, drainTimeout: 1_000 },
      });
      using gate = new Gate();
      using client = await server.connect();
      await client.send(get(`/spin-behind-gate/${gate.port}`));
      await (await gate.reached()).open();
      assertEquals(await server.stop(), 0);
      await client.assertEnded();
      // A thread that can be ended leaves nothing of which the process would have to be ended for.
      assertFalse(/cannot be stopped/.test(server.stderr.text));
    });
  });
}

describe("a process whose Web Workers hang", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const way of WEB_WORKERS) {
    it(`goes on when a second one hangs, as long as one is left (listen ${way.listen}, onHang continue)`, async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way,
        run: { workers: 3, hangTimeout: HANG_TIMEOUT_MS, onHang: "continue" },
      });
      using third = await connectTo(server.port, "mudpie:3");
      using first = await connectTo(server.port, "mudpie:1");
      using second = await connectTo(server.port, "mudpie:2");
      await first.send(get("/block/1000000000"));
      await second.send(get("/block/1000000000"));
      for (const worker of [1, 2]) {
        const [line] = await server.stderr.find(new RegExp(`worker ${worker}: hung.*`));
        assertMatch(line, /goes on taking a core: isolation "thread" would have cured it$/);
        await server.stderr.find(new RegExp(`worker ${worker}: ended \\(hang\\)`));
      }
      for (const worker of [4, 5]) {
        await server.stderr.find(new RegExp(`worker ${worker}: accepting`));
        // With reuseport the sockets of those that hang go on drawing connections, which is what "continue" puts up with.
        if (way.listen === "reuseport") continue;
        using client = await connectTo(server.port, `mudpie:${worker}`);
        assertEquals((await client.ask(get("/worker"))).status, 200);
      }
      assertEquals((await third.ask(get("/worker"))).text, "mudpie:3");
      assertEquals(await server.stop(), 0);
      await server.stderr.find(/2 of the workers hang and cannot be stopped, so the process is/);
    });

    it(`ends with exit code 75 when a second one hangs while the rest drains (listen ${way.listen}, onHang exit)`, async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way,
        run: { workers: 2, hangTimeout: HANG_TIMEOUT_MS, onHang: "exit", drainTimeout: 1_500 },
      });
      using gate = new Gate();
      using second = await connectTo(server.port, "mudpie:2");
      using first = await connectTo(server.port, "mudpie:1");
      await second.send(get(`/spin-behind-gate/${gate.port}`));
      const visitor = await gate.reached();
      await first.send(get("/block/1000000000"));
      await server.stderr.find(/stopping \(worker 1 hangs and cannot be stopped\)/);
      await visitor.open();
      assertEquals((await server.program.ended()).code, 75);
      assertMatch(
        server.stderr.text,
        /worker 1: hung while handling .* ends \(onHang\): isolation "thread" would have cured it/,
      );
      await server.stderr.find(/worker 2: ended \(shutdown\): terminated/);
    });

    it(`ends with exit code 75 when SIGTERM cuts its drain short (listen ${way.listen}, onHang exit)`, async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way,
        run: { workers: 2, hangTimeout: HANG_TIMEOUT_MS, onHang: "exit", drainTimeout: 60_000 },
      });
      using gate = new Gate();
      using second = await connectTo(server.port, "mudpie:2");
      using first = await connectTo(server.port, "mudpie:1");
      await second.send(get(`/gate/${gate.port}`));
      await gate.reached();
      await first.send(get("/block/1000000000"));
      await server.stderr.find(/stopping \(worker 1 hangs and cannot be stopped\)/);
      assertEquals(await server.stop(), 75);
      await second.assertEnded();
    });
  }

  for (const isolation of ["web", "thread"] as const) {
    it(`ends with exit code 1 and the cause last when they spin at load (isolation ${isolation})`, async () => {
      const url = new URL("../support/apps/spins_at_load.ts", import.meta.url);
      const run = { port: 0, workers: 2, isolation, startTimeout: 500 };
      await using program = Program.deno(["run", "-A", url.pathname, JSON.stringify({ run })]);
      assertEquals((await program.ended()).code, 1);
      const lines = program.stderr.all.filter((line) => line !== "");
      assertMatch(lines[lines.length - 1], /^error: .*No worker could start: .*startTimeout/);
    });
  }
});

/** The state of a process, as Linux names it: T when it is stopped. */
function processState(pid: number): string {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2)[0];
}

describe("a process that is stopped and continued", { ignore: !CAN_WATCH_PROCESSES }, () => {
  for (const isolation of ["web", "thread"] as const) {
    it(`takes none of its workers for hung (isolation ${isolation})`, async () => {
      await using server = await ServerProcess.start("hangs_anywhere.ts", {
        way: { listen: "reuseport", isolation },
        run: { workers: 2, hangTimeout: HANG_TIMEOUT_MS },
      });
      using gate = new Gate();
      using client = await server.connect();
      await client.send(get(`/gate/${gate.port}`));
      const visitor = await gate.reached();

      server.program.signal("SIGSTOP");
      const { pid } = server.program;
      await eventually(() => processState(pid) === "T", "a process that is stopped");
      const stoppedAt = performance.now();
      // How long it stands still is what this is about.
      await eventually(
        () => performance.now() - stoppedAt > 2 * HANG_TIMEOUT_MS,
        "longer than hangTimeout",
      );
      server.program.signal("SIGCONT");
      const continuedAt = performance.now();
      await visitor.open("as if nothing had been");
      assertEquals((await client.readResponse()).text, "as if nothing had been");
      while (performance.now() - continuedAt < 1.5 * HANG_TIMEOUT_MS) {
        assertMatch(await server.text("/worker"), /^mudpie:[12]$/);
      }
      server.program.signal("SIGUSR1");
      for (const worker of [1, 2]) {
        const line = new RegExp(
          `mudpie: worker ${worker}: accepting, .* heartbeat ([\\d.]+) s ago$`,
        );
        const [, seconds] = await server.stderr.find(line);
        assertLess(Number(seconds) * 1_000, HANG_TIMEOUT_MS);
      }
      assertFalse(/hung|replaced/.test(server.stderr.text), server.stderr.text);
      assertEquals(await server.stop(), 0);
    });
  }
});
