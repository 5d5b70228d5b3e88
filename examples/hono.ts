// Shows an application of Hono under ten workers, as it is: its own routing, cookies, forms, validation, errors and streams. Whatever
// has a `fetch(request)` runs like this.
//
//   deno run -A examples/hono.ts
//   curl -i 'http://127.0.0.1:8000/hello/Ada?times=2'
//   curl -i -d '{"text":"buy flour"}' -H 'content-type: application/json' http://127.0.0.1:8000/notes
//   curl -N http://127.0.0.1:8000/count/3

import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { fetchHandler, WebServer } from "../mod.ts";

/** The application knows nothing of its server; `app.request("/hello/Ada")` tests it without one. */
export const app = new Hono();

app.use(async (c, next) => {
  await next();
  c.header("x-served-by", "hono");
});

app.get("/hello/:name", (c) => {
  const times = Number(c.req.query("times") ?? 1);
  if (!Number.isInteger(times) || times < 1 || times > 9) {
    throw new HTTPException(400, { message: "times is a whole number from 1 to 9" });
  }
  return c.text(`Hello ${c.req.param("name")}!\n`.repeat(times));
});

app.post("/notes", async (c) => {
  const note = await c.req.json<{ text?: unknown }>().catch(() => undefined);
  if (typeof note?.text !== "string") return c.json({ error: "text is missing" }, 422);
  return c.json({ id: 1, text: note.text }, 201, { location: "/notes/1" });
});

app.post("/form", async (c) => {
  const form = await c.req.parseBody({ all: true });
  const { file, ...fields } = form;
  const upload = file instanceof File ? { name: file.name, text: await file.text() } : null;
  return c.json({ fields, upload });
});

app.get("/visits", (c) => {
  const visits = Number(getCookie(c, "visits") ?? 0) + 1;
  setCookie(c, "visits", String(visits), { httpOnly: true, sameSite: "Lax", path: "/" });
  return c.text(`You have been here ${visits} times`);
});

app.delete("/visits", (c) => {
  deleteCookie(c, "visits", { path: "/" });
  return c.body(null, 204);
});

app.get("/count/:to", (c) =>
  streamText(c, async (stream) => {
    for (let i = 1; i <= Number(c.req.param("to")); i++) await stream.writeln(String(i));
  }));

app.get("/old", (c) => c.redirect("/hello/you", 301));

app.get("/fails", () => {
  throw new Error("A fault of the application");
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  // Hono has caught it, so for the server it is an answer and not a panic: the worker goes on.
  return c.text("It was us, not you", 500);
});

app.notFound((c) => c.text(`Nothing at ${c.req.path}`, 404));

if (import.meta.main) {
  const server = new WebServer();
  server.addPath("/", fetchHandler(app.fetch));
  await server.run("127.0.0.1", 8000, 10);
}
