// Finds the target for a path and a method. Text comes in, a route comes out: no bytes, no I/O, no
// decoding. A look-up follows the segments of the path through a trie (route_trie.ts), and tries
// both ways where a segment has a node of its own beside a parameter. So it costs in the number of
// the path's segments, and not of the routes.

import { parsePattern, type PatternSegment } from "./route_pattern.ts";
import { MethodTargets } from "./route_target.ts";
import { hashStep, ROOT, RouteTrie } from "./route_trie.ts";

/** A path pattern that was added, with what a request that matches it needs. */
export interface Route {
  /** Its number among those that were added, from 0. */
  readonly index: number;
  /** The pattern, as it was added. */
  readonly pattern: string;
  readonly isExact: boolean;
  /** How many segments the pattern has; the rest of a path follows as many. */
  readonly depth: number;
  /** The names of the pattern's parameters, and the number of each one's segment, from 0. */
  readonly parameters: readonly { readonly name: string; readonly segment: number }[];
  /** The value of its Allow field; undefined if one target serves every method. */
  readonly allow: string | undefined;
  /** Whether its handlers read the body as a stream. */
  readonly streamsBody: boolean;
  /** Returns where in the program it was added, for messages. */
  readonly place: () => string;
}

/** What may hold for a route; by default nothing of it does. */
export interface RouteTraits {
  /** Whether its handlers read the body as a stream. */
  readonly streamsBody?: boolean;
}

/** The paths of a route: those under its segments, or one alone. */
export interface RoutePaths {
  readonly segments: readonly PatternSegment[];
  readonly isExact: boolean;
}

/** Makes the target of a route from the one that was added. */
export type Surround<T> = (target: T, paths: RoutePaths) => T;

/** The result of a look-up. */
export type Match<T> =
  | { readonly kind: "found"; readonly route: Route; readonly target: T }
  | { readonly kind: "no path" }
  | { readonly kind: "no method"; readonly route: Route; readonly allow: string };

const NO_PATH: Match<never> = { kind: "no path" };

const SLASH = 0x2f;

/** Looks paths up among the patterns that were added. */
export class Router<T> {
  readonly #trie = new RouteTrie();
  /** By their index. The trie has the index plus one. */
  readonly #routes: Route[] = [];
  /**
   * The targets of the routes, by the same index. In a list of their own they cost a look-up less.
   */
  readonly #targets: (T | MethodTargets<T>)[] = [];
  /** The same as they were added, with their paths. */
  readonly #added: { readonly target: T | MethodTargets<T>; readonly paths: RoutePaths }[] = [];
  #surround: Surround<T> | undefined;
  readonly #decode: (segment: string) => string;

  /** `decode` undoes percent-encoding in the literal segments of patterns; paths come decoded. */
  constructor(decode: (segment: string) => string) {
    this.#decode = decode;
  }

  /** All routes, in the order in which they were added. */
  get routes(): readonly Route[] {
    return this.#routes;
  }

  /**
   * Adds a pattern: a prefix, or a path that stands for itself alone.
   *
   * @throws {TypeError} when the pattern is malformed, or was added already; the message names both
   * places
   */
  add(
    pattern: string,
    isExact: boolean,
    target: T | MethodTargets<T>,
    place: () => string,
    { streamsBody = false }: RouteTraits = {},
  ): void {
    const segments = parsePattern(pattern, isExact, this.#decode);
    const node = this.#addNode(segments);
    const number = isExact ? this.#trie.exact(node) : this.#trie.prefix(node);
    if (number !== 0) throw alreadyAdded(pattern, place, this.#routes[number - 1]);
    this.#routes.push({
      index: this.#routes.length,
      pattern,
      isExact,
      depth: segments.length,
      parameters: segments.flatMap((segment, index) =>
        "parameter" in segment ? [{ name: segment.parameter, segment: index }] : []
      ),
      allow: target instanceof MethodTargets ? target.allow : undefined,
      streamsBody,
      place,
    });
    const added = { target, paths: { segments, isExact } };
    this.#added.push(added);
    this.#targets.push(this.#surrounded(added));
    if (isExact) this.#trie.setExact(node, this.#routes.length);
    else this.#trie.setPrefix(node, this.#routes.length);
  }

  /** Has a function make the targets of all routes, of those to come too, from what was added. */
  surround(surround: Surround<T>): void {
    this.#surround = surround;
    for (const [index, added] of this.#added.entries()) {
      this.#targets[index] = this.#surrounded(added);
    }
  }

  /** What makes the targets of routes from those that were added; undefined if they stay as they are. */
  get surroundings(): Surround<T> | undefined {
    return this.#surround;
  }

  #surrounded(
    { target, paths }: { readonly target: T | MethodTargets<T>; readonly paths: RoutePaths },
  ): T | MethodTargets<T> {
    const surround = this.#surround;
    if (surround === undefined) return target;
    return target instanceof MethodTargets
      ? target.map((one) => surround(one, paths))
      : surround(target, paths);
  }

  #addNode(segments: readonly PatternSegment[]): number {
    let node = ROOT;
    for (const segment of segments) {
      node = "parameter" in segment
        ? this.#trie.addParameter(node)
        : this.#trie.addLiteral(node, segment.literal);
    }
    return node;
  }

  /** Returns the target for a path (decoded, dot segments resolved) and a method. */
  match(method: string, path: string): Match<T> {
    const number = this.#find(ROOT, path, 1);
    if (number === 0) return NO_PATH;
    const route = this.#routes[number - 1];
    const target = this.#targets[number - 1];
    if (!(target instanceof MethodTargets)) return { kind: "found", route, target };
    const own = target.targetOf(method);
    return own === undefined
      ? { kind: "no method", route, allow: target.allow }
      : { kind: "found", route, target: own };
  }

  /**
   * Returns the best route for the rest of the path that begins at `fromStart`, as the trie numbers
   * it; 0 if no route fits. The longest match wins, so both ways are tried where a parameter stands
   * beside a literal segment; of two matches of the same length, the one whose earlier segments are
   * literal is found first.
   */
  #find(from: number, path: string, fromStart: number): number {
    const trie = this.#trie;
    let node = from;
    let start = fromStart;
    let prefix = 0;
    for (;;) {
      if (start > path.length) return trie.exact(node) || trie.prefix(node) || prefix;
      prefix = trie.prefix(node) || prefix;
      let end = start;
      let hash = 0;
      for (; end < path.length; end++) {
        const code = path.charCodeAt(end);
        if (code === SLASH) break;
        hash = hashStep(hash, code);
      }
      const literal = trie.literal(node, hash, path, start, end);
      const parameter = trie.parameter(node);
      if (parameter !== 0 && end > start) {
        const byLiteral = literal && this.#find(literal, path, end + 1);
        const byParameter = this.#find(parameter, path, end + 1);
        return this.#longer(byLiteral, byParameter) || prefix;
      }
      if (literal === 0) return prefix;
      node = literal;
      start = end + 1;
    }
  }

  #longer(first: number, second: number): number {
    if (first === 0 || second === 0) return first || second;
    return this.#routes[second - 1].depth > this.#routes[first - 1].depth ? second : first;
  }
}

function alreadyAdded(pattern: string, place: () => string, existing: Route): TypeError {
  const other = existing.pattern === pattern
    ? "it"
    : `the same path, as ${JSON.stringify(existing.pattern)},`;
  return new TypeError(
    `Cannot add path ${
      JSON.stringify(pattern)
    } at ${place()}: ${other} was added at ${existing.place()} already; ` +
      `put the methods of one path into one table`,
  );
}

/**
 * Returns the name of each route for people, by its index: its pattern. If the same pattern was
 * added as an exact path and as a prefix, the prefix is named after the paths under it, so that a
 * front page is not taken for all the rest.
 */
export function routeNames(routes: readonly Route[]): string[] {
  const exact = new Set(routes.filter(({ isExact }) => isExact).map(({ pattern }) => pattern));
  return routes.map(({ pattern, isExact }) =>
    !isExact && exact.has(pattern) ? `${pattern.replace(/\/$/, "")}/*` : pattern
  );
}
