// `node:http` in the workers of the command line: a server that listens is served by this server. The
// entry of this folder. Only what a call of `listen` needs at once is loaded with it; the rest is
// loaded when the program makes its first server.

import type { Handler } from "../../handler/handler.ts";
import type { WebRequest } from "../../handler/request.ts";
import type { NodeHttp } from "./node_types.ts";
import { noticeNodeHttp } from "./notice.ts";
import { refuseOtherServers } from "./refused_servers.ts";
import { readLimits } from "./server_limits.ts";
import { type NodeHttpHost, replaceServerMethods } from "./taken_server.ts";

/** Has the servers of `node:http` in this thread served by `host`. */
export function takeOverNodeHttp(host: NodeHttpHost): void {
  noticeNodeHttp((http, net) => {
    refuseOtherServers(net, http);
    const defaults = new http.Server();
    const loading = loadMessages(http);
    // The program learns of a failure when the worker does not serve.
    loading.catch(() => {});
    replaceServerMethods(http.Server.prototype, host, (server, sockets) => {
      let handler: Handler | undefined;
      const prepared = loading.then(({ createNodeHandler }) => {
        handler = createNodeHandler(http, server, sockets);
      });
      return {
        handler: (request) => (handler ?? notPrepared)(request),
        prepared,
        limits: () => readLimits(server, defaults),
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

function notPrepared(request: WebRequest): never {
  throw new TypeError(`Cannot serve ${request.method} before node:http is prepared`);
}
