// Hono on its own adapter for node:http.

import process from "node:process";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { streamSSE, streamText } from "hono/streaming";

const app = new Hono();

app.get("/", (c) => c.text("Hello Node.js!"));
app.get(
  "/users/:id",
  (c) => c.json({ id: c.req.param("id"), query: c.req.query(), url: c.req.url }),
);
app.post("/echo", async (c) => c.json(await c.req.json()));
app.post("/form", async (c) => c.json(await c.req.parseBody()));
app.post("/upload", async (c) => {
  const { file, ...body } = await c.req.parseBody();
  return c.json({ ...body, name: file.name, type: file.type, text: await file.text() });
});
app.get("/cookies", (c) => {
  setCookie(c, "a", "1");
  setCookie(c, "b", "2");
  return c.text(c.req.header("cookie") ?? "none");
});
app.get("/redirect", (c) => c.redirect("/users/7"));
app.get("/stream", (c) =>
  streamText(c, async (stream) => {
    for (const part of ["one ", "two ", "three"]) {
      await stream.write(part);
      await stream.sleep(1);
    }
  }));
app.get("/events", (c) =>
  streamSSE(c, async (stream) => {
    for (const data of ["1", "2"]) await stream.writeSSE({ data });
  }));
app.get("/large", (c) => c.text("x".repeat(300_000)));
app.delete("/users/:id", (c) => c.body(null, 204));
app.get("/throws", () => {
  throw new Error("on purpose");
});
app.get("/rejects", () => Promise.reject(new Error("on purpose")));
app.get("/*", serveStatic({ root: new URL("public", import.meta.url).pathname }));
app.onError((error, c) => c.text(`failed: ${error.message}`, 500));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Server is listening on http://localhost:${port}`);
});
