// PathOptions and their table: what holds for the handlers of one path.

import { boolean, type Resolved, resolveOptions, type RulesFor } from "./option_rule.ts";

/**
 * The options of a path, for `addPath` and `addExactPath`.
 *
 * @example A path for uploads that do not fit in memory
 * ```ts
 * import { WebResponse, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/count", {
 *   POST: async (req) => {
 *     let bytes = 0;
 *     for await (const part of req.stream) bytes += part.length;
 *     return WebResponse.json({ bytes });
 *   },
 * }, { streamBody: true });
 *
 * const upload = new Request("http://localhost/count", { method: "POST", body: "abc" });
 * console.log(await (await server.fetch(upload)).json()); // { bytes: 3 }
 * ```
 */
export interface PathOptions {
  /**
   * Whether the handlers of the path are called as soon as the head of a request is there, and read
   * the body as a stream (`req.stream`), of up to `maxStreamedBodyBytes`. `req.body`, `text()`,
   * `json()` and `formData()` throw a `TypeError` there, and content codings are not undone. For
   * fetch-style handlers bodies are always streamed. False by default.
   */
  readonly streamBody?: boolean;
}

const PATH_RULES = {
  streamBody: boolean(""),
} satisfies RulesFor<PathOptions>;

/**
 * Checks the options of a path and fills in the defaults.
 *
 * @throws {TypeError} when an option is unknown or has a value that does not fit
 */
export function resolvePathOptions(options: PathOptions): Resolved<typeof PATH_RULES> {
  return resolveOptions("addPath()", options, PATH_RULES) as unknown as Resolved<typeof PATH_RULES>;
}
