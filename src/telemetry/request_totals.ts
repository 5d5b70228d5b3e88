// Adds up the request metrics of several workers. The supervisor does so for the operator's port.
// No clock, no thread, no text format.

import {
  ACTIVE_AT,
  ACTIVE_SCHEMES,
  BUCKET_COUNT,
  BUCKETS_AT,
  MICROSECONDS_AT,
  NAME_RANGE_NUMBERS,
  QUEUE_AT,
  ROW_NUMBERS,
  STATUS_CLASSES,
  viewMetrics,
} from "./metrics_memory.ts";

const decoder = new TextDecoder();

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
  /** How many requests are under way, in the order of {@linkcode ACTIVE_SCHEMES}. */
  readonly active: number[];
}

/** A histogram of times, such as the queue times of all requests for which these are known. */
export interface TimeHistogram {
  /** The count of each bucket. */
  readonly buckets: number[];
  /** The sum of the times, a whole number. */
  microseconds: number;
}

/** The sums over the metrics of several workers. */
export class RequestTotals {
  readonly #rows = new Map<string, RequestRow>();
  readonly queueTimes: TimeHistogram = {
    buckets: new Array<number>(BUCKET_COUNT).fill(0),
    microseconds: 0,
  };

  /** Returns a copy. Additions to it do not change this one. */
  copy(): RequestTotals {
    const copy = new RequestTotals();
    copy.#addQueueTimes(this.queueTimes);
    for (const [name, row] of this.#rows) {
      copy.#rows.set(name, {
        ...row,
        statuses: [...row.statuses],
        buckets: [...row.buckets],
        active: [...row.active],
      });
    }
    return copy;
  }

  /** Adds the counts in the memory of a worker that has ended: it has no requests under way. */
  addEnded(memory: SharedArrayBuffer): void {
    this.#add(memory, false);
  }

  /** Adds the counts in the memory of one worker. */
  add(memory: SharedArrayBuffer): void {
    this.#add(memory, true);
  }

  #add(memory: SharedArrayBuffer, isAlive: boolean): void {
    const { nameRanges, numbers, names } = viewMetrics(memory);
    this.#addQueueTimes({
      buckets: Array.from(numbers.subarray(QUEUE_AT, QUEUE_AT + BUCKET_COUNT)),
      microseconds: numbers[QUEUE_AT + BUCKET_COUNT],
    });
    const count = Atomics.load(nameRanges, 0);
    for (let row = 0; row < count; row++) {
      const [from, to] = nameRanges.subarray(
        (1 + row) * NAME_RANGE_NUMBERS,
        (2 + row) * NAME_RANGE_NUMBERS,
      );
      // A decoder rejects shared memory, so this copies some tens of bytes.
      const sum = this.#rowOf(decoder.decode(names.slice(from, to)));
      const at = row * ROW_NUMBERS;
      for (let i = 0; i < BUCKETS_AT; i++) sum.statuses[i] += numbers[at + i];
      for (let i = 0; i < BUCKET_COUNT; i++) sum.buckets[i] += numbers[at + BUCKETS_AT + i];
      sum.microseconds += numbers[at + MICROSECONDS_AT];
      if (!isAlive) continue;
      for (let i = 0; i < ACTIVE_SCHEMES.length; i++) sum.active[i] += numbers[at + ACTIVE_AT + i];
    }
  }

  #addQueueTimes({ buckets, microseconds }: TimeHistogram): void {
    for (let i = 0; i < BUCKET_COUNT; i++) this.queueTimes.buckets[i] += buckets[i];
    this.queueTimes.microseconds += microseconds;
  }

  /** Returns the rows with at least one request that has ended, sorted by route and method. */
  rows(): readonly RequestRow[] {
    return this.allRows()
      .filter(({ statuses }) => statuses.some((count) => count > 0))
      .sort((left, right) =>
        compare(left.route, right.route) || compare(left.method, right.method)
      );
  }

  /** Returns all rows, also those whose requests are all under way. */
  allRows(): readonly RequestRow[] {
    return [...this.#rows.values()];
  }

  /** Returns the counts of all routes together, by bucket. */
  buckets(): number[] {
    const sums = new Array<number>(BUCKET_COUNT).fill(0);
    for (const { buckets } of this.#rows.values()) {
      for (let i = 0; i < BUCKET_COUNT; i++) sums[i] += buckets[i];
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
      buckets: new Array<number>(BUCKET_COUNT).fill(0),
      microseconds: 0,
      active: new Array<number>(ACTIVE_SCHEMES.length).fill(0),
    };
    this.#rows.set(name, row);
    return row;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
