// The handlers of the benchmark in Express 5, with its own router and parser of JSON. Node, Deno's own node:http and Mudpie serve
// this same file.

import express from "express";
import { HELLO } from "./answers.js";
import { HTML_PAGES } from "./pages.js";
import { hostname, port } from "./settings.js";

const app = express();

app.get("/hello", (_request, response) => response.type("text").send(HELLO));
app.post("/orders", express.json(), (request, response) => response.json(request.body));
for (const { path, render } of HTML_PAGES) {
  app.get(path, (_request, response) => response.send(render()));
}

app.listen(port, hostname);
