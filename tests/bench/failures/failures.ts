// What is done to each server: one request, or one signal while a request is under way.

/** One of the things that go wrong, or are asked for. */
export interface Failure {
  readonly name: string;
  /** For the table. */
  readonly what: string;
  /** What the client asks for whose answer is looked at. */
  readonly path: `/${string}`;
  /** Sent while that request is under way. */
  readonly signal?: Deno.Signal;
  /** Whether the server is asked to end, so that its end is no failure. */
  readonly isStop: boolean;
  /** How long to look what becomes of it. */
  readonly watchMs: number;
}

/** More than any of them takes to have all workers back after a death. */
const WATCH_MS = 4_000;

/** Several times the time after which Mudpie takes a worker for hung here, or than it takes to fill the heap. */
const LONG_WATCH_MS = 15_000;

/** More than four workers take that are replaced one after the other, on a machine that is busy. */
const RELOAD_WATCH_MS = 10_000;

function request(
  name: string,
  what: string,
  path: `/${string}`,
  watchMs: number = WATCH_MS,
): Failure {
  return { name, what, path, watchMs, isStop: false };
}

export const THROW = request("throw", "a handler throws", "/throw");
export const FLOATING = request("floating", "a promise rejects that nobody awaits", "/floating");
export const TIMER = request("timer", "a timer throws", "/timer");
export const EXIT = request("exit", "`Deno.exit()` or `process.exit()` in a handler", "/exit");

export const FAILURES: readonly Failure[] = [
  THROW,
  FLOATING,
  TIMER,
  EXIT,
  request("hang", "`for (;;) {}` in a handler", "/spin", LONG_WATCH_MS),
  request("memory", "a handler runs out of memory", "/allocate", LONG_WATCH_MS),
  {
    name: "stop",
    what: "SIGTERM under load",
    path: "/slow",
    signal: "SIGTERM",
    isStop: true,
    watchMs: WATCH_MS,
  },
  {
    name: "reload",
    what: "rolling reload (SIGHUP) under load",
    path: "/slow",
    signal: "SIGHUP",
    isStop: false,
    watchMs: RELOAD_WATCH_MS,
  },
];
