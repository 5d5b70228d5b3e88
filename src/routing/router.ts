// A path and a method to a target.
// Text comes in, a route goes out; no bytes, no I/O, no decoding. Patterns are decoded when they are added and paths before
// they are looked up, so that segments compare as they are. A look-up goes down a trie (route_trie.ts) by the segments of the
// path; both ways are tried where a literal stands beside a parameter. So it costs in the number of the path's segments, and
// not of the routes.

import { hashStep, ROOT, RouteTrie } from "./route_trie.ts";

/** One of the methods that a method table can name (RFC 9110, section 9.3, and RFC 5789). CONNECT is for proxies. */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE";

/** All of them, in the order in which an Allow field names them. */
export const METHODS: readonly Method[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
];

/** What a path leads to: one target for every method, or one for each. */
export type TargetsByMethod<T> =
  | { readonly kind: "any"; readonly target: T }
  | { readonly kind: "methods"; readonly targets: ReadonlyMap<string, T>; readonly allow: string };

/** A path pattern that was added, and all that a request which matches it has to know. */
export interface Route<T> {
  /** Which one it is of those that were added, from 0. */
  readonly index: number;
  /** The pattern, as it was added. */
  readonly pattern: string;
  readonly isExact: boolean;
  /** How many segments the pattern has; the rest of a path begins behind as many. */
  readonly depth: number;
  /** The names of the pattern's parameters, and which segment (from 0) each one is. */
  readonly parameters: readonly { readonly name: string; readonly segment: number }[];
  readonly target: TargetsByMethod<T>;
  /** Where in the program it was added, for messages. */
  readonly place: () => string;
}

/** What a path and a method come to. */
export type Match<T> =
  | { readonly kind: "found"; readonly route: Route<T>; readonly target: T }
  | { readonly kind: "no path" }
  | { readonly kind: "no method"; readonly route: Route<T>; readonly allow: string };

const NO_PATH: Match<never> = { kind: "no path" };

/** The targets of a path at which they depend on the method. */
class MethodTable<T> {
  readonly #targets: ReadonlyMap<string, T>;

  constructor(targets: ReadonlyMap<string, T>, readonly allow: string) {
    this.#targets = targets;
  }

  /** RFC 9110, section 9.3.2: HEAD is GET without the body. */
  targetOf(method: string): T | undefined {
    return this.#targets.get(method) ??
      (method === "HEAD" ? this.#targets.get("GET") : undefined);
  }
}

const SLASH = 0x2f;

/** A pattern taken apart. */
interface Pattern {
  readonly segments: readonly ({ readonly literal: string } | { readonly parameter: string })[];
}

/** The names that can be properties without quotes, as `req.params.id` is. */
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function parsePattern(
  pattern: string,
  isExact: boolean,
  decode: (segment: string) => string,
): Pattern {
  const fail = (why: string): never => {
    throw new TypeError(`Cannot add path ${JSON.stringify(pattern)}: ${why}`);
  };
  if (!pattern.startsWith("/")) {
    fail(`it must start with "/", as in ${JSON.stringify("/" + pattern)}`);
  }
  const forbidden = /[?#\s]/.exec(pattern);
  if (forbidden !== null) {
    fail(
      `a path never has ${
        JSON.stringify(forbidden[0])
      } in it; write the path alone, with %20 for a space`,
    );
  }
  const texts = pattern.slice(1).split("/");
  // A prefix means all that is under it, so a slash at its end says nothing; "/" is the prefix of no segments at all. An
  // exact path keeps its last slash as an empty segment, as the paths that it is compared with do.
  if (texts.at(-1) === "" && !isExact) texts.pop();
  const names = new Set<string>();
  const segments = texts.map((text) => {
    if (!text.startsWith(":")) {
      const literal = decode(text);
      if (literal === "." || literal === "..") {
        fail(`"." and ".." are resolved before routing, so it would never match`);
      }
      if (literal === "*") {
        fail(
          `"*" is no wildcard; a prefix matches everything under it, and ":name" matches one segment`,
        );
      }
      return { literal };
    }
    const name = text.slice(1);
    if (!PARAMETER_NAME.test(name)) {
      fail(
        `${JSON.stringify(text)} must be ":" and a name of letters, digits and "_", as in ":id"`,
      );
    }
    if (names.has(name)) {
      fail(`the parameter ":${name}" is there twice; give each one its own name`);
    }
    names.add(name);
    return { parameter: name };
  });
  return { segments };
}

/** Looks paths up among the patterns that were added. */
export class Router<T> {
  readonly #trie = new RouteTrie();
  /** By their index; what stands in the trie is one more. */
  readonly #routes: Route<T>[] = [];
  /** The targets of the routes, by the same: beside one another, where a look-up has them sooner than out of the routes. */
  readonly #targets: (T | MethodTable<T>)[] = [];
  readonly #decode: (segment: string) => string;

  /** `decode` undoes percent-encoding in the literal segments of patterns; paths come decoded. */
  constructor(decode: (segment: string) => string) {
    this.#decode = decode;
  }

  /** All that was added, in order. */
  get routes(): readonly Route<T>[] {
    return this.#routes;
  }

  /**
   * Adds a pattern: a prefix, or a path that stands for itself alone.
   *
   * @throws {TypeError} when the pattern is malformed, or is there already; the message names both places
   */
  add(pattern: string, isExact: boolean, target: TargetsByMethod<T>, place: () => string): void {
    const { segments } = parsePattern(pattern, isExact, this.#decode);
    const trie = this.#trie;
    let node = ROOT;
    for (const segment of segments) {
      node = "parameter" in segment
        ? trie.addParameter(node)
        : trie.addLiteral(node, segment.literal);
    }
    const number = isExact ? trie.exact(node) : trie.prefix(node);
    if (number !== 0) {
      const existing = this.#routes[number - 1];
      const other = existing.pattern === pattern
        ? "it"
        : `the same path, as ${JSON.stringify(existing.pattern)},`;
      throw new TypeError(
        `Cannot add path ${
          JSON.stringify(pattern)
        } at ${place()}: ${other} was added at ${existing.place()} already; ` +
          `put the methods of one path into one table`,
      );
    }
    const route: Route<T> = {
      index: this.#routes.length,
      pattern,
      isExact,
      depth: segments.length,
      parameters: segments.flatMap((segment, index) =>
        "parameter" in segment ? [{ name: segment.parameter, segment: index }] : []
      ),
      target,
      place,
    };
    this.#routes.push(route);
    this.#targets.push(
      target.kind === "any" ? target.target : new MethodTable(target.targets, target.allow),
    );
    if (isExact) trie.setExact(node, this.#routes.length);
    else trie.setPrefix(node, this.#routes.length);
  }

  /** The target for a path (decoded, dot segments resolved) and a method. */
  match(method: string, path: string): Match<T> {
    const number = this.#find(ROOT, path, 1);
    if (number === 0) return NO_PATH;
    const route = this.#routes[number - 1];
    const target = this.#targets[number - 1];
    if (!(target instanceof MethodTable)) return { kind: "found", route, target };
    const own = target.targetOf(method);
    return own === undefined
      ? { kind: "no method", route, allow: target.allow }
      : { kind: "found", route, target: own };
  }

  /**
   * The best route for what of the path begins at `start`, as the trie has it; 0 where no route fits. The longest match wins,
   * so both ways are tried where a segment has a node of its own and a parameter stands beside it; of two matches of the same
   * length, the one whose earlier segments are literal is found first.
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

/** The Allow field of a path with a method table (RFC 9110, section 10.2.1): what it names, and what answers by itself. */
export function allowOf(methods: Iterable<string>): string {
  const allowed = new Set(methods);
  if (allowed.has("GET")) allowed.add("HEAD");
  allowed.add("OPTIONS");
  return METHODS.filter((method) => allowed.has(method)).join(", ");
}

/**
 * The name of each route for people, by its index: its pattern. Where the same pattern was added as an exact path and as a prefix, the
 * prefix is called by what is under it, so that a front page is not taken for all the rest.
 */
export function routeNames(routes: readonly Route<unknown>[]): string[] {
  const exact = new Set(routes.filter(({ isExact }) => isExact).map(({ pattern }) => pattern));
  return routes.map(({ pattern, isExact }) =>
    !isExact && exact.has(pattern) ? `${pattern.replace(/\/$/, "")}/*` : pattern
  );
}
