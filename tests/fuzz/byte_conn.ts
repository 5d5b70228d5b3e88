// A connection without a socket for the fuzzer: the pieces that a client sends, and the bytes that the server writes.
// tests/support/connections/fake_conn.ts is for text; here every byte counts, in both directions. Like a real socket it looks at the
// memory that it was given to write some time after it was given, so that whoever uses it again too early is seen.

import { textOf } from "../http1/reading.ts";
import { nextTurn } from "./served.ts";

/** How the network behaves. */
export interface Network {
  /** How many turns of the microtask queue a read takes. */
  readonly readTurns: number;
  /** How many turns of the microtask queue a write takes. */
  readonly writeTurns: number;
  /** Whether those turns are of the event loop, between which timers fire and messages come. */
  readonly usesEventLoop?: boolean;
  /** How many bytes one write takes. */
  readonly maxWriteBytes: number;
  /** The number of the read or write at which the client turns out to be gone. It stays until its end where there is none. */
  readonly resetAt?: number;
}

/** Both ends of a connection: `conn` for the server, the rest for the fuzzer. */
export class ByteConn {
  /** Each character stands for one byte that was written. */
  output = "";
  hasEndedOutput = false;
  isClosed = false;
  readonly remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "192.0.2.1", port: 4321 };
  readonly #network: Network;
  readonly #incoming: Uint8Array[];
  #hasClientEnded = false;
  #isWriting = false;
  #calls = 0;
  /** The reads that wait, the first one first: Deno lets several wait at once. */
  readonly #readings: (PromiseWithResolvers<number | null> & { readonly space: Uint8Array })[] = [];

  /** The client sends those pieces, at once. */
  constructor(pieces: Iterable<Uint8Array>, network: Network) {
    this.#incoming = [...pieces].filter((piece) => piece.length > 0);
    this.#network = network;
  }

  get conn(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }

  /** Whether all that the client has sent was read. */
  get isRead(): boolean {
    return this.#incoming.length === 0;
  }

  /** Ends the client's side. */
  end(): void {
    this.#hasClientEnded = true;
    this.#deliver();
  }

  setNoDelay(): void {}

  read(space: Uint8Array): Promise<number | null> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (space.length === 0) throw new Error("A read without room");
    if (this.#isReset()) return Promise.reject(new Deno.errors.ConnectionReset("reset"));
    const reading = { ...Promise.withResolvers<number | null>(), space };
    this.#readings.push(reading);
    this.#deliverLater();
    return reading.promise;
  }

  #turn(): Promise<void> | undefined {
    return this.#network.usesEventLoop ? nextTurn() : undefined;
  }

  #isReset(): boolean {
    return this.#calls++ >= (this.#network.resetAt ?? Infinity);
  }

  async #deliverLater(): Promise<void> {
    for (let turn = 0; turn < this.#network.readTurns; turn++) await this.#turn();
    this.#deliver();
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) throw new Deno.errors.BadResource("closed");
    if (this.hasEndedOutput) throw new Error("A write behind the end");
    if (this.#isWriting) throw new Error("Two writes at once");
    if (this.#isReset()) throw new Deno.errors.BrokenPipe("reset");
    this.#isWriting = true;
    for (let turn = 0; turn < this.#network.writeTurns; turn++) await this.#turn();
    this.#isWriting = false;
    const taken = bytes.subarray(0, this.#network.maxWriteBytes);
    this.output += textOf(taken);
    return taken.length;
  }

  closeWrite(): Promise<void> {
    if (this.#isReset()) return Promise.reject(new Deno.errors.NotConnected("reset"));
    this.hasEndedOutput = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("closed twice");
    this.isClosed = true;
    for (const reading of this.#readings.splice(0)) {
      reading.reject(new Deno.errors.Interrupted("closed"));
    }
  }

  #deliver(): void {
    while (this.#readings.length > 0 && (this.#incoming.length > 0 || this.#hasClientEnded)) {
      const { space, resolve } = this.#readings.shift()!;
      const next = this.#incoming.shift();
      if (next === undefined) {
        resolve(null);
        continue;
      }
      const taken = next.subarray(0, space.length);
      space.set(taken);
      if (taken.length < next.length) this.#incoming.unshift(next.subarray(taken.length));
      resolve(taken.length);
    }
  }
}
