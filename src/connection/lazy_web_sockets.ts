// Loads the code of WebSockets with the first request that asks for one: most servers have none, and
// it takes 4 to 7 ms, in each worker. A handler upgrades its request at once,
// so the connection loads the code before it calls the handler.

import { HttpError } from "../handler/errors.ts";
import type { WebRequest, WebSocketHost } from "../handler/request.ts";
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from "../handler/web_socket_options.ts";
import type { RequestHead } from "../http1/request_head.ts";

/** Loads what upgrades requests. */
export type LoadWebSockets = () => Promise<WebSocketHost>;

/** The WebSockets of one worker, of which the code is loaded when it is needed. */
export class LazyWebSockets implements WebSocketHost {
  readonly #load: LoadWebSockets;
  #loading: Promise<void> | undefined;
  #host: WebSocketHost | undefined;

  constructor(load: LoadWebSockets) {
    this.#load = load;
  }

  /** Returns what to await before the handler of a request is called; undefined if that is nothing. */
  loadFor(head: Pick<RequestHead, "header">): Promise<void> | undefined {
    if (this.#host !== undefined || !asksForWebSocket(head)) return undefined;
    return this.#loading ??= this.#load().then(
      (host) => {
        this.#host = host;
      },
      (error) => {
        // The module may be there for the next request.
        this.#loading = undefined;
        throw error;
      },
    );
  }

  upgrade(
    request: WebRequest,
    options: UpgradeWebSocketOptions,
    defaultOrigins: "any" | "same",
  ): WebSocketUpgrade {
    if (this.#host !== undefined) return this.#host.upgrade(request, options, defaultOrigins);
    throw new HttpError(426, "This address is for WebSocket clients", {
      headers: { "upgrade": "websocket", "sec-websocket-version": "13" },
    });
  }
}

/** Whether a request may be a handshake (RFC 6455, section 4.1). */
function asksForWebSocket(head: Pick<RequestHead, "header">): boolean {
  return head.header("upgrade")?.toLowerCase().includes("websocket") === true;
}
