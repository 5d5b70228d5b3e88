// Counts the requests of one worker by route, status and duration, in memory that the supervisor
// reads. A method and a route have a row from their first request on. No clock, no thread, no text
// format.

import {
  ACTIVE_AT,
  ACTIVE_SCHEMES,
  BUCKET_COUNT,
  BUCKETS_AT,
  DURATION_BUCKETS,
  MAX_NAMED_ROUTES,
  MAX_ROWS,
  type MetricsMemory,
  MICROSECONDS_AT,
  NAME_RANGE_NUMBERS,
  NAMES_BYTES,
  OTHER,
  QUEUE_AT,
  QUEUE_NUMBERS,
  REFUSED,
  ROW_NUMBERS,
  STATUS_CLASSES,
  UNMATCHED,
  viewMetrics,
} from "./metrics_memory.ts";

const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;

const encoder = new TextEncoder();

/**
 * The metrics of one worker. Only the worker writes them. 64-bit floats count exactly up to 2^53,
 * and a reader never sees half of one.
 */
export class RequestMetrics {
  readonly #memory: MetricsMemory;
  /** The same numbers, for the worker: shared memory is slower to read than to write. */
  readonly #own: number[] = [];
  readonly #ownQueue = new Array<number>(QUEUE_NUMBERS).fill(0);
  /**
   * The names of the routes by their number, then the names for requests without a route, then those
   * that were named.
   */
  readonly #routes: string[];
  /** The numbers of the routes that were named. */
  readonly #named = new Map<string, number>();
  readonly #unmatched: number;
  readonly #methodNumbers: ReadonlyMap<string, number>;
  readonly #methods: readonly string[];
  /** The row of each route and method; -1 before its first request. */
  readonly #rows: Int32Array;
  #rowCount = 0;
  #nameBytes = 0;

  /** `routes` are the names by route number, `methods` the methods that are counted by name. */
  constructor(memory: SharedArrayBuffer, routes: readonly string[], methods: readonly string[]) {
    this.#memory = viewMetrics(memory);
    this.#unmatched = routes.length;
    this.#routes = [...routes, UNMATCHED, REFUSED, OTHER];
    this.#methods = [...methods, OTHER];
    this.#methodNumbers = new Map(methods.map((method, number) => [method, number]));
    const rowCount = (this.#routes.length + MAX_NAMED_ROUTES) * this.#methods.length;
    this.#rows = new Int32Array(rowCount).fill(-1);
    // The shared row is the first one, so that it always has room.
    this.#addRow(`${OTHER} ${OTHER}`);
  }

  /**
   * Returns the number of a route that is known only by its name. A name gets a number the first
   * time; if there are too many names, the others share one.
   */
  numberOf(name: string): number {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    if (this.#named.size === MAX_NAMED_ROUTES) return this.#unmatched + 2;
    const number = this.#routes.push(name) - 1;
    this.#named.set(name, number);
    return number;
  }

  /** Counts an answered request. `route` is undefined if no route has matched. */
  note(method: string, route: number | undefined, status: number, durationMs: number): void {
    const row = this.#rowOf(method, route ?? this.#unmatched);
    this.#count(row, status);
    this.#add(row + BUCKETS_AT + bucketOf(durationMs), 1);
    // Sums of whole numbers do not depend on the order of addition. A sum of fractions could become
    // a little smaller when a worker ends, which Prometheus reads as a counter's reset.
    this.#add(row + MICROSECONDS_AT, Math.round(durationMs * MICROSECONDS_PER_MILLISECOND));
  }

  /** Counts a refused request. It has no duration, and no method if it was refused before that. */
  noteRefusal(method: string | undefined, status: number): void {
    this.#count(this.#rowOf(method ?? "", this.#unmatched + 1), status);
  }

  /** Counts for how long a request has waited at its front end, if that is known. */
  noteQueueTime(queueMs: number | undefined): void {
    if (queueMs === undefined) return;
    this.#addToQueue(bucketOf(queueMs), 1);
    this.#addToQueue(BUCKET_COUNT, Math.round(queueMs * MICROSECONDS_PER_MILLISECOND));
  }

  #addToQueue(at: number, amount: number): void {
    this.#memory.numbers[QUEUE_AT + at] = this.#ownQueue[at] += amount;
  }

  /** Counts a request that is under way now. Returns what `endActive` needs. */
  beginActive(method: string, route: number | undefined, scheme: string): number {
    const row = this.#rowOf(method, route ?? this.#unmatched);
    const at = row + ACTIVE_AT + (scheme === ACTIVE_SCHEMES[1] ? 1 : 0);
    this.#add(at, 1);
    return at;
  }

  /** Counts the end of a request that was under way. */
  endActive(at: number): void {
    this.#add(at, -1);
  }

  #count(row: number, status: number): void {
    this.#add(row + Math.min(STATUS_CLASSES.length, Math.max(1, Math.floor(status / 100))) - 1, 1);
  }

  #add(at: number, amount: number): void {
    this.#memory.numbers[at] = this.#own[at] += amount;
  }

  /** Returns where the numbers of a method and a route begin. */
  #rowOf(method: string, route: number): number {
    const methodNumber = this.#methodNumbers.get(method) ?? this.#methods.length - 1;
    const at = route * this.#methods.length + methodNumber;
    const row = this.#rows[at];
    return row >= 0 ? row : this.#assignRow(at, this.#methods[methodNumber], this.#routes[route]);
  }

  #assignRow(at: number, method: string, route: string): number {
    return this.#rows[at] = this.#addRow(`${method} ${route}`) ?? 0;
  }

  /** Adds a row, and returns where its numbers begin. Returns undefined if there is no room. */
  #addRow(name: string): number | undefined {
    const bytes = encoder.encode(name);
    const { nameRanges, names } = this.#memory;
    const end = this.#nameBytes + bytes.length;
    if (this.#rowCount === MAX_ROWS || end > NAMES_BYTES) return undefined;
    names.set(bytes, this.#nameBytes);
    const row = this.#rowCount++;
    nameRanges[(1 + row) * NAME_RANGE_NUMBERS] = this.#nameBytes;
    nameRanges[(1 + row) * NAME_RANGE_NUMBERS + 1] = end;
    this.#nameBytes = end;
    for (let i = 0; i < ROW_NUMBERS; i++) this.#own.push(0);
    // Last, and atomic: a reader that sees the row also sees its name.
    Atomics.store(nameRanges, 0, this.#rowCount);
    return row * ROW_NUMBERS;
  }
}

/** Returns the bucket of a time. */
function bucketOf(ms: number): number {
  const seconds = ms / MILLISECONDS_PER_SECOND;
  let bucket = 0;
  while (bucket < BUCKET_COUNT - 1 && seconds > DURATION_BUCKETS[bucket]) bucket++;
  return bucket;
}
