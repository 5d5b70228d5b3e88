// Reads bodies in the ways of fetch-style applications, and handles nothing that goes wrong with them.

import { H3 } from "h3";
import { Hono } from "hono";
import { serve } from "srvx";
import { fetchHandler, WebResponse } from "../../../mod.ts";
import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);
server.addExactPath("/worker", tellWorker);
server.addExactPath("/json", fetchHandler(async (request) => Response.json(await request.json())));
server.addExactPath(
  "/form",
  fetchHandler(async (request) => Response.json([...await request.formData()])),
);
server.addExactPath(
  "/clone",
  fetchHandler(async (request) => Response.json(await request.clone().json())),
);
server.addExactPath(
  "/floating",
  fetchHandler((request) => {
    request.json();
    return new Response("answered");
  }),
);
server.addExactPath("/own/json", (req) => WebResponse.json(req.json()));
server.addExactPath(
  "/raw",
  fetchHandler(async (request) =>
    Response.json([request.headers.get("content-encoding"), (await request.bytes()).length])
  ),
);
server.addExactPath("/floating/own", (req) => {
  req.formData();
  return WebResponse.text("answered");
});
server.addExactPath(
  "/timer",
  fetchHandler(async (request) => {
    const error = await request.json().catch((error) => error);
    setTimeout(() => {
      throw error;
    });
    return new Response("answered");
  }),
);
server.addExactPath(
  "/streamed",
  fetchHandler((request) =>
    new Response(
      ReadableStream.from(async function* () {
        yield new TextEncoder().encode(JSON.stringify(await request.json()));
      }()),
    )
  ),
);
server.addExactPath(
  "/parsed",
  fetchHandler(async (request) => Response.json(JSON.parse(await request.text()))),
);

/** Hono's own error handler answers 500, and says so on standard error. */
const hono = new Hono();
hono.post("/hono/json", async (c) => c.json(await c.req.json()));
server.addPath("/hono", fetchHandler(hono.fetch));

const strictHono = new Hono();
strictHono.onError((error, c) => c.text(error.name, 422));
strictHono.post("/strict-hono/json", async (c) => c.json(await c.req.raw.json()));
server.addPath("/strict-hono", fetchHandler(strictHono.fetch));

const openHono = new Hono();
openHono.onError((error) => {
  throw error;
});
openHono.post("/open-hono/json", async (c) => c.json(await c.req.raw.json()));
openHono.post("/open-hono/form", async (c) => c.json(Object.keys(await c.req.parseBody())));
openHono.post("/open-hono/form-data", async (c) => c.json([...await c.req.formData()].length));
server.addPath("/open-hono", fetchHandler(openHono.fetch));

const h3 = new H3();
h3.post("/h3/json", async (event) => await event.req.json());
server.addPath("/h3", fetchHandler((request) => h3.fetch(request)));

const srvx = serve({
  manual: true,
  gracefulShutdown: false,
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => Response.json(await request.json()),
});
server.addPath("/srvx", fetchHandler((request) => srvx.fetch(request)));

await server.run(options.run ?? {});
