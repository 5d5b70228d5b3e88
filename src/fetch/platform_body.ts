// The body of a platform `Request` that is read while its handler works, for `WebServer.fetch()`.

import { type BodyInput, IncomingBody } from "../handler/incoming_body.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import { RequestBody } from "../http1/request_body.ts";
import { settlesWithin } from "../runtime/event_loop.ts";
import { joinedParts } from "../runtime/joined_parts.ts";

/** The limits of such a body, in bytes. */
export interface PlatformBodyLimits {
  readonly maxStreamedBytes: number;
  readonly maxCollectedBytes: number;
}

/** In how many turns of the microtask queue a part is there that no event has to bring. */
const READY_TURNS = 10;

/** The most that is read before the handler is called, unless one part is larger. */
const MAX_BYTES_AHEAD = 65_536;

type Part = Uint8Array;

/** A body that comes from the stream of a platform `Request`. */
export class PlatformBody implements BodyInput {
  /** The body as the handler sees it. */
  readonly incoming: IncomingBody;
  readonly declaredLength: number | undefined;
  isOver = false;
  readonly #limits: PlatformBodyLimits;
  readonly #reader: ReadableStreamDefaultReader<Part>;
  /** Parts that have come and were not read yet. The first one may have been read in part. */
  readonly #parts: Part[] = [];
  /** A read that is under way; undefined if there is none. */
  #reading: Promise<ReadableStreamReadResult<Part>> | undefined;
  /** Whether the stream has ended. */
  #hasEnded = false;
  /** How many bytes have come. */
  #length = 0;

  constructor(
    stream: ReadableStream<Part>,
    declaredLength: number | undefined,
    limits: PlatformBodyLimits,
  ) {
    this.#reader = stream.getReader();
    this.declaredLength = declaredLength;
    this.#limits = limits;
    this.incoming = new IncomingBody(this, limits.maxCollectedBytes);
  }

  /**
   * Reads the parts that are there already. Resolves to the whole body if they are all of it, to
   * undefined if the rest has yet to come, and to a refusal if the body has failed.
   */
  async readAhead(): Promise<RequestBody | Refusal | undefined> {
    try {
      while (!this.#hasEnded && this.#length <= MAX_BYTES_AHEAD) {
        this.#reading ??= this.#reader.read();
        if (!await settlesWithin(this.#reading, READY_TURNS)) break;
        await this.#receive();
      }
    } catch {
      return REFUSALS.endedEarly;
    }
    if (!this.#hasEnded || this.#length > this.#limits.maxCollectedBytes) return undefined;
    return RequestBody.own(joinedParts(this.#parts, this.#length), this.#length, undefined);
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      while (this.#parts.length === 0 && !this.#hasEnded) await this.#receive();
    } catch {
      // The client has gone in the middle of its body.
      return this.#fail(REFUSALS.endedEarly);
    }
    if (this.#length > this.#limits.maxStreamedBytes) return this.#fail(REFUSALS.bodyTooLarge);
    const [part] = this.#parts;
    if (part === undefined) {
      this.isOver = true;
      return 0;
    }
    const count = Math.min(view.length, part.length);
    view.set(part.subarray(0, count));
    if (count < part.length) this.#parts[0] = part.subarray(count);
    else this.#parts.shift();
    return count;
  }

  /** Receives the next part, or the end of the stream. */
  async #receive(): Promise<void> {
    const reading = this.#reading ?? this.#reader.read();
    this.#reading = undefined;
    const { done, value } = await reading;
    if (done) this.#hasEnded = true;
    else if (value.length > 0) {
      this.#length += value.length;
      this.#parts.push(value);
    }
  }

  #fail(refusal: Refusal): number {
    this.incoming.fail(refusal);
    this.cancel();
    return 0;
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#parts.length = 0;
    // What its source does about it, and whether that fails, does not matter. A read that is under
    // way ends with it.
    this.#reader.cancel().catch(() => {});
    this.#reading?.catch(() => {});
  }
}
