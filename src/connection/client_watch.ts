// Reads from one client. The watch owns the read that goes on while a handler works, or a body is made, so that the server sees
// the client leave. The bytes of such a read are a body under way or pipelined requests: the parser gets them at once, and they
// are parsed later. There is one read at a time: while the watch has one under way, it is also the next read of the loop and
// of the body.

import type { RequestParser } from "../http1/request_parser.ts";

/** What is told of a client. */
export interface ClientObserver {
  /** Whether the client has to be watched for longer: asked when it has sent bytes. */
  readonly needsWatch: boolean;
  /** Called when the client has ended its side of the connection. It may still read. */
  onClientEnded(): void;
  /** Called when the connection has failed. */
  onClientLost(): void;
}

/** The part of a parser that takes bytes. */
export type ByteSink = Pick<
  RequestParser,
  "space" | "spaceWithoutMoving" | "received" | "receivedDirectly"
>;

const ENDED: Promise<null> = Promise.resolve(null);

function noneInView(count: number | null): number | null {
  return count === null ? null : 0;
}

/** The reads from one client. */
export class ClientWatch {
  readonly #conn: Pick<Deno.Conn, "read">;
  readonly #parser: ByteSink;
  readonly #observer: ClientObserver;
  /** The read of the watch; undefined while none is under way. It resolves as `read` does. */
  #watching: Promise<number | null> | undefined;
  /** Whether a read of the watch has brought bytes since the loop last asked the parser. */
  hasUnparsedBytes = false;
  /** Whether the client has ended its side, or the connection has failed. */
  hasEnded = false;

  constructor(conn: Pick<Deno.Conn, "read">, parser: ByteSink, observer: ClientObserver) {
    this.#conn = conn;
    this.#parser = parser;
    this.#observer = observer;
  }

  /** Whether a read of the watch is under way. */
  get isWatching(): boolean {
    return this.#watching !== undefined;
  }

  /**
   * Reads for the loop. Resolves to the number of bytes that the parser has not been told of yet,
   * or to null at the end.
   */
  read(): Promise<number | null> {
    if (this.hasEnded) return ENDED;
    return this.#watching ?? this.#conn.read(this.#parser.space);
  }

  /**
   * Reads more of the body under way, straight into `view` if there is one. Resolves to the number of bytes in `view`, to 0 if the
   * bytes are the parser's, and to null at the end. A read of the watch that is under way comes first: its bytes are the parser's.
   */
  readBody(view: Uint8Array<ArrayBuffer> | undefined): Promise<number | null> {
    if (this.hasEnded) return ENDED;
    if (this.#watching !== undefined) return this.#watching.then(noneInView);
    return this.#read(view ?? this.#parser.space, view !== undefined);
  }

  /** Watches the client from now on, if there is room for the bytes that it may send. */
  watch(): void {
    if (this.#watching !== undefined) return;
    const space = this.#parser.spaceWithoutMoving;
    // A client that has filled the buffer is present, and sends.
    if (space === undefined) return;
    this.#read(space, false);
  }

  /** Reads into memory of the parser, or directly into that of the reader of a body. */
  #read(space: Uint8Array<ArrayBuffer>, isDirect: boolean): Promise<number | null> {
    const watching = this.#conn.read(space).then(
      (count) => this.#received(count, isDirect),
      (error) => {
        this.#watching = undefined;
        this.hasEnded = true;
        this.#observer.onClientLost();
        throw error;
      },
    );
    this.#watching = watching;
    // The loop gets the error if it waits for this read; it may not.
    watching.catch(() => {});
    return watching;
  }

  /** Returns the number of bytes that the parser was not given, or null at the end. */
  #received(count: number | null, isDirect: boolean): number | null {
    this.#watching = undefined;
    if (count === null) {
      this.hasEnded = true;
      this.#observer.onClientEnded();
      return null;
    }
    if (isDirect) this.#parser.receivedDirectly(count);
    else {
      this.#parser.received(count);
      this.hasUnparsedBytes = true;
    }
    if (this.#observer.needsWatch) this.watch();
    return isDirect ? count : 0;
  }

  /** Stops reading: a write has failed, so the client is gone. */
  noteLost(): void {
    this.hasEnded = true;
  }

  /**
   * Returns what to await before the parser's memory is used again: the read of the watch may still
   * bring bytes into it. Undefined if no read is under way.
   */
  settle(): Promise<unknown> | undefined {
    return this.#watching?.catch(() => {});
  }
}
