// The two formats of the access log: the combined log format, and one JSON object in each line.
// All of a client's text is escaped here, so that it can never look like another line. No clock and
// no sink: a record and a time come in, and bytes are added to a buffer.

import type { LogReason } from "../http1/log_reason.ts";
import { LineBuffer } from "./line_buffer.ts";

/** What the access log reports about one request. */
export interface AccessRecord {
  readonly clientHostname: string;
  /** The parts of the request line; null if the request was refused before it had all of them. */
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
  /** The id of the request, as in `X-Request-Id`. */
  readonly requestId: { readonly bytes: Uint8Array; readonly length: number };
  /** For how many milliseconds the request has waited at the front end; undefined if unknown. */
  readonly queueMs?: number;
  /** Why the response is an error or was cut off; undefined if the handler made it. */
  readonly reason?: LogReason;
  /** The span of the request; undefined if it has none. */
  readonly trace?: { readonly traceId: string; readonly spanId: string };
  /** What another protocol reports at the end of an upgraded connection: names and numbers. */
  readonly details?: Readonly<Record<string, number>>;
}

/** Writes the lines of one access log. */
export interface AccessFormat {
  /**
   * Adds the line of a request. `date` is as {@linkcode accessDate} makes it, `time` in
   * milliseconds since 1970.
   */
  add(lines: LineBuffer, record: AccessRecord, date: string, time: number): void;
  /** Adds a line that reports how many lines were lost. */
  addLoss(lines: LineBuffer, lost: number, date: string, time: number): void;
}

/** How many bytes the parts of a line have room for at first. */
const FIRST_PARTS_BYTES = 512;

/** Writes one part of a request's line. Of the time, the part may contain only `period`. */
type MakePart<Period> = (
  lines: LineBuffer,
  part: number,
  record: AccessRecord,
  period: Period,
) => void;

/**
 * The parts of a line that are often the same as in the line before, because one client sends many
 * requests in a row: its address, its program, the method. At their second occurrence they are made
 * once more, and copied from then on. If clients take turns, this costs one comparison.
 */
class RepeatedParts<Period extends string | number> {
  readonly #count: number;
  readonly #make: MakePart<Period>;
  readonly #lines = new LineBuffer(FIRST_PARTS_BYTES);
  #record: AccessRecord | undefined;
  #period: Period | undefined;
  /** Empty while the record is the first one with these parts. */
  #parts: readonly Uint8Array[] = [];

  /** `count` is the number of parts, each of which `make` writes. */
  constructor(count: number, make: MakePart<Period>) {
    this.#count = count;
    this.#make = make;
  }

  /** Chooses the request and the time to whose line the next parts belong. */
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

  /** Adds one part of the chosen request to its line. */
  add(lines: LineBuffer, part: number, record: AccessRecord, period: Period): void {
    if (this.#parts.length > 0) lines.addBytes(this.#parts[part]);
    else this.#make(lines, part, record, period);
  }
}

/** Returns whether two requests differ only in their targets, lengths, durations and ids. */
function haveSameParts(a: AccessRecord, b: AccessRecord): boolean {
  return a.status === b.status && a.clientHostname === b.clientHostname &&
    a.userAgent === b.userAgent && a.referer === b.referer &&
    a.requestLine?.method === b.requestLine?.method &&
    a.requestLine?.minorVersion === b.requestLine?.minorVersion;
}

/**
 * The combined log format, followed by the duration in milliseconds, the id, and the worker; by the
 * details of an upgraded connection, each as `name=number`; and by the reason for an error.
 */
export class TextFormat implements AccessFormat {
  readonly #end: string;
  readonly #parts = new RepeatedParts<string>(3, addTextPart);

  constructor(worker: number) {
    this.#end = ` ${worker}`;
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
    if (record.queueMs !== undefined) {
      lines.addText(" queue=");
      lines.addDecimal(record.queueMs, 1);
    }
    if (record.details !== undefined) addTextDetails(lines, record.details);
    if (record.reason !== undefined) lines.addText(` ${record.reason}`);
    lines.addText("\n");
  }

  addLoss(lines: LineBuffer, lost: number, date: string): void {
    lines.addText(`- - - [${date}] "-" - - "-" "-" - ${describeLoss(lost)}\n`);
  }
}

function addTextDetails(lines: LineBuffer, details: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(details)) {
    lines.addText(` ${name}=`);
    lines.addInteger(value);
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

/** One JSON object in each line. What changes with each request comes first. */
export class JsonFormat implements AccessFormat {
  readonly #parts: RepeatedParts<number>;
  /** The start of all lines of one second. */
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
    if (record.queueMs !== undefined) {
      lines.addText(',"queueMs":');
      lines.addDecimal(record.queueMs, 3);
    }
    lines.addText(',"bytes":');
    lines.addInteger(record.bodyBytes);
    lines.addText(',"target":');
    addJsonText(lines, requestLine === null ? null : requestLine.target);
    if (record.trace !== undefined) addJsonTrace(lines, record.trace);
    if (record.details !== undefined) addJsonDetails(lines, record.details);
    if (record.reason !== undefined) lines.addText(`,"reason":"${record.reason}"`);
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

/** The names are those that OpenTelemetry has for logs in other formats than its own. */
function addJsonTrace(lines: LineBuffer, { traceId, spanId }: NonNullable<AccessRecord["trace"]>) {
  lines.addText(`,"trace_id":"${traceId}","span_id":"${spanId}"`);
}

function addJsonDetails(lines: LineBuffer, details: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(details)) {
    lines.addText(`,"${name}":`);
    lines.addInteger(value);
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

/** Formats a time for the combined log format, in UTC: `23/Nov/2026:15:04:05 +0000`. */
export function accessDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
