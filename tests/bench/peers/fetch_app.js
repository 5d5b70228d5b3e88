// The handlers of the benchmark on the platform's Request and Response, without a framework: a Map of paths, and tests for the
// paths with a parameter. `Deno.serve`, `deno serve`, Bun and both ways of Mudpie serve this same file.

import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";

const BYTES = { headers: { "content-type": "application/octet-stream" } };

/** @type {Map<string, (request: Request) => Response | Promise<Response>>} */
const handlers = new Map([
  ["/hello", () => new Response(HELLO)],
  // deno-lint-ignore require-await
  ["/hello-async", async () => new Response(HELLO)],
  ["/hello-fields", helloFields],
  // deno-lint-ignore require-await
  ["/hello-fields-async", async () => helloFields()],
  ["/status", () => Response.json(statusOf())],
  ["/orders", async (request) => Response.json(await request.json())],
  ["/uploads", async (request) => new Response(String((await request.bytes()).length))],
  ["/uploads-buffer", async (request) => {
    return new Response(String((await request.arrayBuffer()).byteLength));
  }],
  ["/forms", async (request) => Response.json(formAnswer(await request.formData()))],
  ["/bytes-10k", () => new Response(BYTES_10K, BYTES)],
  ["/bytes-64k", () => new Response(BYTES_64K, BYTES)],
]);

for (const { path, render } of HTML_PAGES) {
  const page = () =>
    new Response(render(), { headers: { "content-type": "text/html; charset=utf-8" } });
  handlers.set(path, page);
}
for (const { path, value } of JSON_PAGES) handlers.set(path, () => Response.json(value()));

function helloFields() {
  return new Response(HELLO, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

const USERS = "/users/";
const PROFILE = "/profile";
const ROUTES = "/api/";

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
  if (path.startsWith(ROUTES)) return new Response(HELLO);
  return new Response("Not Found", { status: 404 });
}

export default { fetch: answer };
