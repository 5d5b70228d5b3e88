// A program that disposes of its server at its end.

await using server = Deno.serve(() => new Response("disposed of at the end"));
await server.finished;
