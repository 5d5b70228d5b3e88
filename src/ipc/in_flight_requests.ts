// Which requests a worker is handling, in memory that the supervisor reads even while the worker spins or is no more: it is
// how the log can name the request that a thread hangs in, or died of. A request is written here before its handler is
// called, so this is on the way of every one: a few bytes copied, no object made, and no clock read.

import type { HandledRequest } from "../telemetry/fleet_event.ts";

/** How many requests have a place of their own. Those beyond share the last one, so the newest is always named: it may hang. */
const PLACES = 32;
const SHARED_PLACE = PLACES - 1;

/** The most bytes of method and path that are kept. */
const MAX_LINE_BYTES = 100;

/** Each place: since when, and as the how-manieth (two floats of 8 bytes); how many bytes of line (4); and the line. */
const FLOAT_BYTES = 8;
const LENGTH_BYTES = 4;
const ORDER_AT = FLOAT_BYTES;
const LENGTH_AT = 2 * FLOAT_BYTES;
const LINE_AT = LENGTH_AT + LENGTH_BYTES;
const PLACE_BYTES = LINE_AT + MAX_LINE_BYTES;

/** Where the first line of a request can be copied from, up to its query. */
export interface RequestLineSource<Head> {
  /** Copies method and path, at most `max` bytes, to `at`; says how many there were. */
  copyMethodAndPath(head: Head, into: Uint8Array, at: number, max: number): number;
}

/** The requests of one worker. Only the worker writes; what the supervisor reads may be half written when it is being changed. */
export class InFlightRequests {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  /** The time, in milliseconds since 1970; set at each tick, so that no request has to ask for it. */
  now = 0;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #floats: Float64Array<SharedArrayBuffer>;
  readonly #lengths: Int32Array<SharedArrayBuffer>;
  readonly #free: number[] = [];
  /** The clock is too coarse to tell which of two requests came first. */
  #begun = 0;

  /** Makes a board, or looks at one that the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(PLACES * PLACE_BYTES)) {
    this.memory = memory;
    this.#bytes = new Uint8Array(memory);
    this.#floats = new Float64Array(memory);
    this.#lengths = new Int32Array(memory);
    for (let place = SHARED_PLACE - 1; place >= 0; place--) this.#free.push(place);
  }

  /** Writes down a request that is about to be handled. Returns its place. */
  begin<Head>(source: RequestLineSource<Head>, head: Head): number {
    const place = this.#free.pop() ?? SHARED_PLACE;
    const at = place * PLACE_BYTES;
    this.#floats[at / FLOAT_BYTES] = this.now;
    this.#floats[(at + ORDER_AT) / FLOAT_BYTES] = ++this.#begun;
    const length = source.copyMethodAndPath(head, this.#bytes, at + LINE_AT, MAX_LINE_BYTES);
    this.#lengths[(at + LENGTH_AT) / LENGTH_BYTES] = length;
    return place;
  }

  /** Crosses a request out that has been handled. */
  end(place: number): void {
    this.#lengths[(place * PLACE_BYTES + LENGTH_AT) / LENGTH_BYTES] = 0;
    if (place !== SHARED_PLACE) this.#free.push(place);
  }

  /** The requests that stand there, the oldest first. */
  read(now: number): HandledRequest[] {
    const requests: { order: number; request: HandledRequest }[] = [];
    for (let at = 0; at < this.#bytes.length; at += PLACE_BYTES) {
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
