// What an operator gets who has made a mistake: one clear line, an exit code that is not 0, soon, and nothing left running.

import { assertEquals, assertLess, assertMatch, assertNotEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS, startApp } from "../support/servers/started_app.ts";

/** A free port, and who holds it. */
function takePort(): Disposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    port: (listener.addr as Deno.NetAddr).port,
    [Symbol.dispose]: () => listener.close(),
  };
}

function start(name: string, run: RunOptions = {}, permissions = ["-A"]): Program {
  const path = new URL(`../support/apps/${name}`, import.meta.url).pathname;
  const options = { run: { port: 0, workers: 2, ...run } };
  return Program.deno(["run", ...permissions, path, JSON.stringify(options)]);
}

/** How soon a program has to end that cannot start, on a machine that has nothing else to do. */
const LIMIT_MS = 3_000;
/** How long a program takes there that does nothing. */
const IDLE_START_MS = 150;

/** How long it takes now to start a program that does nothing: what there is to measure others by. */
async function measureStart(): Promise<number> {
  const startedAt = performance.now();
  await using program = start("loads_nothing.ts");
  assertEquals((await program.ended()).code, 0);
  return performance.now() - startedAt;
}

interface Failure {
  /** The lines of standard error. */
  readonly lines: readonly string[];
}

/** Runs a program to its end, and sees to it that it fails, and soon. */
async function fail(begin: () => Program): Promise<Failure> {
  const paceMs = await measureStart();
  const startedAt = performance.now();
  await using program = begin();
  const { code, signal } = await program.ended();
  const elapsedMs = performance.now() - startedAt;
  assertEquals(signal, null);
  assertNotEquals(code, 0);
  // Deno's own exit code for a wrong way to listen, which no program can catch.
  assertNotEquals(code, 70);
  assertLess(elapsedMs, LIMIT_MS * Math.max(1, paceMs / IDLE_START_MS));
  assertEquals(program.stdout.all, []);
  return { lines: program.stderr.all.filter((line) => line !== "") };
}

/** The one line of a mistake that no line of the program is to blame for. */
function assertOneLine({ lines }: Failure, message: RegExp): void {
  assertEquals(lines.length, 1, lines.join("\n"));
  assertMatch(lines[0], /^error: /);
  assertMatch(lines[0], message);
}

/** The line of a mistake in the program, and where it was made. */
function assertLineAndPlace({ lines }: Failure, message: RegExp): void {
  const [first, ...rest] = lines;
  assertMatch(first, /^error: /);
  assertMatch(first, message);
  for (const line of rest) assertMatch(line, /^\s/);
}

describe("a program that cannot serve", { ignore: !CAN_START_PROGRAMS }, () => {
  // It waits for a sign of its workers, for longer than the other tests take.
  let programWithWrongEntry: Program;
  beforeAll(() => {
    programWithWrongEntry = start("has_a_wrong_entry.ts");
  });
  afterAll(() => programWithWrongEntry?.[Symbol.asyncDispose]());

  for (const listen of ["reuseport", "shared"] as const) {
    it(`says that the port is in use (listen ${listen})`, async () => {
      using taken = takePort();
      const failure = await fail(() => start("well_behaved.ts", { port: taken.port, listen }));
      assertOneLine(
        failure,
        new RegExp(`AddrInUse: Cannot listen on 127\\.0\\.0\\.1:${taken.port}: .*another port`),
      );
    });

    it(`says that the port is in use by another server of its kind (listen ${listen})`, async () => {
      await using other = await startApp("well_behaved.ts", { run: { listen } });
      const failure = await fail(() => start("well_behaved.ts", { port: other.port, listen }));
      assertOneLine(failure, /AddrInUse: Cannot listen on /);
      assertEquals((await other.get("/async")).text, "async");
    });
  }

  it("says that the address is none of this machine's", async () => {
    const failure = await fail(() => start("well_behaved.ts", { hostname: "203.0.113.1" }));
    assertOneLine(failure, /Cannot listen on 203\.0\.113\.1:0: .*no such address.*127\.0\.0\.1/);
  });

  it("says that the host name is unknown", async () => {
    const failure = await fail(() => start("well_behaved.ts", { hostname: "nowhere.invalid" }));
    assertMatch(failure.lines[0], /^error: .*Cannot listen on nowhere\.invalid:0: /);
  });

  it("says which permission is missing", async () => {
    const permissions = ["--allow-read", "--allow-env"];
    const failure = await fail(() => start("well_behaved.ts", { port: 0 }, permissions));
    assertOneLine(failure, /NotCapable: Cannot listen on .*--allow-net=127\.0\.0\.1,? or with -A/);
    const fixed = await fail(() => start("well_behaved.ts", { port: 4321 }, permissions));
    assertOneLine(
      fixed,
      /NotCapable: Cannot listen on .*--allow-net=127\.0\.0\.1:4321,? or with -A/,
    );
  });

  it("can serve with the permission that it asks for", async () => {
    const permissions = ["--allow-read", "--allow-net=127.0.0.1"];
    await using program = start("well_behaved.ts", {}, permissions);
    await program.listening();
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  const values: { run: RunOptions; message: RegExp }[] = [
    { run: { port: 99_999 }, message: /RangeError: .*99999.*"port".*from 0 to 65535/ },
    { run: { port: -1 }, message: /RangeError: .*-1.*"port".*from 0 to 65535/ },
    { run: { workers: 0 }, message: /RangeError: .* 0 .*"workers".*from 1 to/ },
    { run: { workers: 1.5 }, message: /RangeError: .*1\.5.*"workers".*a whole number/ },
  ];
  for (const { run, message } of values) {
    it(`says what is wrong with ${JSON.stringify(run)}`, async () => {
      assertLineAndPlace(await fail(() => start("well_behaved.ts", run)), message);
    });
  }

  it("says what is wrong with the number of workers in the environment", async () => {
    const path = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
    const env = { MUDPIE_THREADS: "many" };
    const failure = await fail(() =>
      Program.deno(["run", "-A", path, '{"run":{"port":0}}'], { env })
    );
    assertLineAndPlace(failure, /RangeError: .*"many".*MUDPIE_THREADS.*a whole number/);
  });

  it("says that run() was called twice", async () => {
    const failure = await fail(() => start("runs_twice.ts"));
    assertLineAndPlace(failure, /TypeError: Cannot call run\(\).*call run\(\) once/);
  });

  it("says that a path was added after run()", async () => {
    const failure = await fail(() => start("adds_late.ts"));
    assertLineAndPlace(failure, /TypeError: Cannot add path "\/late" after run\(\).*before/);
  });

  for (const isolation of ["web", "thread"] as const) {
    it(`says that run() is never called in the worker (isolation ${isolation})`, async () => {
      const failure = await fail(() => start("never_runs.ts", { isolation }));
      assertOneLine(
        failure,
        /No worker could start: .*never_runs\.ts.*did not call run\(\).*guard/,
      );
    });

    for (const name of ["throws_at_load.ts", "rejects_at_load.ts"]) {
      it(`its last line is the first cause when no worker can start (${name}, isolation ${isolation})`, async () => {
        const { lines } = await fail(() => start(name, { isolation }));
        const last = lines[lines.length - 1];
        assertMatch(last, /^error: .*No worker could start: .*no database today$/);
        assertEquals(lines.filter((line) => line.includes("No worker could start")).length, 1);
        // Deno itself reports each one; there must not be many.
        const reports = lines.filter((line) => line.includes("(in worker"));
        assertLess(reports.length, 10);
      });
    }
  }

  it("says that the entry does not load this library (isolation thread)", async () => {
    const failure = await fail(() => start("has_a_wrong_entry.ts", { isolation: "thread" }));
    assertOneLine(failure, /No worker could start: .*does not load @mudpie\/server: .*entry/);
  });

  it("says that the entry is not there", async () => {
    const path = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
    const entry = "file:///nowhere/app.ts";
    const { lines } = await fail(() =>
      Program.deno(["run", "-A", path, JSON.stringify({ run: { port: 0, entry } })])
    );
    assertMatch(lines[lines.length - 1], /^error: .*No worker could start: .*file:\/\/\/nowhere/);
  });

  it("says that the entry does not load this library (isolation web)", async () => {
    assertEquals((await programWithWrongEntry.ended()).code, 1);
    const isProgress = (line: string) => / mudpie: starting for \d+ s: /.test(line);
    const lines = programWithWrongEntry.stderr.all.filter((line) =>
      line !== "" && !isProgress(line)
    );
    assertOneLine({ lines }, /No worker could start: .*does not load @mudpie\/server: .*entry/);
  });
});
