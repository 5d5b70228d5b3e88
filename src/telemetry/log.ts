// The lines of the server's log: their sink, the escaping of text, the description of errors, and
// the lines of panics. All text that a client or an error brings is escaped here, so that it can
// never look like another line. The lines of fleet events are in fleet_log.ts, those of requests in
// access_format.ts.

import { keepContext } from "../runtime/async_context.ts";

/** Receives log lines, each without its line end. */
export type LogSink = (line: string) => void;

/** Writes a line of the server's log to standard error, after the time. */
export function logToStandardError(line: string): void {
  try {
    // The application's console may enter an async context, and the caller may be a loop that
    // serves all requests.
    keepContext(() => console.error(`${new Date().toISOString()} mudpie: ${line}`));
  } catch {
    // The application may replace `console.error` with one that throws. The client still needs its
    // response.
  }
}

/**
 * Escapes control characters, and those that end a line or change the direction of text. A line
 * feed stays, and what follows it is indented.
 */
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

/**
 * How deep one view shows an error: with more depth, the objects that its properties lead to could
 * fill a disk.
 */
const ERROR_DEPTH = 4;
/**
 * How many views of one chain of causes there are: each starts at the cause where the depth of the
 * last one ended.
 */
const MAX_ERROR_VIEWS = 10;

/** Describes the whole of an error: its stack, its properties, and all its causes. */
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
    // The error's own getters may throw. The log still has to report that there was a panic.
    return "an error that cannot be shown";
  }
}

function inspect(error: unknown): string {
  const view = Deno.inspect(error, { colors: false, depth: ERROR_DEPTH });
  // The runtime puts an error without stack lines into brackets, as it does with an error inside
  // another value.
  return error instanceof Error && view === `[${error.stack}]` ? view.slice(1, -1) : view;
}

/** Makes the line of a panic: the worker, what it was doing, and the whole of the error. */
export function panicLine(worker: string, during: string, error: unknown): string {
  return failureLine(worker, "panic", during, error);
}

function failureLine(worker: string, what: string, during: string, error: unknown): string {
  return escapeForLog(`${worker}: ${what} ${during}: ${describeError(error)}`);
}

/**
 * Makes the line of a request body with a fault that the application did not handle. It has no
 * stack: the client made the mistake.
 */
export function bodyFaultLine(
  worker: string,
  request: { readonly method: string; readonly target: string },
  what: string,
  fault: { readonly message: string; readonly cause?: unknown },
): string {
  const { method, target } = request;
  const cause = fault.cause === undefined ? "" : ` (${nameError(fault.cause)})`;
  return escapeForLog(`${worker}: ${method} ${target} ${what}: ${fault.message}${cause}`);
}

/**
 * The log describes this many panics a second in full: describing an error costs more than
 * answering fifty requests.
 */
const WHOLE_PANICS_PER_SECOND = 10;

/** The length of the error's message in the line of each further panic in the same second. */
const MAX_BRIEF_CHARACTERS = 200;

/**
 * Logs the panics of one worker. Each has a line, but a client that causes many panics cannot use
 * up the worker's time or the disk.
 */
export class PanicLog {
  readonly #worker: string;
  readonly #sink: LogSink;
  readonly #what: string;
  #secondBegan = -Infinity;
  #count = 0;

  /** `what` is the lines' word for a failure that is not a panic. */
  constructor(worker: string, sink: LogSink, what = "panic") {
    this.#worker = worker;
    this.#sink = sink;
    this.#what = what;
  }

  /** Logs a failure. `now` is in milliseconds, on any clock that only goes forward. */
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

/**
 * Describes an error in a few words. The engine makes the text of a stack when it is first read, so
 * this costs little.
 */
function nameError(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, MAX_BRIEF_CHARACTERS);
  } catch {
    return "an error that cannot be shown";
  }
}

/**
 * Makes the error that ends a worker after a panic. The runtime prints its message to standard
 * error unchanged, so the message is escaped, and only the log has the stack.
 */
export function lastError(panic: unknown): Error {
  const error = new Error(nameError(panic).replace(CONTROLS, escapeCharacter));
  // The message already has the panic's own name.
  error.name = "";
  error.stack = "";
  return error;
}
