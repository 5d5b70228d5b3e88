// What a path leads to: a handler, or a table of handlers by method.

import type { Handler } from "../handler/handler.ts";
import { nameOfType } from "../handler/type_name.ts";

/**
 * One of the methods that a method table can name (RFC 9110, section 9.3, and RFC 5789). CONNECT is
 * for proxies.
 */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE";

/** All of them, in the order in which an Allow field lists them. */
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

/**
 * A handler for each method of a path. `GET` serves `HEAD` and the server answers `OPTIONS` itself,
 * unless the table names them; every other method gets 405 with `Allow`.
 *
 * @example A collection that can be listed and added to
 * ```ts
 * import { type MethodTable, WebResponse, WebServer } from "@mudpie/server";
 *
 * const things: MethodTable<"/things"> = {
 *   GET: () => WebResponse.json([]),
 *   POST: (req) => WebResponse.json(req.json(), { status: 201 }),
 * };
 * const server = new WebServer();
 * server.addExactPath("/things", things);
 *
 * const response = await server.fetch(new Request("http://localhost/things", { method: "PUT" }));
 * console.log(response.status, response.headers.get("allow")); // 405 GET, HEAD, POST, OPTIONS
 * ```
 */
export type MethodTable<Path extends string = string> = {
  readonly [Name in Method]?: Handler<Path>;
};

/** What a path leads to: one handler for every method, or a table of them. */
export type RouteTarget<Path extends string = string> = Handler<Path> | MethodTable<Path>;

/** The targets of a path by method, with the Allow field that follows from them. */
export class MethodTargets<T> {
  readonly #targets: ReadonlyMap<string, T>;
  /** The value of the path's Allow field (RFC 9110, section 10.2.1). */
  readonly allow: string;

  constructor(targets: ReadonlyMap<string, T>) {
    this.#targets = targets;
    this.allow = allowOf(targets.keys());
  }

  /** Returns the same table with other targets. */
  map(change: (target: T) => T): MethodTargets<T> {
    return new MethodTargets(
      new Map([...this.#targets].map(([method, target]) => [method, change(target)])),
    );
  }

  /** Returns the target for a method. HEAD is GET without the body (RFC 9110, section 9.3.2). */
  targetOf(method: string): T | undefined {
    return this.#targets.get(method) ??
      (method === "HEAD" ? this.#targets.get("GET") : undefined);
  }
}

/** Lists the methods of a table, and those that the server answers by itself. */
function allowOf(methods: Iterable<string>): string {
  const allowed = new Set(methods);
  if (allowed.has("GET")) allowed.add("HEAD");
  allowed.add("OPTIONS");
  return METHODS.filter((method) => allowed.has(method)).join(", ");
}

/**
 * Checks what the user gave for a path.
 *
 * @throws {TypeError} when it is neither a function nor a table of methods; the message has the
 * path's pattern
 */
export function parseTarget(pattern: string, target: unknown): Handler | MethodTargets<Handler> {
  if (typeof target === "function") return target as Handler;
  const cannot = `Cannot add path ${JSON.stringify(pattern)}: `;
  if (typeof target !== "object" || target === null) {
    throw new TypeError(
      `${cannot}its target is of type ${
        nameOfType(target)
      }, and must be a function or a table such as { GET: list }`,
    );
  }
  const entries = Object.entries(target).filter(([, handler]) => handler !== undefined);
  if (entries.length === 0) {
    throw new TypeError(`${cannot}its table names no method; it may name ${METHODS.join(", ")}`);
  }
  for (const [method, handler] of entries) {
    if (!METHODS.includes(method as Method)) {
      throw new TypeError(
        `${cannot}${JSON.stringify(method)} is no method; a table may name ${METHODS.join(", ")}`,
      );
    }
    if (typeof handler !== "function") {
      throw new TypeError(
        `${cannot}the handler of ${method} is of type ${
          nameOfType(handler)
        }, and must be a function`,
      );
    }
  }
  return new MethodTargets(new Map<string, Handler>(entries));
}
