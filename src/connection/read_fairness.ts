// Fairness among many connections that are busy at once.
//
// The runtime lets the reads of one thread take 128 steps in a turn of the event loop. The reads that come short are put
// behind, the last one first, and in front of them come the reads that were begun meanwhile: a worker that is given more than
// it can do would serve the same 128 connections over and over, and let others wait for a second. So when a turn was full, the
// connections that were served in it begin their next reads only when everybody else has been served too: such a round is over
// when a turn was not full, when all connections wait, or when nothing has come for a moment. Nobody waits where fewer
// connections are open than one turn can serve.

/** A turn in which so many reads came to an end may have left others out: the budget of 128 less what accepting and writing take of it. */
const FULL_TURN_READS = 100;

/** How long nothing must have come for the round to be over, when it cannot be told otherwise: two timers of this, in milliseconds. */
const QUIET_MS = 1;

/** Lets the busy connections of one worker take turns. */
export class TurnGate {
  #connections = 0;
  /** The connections that wait for the round to be over. */
  #waiting = 0;
  #readsInTurn = 0;
  #wasTurnFull = false;
  /** Of the round that goes on; undefined while nobody waits. */
  #round: PromiseWithResolvers<void> | undefined;
  #isWatching = false;
  /** Whether a read came to an end since the watch looked last. */
  #hasReadEnded = false;

  /** A connection begins. */
  enter(): void {
    this.#connections++;
  }

  /** A connection ends; it does not wait. */
  leave(): void {
    this.#connections--;
  }

  /** A read of a connection has brought bytes. */
  noteRead(): void {
    if (this.#connections <= FULL_TURN_READS) return;
    // The runtime settles the reads of one turn together, and this runs behind the last of them.
    if (this.#readsInTurn++ === 0) queueMicrotask(() => this.#endTurn());
  }

  /** What a connection that was served has to wait for before its next read; undefined where it need not wait. */
  pause(): Promise<void> | undefined {
    if (!this.#wasTurnFull) return undefined;
    if (++this.#waiting >= this.#connections) {
      this.#endRound();
      return undefined;
    }
    this.#round ??= Promise.withResolvers();
    return this.#round.promise;
  }

  #endTurn(): void {
    this.#wasTurnFull = this.#readsInTurn >= FULL_TURN_READS;
    this.#readsInTurn = 0;
    this.#hasReadEnded = true;
    if (!this.#wasTurnFull) this.#endRound();
    else if (!this.#isWatching) this.#watch();
  }

  #endRound(): void {
    const round = this.#round;
    this.#round = undefined;
    this.#waiting = 0;
    this.#wasTurnFull = false;
    round?.resolve();
  }

  /** Ends a round whose last turn was full by chance, or because clients have gone: nobody else comes to end it. */
  #watch(): void {
    this.#isWatching = true;
    let quietChecks = 0;
    const check = () => {
      // A timer that is due in the moment in which a long turn ends has seen nothing of what waits behind it; the next one has.
      quietChecks = this.#hasReadEnded ? 0 : quietChecks + 1;
      this.#hasReadEnded = false;
      if (quietChecks === 2) this.#endRound();
      this.#isWatching = this.#wasTurnFull;
      if (this.#isWatching) setTimeout(check, QUIET_MS);
    };
    this.#hasReadEnded = false;
    setTimeout(check, QUIET_MS);
  }
}
