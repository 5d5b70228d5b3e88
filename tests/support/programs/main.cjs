// A program as a CommonJS module.

const { hostname } = require("node:os");

if (require.main === module) {
  Deno.serve(() => new Response(`CommonJS: ${typeof hostname()}`));
}
