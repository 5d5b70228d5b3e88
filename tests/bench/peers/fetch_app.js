// The handlers of the benchmark on the platform's Request and Response, dispatched as somebody does who wants to be fast and
// needs no framework: a Map of paths, and a test for the one path with a parameter. `Deno.serve` and `deno serve` have it.

import { BYTES_10K, BYTES_64K, HELLO, profileOf } from "./answers.js";

const BYTES = { headers: { "content-type": "application/octet-stream" } };

/** @type {Map<string, (request: Request) => Response | Promise<Response>>} */
const handlers = new Map([
  ["/hello", () => new Response(HELLO)],
  // deno-lint-ignore require-await
  ["/hello-async", async () => new Response(HELLO)],
  ["/orders", async (request) => Response.json(await request.json())],
  ["/uploads", async (request) => new Response(String((await request.bytes()).length))],
  ["/bytes-10k", () => new Response(BYTES_10K, BYTES)],
  ["/bytes-64k", () => new Response(BYTES_64K, BYTES)],
]);

const USERS = "/users/";
const PROFILE = "/profile";

/**
 * @param {Request} request
 * @param {string} path
 */
function profile(request, path) {
  const id = decodeURIComponent(path.slice(USERS.length, -PROFILE.length));
  const { headers } = request;
  return Response.json(profileOf(
    id,
    new URL(request.url).searchParams.get("tab"),
    headers.get("cookie"),
    headers.get("user-agent"),
    headers.get("accept-language"),
  ));
}

/**
 * The path of a URL, cut out: to parse a URL for its path alone costs a microsecond.
 * @param {string} url
 */
function pathOf(url) {
  const start = url.indexOf("/", "http://".length);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/**
 * @param {Request} request
 * @returns {Response | Promise<Response>}
 */
export function answer(request) {
  const path = pathOf(request.url);
  const handler = handlers.get(path);
  if (handler !== undefined) return handler(request);
  if (path.startsWith(USERS) && path.endsWith(PROFILE)) return profile(request, path);
  return new Response("Not Found", { status: 404 });
}
