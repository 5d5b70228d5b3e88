// What the server tells of itself: `stats()` that move as the thing they count does, one log line and one typed value for each
// event, and an exit code that says why the process has ended. And the ten workers of the hello program, which are told in one line.

import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { FleetEvent, FleetStats, WorkerStats } from "../../mod.ts";
import { fleetLine } from "../../src/telemetry/fleet_log.ts";
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

/** Makes heartbeats frequent, and with them what the supervisor knows; nobody is silent for that long. */
const HANG_TIMEOUT_MS = 8_000;

function onlyWorker(app: StartedApp): WorkerStats {
  const { workers } = app.running.stats();
  assertEquals(workers.length, 1);
  return workers[0];
}

describeEachWay((way) => {
  const start = (name: string) => startApp(name, { run: { ...way, hangTimeout: HANG_TIMEOUT_MS } });

  it("its stats() count connections, requests and what is in flight, up and down", async () => {
    await using app = await start("well_behaved.ts");
    using gate = new Gate();
    const counts = () => {
      const { connectionsAccepted, connectionsOpen, requests, requestsInFlight } = onlyWorker(app);
      return { connectionsAccepted, connectionsOpen, requests, requestsInFlight };
    };
    const become = async (expected: ReturnType<typeof counts>) => {
      await eventually(
        () => JSON.stringify(counts()) === JSON.stringify(expected),
        `${JSON.stringify(expected)}`,
      ).catch((error) => {
        assertEquals(counts(), expected);
        throw error;
      });
      const { total } = app.running.stats();
      for (const [name, value] of Object.entries(expected)) {
        assertEquals(total[name as keyof FleetStats["total"]], value, name);
      }
    };
    await become({ connectionsAccepted: 0, connectionsOpen: 0, requests: 0, requestsInFlight: 0 });
    const client = await app.connect();
    await become({ connectionsAccepted: 1, connectionsOpen: 1, requests: 0, requestsInFlight: 0 });
    await client.ask(get("/hello"));
    await client.ask(get("/nowhere"));
    await become({ connectionsAccepted: 1, connectionsOpen: 1, requests: 2, requestsInFlight: 0 });
    await client.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    const { requests } = counts();
    await become({ connectionsAccepted: 1, connectionsOpen: 1, requests, requestsInFlight: 1 });
    await visitor.open();
    await client.readResponse();
    await become({ connectionsAccepted: 1, connectionsOpen: 1, requests: 3, requestsInFlight: 0 });
    client[Symbol.dispose]();
    await become({ connectionsAccepted: 1, connectionsOpen: 0, requests: 3, requestsInFlight: 0 });
  });

  it("its stats() tell the age, the heartbeat's age and the number of a worker", async () => {
    await using app = await start("well_behaved.ts");
    const first = onlyWorker(app);
    assertEquals(acceptingWorkers(app), [first.worker]);
    await eventually(() => onlyWorker(app).ageMs > first.ageMs + 100, "an age that grows");
    // It grows until there is a heartbeat, and begins again then.
    let last = onlyWorker(app).heartbeatAgeMs;
    let hasGrown = false;
    await eventually(() => {
      const { heartbeatAgeMs } = onlyWorker(app);
      if (heartbeatAgeMs > last) hasGrown = true;
      const hasBegunAgain = heartbeatAgeMs < last;
      last = heartbeatAgeMs;
      return hasGrown && hasBegunAgain;
    }, "a heartbeat");
    const reloadedFrom = performance.now();
    await app.running.reload();
    await eventually(() => app.running.stats().workers.length === 1, "the old worker's end");
    const second = onlyWorker(app);
    assertEquals(second.worker, first.worker + 1);
    // An age is a worker's own.
    assertLess(second.ageMs, performance.now() - reloadedFrom + 1);
    assertEquals(app.running.stats().replacements, { reload: 1 });
  });

  it("its stats() tell the lag of a worker's event loop, and its silence", async () => {
    await using app = await start("hangs_anywhere.ts");
    using client = await app.connect();
    await client.send(get("/block/2500"));
    await eventually(
      () => onlyWorker(app).heartbeatAgeMs > 1_500,
      "a worker that is silent while it is blocked",
    );
    await client.readResponse();
    // The tick that comes first says how late it was; the next ones are punctual again.
    await eventually(() => onlyWorker(app).eventLoopLagMs > 500, "a lag");
    await eventually(() => onlyWorker(app).eventLoopLagMs < 500, "no lag");
    await eventually(() => onlyWorker(app).heartbeatAgeMs < 1_500, "a heartbeat");
  });

  it("its stats() tell the size of the heap, ArrayBuffers included", async () => {
    await using app = await start("keeps_bytes.ts");
    const before = await eventually(() => onlyWorker(app).heapBytes, "the size of the heap");
    await app.get("/keep-bytes/50000000");
    await eventually(() => onlyWorker(app).heapBytes > before + 45_000_000, "50 MB more");
    const { workers, total } = app.running.stats();
    assertEquals(total.heapBytes, workers[0].heapBytes);
  });

  it("its stats() count panics, replacements by cause, and the delay that comes of them", async () => {
    await using app = await start("panics.ts");
    for (let round = 1; round <= 2; round++) {
      const from = app.events.all.length;
      assertEquals((await app.get("/throw")).status, 500);
      await app.events.find("panicked", () => true, from);
      assertEquals(app.running.stats().total.panics, round);
      assertEquals(app.running.stats().replacements, { panic: round });
      if (round === 2) {
        const { delayMs, workers } = app.running.stats();
        assert(delayMs > 0 && delayMs <= 1_000, `${delayMs}`);
        assertEquals(workers.map(({ status }) => status), ["retiring"]);
      }
      await app.events.find("ended", () => true, from);
    }
    assertEquals(app.running.stats().delayMs, 0);
    // Those of workers that are gone are in the sum, and nowhere else.
    assertEquals([app.running.stats().total.panics, onlyWorker(app).panics], [2, 0]);
  });
}, TWO_WAYS);

/** Events that have no line of their own while the fleet starts or stops, or at all; see `isWorthALine`. */
function hasLine(event: FleetEvent, hasStarted: boolean, isStopping: boolean): boolean {
  switch (event.kind) {
    case "panicked":
      return false;
    case "accepting":
    case "draining":
      return hasStarted && !isStopping;
    case "ended":
      return hasStarted && (!isStopping || event.detail !== "");
    default:
      return true;
  }
}

for (const way of TWO_WAYS) {
  describe(`the log of a program (listen ${way.listen}, isolation ${way.isolation})`, {
    ignore: !CAN_START_PROGRAMS,
  }, () => {
    it("has one line for each event, with its cause, in the order in which onEvent gets them", async () => {
      await using program = startProgram("panics_or_exits.ts", { ...way, workers: 2 });
      const { port } = await program.listening();
      const ask = async (target: string) => {
        using client = await RawClient.connect(port);
        await client.send(get(target, "Connection: close"));
        return await client.readToEnd();
      };
      assertMatch(await ask("/throw"), /^HTTP\/1.1 500 /);
      await program.stderr.find(/ended \(panic\)/);
      await ask("/exit").catch(() => "reset");
      await program.stderr.find(/ended \(crash\)/);
      await program.stderr.find(/worker 4: accepting/);
      program.signal("SIGTTIN");
      await program.stderr.find(/worker 5: accepting/);
      program.signal("SIGTTOU");
      await program.stderr.find(/ended \(resize\)/);
      program.signal("SIGHUP");
      await program.stderr.find(/ reloaded$/);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);

      const events = program.stdout.all.map((line): FleetEvent => JSON.parse(line));
      let hasStarted = false;
      let isStopping = false;
      const expected: string[] = [];
      for (const event of events) {
        if (event.kind === "listening") hasStarted = true;
        if (hasLine(event, hasStarted, isStopping)) expected.push(fleetLine(event));
        if (event.kind === "stopping") isStopping = true;
      }
      const lines = program.stderr.all.flatMap((line) => LOG_LINE.exec(line)?.[1] ?? [])
        // A worker logs its own panics, with the whole error; and advice on the system's settings is no event.
        .filter((line) => !line.includes(": panic in ") && !line.includes("tcp_migrate_req"));
      assertEquals(lines, expected);

      const seen = new Set(
        events.map((event) => "cause" in event ? `${event.kind} ${event.cause}` : event.kind),
      );
      for (const kind of EVENTS_OF_THAT_RUN) {
        assert(seen.has(kind), `${kind} among ${[...seen].join(", ")}`);
      }
      for (const event of events) {
        if (event.kind !== "replacing" && event.kind !== "ended") continue;
        assertMatch(fleetLine(event), new RegExp(`worker ${event.worker}: .*\\(${event.cause}\\)`));
      }
      assertEquals(events[events.length - 1].kind, "stopped");
    });
  });
}

/** What stands behind the time in a line of the log. */
const LOG_LINE = /^\d{4}-\S+Z mudpie: (.*)$/;

const EVENTS_OF_THAT_RUN = [
  "accepting",
  "listening",
  "panicked",
  "replacing panic",
  "draining panic",
  "ended panic",
  "ended crash",
  "resized",
  "draining resize",
  "ended resize",
  "reloading",
  "replacing reload",
  "draining reload",
  "ended reload",
  "reloaded",
  "stopping",
  "ended shutdown",
  "stopped",
];

function startProgram(name: string, run: Record<string, unknown>, flags: string[] = []): Program {
  const { pathname } = new URL(`../support/apps/${name}`, import.meta.url);
  const app = JSON.stringify({ run: { port: 0, workers: 1, ...run } });
  return Program.deno(["run", "-A", ...flags, pathname, app]);
}

describe("the exit code of a program", { ignore: !CAN_START_PROGRAMS }, () => {
  const codes: {
    what: string;
    name: string;
    run: Record<string, unknown>;
    flags?: string[];
    ending?: (program: Program, port: number) => Promise<void>;
    code: number;
  }[] = [
    ...(["web", "thread"] as const).flatMap((isolation) => [
      {
        what: `it was told to stop (isolation ${isolation})`,
        name: "well_behaved.ts",
        run: { isolation },
        ending: stop,
        code: 0,
      },
      {
        what: `it was told to stop while a worker hangs (isolation ${isolation})`,
        name: "hangs_anywhere.ts",
        run: { isolation, drainTimeout: 500 },
        ending: async (program: Program, port: number) => {
          await spin(program, port);
          await stop(program);
        },
        code: 0,
      },
      {
        what: `no worker can start (isolation ${isolation})`,
        name: "throws_at_load.ts",
        run: { isolation },
        code: 1,
      },
    ]),
    { what: "an option is wrong", name: "well_behaved.ts", run: { workers: 0 }, code: 1 },
    { what: "an option is unknown", name: "well_behaved.ts", run: { worker: 1 }, code: 1 },
    {
      what: "options do not go together",
      name: "well_behaved.ts",
      run: { heapLimitBytesPerWorker: 1_000_000 },
      code: 1,
    },
    {
      what: "a Web Worker hangs, with onHang exit",
      name: "hangs_anywhere.ts",
      run: { hangTimeout: 1_000, onHang: "exit" },
      ending: spin,
      code: 75,
    },
    ...(Deno.build.os === "linux" && Deno.build.arch === "x86_64"
      ? [{
        what: "a Web Worker runs out of memory (SIGTRAP, as a shell says it)",
        name: "keeps_bytes.ts",
        run: {},
        flags: ["--v8-flags=--max-old-space-size=64"],
        ending: async (_program: Program, port: number) => {
          using client = await RawClient.connect(port);
          await client.send(get("/allocate"));
          await client.discardToEnd().catch(() => {
            // The kernel may reset it; either way the process is at its end.
          });
        },
        code: 133,
      }]
      : []),
  ];
  for (const { what, name, run, flags, ending, code } of codes) {
    it(`is ${code} when ${what}`, async () => {
      await using program = startProgram(name, run, flags);
      if (ending !== undefined) await ending(program, (await program.listening()).port);
      assertEquals((await program.ended()).code, code);
    });
  }
});

function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  return Promise.resolve();
}

/** Has the worker spin, and waits until it does. */
async function spin(_program: Program, port: number): Promise<void> {
  using gate = new Gate();
  using client = await RawClient.connect(port);
  await client.send(get(`/spin-behind-gate/${gate.port}`));
  await (await gate.reached()).open();
}

describe("a program with ten workers", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const isolation of ["web", "thread"] as const) {
    it(`has all ten of them answer (isolation ${isolation})`, async () => {
      await using program = startProgram("well_behaved.ts", {
        workers: 10,
        listen: "reuseport",
        isolation,
      });
      const { port, workers } = await program.listening();
      assertEquals(workers, 10);
      const names = new Set<string>();
      // The kernel chooses; that one of ten is never chosen in so many tries does not happen by chance.
      for (let tries = 0; tries < 1_000 && names.size < 10; tries++) {
        using client = await RawClient.connect(port);
        names.add((await client.ask(get("/worker"))).text);
      }
      assertEquals(
        [...names].sort(),
        Array.from({ length: 10 }, (_, index) => `mudpie:${index + 1}`).sort(),
      );
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    });
  }
});
