// Writes the responses of one connection. The writer owns the output: responses are encoded into it
// and wait there, so that those to pipelined requests share one write. It owns what depends on
// writing: Nagle's algorithm, writes that the kernel takes only a part of, the time limit for them,
// and the promises that a response is sent. It decides nothing about responses.

import { type BufferPool, MEDIUM_BUFFER_BYTES } from "../http1/buffer_pool.ts";
import type { BufferTurn } from "../http1/buffer_turns.ts";
import { MAX_WAITING_BYTES, Output } from "../http1/output.ts";
import { settlesWithin } from "../runtime/event_loop.ts";
import { notSent } from "../handler/client_gone.ts";

/** What the writer needs of a socket. A Unix socket has no `setNoDelay`. */
export interface WritableConn {
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay?(noDelay?: boolean): void;
}

/** Is settled when a response is sent, or cannot be: a promise, or what acts like one. */
export interface Completion {
  resolve(): void;
  reject(reason: unknown): void;
}

/** The time limit for writing. */
export interface WriteTimer {
  /** Called when a write begins, and again when the client has taken a good part of a large one. */
  restartWriteTimeout(): void;
}

/**
 * How much of a response a client has to take in each `writeTimeout`: one that takes a byte at a
 * time must not stay for ever.
 */
const BYTES_PER_WRITE_TIMEOUT = 65_536;

/**
 * What certainly fits one segment: the size that every host takes (RFC 9293, section 3.7.1: 536
 * bytes).
 */
const ONE_SEGMENT_BYTES = 536;

/**
 * How many turns of the microtask queue a write may take that the kernel takes at once, and a
 * handler that does not really wait.
 */
const SETTLING_TURNS = 3;

const BYTES_GONE =
  "Cannot go on sending a response: its bytes were transferred to another thread, or resized, while it was sent";

/** The writer of one connection. */
export class ResponseWriter {
  /** The responses that are encoded and not written. */
  readonly output: Output;
  /** Whether the last output was large, so that the next one probably is: see `beginTurn`. */
  takesTurns = false;
  readonly #conn: WritableConn;
  readonly #pool: BufferPool;
  /** The turn of this connection; undefined if it has none. */
  #turn: BufferTurn | undefined;
  readonly #timer: WriteTimer;
  /** What was written so far, as far as Nagle's algorithm is concerned: see `#sendAtOnce`. */
  #sent: "nothing" | "one segment" | "anything";
  /**
   * Of the responses in the output, those whose handlers want to know when they are sent; undefined
   * if there are none.
   */
  #unsent: Completion[] | undefined;

  constructor(conn: WritableConn, pool: BufferPool, timer: WriteTimer) {
    this.output = new Output(pool);
    this.#conn = conn;
    this.#pool = pool;
    this.#timer = timer;
    // A Unix socket waits for no acknowledgement.
    this.#sent = conn.setNoDelay === undefined ? "anything" : "nothing";
  }

  /** Whether nothing waits to be written. */
  get isEmpty(): boolean {
    return this.output.length === 0;
  }

  /** Whether the output has to be written before the next response is encoded. */
  get isFull(): boolean {
    return this.output.length > MAX_WAITING_BYTES || this.output.largeBody !== undefined;
  }

  /**
   * Waits for the turn of this connection to use the large buffer that was used last, which is in
   * the cache of the processor (see ../http1/buffer_turns.ts). A connection that has its turn keeps
   * it. The turn ends when the output is written, or when that takes longer than microtasks do.
   */
  async beginTurn(): Promise<void> {
    if (this.#turn !== undefined) return;
    this.#turn = this.#pool.turns.queue();
    await this.#turn.before;
  }

  /** Ends the turn, if there is one. */
  endTurn(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    this.#pool.turns.end(turn);
  }

  /** Ends the turn, if there is one, unless a handler only seems to wait. */
  async endTurnUnlessSettled(response: Promise<unknown>): Promise<void> {
    if (this.#turn !== undefined && !await settlesWithin(response, SETTLING_TURNS)) this.endTurn();
  }

  /** Writes all of the output. */
  async write(): Promise<void> {
    if (this.isEmpty) {
      this.#timer.restartWriteTimeout();
      await this.#writeFrom(0);
    } else {
      const rest = this.finish(await this.begin());
      if (rest !== undefined) await rest;
    }
  }

  /**
   * Begins to write the output, which must not be empty; `finish` takes the number that the write
   * resolves to. The two do what `write` does, without the promises that another async function
   * costs.
   */
  begin(): Promise<number> {
    this.#timer.restartWriteTimeout();
    const { bytes } = this.output;
    if (this.#sent !== "anything") this.#sendAtOnce(bytes.length);
    const writing = this.#conn.write(bytes);
    if (this.#turn !== undefined) this.#endTurnAfter(writing);
    return writing;
  }

  /** Ends the turn after `finish`, which gives the buffer back, or if a client is slow or gone. */
  async #endTurnAfter(writing: Promise<number>): Promise<void> {
    await settlesWithin(writing, SETTLING_TURNS);
    this.endTurn();
  }

  /**
   * Finishes a write of which the kernel has taken so many bytes. Returns what is left to await, or
   * undefined.
   */
  finish(written: number): Promise<void> | undefined {
    const { output } = this;
    this.takesTurns = output.length > MEDIUM_BUFFER_BYTES;
    if (written < output.length || output.largeBody !== undefined) return this.#writeFrom(written);
    output.clear();
    if (this.#unsent !== undefined) this.#resolveUnsent();
    return undefined;
  }

  /**
   * Resolves the completion when all that is in the output now has been written. Rejects it if that
   * fails.
   */
  settleWhenSent(completion: Completion): void {
    if (this.isEmpty) completion.resolve();
    else (this.#unsent ??= []).push(completion);
  }

  /** Rejects the completions of responses that will not be written any more. */
  rejectUnsent(): void {
    for (const completion of this.#unsent ?? []) completion.reject(notSent());
    this.#unsent = undefined;
  }

  #resolveUnsent(): void {
    for (const completion of this.#unsent ?? []) completion.resolve();
    this.#unsent = undefined;
  }

  async #writeFrom(written: number): Promise<void> {
    const { output } = this;
    await this.#writeRest(output.bytes, written, output.length);
    while (output.largeBody !== undefined) {
      this.#timer.restartWriteTimeout();
      const part = output.nextPart();
      await this.#writeRest(part.bytes, 0, part.length);
    }
    output.clear();
    if (this.#unsent !== undefined) this.#resolveUnsent();
  }

  /**
   * Writes bytes to the last one. The time limit holds for a number of bytes, and then begins anew.
   */
  async #writeRest(bytes: Uint8Array, from: number, length: number): Promise<void> {
    let begunAt = 0;
    for (let at = from; at < length;) {
      // A response with fewer bytes than its head declares would go on with the bytes of the next
      // one.
      if (bytes.length < length) throw new TypeError(BYTES_GONE);
      if (at - begunAt >= BYTES_PER_WRITE_TIMEOUT) {
        this.#timer.restartWriteTimeout();
        begunAt = at;
      }
      if (this.#sent !== "anything") this.#sendAtOnce(length - at);
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  /**
   * Has the kernel send a write at once, although the client has not acknowledged the one before
   * (Nagle's algorithm, RFC 9293, section 3.7.4). A first small write has none before it, and often
   * is the only one: a connection with one request saves this system call, which is one of its ten.
   */
  #sendAtOnce(length: number): void {
    if (this.#sent === "nothing" && length <= ONE_SEGMENT_BYTES) {
      this.#sent = "one segment";
      return;
    }
    this.#conn.setNoDelay?.(true);
    this.#sent = "anything";
  }
}
