// The routing rules of the design page (section 2, "Routing"), written down as plainly as they stand there: go through all
// routes, keep those that match, take the best. The router is held to it, so it must not share an idea with the router.

/** A route as the model sees it. */
export interface ModelRoute {
  readonly kind: "prefix" | "exact";
  readonly pattern: string;
}

/** The text of a path between its slashes; the one at its beginning separates nothing. */
function segmentsOf(path: string): string[] {
  return path.split("/").slice(1);
}

/** The segments of a pattern. A slash at the end of a prefix says nothing; that of an exact path does. */
export function patternSegments({ kind, pattern }: ModelRoute): string[] {
  const segments = segmentsOf(pattern);
  const isSlashLast = segments.at(-1) === "";
  return kind === "prefix" && isSlashLast ? segments.slice(0, -1) : segments;
}

function isParameter(segment: string): boolean {
  return segment.startsWith(":");
}

/** Whether two routes are the same pattern: parameters differ in name alone. */
export function isSameRoute(one: ModelRoute, other: ModelRoute): boolean {
  const shape = (route: ModelRoute) =>
    JSON.stringify([
      route.kind,
      patternSegments(route).map((segment) => isParameter(segment) ? ":" : segment),
    ]);
  return shape(one) === shape(other);
}

function matches(route: ModelRoute, path: string): boolean {
  const wanted = patternSegments(route);
  const given = segmentsOf(path);
  if (route.kind === "exact" && wanted.length !== given.length) return false;
  return wanted.every((segment, index) => {
    if (index >= given.length) return false;
    // A parameter matches any one segment that is not empty.
    return isParameter(segment) ? given[index] !== "" : given[index] === segment;
  });
}

/** Negative where `one` is the better match for a path that both match. */
function compare(one: ModelRoute, other: ModelRoute): number {
  const left = patternSegments(one);
  const right = patternSegments(other);
  // The longest match wins;
  if (left.length !== right.length) return right.length - left.length;
  // a static segment beats a parameter, the first difference first;
  for (let i = 0; i < left.length; i++) {
    const difference = Number(isParameter(left[i])) - Number(isParameter(right[i]));
    if (difference !== 0) return difference;
  }
  // an exact path beats a prefix.
  return Number(one.kind === "prefix") - Number(other.kind === "prefix");
}

/** The route that has to answer; undefined for none. */
export function bestRoute(routes: readonly ModelRoute[], path: string): ModelRoute | undefined {
  return routes.filter((route) => matches(route, path)).toSorted(compare)[0];
}

/** What the parameters of a route are on a path that it matches. */
export function modelParameters(route: ModelRoute, path: string): [name: string, value: string][] {
  const given = segmentsOf(path);
  return patternSegments(route).flatMap((segment, index) =>
    isParameter(segment) ? [[segment.slice(1), given[index]] as [string, string]] : []
  );
}
