// The connections of one worker: serves each, counts them, and drains them at the worker's end.

import { type ClientConn, Connection } from "../connection/connection.ts";
import { runOwned } from "../handler/uncaught_owner.ts";
import type { ConnectionContext } from "../connection/connection_context.ts";
import { ConnectionList } from "../connection/connection_list.ts";
import { IDLE_GRACE_MS, NEW_GRACE_MS } from "../connection/connection_state.ts";
import type { UpgradeDrain } from "../handler/upgrade.ts";
import { FINAL_RESPONSES_MS } from "../ipc/drain_order.ts";
import { counterIndex } from "../ipc/scoreboard.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import type { ConnectionLimit } from "./connection_limit.ts";
import { drainUpgrades } from "./upgrade_drain.ts";

const CONNECTIONS_ACCEPTED = counterIndex("connectionsAccepted");
const CONNECTIONS_OPEN = counterIndex("connectionsOpen");

/** How the connections of a worker end. Times are numbers of milliseconds. */
export interface ConnectionsDrain {
  /** How long they may take. */
  readonly timeoutMs: number;
  /** By when all upgraded connections have been asked to end. */
  readonly upgradesWithinMs: number;
  readonly why: UpgradeDrain;
}

/** The connections that a worker serves. */
export class ServedConnections {
  readonly #context: ConnectionContext;
  readonly #limit: ConnectionLimit;
  readonly #list = new ConnectionList<Connection>();
  #onEmpty: (() => void) | undefined;

  constructor(context: ConnectionContext, limit: ConnectionLimit) {
    this.#context = context;
    this.#limit = limit;
  }

  /**
   * Serves a connection; `context` is that of the server that has accepted it. Resolves when its
   * loop has ended; never rejects.
   */
  async serve(conn: ClientConn, context: ConnectionContext = this.#context): Promise<void> {
    const { scoreboard } = this.#context;
    const connection = new Connection(conn, context);
    this.#limit.enter();
    this.#list.add(connection);
    scoreboard.add(CONNECTIONS_ACCEPTED, 1);
    scoreboard.add(CONNECTIONS_OPEN, 1);
    // One context for all requests of a connection: to enter one for each would cost each a microsecond.
    if (context.hooks !== undefined) await runOwned(connection, () => connection.serve());
    else await connection.serve();
    this.#list.delete(connection);
    if (this.#list.size === 0) this.#onEmpty?.();
  }

  /** Counts a connection as closed. Its handler may still run, if the server has given it up. */
  noteClosed(): void {
    this.#context.scoreboard.add(CONNECTIONS_OPEN, -1);
    this.#limit.leave();
  }

  /** Returns the connections as they are now, the oldest first. */
  members(): Connection[] {
    return this.#list.members();
  }

  /**
   * Closes this number of idle connections, if there are as many: they lose no request. The newest
   * close first, because those of a front end were there before the crowd.
   */
  closeExcess(excess: number): void {
    if (excess === 0) return;
    for (const connection of this.members().reverse()) {
      if (connection.closeIfIdle({ evenIfNew: true }) && --excess === 0) return;
    }
  }

  /**
   * Lets requests finish, and has upgraded connections end. A client that still waits for a response
   * when the time is over receives a 503.
   */
  async drain({ timeoutMs, upgradesWithinMs, why }: ConnectionsDrain): Promise<void> {
    const upgraded = this.members().filter(({ upgrade }) => upgrade !== undefined);
    const stopDraining = drainUpgrades(upgraded, why, upgradesWithinMs);
    const closeIdle = async (evenIfNew: boolean) => {
      // A connection only looks idle if its next request has come and the worker has not read it.
      await shortTurns();
      for (const connection of this.members()) connection.closeIfIdle({ evenIfNew });
    };
    const timers = [
      setTimeout(() => closeIdle(false), Math.min(IDLE_GRACE_MS, timeoutMs)),
      setTimeout(() => closeIdle(true), Math.min(NEW_GRACE_MS, timeoutMs)),
    ];
    const isEmpty = await this.#emptyWithin(timeoutMs);
    for (const timer of timers) clearTimeout(timer);
    stopDraining();
    if (isEmpty) return;
    for (const connection of this.members()) connection.abandon();
    // The log is written now: if a handler does not end, the supervisor may terminate this thread.
    await Promise.all([this.#emptyWithin(FINAL_RESPONSES_MS), this.#context.accessLog?.flush()]);
  }

  /** Waits until no connection is left. Resolves to false if that takes longer than the time. */
  async #emptyWithin(timeoutMs: number): Promise<boolean> {
    if (this.#list.size === 0) return true;
    const outcome = Promise.withResolvers<boolean>();
    this.#onEmpty = () => outcome.resolve(true);
    const timer = setTimeout(() => outcome.resolve(false), timeoutMs);
    const isEmpty = await outcome.promise;
    clearTimeout(timer);
    this.#onEmpty = undefined;
    return isEmpty;
  }
}
