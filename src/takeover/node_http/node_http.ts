// `node:http` in the workers of the command line: a server that listens is served by this server. The
// entry of this folder.

import { createNodeHandler } from "./node_handler.ts";
import { noticeNodeHttp } from "./notice.ts";
import { replaceRequestMethods } from "./request_methods.ts";
import { replaceResponseMethods } from "./response_methods.ts";
import { type NodeHttpHost, replaceServerMethods } from "./taken_server.ts";

/** Has the servers of `node:http` in this thread served by `host`. */
export function takeOverNodeHttp(host: NodeHttpHost): void {
  noticeNodeHttp((http) => {
    replaceResponseMethods(http);
    replaceRequestMethods(http);
    replaceServerMethods(
      http.Server.prototype,
      host,
      (server) => createNodeHandler(http, server),
    );
  });
}
