// The handlers of the benchmark in Hono, with its own router and `context` helpers. `Deno.serve` and Mudpie serve this same file.

import { Hono } from "hono";
import { routePattern } from "../routes.js";
import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";
import { routes } from "./settings.js";

const bytes = { "content-type": "application/octet-stream" };

const app = new Hono();
app.get("/hello", (context) => context.text(HELLO));
// deno-lint-ignore require-await
app.get("/hello-async", async (context) => context.text(HELLO));
app.get("/hello-fields", (context) => context.text(HELLO, 200, { "cache-control": "no-store" }));
// deno-lint-ignore require-await
app.get("/hello-fields-async", async (context) => {
  return context.text(HELLO, 200, { "cache-control": "no-store" });
});
app.get("/status", (context) => context.json(statusOf()));
app.get("/users/:id/profile", ({ req, json }) =>
  json(profileOf(
    req.param("id"),
    req.query("tab"),
    req.header("cookie"),
    req.header("user-agent"),
    req.header("accept-language"),
  )));
app.post("/orders", async (context) => context.json(await context.req.json()));
for (const path of ["/uploads", "/uploads-buffer"]) {
  app.post(path, async (context) => {
    return context.text(String((await context.req.arrayBuffer()).byteLength));
  });
}
app.post("/forms", async (context) => context.json(formAnswer(await context.req.formData())));
app.get("/bytes-10k", (context) => context.body(BYTES_10K, 200, bytes));
app.get("/bytes-64k", (context) => context.body(BYTES_64K, 200, bytes));
for (const { path, render } of HTML_PAGES) app.get(path, (context) => context.html(render()));
for (const { path, value } of JSON_PAGES) app.get(path, (context) => context.json(value()));
for (let index = 0; index < routes; index++) {
  app.get(routePattern(index), (context) => context.text(HELLO));
}

export default app;
