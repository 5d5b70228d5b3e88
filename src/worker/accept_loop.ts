// Accept until told to stop; the connection limit; out of descriptors.
// The kernel's queue is the only one: while the worker has as many connections as it takes, it does not accept.

/** After an error that is not about one connection, such as having no descriptors left: at once would burn a core. */
const RETRY_AFTER_MS = 100;

/** Counts the connections of a worker, and lets the accept loop wait for one to end. */
export class ConnectionLimit {
  readonly #max: number;
  #count = 0;
  #onRoom: (() => void) | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    this.#count--;
    this.wake();
  }

  /** Resolves when there is room for one more, or when somebody wakes the waiting for another reason. */
  async room(): Promise<void> {
    if (this.#count < this.#max) return;
    await new Promise<void>((resolve) => this.#onRoom = resolve);
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
  /** Told of an error that is not about one connection. */
  readonly onTrouble: (error: unknown) => void;
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
    const { limit, serve, onTrouble } = this.#options;
    for (;;) {
      await limit.room();
      if (this.#isStopped) return;
      try {
        serve(await this.#listener.accept());
      } catch (error) {
        if (this.#isStopped) return;
        // A client that hung up while it was queued; the next one is waiting behind it.
        if (isAboutOneConnection(error)) continue;
        onTrouble(error);
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

function isAboutOneConnection(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}
