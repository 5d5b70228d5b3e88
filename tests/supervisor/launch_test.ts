// What a fleet is started with: the code's options, and what the command line sets over them.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { resolveRunOptions, type RunOptions } from "../../src/options/run_options.ts";
import { FirstWorker } from "../../src/supervisor/first_worker.ts";
import {
  type CommandLine,
  commandLineDefaults,
  launchOptions,
  optionsOverCode,
  planLaunch,
} from "../../src/supervisor/launch.ts";
import { FakeWorkers } from "../support/workers/fake_workers.ts";

const MAIN = "file:///srv/main.ts";

const WORKERS = new FakeWorkers();

const COMMAND_LINE: CommandLine = {
  app: "file:///srv/app.ts",
  entry: "file:///mudpie/cli.ts",
  firstWorker: new FirstWorker({
    app: "file:///srv/app.ts",
    entry: "file:///mudpie/cli.ts",
    isolation: "thread",
    fastResponse: true,
    heapLimitBytes: 0,
    timeoutMs: 0,
    onWaiting: () => {},
    waitingAfterMs: 0,
    loadingAfterMs: 0,
  }, WORKERS.spawn),
  isAppWrittenInFull: false,
  isPathLinked: true,
  runOptions: { port: 9_000, workers: 3 },
  serverOptions: { maxBodyBytes: 7 },
  fallbackOptions: {},
  addressSource: "as --port says",
  workersSource: "as --workers says",
  onStarted: () => {},
};

function plan(
  options: RunOptions,
  commandLine?: CommandLine,
  startedBy: "run" | "start" = "run",
  mainArgument = "main.ts",
) {
  const settings = resolveRunOptions(options);
  return planLaunch({ startedBy, options, settings, commandLine, mainModule: MAIN, mainArgument });
}

describe("launchOptions()", () => {
  it("returns the code's options where there is no command line", () => {
    const coded = { port: 8_000 };
    assertEquals(launchOptions(coded, undefined), coded);
  });

  it("lets the command line win over the code, and has its own defaults and entry", () => {
    assertEquals(launchOptions({ port: 8_000, hostname: "::" }, COMMAND_LINE), {
      hostname: "::",
      port: 9_000,
      workers: 3,
      isolation: "thread",
      entry: "file:///mudpie/cli.ts",
    });
  });

  it("keeps the entry that the code names", () => {
    const entry = "file:///srv/other.ts";
    assertEquals(launchOptions({ entry }, COMMAND_LINE).entry, entry);
  });
});

describe("commandLineDefaults()", () => {
  it("has only what differs from the defaults of run()", () => {
    assertEquals(commandLineDefaults(), { isolation: "thread" });
  });
});

describe("optionsOverCode()", () => {
  const options = (coded: RunOptions, runOptions: RunOptions, fallbackOptions: RunOptions = {}) =>
    optionsOverCode(coded, { runOptions, fallbackOptions });

  it("lets the code win over the defaults, and the command line over the code", () => {
    assertEquals(options({}, {}).isolation, "thread");
    assertEquals(options({ isolation: "web" }, {}).isolation, "web");
    assertEquals(options({ isolation: "web" }, { isolation: "thread" }).isolation, "thread");
  });

  it("fills in what neither names", () => {
    const fallback = { hostname: "0.0.0.0", port: 3_000 };
    const { hostname, port } = options({ hostname: undefined, port: 80 }, {}, fallback);
    assertEquals([hostname, port], ["0.0.0.0", 80]);
    assertEquals(options({}, { port: 81 }, fallback).port, 81);
  });

  it("fills in no port beside a path", () => {
    const { port, path } = options({ path: "/run/a.sock" }, {}, { port: 3_000 });
    assertEquals([port, path], [undefined, "/run/a.sock"]);
  });
});

describe("planLaunch()", () => {
  it("loads the main module, which is known to load this library, and listens to signals in run()", () => {
    const { entry, isEntryKnown, listensToSignals, app, serverOptions } = plan({ workers: 1 });
    assertEquals([entry, isEntryKnown, listensToSignals], [MAIN, true, true]);
    assertEquals([app, serverOptions], [undefined, {}]);
  });

  it("does not know what another entry loads, and listens to no signals in start()", () => {
    const entry = new URL("file:///srv/app.ts");
    const launch = plan({ workers: 1, entry }, undefined, "start");
    assertEquals([launch.entry, launch.isEntryKnown], [entry.href, false]);
    assertEquals([launch.listensToSignals, launch.isStartTimeoutGiven], [false, false]);
    const told = plan({ workers: 1, signals: true, startTimeout: 5_000 }, undefined, "start");
    assertEquals([told.listensToSignals, told.isStartTimeoutGiven], [true, true]);
  });

  it("takes application, server options and the number of workers from the command line", () => {
    const options = launchOptions({}, COMMAND_LINE);
    const launch = plan(options, COMMAND_LINE);
    assertEquals([launch.entry, launch.isEntryKnown], [COMMAND_LINE.entry, true]);
    assertEquals(launch.firstWorker, COMMAND_LINE.firstWorker);
    assertEquals(launch.addressSource, "as --port says");
    assertEquals([launch.app, launch.serverOptions], [COMMAND_LINE.app, { maxBodyBytes: 7 }]);
    assertEquals(launch.workerCount, { workers: 3, source: "as --workers says" });
  });

  it("passes no application to workers that load an entry of the code", () => {
    const options = launchOptions({ entry: "file:///srv/other.ts" }, COMMAND_LINE);
    assertEquals(plan(options, COMMAND_LINE).app, undefined);
  });

  it("gives the code as the source of a number of workers that the command line does not set", () => {
    const commandLine = { ...COMMAND_LINE, runOptions: {} };
    const { workers, source } = plan({ workers: 2 }, commandLine).workerCount;
    assertEquals([workers, source === COMMAND_LINE.workersSource], [2, false]);
  });

  it("fixes the modules whose whole path the user has written", () => {
    const written = { ...COMMAND_LINE, isAppWrittenInFull: true };
    const { fixedModules } = plan({ workers: 1 }, written, "run", "/srv/main.ts");
    assertEquals(fixedModules, [MAIN, written.app]);
    assertEquals(plan({ workers: 1 }, COMMAND_LINE).fixedModules, []);
  });
});
