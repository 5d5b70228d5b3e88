// `node:http` in the workers of the command line: a server that listens is served by this server. The
// entry of this folder. Only what a call of `listen` needs at once is loaded with it; the rest is
// loaded when the program makes its first server.

import type { ConnectionHooks } from "../../handler/connection_hooks.ts";
import type { NodeHttpServer } from "../serve_host.ts";
import type { NodeHttp } from "./node_types.ts";
import { noticeNodeHttp } from "./notice.ts";
import { refuseOtherServers } from "./refused_servers.ts";
import { readLimits } from "./server_limits.ts";
import { type NodeHttpHost, replaceServerMethods } from "./taken_server.ts";

/** What calls the listeners of one server. */
type NodeListeners = Pick<NodeHttpServer, "handler"> & { readonly hooks: ConnectionHooks };

/** Has the servers of `node:http` in this thread served by `host`. */
export function takeOverNodeHttp(host: NodeHttpHost): void {
  noticeNodeHttp((http, net) => {
    refuseOtherServers(net, http);
    const defaults = new http.Server();
    const loading = loadMessages(http);
    // The program learns of a failure when the worker does not serve.
    loading.catch(() => {});
    replaceServerMethods(http.Server.prototype, host, (server, sockets) => {
      let listeners: NodeListeners | undefined;
      const prepared = loading.then(({ createNodeListeners }) => {
        listeners = createNodeListeners(http, server, sockets);
      });
      return {
        handler: (request) => (listeners ?? notPrepared()).handler(request),
        prepared,
        limits: () => readLimits(server, defaults),
        hooks: () => (listeners ?? notPrepared()).hooks,
      };
    });
  });
}

/** Loads what a request needs, and replaces the methods of requests and responses. */
async function loadMessages(http: NodeHttp) {
  const messages = await import("./node_handler.ts");
  messages.replaceMessageMethods(http);
  return messages;
}

function notPrepared(): never {
  throw new TypeError("Cannot serve a request before node:http is prepared");
}
