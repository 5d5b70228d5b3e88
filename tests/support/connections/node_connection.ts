// A connection whose requests go to a server of `node:http`, without a socket: the server listens at a host that only notes its
// handler. The methods of `http.Server` are the runtime's again afterwards, since other tests share this thread.

import http from "node:http";
import type { NodeHttpServer } from "../../../src/takeover/serve_host.ts";
import type { NodeHttpHost } from "../../../src/takeover/node_http/taken_server.ts";
import { takeOverNodeHttp } from "../../../src/takeover/node_http/node_http.ts";
import type { Handler } from "../../../src/handler/handler.ts";
import type { WebServerOptions } from "../../../src/options/server_options.ts";
import { Router } from "../../../src/routing/router.ts";
import {
  serveConnection,
  type ServedConnection,
  type ServingOptions,
} from "./served_connection.ts";

/** What a server of `node:http` asks for when it listens. */
interface Taken {
  readonly servers: NodeHttpServer[];
  /** What the servers have called to close. */
  readonly closed: string[];
  /** Resolves the promise of the end of the worker. */
  readonly finish: () => void;
  /** What beginning to serve throws. */
  failure: Error | undefined;
}

/** The host of the servers that listen at present. */
let host: NodeHttpHost | undefined;

const original = Object.getOwnPropertyDescriptors(http.Server.prototype);
let replaced: typeof original | undefined;

/** Replaces the methods of `node:http` in this thread, the first time for good. */
function takeOver(): void {
  if (replaced !== undefined) return void Object.defineProperties(http.Server.prototype, replaced);
  takeOverNodeHttp({
    begin: (server) => {
      if (host === undefined) throw new Error("A server listens outside of withTakenNodeHttp()");
      return host.begin(server);
    },
  });
  // The first server of a thread is noticed.
  http.createServer();
  replaced = Object.getOwnPropertyDescriptors(http.Server.prototype);
}

/** Calls `use` while `node:http` is taken over in this thread. */
export function withTakenNodeHttp<Result>(use: (taken: Taken) => Result): Result {
  const finished = Promise.withResolvers<void>();
  const taken: Taken = { servers: [], closed: [], finish: finished.resolve, failure: undefined };
  host = {
    begin: (server) => {
      if (taken.failure !== undefined) throw taken.failure;
      taken.servers.push(server);
      const { hostname = "0.0.0.0", port = 0, path } = server.place;
      const addr: Deno.Addr = path === undefined
        ? { transport: "tcp", hostname, port: port === 0 ? 49_152 : port }
        : { transport: "unix", path };
      const close = (call: string) => void taken.closed.push(call);
      return { addr, finished: finished.promise, close };
    },
  };
  takeOver();
  try {
    return use(taken);
  } finally {
    Object.defineProperties(http.Server.prototype, original);
    host = undefined;
  }
}

/** A connection to a server of `node:http`. */
interface NodeConnection extends ServedConnection {
  readonly server: http.Server;
}

/** Serves a connection with what a server of `node:http` does. `prepare` may add listeners to it; `options` are those of `createServer`. */
export async function serveNode(
  listener: http.RequestListener | undefined,
  prepare: (server: http.Server) => void = () => {},
  limits: WebServerOptions = {},
  options: http.ServerOptions = {},
  serving: Pick<ServingOptions, "isLogged" | "requestMetrics"> = {},
): Promise<NodeConnection> {
  const { server, handler, hooks, prepared } = withTakenNodeHttp(({ servers }) => {
    const server = http.createServer(options, listener);
    prepare(server);
    server.listen(0);
    const { constructor: _, ...methods } = replaced ?? {};
    Object.defineProperties(server, methods);
    return { server, ...servers[0] };
  });
  await prepared;
  const router = new Router<Handler>((path) => path);
  router.add("/", false, handler, () => "a test", { streamsBody: true });
  return {
    server,
    ...await serveConnection({ router, limits, tickMs: 10, hooks: hooks(), ...serving }),
  };
}
