// A client in memory that never tires: it sends the same bytes over and over, the next ones when the answer to the last ones
// was written, and takes every answer at once. So a whole exchange can be timed without a kernel.

const decoder = new TextDecoder();

/** Both ends of a connection: `conn` for the server, the rest for who measures. */
export class EndlessConn {
  readonly #nextBytes: () => Uint8Array;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** How many more times the bytes are sent. */
  #left = 0;
  #waiting: { readonly resolve: (count: number) => void; readonly space: Uint8Array } | undefined;
  #onDone: (() => void) | undefined;
  /** What was written since this was emptied; undefined while nobody wants to know. */
  #written: string | undefined;

  /** `nextBytes` gives what is sent each time: one request, or as many as are pipelined. */
  constructor(nextBytes: () => Uint8Array) {
    this.#nextBytes = nextBytes;
  }

  /** The server's end. */
  get conn(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }

  /** Sends so many times, and resolves when the last answer was written. */
  async exchange(times: number): Promise<void> {
    this.#left = times;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDone = resolve;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting.resolve(this.#fill(waiting.space));
    await promise;
  }

  /** Sends once, and tells what was answered. */
  async ask(): Promise<string> {
    this.#written = "";
    await this.exchange(1);
    const written = this.#written;
    this.#written = undefined;
    return written;
  }

  #fill(space: Uint8Array): number {
    if (this.#at === this.#bytes.length) {
      this.#bytes = this.#nextBytes();
      this.#at = 0;
      this.#left--;
    }
    const count = Math.min(space.length, this.#bytes.length - this.#at);
    space.set(
      count === this.#bytes.length ? this.#bytes : this.#bytes.subarray(this.#at, this.#at + count),
    );
    this.#at += count;
    return count;
  }

  // What the server does.

  readonly remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "192.0.2.1", port: 4321 };

  setNoDelay(): void {}

  read(space: Uint8Array): Promise<number> {
    if (this.#left > 0 || this.#at < this.#bytes.length) return Promise.resolve(this.#fill(space));
    // The server asks for more only when everything was answered.
    this.#onDone?.();
    return new Promise((resolve) => {
      this.#waiting = { resolve, space };
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#written !== undefined) this.#written += decoder.decode(bytes);
    return Promise.resolve(bytes.length);
  }
}
