// The id of a request: the one in its `X-Request-Id` field, if that is safe in a log, or a new one.
// If requests are logged, each has an id, but few handlers read it. So a new id is bytes, which the
// response and the log line copy; it becomes a string only for a handler.

/**
 * The ids that are accepted from a request: UUIDs, ULIDs and those of load balancers, such as
 * "Root=1-67891233-abcdef". No character has a meaning in a log, a field or a shell.
 */
const SANE_ID = /^[\w.+=:@/-]{1,128}$/;

/** The longest id. */
const MAX_ID_BYTES = 128;

/**
 * How many base-36 digits identify the thread: two threads share them once in 36^8, 2.8 * 10^12.
 */
const PREFIX_DIGITS = 8;

/** How many base-36 digits number a thread's requests: 36^9 last 16 years at 200,000 a second. */
const NUMBER_DIGITS = 9;

/** The start of all new ids of this thread. */
const PREFIX = Array.from(
  crypto.getRandomValues(new Uint32Array(PREFIX_DIGITS)),
  (number) => (number % 36).toString(36),
).join("");

const DIGIT_ZERO = 0x30;
const DIGIT_NINE = 0x39;
const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

let lastNumber = 0;

/** The last new id. It counts like a mileage counter, so that usually one byte changes. */
const NEWEST: Uint8Array = new TextEncoder().encode(idOfNumber(lastNumber));

function countOn(): number {
  let at = NEWEST.length - 1;
  while (NEWEST[at] === LETTER_Z) NEWEST[at--] = DIGIT_ZERO;
  if (NEWEST[at] === DIGIT_NINE) NEWEST[at] = LETTER_A;
  else NEWEST[at]++;
  return ++lastNumber;
}

/** Returns the new id with this number. */
export function idOfNumber(number: number): string {
  return `${PREFIX}-${number.toString(36).padStart(NUMBER_DIGITS, "0")}`;
}

/** Makes an id that no other request has. It is not secret: the next one can be guessed from it. */
export function makeRequestId(): string {
  return idOfNumber(countOn());
}

/** Returns whether the id in a request can be used as it is. */
export function isSaneId(given: string): boolean {
  return SANE_ID.test(given);
}

/** Returns the id in a request, or a new one if it is missing or not safe in a log. */
export function requestIdFrom(given: string | null): string {
  return given !== null && isSaneId(given) ? given : makeRequestId();
}

/**
 * An id as bytes, to be copied at once: the next id that is written here, or made anywhere in this
 * thread, overwrites it.
 */
export class WrittenId {
  readonly #given = new Uint8Array(MAX_ID_BYTES);
  /** The id is the first {@linkcode length} of these bytes. */
  bytes: Uint8Array = this.#given;
  length = 0;

  /** Writes a new id, and returns its number. */
  writeNew(): number {
    const number = countOn();
    this.bytes = NEWEST;
    this.length = NEWEST.length;
    return number;
  }

  /** Writes an existing id. */
  write(id: string): void {
    const { length } = id;
    for (let i = 0; i < length; i++) this.#given[i] = id.charCodeAt(i);
    this.bytes = this.#given;
    this.length = length;
  }
}
