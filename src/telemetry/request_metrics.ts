// How many requests of each route were answered, how, and in what time: in memory that the supervisor reads at any time,
// even of a worker that spins. A row is given out to each method and route as they are first seen, and carries its own name,
// so whoever reads it needs to know nothing of the routes. There are so many rows and no more, whatever clients think of.
// Pure memory: no clock, no thread, no text of any format.

/** The highest durations, in seconds, of the histogram's buckets but the last one, which takes all that is longer. */
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

/** Stands for a request that no route has matched. No pattern looks like it: each begins with a slash. */
export const UNMATCHED = "unmatched";
/** Stands for one that was refused before there was a look-up. */
export const REFUSED = "refused";
/** Stands for a method that no table can name, and for routes and methods that found no row of their own. */
export const OTHER = "other";

/** The most pairs of method and route that have a row of their own; those beyond share one. */
const MAX_ROWS = 1_024;

/** The numbers of a row: how many of each class, how many in each bucket, and how many microseconds together. */
const BUCKETS_AT = STATUS_CLASSES.length;
const BUCKETS = DURATION_BUCKETS.length + 1;
const MICROSECONDS_AT = BUCKETS_AT + BUCKETS;
const NUMBERS = MICROSECONDS_AT + 1;

/** Where the name of a row begins and ends among the names; the first pair of all says how many rows there are. */
const PLACE_NUMBERS = 2;
/** For all names together. Patterns are some tens of bytes; where they are longer, fewer have a row of their own. */
const NAME_BYTES = MAX_ROWS * 96;

const PLACES_AT = 0;
const NUMBERS_AT = (1 + MAX_ROWS) * PLACE_NUMBERS * Int32Array.BYTES_PER_ELEMENT;
const NAMES_AT = NUMBERS_AT + MAX_ROWS * NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const MEMORY_BYTES = NAMES_AT + NAME_BYTES;

const MILLISECONDS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes the memory of one worker's metrics, to be sent to it. */
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

/** The metrics of one worker. Only the worker writes them; 64-bit floats count exactly up to 2^53, and are read whole. */
export class RequestMetrics {
  readonly #places: Places;
  /** The same numbers for the one who counts: shared memory is slower to read than to write. */
  readonly #own: number[] = [];
  /** The names of the routes, by their number; behind them those of requests without a route. */
  readonly #routes: readonly string[];
  readonly #methodNumbers: ReadonlyMap<string, number>;
  readonly #methods: readonly string[];
  /** The row of each route and method; -1 where it has none yet. */
  readonly #rows: Int32Array;
  #rowCount = 0;
  #nameBytes = 0;

  /** Counts in that memory. Requests say the number of their route; the methods are those that get a name of their own. */
  constructor(memory: SharedArrayBuffer, routes: readonly string[], methods: readonly string[]) {
    this.#places = placesIn(memory);
    this.#routes = [...routes, UNMATCHED, REFUSED];
    this.#methods = [...methods, OTHER];
    this.#methodNumbers = new Map(methods.map((method, number) => [method, number]));
    this.#rows = new Int32Array(this.#routes.length * this.#methods.length).fill(-1);
    // The first row is the one that is shared, so that there is one whatever comes.
    this.#addRow(`${OTHER} ${OTHER}`);
  }

  /** Notes a request that was answered; `route` is undefined where none has matched. */
  note(method: string, route: number | undefined, status: number, durationMs: number): void {
    const row = this.#rowOf(method, route ?? this.#routes.length - 2);
    this.#count(row, status);
    const seconds = durationMs / MILLISECONDS_PER_SECOND;
    let bucket = 0;
    while (bucket < BUCKETS - 1 && seconds > DURATION_BUCKETS[bucket]) bucket++;
    this.#add(row + BUCKETS_AT + bucket, 1);
    // Whole numbers come to the same sum in whatever order they are added. Of fractions, the sum over all workers would get less
    // by a hair now and again when one of them ends, and Prometheus takes a counter that gets less for one that begins anew.
    this.#add(row + MICROSECONDS_AT, Math.round(durationMs * MICROSECONDS_PER_MILLISECOND));
  }

  /** Notes a request that was refused; it has no duration, and no method where it was refused before it had one. */
  noteRefusal(method: string | undefined, status: number): void {
    this.#count(this.#rowOf(method ?? "", this.#routes.length - 1), status);
  }

  #count(row: number, status: number): void {
    this.#add(row + Math.min(STATUS_CLASSES.length, Math.max(1, Math.floor(status / 100))) - 1, 1);
  }

  #add(at: number, amount: number): void {
    this.#places.numbers[at] = this.#own[at] += amount;
  }

  /** Where the numbers of that method and route are. */
  #rowOf(method: string, route: number): number {
    const methodNumber = this.#methodNumbers.get(method) ?? this.#methods.length - 1;
    const at = route * this.#methods.length + methodNumber;
    const row = this.#rows[at];
    return row >= 0 ? row : this.#giveRow(at, this.#methods[methodNumber], this.#routes[route]);
  }

  #giveRow(at: number, method: string, route: string): number {
    return this.#rows[at] = this.#addRow(`${method} ${route}`) ?? 0;
  }

  /** Adds a row of that name; undefined where there is no room for it. */
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
    // Last, and as an atomic: whoever sees that there is a row sees its name as well.
    Atomics.store(places, 0, this.#rowCount);
    return row * NUMBERS;
  }
}

/** What is known of the requests of one method and route. */
export interface RequestRow {
  readonly method: string;
  readonly route: string;
  /** How many were answered with each class of status, in the order of {@linkcode STATUS_CLASSES}. */
  readonly statuses: number[];
  /** How many took so long, by bucket; the last one is for all that took longer. Those that were refused are in none. */
  readonly buckets: number[];
  /** How long all in the buckets took together, a whole number. */
  microseconds: number;
}

/** The sums over the metrics of several workers. */
export class RequestTotals {
  readonly #rows = new Map<string, RequestRow>();

  /** A copy, to which can be added without changing this one. */
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

  /** Adds what stands in the memory of one worker. */
  add(memory: SharedArrayBuffer): void {
    const { places, numbers, names } = placesIn(memory);
    const count = Atomics.load(places, 0);
    for (let row = 0; row < count; row++) {
      const [from, to] = places.subarray((1 + row) * PLACE_NUMBERS, (2 + row) * PLACE_NUMBERS);
      // A decoder does not take shared memory; the copy is of some tens of bytes.
      const sum = this.#rowOf(decoder.decode(names.slice(from, to)));
      const at = row * NUMBERS;
      for (let i = 0; i < BUCKETS_AT; i++) sum.statuses[i] += numbers[at + i];
      for (let i = 0; i < BUCKETS; i++) sum.buckets[i] += numbers[at + BUCKETS_AT + i];
      sum.microseconds += numbers[at + MICROSECONDS_AT];
    }
  }

  /** The rows of which there was ever a request, in the order of routes and methods. */
  rows(): readonly RequestRow[] {
    return [...this.#rows.values()]
      .filter(({ statuses }) => statuses.some((count) => count > 0))
      .sort((left, right) =>
        compare(left.route, right.route) || compare(left.method, right.method)
      );
  }

  /** How many requests took so long, by bucket, over all routes. */
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
