// The handlers of the benchmark in Fastify 5, with its own router and parser of JSON. Node, Deno's own node:http and Mudpie serve
// this same file.

import Fastify from "fastify";
import { HELLO } from "./answers.js";
import { HTML_PAGES } from "./pages.js";
import { hostname, port } from "./settings.js";

const HTML = "text/html; charset=utf-8";

const app = Fastify();

app.get("/hello", (_request, reply) => reply.send(HELLO));
app.post("/orders", ({ body }, reply) => reply.send(body));
for (const { path, render } of HTML_PAGES) {
  app.get(path, (_request, reply) => reply.type(HTML).send(render()));
}

await app.listen({ host: hostname, port });
