// Koa with its router, and with busboy for uploads.

import { createReadStream } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import busboy from "busboy";
import Koa from "koa";
import files from "koa-static";

const app = new Koa();
const router = new Router();

// Its errors go to standard error otherwise.
app.silent = true;
app.use(files(new URL("public", import.meta.url).pathname));
app.use(bodyParser());

router.get("/", (ctx) => {
  ctx.body = "Hello World";
});
router.get("/users/:id", (ctx) => {
  const { params, query, hostname, protocol } = ctx;
  ctx.body = { id: params.id, query, host: hostname, protocol };
});
router.post("/echo", (ctx) => {
  ctx.body = ctx.request.body;
});
router.post("/form", (ctx) => {
  ctx.body = ctx.request.body;
});
router.post("/upload", async (ctx) => {
  const body = {};
  const parser = busboy({ headers: ctx.req.headers });
  const { promise, resolve, reject } = Promise.withResolvers();
  parser.on("field", (name, value) => body[name] = value);
  parser.on("file", (_name, stream, { filename }) => {
    stream.on("data", (part) => body[filename] = (body[filename] ?? "") + part);
  });
  parser.on("close", resolve).on("error", reject);
  ctx.req.pipe(parser);
  await promise;
  ctx.body = body;
});
router.get("/cookies", (ctx) => {
  ctx.cookies.set("a", "1");
  ctx.cookies.set("b", "2", { httpOnly: false });
  ctx.body = ctx.headers.cookie ?? "none";
});
router.get("/redirect", (ctx) => {
  ctx.redirect("/users/7");
});
router.get("/stream", (ctx) => {
  ctx.type = "text";
  ctx.body = Readable.from(["one ", "two ", "three"]);
});
router.get("/file", (ctx) => {
  ctx.type = "text";
  ctx.body = createReadStream(new URL("public/notes.txt", import.meta.url));
});
router.get("/large", (ctx) => {
  ctx.body = "x".repeat(300_000);
});
router.delete("/users/:id", (ctx) => {
  ctx.status = 204;
});
router.get("/throws", () => {
  throw new Error("on purpose");
});
router.get("/rejects", () => Promise.reject(new Error("on purpose")));

app.use(router.routes()).use(router.allowedMethods());

const port = process.env.PORT ?? 3000;
app.listen(port, () => console.log(`listening on ${port}`));
