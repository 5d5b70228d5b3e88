// Elysia, as its documentation starts it on Deno.

import { Elysia, t } from "elysia";

const app = new Elysia()
  .get("/", () => "Hello Elysia")
  .get("/users/:id", ({ params, query }) => ({ id: params.id, query: query.q }))
  .post("/echo", ({ body }) => ({ got: body }), { body: t.Object({ a: t.Array(t.Number()) }) })
  .post("/upload", async ({ body }) => await body.file.text(), {
    body: t.Object({ name: t.String(), file: t.File() }),
  })
  .get("/cookies", ({ cookie: { name, seen } }) => {
    seen.set({ value: "yes", httpOnly: true });
    return name.value ?? "nobody";
  })
  .get("/fails", () => {
    throw new Error("on purpose");
  });

Deno.serve(app.fetch);
