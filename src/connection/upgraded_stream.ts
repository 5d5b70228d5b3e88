// The bytes of a connection that was handed over to another protocol. A read that was under way at
// that moment, to see the client leave, has gone into the parser's memory: its bytes come first.
// Upgraded connections take turns with those of HTTP before they read.

import type { Peer } from "../handler/client_origin.ts";
import type { UpgradeClock, UpgradedStream } from "../handler/upgrade.ts";
import type { RequestParser } from "../http1/request_parser.ts";
import type { ClientWatch } from "./client_watch.ts";
import type { ConnectionContext } from "./connection_context.ts";
import type { WritableConn } from "./response_writer.ts";

/** The connection that was handed over. */
export interface UpgradedConnection {
  readonly peer: Peer;
  readonly parser: RequestParser;
  readonly client: ClientWatch;
  readonly context: Pick<ConnectionContext, "deadlines" | "readFairness">;
  /** Moves the deadline. */
  limitUpgrade(deadline: number): void;
  /** Closes the socket. */
  closeUpgraded(): void;
}

/** A socket of either kind. */
export type StreamConn = Pick<Deno.Conn, "read" | "closeWrite"> & WritableConn;

/** The bytes of one upgraded connection. */
export class ConnectionStream implements UpgradedStream {
  readonly peer: Peer;
  readonly early: Uint8Array<ArrayBuffer>;
  readonly clock: UpgradeClock;
  readonly #conn: StreamConn;
  readonly #connection: UpgradedConnection;
  #deadline = Infinity;
  /** What is left of the bytes of the watch's read; undefined if there are none and will be none. */
  #watched: Uint8Array<ArrayBuffer> | undefined;
  #hasRead = false;

  constructor(conn: StreamConn, connection: UpgradedConnection) {
    const { peer, parser, client, context } = connection;
    this.peer = peer;
    this.clock = context.deadlines;
    this.#conn = conn;
    this.#connection = connection;
    this.early = parser.takeUnread();
    if (client.isWatching) this.#watched = NO_BYTES;
    else parser.release();
    // A message that waits for the acknowledgement of the one before would be late.
    conn.setNoDelay?.(true);
  }

  get deadline(): number {
    return this.#deadline;
  }

  set deadline(deadline: number) {
    this.#deadline = deadline;
    this.#connection.limitUpgrade(deadline);
  }

  read(space: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (this.#watched !== undefined) return this.#readWatched(space, this.#watched);
    const { readFairness } = this.#connection.context;
    if (this.#hasRead) readFairness.noteRead();
    this.#hasRead = true;
    const turn = readFairness.pause();
    if (turn !== undefined) return turn.then(() => this.#conn.read(space));
    return this.#conn.read(space);
  }

  /** Reads what the watch has read. It needs its memory no longer when that is over. */
  async #readWatched(
    space: Uint8Array<ArrayBuffer>,
    left: Uint8Array<ArrayBuffer>,
  ): Promise<number | null> {
    const { client, parser } = this.#connection;
    let bytes = left;
    if (bytes.length === 0) {
      const outcome = await client.read();
      bytes = parser.takeUnread();
      parser.release();
      if (outcome === null) {
        this.#watched = undefined;
        return null;
      }
    }
    const count = Math.min(bytes.length, space.length);
    space.set(bytes.subarray(0, count));
    this.#watched = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#connection.closeUpgraded();
  }
}

const NO_BYTES = new Uint8Array(0);
