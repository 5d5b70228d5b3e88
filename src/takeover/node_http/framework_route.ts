// The name of the route that a framework has matched to a request of `node:http`: the pattern in the
// program, not the path that the client has sent. Express and what is built on it leave it in the
// request. Fastify reports it on a diagnostics channel of Node. Koa and hapi keep it to themselves.

import type { NodeRequest, NodeServer } from "./node_types.ts";

/** A route of Express, in the property `route` of a request. */
interface ExpressRoute {
  readonly path?: unknown;
}

/** What Express, and others that follow it, add to a request. */
interface RoutedRequest {
  readonly route?: ExpressRoute | null;
  /** Where the router is mounted, as the client has written it. Each request of Express has the property. */
  readonly baseUrl?: unknown;
}

/** The pattern of a route of Fastify, in its request. */
const ROUTE: unique symbol = Symbol("mudpie route");

/** A request of `node:http`, as far as routes of Fastify concern it. */
interface NamedRequest {
  [ROUTE]?: string;
}

/** What Fastify reports before it calls a handler. */
interface FastifyMessage {
  readonly request?: {
    readonly raw?: NamedRequest & { readonly socket?: { server?: NodeServer } };
  };
  readonly route?: { readonly url?: unknown };
}

const FASTIFY_CHANNEL = "tracing:fastify.request.handler:start";

/** The servers of Fastify that have called a handler: their other requests have no route. */
const fastifyServers = new WeakSet<NodeServer>();

/**
 * In how many places a router of Express may be mounted before the places are left out of the names of
 * its routes: where the place has a parameter, clients choose the text.
 */
const MAX_MOUNTS = 8;

const mountsOf = new WeakMap<ExpressRoute, Set<string>>();

let isFastifyWatched = false;

/** The global of the runtime that has the modules which are built in. */
interface BuiltinModules {
  readonly process: { getBuiltinModule(name: string): unknown };
}

interface DiagnosticsChannels {
  subscribe(name: string, onMessage: (message: unknown) => void): void;
}

/** Notes the routes of Fastify from now on, which costs each of its requests something. */
export function noteFastifyRoutes(): void {
  if (isFastifyWatched) return;
  isFastifyWatched = true;
  const { process } = globalThis as unknown as BuiltinModules;
  const channels = process.getBuiltinModule("node:diagnostics_channel") as DiagnosticsChannels;
  channels.subscribe(FASTIFY_CHANNEL, (message) => {
    const { request, route } = message as FastifyMessage;
    if (request?.raw === undefined || typeof route?.url !== "string") return;
    request.raw[ROUTE] = route.url;
    const { server } = request.raw.socket ?? {};
    if (server !== undefined) fastifyServers.add(server);
  });
}

/**
 * Returns the name of the route that a framework has matched; null if it has matched none, and
 * undefined if it does not say.
 */
export function frameworkRoute(
  request: NodeRequest,
  server: NodeServer,
): string | null | undefined {
  const { route, baseUrl } = request as RoutedRequest;
  if (typeof route === "object" && route !== null) return expressName(route, baseUrl);
  if ("baseUrl" in request) return null;
  const named = (request as NamedRequest)[ROUTE];
  if (named !== undefined) return withSlash(named);
  return fastifyServers.has(server) ? null : undefined;
}

function expressName(route: ExpressRoute, baseUrl: unknown): string | undefined {
  const { path } = route;
  const pattern = Array.isArray(path) ? path.join(",") : path;
  if (typeof pattern !== "string" && !(pattern instanceof RegExp)) return undefined;
  const place = typeof baseUrl === "string" ? mountOf(route, baseUrl) : "";
  return withSlash(place + String(pattern));
}

function mountOf(route: ExpressRoute, baseUrl: string): string {
  if (baseUrl === "") return "";
  let mounts = mountsOf.get(route);
  if (mounts === undefined) mountsOf.set(route, mounts = new Set());
  if (mounts.size < MAX_MOUNTS) mounts.add(baseUrl);
  return mounts.has(baseUrl) && mounts.size < MAX_MOUNTS ? baseUrl : "/*";
}

/** Names of routes begin with a slash, unlike those of requests without one. */
function withSlash(name: string): string {
  return name.startsWith("/") ? name : `/${name}`;
}
