// The memory of one worker's request metrics: a table with one row for each method and route.
// The worker writes it, and the supervisor reads it at any time, even while the worker spins. A row
// contains its own name, so the reader need not know the routes. The number of rows is limited,
// whatever clients send.

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
export const MAX_ROWS = 1_024;

/**
 * How many routes a worker counts that frameworks have named. Further ones share one: their names may
 * contain what clients have sent.
 */
export const MAX_NAMED_ROUTES = 256;

/**
 * The numbers of a row: a count for each status class, one for each bucket, the microseconds, and
 * the requests under way.
 */
export const BUCKETS_AT = STATUS_CLASSES.length;
export const BUCKET_COUNT = DURATION_BUCKETS.length + 1;
export const MICROSECONDS_AT = BUCKETS_AT + BUCKET_COUNT;
/** Where the requests under way are counted, for each scheme. Only OpenTelemetry needs them. */
export const ACTIVE_AT = MICROSECONDS_AT + 1;
export const ACTIVE_SCHEMES = ["http", "https"] as const;
export const ROW_NUMBERS = ACTIVE_AT + ACTIVE_SCHEMES.length;

/**
 * The queue times of all requests: a count for each bucket, and the microseconds. They follow the
 * rows.
 */
export const QUEUE_AT = MAX_ROWS * ROW_NUMBERS;
export const QUEUE_NUMBERS = BUCKET_COUNT + 1;

/** The start and the end of a row's name among the names. The first pair has the number of rows. */
export const NAME_RANGE_NUMBERS = 2;
/**
 * The room for all names. Patterns usually have some tens of bytes; longer ones leave room for
 * fewer.
 */
export const NAMES_BYTES = MAX_ROWS * 96;

const NAME_RANGES_AT = 0;
const NUMBERS_AT = (1 + MAX_ROWS) * NAME_RANGE_NUMBERS * Int32Array.BYTES_PER_ELEMENT;
const NAMES_AT = NUMBERS_AT + (QUEUE_AT + QUEUE_NUMBERS) * Float64Array.BYTES_PER_ELEMENT;
const MEMORY_BYTES = NAMES_AT + NAMES_BYTES;

/** Makes the memory of one worker's metrics, to be sent to that worker. */
export function createMetricsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(MEMORY_BYTES);
}

/** The parts of the memory of one worker's metrics. */
export interface MetricsMemory {
  readonly nameRanges: Int32Array<SharedArrayBuffer>;
  readonly numbers: Float64Array<SharedArrayBuffer>;
  readonly names: Uint8Array<SharedArrayBuffer>;
}

/** Returns a view of the memory of one worker's metrics. */
export function viewMetrics(memory: SharedArrayBuffer): MetricsMemory {
  return {
    nameRanges: new Int32Array(memory, NAME_RANGES_AT, (1 + MAX_ROWS) * NAME_RANGE_NUMBERS),
    numbers: new Float64Array(memory, NUMBERS_AT, QUEUE_AT + QUEUE_NUMBERS),
    names: new Uint8Array(memory, NAMES_AT, NAMES_BYTES),
  };
}
