// Sends a body that is made while it is sent: asks for a part, writes it, and asks for the next
// one. Parts that come at once share a write. Before it waits for a part, it writes what it has, so
// that the client receives an event when it happens.

import type { BodyStream } from "../handler/body_stream.ts";
import { beginChunk, endChunk, endChunks } from "../http1/chunked_encoder.ts";
import type { ResponseFraming } from "../http1/framing.ts";
import { MAX_JOINED_BODY_BYTES, MAX_WAITING_BYTES, type Output } from "../http1/output.ts";
import { nextTurn, settlesWithin } from "../runtime/event_loop.ts";

/** How many turns of the microtask queue a part may take that comes without really waiting. */
const SETTLING_TURNS = 8;

/** Takes the bytes of a body. */
export interface BodySink {
  readonly output: Output;
  /** Writes all of the output. Rejects if the client is gone. */
  write(): Promise<void>;
  /** Called when all is written and the next part has not come. */
  onWaiting(): void;
}

/** How the sending of a body has ended. */
export type StreamEnd =
  /** All of it is in the output, or written. */
  | { readonly kind: "sent" }
  /**
   * Its source has failed. The client can receive another response if nothing of this one has been
   * written.
   */
  | { readonly kind: "failed"; readonly error: unknown; readonly hasLeft: boolean }
  /** The rest of it is not wanted. */
  | { readonly kind: "cut off" };

type PartOutcome =
  | { readonly kind: "part"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "cut off" };

const END: PartOutcome = { kind: "end" };
const CUT_OFF: PartOutcome & StreamEnd = { kind: "cut off" };
const SENT: StreamEnd = { kind: "sent" };

/** A body that is being sent to one client. */
export class StreamedBody {
  readonly #stream: BodyStream;
  readonly #framing: ResponseFraming;
  #cutOff: () => void = () => {};
  /** Whether anything of the response has been written. */
  #hasLeft = false;
  /** How many bytes of the body have been sent or wait in the output, for the log. */
  sentBytes = 0;

  constructor(stream: BodyStream, framing: ResponseFraming) {
    if (framing.kind === "length") stream.holdTo(framing.length);
    this.#stream = stream;
    this.#framing = framing;
  }

  /**
   * Sends all of the body. `begin` appends the head to the output. It is called once, before the
   * first part or the first wait.
   */
  async send(sink: BodySink, begin: () => void): Promise<StreamEnd> {
    const { output } = sink;
    let hasBegun = false;
    const beginOnce = () => {
      if (hasBegun) return;
      hasBegun = true;
      begin();
    };
    for (;;) {
      const coming = this.#next();
      if (!await settlesWithin(coming, SETTLING_TURNS)) {
        beginOnce();
        if (output.length > 0) await this.#write(sink);
        sink.onWaiting();
      }
      const outcome = await coming;
      switch (outcome.kind) {
        case "cut off":
          return CUT_OFF;
        case "failed":
          return this.#failed(outcome.error);
        case "end":
          beginOnce();
          if (this.#isChunked) endChunks(output, this.#stream.trailers);
          return SENT;
        case "part":
          beginOnce();
          await this.#sendPart(sink, outcome.bytes);
      }
    }
  }

  #failed(error: unknown): StreamEnd {
    return { kind: "failed", error, hasLeft: this.#hasLeft };
  }

  /** Ends the waiting for the next part. */
  cutOff(): void {
    this.#cutOff();
  }

  get #isChunked(): boolean {
    return this.#framing.kind === "chunked";
  }

  /** Asks for the next part. It never rejects: the source may fail while a write is awaited. */
  #next(): Promise<PartOutcome> {
    return new Promise((resolve) => {
      this.#cutOff = () => resolve(CUT_OFF);
      this.#stream.next().then(
        (bytes) => resolve(bytes === undefined ? END : { kind: "part", bytes }),
        (error) => resolve({ kind: "failed", error }),
      );
    });
  }

  async #sendPart(sink: BodySink, bytes: Uint8Array): Promise<void> {
    const { output } = sink;
    if (this.#isChunked) beginChunk(output, bytes.length);
    this.sentBytes += bytes.length;
    const isLarge = bytes.length > MAX_JOINED_BODY_BYTES;
    if (isLarge) {
      output.largeBody = { kind: "bytes", bytes, length: bytes.length };
      await this.#write(sink);
    } else output.append(bytes);
    if (this.#isChunked) endChunk(output);
    if (output.length > MAX_WAITING_BYTES) await this.#write(sink);
    else if (!isLarge) return;
    // A fast client and a fast source would keep the thread from all other connections.
    await nextTurn();
  }

  async #write(sink: BodySink): Promise<void> {
    this.#hasLeft = true;
    await sink.write();
  }
}
