// Lines to a sink: panics, the fleet. The log of requests has its own formats in telemetry/access_format.ts.
// A line is made here and nowhere else, so that what a client sends, or an error quotes, can never look like another line.

import type { FleetEvent, HandledRequest, HangOutcome } from "./fleet_event.ts";

/** Where lines go. They come without a line end. */
export type LogSink = (line: string) => void;

/** The sink of panics and of the fleet: standard error, each line with the time before it. */
export function logToStandardError(line: string): void {
  try {
    console.error(`${new Date().toISOString()} mudpie: ${line}`);
  } catch {
    // The application has a console of its own, which fails. A line that nobody can write must not keep a client from its answer.
  }
}

/** Control characters, and those that turn lines or their direction around, as escapes; line ends get an indent behind them. */
export function escapeForLog(text: string): string {
  return text.replace(CONTROLS, (character) => {
    if (character === "\n") return "\n    ";
    return character === "\t" ? "\t" : escapeCharacter(character);
  });
}

function escapeCharacter(character: string): string {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** How deep an error is shown at once: deeper, what its properties lead to could be more than anybody can write. */
const ERROR_DEPTH = 4;
/** How often a chain of causes is taken up again where the depth ends. */
const MAX_ERROR_VIEWS = 10;

/** The whole of an error: its stack, its properties, and its causes to the first. */
export function describeError(error: unknown): string {
  if (typeof error === "string") return error;
  try {
    const seen = new Set<unknown>();
    const views: string[] = [];
    for (let next = error; views.length < MAX_ERROR_VIEWS && !seen.has(next);) {
      views.push(inspect(next));
      for (let below = 0; below < ERROR_DEPTH; below++) {
        seen.add(next);
        if (!(next instanceof Error) || next.cause === undefined) {
          return views.join("\nBehind it: ");
        }
        next = next.cause;
      }
    }
    return views.join("\nBehind it: ");
  } catch {
    // An error whose own getters throw must not hide that there was a panic.
    return "an error that cannot be shown";
  }
}

function inspect(error: unknown): string {
  const view = Deno.inspect(error, { colors: false, depth: ERROR_DEPTH });
  // The runtime puts an error that has no stack into brackets, as if it were one of several values.
  return error instanceof Error && view === `[${error.stack}]` ? view.slice(1, -1) : view;
}

/** The line of a panic: where, and the whole of the error. */
export function panicLine(worker: string, during: string, error: unknown): string {
  return failureLine(worker, "panic", during, error);
}

function failureLine(worker: string, what: string, during: string, error: unknown): string {
  return escapeForLog(`${worker}: ${what} ${during}: ${describeError(error)}`);
}

/** The line of a body that a client got wrong, and that no code of the application handled. It has no stack: no code is at fault. */
export function bodyFaultLine(
  worker: string,
  request: { readonly method: string; readonly target: string },
  what: string,
  fault: { readonly message: string; readonly cause?: unknown },
): string {
  const { method, target } = request;
  return escapeForLog(
    `${worker}: ${method} ${target} ${what}: ${fault.message} (${nameError(fault.cause)})`,
  );
}

/** So many panics in a second are logged with all that is known of them; to show an error costs more than to answer fifty requests. */
const WHOLE_PANICS_PER_SECOND = 10;

/** How much of a message stands in the line of a panic that is one of too many. */
const MAX_BRIEF_CHARACTERS = 200;

/** Logs the panics of one worker: each has its line, but who makes it panic over and over does not get its time, and the disk. */
export class PanicLog {
  readonly #worker: string;
  readonly #sink: LogSink;
  readonly #what: string;
  #secondBegan = -Infinity;
  #count = 0;

  /** `what` is what the lines call the failures, if they are others than panics. */
  constructor(worker: string, sink: LogSink, what = "panic") {
    this.#worker = worker;
    this.#sink = sink;
    this.#what = what;
  }

  /** `now` is a number of milliseconds on any clock that only goes forward. */
  note(during: string, error: unknown, now: number): void {
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#count = 0;
    }
    this.#count++;
    this.#sink(
      this.#count <= WHOLE_PANICS_PER_SECOND
        ? failureLine(this.#worker, this.#what, during, error)
        : escapeForLog(
          `${this.#worker}: ${this.#what} ${during}: ${nameError(error)} ` +
            `(its stack is left out: more than ${WHOLE_PANICS_PER_SECOND} of these in a second)`,
        ),
    );
  }
}

/** An error in a few words, without its stack, which is only worked out when it is asked for. */
function nameError(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, MAX_BRIEF_CHARACTERS);
  } catch {
    return "an error that cannot be shown";
  }
}

/**
 * The error of which a worker dies after a panic. The runtime prints it beside the log, and as it is; so it is a line that a client has no
 * say in, and the stack is left to the log.
 */
export function lastError(panic: unknown): Error {
  const error = new Error(nameError(panic).replace(CONTROLS, escapeCharacter));
  // The panic's own name stands in the message.
  error.name = "";
  error.stack = "";
  return error;
}

/** Advice rather than an event: what somebody can do who does not want to lose a connection now and again. */
export const QUEUE_ADVICE =
  "a connection that comes in the moment in which a worker closes its socket is reset; " +
  'sysctl net.ipv4.tcp_migrate_req=1, or listen mode "shared", keeps it';

/** The line of an event of the fleet. */
export function fleetLine(event: FleetEvent): string {
  return escapeForLog(describeEvent(event));
}

function describeEvent(event: FleetEvent): string {
  switch (event.kind) {
    case "listening": {
      const workers = event.workers === 1 ? "1 worker" : `${event.workers} workers`;
      const isolation = event.isolation === "web" ? "Web Workers" : "node:worker_threads";
      const sharing = event.listen === "unix"
        ? "a Unix socket for each"
        : `listen mode ${event.listen}`;
      return `listening on ${event.url} with ${workers} (${event.workersSource}), ` +
        `${sharing}, isolation ${event.isolation} (${isolation})` +
        (event.adminUrl === undefined ? "" : `, operator's port ${event.adminUrl}`);
    }
    case "listen fallback":
      return `listen mode ${event.listen}: ${event.reason}`;
    case "accepting":
      return `worker ${event.worker}: accepting after ${Math.round(event.startMs)} ms`;
    case "panicked":
      return `worker ${event.worker}: panicked`;
    case "hung":
      return `worker ${event.worker}: hung${describeHandling(event.handling)}; ${
        HANG_CONSEQUENCES[event.outcome]
      }`;
    case "replacing":
      return `worker ${event.worker}: to be replaced (${event.cause})`;
    case "draining":
      return `worker ${event.worker}: draining (${event.cause})`;
    case "ended":
      return `worker ${event.worker}: ended (${event.cause})${
        event.detail === "" ? "" : `: ${event.detail}`
      }${describeHandling(event.handling ?? [])}`;
    case "delaying":
      return `waiting ${
        Math.round(event.delayMs)
      } ms before the next worker: ${event.youngDeaths} in a row died young`;
    case "out of descriptors":
      return "no worker can be started while the process is out of file descriptors (raise ulimit -n); the others serve on";
    case "reloading":
      return "reloading: every worker is replaced, one at a time";
    case "reloaded":
      return "reloaded";
    case "reload failed":
      return `reload failed, the old workers go on serving: ${event.reason}`;
    case "resized":
      return `the fleet is to have ${event.workers} workers`;
    case "stopping":
      return `stopping (${event.reason})${
        event.reason.startsWith("SIG") ? "; send it again to cut short" : ""
      }`;
    case "stopped":
      return "stopped";
  }
}

const HANG_CONSEQUENCES: Record<HangOutcome, string> = {
  "stopped": "it is replaced, and its thread ended",
  "spins on": "it is replaced, but its thread cannot be ended and goes on taking a core: " +
    'isolation "thread" would have cured it',
  "exit":
    "its thread cannot be ended and its socket goes on drawing connections, so the others are drained and the process " +
    'ends (onHang): isolation "thread" would have cured it',
};

/** How many requests are named in one line: what a worker hangs in is one of them, and the rest only wait for it. */
const MAX_NAMED_REQUESTS = 8;

/** The newest of them, which come last, first: it is the one that did not let the others go on. */
function describeHandling(requests: readonly HandledRequest[]): string {
  if (requests.length === 0) return "";
  const named = requests.toReversed()
    .slice(0, MAX_NAMED_REQUESTS)
    .map(({ method, path, ageMs }) => `${method} ${path} (${(ageMs / 1_000).toFixed(1)} s)`);
  const others = requests.length - named.length;
  return ` while handling ${named.join(", ")}${others === 0 ? "" : ` and ${others} more`}`;
}

/** What the fleet as a whole is doing, for the log. */
export type FleetPhase = "starting" | "serving" | "stopping";

/**
 * Whether an event is worth a line of its own. A panic has had one already, with the whole error, from its worker. A fleet of
 * ten that starts, or stops, is told in one; and one that cannot start ends with an error that has the cause in it.
 */
export function isWorthALine(event: FleetEvent, phase: FleetPhase): boolean {
  switch (event.kind) {
    case "panicked":
      return false;
    case "replacing":
      // That a worker hangs was told, with what comes of it.
      return event.cause !== "hang";
    case "accepting":
    case "draining":
      return phase === "serving";
    case "ended":
      // A worker that had to be terminated says so, even at the end.
      return phase === "serving" || (phase === "stopping" && event.detail !== "");
    default:
      return true;
  }
}
