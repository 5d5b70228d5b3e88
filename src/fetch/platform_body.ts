// The body of a platform `Request` that is read while its handler works, for `WebServer.fetch()`.

import { type BodyInput, IncomingBody } from "../handler/incoming_body.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";

/** The limits of such a body, in bytes. */
export interface PlatformBodyLimits {
  readonly maxStreamedBytes: number;
  readonly maxCollectedBytes: number;
}

/** A body that comes from the stream of a platform `Request`. */
export class PlatformBody implements BodyInput {
  /** The body as the handler sees it. */
  readonly incoming: IncomingBody;
  readonly declaredLength: number | undefined;
  isOver = false;
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #maxBytes: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** What is left of the last part. */
  #part: Uint8Array = new Uint8Array(0);
  #length = 0;

  constructor(
    stream: ReadableStream<Uint8Array>,
    declaredLength: number | undefined,
    { maxStreamedBytes, maxCollectedBytes }: PlatformBodyLimits,
  ) {
    this.#stream = stream;
    this.declaredLength = declaredLength;
    this.#maxBytes = maxStreamedBytes;
    this.incoming = new IncomingBody(this, maxCollectedBytes);
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#part.length === 0) {
      const part = await this.#nextPart();
      if (part === undefined) return 0;
      this.#part = part;
    }
    const count = Math.min(view.length, this.#part.length);
    view.set(this.#part.subarray(0, count));
    this.#part = this.#part.subarray(count);
    return count;
  }

  /** Returns the next part that is not empty; undefined at the end, and after a failure. */
  async #nextPart(): Promise<Uint8Array | undefined> {
    try {
      this.#reader ??= this.#stream.getReader();
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) {
          this.isOver = true;
          return undefined;
        }
        this.#length += value.length;
        if (this.#length > this.#maxBytes) return this.#fail(REFUSALS.bodyTooLarge);
        if (value.length > 0) return value;
      }
    } catch {
      // The client has gone in the middle of its body.
      return this.#fail(REFUSALS.endedEarly);
    }
  }

  #fail(refusal: Refusal): undefined {
    this.incoming.fail(refusal);
    this.cancel();
  }

  cancel(): void {
    const { isOver } = this;
    this.isOver = true;
    if (isOver) return;
    const cancelling = this.#reader === undefined ? this.#stream.cancel() : this.#reader.cancel();
    // What its source does about it, and whether that fails, does not matter.
    cancelling.catch(() => {});
  }
}
