// How long it takes to find a route among many: the matched one at random, so that with many of them memory is waited for.

import { routePattern, routesAtRandom } from "../routes.js";
import { pathsAtRandom, ROUTE_COUNTS, routerWith } from "./routed.ts";
import { benchAll, type Subject, subject } from "./subject.ts";

function findsRoute(routes: number): Subject {
  const router = routerWith(routes);
  const nextPath = pathsAtRandom(routes);
  return subject({
    name: `Router finds one of ${routes.toLocaleString("en")} routes`,
    run: () => router.match("GET", nextPath()),
    tell: (match) => match.kind === "found" ? match.route.pattern : match.kind,
    // When it is timed the first paths have been looked up already; the test looks the first one up.
    expected: routePattern(routesAtRandom(routes, 1)[0]),
  });
}

const router = routerWith(10);

export const subjects: readonly Subject[] = [
  ...ROUTE_COUNTS.map(findsRoute),
  subject({
    name: "Router finds the path of hello",
    run: () => router.match("GET", "/hello"),
    tell: (match) => match.kind === "found" ? match.route.pattern : match.kind,
    expected: "/hello",
  }),
  subject({
    name: "Router finds no route",
    run: () => router.match("GET", "/api/group-0000/item-99"),
    tell: (match) => match.kind,
    expected: "no path",
  }),
];

benchAll("Router", subjects);
