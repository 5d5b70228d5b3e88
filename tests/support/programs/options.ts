// A program with the handler among the options, and with all callbacks.

const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
  port: 8000,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}/`),
  handler: (request: Request): Response => {
    if (request.url.endsWith("/fails")) throw new Error("on purpose");
    return new Response(`from ${typeof server.addr.transport}`);
  },
  onError: (error) => new Response(`onError: ${(error as Error).message}`, { status: 503 }),
});
await server.finished;
