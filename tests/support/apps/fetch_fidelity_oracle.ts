// The cases of the fidelity suite under Deno.serve, in a program of its own.

import application from "./fetch_fidelity.ts";

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`listening on ${port}`),
}, application.fetch);
