// The application: what its module offers, and what is wrong with one that cannot be loaded. Used in
// the workers, which load it. It starts no thread and prints nothing.

import { stripVTControlCharacters } from "node:util";
import { fetchHandler } from "../fetch/fetch_handler.ts";
import type { FetchHandler } from "../handler/handler.ts";
import type { ShutdownReason } from "../ipc/drain_order.ts";
import { describeError } from "../telemetry/log.ts";
import { importAsMain } from "../takeover/main_module.ts";
import { nameOfType } from "../handler/type_name.ts";
import { WebServer } from "../server.ts";
import type { LoadedApp } from "./hosted_application.ts";

/**
 * Loads an application as the main module. It may serve by itself meanwhile; if it waits for the
 * end of that, so does this. Calls `note` with a line for the log, if it cannot be the main module.
 */
export async function loadApplication(
  url: string,
  note: (line: string) => void,
): Promise<LoadedApp> {
  const onNotMain = (reason: string) =>
    note(`${url} asks for import.meta.main, which is false: ${reason}`);
  try {
    return servable(await importAsMain(url, onNotMain) ?? {});
  } catch (error) {
    return { kind: "failed", reason: describeLoadFailure(error), error };
  }
}

/** What `deno serve` takes as a default export, as far as it is known before it is looked at. */
interface DefaultExport {
  readonly fetch?: unknown;
  readonly onListen?: unknown;
  /** Of this server alone. */
  readonly onShutdown?: unknown;
}

/** The same once it has been looked at. */
interface ServedExport {
  readonly fetch: FetchHandler;
  onListen?(address: Deno.Addr): void;
  onShutdown?(reason: ShutdownReason): unknown;
}

/** What a module offers to be served. */
export function servable(module: { readonly default?: unknown }): LoadedApp {
  const app = module.default;
  if (app instanceof WebServer) return { kind: "servable", server: app };
  if (app === undefined) return { kind: "nothing_to_serve", found: "it has no default export" };
  if (!isDefaultExport(app) || app.fetch === undefined) {
    const found = `its default export, of type ${nameOfType(app)}, has no fetch`;
    return { kind: "nothing_to_serve", found };
  }
  const { onListen, onShutdown } = app;
  if (typeof app.fetch !== "function") return notAFunction("fetch", app.fetch);
  if (onListen !== undefined && typeof onListen !== "function") {
    return notAFunction("onListen", onListen);
  }
  if (onShutdown !== undefined && typeof onShutdown !== "function") {
    return notAFunction("onShutdown", onShutdown);
  }
  const server = new WebServer();
  // Called as its method, and looked up each time, as deno serve does.
  const served = app as ServedExport;
  server.addPath(
    "/",
    fetchHandler((request, info, context) => served.fetch(request, info, context)),
  );
  if (onShutdown !== undefined) {
    server.onShutdown(function onShutdown(reason) {
      return served.onShutdown?.(reason);
    });
  }
  return {
    kind: "servable",
    server,
    onListen: onListen === undefined ? undefined : (address) => served.onListen?.(address),
  };
}

function isDefaultExport(value: unknown): value is DefaultExport {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function notAFunction(name: string, value: unknown): LoadedApp {
  const reason = `the ${name} of its default export is of type ${nameOfType(value)}, ` +
    "and must be a function";
  return { kind: "failed", reason, error: new TypeError(reason) };
}

/** What Deno calls each failure to find, read or parse a module. */
const LOADER_FAILURE = "ERR_MODULE_NOT_FOUND";

/**
 * Where this library loads modules from: its own lines in a stack explain nothing about the
 * application.
 */
const OWN_FOLDER = new URL("../", import.meta.url).href;

function isOwnFrame(line: string): boolean {
  return /^ +at /.test(line) && line.includes(OWN_FOLDER);
}

/**
 * Why a module could not be loaded: in the loader's words, or the error that the module threw, with
 * its stack.
 */
export function describeLoadFailure(error: unknown): string {
  const isKnown = error instanceof Error &&
    ("code" in error && error.code === LOADER_FAILURE || !hasFrames(error));
  const text = isKnown ? error.message : describeError(error);
  return stripVTControlCharacters(text)
    .split("\n")
    .filter((line) => !isOwnFrame(line))
    .join("\n");
}

/**
 * Our own errors about the machine have no frames, and their message may hold the stack of another
 * error.
 */
function hasFrames({ message, stack }: Error): boolean {
  return stack !== undefined && /\n +at /.test(stack.replace(message, ""));
}
