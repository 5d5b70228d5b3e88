// A connection without a socket: what the server writes is there to look at, call by call, and what it reads is what the
// test has sent. Nothing in it takes time, so that after one turn of the event loop everything that can happen has happened.

import { setImmediate } from "node:timers";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** More turns than anything here takes: the server divides long answers among turns. */
const TURNS = 5;

/** Lets everything happen that waits for nothing but its turn. No timer is due in the meantime. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What every host takes in one segment (RFC 9293, section 3.7.1). */
const ONE_SEGMENT_BYTES = 536;

/** Something that waits to happen. */
interface Pending<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Both ends of a connection: `conn` for the server, the rest for the test. */
export class FakeConn {
  /** What was written, a text for each write. */
  readonly writes: string[] = [];
  /** The same as bytes. */
  readonly writtenBytes: Uint8Array<ArrayBuffer>[] = [];
  /** How many bytes one write takes. */
  writeLimit = Infinity;
  /** Whether writes wait until `unblock`. */
  isBlocked = false;
  hasEndedOutput = false;
  isClosed = false;
  readonly #incoming: Uint8Array[] = [];
  #hasClientEnded = false;
  #clientError: Error | undefined;
  /** The reads that wait, the first one first: Deno lets several wait at once, too. */
  readonly #readings: (Pending<number | null> & { readonly space: Uint8Array })[] = [];
  #blocked: (Pending<number> & { readonly bytes: Uint8Array }) | undefined;

  /** The server's end. */
  get conn(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }

  /** All that was written. */
  get output(): string {
    return this.writes.join("");
  }

  // What the server does.

  readonly remoteAddr: Deno.NetAddr;

  constructor(hostname = "192.0.2.1") {
    this.remoteAddr = { transport: "tcp", hostname, port: 4321 };
  }

  /** Whether the kernel would send a write at once, even behind another one that is not acknowledged. */
  sendsAtOnce = false;

  setNoDelay(sendsAtOnce = true): void {
    this.sendsAtOnce = sendsAtOnce;
  }

  read(space: Uint8Array): Promise<number | null> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (space.length === 0) throw new Error("A read without room");
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.#readings.push({ resolve, reject, space });
    this.#deliver();
    return promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#clientError !== undefined) return Promise.reject(this.#clientError);
    if (this.hasEndedOutput) throw new Error("A write behind the end");
    if (this.#blocked !== undefined) throw new Error("Two writes at once");
    if (!this.sendsAtOnce && (this.writes.length > 0 || bytes.length > ONE_SEGMENT_BYTES)) {
      throw new Error(
        "A write that the kernel may hold back until the client acknowledges another",
      );
    }
    if (this.isBlocked) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      this.#blocked = { resolve, reject, bytes };
      return promise;
    }
    return Promise.resolve(this.#take(bytes));
  }

  closeWrite(): Promise<void> {
    this.hasEndedOutput = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("closed twice");
    this.isClosed = true;
    for (const reading of this.#readings.splice(0)) {
      reading.reject(new Deno.errors.Interrupted("closed"));
    }
    this.#blocked?.reject(new Deno.errors.Interrupted("closed"));
  }

  #take(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.writeLimit);
    this.writes.push(decoder.decode(taken));
    this.writtenBytes.push(Uint8Array.from(taken));
    return taken.length;
  }

  // What the test does.

  /** Sends bytes to the server. */
  send(sent: string | Uint8Array): void {
    this.#incoming.push(typeof sent === "string" ? encoder.encode(sent) : sent);
    this.#deliver();
  }

  /** Whether something was sent that the server has not read yet. */
  get hasUnreadBytes(): boolean {
    return this.#incoming.length > 0;
  }

  /** Ends the client's side. */
  end(): void {
    this.#hasClientEnded = true;
    this.#deliver();
  }

  /** The client is gone. */
  reset(): void {
    this.#clientError = new Deno.errors.ConnectionReset("reset by the test");
    this.#deliver();
  }

  /** Has a blocked write fail, of a client that is gone. */
  fail(): void {
    const blocked = this.#blocked;
    this.#blocked = undefined;
    blocked?.reject(this.#clientError ?? new Deno.errors.BrokenPipe("failed by the test"));
  }

  /** Lets a write go on that was blocked. */
  unblock(): void {
    this.isBlocked = false;
    const blocked = this.#blocked;
    this.#blocked = undefined;
    if (blocked !== undefined) blocked.resolve(this.#take(blocked.bytes));
  }

  #deliver(): void {
    for (;;) {
      const reading = this.#readings[0];
      const outcome = reading === undefined ? undefined : this.#next(reading.space);
      if (outcome === undefined) return;
      this.#readings.shift();
      if (outcome instanceof Error) reading.reject(outcome);
      else reading.resolve(outcome);
    }
  }

  /** What a read into `space` gives; undefined where it has to wait. */
  #next(space: Uint8Array): number | null | Error | undefined {
    const next = this.#incoming[0];
    if (next !== undefined) {
      const taken = next.subarray(0, space.length);
      space.set(taken);
      if (taken.length < next.length) this.#incoming[0] = next.subarray(taken.length);
      else this.#incoming.shift();
      return taken.length;
    }
    return this.#clientError ?? (this.#hasClientEnded ? null : undefined);
  }
}
