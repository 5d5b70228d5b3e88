// Remix's adapter for Express, with a build as its bundler makes one, of routes without pages.

import process from "node:process";
import { createRequestHandler } from "@remix-run/express";
import express from "express4";

const routes = {
  root: { id: "root", path: "", module: { loader: () => new Response("Hello all") } },
  api: {
    id: "api",
    path: "api",
    module: {
      loader: ({ request }) => {
        return Response.json({ url: request.url, cookie: request.headers.get("cookie") });
      },
      action: async ({ request }) => {
        if (request.method === "DELETE") throw new Error("on purpose");
        return Response.json(await request.json(), { status: 201 });
      },
    },
  },
  upload: {
    id: "upload",
    path: "upload",
    module: {
      action: async ({ request }) => {
        const form = await request.formData();
        return new Response(await form.get("file").text());
      },
    },
  },
  stream: {
    id: "stream",
    path: "stream",
    module: {
      loader: () => {
        const parts = ReadableStream.from(["one ", "two ", "three"]);
        return new Response(parts.pipeThrough(new TextEncoderStream()));
      },
    },
  },
  move: {
    id: "move",
    path: "move",
    module: {
      loader: () => {
        const headers = new Headers({ location: "/api" });
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return new Response(null, { status: 302, headers });
      },
    },
  },
};

const build = {
  routes,
  entry: { module: { default: () => new Response("a page"), handleError: () => {} } },
  assets: { version: "1", url: "/manifest.js", entry: { module: "", imports: [] }, routes: {} },
  assetsBuildDirectory: "build/client",
  publicPath: "/",
  basename: "/",
  future: {},
  isSpaMode: false,
  mode: "production",
};

const app = express();
app.all("*", createRequestHandler({ build, mode: "production" }));

const port = process.env.PORT ?? 3000;
app.listen(port, () => {
  console.log(`App listening on http://localhost:${port}`);
});
