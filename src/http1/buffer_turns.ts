// Has the connections of a worker use a large buffer of the pool one after another. Those that are
// served in one turn of the event loop would each take another buffer. Sixty of them are more than
// the cache of a processor holds, so each response would be written to memory that is not in it.

/** A place in the queue. */
export interface BufferTurn {
  /** Resolves when the turn before has ended; undefined if there is none. */
  readonly before: Promise<void> | undefined;
  readonly end: PromiseWithResolvers<void>;
}

/** The queue for the large buffer that was used last. A turn ends before the next event does. */
export class BufferTurns {
  #last: BufferTurn | undefined;

  /** Queues for a turn, which begins after the one before, and has to be ended. */
  queue(): BufferTurn {
    this.#last = { before: this.#last?.end.promise, end: Promise.withResolvers() };
    return this.#last;
  }

  /** Ends a turn: its buffer was given back, or will be only after other events. */
  end(turn: BufferTurn): void {
    turn.end.resolve();
    if (this.#last === turn) this.#last = undefined;
  }
}
