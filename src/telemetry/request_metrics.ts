// Counts the requests of each route by status and duration, in memory that the supervisor reads at
// any time, even while the worker spins. Each method and route has a row from its first request on.
// A row contains its own name, so the reader need not know the routes. The number of rows is
// limited, whatever clients send. Pure memory: no clock, no thread, no text format.

/**
 * The upper bounds of the histogram's buckets, in seconds. One more bucket has all above the last.
 */
export const DURATION_BUCKETS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** The classes of status, 1xx to 5xx. */
export const STATUS_CLASSES: readonly string[] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/**
 * The route of a request that no route has matched. Every pattern begins with a slash, unlike this.
 */
export const UNMATCHED = "unmatched";
/** The route of a request that was refused before the route look-up. */
export const REFUSED = "refused";
/** The name of unknown methods, and of the row for all routes and methods beyond the limit. */
export const OTHER = "other";

/** How many pairs of method and route have their own row. Further pairs share one. */
const MAX_ROWS = 1_024;

/**
 * The numbers of a row: a count for each status class, one for each bucket, and the microseconds.
 */
const BUCKETS_AT = STATUS_CLASSES.length;
const BUCKETS = DURATION_BUCKETS.length + 1;
const MICROSECONDS_AT = BUCKETS_AT + BUCKETS;
const NUMBERS = MICROSECONDS_AT + 1;

/** The start and the end of a row's name among the names. The first pair has the number of rows. */
const PLACE_NUMBERS = 2;
/**
 * The room for all names. Patterns usually have some tens of bytes; longer ones leave room for
 * fewer.
 */
const NAME_BYTES = MAX_ROWS * 96;

const PLACES_AT = 0;
const NUMBERS_AT = (1 + MAX_ROWS) * PLACE_NUMBERS * Int32Array.BYTES_PER_ELEMENT;
const NAMES_AT = NUMBERS_AT + MAX_ROWS * NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const MEMORY_BYTES = NAMES_AT + NAME_BYTES;

const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes the memory of one worker's metrics, to be sent to that worker. */
export function createMetricsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(MEMORY_BYTES);
}

interface Places {
  readonly places: Int32Array<SharedArrayBuffer>;
  readonly numbers: Float64Array<SharedArrayBuffer>;
  readonly names: Uint8Array<SharedArrayBuffer>;
}

function placesIn(memory: SharedArrayBuffer): Places {
  return {
    places: new Int32Array(memory, PLACES_AT, (1 + MAX_ROWS) * PLACE_NUMBERS),
    numbers: new Float64Array(memory, NUMBERS_AT, MAX_ROWS * NUMBERS),
    names: new Uint8Array(memory, NAMES_AT, NAME_BYTES),
  };
}

/**
 * The metrics of one worker. Only the worker writes them. 64-bit floats count exactly up to 2^53,
 * and a reader never sees half of one.
 */
export class RequestMetrics {
  readonly #places: Places;
  /** The same numbers, for the worker: shared memory is slower to read than to write. */
  readonly #own: number[] = [];
  /** The names of the routes by their number, then the names for requests without a route. */
  readonly #routes: readonly string[];
  readonly #methodNumbers: ReadonlyMap<string, number>;
  readonly #methods: readonly string[];
  /** The row of each route and method; -1 before its first request. */
  readonly #rows: Int32Array;
  #rowCount = 0;
  #nameBytes = 0;

  /** `routes` are the names by route number, `methods` the methods that are counted by name. */
  constructor(memory: SharedArrayBuffer, routes: readonly string[], methods: readonly string[]) {
    this.#places = placesIn(memory);
    this.#routes = [...routes, UNMATCHED, REFUSED];
    this.#methods = [...methods, OTHER];
    this.#methodNumbers = new Map(methods.map((method, number) => [method, number]));
    this.#rows = new Int32Array(this.#routes.length * this.#methods.length).fill(-1);
    // The shared row is the first one, so that it always has room.
    this.#addRow(`${OTHER} ${OTHER}`);
  }

  /** Counts an answered request. `route` is undefined if no route has matched. */
  note(method: string, route: number | undefined, status: number, durationMs: number): void {
    const row = this.#rowOf(method, route ?? this.#routes.length - 2);
    this.#count(row, status);
    const seconds = durationMs / MILLISECONDS_PER_SECOND;
    let bucket = 0;
    while (bucket < BUCKETS - 1 && seconds > DURATION_BUCKETS[bucket]) bucket++;
    this.#add(row + BUCKETS_AT + bucket, 1);
    // Sums of whole numbers do not depend on the order of addition. A sum of fractions could become
    // a little smaller when a worker ends, which Prometheus reads as a counter's reset.
    this.#add(row + MICROSECONDS_AT, Math.round(durationMs * MICROSECONDS_PER_MILLISECOND));
  }

  /** Counts a refused request. It has no duration, and no method if it was refused before that. */
  noteRefusal(method: string | undefined, status: number): void {
    this.#count(this.#rowOf(method ?? "", this.#routes.length - 1), status);
  }

  #count(row: number, status: number): void {
    this.#add(row + Math.min(STATUS_CLASSES.length, Math.max(1, Math.floor(status / 100))) - 1, 1);
  }

  #add(at: number, amount: number): void {
    this.#places.numbers[at] = this.#own[at] += amount;
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
    const { places, names } = this.#places;
    const end = this.#nameBytes + bytes.length;
    if (this.#rowCount === MAX_ROWS || end > NAME_BYTES) return undefined;
    names.set(bytes, this.#nameBytes);
    const row = this.#rowCount++;
    places[(1 + row) * PLACE_NUMBERS] = this.#nameBytes;
    places[(1 + row) * PLACE_NUMBERS + 1] = end;
    this.#nameBytes = end;
    for (let i = 0; i < NUMBERS; i++) this.#own.push(0);
    // Last, and atomic: a reader that sees the row also sees its name.
    Atomics.store(places, 0, this.#rowCount);
    return row * NUMBERS;
  }
}

/** The counts of one method and route. */
export interface RequestRow {
  readonly method: string;
  readonly route: string;
  /** The count of each status class, in the order of {@linkcode STATUS_CLASSES}. */
  readonly statuses: number[];
  /** The count of each bucket of durations. Refused requests are in none. */
  readonly buckets: number[];
  /** The sum of the durations, a whole number. */
  microseconds: number;
}

/** The sums over the metrics of several workers. */
export class RequestTotals {
  readonly #rows = new Map<string, RequestRow>();

  /** Returns a copy. Additions to it do not change this one. */
  copy(): RequestTotals {
    const copy = new RequestTotals();
    for (const [name, row] of this.#rows) {
      copy.#rows.set(name, {
        ...row,
        statuses: [...row.statuses],
        buckets: [...row.buckets],
      });
    }
    return copy;
  }

  /** Adds the counts in the memory of one worker. */
  add(memory: SharedArrayBuffer): void {
    const { places, numbers, names } = placesIn(memory);
    const count = Atomics.load(places, 0);
    for (let row = 0; row < count; row++) {
      const [from, to] = places.subarray((1 + row) * PLACE_NUMBERS, (2 + row) * PLACE_NUMBERS);
      // A decoder rejects shared memory, so this copies some tens of bytes.
      const sum = this.#rowOf(decoder.decode(names.slice(from, to)));
      const at = row * NUMBERS;
      for (let i = 0; i < BUCKETS_AT; i++) sum.statuses[i] += numbers[at + i];
      for (let i = 0; i < BUCKETS; i++) sum.buckets[i] += numbers[at + BUCKETS_AT + i];
      sum.microseconds += numbers[at + MICROSECONDS_AT];
    }
  }

  /** Returns the rows with at least one request, sorted by route and method. */
  rows(): readonly RequestRow[] {
    return [...this.#rows.values()]
      .filter(({ statuses }) => statuses.some((count) => count > 0))
      .sort((left, right) =>
        compare(left.route, right.route) || compare(left.method, right.method)
      );
  }

  /** Returns the counts of all routes together, by bucket. */
  buckets(): number[] {
    const sums = new Array<number>(BUCKETS).fill(0);
    for (const { buckets } of this.#rows.values()) {
      for (let i = 0; i < BUCKETS; i++) sums[i] += buckets[i];
    }
    return sums;
  }

  #rowOf(name: string): RequestRow {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const space = name.indexOf(" ");
    const row: RequestRow = {
      method: name.slice(0, space),
      route: name.slice(space + 1),
      statuses: new Array<number>(STATUS_CLASSES.length).fill(0),
      buckets: new Array<number>(BUCKETS).fill(0),
      microseconds: 0,
    };
    this.#rows.set(name, row);
    return row;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
