// oak, whose package from npm listens by node:http also under Deno.

import process from "node:process";
import { Application, Router } from "@oakserver/oak";

const router = new Router();
router.get("/", (ctx) => {
  ctx.response.body = "Hello world!";
});
router.get("/users/:id", (ctx) => {
  ctx.response.body = { id: ctx.params.id };
});
router.post("/echo", async (ctx) => {
  ctx.response.body = await ctx.request.body.json();
});
router.get("/cookies", async (ctx) => {
  await ctx.cookies.set("a", "1");
  ctx.response.body = await ctx.cookies.get("name") ?? "none";
});
router.get("/redirect", (ctx) => ctx.response.redirect("/users/7"));
router.get("/throws", (ctx) => ctx.throw(500, "on purpose"));

const app = new Application({ logErrors: false });
app.use(router.routes());
app.use(router.allowedMethods());
app.addEventListener("listen", ({ port }) => console.log(`Listening on port ${port}`));

// Not awaited: the listen() of this package never ends, and a worker waits for its program's top-level await.
app.listen({ hostname: "127.0.0.1", port: Number(process.env.PORT ?? 8000) });
