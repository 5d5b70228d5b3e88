// `Deno.upgradeWebSocket` in workers: upgrades the requests of this server, and leaves all others to
// the runtime. It has the runtime's arguments and messages.

import { HttpError } from "../handler/errors.ts";
import { sourceOf } from "../handler/platform_request.ts";
import { upgradeByHost, WebRequest } from "../handler/request.ts";
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from "../handler/web_socket_options.ts";

/** The options of `Deno.upgradeWebSocket`, and `headers`, which libraries for several runtimes pass. */
interface DenoUpgradeOptions {
  readonly protocol?: string;
  /** In seconds; 0 for none. */
  readonly idleTimeout?: number;
  readonly headers?: HeadersInit;
}

type Upgrade = (request: Request, options?: DenoUpgradeOptions) => WebSocketUpgrade;

/** Replaces `Deno.upgradeWebSocket` in this thread. Programs that keep the function get this one. */
export function replaceUpgradeWebSocket(deno: object = Deno): void {
  const original = Object.getOwnPropertyDescriptor(deno, "upgradeWebSocket");
  if (original === undefined) return;
  // The runtime loads its own when the name is read.
  const originalOf = () => (original.get?.call(deno) ?? original.value) as Upgrade;
  let current: unknown = upgradeWith(originalOf);
  Object.defineProperty(deno, "upgradeWebSocket", {
    get: () => current,
    set: (value: unknown) => {
      current = value;
    },
    enumerable: true,
    configurable: true,
  });
}

function upgradeWith(originalOf: () => Upgrade): Upgrade {
  return function upgradeWebSocket(request, options = {}) {
    const served = sourceOf(Object(request));
    if (!(served instanceof WebRequest)) return originalOf()(request, options);
    checkAsRuntime(request.headers);
    return upgradeByHost(served, ownOptions(options ?? {}), "any");
  };
}

function ownOptions(
  { protocol, idleTimeout, headers }: DenoUpgradeOptions,
): UpgradeWebSocketOptions {
  const limit = idleTimeout === undefined || idleTimeout === null ? undefined : idleTimeout * 1_000;
  return { protocol, headers, pingInterval: limit, pongTimeout: limit };
}

/** Refuses what the runtime refuses, in its words; the rest is up to the handshake. */
function checkAsRuntime(headers: Headers): void {
  const lists = (name: string, option: string) =>
    headers.get(name)?.split(",").some((each) => each.trim().toLowerCase() === option) === true;
  if (!lists("upgrade", "websocket")) {
    throw new HttpError(426, "Invalid Header: 'upgrade' header must contain 'websocket'", {
      headers: { "upgrade": "websocket", "sec-websocket-version": "13" },
    });
  }
  if (!lists("connection", "upgrade")) {
    throw new HttpError(400, "Invalid Header: 'connection' header must contain 'Upgrade'");
  }
  if (headers.get("sec-websocket-key") === null) {
    throw new HttpError(400, "Invalid Header: 'sec-websocket-key' header must be set");
  }
}
