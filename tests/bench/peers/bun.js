// Bun's own server, with its own router. `Bun.serve` has one thread.

import { BYTES_10K, BYTES_64K, HELLO, profileOf } from "./answers.js";
import { hostname, port } from "./settings.js";

const BYTES = { headers: { "content-type": "application/octet-stream" } };

/** What Bun is called here, for checks that do not know it. */
const { Bun } = globalThis;

Bun.serve({
  hostname,
  port,
  // Bun hangs up after 10 s by default; the others keep idle connections for longer.
  idleTimeout: 75,
  routes: {
    "/hello": () => new Response(HELLO),
    // deno-lint-ignore require-await
    "/hello-async": async () => new Response(HELLO),
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
    "/bytes-10k": () => new Response(BYTES_10K, BYTES),
    "/bytes-64k": () => new Response(BYTES_64K, BYTES),
  },
});
