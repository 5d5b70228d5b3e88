// The log of requests: lines are collected and written to standard output together, at each tick or when there are many.
// A write for each line would cost more than the answer that it tells of.

import type { RequestHead } from "../http1/head.ts";
import { accessDate, accessLine } from "../log.ts";

/** How many characters are collected at the most before they are written. */
const MAX_WAITING_CHARACTERS = 65_536;

/** How much may wait for a reader of standard output that does not read; beyond it lines are dropped, not memory filled. */
const MAX_UNWRITTEN_CHARACTERS = 4 * 1024 * 1024;

const encoder = new TextEncoder();

/** The log of the requests of one worker. */
export class AccessLog {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #date = accessDate(new Date());
  #waiting = "";
  #writing: Promise<void> | undefined;
  #dropped = 0;

  /** `write` writes all of the bytes; one call at a time is under way. */
  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Notes a request that was answered; one that was refused before it was whole has no head. */
  note(
    remoteAddr: Deno.NetAddr,
    head: RequestHead | undefined,
    status: number,
    bodyBytes: number,
    durationMs: number,
  ): void {
    if (this.#waiting.length > MAX_UNWRITTEN_CHARACTERS) {
      this.#dropped++;
      return;
    }
    const record = {
      remoteHostname: remoteAddr.hostname,
      requestLine: head === undefined
        ? null
        : `${head.method} ${head.target} HTTP/1.${head.minorVersion}`,
      status,
      bodyBytes,
      referer: head?.header("referer") ?? null,
      userAgent: head?.header("user-agent") ?? null,
      durationMs,
    };
    this.#waiting += accessLine(record, this.#date) + "\n";
    if (this.#waiting.length > MAX_WAITING_CHARACTERS) this.flush();
  }

  /** Renews the time that lines carry, and writes what waits. Called at every tick. */
  tick(now: Date): void {
    this.#date = accessDate(now);
    this.flush();
  }

  /** Writes what waits. Resolves when nothing waits any more. */
  flush(): Promise<void> {
    if (this.#waiting === "" && this.#dropped === 0) return this.#writing ?? Promise.resolve();
    return this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== "" || this.#dropped > 0) {
      const lines = this.#waiting + this.#lossLine();
      this.#waiting = "";
      try {
        await this.#write(encoder.encode(lines));
      } catch {
        // Nobody reads standard output any more. A server does not stop serving for want of a log.
        break;
      }
    }
    this.#writing = undefined;
  }

  /** The line that says how many lines are missing; empty where none is. */
  #lossLine(): string {
    if (this.#dropped === 0) return "";
    const dropped = this.#dropped;
    this.#dropped = 0;
    return `- - - [${this.#date}] "-" - - "-" "-" - ${dropped} lines were lost: nobody read them in time\n`;
  }
}
