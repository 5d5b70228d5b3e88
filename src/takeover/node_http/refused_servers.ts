// The servers of `node:https` and `node:http2`. TLS and HTTP/2 are left to a front end, so they are
// refused when they listen: each worker would open the port by itself, and all but one would fail.
// Both listen by the method of `node:net`.

import { codedError } from "./node_errors.ts";
import type { NodeHttp } from "./node_types.ts";
import { replaceMethods } from "./replaced_methods.ts";

/** The part of `node:net` that is replaced. */
export interface NodeNet {
  readonly Server: { readonly prototype: { listen(...given: unknown[]): object } };
}

/** Has the servers of `node:https` and `node:http2` throw when they listen. */
export function refuseOtherServers({ Server }: NodeNet, http: NodeHttp): void {
  const { listen } = Server.prototype;
  replaceMethods(Server.prototype, {
    listen(this: object, ...given: unknown[]) {
      const refused = refusedCall(this, http);
      if (refused === undefined) return listen.apply(this, given);
      throw codedError(
        TypeError,
        "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
        `A server of ${refused}() cannot listen here: leave TLS and HTTP/2 to a front end such as nginx, ` +
          "and listen with a server of http.createServer()",
      );
    },
  });
}

/** Returns what has made a server that is refused; undefined for any other. */
function refusedCall(server: object, http: NodeHttp): string | undefined {
  if (isHttp2(server)) {
    return "closeIdleConnections" in server ? "http2.createSecureServer" : "http2.createServer";
  }
  const isHttps = isHttpServer(server) && !(server instanceof http.Server);
  return isHttps ? "https.createServer" : undefined;
}

/** Whether an emitter is a server of `node:http` or `node:https`. */
export function isHttpServer(emitter: object): boolean {
  return "closeIdleConnections" in emitter;
}

/** Whether an emitter is a server of `node:http2`. */
export function isHttp2(emitter: object): boolean {
  return "updateSettings" in emitter;
}
