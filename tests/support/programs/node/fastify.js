// Fastify 5 with the plugins for files, forms, uploads and cookies. It listens on both addresses of localhost.

import process from "node:process";
import cookie from "@fastify/cookie";
import formBody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import files from "@fastify/static";
import Fastify from "fastify";

const fastify = Fastify();

fastify.register(files, { root: new URL("public", import.meta.url).pathname });
fastify.register(multipart);
fastify.register(formBody);
fastify.register(cookie);

fastify.get("/", () => Promise.resolve({ hello: "world" }));
fastify.get("/users/:id", (request, reply) => {
  const { params, query, hostname, protocol } = request;
  reply.send({ id: params.id, query, host: hostname, protocol });
});
fastify.post("/echo", (request) => Promise.resolve(request.body));
fastify.post("/form", (request) => Promise.resolve(request.body));
fastify.post("/upload", async (request) => {
  const body = {};
  for await (const part of request.parts()) {
    if (part.type === "file") body[part.filename] = (await part.toBuffer()).toString();
    else body[part.fieldname] = part.value;
  }
  return body;
});
fastify.get("/cookies", (request, reply) => {
  reply.setCookie("a", "1", { httpOnly: true }).setCookie("b", "2");
  reply.send(request.headers.cookie ?? "none");
});
fastify.get("/redirect", (_request, reply) => {
  reply.redirect("/users/7");
});
fastify.get("/stream", (_request, reply) => {
  reply.type("text/plain").send(ReadableStream.from(["one ", "two ", "three"]));
});
fastify.get("/file", (_request, reply) => reply.sendFile("notes.txt"));
fastify.get("/large", (_request, reply) => {
  reply.send("x".repeat(300_000));
});
fastify.delete("/users/:id", (_request, reply) => {
  reply.code(204).send();
});
fastify.get("/throws", () => {
  throw new Error("on purpose");
});
fastify.get("/rejects", () => Promise.reject(new Error("on purpose")));

fastify.listen({ port: Number(process.env.PORT ?? 3000) }, (error, address) => {
  if (error !== null) throw error;
  console.log(`Server listening at ${address}`);
});
