// The body of a response that a program writes in parts: a queue between `res.write` and the connection.
// The connection takes a part when it has room for it, so what waits here is what `res.write` reports.

import type { WriteCallback } from "./node_types.ts";

/** A part that was written. */
interface Part {
  readonly data: Uint8Array | string;
  readonly bytes: number;
  readonly callback: WriteCallback | undefined;
}

type Result = IteratorResult<Uint8Array | string, undefined>;

const END: Result = { done: true, value: undefined };

/** The parts of one body. */
export class ResponseParts implements AsyncIterable<Uint8Array | string> {
  readonly #parts: Part[] = [];
  readonly #onTaken: () => void;
  /** The part that the connection has taken and not sent. */
  #taken: Part | undefined;
  #hasEnded = false;
  #waiting: ((result: Result) => void) | undefined;
  /** How many bytes wait to be sent. */
  waitingBytes = 0;

  /** Calls `onTaken` when the connection has sent a part. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** Adds a part. */
  add(data: Uint8Array | string, bytes: number, callback: WriteCallback | undefined): void {
    const part = { data, bytes, callback };
    this.waitingBytes += bytes;
    if (this.#waiting === undefined) this.#parts.push(part);
    else this.#take(part, this.#waiting);
  }

  /** Notes that no more follows. */
  end(): void {
    this.#hasEnded = true;
    this.#waiting?.(END);
    this.#waiting = undefined;
  }

  #take(part: Part, resolve: (result: Result) => void): void {
    this.#waiting = undefined;
    this.#taken = part;
    resolve({ done: false, value: part.data });
  }

  /** Notes that the part which was taken is sent: the connection asks for the next one. */
  #noteSent(): void {
    const part = this.#taken;
    if (part === undefined) return;
    this.#taken = undefined;
    this.waitingBytes -= part.bytes;
    part.callback?.();
    this.#onTaken();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string, undefined> {
    return {
      next: () => {
        this.#noteSent();
        return new Promise((resolve) => {
          const part = this.#parts.shift();
          if (part !== undefined) this.#take(part, resolve);
          else if (this.#hasEnded) resolve(END);
          else this.#waiting = resolve;
        });
      },
      // A connection that wants no more has ended, or the response has no body: the exchange learns that by itself.
      return: () => Promise.resolve(END),
    };
  }
}
