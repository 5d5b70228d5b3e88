// What an exchange is called in logs, here and wherever else its request passes: the client's or the front end's own name for it
// (`X-Request-Id`) where that can stand in a log as it is, or a new one. Where requests are logged each is named, and few handlers
// ask how; so a new name is bytes, which the answer and the line copy, and becomes a string only for a handler.

/**
 * What a request may be called by others: UUIDs, ULIDs and what load balancers make, such as "Root=1-67891233-abcdef". Nothing that
 * has a meaning in a log, a header or a shell.
 */
const SANE_ID = /^[\w.+=:@/-]{1,128}$/;

/** The longest name there is. */
const MAX_ID_BYTES = 128;

/** How many digits of base 36 tell the threads of all processes apart: one in 36^8, which is some 2.8 * 10^12. */
const PREFIX_DIGITS = 8;

/** How many digits of base 36 tell the requests of a thread apart: 36^9 last for 16 years of 200,000 requests a second. */
const NUMBER_DIGITS = 9;

/** What this thread's own names begin with. */
const PREFIX = Array.from(
  crypto.getRandomValues(new Uint32Array(PREFIX_DIGITS)),
  (number) => (number % 36).toString(36),
).join("");

const DIGIT_ZERO = 0x30;
const DIGIT_NINE = 0x39;
const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

let lastNumber = 0;

/** The last new name. It counts as a mileage counter does, so that most often one byte is all that changes. */
const NEWEST: Uint8Array = new TextEncoder().encode(idOfNumber(lastNumber));

function countOn(): number {
  let at = NEWEST.length - 1;
  while (NEWEST[at] === LETTER_Z) NEWEST[at--] = DIGIT_ZERO;
  if (NEWEST[at] === DIGIT_NINE) NEWEST[at] = LETTER_A;
  else NEWEST[at]++;
  return ++lastNumber;
}

/** The new name with that number. */
export function idOfNumber(number: number): string {
  return `${PREFIX}-${number.toString(36).padStart(NUMBER_DIGITS, "0")}`;
}

/** A name that no other request has. It is no secret: whoever knows one can guess the next. */
export function makeRequestId(): string {
  return idOfNumber(countOn());
}

/** Whether a name that a request has brought along can be used as it is. */
export function isSaneId(given: string): boolean {
  return SANE_ID.test(given);
}

/** The name that a request has brought along, or a new one where it has none, or one that cannot stand in a log. */
export function requestIdFrom(given: string | null): string {
  return given !== null && isSaneId(given) ? given : makeRequestId();
}

/** A name as bytes, to be copied at once: the next one that is written, or made anywhere in this thread, takes its place. */
export class WrittenId {
  readonly #given = new Uint8Array(MAX_ID_BYTES);
  /** The name is the first {@linkcode length} of them. */
  bytes: Uint8Array = this.#given;
  length = 0;

  /** Writes a new name, and returns its number. */
  writeNew(): number {
    const number = countOn();
    this.bytes = NEWEST;
    this.length = NEWEST.length;
    return number;
  }

  /** Writes a name that there is already. */
  write(id: string): void {
    const { length } = id;
    for (let i = 0; i < length; i++) this.#given[i] = id.charCodeAt(i);
    this.bytes = this.#given;
    this.length = length;
  }
}
