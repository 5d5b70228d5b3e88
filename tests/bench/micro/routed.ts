// Routers with as many routes as the benchmark has, and the paths that are looked up among them.

import type { Handler } from "../../../src/handler/handler.ts";
import { percentDecode } from "../../../src/http1/target.ts";
import { type Route, Router } from "../../../src/routing/router.ts";
import { addPaths } from "../peers/mudpie_app.ts";
import { routePath, routesAtRandom } from "../routes.js";

/** How many routes are tried. */
export const ROUTE_COUNTS = [10, 1_000, 100_000] as const;

/** A power of two, so that the next one is found without a division. */
const LOOK_UPS = 16_384;

/** A router with all paths of the benchmark, and so many more routes. */
export function routerWith(routes: number): Router<Handler> {
  const router = new Router<Handler>(percentDecode);
  addPaths(
    (pattern, target) => router.add(pattern, true, target, () => "a benchmark"),
    routes,
  );
  return router;
}

/** The paths of some of that many routes, at random, one after the other, for ever. */
export function pathsAtRandom(routes: number): () => string {
  const paths = routesAtRandom(routes, LOOK_UPS).map(routePath);
  let next = 0;
  return () => paths[next++ & (LOOK_UPS - 1)];
}

/** The route that a browser's request has matched. */
export const ROUTE_OF_PROFILE: Route = routeOf("/users/4711/profile");

function routeOf(path: string): Route {
  const match = routerWith(0).match("GET", path);
  if (match.kind !== "found") throw new Error(`No route for ${path}`);
  return match.route;
}
