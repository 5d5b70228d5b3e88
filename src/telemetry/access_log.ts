// The access log of one worker. Lines are collected, and written together at each tick, or when
// there are many: one write for each line would cost more than the response that it reports.

import { LineBuffer } from "./line_buffer.ts";
import {
  accessDate,
  type AccessFormat,
  type AccessRecord,
  JsonFormat,
  TextFormat,
} from "./access_format.ts";
import type { WrittenId } from "./request_id.ts";
import type { LogReason } from "../http1/log_reason.ts";
import type { RequestHead } from "../http1/request_head.ts";

/** How many bytes are collected before they are written. */
const MAX_WAITING_BYTES = 65_536;

/** How many bytes may wait for a slow reader of standard output. Further lines are dropped. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

/** The options of one access log. */
export interface AccessLogOptions {
  readonly format: "text" | "json";
  /** The number of the worker. */
  readonly worker: number;
  /** The decoded paths whose requests are not logged. */
  readonly exclude: readonly string[];
  /** Writes all of the bytes. The log makes one call at a time. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Called with the first failure to write. */
  readonly onFailure: (error: unknown) => void;
}

/** A request that was answered or refused. */
export interface LoggedRequest {
  readonly clientHostname: string;
  /** Undefined if the request was refused before its head was whole. */
  readonly head: RequestHead | undefined;
  readonly requestId: WrittenId;
  readonly status: number;
  readonly bodyBytes: number;
  /**
   * When the server began to handle the request, by `performance.now()`. If no handler was called,
   * when the first bytes of the request came.
   */
  readonly startedAt: number;
  /** When the response was made, by `performance.now()`. */
  readonly endedAt: number;
  /** For how many milliseconds the request has waited at the front end; undefined if unknown. */
  readonly queueMs?: number;
  /** Why the response is an error or was cut off; undefined if the handler made it. */
  readonly reason?: LogReason;
  /** The span of the request; undefined if it has none. Only lines of JSON have its ids. */
  readonly trace?: { readonly traceId: string; readonly spanId: string };
  /** What another protocol reports at the end of an upgraded connection: names and numbers. */
  readonly details?: Readonly<Record<string, number>>;
}

/** The access log of one worker. */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #format: AccessFormat;
  readonly #excluded: ReadonlySet<string>;
  /** The text of the last tick's time. */
  #date = "";
  /** How far the wall clock is ahead of `performance.now()`, which costs less to read. */
  #wallOffsetMs = 0;
  #waiting = new LineBuffer();
  /** The buffer that was written last, to be used again. */
  #spare: LineBuffer | undefined;
  #writing: Promise<void> | undefined;
  #dropped = 0;
  /** Whether `onFailure` has been called: it is called once. */
  #hasFailed = false;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#format = options.format === "text"
      ? new TextFormat(options.worker)
      : new JsonFormat(options.worker);
    this.#excluded = new Set(options.exclude);
    this.#renewTime(new Date());
  }

  /** Whether lines have the ids of spans. */
  get hasSpanIds(): boolean {
    return this.#options.format === "json";
  }

  /** Adds the line of a request, unless its path is excluded. */
  note(request: LoggedRequest): void {
    const { head, startedAt, endedAt } = request;
    if (this.#excluded.size > 0 && head !== undefined && this.#excluded.has(head.path)) return;
    if (this.#waiting.length > MAX_UNWRITTEN_BYTES) {
      this.#dropped++;
      return;
    }
    const record: AccessRecord = {
      clientHostname: request.clientHostname,
      requestLine: head ?? null,
      status: request.status,
      bodyBytes: request.bodyBytes,
      referer: head?.header("referer") ?? null,
      userAgent: head?.header("user-agent") ?? null,
      durationMs: endedAt - startedAt,
      requestId: request.requestId,
      queueMs: request.queueMs,
      reason: request.reason,
      trace: request.trace,
      details: request.details,
    };
    this.#format.add(this.#waiting, record, this.#date, this.#wallOffsetMs + endedAt);
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#write();
  }

  /** Renews the time of the lines, and writes what waits. Called at every tick. */
  tick(now: Date): void {
    this.#renewTime(now);
    if (this.#hasLines) this.#write();
  }

  #renewTime(now: Date): void {
    this.#date = accessDate(now);
    this.#wallOffsetMs = now.getTime() - performance.now();
  }

  /** Writes what waits. Resolves when no line waits. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing !== undefined) await this.#write();
  }

  get #hasLines(): boolean {
    return this.#waiting.length > 0 || this.#dropped > 0;
  }

  /**
   * Starts to write what waits, unless a write is under way. Few large writes cost less than many.
   */
  #write(): Promise<void> {
    return this.#writing ??= this.#writeBatch();
  }

  async #writeBatch(): Promise<void> {
    const lines = this.#waiting;
    const dropped = this.#dropped;
    this.#addLoss(lines);
    this.#waiting = this.#spare ?? new LineBuffer();
    this.#spare = undefined;
    try {
      await this.#options.write(lines.bytes);
    } catch (error) {
      // The reader of standard output is gone, or the disk is full. The server still serves. A line
      // about lost lines does not count as a request.
      this.#dropped += dropped + lines.countLines() - Number(dropped > 0);
      if (!this.#hasFailed) this.#options.onFailure(error);
      this.#hasFailed = true;
    }
    if (!lines.hasGrown) {
      lines.clear();
      this.#spare = lines;
    }
    this.#writing = undefined;
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#write();
  }

  /** Adds a line that reports how many lines were lost, if any were. */
  #addLoss(lines: LineBuffer): void {
    if (this.#dropped === 0) return;
    const time = this.#wallOffsetMs + performance.now();
    this.#format.addLoss(lines, this.#dropped, this.#date, time);
    this.#dropped = 0;
  }
}
