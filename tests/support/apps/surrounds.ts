// Surrounds its handlers, and answers errors in a form of its own under one prefix.

import { fetchHandler, HttpError, WebResponse, WebServer } from "../../../mod.ts";
import { appOptions } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = new WebServer({
  ...options.server,
  onErrorResponse: async (status, req, { detail }) => {
    await Promise.resolve();
    if (req.path.startsWith("/broken")) throw new Error("a broken responder");
    return req.path.startsWith("/own")
      ? WebResponse.json({ status, detail }, { status })
      : undefined;
  },
});
server.around(async (_req, next) => {
  const response = await next();
  response.headers.set("x-around", "all");
  return response;
});
server.around("/private", (req, next) => {
  if (req.header("authorization") === null) throw new HttpError(401, "who are you");
  return next();
});
server.addPath("/private", fetchHandler(() => new Response("private")));
/** Waits until it is given up. */
server.addPath("/own/hang", async ({ signal }) => {
  await new Promise((resolve) => signal.onabort = resolve);
  return WebResponse.empty();
});
server.addPath("/panic", () => {
  throw new Error("a secret");
});
if (import.meta.main) await server.run(options.run ?? {});
