// The log of requests: lines are collected and written to standard output together, at each tick or when there are many.
// A write for each line would cost more than the answer that it tells of.

import { LineBuffer } from "./line_buffer.ts";
import { accessDate, type AccessFormat, JsonFormat, TextFormat } from "./access_format.ts";
import type { WrittenId } from "./request_id.ts";
import type { RequestHead } from "../http1/request_head.ts";

/** How many bytes are collected at the most before they are written. */
const MAX_WAITING_BYTES = 65_536;

/** How much may wait for a reader of standard output that does not read; beyond it lines are dropped, not memory filled. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

/** What the log of one worker is like. */
export interface AccessLogOptions {
  readonly format: "text" | "json";
  /** The number of the worker. */
  readonly worker: number;
  /** The paths, decoded, of which nothing is logged. */
  readonly exclude: readonly string[];
  /** Writes all of the bytes; one call at a time is under way. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Told of the first failure to write. */
  readonly onFailure: (error: unknown) => void;
}

/** The log of the requests of one worker. */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #format: AccessFormat;
  readonly #excluded: ReadonlySet<string>;
  /** The time of the last tick, as text. */
  #date = "";
  /** What the wall clock says more than `performance.now()`, which costs less to ask. */
  #wallOffsetMs = 0;
  #waiting = new LineBuffer();
  /** What was written last, for the lines after the next ones. */
  #spare: LineBuffer | undefined;
  #writing: Promise<void> | undefined;
  #dropped = 0;
  /** Whether it has been told that lines cannot be written: once is enough. */
  #hasFailed = false;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#format = options.format === "text"
      ? new TextFormat(options.worker)
      : new JsonFormat(options.worker);
    this.#excluded = new Set(options.exclude);
    this.#renewTime(new Date());
  }

  /**
   * Notes a request that was answered; one that was refused before it was whole has no head. `startedAt` is when it was taken up, and
   * `endedAt` when its answer was made, by `performance.now()`; without the first, it took no time worth telling.
   */
  note(
    clientHostname: string,
    head: RequestHead | undefined,
    requestId: WrittenId,
    status: number,
    bodyBytes: number,
    startedAt: number | undefined,
    endedAt: number = performance.now(),
  ): void {
    if (this.#excluded.size > 0 && head !== undefined && this.#excluded.has(head.path)) return;
    if (this.#waiting.length > MAX_UNWRITTEN_BYTES) {
      this.#dropped++;
      return;
    }
    const record = {
      clientHostname,
      requestLine: head ?? null,
      status,
      bodyBytes,
      referer: head?.header("referer") ?? null,
      userAgent: head?.header("user-agent") ?? null,
      durationMs: startedAt === undefined ? 0 : endedAt - startedAt,
      requestId,
    };
    this.#format.add(this.#waiting, record, this.#date, this.#wallOffsetMs + endedAt);
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#write();
  }

  /** Renews the time that lines carry, and writes what waits. Called at every tick. */
  tick(now: Date): void {
    this.#renewTime(now);
    if (this.#hasLines) this.#write();
  }

  #renewTime(now: Date): void {
    this.#date = accessDate(now);
    this.#wallOffsetMs = now.getTime() - performance.now();
  }

  /** Writes what waits. Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing !== undefined) await this.#write();
  }

  get #hasLines(): boolean {
    return this.#waiting.length > 0 || this.#dropped > 0;
  }

  /** Writes what waits, if nothing is being written. What comes meanwhile waits for the next time: many small writes are dear. */
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
      // Nobody reads standard output any more, or the disk is full. A server does not stop serving for want of a log.
      // The line that tells of those that were lost before is no request.
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

  /** Adds a line that says how many are missing, where some are. */
  #addLoss(lines: LineBuffer): void {
    if (this.#dropped === 0) return;
    const time = this.#wallOffsetMs + performance.now();
    this.#format.addLoss(lines, this.#dropped, this.#date, time);
    this.#dropped = 0;
  }
}
