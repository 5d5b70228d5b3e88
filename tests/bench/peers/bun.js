// Bun's own server, with its own router. `Bun.serve` has one thread.

import { routePattern } from "../routes.js";
import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";
import { hostname, port, routes } from "./settings.js";

const BYTES = { headers: { "content-type": "application/octet-stream" } };

const hello = () => new Response(HELLO);
const helloFields = () =>
  new Response(HELLO, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });

/** @type {Record<string, () => Response>} */
const more = {};
for (const { path, render } of HTML_PAGES) {
  more[path] = () =>
    new Response(render(), { headers: { "content-type": "text/html; charset=utf-8" } });
}
for (const { path, value } of JSON_PAGES) more[path] = () => Response.json(value());
for (let index = 0; index < routes; index++) more[routePattern(index)] = hello;

/** What Bun is called here, for checks that do not know it. */
const { Bun } = globalThis;

Bun.serve({
  hostname,
  port,
  // Bun hangs up after 10 s by default; the others keep idle connections for longer.
  idleTimeout: 75,
  routes: {
    ...more,
    "/hello": hello,
    // deno-lint-ignore require-await
    "/hello-async": async () => new Response(HELLO),
    "/hello-fields": helloFields,
    // deno-lint-ignore require-await
    "/hello-fields-async": async () => helloFields(),
    "/status": () => Response.json(statusOf()),
    "/users/:id/profile": (request) => {
      const { headers } = request;
      return Response.json(profileOf(
        request.params.id,
        new URL(request.url).searchParams.get("tab"),
        headers.get("cookie"),
        headers.get("user-agent"),
        headers.get("accept-language"),
      ));
    },
    "/orders": async (request) => Response.json(await request.json()),
    "/uploads": async (request) => new Response(String((await request.bytes()).length)),
    "/uploads-buffer": async (request) => {
      return new Response(String((await request.arrayBuffer()).byteLength));
    },
    "/forms": async (request) => Response.json(formAnswer(await request.formData())),
    "/bytes-10k": () => new Response(BYTES_10K, BYTES),
    "/bytes-64k": () => new Response(BYTES_64K, BYTES),
  },
});
