// A path and a method to a target: a trie with a node for each segment.
// Text comes in, a route goes out; no bytes, no I/O, no decoding. Patterns are decoded when they are added and paths before
// they are looked up, so that segments compare as they are. A look-up goes down by the segments of the path, hashes each and
// compares its characters on a hit; both ways are tried where a literal stands beside a parameter. So it costs in the number
// of the path's segments, and not of the routes.

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
export type RouteTarget<T> =
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
  readonly target: RouteTarget<T>;
  /** Where in the program it was added, for messages. */
  readonly place: () => string;
}

/** What a path and a method come to. */
export type Match<T> =
  | { readonly kind: "found"; readonly route: Route<T>; readonly target: T }
  | { readonly kind: "no path" }
  | { readonly kind: "no method"; readonly route: Route<T>; readonly allow: string };

const NO_PATH: Match<never> = { kind: "no path" };

/** A route, and what looking it up comes to: made once, when it is added, and not for each request. */
interface Leaf<T> {
  readonly route: Route<T>;
  /** By method; undefined where every method leads to the same. */
  readonly byMethod: ReadonlyMap<string, Match<T>> | undefined;
  readonly otherwise: Match<T>;
}

function leafOf<T>(route: Route<T>): Leaf<T> {
  const { target } = route;
  switch (target.kind) {
    case "any":
      return {
        route,
        byMethod: undefined,
        otherwise: { kind: "found", route, target: target.target },
      };
    case "methods": {
      const byMethod = new Map<string, Match<T>>();
      for (const [method, of] of target.targets) {
        byMethod.set(method, { kind: "found", route, target: of });
      }
      // RFC 9110, section 9.3.2: HEAD is GET without the body.
      const get = byMethod.get("GET");
      if (get !== undefined && !byMethod.has("HEAD")) byMethod.set("HEAD", get);
      return { route, byMethod, otherwise: { kind: "no method", route, allow: target.allow } };
    }
  }
}

const SLASH = 0x2f;

/**
 * The child nodes of one node, found by a hash of the segment: open addressing in a table that is at least half empty. Segment and
 * node stand side by side, so that a look-up among very many waits for memory once and not twice.
 */
class Children<T> {
  /** At the even places a segment, behind each its node. */
  #slots: (string | Node<T> | undefined)[] = new Array(8).fill(undefined);
  #count = 0;

  /** The node of the segment that stands in `text` from `start` to `end`, whose hash is given. */
  find(hash: number, text: string, start: number, end: number): Node<T> | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask;; at = (at + 2) & mask) {
      const segment = slots[at] as string | undefined;
      if (segment === undefined) return undefined;
      if (segment.length === end - start && isAt(segment, text, start)) {
        return slots[at + 1] as Node<T>;
      }
    }
  }

  /** The node of that segment, made where there is none. */
  findOrAdd(segment: string): Node<T> {
    const known = this.find(hashOf(segment, 0, segment.length), segment, 0, segment.length);
    if (known !== undefined) return known;
    if ((this.#count + 1) * 4 > this.#slots.length) this.#grow();
    const node = new Node<T>();
    this.#put(segment, node);
    this.#count++;
    return node;
  }

  #put(segment: string, node: Node<T>): void {
    const mask = this.#slots.length - 1;
    let at = (hashOf(segment, 0, segment.length) << 1) & mask;
    while (this.#slots[at] !== undefined) at = (at + 2) & mask;
    this.#slots[at] = segment;
    this.#slots[at + 1] = node;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array(old.length * 2).fill(undefined);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== undefined) this.#put(old[at] as string, old[at + 1] as Node<T>);
    }
  }
}

/** Whether the segment stands in `text` at `start`. Segments are short, and a loop needs no call into the platform. */
function isAt(segment: string, text: string, start: number): boolean {
  for (let i = 0; i < segment.length; i++) {
    if (segment.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  }
  return true;
}

class Node<T> {
  children: Children<T> | undefined;
  /** The node of a segment that is a parameter, whatever its name. */
  parameter: Node<T> | undefined;
  exact: Leaf<T> | undefined;
  prefix: Leaf<T> | undefined;
}

function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

/** Spreads the bits that `& mask` would leave out; without it segments that differ early share a slot. */
function finishHash(hash: number): number {
  return hash ^ (hash >>> 15);
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = hashStep(hash, text.charCodeAt(i));
  return finishHash(hash);
}

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
  readonly #root = new Node<T>();
  readonly #routes: Route<T>[] = [];
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
  add(pattern: string, isExact: boolean, target: RouteTarget<T>, place: () => string): void {
    const { segments } = parsePattern(pattern, isExact, this.#decode);
    let node = this.#root;
    for (const segment of segments) {
      if ("parameter" in segment) node = node.parameter ??= new Node<T>();
      else node = (node.children ??= new Children<T>()).findOrAdd(segment.literal);
    }
    const existing = (isExact ? node.exact : node.prefix)?.route;
    if (existing !== undefined) {
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
    if (isExact) node.exact = leafOf(route);
    else node.prefix = leafOf(route);
    this.#routes.push(route);
  }

  /** The target for a path (decoded, dot segments resolved) and a method. */
  match(method: string, path: string): Match<T> {
    const leaf = this.#find(this.#root, path, 1);
    if (leaf === undefined) return NO_PATH;
    return leaf.byMethod?.get(method) ?? leaf.otherwise;
  }

  /**
   * The best route for what of the path begins at `start`; undefined where no route fits. The longest match wins, so both
   * ways are tried where a segment has a node of its own and a parameter stands beside it; of two matches of the same
   * length, the one whose earlier segments are literal is found first.
   */
  #find(root: Node<T>, path: string, rootStart: number): Leaf<T> | undefined {
    let node = root;
    let start = rootStart;
    let prefix: Leaf<T> | undefined;
    for (;;) {
      if (start > path.length) return node.exact ?? node.prefix ?? prefix;
      prefix = node.prefix ?? prefix;
      let end = start;
      let hash = 0;
      for (; end < path.length; end++) {
        const code = path.charCodeAt(end);
        if (code === SLASH) break;
        hash = hashStep(hash, code);
      }
      const literal = node.children?.find(finishHash(hash), path, start, end);
      const { parameter } = node;
      if (parameter !== undefined && end > start) {
        const byLiteral = literal && this.#find(literal, path, end + 1);
        const byParameter = this.#find(parameter, path, end + 1);
        return longer(byLiteral, byParameter) ?? prefix;
      }
      if (literal === undefined) return prefix;
      node = literal;
      start = end + 1;
    }
  }
}

function longer<T>(
  first: Leaf<T> | undefined,
  second: Leaf<T> | undefined,
): Leaf<T> | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return second.route.depth > first.route.depth ? second : first;
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
