// What a fleet is started with: the options of the code, and over them what the command line asks
// for. The command line hands its value over before the application is loaded, and server.ts reads
// it once.

import type { OptionTable } from "../options/option_rule.ts";
import {
  overrideRunOptions,
  RUN_RULES,
  type RunOptions,
  type RunSettings,
} from "../options/run_options.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import { resolveWorkerCount } from "../options/worker_count.ts";
import type { FirstWorker } from "./first_worker.ts";
import type { RunningServer } from "./running_server.ts";
import { isWrittenInFull } from "./start_folder.ts";
import type { SupervisorOptions } from "./supervisor.ts";

/** What the command line asks for. It wins over the code. */
export interface CommandLine {
  /** The address of the application's module. */
  readonly app: string;
  /** The command line's own module, which loads the application in the workers. */
  readonly entry: string;
  /** The worker that has loaded the application already. */
  readonly firstWorker: FirstWorker;
  /** Whether that was written as an address or an absolute path, which no link moves. */
  readonly isAppWrittenInFull: boolean;
  readonly runOptions: RunOptions;
  /** What holds where neither the command line nor the code names it. */
  readonly fallbackOptions: RunOptions;
  /** Where the port comes from, or the path of a Unix socket, for the line at the start. */
  readonly addressSource: string;
  /** Whether a path without a number leads to a socket itself, as a program expects that names it. */
  readonly isPathLinked: boolean;
  readonly serverOptions: WebServerOptions;
  /** Where the number of workers comes from, if `runOptions` have one. */
  readonly workersSource: string;
  /** Called when every worker accepts. */
  readonly onStarted: (running: RunningServer) => void;
}

/** What a launch depends on. */
export interface LaunchConditions {
  readonly startedBy: "run" | "start";
  /**
   * The options with which the code and the command line start the server, and what they come to.
   */
  readonly options: RunOptions;
  readonly settings: RunSettings;
  /** Undefined where the program was not started by the command line. */
  readonly commandLine: CommandLine | undefined;
  readonly mainModule: string;
  /** The path of the main module as the user wrote it; undefined where it is not known. */
  readonly mainArgument: string | undefined;
}

/** The part of the supervisor's options that options and command line decide. */
export type Launch = Omit<SupervisorOptions, "wasMisused" | "log" | "observer" | "meter">;

/** Returns the defaults of options that the command line has, and not `run()`. */
export function commandLineDefaults(): RunOptions {
  const rules = Object.entries(RUN_RULES as OptionTable);
  return Object.fromEntries(
    rules.flatMap(([name, { commandLineDefault }]) =>
      commandLineDefault === undefined ? [] : [[name, commandLineDefault]]
    ),
  );
}

/** Returns the options of the code between those that fill in and those that win. */
export function optionsOverCode(
  coded: RunOptions,
  { runOptions, fallbackOptions }: Pick<CommandLine, "runOptions" | "fallbackOptions">,
): RunOptions {
  const named = Object.entries(coded).filter(([, value]) => value !== undefined);
  const filled = overrideRunOptions(fallbackOptions, Object.fromEntries(named));
  return { ...commandLineDefaults(), ...overrideRunOptions(filled, runOptions) };
}

/** Returns the options that a server is launched with. */
export function launchOptions(coded: RunOptions, commandLine: CommandLine | undefined): RunOptions {
  if (commandLine === undefined) return coded;
  return { ...optionsOverCode(coded, commandLine), entry: coded.entry ?? commandLine.entry };
}

/**
 * Plans a launch.
 *
 * @throws {RangeError} when a variable of the environment has no valid number of workers
 */
export function planLaunch(conditions: LaunchConditions): Launch {
  const { startedBy, options, settings, commandLine, mainModule, mainArgument } = conditions;
  const entry = String(settings.entry ?? mainModule);
  const isCountWished = commandLine?.runOptions.workers !== undefined;
  return {
    settings,
    startedBy,
    entry,
    isStartTimeoutGiven: options.startTimeout !== undefined,
    workerCount: resolveWorkerCount(
      settings,
      isCountWished ? commandLine.workersSource : undefined,
    ),
    // The main module has called this library, and the first worker has loaded the application.
    isEntryKnown: entry === mainModule || commandLine !== undefined,
    serverOptions: commandLine?.serverOptions ?? {},
    addressSource: commandLine?.addressSource,
    isPathLinked: commandLine?.isPathLinked ?? false,
    app: entry === commandLine?.entry ? commandLine.app : undefined,
    firstWorker: commandLine?.firstWorker,
    fixedModules: [
      ...isWrittenInFull(mainArgument) ? [mainModule] : [],
      ...commandLine?.isAppWrittenInFull ? [commandLine.app] : [],
    ],
    listensToSignals: settings.signals ?? startedBy === "run",
  };
}
