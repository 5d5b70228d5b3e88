// Accept until told to stop; the connection limit; out of descriptors.
// The kernel's queue is the only one: while the worker has as many connections as it takes, it does not accept.

import type { ConnectionBudget } from "../ipc/connection_budget.ts";
import { isOutOfResources } from "../net/socket_errors.ts";
import type { ClientConn } from "../connection/connection.ts";
import { settlesWithin, shortTurns } from "../runtime/event_loop.ts";

/** How long to wait when accepting fails for want of something, such as descriptors: trying on at once would burn a core. */
const RETRY_AFTER_MS = 100;

/** So many failures in a row, without one connection between them, are no longer about single connections. */
const MAX_FAILURES_IN_A_ROW = 1_000;

/** How long a loop that is stopped waits for one more connection, and how long in all. */
const QUIET_MS = 10;
const MAX_UNQUIET_MS = 200;

/** As many as the kernel's queue holds, and as many again that come meanwhile; others would go on accepting for ever. */
const MAX_WAITING = 1_024;

/** How many turns of the microtask queue it takes to see that a promise is settled; Deno's `accept` needs two. */
const SETTLING_TURNS = 5;

/** How often to look whether other workers have made room: they cannot tell. */
const LOOK_FOR_ROOM_MS = 50;

/** How many more connections than its share a worker takes before it lets others go first: a quarter, and a few. */
const FAIR_FACTOR = 1.25;
const FAIR_SURPLUS = 4;

/**
 * How long a worker with more than its share lets others go first; if nobody comes, there is nobody. With 2 ms the server took
 * 0.7 of the short connections a second, with 1 ms all of them; 64 kept connections on two workers are spread 37 to 27 at worst,
 * and were all on one of them without it.
 */
const COURTESY_MS = 1;

/** Counts the connections of a worker, and lets the accept loop wait for one to end. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #budget: ConnectionBudget;
  #count = 0;
  #onRoom: (() => void) | undefined;

  /** `max` is for this worker, the budget for all of them together. */
  constructor(max: number, budget: ConnectionBudget) {
    this.#max = max;
    this.#budget = budget;
  }

  enter(): void {
    this.#count++;
    this.#budget.enter();
  }

  leave(): void {
    this.#count--;
    this.#budget.leave();
    this.wake();
  }

  /** Whether the worker may take one more. */
  get hasRoom(): boolean {
    return this.#count < this.#max && this.#budget.hasRoom;
  }

  /** Whether there are descriptors for one more. */
  get hasDescriptors(): boolean {
    return this.#budget.hasRoom;
  }

  /** Whether the worker has many more connections than the others, as far as they are all counted together. */
  get hasMoreThanItsShare(): boolean {
    const share = this.#budget.open / this.#budget.workers;
    return this.#count > share * FAIR_FACTOR + FAIR_SURPLUS;
  }

  /** Resolves when there may be room for one more, or when somebody wakes the waiting for another reason. */
  async room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    const timer = this.#budget.hasRoom ? undefined : setTimeout(resolve, LOOK_FOR_ROOM_MS);
    await promise;
    clearTimeout(timer);
  }

  /** Ends the waiting for room. */
  wake(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }
}

/** A socket that is listened on: of the two kinds, as far as the loop is concerned. */
export interface ConnectionSource {
  accept(): Promise<ClientConn>;
  close(): void;
}

/** What the accept loop needs of its surroundings. */
export interface AcceptOptions {
  readonly limit: ConnectionLimit;
  /**
   * Whether all workers accept from one queue. Then whoever is awake takes what is there, all of it, unless who has more than
   * its share lets the others go first: kept connections stay where they were accepted.
   */
  readonly isQueueShared: boolean;
  /** Takes a connection over; it does not throw, and is not waited for. */
  readonly serve: (connection: ClientConn) => void;
  /** Told that there is no room for another connection. */
  readonly onFull: () => void;
  /** Told of an error after which the loop waits before it tries again; `isShortage`: the process lacks something. */
  readonly onTrouble: (error: unknown, isShortage: boolean) => void;
}

/**
 * Accepts connections until `stop` is called.
 *
 * A socket of listen mode `reuseport` takes the connections that still wait in its queue with it when it is closed: their
 * clients get a reset. So a loop that is stopped goes on until nobody has come for a moment: clients come in bursts, as when
 * another worker has told all of its own to go. Where they come in a steady stream, it accepts what waits and closes when it
 * finds nothing. What comes between that and the system call is lost all the same, and what is still shaking hands.
 */
export class AcceptLoop {
  readonly #listener: ConnectionSource;
  readonly #options: AcceptOptions;
  #isStopped = false;
  #isOverdue = false;
  #isClosed = false;
  #accepted = 0;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #overdueTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: ConnectionSource, options: AcceptOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Resolves when the loop has been stopped, and its socket closed. */
  async run(): Promise<void> {
    const { serve, onTrouble, limit, isQueueShared } = this.#options;
    for (let failures = 0;;) {
      // Most often there is nothing to wait for, and another async function is dear for one connection.
      if (isQueueShared || this.#isStopped || !limit.hasRoom) await this.#waitForTurn();
      if (this.#isClosed) return;
      try {
        serve(await this.#listener.accept());
        failures = 0;
        this.#accepted++;
        if (this.#isOverdue) return await this.#acceptWaiting();
        if (this.#isStopped) this.#awaitQuiet();
      } catch (error) {
        if (this.#isClosed) return;
        failures++;
        const isShortage = isOutOfResources(error);
        if (!isShortage && failures < MAX_FAILURES_IN_A_ROW) continue;
        if (this.#isStopped) return this.#close();
        failures = 0;
        onTrouble(error, isShortage);
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      }
    }
  }

  /** Waits until there is room for another connection, and others who have fewer have had the chance to take it. */
  async #waitForTurn(): Promise<void> {
    const { limit, isQueueShared, onFull } = this.#options;
    if (!limit.hasRoom && !this.#isStopped) onFull();
    while (!limit.hasRoom && !this.#isStopped) await limit.room();
    if (isQueueShared && limit.hasMoreThanItsShare && !this.#isStopped) {
      await new Promise((resolve) => setTimeout(resolve, COURTESY_MS));
    }
    // What a loop that is stopped does not accept is lost, so it takes more than its limit; but not what others need to live.
    if (this.#isStopped && !limit.hasDescriptors) this.#close();
  }

  /** Stops accepting as soon as nobody comes any more. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#awaitQuiet();
    this.#overdueTimer = setTimeout(() => this.#isOverdue = true, MAX_UNQUIET_MS);
    this.#options.limit.wake();
  }

  /** While an `accept` is under way nothing waits; where nobody comes in that time, nobody is to be expected in the next moment. */
  #awaitQuiet(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(async () => {
      const seen = this.#accepted;
      await shortTurns();
      if (this.#accepted === seen) this.#close();
    }, QUIET_MS);
  }

  /** Accepts what waits in the queue, and closes the socket. No `accept` is under way. */
  async #acceptWaiting(): Promise<void> {
    clearTimeout(this.#quietTimer);
    // A turn of its own: nothing else of this worker is done between the last look at the queue and the closing.
    await new Promise((resolve) => setTimeout(resolve));
    for (let taken = 0; taken < MAX_WAITING && !this.#isClosed; taken++) {
      const accepting = this.#listener.accept();
      // Where a connection was waiting, the promise is settled already, and only has to be seen to be.
      if (await settlesWithin(accepting, SETTLING_TURNS)) {
        try {
          this.#options.serve(await accepting);
          this.#accepted++;
        } catch (error) {
          // What is wrong with one connection is not with the next one; where there are no descriptors, there is no next one.
          if (isOutOfResources(error)) break;
        }
        continue;
      }
      this.#close();
      return await accepting.then(this.#options.serve, () => {});
    }
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#quietTimer);
    clearTimeout(this.#overdueTimer);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
  }
}
