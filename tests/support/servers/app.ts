// What the small apps in apps/ have in common: their options come with them, as a query of their address when a test starts
// them in its own process, or as an argument when they are started as programs.

import {
  type RunOptions,
  type WebRequest,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../../mod.ts";
import { passGate } from "./gate.ts";

/** What a test can say to an app. */
export interface AppOptions {
  readonly server?: WebServerOptions;
  readonly run?: RunOptions;
  /** Whether the workers keep their log to themselves. */
  readonly isQuiet?: boolean;
  /** Where the app waits before it serves, if it is one that does. */
  readonly gatePort?: number;
  /** What one of the `onShutdown` callbacks of ends_in_order.ts does. */
  readonly callback?: "throws" | "hangs" | "floats";
}

/** The options that an app was given. */
export function appOptions(moduleUrl: string): AppOptions {
  const text = new URL(moduleUrl).searchParams.get("options") ?? Deno.args[0] ?? "{}";
  return JSON.parse(text);
}

/** The server of an app. It logs no requests. */
export function appServer(options: AppOptions): WebServer {
  if (options.isQuiet && WebServer.isWorker) console.error = () => {};
  return new WebServer({ accessLog: "off", ...options.server });
}

/** A handler that answers with the name of its worker. */
export function tellWorker(): WebResponse {
  return WebResponse.text((globalThis as { name?: string }).name ?? "");
}

/** A handler that answers with who asks, and for what, as far as it knows: the peer, the client, and the URL of a `Request`. */
export function tellOrigin(req: WebRequest): WebResponse {
  const { remoteAddr, clientAddr, scheme, host } = req;
  const { url } = req.toRequest();
  const [peer, client] = [remoteAddr.hostname, clientAddr.hostname];
  return WebResponse.json({ peer, client, scheme, host, url });
}

/** A handler that answers with what the test says at the gate. */
export async function answerFromGate(req: WebRequest<"/gate/:port">): Promise<WebResponse> {
  return WebResponse.text(await passGate(Number(req.params.port)));
}
