// A program that keeps the function before it calls it, as frameworks do.

const { serve } = Deno;
const bound = Deno.serve.bind(Deno);

export const server = (bound === serve ? serve : bound)(
  { reusePort: true },
  () => new Response(`captured, with self: ${self === globalThis}`),
);
