// Lines to a sink: requests, panics, the fleet.
// A line is made here and nowhere else, so that what a client sends, or an error quotes, can never look like another line.

import { LineBuffer } from "./line_buffer.ts";
import type { FleetEvent, HandledRequest, HangOutcome } from "./telemetry/fleet_event.ts";

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
  return escapeForLog(`${worker}: panic ${during}: ${describeError(error)}`);
}

/** So many panics in a second are logged with all that is known of them; to show an error costs more than to answer fifty requests. */
const WHOLE_PANICS_PER_SECOND = 10;

/** How much of a message stands in the line of a panic that is one of too many. */
const MAX_BRIEF_CHARACTERS = 200;

/** Logs the panics of one worker: each has its line, but who makes it panic over and over does not get its time, and the disk. */
export class PanicLog {
  readonly #worker: string;
  readonly #sink: LogSink;
  #secondBegan = -Infinity;
  #count = 0;

  constructor(worker: string, sink: LogSink) {
    this.#worker = worker;
    this.#sink = sink;
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
        ? panicLine(this.#worker, during, error)
        : escapeForLog(
          `${this.#worker}: panic ${during}: ${nameError(error)} ` +
            `(its stack is left out: more than ${WHOLE_PANICS_PER_SECOND} panics in a second)`,
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
      return `stopping (${event.reason})`;
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

/** What the access log tells of one request. */
export interface AccessRecord {
  readonly clientHostname: string;
  /** The request line's parts; null where the request was refused before it had all of them. */
  readonly requestLine: {
    readonly method: string;
    readonly target: string;
    readonly minorVersion: 0 | 1;
  } | null;
  readonly status: number;
  readonly bodyBytes: number;
  readonly referer: string | null;
  readonly userAgent: string | null;
  readonly durationMs: number;
  /** What the request is called: the same as in `X-Request-Id`. */
  readonly requestId: { readonly bytes: Uint8Array; readonly length: number };
}

/** Writes the lines of one log of requests. */
export interface AccessFormat {
  /** Adds the line of a request. `date` is as {@linkcode accessDate} makes it, `time` in milliseconds since 1970. */
  add(lines: LineBuffer, record: AccessRecord, date: string, time: number): void;
  /** Adds a line that says how many are missing. */
  addLoss(lines: LineBuffer, lost: number, date: string, time: number): void;
}

/** How many bytes there is room for at first in the parts of a line. */
const FIRST_PARTS_BYTES = 512;

/** Writes the part with that number of the line of a request. Of when it was answered, it may say what `period` says. */
type MakePart<Period> = (
  lines: LineBuffer,
  part: number,
  record: AccessRecord,
  period: Period,
) => void;

/**
 * The parts of a line that often are the same as in the line before, since one client asks many times in a row: who asks, with which
 * program, by which method. When they come for the second time they are made once more, to be copied from then on; requests that take turns
 * with others pay for no more than a look.
 */
class RepeatedParts<Period extends string | number> {
  readonly #count: number;
  readonly #make: MakePart<Period>;
  readonly #lines = new LineBuffer(FIRST_PARTS_BYTES);
  #record: AccessRecord | undefined;
  #period: Period | undefined;
  /** Empty while the record is the first of its kind. */
  #parts: readonly Uint8Array[] = [];

  /** `make` writes one of so many parts. */
  constructor(count: number, make: MakePart<Period>) {
    this.#count = count;
    this.#make = make;
  }

  /** From now on the parts are those of that request, and of that time. */
  choose(record: AccessRecord, period: Period): void {
    if (
      this.#record === undefined || period !== this.#period || !haveSameParts(this.#record, record)
    ) {
      this.#record = record;
      this.#period = period;
      if (this.#parts.length > 0) this.#parts = [];
    } else if (this.#parts.length === 0) this.#parts = this.#partsOf(record, period);
  }

  #partsOf(record: AccessRecord, period: Period): Uint8Array[] {
    const lines = this.#lines;
    lines.clear();
    const ends: number[] = [0];
    for (let part = 0; part < this.#count; part++) {
      this.#make(lines, part, record, period);
      ends.push(lines.length);
    }
    const { bytes } = lines;
    return ends.slice(1).map((end, part) => bytes.subarray(ends[part], end));
  }

  /** Adds the part with that number of the chosen request to its line. */
  add(lines: LineBuffer, part: number, record: AccessRecord, period: Period): void {
    if (this.#parts.length > 0) lines.addBytes(this.#parts[part]);
    else this.#make(lines, part, record, period);
  }
}

/** Whether requests differ in nothing but their targets, lengths, durations and names. */
function haveSameParts(a: AccessRecord, b: AccessRecord): boolean {
  return a.status === b.status && a.clientHostname === b.clientHostname &&
    a.userAgent === b.userAgent && a.referer === b.referer &&
    a.requestLine?.method === b.requestLine?.method &&
    a.requestLine?.minorVersion === b.requestLine?.minorVersion;
}

/** The combined log format, and behind it the duration in milliseconds, the request's id, and the worker. */
export class TextFormat implements AccessFormat {
  readonly #end: string;
  readonly #parts = new RepeatedParts<string>(3, addTextPart);

  constructor(worker: number) {
    this.#end = ` ${worker}\n`;
  }

  add(lines: LineBuffer, record: AccessRecord, date: string): void {
    const { requestLine, requestId } = record;
    const parts = this.#parts;
    parts.choose(record, date);
    parts.add(lines, 0, record, date);
    if (requestLine !== null) lines.addQuoted(requestLine.target);
    parts.add(lines, 1, record, date);
    lines.addInteger(record.bodyBytes);
    parts.add(lines, 2, record, date);
    lines.addDecimal(record.durationMs, 1);
    lines.addText(" ");
    lines.addFew(requestId.bytes, requestId.length);
    lines.addText(this.#end);
  }

  addLoss(lines: LineBuffer, lost: number, date: string): void {
    lines.addText(`- - - [${date}] "-" - - "-" "-" - ${describeLoss(lost)}\n`);
  }
}

function addTextPart(lines: LineBuffer, part: number, record: AccessRecord, date: string): void {
  const { requestLine } = record;
  switch (part) {
    case 0:
      lines.addText(record.clientHostname);
      lines.addText(" - - [");
      lines.addText(date);
      lines.addText('] "');
      lines.addText(requestLine === null ? "-" : requestLine.method);
      if (requestLine !== null) lines.addText(" ");
      return;
    case 1:
      if (requestLine !== null) {
        lines.addText(requestLine.minorVersion === 1 ? " HTTP/1.1" : " HTTP/1.0");
      }
      lines.addText('" ');
      lines.addInteger(record.status);
      lines.addText(" ");
      return;
    case 2:
      lines.addText(' "');
      lines.addQuoted(record.referer ?? "-");
      lines.addText('" "');
      lines.addQuoted(record.userAgent ?? "-");
      lines.addText('" ');
      return;
  }
}

const MS_PER_SECOND = 1_000;

/** An object in each line, in which what changes from request to request comes first. */
export class JsonFormat implements AccessFormat {
  readonly #parts: RepeatedParts<number>;
  /** How a line begins that is written in that second. */
  #start = { second: NaN, text: "" };

  constructor(worker: number) {
    this.#parts = new RepeatedParts(2, (lines, part, record, second) => {
      if (part === 0) lines.addText(this.#startIn(second));
      else addJsonEnd(lines, record, worker);
    });
  }

  add(lines: LineBuffer, record: AccessRecord, _date: string, time: number): void {
    const { requestLine, requestId } = record;
    const second = Math.floor(time / MS_PER_SECOND);
    const parts = this.#parts;
    parts.choose(record, second);
    parts.add(lines, 0, record, second);
    lines.addDigits(Math.floor(time - second * MS_PER_SECOND), 3);
    lines.addText('Z","id":"');
    lines.addFew(requestId.bytes, requestId.length);
    lines.addText('","durationMs":');
    lines.addDecimal(record.durationMs, 3);
    lines.addText(',"bytes":');
    lines.addInteger(record.bodyBytes);
    lines.addText(',"target":');
    addJsonText(lines, requestLine === null ? null : requestLine.target);
    parts.add(lines, 1, record, second);
  }

  addLoss(lines: LineBuffer, lost: number, _date: string, time: number): void {
    const second = Math.floor(time / MS_PER_SECOND);
    lines.addText(this.#startIn(second));
    lines.addDigits(Math.floor(time - second * MS_PER_SECOND), 3);
    lines.addText(`Z","lost":${lost},"what":"${describeLoss(lost)}"}\n`);
  }

  #startIn(second: number): string {
    if (second !== this.#start.second) {
      const time = new Date(second * MS_PER_SECOND).toISOString();
      this.#start = { second, text: `{"time":"${time.slice(0, -"000Z".length)}` };
    }
    return this.#start.text;
  }
}

function addJsonEnd(lines: LineBuffer, record: AccessRecord, worker: number): void {
  const { requestLine } = record;
  lines.addText(',"status":');
  lines.addInteger(record.status);
  lines.addText(',"method":');
  addJsonText(lines, requestLine === null ? null : requestLine.method);
  lines.addText(',"version":');
  addJsonText(lines, requestLine === null ? null : requestLine.minorVersion === 1 ? "1.1" : "1.0");
  lines.addText(',"worker":');
  lines.addInteger(worker);
  lines.addText(',"client":');
  lines.addJsonString(record.clientHostname);
  lines.addText(',"referer":');
  addJsonText(lines, record.referer);
  lines.addText(',"userAgent":');
  addJsonText(lines, record.userAgent);
  lines.addText("}\n");
}

function describeLoss(lost: number): string {
  return `${lost} lines were lost: nobody read them in time`;
}

function addJsonText(lines: LineBuffer, text: string | null): void {
  if (text === null) lines.addText("null");
  else lines.addJsonString(text);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time as the combined log format writes it, in UTC: `23/Nov/2026:15:04:05 +0000`. */
export function accessDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
