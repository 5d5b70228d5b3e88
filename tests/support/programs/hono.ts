// Hono, as its documentation starts it on Deno.

import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { streamSSE, streamText } from "hono/streaming";

const app = new Hono();

app.get("/", (c) => c.text("Hello Hono!"));
app.get("/users/:id", (c) => c.json({ id: c.req.param("id"), query: c.req.query("q") }));
app.post("/echo", async (c) => c.json(await c.req.json()));
app.post("/upload", async (c) => {
  const { file } = await c.req.parseBody();
  return c.text(file instanceof File ? await file.text() : "no file");
});
app.get("/cookies", (c) => {
  setCookie(c, "seen", "yes", { httpOnly: true });
  return c.text(getCookie(c, "name") ?? "nobody");
});
app.get("/stream", (c) =>
  streamText(c, async (stream) => {
    for (const word of ["one ", "two ", "three"]) await stream.write(word);
  }));
app.get("/events", (c) =>
  streamSSE(c, async (stream) => {
    await stream.writeSSE({ data: "first", event: "tick", id: "1" });
    await new Promise<void>((resolve) => stream.onAbort(resolve));
  }));
app.get("/fails", () => {
  throw new Error("on purpose");
});

Deno.serve(app.fetch);
