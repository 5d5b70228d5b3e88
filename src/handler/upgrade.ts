// The hand-over of a connection to another protocol (RFC 9110, section 7.8). The response to a
// request carries the upgrade, and the connection begins it when it sends that response, not
// earlier. These are the interfaces between the two, and the note of which request has an upgrade.
// No sockets, and no word of any protocol.

import type { Peer } from "./client_origin.ts";
import { watchUpgrade, type WebRequest } from "./request.ts";

/** The clock of time limits. It stands still while the thread is blocked. */
export interface UpgradeClock {
  /** The time now, in milliseconds. */
  readonly now: number;
  /** Returns when a limit of so many milliseconds is over that begins now; 0 stands for none. */
  after(limitMs: number): number;
}

/** The bytes of a connection after its upgrade. */
export interface UpgradedStream {
  readonly peer: Peer;
  /**
   * The bytes that the client sent after its request, as far as they came before the upgrade. They
   * precede all that `read` returns.
   */
  readonly early: Uint8Array<ArrayBuffer>;
  readonly clock: UpgradeClock;
  /**
   * When {@linkcode ConnectionUpgrade.onDeadline} is called, by the clock: then, and at each tick
   * after it until the deadline is moved. `Infinity`, as at first, is never.
   */
  deadline: number;
  /**
   * Reads into `space`, which must not be empty. Resolves to the number of bytes, and to null when
   * the client has ended its side. Rejects when the connection has failed or is closed. One read at
   * a time.
   */
  read(space: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /**
   * Writes bytes, and resolves to how many of them the system has taken: at least one. Rejects when
   * the connection has failed or is closed. One write at a time.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the server's side. The client may send on. */
  closeWrite(): Promise<void>;
  /** Closes the connection. The read and the write that are under way reject. */
  close(): void;
}

/** Why a worker drains, as far as a protocol has to know. */
export type UpgradeDrain =
  /** The server stops. */
  | "shutdown"
  /** Another worker replaces this one. */
  | "replacement";

/** What the access log reports when an upgraded connection has ended. */
export interface UpgradeEnd {
  /** The status of the response that began the upgrade. */
  readonly status: number;
  /** How many bytes were sent after the head of that response. */
  readonly sentBytes: number;
  /** What else the log reports, by its names there. */
  readonly details: Readonly<Record<string, number>>;
}

/** A protocol that a connection is handed over to. */
export interface ConnectionUpgrade {
  /**
   * Whether the upgrade writes the head of the response itself. Otherwise the connection has
   * written it before it calls `begin`.
   */
  readonly writesHead: boolean;
  /**
   * Begins: the connection is the upgrade's from now on. The connection is closed when the promise
   * settles. It rejects only by a fault of the library.
   */
  begin(stream: UpgradedStream): Promise<UpgradeEnd>;
  /**
   * Called in place of `begin` if the upgrade cannot begin: its response is not sent, because the
   * client has gone, the time is over, or the handler has answered with another response. It may be
   * called more than once.
   */
  cancel(): void;
  /** Called when {@linkcode UpgradedStream.deadline} has passed. */
  onDeadline(): void;
  /** Called when the worker drains: the upgrade should end in order, and soon. */
  onDrain(why: UpgradeDrain): void;
  /** Called when the drain is over: the upgrade has to close its stream now. */
  abandon(): void;
}

/** The upgrades that handlers have prepared and not answered with. */
const prepared = new WeakMap<WebRequest, ConnectionUpgrade>();

/**
 * Notes the upgrade that a response of status 101 to this request begins. It is cancelled as soon as
 * the request has another response, or can have none.
 *
 * @throws {TypeError} when an upgrade of this request was prepared before
 */
export function prepareUpgrade(request: WebRequest, upgrade: ConnectionUpgrade): void {
  if (prepared.has(request)) {
    throw new TypeError(
      `Cannot upgrade ${request.method} ${JSON.stringify(request.target)} twice: ` +
        "a connection can be handed over to one protocol",
    );
  }
  prepared.set(request, upgrade);
  watchUpgrade(request, { cancel: () => prepared.get(request)?.cancel() });
}

/** Returns the upgrade that was prepared for a request, once. */
export function takeUpgrade(request: WebRequest): ConnectionUpgrade | undefined {
  const upgrade = prepared.get(request);
  prepared.delete(request);
  return upgrade;
}
