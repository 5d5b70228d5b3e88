// srvx, as its documentation starts it.

import { serve } from "srvx";

const server = serve({
  port: 3000,
  gracefulShutdown: false,
  fetch: async (request) =>
    request.method === "POST"
      ? new Response(await request.text())
      : new Response(`hello from ${new URL(request.url).pathname}`),
  error: (error) => new Response((error as Error).message, { status: 500 }),
});

await server.ready();
