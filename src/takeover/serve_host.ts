// What serves a program that listens by itself: `Deno.serve` and the servers of `node:http` hand their
// handlers over to it. The worker implements it.

import type { ConnectionHooks } from "../handler/connection_hooks.ts";
import type { FetchHandler, Handler } from "../handler/handler.ts";
import type { WebServerOptions } from "../options/server_options.ts";

/** What a program asks for when it listens. */
export type TakenServer = FetchServer | NodeHttpServer;

/** What both kinds of servers name. */
interface ListeningServer {
  /** Where it is to listen, as far as the call names that. */
  readonly place: { readonly hostname?: string; readonly port?: number; readonly path?: string };
  /** Called when the worker listens, before it accepts. */
  readonly onListen: ((address: Deno.Addr) => void) | undefined;
}

/** A server of `Deno.serve`. */
export interface FetchServer extends ListeningServer {
  readonly servedBy: "Deno.serve()";
  readonly handler: FetchHandler;
}

/** A server of `node:http`, whose handler reads bodies while they come. */
export interface NodeHttpServer extends ListeningServer {
  readonly servedBy: "http.Server.listen()";
  readonly handler: Handler;
  /** Resolves when the handler may be called. */
  readonly prepared: Promise<void>;
  /** Returns the limits that the program has set, when the worker begins to serve. */
  readonly limits: () => WebServerOptions;
  /** Returns what the program takes part in beside the handler, when that is prepared. */
  readonly hooks: () => ConnectionHooks;
}

/** A server that a host has begun. */
export interface HostedServer {
  readonly addr: Deno.Addr;
  /** Resolves when the worker has drained. */
  readonly finished: Promise<void>;
  /** Has the worker drain and end. `call` names what the application called. */
  readonly close: (call: string) => void;
}

/** Begins to serve, in this worker. */
export interface ServeHost<Server extends TakenServer = TakenServer> {
  /** Throws what listening throws: one of `Deno.errors`. */
  begin(server: Server): HostedServer;
}
