// Starts a server in the test's own process, with one of the small apps in apps/ for its workers, and watches it.

import { describe } from "@std/testing/bdd";
import { type FleetEvent, type RunningServer, type RunOptions, WebServer } from "../../../mod.ts";
import type { AppOptions } from "./app.ts";
import { within } from "../deadline.ts";
import { entryFor } from "./entry_url.ts";
import { get, RawClient, type RawResponse } from "../clients/raw_client.ts";

/** One of the ways in which a fleet can be: each has to serve and to fail in the same manner. */
export interface Way {
  readonly listen: "reuseport" | "shared";
  readonly isolation: "web" | "thread";
}

const WAYS: readonly Way[] = [
  { listen: "reuseport", isolation: "web" },
  { listen: "shared", isolation: "web" },
  { listen: "reuseport", isolation: "thread" },
  { listen: "shared", isolation: "thread" },
];

/** Both listen modes and both isolations, but not each with each: for what takes time, and where the two meet nowhere. */
export const TWO_WAYS: readonly Way[] = [WAYS[0], WAYS[3]];

/** One suite, once for each way. It is ignored where a test may not start a server. */
export function describeEachWay(describeServer: (way: Way) => void, ways = WAYS): void {
  for (const way of ways) {
    const name = `a server (listen ${way.listen}, isolation ${way.isolation})`;
    describe(name, { ignore: !CAN_START_APPS }, () => describeServer(way));
  }
}

/** What the tests of the whole server need, from plain `deno test` to `deno test -A`. */
export const CAN_START_APPS: boolean = (["net", "read", "env"] as const).every((name) =>
  Deno.permissions.querySync({ name }).state === "granted"
);

/** What those need that start programs. */
export const CAN_START_PROGRAMS: boolean = CAN_START_APPS &&
  (["run", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );

/** The address of an app in apps/, with its options; quiet, so that expected panics do not fill the test's output. */
export function appUrl(name: string, options: AppOptions = {}): URL {
  const url = new URL(`../apps/${name}`, import.meta.url);
  url.searchParams.set("options", JSON.stringify({ isQuiet: true, ...options }));
  return url;
}

/** The events of a fleet, as they come. */
export class EventLog {
  readonly all: FleetEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly note = (event: FleetEvent): void => {
    this.all.push(event);
    for (const wake of this.#waiting) wake();
  };

  /** The first event of that kind that fits, of those that came behind the first `from` and those to come. */
  async find<Kind extends FleetEvent["kind"]>(
    kind: Kind,
    fits: (event: FleetEvent & { kind: Kind }) => boolean = () => true,
    from = 0,
  ): Promise<FleetEvent & { kind: Kind }> {
    const seen = Promise.withResolvers<FleetEvent & { kind: Kind }>();
    const look = () => {
      for (const event of this.all.slice(from)) {
        if (!isOfKind(event, kind) || !fits(event)) continue;
        return seen.resolve(event);
      }
    };
    this.#waiting.add(look);
    look();
    try {
      return await within(seen.promise, `an event "${kind}" that fits`);
    } catch (error) {
      const kinds = this.all.map((event) => JSON.stringify(event)).join("\n");
      throw new Error(`No event "${kind}" that fits among:\n${kinds}`, { cause: error });
    } finally {
      this.#waiting.delete(look);
    }
  }
}

function isOfKind<Kind extends FleetEvent["kind"]>(
  event: FleetEvent,
  kind: Kind,
): event is FleetEvent & { kind: Kind } {
  return event.kind === kind;
}

/** A server that was started for a test. */
export interface StartedApp extends AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void>;
  readonly running: RunningServer;
  readonly events: EventLog;
  /** What the supervisor has logged. */
  readonly lines: readonly string[];
  readonly port: number;
  connect(): Promise<RawClient>;
  /** Asks for a page on a connection of its own. */
  get(target: string): Promise<RawResponse>;
}

/** The numbers of the workers that accept. */
export function acceptingWorkers(app: StartedApp): number[] {
  return app.running.stats().workers
    .filter(({ status }) => status === "accepting")
    .map(({ worker }) => worker);
}

/** What a test's server is like: the app's options, and those of the run. */
interface StartOptions {
  readonly app?: AppOptions;
  readonly run?: RunOptions;
  /** Who starts it, where that matters. */
  readonly server?: WebServer;
}

/** Starts an app on a free port; with one worker, and with a shutdown that does not wait long for anybody. */
export async function startApp(name: string, options: StartOptions = {}): Promise<StartedApp> {
  const events = new EventLog();
  const log = listenToLog();
  try {
    const running = await within(
      (options.server ?? new WebServer()).start({
        port: 0,
        workers: 1,
        drainTimeout: 5_000,
        entry: entryFor(appUrl(name, options.app)),
        onEvent: events.note,
        ...options.run,
      }),
      "a server that starts",
    );
    const { port } = running.addr;
    const connect = () => RawClient.connect(port);
    return {
      running,
      events,
      lines: log.lines,
      port,
      connect,
      async get(target) {
        using client = await connect();
        return await client.ask(get(target, "Connection: close"));
      },
      async [Symbol.asyncDispose]() {
        using _log = log;
        await within(Promise.resolve(running[Symbol.asyncDispose]()), "a server that shuts down");
      },
    };
  } catch (error) {
    log[Symbol.dispose]();
    throw error;
  }
}

const logs = new Set<string[]>();
const consoleError = console.error;

/** Collects what is logged on the main thread, so that it can be looked at, and does not stand between test results. */
function listenToLog(): Disposable & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  logs.add(lines);
  console.error = (line: unknown) => {
    for (const log of logs) log.push(String(line));
  };
  return {
    lines,
    [Symbol.dispose]() {
      logs.delete(lines);
      if (logs.size === 0) console.error = consoleError;
    },
  };
}
