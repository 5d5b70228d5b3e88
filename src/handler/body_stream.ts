// A body that is made while it is sent. It takes the parts of a stream or of an async iterable one
// at a time, each only on request. That is all of back-pressure: a sender that still has bytes to
// send requests no more.

import { CapturedContext } from "../runtime/async_context.ts";

/**
 * The source of a body that is made while it is sent: a stream, or an async iterable. Text is sent
 * as UTF-8, bytes as they are.
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
  /**
   * The fields that follow a chunked body, checked as those of a head; undefined if there are none.
   * They are set before the end of the source.
   */
  trailers: readonly (readonly [name: string, value: string])[] | undefined;
  /**
   * The value of the Trailer field, which announces them (RFC 9110, section 6.6.2); undefined for
   * none. It is checked, and sent only with a chunked body.
   */
  trailerNames: string | undefined;
  /**
   * The async context of the handler that made the body. The source runs in it, and the connection
   * keeps its own.
   */
  readonly #context = new CapturedContext();
  #isClaimed = false;
  /** How many bytes the body must have; undefined if any number is right. */
  #declaredBytes: number | undefined;
  #givenBytes = 0;
  #parts: Parts | undefined;

  constructor(source: BodySource) {
    this.source = source;
  }

  /**
   * Claims the source for one response, because its parts come only once. Returns false if it is in
   * use.
   */
  claim(): boolean {
    if (this.#isClaimed || (this.source instanceof ReadableStream && this.source.locked)) {
      return false;
    }
    this.#isClaimed = true;
    return true;
  }

  /**
   * Has the body fail if it does not have this number of bytes, which its Content-Length declares.
   */
  holdTo(declaredBytes: number): void {
    this.#declaredBytes = declaredBytes;
  }

  /**
   * Resolves to the next part that is not empty; to undefined at the end. It rejects with the error
   * of the source, or with a `TypeError` if a part is neither text nor bytes, or if the body does
   * not have its declared length.
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

  /**
   * Cancels the source. Resolves when the source has ended, and never rejects: the response has its
   * outcome already. A generator that waits for something ends after that, which may be never.
   */
  cancel(reason: unknown): Promise<void> {
    return this.#cancel(reason).catch(() => {});
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
