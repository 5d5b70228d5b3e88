// A body that is made while it is sent: the parts of a stream or of an async iterable, one at a time, and each only when it is
// asked for. That is all of back-pressure: who cannot send what is there does not ask for more.

import { CapturedContext } from "../runtime/async_context.ts";

/**
 * What a body is made of while it is sent: a stream, or an async iterable. Its text goes out as UTF-8, its bytes as they are.
 *
 * @example The two kinds
 * ```ts
 * import type { BodySource } from "@mudpie/server";
 *
 * const stream: BodySource = ReadableStream.from(["a", "b"]);
 * const iterable: BodySource = (async function* () {
 *   yield new Uint8Array([97]);
 * })();
 * console.log(stream instanceof ReadableStream, Symbol.asyncIterator in iterable); // true true
 * ```
 */
export type BodySource =
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/**
 * Why a source is told that its parts are not wanted. Who writes to the other end of a stream gets it as an error, and most often awaits
 * nothing there: that a client has gone must not count as a fault of theirs, so it can be told from all other errors.
 */
export const UNWANTED: DOMException = new DOMException(
  "Nobody waits for the rest of this body",
  "AbortError",
);

const encoder = new TextEncoder();

/** Whether a value can be the source of a body. */
export function isBodySource(value: unknown): value is BodySource {
  return value instanceof ReadableStream ||
    (typeof value === "object" && value !== null && Symbol.asyncIterator in value &&
      typeof value[Symbol.asyncIterator] === "function");
}

/** The parts of one body. */
export class BodyStream {
  readonly source: BodySource;
  /** The source runs in the async context of the handler that made the body, and leaves nothing in the one of the connection. */
  readonly #context = new CapturedContext();
  #isClaimed = false;
  /** How many bytes it has to have; undefined where any number is right. */
  #declaredBytes: number | undefined;
  #givenBytes = 0;
  #parts: Parts | undefined;

  constructor(source: BodySource) {
    this.source = source;
  }

  /** Takes the source for one answer: its parts come only once. False where somebody has it already. */
  claim(): boolean {
    if (this.#isClaimed || (this.source instanceof ReadableStream && this.source.locked)) {
      return false;
    }
    this.#isClaimed = true;
    return true;
  }

  /** From now on the body fails when it turns out to have more or fewer bytes than that, as its Content-Length declares. */
  holdTo(declaredBytes: number): void {
    this.#declaredBytes = declaredBytes;
  }

  /**
   * The next part that is not empty; undefined at the end. It rejects with what the source fails with, and with a `TypeError`
   * for a part that is neither text nor bytes, or with which the body is not of its declared length.
   */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await this.#context.run(() => this.#open().next());
      if (done) {
        this.#checkLength(this.#givenBytes === (this.#declaredBytes ?? this.#givenBytes), "");
        return undefined;
      }
      const bytes = typeof value === "string" ? encoder.encode(value) : value;
      if (!(bytes instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot send a part of type ${typeof value} of a streamed body: it must be a string or a Uint8Array`,
        );
      }
      if (bytes.length === 0) continue;
      this.#givenBytes += bytes.length;
      this.#checkLength(this.#givenBytes <= (this.#declaredBytes ?? Infinity), " or more");
      return bytes;
    }
  }

  #checkLength(isRight: boolean, orMore: string): void {
    if (isRight) return;
    throw new TypeError(
      `Cannot send a streamed body of ${this.#givenBytes} bytes${orMore}: its Content-Length says ` +
        `${this.#declaredBytes}; leave the header out, or make it right`,
    );
  }

  /** Tells the source that nobody wants its parts any more. What it does about it, and whether that fails, concerns nobody. */
  cancel(reason: unknown): void {
    this.#cancel(reason).catch(() => {});
  }

  async #cancel(reason: unknown): Promise<void> {
    await this.#context.run(() => this.#open().cancel(reason));
  }

  #open(): Parts {
    return this.#parts ??= partsOf(this.source);
  }
}

/** Both kinds of source in one form. */
interface Parts {
  next(): Promise<{ readonly done?: boolean; readonly value?: Uint8Array | string }>;
  cancel(reason: unknown): Promise<unknown>;
}

function partsOf(source: BodySource): Parts {
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    return { next: () => reader.read(), cancel: (reason) => reader.cancel(reason) };
  }
  const iterator = source[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    cancel: async (reason) => await iterator.return?.(reason),
  };
}
