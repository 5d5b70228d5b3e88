// hapi, with its own parser of uploads.

import { Buffer } from "node:buffer";
import process from "node:process";
import { Readable } from "node:stream";
import Hapi from "@hapi/hapi";

const server = Hapi.server({
  port: Number(process.env.PORT ?? 3000),
  host: "localhost",
  // Its errors go to standard error otherwise.
  debug: false,
});

server.route([
  { method: "GET", path: "/", handler: () => "Hello World!" },
  {
    method: "GET",
    path: "/users/{id}",
    handler: ({ params, query, info, server }) => {
      return { id: params.id, query, host: info.hostname, protocol: server.info.protocol };
    },
  },
  { method: "POST", path: "/echo", handler: ({ payload }) => payload },
  { method: "POST", path: "/form", handler: ({ payload }) => payload },
  {
    method: "POST",
    path: "/upload",
    options: { payload: { multipart: true } },
    handler: ({ payload }) => payload,
  },
  {
    method: "GET",
    path: "/cookies",
    handler: ({ headers }, h) => {
      return h.response(headers.cookie ?? "none").state("a", "1").state("b", "2");
    },
  },
  { method: "GET", path: "/redirect", handler: (_request, h) => h.redirect("/users/7") },
  {
    method: "GET",
    path: "/stream",
    handler: (_request, h) => {
      const parts = Readable.from(["one ", "two ", "three"].map((part) => Buffer.from(part)), {
        objectMode: false,
      });
      return h.response(parts).type("text/plain");
    },
  },
  { method: "GET", path: "/large", handler: () => "x".repeat(300_000) },
  { method: "DELETE", path: "/users/{id}", handler: (_request, h) => h.response().code(204) },
  {
    method: "GET",
    path: "/throws",
    handler: () => {
      throw new Error("on purpose");
    },
  },
  { method: "GET", path: "/rejects", handler: () => Promise.reject(new Error("on purpose")) },
]);

await server.start();
console.log("Server listening on %s", server.info.uri);
