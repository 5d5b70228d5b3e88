// A program that can be run by itself, and by `deno serve`.

const app = { fetch: () => new Response("served once") };

if (import.meta.main) Deno.serve(app.fetch);

export default app;
