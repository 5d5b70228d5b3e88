// The further servers of a program: `Deno.serve` called once more, on another port. They listen at
// once, and accept as long as their worker does: its drain is theirs.

import type { ConnectionHooks } from "../handler/connection_hooks.ts";
import type { Handler } from "../handler/handler.ts";
import type { WebServerOptions } from "../options/server_options.ts";
import type { Router } from "../routing/router.ts";

/** A server beside the one that its worker is configured for. */
export interface SideServer {
  readonly listener: Deno.TcpListener;
  /** Whether other workers accept from the same socket. */
  readonly isQueueShared: boolean;
  readonly router: Router<Handler>;
  /** What the program has set of this server alone; undefined if it shares all with the worker's own. */
  readonly program?: {
    readonly hooks: ConnectionHooks;
    /** Returns the limits that the program has set. */
    readonly limits: () => WebServerOptions;
  };
}

/** The further servers of one worker, which may come before the worker serves, or later. */
export class SideServers {
  readonly #waiting: SideServer[] = [];
  #serve: ((server: SideServer) => void) | undefined;

  /** Adds a server, whose connections wait until the worker accepts. */
  add(server: SideServer): void {
    if (this.#serve === undefined) this.#waiting.push(server);
    else this.#serve(server);
  }

  /** Has `serve` called with each server, of those that were added and those to come. */
  attend(serve: (server: SideServer) => void): void {
    this.#serve = serve;
    for (const server of this.#waiting.splice(0)) serve(server);
  }
}
