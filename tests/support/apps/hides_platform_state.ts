// An application on a platform that shows nothing of the state of its objects, as another version of
// Deno may.

import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

Object.getOwnPropertySymbols = () => [];

const server = appServer(appOptions(import.meta.url));
server.addPath(
  "/echo",
  fetchHandler(async (request) => {
    const copy = new Request(request.clone(), { method: "PUT" });
    return Response.json([
      request instanceof Request,
      request.method,
      new URL(request.url).pathname,
      request.headers.get("x-a"),
      await request.text(),
      copy.method,
      await copy.text(),
    ]);
  }),
);
await server.run();
