// React Router's adapter for Express, with a build as its bundler makes one, of two routes.

import process from "node:process";
import { createRequestHandler } from "@react-router/express";
import express from "express";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { ServerRouter, useActionData, useLoaderData } from "react-router";

function Root() {
  const { name } = useLoaderData();
  const posted = useActionData();
  return createElement("p", null, `Hello ${name}${posted === undefined ? "" : posted.text}`);
}

const routes = {
  root: {
    id: "root",
    path: "",
    module: {
      default: Root,
      loader: ({ request }) => ({ name: new URL(request.url).searchParams.get("name") ?? "all" }),
      action: async ({ request }) => ({ text: (await request.formData()).get("text") }),
    },
  },
  api: {
    id: "api",
    path: "api",
    module: {
      loader: ({ request }) =>
        Response.json({ url: request.url, cookie: request.headers.get("cookie") }),
      action: async ({ request }) => {
        if (request.method === "DELETE") throw new Error("on purpose");
        return Response.json(await request.json(), { status: 201 });
      },
    },
  },
  stream: {
    id: "stream",
    path: "stream",
    module: {
      loader: () => {
        const parts = ReadableStream.from(["one ", "two ", "three"]);
        return new Response(parts.pipeThrough(new TextEncoderStream()), {
          headers: { "content-type": "text/plain" },
        });
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
  entry: {
    module: {
      default: (request, status, headers, context) => {
        headers.set("content-type", "text/html");
        const page = createElement(ServerRouter, { context, url: request.url });
        return new Response(renderToString(page), { status, headers });
      },
      handleError: () => {},
    },
  },
  assets: {
    version: "1",
    url: "/manifest.js",
    entry: { module: "/entry.js", imports: [] },
    routes: Object.fromEntries(
      Object.keys(routes).map((
        id,
      ) => [id, { id, module: `/${id}.js`, imports: [], hasLoader: true }]),
    ),
  },
  assetsBuildDirectory: "build/client",
  publicPath: "/",
  basename: "/",
  future: {},
  ssr: true,
  isSpaMode: false,
  prerender: [],
  routeDiscovery: { mode: "initial" },
};

const app = express();
app.use(express.static(new URL("public", import.meta.url).pathname));
app.all("*all", createRequestHandler({ build, mode: "production" }));

const port = process.env.PORT ?? 3000;
app.listen(port, () => {
  console.log(`App listening on http://localhost:${port}`);
});
