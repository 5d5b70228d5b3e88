// The handlers of the benchmark in h3, with its own router and helpers. `Deno.serve` and Mudpie serve this same file.

import { getQuery, getRouterParam, H3, readBody } from "h3";
import { routePattern } from "../routes.js";
import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";
import { routes } from "./settings.js";

/** h3 gives text no type by itself, and its `html()` escapes what it gets. */
function typed(event, contentType, body) {
  event.res.headers.set("content-type", contentType);
  return body;
}

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";

function hello(event) {
  return typed(event, TEXT, HELLO);
}

function helloFields(event) {
  event.res.headers.set("cache-control", "no-store");
  return hello(event);
}

async function upload(event) {
  return typed(event, TEXT, String((await event.req.arrayBuffer()).byteLength));
}

const app = new H3();
app.get("/hello", hello);
// deno-lint-ignore require-await
app.get("/hello-async", async (event) => hello(event));
app.get("/hello-fields", helloFields);
// deno-lint-ignore require-await
app.get("/hello-fields-async", async (event) => helloFields(event));
app.get("/status", () => statusOf());
app.get("/users/:id/profile", (event) => {
  const { headers } = event.req;
  return profileOf(
    getRouterParam(event, "id"),
    getQuery(event).tab,
    headers.get("cookie"),
    headers.get("user-agent"),
    headers.get("accept-language"),
  );
});
app.post("/orders", (event) => readBody(event));
app.post("/uploads", upload);
app.post("/uploads-buffer", upload);
app.post("/forms", async (event) => formAnswer(await event.req.formData()));
app.get("/bytes-10k", (event) => typed(event, BYTES, BYTES_10K));
app.get("/bytes-64k", (event) => typed(event, BYTES, BYTES_64K));
for (const { path, render } of HTML_PAGES) {
  app.get(path, (event) => typed(event, "text/html; charset=utf-8", render()));
}
for (const { path, value } of JSON_PAGES) app.get(path, () => value());
for (let index = 0; index < routes; index++) app.get(routePattern(index), hello);

export default app;
