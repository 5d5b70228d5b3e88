// The body of a request whose handler was called before the body had come. It is a byte stream, and
// each part is read only when it is asked for. A reader that wants all of it collects it in memory. Where the parts come from is an input: a socket
// (connection/socket_body.ts), or a platform `Request` (fetch/platform_body.ts).

import { type BodyFault, noteBodyFault } from "./body_faults.ts";
import { HttpError, refusalError } from "./errors.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import { joinedParts } from "../runtime/joined_parts.ts";

/** Where the bytes of a body come from. */
export interface BodyInput {
  /** How many bytes the client has declared; undefined if it has declared no length. */
  readonly declaredLength: number | undefined;
  /** Whether the last byte was read. */
  readonly isOver: boolean;
  /**
   * Reads the next bytes into `view`, which is not empty. Resolves to their number; to 0 at the end
   * of the body, or if it has failed, which the body was told. It is called only after the call
   * before it has ended.
   */
  read(view: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Called when no more of the body is wanted, unless it is over. */
  cancel(): void;
}

/** How much memory a body gets before any of it has come, if it is collected and has no declared length. */
const FIRST_CAPACITY = 16_384;

/** How many times as much memory a body gets each time that it has filled what it has. */
const MEMORY_GROWTH = 4;

/** The largest part that is read at once, and so the most that waits in memory for a reader. */
const MAX_PART_BYTES = 65_536;

type Chunk = Uint8Array<ArrayBuffer>;

/** What has come of a body. */
type State =
  | { readonly kind: "open" }
  /** The reader has received the end, or wants no more. */
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly error: Error };

const OPEN: State = { kind: "open" };
const CLOSED: State = { kind: "closed" };

/** A body that its handler reads while it comes. */
export class IncomingBody {
  readonly #input: BodyInput;
  readonly #maxCollectedBytes: number;
  #state: State = OPEN;
  #stream: ReadableStream<Chunk> | undefined;
  #controller: ReadableByteStreamController | undefined;
  #isReadingAhead = false;
  /** Whether the reader has asked for more while that was read ahead. */
  #isAsked = false;
  /** Memory for the next part that its reader brings no memory for. */
  #spare: Chunk | undefined;
  /** Has the reader that collects the body fail; undefined while there is none. */
  #rejectCollecting: ((error: Error) => void) | undefined;
  /** Makes the error of readers that come after the response; undefined before it. */
  #makeLateError: (() => Error) | undefined;
  /** Whose body it is. */
  #request: BodyFault["of"] | undefined;

  /** `maxCollectedBytes` is the limit for readers that collect the body. */
  constructor(input: BodyInput, maxCollectedBytes: number) {
    this.#input = input;
    this.#maxCollectedBytes = maxCollectedBytes;
  }

  /** How many bytes the client has declared; undefined if it has declared no length. */
  get declaredLength(): number | undefined {
    return this.#input.declaredLength;
  }

  /** Makes a request the owner of the body: the request that a failure is reported for. */
  belongTo(request: BodyFault["of"]): void {
    this.#request = request;
  }

  /** The body as a stream, the same one each time. After a failure, it is a stream that has failed. */
  get stream(): ReadableStream<Chunk> {
    return this.#stream ??= this.#createStream();
  }

  #createStream(): ReadableStream<Chunk> {
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#state = CLOSED;
        this.#input.cancel();
      },
    }) as ReadableStream<Chunk>;
    if (this.#state.kind === "failed") this.#controller?.error(this.#state.error);
    return stream;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    if (this.#isReadingAhead) {
      this.#isAsked = true;
      return;
    }
    const request = controller.byobRequest;
    const view = (request?.view ?? this.#takeMemory()) as Chunk;
    const count = await this.#input.read(view);
    if (this.#state.kind !== "open") return;
    if (count > 0) {
      if (request === null) controller.enqueue(this.#partOf(view, count));
      else request.respond(count);
      // The end is reported with the last bytes, so that no reader has to ask for it.
      if (!this.#input.isOver) return;
    }
    this.#close(controller);
  }

  #close(controller: ReadableByteStreamController): void {
    this.#state = CLOSED;
    controller.close();
    controller.byobRequest?.respond(0);
  }

  /**
   * Reads for a reader of the stream that asks for nothing at present, until it asks, or as much as
   * may wait in memory. So the body may come to its end without the reader. No read may be under way.
   */
  async readAhead(): Promise<void> {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#isReadingAhead = true;
    for (let left = MAX_PART_BYTES; left > 0 && !this.#isAsked;) {
      const view = new Uint8Array(left);
      const count = await this.#input.read(view);
      if (this.#state.kind !== "open") return;
      if (count > 0) controller.enqueue(view.slice(0, count));
      left -= count;
      if (count === 0 || this.#input.isOver) return this.#close(controller);
    }
    this.#isReadingAhead = false;
    if (this.#isAsked) await this.#pull(controller);
  }

  #takeMemory(): Chunk {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) return spare;
    return new Uint8Array(Math.min(this.declaredLength ?? MAX_PART_BYTES, MAX_PART_BYTES));
  }

  /** Hands memory over to the reader; only a small part is copied out of it. */
  #partOf(memory: Chunk, count: number): Chunk {
    if (count > memory.length / 2) return memory.subarray(0, count);
    this.#spare = memory;
    return memory.slice(0, count);
  }

  /**
   * Collects the whole body, without a stream. No other reader may have begun.
   *
   * @throws {HttpError} 413 when the body is larger than the limit, and what the stream fails with
   */
  collect(): Promise<Chunk> {
    const tooLarge = this.#refuseDeclared();
    if (tooLarge !== undefined) return Promise.reject(tooLarge);
    if (this.#state.kind === "failed") return Promise.reject(this.#state.error);
    return new Promise((resolve, reject) => {
      this.#rejectCollecting = reject;
      this.#gather().then(resolve, reject);
    });
  }

  /** Reads into memory that grows with what has come: a client only declares a length. */
  async #gather(): Promise<Chunk> {
    const { declaredLength } = this;
    const most = declaredLength ?? this.#maxCollectedBytes + 1;
    let memory = new Uint8Array(
      Math.min(most, declaredLength === undefined ? FIRST_CAPACITY : MAX_PART_BYTES),
    );
    for (let filled = 0;;) {
      const count = await this.#input.read(memory.subarray(filled));
      if (this.#state.kind === "failed") throw this.#state.error;
      filled += count;
      if (filled > this.#maxCollectedBytes) {
        this.#input.cancel();
        throw this.fail(REFUSALS.bodyTooLarge);
      }
      if (count === 0 || this.#input.isOver) {
        this.#state = CLOSED;
        return filled === memory.length ? memory : memory.slice(0, filled);
      }
      if (filled < memory.length) continue;
      const grown = new Uint8Array(Math.min(most, filled * MEMORY_GROWTH));
      grown.set(memory);
      memory = grown;
    }
  }

  /**
   * Collects the whole body from a stream of it, such as that of a clone of its request.
   *
   * @throws {HttpError} 413 when the body is larger than the limit, and what the stream fails with
   */
  async collectFrom(stream: ReadableStream<Chunk>): Promise<Chunk> {
    const tooLarge = this.#refuseDeclared();
    if (tooLarge !== undefined) throw tooLarge;
    const parts: Chunk[] = [];
    let length = 0;
    // The stream stays locked, as the platform's readers leave it.
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > this.#maxCollectedBytes) {
        reader.cancel().catch(() => {});
        throw this.#blame(REFUSALS.bodyTooLarge);
      }
    }
    return joinedParts(parts, length);
  }

  /** Returns the error for a body that is too large to be collected as its client has declared. */
  #refuseDeclared(): HttpError | undefined {
    const isTooLarge = (this.declaredLength ?? 0) > this.#maxCollectedBytes;
    return isTooLarge ? this.#blame(REFUSALS.bodyTooLarge) : undefined;
  }

  /** Makes an error that is the client's fault. */
  #blame(refusal: Refusal): HttpError {
    const error = refusalError(refusal);
    if (this.#request !== undefined) noteBodyFault(error, { of: this.#request, answer: error });
    return error;
  }

  /** Has the body fail, unless it is over. Its readers receive the refusal as an error that answers. */
  fail(refusal: Refusal): HttpError {
    const error = this.#blame(refusal);
    if (this.#state.kind === "open") this.#end(error);
    return error;
  }

  /**
   * Whether a reader is at work: one that collects the body, or one that has locked the stream. It
   * may read on after the response.
   */
  get isBeingRead(): boolean {
    if (this.#state.kind !== "open") return false;
    return this.#rejectCollecting !== undefined || this.#stream?.locked === true;
  }

  /**
   * Notes that the response is made. A reader that is at work may read on; later readers receive
   * this error.
   */
  release(makeError: () => Error): void {
    this.#makeLateError = makeError;
    if (!this.isBeingRead) this.abandon();
  }

  /** Ends a body that was released, unless it is over: its readers receive the error of that. */
  abandon(): void {
    if (this.#state.kind !== "open" || this.#makeLateError === undefined) return;
    this.#end(this.#makeLateError());
    this.#input.cancel();
  }

  /** The error with which the body has failed, by the client's fault or a time limit; undefined if it has not. */
  get failure(): HttpError | undefined {
    const state = this.#state;
    return state.kind === "failed" && state.error instanceof HttpError ? state.error : undefined;
  }

  #end(error: Error): void {
    this.#state = { kind: "failed", error };
    this.#spare = undefined;
    this.#controller?.error(error);
    this.#rejectCollecting?.(error);
  }
}
