// The supervisor's answer to a worker that waits for its address without a turn of its event loop.
// `Deno.serve` returns at once, with an address that is known, or throws; so the worker blocks until
// the supervisor has written the answer into memory that both share.

import type { PortAddress } from "../net/worker_address.ts";

/** An address, or the error with which it cannot be listened on. */
export type Reservation =
  | {
    readonly kind: "reserved";
    readonly address: Deno.Addr;
    /** How to listen there, if the worker is to do so at once. */
    readonly port?: PortAddress;
  }
  /** `name` is that of the class of the error, such as "AddrInUse". */
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

/** What a worker is answered. */
export type AddressResult =
  | Reservation
  /** What the address would be. Nothing listens there: the program is only checked. */
  | { readonly kind: "pretended"; readonly address: Deno.Addr };

/** A longer message is cut off: it must fit into the memory, whatever its characters are. */
const MAX_MESSAGE_LENGTH = 2_000;
const RESULT_BYTES = 16_384;
const HEAD_BYTES = 8;

const PENDING = 0;
const SETTLED = 1;

/** One answer. The worker makes its memory, and the supervisor settles it once. */
export class AddressAnswer {
  readonly memory: SharedArrayBuffer;
  /** Whether it is settled, and how many bytes the result has. */
  readonly #head: Int32Array;
  readonly #result: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + RESULT_BYTES)) {
    this.memory = memory;
    this.#head = new Int32Array(memory, 0, 2);
    this.#result = new Uint8Array(memory, HEAD_BYTES);
  }

  /** Writes the result, and wakes the worker. A second call does nothing. */
  settle(result: AddressResult): void {
    if (Atomics.load(this.#head, 0) === SETTLED) return;
    const bytes = new TextEncoder().encode(JSON.stringify(shorten(result)));
    this.#result.set(bytes);
    this.#head[1] = bytes.length;
    Atomics.store(this.#head, 0, SETTLED);
    Atomics.notify(this.#head, 0);
  }

  /** Blocks this thread until the result is there. */
  wait(): AddressResult {
    Atomics.wait(this.#head, 0, PENDING);
    // A copy: the decoder takes no shared memory.
    return JSON.parse(new TextDecoder().decode(this.#result.slice(0, this.#head[1])));
  }
}

function shorten(result: AddressResult): AddressResult {
  if (result.kind !== "failed") return result;
  return { ...result, message: result.message.slice(0, MAX_MESSAGE_LENGTH) };
}
