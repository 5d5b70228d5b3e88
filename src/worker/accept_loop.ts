// The accept loop of a worker: accepts connections until the worker drains.
// The kernel's queue is the only one: a worker without room for another connection does not accept.

import { isOutOfResources } from "../net/socket_errors.ts";
import type { ClientConn } from "../connection/connection.ts";
import { settlesWithin, shortTurns } from "../runtime/event_loop.ts";
import type { ConnectionLimit } from "./connection_limit.ts";

/**
 * How long to wait after a lack of resources, such as descriptors. Without a wait, the loop would
 * use a whole core.
 */
const RETRY_AFTER_MS = 100;

/** After this many failures in a row, the fault is not in single connections. */
const MAX_FAILURES_IN_A_ROW = 1_000;

/** How long a stopped loop waits for one more connection, and how long in all. */
const QUIET_MS = 10;
const MAX_UNQUIET_MS = 200;

/**
 * How many connections a stopped loop accepts at most: as many as the kernel's queue holds, and the
 * same number again, which come in the meantime. Without a limit it might never end.
 */
const MAX_WAITING = 1_024;

/** How many turns of the microtask queue to give a promise to settle; Deno's `accept` needs two. */
const SETTLING_TURNS = 5;

/**
 * How long a worker with more than its share waits, so that the others accept first. With 2 ms the
 * server accepted 0.7 of the short connections a second, with 1 ms all of them. 64 kept connections
 * on two workers are spread 37 to 27 at worst; without this, one worker had all of them.
 */
const COURTESY_MS = 1;

/** The part of a listening socket, of either kind, that the loop uses. */
export interface ConnectionSource {
  accept(): Promise<ClientConn>;
  close(): void;
}

/** What the accept loop uses. */
export interface AcceptOptions {
  readonly limit: ConnectionLimit;
  /**
   * Whether all workers accept from one queue. Then the worker that is awake would accept all that
   * waits there, and keep the kept connections. So a worker with more than its share lets the
   * others accept first.
   */
  readonly isQueueShared: boolean;
  /** Serves a connection. Does not throw; the loop does not wait for it. */
  readonly serve: (connection: ClientConn) => void;
  /** Called when there is no room for another connection. */
  readonly onFull: () => void;
  /**
   * Called with an error after which the loop waits before it tries again. `isShortage`: the
   * process lacks a resource.
   */
  readonly onTrouble: (error: unknown, isShortage: boolean) => void;
}

/**
 * Accepts connections until `stop` is called.
 *
 * When a socket of listen mode `reuseport` closes, the kernel resets the connections that still
 * wait in its queue. So a stopped loop continues until no connection has come for a moment: clients
 * come in bursts, for instance when another worker drains. If they come in a steady stream, the
 * loop accepts what waits, and closes when it finds nothing. A connection that comes between that
 * and the system call is reset all the same, and so is one in its handshake.
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

  /** Accepts connections. Resolves when the loop has been stopped, and its socket closed. */
  async run(): Promise<void> {
    const { serve, onTrouble, limit, isQueueShared } = this.#options;
    for (let failures = 0;;) {
      // Usually there is nothing to wait for, and one more async function for each connection costs
      // time.
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

  /** Waits until there is room, and workers with fewer connections have had a chance to accept. */
  async #waitForTurn(): Promise<void> {
    const { limit, isQueueShared, onFull } = this.#options;
    if (!limit.hasRoom && !this.#isStopped) onFull();
    while (!limit.hasRoom && !this.#isStopped) await limit.room();
    if (isQueueShared && limit.hasMoreThanItsShare && !this.#isStopped) {
      await new Promise((resolve) => setTimeout(resolve, COURTESY_MS));
    }
    // What a stopped loop does not accept is reset, so it passes its limit; but not that of the
    // process.
    if (this.#isStopped && !limit.hasDescriptors) this.#close();
  }

  /** Stops accepting as soon as no connection comes any more. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#awaitQuiet();
    this.#overdueTimer = setTimeout(() => this.#isOverdue = true, MAX_UNQUIET_MS);
    this.#options.limit.wake();
  }

  /**
   * Closes the socket if no connection comes for a moment. An `accept` is under way, so none waits
   * in the queue.
   */
  #awaitQuiet(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(async () => {
      const seen = this.#accepted;
      await shortTurns();
      if (this.#accepted === seen) this.#close();
    }, QUIET_MS);
  }

  /** Accepts what waits in the queue, then closes the socket. No `accept` is under way. */
  async #acceptWaiting(): Promise<void> {
    clearTimeout(this.#quietTimer);
    // In a turn of its own: the worker does nothing else between the last look at the queue and the
    // close.
    await new Promise((resolve) => setTimeout(resolve));
    for (let taken = 0; taken < MAX_WAITING && !this.#isClosed; taken++) {
      const accepting = this.#listener.accept();
      // If a connection waits, the promise settles without an event.
      if (await settlesWithin(accepting, SETTLING_TURNS)) {
        try {
          this.#options.serve(await accepting);
          this.#accepted++;
        } catch (error) {
          // The next connection may be good, unless the process has no descriptors for it.
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
