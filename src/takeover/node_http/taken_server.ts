// The methods of `http.Server` for a server that this worker serves. The object is the runtime's own,
// and all that does not concern the socket stays as it is. A server that does not listen here, such as
// one that gets its connections by `emit("connection")`, keeps the runtime's methods.

import type { HostedServer, NodeHttpServer, ServeHost } from "../serve_host.ts";
import { readListenArguments } from "./listen_arguments.ts";
import { codedError, listenError, type ListenPlace } from "./node_errors.ts";
import { nextTick } from "./next_tick.ts";
import type { NodeServer } from "./node_types.ts";
import { OpenSockets } from "./open_sockets.ts";
import { replaceMethods } from "./replaced_methods.ts";

/** What `address()` returns for a port. */
interface NodeAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly port: number;
}

/** Serves the servers of `node:http`. */
export type NodeHttpHost = ServeHost<NodeHttpServer>;

/** Makes the handler of a server: it calls the listeners of its requests. */
export type HandlerMaker = (
  server: NodeServer,
  sockets: OpenSockets,
) => Pick<NodeHttpServer, "handler" | "hooks" | "limits" | "prepared">;

/** A server of the program that this worker serves. */
class ListeningServer {
  readonly sockets: OpenSockets;
  readonly #server: NodeServer;
  readonly #hosted: HostedServer;

  constructor(server: NodeServer, sockets: OpenSockets, hosted: HostedServer) {
    this.sockets = sockets;
    this.#server = server;
    this.#hosted = hosted;
    // Other methods of the runtime look at it, and programs do, to see whether a server listens.
    server._handle = { close() {}, ref() {}, unref() {} };
  }

  /** The address, as Node describes it. */
  get address(): NodeAddress | string {
    const { addr } = this.#hosted;
    if (addr.transport === "unix") return (addr as Deno.UnixAddr).path;
    const { hostname, port } = addr as Deno.NetAddr;
    return { address: hostname, family: hostname.includes(":") ? "IPv6" : "IPv4", port };
  }

  /** Has the worker drain. The event `close` comes when it has. */
  close(callback: WaitsForClose | undefined): void {
    const server = this.#server;
    if (callback !== undefined) server.once("close", callback);
    server._handle = null;
    this.#hosted.close("server.close()");
    this.#hosted.finished.then(() => nextTick(() => server.emit("close")));
  }
}

/** A callback of `server.close`. */
type WaitsForClose = (error?: Error) => void;

/** The servers that this worker serves. */
const takenServers = new WeakMap<NodeServer, ListeningServer>();

/** The methods of `http.Server` that are replaced. */
interface ServerMethods {
  listen(...given: unknown[]): NodeServer;
  close(callback?: WaitsForClose): NodeServer;
  address(): NodeAddress | string | null;
  getConnections(callback: (error: Error | null, count: number) => void): NodeServer;
  closeAllConnections(): void;
  closeIdleConnections(): void;
}

/** Replaces the methods of `http.Server`, so that a server that listens is served by `host`. */
export function replaceServerMethods(
  prototype: NodeServer,
  host: NodeHttpHost,
  makeHandler: HandlerMaker,
): void {
  const original = prototype as NodeServer & ServerMethods;
  const { close, address, getConnections, closeAllConnections, closeIdleConnections } = original;
  const methods: ThisType<NodeServer> & ServerMethods = {
    listen(...given) {
      listen(this, given, host, makeHandler);
      return this;
    },
    close(callback) {
      const taken = takenServers.get(this);
      if (taken === undefined) return close.call(this, callback);
      if (this._handle === null) nextTick(() => callback?.(notRunning()));
      else taken.close(callback);
      return this;
    },
    address() {
      const taken = takenServers.get(this);
      if (taken === undefined || this._handle === null) return address.call(this);
      return taken.address;
    },
    getConnections(callback) {
      const taken = takenServers.get(this);
      if (taken === undefined) return getConnections.call(this, callback);
      nextTick(() => callback(null, taken.sockets.size));
      return this;
    },
    closeAllConnections() {
      const taken = takenServers.get(this);
      if (taken === undefined) closeAllConnections.call(this);
      else taken.sockets.closeAll();
    },
    closeIdleConnections() {
      const taken = takenServers.get(this);
      if (taken === undefined) closeIdleConnections.call(this);
      else taken.sockets.closeIdle();
    },
  };
  replaceMethods(prototype, methods);
}

function listen(
  server: NodeServer,
  given: readonly unknown[],
  host: NodeHttpHost,
  makeHandler: HandlerMaker,
): void {
  if (server.listening) {
    throw codedError(
      Error,
      "ERR_SERVER_ALREADY_LISTEN",
      "Listen method has been called more than once without closing.",
    );
  }
  const { place, callback, signal } = readListenArguments(given);
  if (callback !== undefined) server.once("listening", callback);
  const sockets = new OpenSockets();
  const hosted = begin(server, place, host, () => makeHandler(server, sockets));
  if (hosted === undefined) return;
  const taken = new ListeningServer(server, sockets, hosted);
  takenServers.set(server, taken);
  if (signal === undefined) return;
  const close = () => void (server.listening && taken.close(undefined));
  if (signal.aborted) queueMicrotask(close);
  else signal.addEventListener("abort", close, { once: true });
}

/** Begins to serve. Returns undefined if that fails: the server has the event `error` then. */
function begin(
  server: NodeServer,
  place: ListenPlace,
  host: NodeHttpHost,
  makeHandler: () => ReturnType<HandlerMaker>,
): HostedServer | undefined {
  try {
    return host.begin({
      servedBy: "http.Server.listen()",
      ...makeHandler(),
      place,
      onListen: () => nextTick(() => server.emit("listening")),
    });
  } catch (error) {
    nextTick(() => server.emit("error", listenError(error as Error, place)));
    return undefined;
  }
}

function notRunning(): Error {
  return codedError(Error, "ERR_SERVER_NOT_RUNNING", "Server is not running.");
}
