// The requests that a worker is handling, in memory that the supervisor reads even while the worker
// spins or has ended. So the log can name the request that a thread hangs in, or died of. Each
// request is written here before its handler is called: a few bytes are copied, no object is made,
// no clock read.

import type { HandledRequest } from "../telemetry/fleet_event.ts";

/**
 * How many requests have an entry of their own. Further ones share the last entry, so the newest,
 * which may hang, is always named.
 */
const ENTRIES = 32;
const SHARED_ENTRY = ENTRIES - 1;

/** The most bytes of method and path that are kept. */
const MAX_LINE_BYTES = 100;

/**
 * An entry: its start and its order (two floats of 8 bytes), the length of its line in bytes (4),
 * and the line.
 */
const FLOAT_BYTES = 8;
const LENGTH_BYTES = 4;
const ORDER_AT = FLOAT_BYTES;
const LENGTH_AT = 2 * FLOAT_BYTES;
const LINE_AT = LENGTH_AT + LENGTH_BYTES;
const ENTRY_BYTES = LINE_AT + MAX_LINE_BYTES;

/** Where the first line of a request can be copied from, up to its query. */
export interface RequestLineSource<Head> {
  /** Copies method and path, at most `max` bytes, to `at`. Returns how many. */
  copyMethodAndPath(head: Head, into: Uint8Array, at: number, max: number): number;
}

/**
 * The requests of one worker. Only the worker writes; the supervisor may read an entry that is half
 * written.
 */
export class InFlightRequests {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  /**
   * The time, in milliseconds since 1970; set at each tick, so that no request has to ask for it.
   */
  now = 0;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #floats: Float64Array<SharedArrayBuffer>;
  readonly #lengths: Int32Array<SharedArrayBuffer>;
  readonly #free: number[] = [];
  /** Counts requests: the clock is too coarse for their order. */
  #begun = 0;

  /** Makes the memory, or opens what the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(ENTRIES * ENTRY_BYTES)) {
    this.memory = memory;
    this.#bytes = new Uint8Array(memory);
    this.#floats = new Float64Array(memory);
    this.#lengths = new Int32Array(memory);
    for (let entry = SHARED_ENTRY - 1; entry >= 0; entry--) this.#free.push(entry);
  }

  /** Enters a request that is about to be handled. Returns its entry. */
  begin<Head>(source: RequestLineSource<Head>, head: Head): number {
    const entry = this.#free.pop() ?? SHARED_ENTRY;
    const at = entry * ENTRY_BYTES;
    this.#floats[at / FLOAT_BYTES] = this.now;
    this.#floats[(at + ORDER_AT) / FLOAT_BYTES] = ++this.#begun;
    const length = source.copyMethodAndPath(head, this.#bytes, at + LINE_AT, MAX_LINE_BYTES);
    this.#lengths[(at + LENGTH_AT) / LENGTH_BYTES] = length;
    return entry;
  }

  /** Removes a request that has been handled. */
  end(entry: number): void {
    this.#lengths[(entry * ENTRY_BYTES + LENGTH_AT) / LENGTH_BYTES] = 0;
    if (entry !== SHARED_ENTRY) this.#free.push(entry);
  }

  /** Returns the requests, the oldest first. */
  read(now: number): HandledRequest[] {
    const requests: { order: number; request: HandledRequest }[] = [];
    for (let at = 0; at < this.#bytes.length; at += ENTRY_BYTES) {
      const length = this.#lengths[(at + LENGTH_AT) / LENGTH_BYTES];
      if (length === 0) continue;
      const lineAt = at + LINE_AT;
      const line = String.fromCharCode(...this.#bytes.subarray(lineAt, lineAt + length));
      const [method, path] = splitLine(line);
      const ageMs = Math.max(0, now - this.#floats[at / FLOAT_BYTES]);
      const order = this.#floats[(at + ORDER_AT) / FLOAT_BYTES];
      requests.push({ order, request: { method, path, ageMs } });
    }
    return requests.sort((left, right) => left.order - right.order).map(({ request }) => request);
  }
}

function splitLine(line: string): [method: string, path: string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}
