// Fairness among many connections that are busy at the same time.
//
// In one turn of the event loop the runtime lets the reads of a thread take 128 steps. It puts the
// reads that got no step at the back, the newest first, and reads that began meanwhile come before
// them. An overloaded worker would serve the same 128 connections again and again, and let others
// wait for a second. So after a full turn, the connections that were served in it begin their next
// reads only when all others were served as well. Such a round ends when a turn was not full, when
// all connections wait, or when nothing has arrived for a moment. If one turn can serve all open
// connections, none waits.

import { noteSocketRead } from "../runtime/event_loop.ts";

/**
 * A turn with so many finished reads may have left others out: the budget of 128, less what
 * accepting and writing need.
 */
const FULL_TURN_READS = 100;

/**
 * The round is over after two timers of this length in which no read has ended, if nothing else
 * ends the round.
 */
const QUIET_MS = 1;

/** Lets the busy connections of one worker take turns. */
export class ReadFairness {
  #connections = 0;
  /** The number of connections that wait for the round to end. */
  #waiting = 0;
  #readsInTurn = 0;
  #wasTurnFull = false;
  /** The present round; undefined while no connection waits. */
  #round: PromiseWithResolvers<void> | undefined;
  #isWatching = false;
  /** Whether a read has ended since the last check of the watch. */
  #hasReadEnded = false;

  /** Counts a connection that begins. */
  enter(): void {
    this.#connections++;
  }

  /** Counts a connection that ends. It must not be waiting. */
  leave(): void {
    this.#connections--;
  }

  /** Counts a read that has ended. */
  noteRead(): void {
    noteSocketRead();
    if (this.#connections <= FULL_TURN_READS) return;
    // The runtime settles the reads of one turn together; this microtask runs after the last of
    // them.
    if (this.#readsInTurn++ === 0) queueMicrotask(() => this.#endTurn());
  }

  /**
   * Returns what a connection that was served has to await before its next read; undefined if it
   * need not wait.
   */
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

  /**
   * Ends a round that no other read will end: its last turn was full by chance, or its clients have
   * left.
   */
  #watch(): void {
    this.#isWatching = true;
    let quietChecks = 0;
    const check = () => {
      // A timer that is due when a long turn ends has not seen the reads that wait after it; the
      // next timer has.
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
