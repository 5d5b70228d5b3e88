// Accept until told to stop; the connection limit; out of descriptors.
// The kernel's queue is the only one: while the worker has as many connections as it takes, it does not accept.

import type { ConnectionBudget } from "../connection_budget.ts";

/** How long to wait when accepting fails for want of something, such as descriptors: trying on at once would burn a core. */
const RETRY_AFTER_MS = 100;

/** So many failures in a row, without one connection between them, are no longer about single connections. */
const MAX_FAILURES_IN_A_ROW = 1_000;

/** How often to look whether other workers have made room: they cannot tell. */
const LOOK_FOR_ROOM_MS = 50;

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

/** What the accept loop needs of its surroundings. */
export interface AcceptOptions {
  readonly limit: ConnectionLimit;
  /** Takes a connection over; it does not throw, and is not waited for. */
  readonly serve: (connection: Deno.TcpConn) => void;
  /** Told that there is no room for another connection. */
  readonly onFull: () => void;
  /** Told of an error after which the loop waits before it tries again; `isShortage`: the process lacks something. */
  readonly onTrouble: (error: unknown, isShortage: boolean) => void;
}

/** Accepts connections until `stop` is called. */
export class AcceptLoop {
  readonly #listener: Deno.TcpListener;
  readonly #options: AcceptOptions;
  #isStopped = false;

  constructor(listener: Deno.TcpListener, options: AcceptOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Resolves when the loop has been stopped. */
  async run(): Promise<void> {
    const { limit, serve, onFull, onTrouble } = this.#options;
    for (let failures = 0;;) {
      if (!limit.hasRoom) onFull();
      while (!limit.hasRoom && !this.#isStopped) await limit.room();
      if (this.#isStopped) return;
      try {
        serve(await this.#listener.accept());
        failures = 0;
      } catch (error) {
        if (this.#isStopped) return;
        failures++;
        const isShortage = isOutOfResources(error);
        if (!isShortage && failures < MAX_FAILURES_IN_A_ROW) continue;
        failures = 0;
        onTrouble(error, isShortage);
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      }
    }
  }

  /** Stops accepting. The loop ends at its next turn. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#listener.close();
    this.#options.limit.wake();
  }
}

/** No descriptors left in the process, or in the system; no buffers, no memory: what the numbers are in Linux, macOS and Windows. */
const OUT_OF_RESOURCES = /\(os error (?:24|23|105|55|12|10024|10055)\)/;

/**
 * Whether the process lacks something that accepting takes. Everything else that `accept` reports is about one connection,
 * as accept(2) says: a client that hung up while it was queued, for instance, and the next one is waiting behind it. To wait
 * then would let any client stop the service.
 */
function isOutOfResources(error: unknown): boolean {
  return error instanceof Error && OUT_OF_RESOURCES.test(error.message);
}
