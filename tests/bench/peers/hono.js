// Hono on `Deno.serve`. It is plain JavaScript, and loads Hono by a name that is only known when it runs, so that nobody has to
// download Hono who checks the project or runs its tests.

import { BYTES_10K, BYTES_64K, HELLO, profileOf } from "./answers.js";
import { hostname, port } from "./settings.js";

const name = "npm:hono@^4";
const { Hono } = await import(name);

const bytes = { "content-type": "application/octet-stream" };

const app = new Hono();
app.get("/hello", (context) => context.text(HELLO));
// deno-lint-ignore require-await
app.get("/hello-async", async (context) => context.text(HELLO));
app.get("/users/:id/profile", ({ req, json }) =>
  json(profileOf(
    req.param("id"),
    req.query("tab"),
    req.header("cookie"),
    req.header("user-agent"),
    req.header("accept-language"),
  )));
app.post("/orders", async (context) => context.json(await context.req.json()));
app.post("/uploads", async (context) => {
  return context.text(String((await context.req.arrayBuffer()).byteLength));
});
app.get("/bytes-10k", (context) => context.body(BYTES_10K, 200, bytes));
app.get("/bytes-64k", (context) => context.body(BYTES_64K, 200, bytes));

Deno.serve({ hostname, port, onListen: () => {} }, app.fetch);
